#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# Runs each command of the table in docs/how-to/watch-anything.md: with a real nginx and a real
# server of gRPC that behave as the table says, and again when nothing listens. ctest gives the paths
# of the programs; without a server of gRPC, or libcurl in the tool, its lines are left out.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
nginx=${FOREST_NGINX:-$(command -v nginx || ls /usr/sbin/nginx 2>/dev/null)} || true
[ -n "$nginx" ] || { echo "There is no nginx." >&2; exit 77; }
[ -n "${FOREST_HEALTH:-}" ] || { echo "The tool is not built." >&2; exit 77; }

folder=$(mktemp -d)
server= grpc= grpc_port=1
trap 'kill $server $grpc 2>/dev/null; wait; rm -rf "$folder"' EXIT

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
                               s|127.0.0.1:50051|127.0.0.1:$grpc_port|
                               s|127.0.0.1:3128|127.0.0.1:$port|
                               s|127.0.0.1:[58][0-9]*|127.0.0.1:$port|
                               s|127.0.0.1:3351|127.0.0.1:$port|
                               s|127.0.0.1:1/|127.0.0.1:$port/|")
    sh -c "$command" >"$folder/out" 2>&1
    status=$?
    if [ $status -ne "$wanted" ]; then
        echo "line $2 ended with $status, not $wanted: $3"
        cat "$folder/out"
        failures=$((failures + 1))
    fi
}

# Reads a line of the server of gRPC.
listen_grpc() {
    mkfifo "$folder/commands_of_grpc"
    "$FOREST_GRPC_SERVER" <"$folder/commands_of_grpc" >"$folder/grpc" 2>"$folder/grpc_errors" &
    grpc=$!
    exec 3>"$folder/commands_of_grpc"
    for _ in $(seq 100); do
        [ -s "$folder/grpc" ] && break
        sleep 0.1
    done
    grpc_port=$(head -n 1 "$folder/grpc")
    [ -n "$grpc_port" ] || { cat "$folder/grpc_errors"; return 1; }
}

# serve NAME, or serve !NAME
serve() {
    before=$(wc -l <"$folder/grpc")
    echo "$1" >&3
    for _ in $(seq 100); do
        [ "$(wc -l <"$folder/grpc")" -gt "$before" ] && return 0
        sleep 0.1
    done
    return 1
}

listen || exit 1
by_curl='--transport curl'
if [ -n "${FOREST_GRPC_SERVER:-}" ]; then
    listen_grpc && serve shop || exit 1
    by_curl=nothing
fi
sed -n 's/^| .* | `\(forest-health check .*\)` |$/\1/p' "$root/docs/how-to/watch-anything.md" |
    grep -v -e "$by_curl" >"$folder/commands"
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

    if [ -n "$grpc" ]; then
        check="forest-health check --unsigned --transport curl --probe"
        run 1 service "$check grpc:other http://127.0.0.1:50051"
        grep -q service_unknown "$folder/out" || { echo "not unknown:"; cat "$folder/out"; failures=$((failures + 1)); }
        serve '!shop'
        run 1 service "$check grpc:shop http://127.0.0.1:50051"
        grep -q not_ok "$folder/out" || { echo "not known:"; cat "$folder/out"; failures=$((failures + 1)); }
        run 0 server "$check grpc http://127.0.0.1:50051"
        # An old libcurl cannot use such a connection again, which is no outage.
        run 0 reuse "forest-health watch --unsigned --reuse --verbose --interval 100ms --for 1s --transport curl --probe grpc http://127.0.0.1:50051" >"$folder/reuse"
        if [ $status -eq 2 ] && grep -q 'libcurl 8.0.0' "$folder/out"; then
            failures=$((failures - 1))
        else
            cat "$folder/reuse"
            [ "$(grep -c ' ok ' "$folder/out")" -ge 3 ] || { echo "not kept:"; cat "$folder/out"; failures=$((failures + 1)); }
        fi
        exec 3>&-
        wait "$grpc"
        grpc=
    fi
    kill "$server" && wait "$server"
    server=
done
echo "$count commands, with nginx and without: $failures failures"
[ "$failures" -eq 0 ]
