# Asks the routes of http://$SERVER:$PORT, and ends with status 1 when one answers wrongly.
set -u
failed=0

# expect STATUS PATTERN METHOD TARGET [BODY]
expect() {
    local status=$1 pattern=$2 method=$3 target=$4 body=${5-} line answer
    if ! exec 3<>"/dev/tcp/$SERVER/$PORT"; then
        echo "FAILED: nothing listens at $SERVER:$PORT"
        exit 1
    fi
    printf '%s %s HTTP/1.0\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s' \
        "$method" "$target" "$SERVER" "${#body}" "$body" >&3
    answer=$(timeout 10 cat <&3)
    exec 3>&-
    line=${answer%%$'\r'*}
    if [[ $line == "HTTP/1.1 $status "* && ${answer##*$'\n'} =~ $pattern ]]; then
        echo "ok: $method $target: $status"
    else
        echo "FAILED: $method $target: expected $status and $pattern, got $line ${answer##*$'\n'}"
        failed=1
    fi
}

expect 200 '"version":"[0-9.]+".*"kubernetes":(true|false)' GET /
expect 200 '^\{"status":"up"\}$' GET /health
expect 200 '"status":"(up|degraded)"' GET /ready
expect 200 '^\{"status":true\}$' POST /tools/validate '{"ip":"192.0.2.7"}'
expect 200 '^\{"status":false,"reason":' POST /tools/validate '{"ip":"192.0.2.256"}'
# Answered without a nameserver.
expect 200 '"ip":"127\.0\.0\.1"' GET '/tools/lookup?domain=localhost'
expect 404 '"code":"nxdomain"' GET '/tools/lookup?domain=name.invalid'
expect 400 '"code":"ip_literal"' GET '/tools/lookup?domain=192.0.2.7'
exit $failed
