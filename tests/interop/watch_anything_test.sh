#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# Runs each command of the table in docs/how-to/watch-anything.md: with a real nginx that behaves
# as the table says, and again when nothing listens. ctest gives the path of the tool.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
nginx=${FOREST_NGINX:-$(command -v nginx || ls /usr/sbin/nginx 2>/dev/null)} || true
[ -n "$nginx" ] || { echo "There is no nginx." >&2; exit 77; }
[ -n "${FOREST_HEALTH:-}" ] || { echo "The tool is not built." >&2; exit 77; }

folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; wait; rm -rf "$folder"' EXIT

# A free port is found by trying: another process may take one at any time.
listen() {
    for port in $(seq $((20000 + $$ % 20000)) $((20030 + $$ % 20000))); do
        cat >"$folder/nginx.conf" <<END
daemon off;
master_process off;
pid $folder/pid;
error_log $folder/errors;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path $folder; proxy_temp_path $folder; fastcgi_temp_path $folder;
    uwsgi_temp_path $folder; scgi_temp_path $folder;
    default_type application/json;
    server {
        listen 127.0.0.1:$port default_server;
        location = / { return 302 /shop; }
        location = /shop { return 200 '3 in stock'; }
        location = /actuator/health { return 200 '{"status":"UP","groups":["liveness"]}'; }
        location = /healthcheck { add_header x-envoy-degraded 1; return 200; }
        location = /forest { return 200 '{"error":null,"message":"Agent is running"}'; }
    }
    server {
        listen 127.0.0.1:$port;
        server_name shop.example;
        location = / { return 200 'the shop'; }
    }
}
END
        "$nginx" -p "$folder" -c "$folder/nginx.conf" 2>>"$folder/starting" &
        server=$!
        for _ in $(seq 100); do
            kill -0 "$server" 2>/dev/null || break
            [ "$(curl -s -o "$folder/body" -w '%{http_code}' "http://127.0.0.1:$port/shop")" = 200 ] &&
                return 0
            sleep 0.1
        done
        kill "$server" 2>/dev/null
        server=
    done
    cat "$folder/starting" "$folder/errors"
    return 1
}

failures=0
# run STATUS NUMBER COMMAND: the command of a line of the table, with our program and port.
run() {
    wanted=$1
    command=$(echo "$3" | sed "s|^forest-health|timeout 30 \"\$FOREST_HEALTH\"|
                               s|http://127.0.0.1:[0-9]*|http://127.0.0.1:$port|")
    sh -c "$command" >"$folder/out" 2>&1
    status=$?
    if [ $status -ne "$wanted" ]; then
        echo "line $2 ended with $status, not $wanted: $3"
        cat "$folder/out"
        failures=$((failures + 1))
    fi
}

listen || exit 1
sed -n 's/^| .* | `\(forest-health check .*\)` |$/\1/p' "$root/docs/how-to/watch-anything.md" \
    >"$folder/commands"
count=$(wc -l <"$folder/commands")
[ "$count" -ge 7 ] || { echo "only $count commands were found in the table"; exit 1; }
for state in up down; do
    number=0
    while read -r line; do
        number=$((number + 1))
        [ $state = up ] && run 0 $number "$line" || run 1 $number "$line"
    done <"$folder/commands"
    [ $state = up ] || break

    # What is not expected is refused.
    run 1 page "forest-health check --unsigned --expect-status 200 http://127.0.0.1:1/"
    run 1 body "forest-health check --unsigned --expect-body 'sold out' http://127.0.0.1:1/shop"
    run 1 host "forest-health check --unsigned --expect-status 200 --header 'Host: other.example' http://127.0.0.1:1/"
    run 1 json "forest-health check --unsigned --probe health-json http://127.0.0.1:1/shop"
    run 1 agent "forest-health check --unsigned --probe agent-root http://127.0.0.1:1/actuator/health"
    run 0 degraded "forest-health check --unsigned --json --probe health-json http://127.0.0.1:1/healthcheck"
    grep -q '"degraded":true' "$folder/out" || { echo "not degraded:"; cat "$folder/out"; failures=$((failures + 1)); }

    kill "$server" && wait "$server"
    server=
done
echo "$count commands, with nginx and without: $failures failures"
[ "$failures" -eq 0 ]
