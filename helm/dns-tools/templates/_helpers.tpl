{{/* The names of everything. 63 characters are what a label and a DNS name may have; the longest
suffix that is added has 14. */}}
{{- define "dns-tools.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 49 | trimSuffix "-" }}
{{- end }}

{{- define "dns-tools.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 49 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 49 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 49 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "dns-tools.selectorLabels" -}}
app.kubernetes.io/name: {{ include "dns-tools.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "dns-tools.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "dns-tools.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* These and others, which come before what commonLabels has: a list of the root and them. */}}
{{- define "dns-tools.labelsAnd" -}}
{{- $labels := include "dns-tools.labels" (first .) | fromYaml }}
{{- range $key, $value := last . }}
{{- $_ := set $labels $key $value }}
{{- end }}
{{- toYaml $labels }}
{{- end }}

{{/* The labels of the pods that serve; the test's pod must not be among them. */}}
{{- define "dns-tools.podSelector" -}}
{{ include "dns-tools.selectorLabels" . }}
app.kubernetes.io/component: server
{{- end }}

{{- define "dns-tools.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "dns-tools.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "dns-tools.image" -}}
{{- $image := printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- if .Values.image.digest }}
{{- $image = printf "%s@%s" $image .Values.image.digest }}
{{- end }}
{{- $image }}
{{- end }}

{{- define "dns-tools.pullSecrets" -}}
{{- $secrets := .Values.imagePullSecrets }}
{{- if .Values.imagePullExternalSecret.enabled }}
{{- $secrets = append $secrets (dict "name" (printf "%s-pull" (include "dns-tools.fullname" .))) }}
{{- end }}
{{- with $secrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Where the password of the database is: the name and the key of a Secret, or nothing. */}}
{{- define "dns-tools.passwordSecret" -}}
{{- with .Values.database }}
{{- if .existingSecret.name }}
name: {{ .existingSecret.name | quote }}
key: {{ .existingSecret.key | quote }}
{{- else if or .externalSecret.enabled .password }}
name: {{ include "dns-tools.fullname" $ }}-database
key: password
{{- end }}
{{- end }}
{{- end }}

{{/* How much a time of nginx's or Prometheus' (1m30s, in milliseconds), a size of nginx's (64m), a
quantity of Kubernetes' (1Gi) or a percentage is: a list of its kind and it. In floats, which do not
overflow. */}}
{{- define "dns-tools.amount" -}}
{{- $factors := get (dict
  "time" (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000 "w" 604800000 "M" 2592000000 "y" 31536000000)
  "size" (dict "m" 1048576 "M" 1048576 "g" 1073741824 "G" 1073741824)
  "quantity" (dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000
    "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776)
  "percentage" (dict "%" 1)) (first .) }}
{{- $sum := 0.0 }}
{{- range regexFindAll "[0-9]+[A-Za-z%]*" (last .) -1 }}
{{- $sum = addf $sum (mulf (regexFind "^[0-9]+" .) (get $factors (regexReplaceAll "^[0-9]+" . ""))) }}
{{- end }}
{{- $sum }}
{{- end }}

{{- define "dns-tools.portForm" -}}
([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])
{{- end }}

{{/* Refuses a text (at a value's name) that is none of some words, and neither has a form, in which N is
a number, nor is of a kind of amount from least to most; `what` is what it should be. */}}
{{- define "dns-tools.checkForm" -}}
{{- if not (has .text .words) }}
{{- $right := regexMatch (printf "^(%s)$" .form | replace "N" "[0-9]{1,18}") .text }}
{{- if and $right .kind }}
{{- $amount := include "dns-tools.amount" (list .kind .text) | float64 }}
{{- $right = and (ge $amount (float64 .least)) (le $amount (float64 .most)) }}
{{- end }}
{{- if not $right }}
{{- fail (printf "\n\n%s: %q is not %s\n" .name .text .what) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Refuses names (in a value's list or map) that the chart has already, or that are there twice. */}}
{{- define "dns-tools.checkNames" -}}
{{- $before := list }}
{{- range .names }}
{{- if has . $.own }}
{{- fail (printf "\n\n%s: %q is what the chart sets itself, and cannot be there a second time\n" $.where .) }}
{{- else if has . $before }}
{{- fail (printf "\n\n%s: %q is there twice\n" $.where .) }}
{{- end }}
{{- $before = append $before . }}
{{- end }}
{{- end }}

{{/* The keys of labels, and of annotations, which have them in either case; the values of labels. */}}
{{- define "dns-tools.checkKeys" -}}
{{- include "dns-tools.checkNames" (dict "where" .where "names" (keys .map | sortAlpha) "own" .own) }}
{{- $word := "[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?" }}
{{- $domain := "[a-z0-9]([a-z0-9-]*[a-z0-9])?" }}
{{- $what := .what }}
{{- $where := .where }}
{{- range $key, $value := .map }}
{{- $tested := eq $what "a label" | ternary $key (lower $key) }}
{{- if or (gt (regexFind "^.*/" $key | len) 254) (not (regexMatch (printf "^(%s([.]%s)*/)?%s$" $domain $domain $word) $tested)) }}
{{- fail (printf "\n\n%s: %q is not the name of %s, such as team or example.com/team\n" $where $key $what) }}
{{- end }}
{{- if and (eq $what "a label") (not (regexMatch (printf "^(%s)?$" $word) $value)) }}
{{- fail (printf "\n\n%s: %s has the value %q, which no label can have: it has letters, digits, dashes, dots and underscores, 63 at most, and neither begins nor ends with a sign\n" $where $key $value) }}
{{- end }}
{{- end }}
{{- end }}

{{/* All labels and annotations: none may be one that the chart sets itself. */}}
{{- define "dns-tools.checkMaps" -}}
{{- $v := .Values }}
{{- $own := list "helm.sh/chart" }}
{{- range list "name" "instance" "version" "component" "managed-by" }}
{{- $own = append $own (printf "app.kubernetes.io/%s" .) }}
{{- end }}
{{- range $where, $map := dict "commonLabels" $v.commonLabels "podLabels" $v.podLabels
  "metrics.serviceMonitor.labels" $v.metrics.serviceMonitor.labels
  "metrics.prometheusRule.labels" $v.metrics.prometheusRule.labels
  "metrics.dashboard.labels" $v.metrics.dashboard.labels }}
{{- include "dns-tools.checkKeys" (dict "where" $where "map" $map "what" "a label" "own" $own) }}
{{- end }}
{{- include "dns-tools.checkKeys" (dict "where" "nodeSelector" "map" $v.nodeSelector "what" "a label" "own" (list)) }}
{{- $ofPods := list "kubectl.kubernetes.io/default-container" "checksum/config" "checksum/database" }}
{{- range $where, $map := dict "podAnnotations" $v.podAnnotations "serviceAccount.annotations" $v.serviceAccount.annotations
  "service.annotations" $v.service.annotations "ingress.annotations" $v.ingress.annotations
  "httpRoute.annotations" $v.httpRoute.annotations "metrics.dashboard.annotations" $v.metrics.dashboard.annotations
  "journal.persistence.annotations" $v.journal.persistence.annotations }}
{{- include "dns-tools.checkKeys" (dict "where" $where "map" $map "what" "an annotation" "own" (ternary $ofPods (list) (eq $where "podAnnotations"))) }}
{{- end }}
{{- end }}

{{/* What is added to the pods, beside what _pod.tpl has. */}}
{{- define "dns-tools.checkExtras" -}}
{{- $env := list }}
{{- range include "dns-tools.env" . | fromYamlArray }}
{{- $env = append $env .name }}
{{- end }}
{{- $volumes := list "config" "tmp" "run" "journal" "secrets" }}
{{- $places := list "/etc/dns-tools" "/tmp" "/run" "/var/lib/dns-tools/journal" "/etc/dns-tools-secrets" }}
{{- $all := $volumes }}
{{- range .Values.extraVolumes }}
{{- $all = append $all .name }}
{{- end }}
{{- $mounts := list }}
{{- range .Values.extraVolumeMounts }}
{{- if not (has .name $all) }}
{{- fail (printf "\n\nextraVolumeMounts: there is no volume %q: name it in extraVolumes\n" .name) }}
{{- end }}
{{- $mounts = append $mounts (trimSuffix "/" .mountPath) }}
{{- end }}
{{- $names := list }}
{{- range .Values.extraEnv }}
{{- $names = append $names .name }}
{{- end }}
{{- include "dns-tools.checkNames" (dict "where" "extraEnv" "names" $names "own" $env) }}
{{- include "dns-tools.checkNames" (dict "where" "extraVolumes" "names" (slice $all (len $volumes)) "own" $volumes) }}
{{- include "dns-tools.checkNames" (dict "where" "extraVolumeMounts" "names" $mounts "own" $places) }}
{{- end }}

{{/* Texts whose form the schema could only refuse with a regular expression. */}}
{{- define "dns-tools.checkForms" -}}
{{- $years := mul 100 365 86400000 }}
{{- $largest := 9223372036854774784.0 }}
{{- $prometheus := "(Ny)?(Nw)?(Nd)?(Nh)?(Nm)?(Ns)?(Nms)?" }}
{{- $share := "a number or a percentage of 100% at most, such as 25%" }}
{{- $part := "[a-z0-9]+((__?|[.]|-+)[a-z0-9]+)*" }}
{{- $registry := printf "[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:%s)?/" (include "dns-tools.portForm" .) }}
{{- range list
  (list "image.repository" (list) (printf "(%s)?%s(/%s)*" $registry $part $part) "" 0 0
    "an image without a tag, such as registry.example.com:5000/dns-tools: a tag goes into image.tag, a digest into image.digest")
  (list "image.tag" (list "") "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}" "" 0 0
    "a tag, which has letters, digits, dots, dashes and underscores, 128 at most")
  (list "image.digest" (list "") "sha256:[0-9a-f]{64}" "" 0 0
    "a digest, which is sha256: and 64 hexadecimal digits")
  (list "imagePullExternalSecret.refreshInterval" (list) "(N(ms|s|m|h))+" "time" 0 $years
    "a time of hours, minutes and seconds, such as 1h30m")
  (list "resolver.timeout" (list "") "N(ms|s)" "time" 1 60000 "a time from 1ms to 60s, such as 800ms")
  (list "limits.rate" (list) "[1-9][0-9]{0,8}r/[sm]" "" 0 0 "a rate, such as 50r/s or 600r/m")
  (list "database.retention" (list "") "N[smhdwMy]" "time" 60000 $years "a time from 1m to 100y, such as 90d")
  (list "database.externalSecret.refreshInterval" (list) "(N(ms|s|m|h))+" "time" 0 $years
    "a time of hours, minutes and seconds, such as 1h30m")
  (list "journal.size" (list) "N[mMgG]" "size" 1 34359738368
    "a size from 1m to 32g, such as 64m or 2g")
  (list "journal.sync" (list "off" "always") "N(ms|s)" "time" 1 60000 "off, always, or a time from 1ms to 60s")
  (list "journal.volumeSize" (list) "N(Ki|Mi|Gi|Ti|k|M|G|T)?" "quantity" 1 $largest
    "a size, such as 1Gi or 500M")
  (list "metrics.zoneSize" (list) "N[mM]" "size" 1 $largest "a size in megabytes, such as 2m")
  (list "metrics.serviceMonitor.interval" (list) $prometheus "time" 1 $years "a time, such as 30s or 1m30s")
  (list "metrics.serviceMonitor.scrapeTimeout" (list) $prometheus "time" 1 $years
    "a time, such as 10s or 1m30s")
  (list "podDisruptionBudget.maxUnavailable" (list) "N%" "percentage" 0 100 $share)
  (list "podDisruptionBudget.minAvailable" (list) "N%" "percentage" 0 100 $share)
  (list "updateStrategy.maxUnavailable" (list) "N%" "percentage" 0 100 $share)
  (list "updateStrategy.maxSurge" (list) "N%" "percentage" 0 $largest "a number or a percentage, such as 25%")
}}
{{- $text := $.Values }}
{{- range splitList "." (first .) }}
{{- $text = index $text . }}
{{- end }}
{{- /* The schema knows what may be a number, or nothing, instead. */}}
{{- if kindIs "string" $text }}
{{- include "dns-tools.checkForm" (dict "name" (first .) "text" $text "words" (index . 1) "form" (index . 2)
  "kind" (index . 3) "least" (index . 4) "most" (index . 5) "what" (index . 6)) }}
{{- end }}
{{- end }}
{{- range $kind, $quantities := .Values.resources }}
{{- range $resource, $quantity := $quantities }}
{{- include "dns-tools.checkForm" (dict "name" (printf "resources.%s.%s" $kind $resource) "text" (toString $quantity) "words" (list)
  "form" "(N[.]?|N?[.]N)(m|Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E|[eE][+-]?[0-9]{1,2})?" "kind" "" "what" "a quantity, such as 100m or 1Gi") }}
{{- end }}
{{- end }}
{{- $certified := list }}
{{- range .Values.ingress.tls }}
{{- $certified = concat $certified (.hosts | default list) }}
{{- end }}
{{- range $name, $hosts := dict "ingress.hosts" .Values.ingress.hosts "ingress.tls" $certified "httpRoute.hostnames" .Values.httpRoute.hostnames }}
{{- range $hosts }}
{{- include "dns-tools.checkForm" (dict "name" $name "text" . "words" (list) "form" "(\\*\\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?"
  "kind" "" "what" "a host name in small letters, such as dns.example.com or *.example.com") }}
{{- end }}
{{- end }}
{{- end }}

{{/* Combinations that the schema cannot refuse, and what it would refuse with a long regular expression
and no word about what would be right. */}}
{{- define "dns-tools.check" -}}
{{- $v := .Values }}
{{- include "dns-tools.checkForms" . }}
{{- include "dns-tools.checkMaps" . }}
{{- include "dns-tools.checkExtras" . }}
{{- $name := include "dns-tools.fullname" . }}
{{- if not (regexMatch "^[a-z]([a-z0-9-]*[a-z0-9])?$" $name) }}
{{- fail (printf "\n\n%q cannot be the name of a Service, which begins with a letter and has small letters, digits and dashes only: set fullnameOverride\n" $name) }}
{{- end }}
{{- $ipv4 := "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}" }}
{{- $ipv6 := "((H:){7}H|(H:){6}IPV4|(H(:H){0,6})?::((H:){0,6}(H|IPV4))?)" | replace "H" "[0-9A-Fa-f]{1,4}" | replace "IPV4" $ipv4 }}
{{- $port := include "dns-tools.portForm" . }}
{{- range $v.resolver.addresses }}
{{- if not (regexMatch (printf "^(%s|\\[%s\\])(:%s)?$" $ipv4 $ipv6 $port) .) }}
{{- fail (printf "\n\nresolver.addresses: %q is not an address, such as 192.0.2.53, or one with a port, such as 192.0.2.53:5353; IPv6 is in brackets: [2001:db8::53]\n" .) }}
{{- end }}
{{- end }}
{{- range $list, $networks := dict "history.allow" $v.history.allow "realIp.trusted" $v.realIp.trusted "limits.exempt" $v.limits.exempt }}
{{- range $networks }}
{{- if not (regexMatch (printf "^(%s(/(3[0-2]|[12]?[0-9]))?|%s(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?)$" $ipv4 $ipv6) .) }}
{{- fail (printf "\n\n%s: %q is neither an address nor a network, such as 192.0.2.0/24 or 2001:db8::/32\n" $list .) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $at, $hosts := dict "database" $v.database.host "database.reads" $v.database.reads.host }}
{{- range splitList "," $hosts }}
{{- if and $hosts (not (regexMatch (printf "^([A-Za-z0-9._-]+|%s|[/@][A-Za-z0-9._:/@-]+)$" $ipv6) .)) }}
{{- fail (printf "\n\n%s.host: %q is not a name, an address, or a folder of sockets; the port goes into %s.port\n" $at . $at) }}
{{- end }}
{{- end }}
{{- end }}
{{- if eq $v.realIp.header "proxy_protocol" }}
{{- fail "\n\nrealIp.header is proxy_protocol, which nginx does not listen for here: the kubelet's probes do not speak it\n" }}
{{- end }}
{{- if $v.database.enabled }}
{{- if not $v.database.host }}
{{- fail "\n\ndatabase.host is empty: name the PostgreSQL server, or set database.enabled=false to save nothing\n" }}
{{- end }}
{{- if and $v.database.reads.host (not $v.history.enabled) (not (contains "dns_tools_history" $v.nginx.extraServer)) }}
{{- fail "\n\ndatabase.reads.host is set, and history.enabled is false: there is nothing to read\n" }}
{{- end }}
{{- $sources := list }}
{{- if $v.database.password }}{{ $sources = append $sources "database.password" }}{{ end }}
{{- if $v.database.existingSecret.name }}{{ $sources = append $sources "database.existingSecret.name" }}{{ end }}
{{- if $v.database.externalSecret.enabled }}{{ $sources = append $sources "database.externalSecret.enabled" }}{{ end }}
{{- if gt (len $sources) 1 }}
{{- fail (printf "\n\n%s are set: the password of the database can come from one of them only\n" (join " and " $sources)) }}
{{- end }}
{{- if and (hasPrefix "verify-" $v.database.sslMode) (not $v.database.tls.ca.secretName) (not (dig "PGSSLROOTCERT" "" (include "dns-tools.extraEnvNames" . | fromYaml))) }}
{{- fail (printf "\n\ndatabase.sslMode is %s, and there is nothing to verify with: set database.tls.ca.secretName to the Secret of the certificate authority, or PGSSLROOTCERT in extraEnv, or choose another database.sslMode\n" $v.database.sslMode) }}
{{- end }}
{{- else }}
{{- if $v.database.retention }}
{{- fail "\n\ndatabase.retention is set, and database.enabled is false: there are no rows to remove\n" }}
{{- end }}
{{- if eq $v.record "commit" }}
{{- fail "\n\nrecord is commit, and database.enabled is false: there is nothing to commit to\n" }}
{{- end }}
{{- if $v.journal.persistence.enabled }}
{{- fail "\n\njournal.persistence.enabled is true, and database.enabled is false: there is nothing to keep\n" }}
{{- end }}
{{- end }}
{{- if and (not $v.resolver.addresses) (or $v.resolver.timeout $v.resolver.attempts) }}
{{- fail "\n\nresolver.timeout or resolver.attempts is set, and resolver.addresses is empty: they go with nameservers that are named\n" }}
{{- end }}
{{- if and $v.secretStore.enabled (not $v.secretStore.provider) }}
{{- fail "\n\nsecretStore.enabled is true, and secretStore.provider is empty: describe the store's provider\n" }}
{{- end }}
{{- range $name, $secret := dict "database.externalSecret" $v.database.externalSecret "imagePullExternalSecret" $v.imagePullExternalSecret }}
{{- if $secret.enabled }}
{{- if not $secret.remoteRef.key }}
{{- fail (printf "\n\n%s.remoteRef.key is empty: name the secret in the store\n" $name) }}
{{- end }}
{{- if not $secret.secretStoreRef.name }}
{{- if not $v.secretStore.enabled }}
{{- fail (printf "\n\n%s.secretStoreRef.name is empty, and secretStore.enabled is false: name a store\n" $name) }}
{{- else if eq $secret.secretStoreRef.kind "ClusterSecretStore" }}
{{- fail (printf "\n\n%s.secretStoreRef.name is empty, and its kind is ClusterSecretStore: name the store; the one of secretStore is a SecretStore\n" $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if and (eq $v.clientIp.mode "hash") (not $v.clientIp.keySecret.name) }}
{{- fail "\n\nclientIp.mode is hash, and clientIp.keySecret.name is empty: name the Secret that holds the key\n" }}
{{- end }}
{{- if eq (int $v.port) (int $v.metrics.port) }}
{{- fail (printf "\n\nport and metrics.port are both %d: they must differ\n" (int $v.port)) }}
{{- end }}
{{- if and $v.autoscaling.enabled (gt (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas)) }}
{{- fail (printf "\n\nautoscaling.minReplicas is %d, more than autoscaling.maxReplicas (%d)\n" (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas)) }}
{{- end }}
{{- if and $v.autoscaling.enabled (not $v.autoscaling.targetCPUUtilizationPercentage) (not $v.autoscaling.targetMemoryUtilizationPercentage) }}
{{- fail "\n\nautoscaling.enabled is true, and neither targetCPUUtilizationPercentage nor targetMemoryUtilizationPercentage is set\n" }}
{{- end }}
{{- range $resource, $target := dict "cpu" $v.autoscaling.targetCPUUtilizationPercentage "memory" $v.autoscaling.targetMemoryUtilizationPercentage }}
{{- /* Kubernetes takes a limit for the request where there is none. */}}
{{- if and $v.autoscaling.enabled $target (not (dig "requests" $resource (dig "limits" $resource "" $v.resources) $v.resources)) }}
{{- fail (printf "\n\nautoscaling aims at %v%% of the %s that is requested, and resources.requests.%s is not set\n" $target $resource $resource) }}
{{- end }}
{{- end }}
{{- if $v.podDisruptionBudget.enabled }}
{{- $set := without (list $v.podDisruptionBudget.minAvailable $v.podDisruptionBudget.maxUnavailable) nil | len }}
{{- if eq $set 2 }}
{{- fail "\n\npodDisruptionBudget.minAvailable and podDisruptionBudget.maxUnavailable are both set: Kubernetes takes one of them; set the other to null\n" }}
{{- else if eq $set 0 }}
{{- fail "\n\npodDisruptionBudget.enabled is true, and neither podDisruptionBudget.minAvailable nor podDisruptionBudget.maxUnavailable is set\n" }}
{{- end }}
{{- end }}
{{- if and (regexMatch "^0+%?$" (toString $v.updateStrategy.maxUnavailable)) (regexMatch "^0+%?$" (toString $v.updateStrategy.maxSurge)) (not $v.journal.persistence.enabled) }}
{{- fail "\n\nupdateStrategy.maxUnavailable and updateStrategy.maxSurge are both 0: nothing could ever be updated\n" }}
{{- end }}
{{- if $v.journal.enabled }}
{{- /* 16 MiB are what the file of refused rows may grow to. */}}
{{- $need := addf (mulf $v.workers (include "dns-tools.amount" (list "size" $v.journal.size))) 16777216 }}
{{- if gt $need (include "dns-tools.amount" (list "quantity" $v.journal.volumeSize) | float64) }}
{{- $how := ternary "; README.md says how a StatefulSet gets larger volumes" "" $v.journal.persistence.enabled }}
{{- fail (printf "\n\njournal.volumeSize is %s: %d workers with journal.size %s need %.0f MiB%s\n" $v.journal.volumeSize (int $v.workers) $v.journal.size (divf $need 1048576) $how) }}
{{- end }}
{{- else if $v.journal.persistence.enabled }}
{{- fail "\n\njournal.persistence.enabled is true, and journal.enabled is false: there is nothing to keep\n" }}
{{- end }}
{{- if eq $v.service.type "ClusterIP" }}
{{- range $key := list "externalTrafficPolicy" "nodePort" }}
{{- if get $v.service $key }}
{{- fail (printf "\n\nservice.%s is set, and service.type is ClusterIP: it goes with NodePort and LoadBalancer\n" $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and $v.ingress.enabled (not $v.ingress.hosts) }}
{{- fail "\n\ningress.hosts is empty: name at least one host\n" }}
{{- end }}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) }}
{{- fail "\n\nhttpRoute.parentRefs is empty: name at least one Gateway\n" }}
{{- end }}
{{- with $v.metrics.serviceMonitor }}
{{- if and .enabled (lt (include "dns-tools.amount" (list "time" .interval) | float64) (include "dns-tools.amount" (list "time" .scrapeTimeout) | float64)) }}
{{- fail (printf "\n\nmetrics.serviceMonitor.interval is %s, shorter than metrics.serviceMonitor.scrapeTimeout (%s)\n" .interval .scrapeTimeout) }}
{{- end }}
{{- end }}
{{- if not $v.metrics.enabled }}
{{- range $name, $one := dict "serviceMonitor" $v.metrics.serviceMonitor "prometheusRule" $v.metrics.prometheusRule "dashboard" $v.metrics.dashboard }}
{{- if $one.enabled }}
{{- fail (printf "\n\nmetrics.%s.enabled is true, and metrics.enabled is false: there would be nothing to see\n" $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* A map of the variables in extraEnv. */}}
{{- define "dns-tools.extraEnvNames" -}}
{{- range .Values.extraEnv }}
{{ .name }}: "set"
{{- end }}
{{- end }}
