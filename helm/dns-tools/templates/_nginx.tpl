{{/* nginx's own errors in the form of the module's. 494 is nginx's name for headers that are too
large. */}}
{{- define "dns-tools.nginx.errors" -}}
default_type application/json;
error_page 400 401 403 404 405 412 413 414 416 421 429 500 501 502 503 504 505 /error;
error_page 494 =431 /error;
location = /error {
    internal;
    return 200 '{"code":"$error_code","message":"$error_message"}';
}
{{- end }}

{{- define "dns-tools.nginx.limits" -}}
{{- if .Values.limits.enabled }}
limit_req zone=dns_tools_requests burst={{ int .Values.limits.burst }} nodelay;
limit_conn dns_tools_connections {{ int .Values.limits.connections }};
{{- end }}
{{- end }}

{{- define "dns-tools.nginx.listen" -}}
listen {{ int .port }};
{{- if .ipv6 }}
listen [::]:{{ int .port }};
{{- end }}
{{- end }}

{{- define "dns-tools.nginx.module" -}}
{{- $v := .Values -}}
{{- with $v.resolver }}
{{- if .addresses }}
dns_tools_resolver {{ join " " .addresses }}
{{- with .timeout }} timeout={{ . }}{{ end }}
{{- with .attempts }} attempts={{ int . }}{{ end }};
{{- end }}
{{- end }}
{{- if $v.database.enabled }}
# Where it is, the environment says (PGHOST and so on), the password included.
dns_tools_database;
{{- with $v.database.reads }}
{{- if .host }}
dns_tools_database_reads "host={{ .host }} port={{ int .port }} target_session_attrs={{ .targetSessionAttrs }}";
{{- end }}
{{- end }}
dns_tools_schema {{ $v.database.schema }};
{{- with $v.database.retention }}
dns_tools_retention {{ . }};
{{- end }}
{{- with $v.journal }}
{{- if .enabled }}
dns_tools_journal /var/lib/dns-tools/journal size={{ .size }} sync={{ .sync }} full={{ .full }};
{{- end }}
{{- end }}
dns_tools_record {{ $v.record }};
{{- end }}
{{- if eq $v.clientIp.mode "hash" }}
dns_tools_client_ip hash key=/etc/dns-tools-secrets/client-ip-key;
{{- else }}
dns_tools_client_ip {{ $v.clientIp.mode }};
{{- end }}
{{- if $v.metrics.enabled }}
dns_tools_zone dns_tools:{{ $v.metrics.zoneSize }};
{{- end }}
{{- end }}

{{- define "dns-tools.nginx.conf" -}}
{{- $v := .Values -}}
load_module modules/ngx_http_dns_tools_module.so;

pid /run/nginx.pid;
error_log stderr {{ $v.log.level }};
worker_processes {{ int $v.workers }};
worker_rlimit_nofile {{ mul 2 (int $v.workerConnections) }};
worker_shutdown_timeout {{ int $v.shutdown.workerSeconds }}s;
{{- with $v.nginx.extraMain }}
{{ . | trim }}
{{- end }}

events {
    worker_connections {{ int $v.workerConnections }};
}

http {
    client_body_temp_path /tmp/client_body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;

    {{- include "dns-tools.nginx.module" . | trim | nindent 4 }}

    {{- if eq $v.log.format "json" }}

    # escape=json passes on bytes that are no UTF-8, and not every reader of JSON takes them.
    {{- range $name, $variable := dict "uri" "request_uri" "user_agent" "http_user_agent" "forwarded_for" "http_x_forwarded_for" }}
    map ${{ $variable }} $ascii_{{ $name }} {
        "" "";
        "~^[\x20-\x7e]*$" ${{ $variable }};
        default "(not ASCII)";
    }
    {{- end }}
    # A stream of HTTP/2 that ends before its answer has the status 000, which JSON takes for none.
    map $status $json_status {
        "~^0*(?<status_digits>[0-9]+)$" $status_digits;
    }
    log_format dns_tools escape=json
        '{'
            '"time":"$time_iso8601",'
            '"client_ip":"$dns_tools_client_ip",'
            '"method":"$request_method",'
            '"uri":"$ascii_uri",'
            '"protocol":"$server_protocol",'
            '"status":$json_status,'
            '"bytes_sent":$bytes_sent,'
            '"request_time":$request_time,'
            '"user_agent":"$ascii_user_agent",'
            '"forwarded_for":"$ascii_forwarded_for",'
            '"request_id":"$request_id",'
            '"dns_domain":"$dns_tools_domain",'
            '"dns_type":"$dns_tools_type",'
            '"dns_result":"$dns_tools_result",'
            '"dns_source":"$dns_tools_source",'
            '"dns_addresses":"$dns_tools_addresses",'
            '"dns_id":"$dns_tools_id",'
            '"dns_duration":"$dns_tools_duration"'
        '}';
    access_log /dev/stdout dns_tools;
    {{- else if eq $v.log.format "combined" }}

    access_log /dev/stdout combined;
    {{- else }}

    access_log off;
    {{- end }}

    {{- with $v.realIp }}
    {{- if .trusted }}

    {{- range .trusted }}
    set_real_ip_from {{ . }};
    {{- end }}
    real_ip_header {{ .header }};
    real_ip_recursive on;
    {{- end }}
    {{- end }}

    {{- if $v.limits.enabled }}

    geo $dns_tools_limited {
        default 1;
        127.0.0.0/8 0;
        ::1/128 0;
        {{- range $v.limits.exempt }}
        {{ . }} 0;
        {{- end }}
    }
    map $dns_tools_limited $dns_tools_client {
        0 "";
        default $binary_remote_addr;
    }
    limit_req_zone $dns_tools_client zone=dns_tools_requests:10m rate={{ $v.limits.rate }};
    limit_conn_zone $dns_tools_client zone=dns_tools_connections:10m;
    limit_req_status 429;
    limit_conn_status 429;
    {{- end }}

    client_max_body_size 8k;
    client_body_buffer_size 16k;
    client_header_timeout 10s;
    client_body_timeout 10s;
    send_timeout 10s;
    reset_timedout_connection on;
    keepalive_timeout 60s;
    keepalive_requests 100000;
    large_client_header_buffers 4 8k;
    server_tokens off;

    map $status $error_code {
        volatile;
        400 bad_request;
        401 unauthorized;
        403 forbidden;
        404 not_found;
        405 method_not_allowed;
        412 precondition_failed;
        413 body_too_large;
        414 uri_too_long;
        416 range_not_satisfiable;
        421 misdirected_request;
        429 too_many_requests;
        431 headers_too_large;
        501 not_implemented;
        502 bad_gateway;
        503 unavailable;
        504 gateway_timeout;
        505 version_not_supported;
        default internal_error;
    }
    map $status $error_message {
        volatile;
        400 "the request is not valid HTTP";
        401 "credentials are missing or wrong";
        403 "access is not allowed from here";
        404 "there is nothing at this path";
        405 "this method is not allowed here";
        412 "a condition of the request does not hold";
        413 "the request body is larger than 8 KiB";
        414 "the request line is longer than 8 KiB";
        416 "there is nothing in this range";
        421 "this connection is not for this host";
        429 "there are too many requests from this client; try again later";
        431 "a request header is longer than 8 KiB, or all of them are longer than 32 KiB";
        501 "this transfer coding is not implemented";
        502 "the server behind this one gave no usable answer";
        503 "the service is not available; try again later";
        504 "the server behind this one gave no answer in time";
        505 "this version of HTTP is not supported";
        default "the server failed";
    }

    {{- with $v.nginx.extraHttp }}

    {{- . | trim | nindent 4 }}
    {{- end }}

    server {
        {{- include "dns-tools.nginx.listen" (dict "port" $v.port "ipv6" $v.ipv6) | nindent 8 }}
        server_name _;
        {{- include "dns-tools.nginx.errors" . | nindent 8 }}

        location = / {
            dns_tools_info;
        }
        location = /health {
            access_log off;
            dns_tools_health;
        }
        location = /ready {
            access_log off;
            dns_tools_ready;
        }
        location = /tools/lookup {
            {{- include "dns-tools.nginx.limits" . | trim | nindent 12 }}
            dns_tools_lookup;
        }
        location = /tools/validate {
            {{- include "dns-tools.nginx.limits" . | trim | nindent 12 }}
            dns_tools_validate;
        }
        {{- if $v.history.enabled }}
        location = /history {
            {{- range $v.history.allow }}
            allow {{ . }};
            {{- end }}
            {{- if $v.history.allow }}
            deny all;
            {{- end }}
            {{- include "dns-tools.nginx.limits" . | trim | nindent 12 }}
            dns_tools_history;
        }
        {{- end }}
        location = /openapi.yaml {
            types {}
            default_type application/yaml;
            alias /usr/share/dns-tools/openapi.yaml;
        }

        # The same routes with a version in front: /v1/tools/lookup, /v1/history and so on.
        location /v1/ {
            rewrite ^/v1(?!/v1/)(/.*)$ $1 last;
            return 404;
        }
        location / {
            return 404;
        }
        {{- with $v.nginx.extraServer }}
        {{- . | trim | nindent 8 }}
        {{- end }}
    }
    {{- if $v.metrics.enabled }}

    # For the inside of the cluster: neither the Ingress nor the HTTPRoute leads here.
    server {
        {{- include "dns-tools.nginx.listen" (dict "port" $v.metrics.port "ipv6" $v.ipv6) | nindent 8 }}
        server_name _;
        access_log off;
        {{- include "dns-tools.nginx.errors" . | nindent 8 }}

        location = /metrics {
            gzip on;
            gzip_types text/plain;
            dns_tools_metrics;
        }
        {{- if $v.metrics.stats }}
        location = /stats {
            dns_tools_stats;
        }
        {{- end }}
        location / {
            return 404;
        }
    }
    {{- end }}
}
{{- end }}
