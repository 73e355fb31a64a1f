#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: server_matrix.sh SOURCE_DIR MATRIX_SERVER [--update]
#
# Each server of this library and of others, with each client, over each way: plain, TLS, a unix
# socket, and behind nginx and haproxy. Prints the table, and compares it with the one in docs/reference/foreign-servers.md;
# --update writes it there. The tool is $FOREST_HEALTH. Ends with 77 where a program is missing.
set -eu
page=$1/docs/reference/foreign-servers.md server=$2 update=${3:-}
client=$1/tests/interop/matrix_client.rb
PATH=$PATH:/usr/sbin
for program in curl ruby nginx haproxy openssl; do
    command -v $program >/dev/null || { echo "skipped: there is no $program"; exit 77; }
done
export FOREST_AUTH_SECRET=matrix-secret

work=$(mktemp -d)
running=
finish() {
    exec 7>&- 9>&- # the ends of the standard inputs of the Ruby client and of the server
    # shellcheck disable=SC2086 # Numbers.
    [ -z "$running" ] || kill $running 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap finish EXIT
mkfifo "$work/input" "$work/ruby_input" "$work/ruby_output"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1,DNS:localhost \
    -keyout "$work/key.pem" -out "$work/certificate.pem" 2>"$work/openssl.log"

# One process makes all requests of the Ruby client: loading its libraries takes seconds.
ruby "$client" "$work/certificate.pem" <"$work/ruby_input" >"$work/ruby_output" 2>"$work/ruby.log" &
exec 7>"$work/ruby_input" 8<"$work/ruby_output"
trap 'exit 1' PIPE
# from_ruby LINE: what the Ruby client prints for it.
from_ruby() {
    echo "$1" >&7
    read -r answer <&8 || answer=$(tail -n 1 "$work/ruby.log")
    echo "$answer"
}

# start SERVER ARGUMENT...: sets `port`.
start() {
    : >"$work/port"
    "$server" "$@" <"$work/input" >"$work/port" 7>&- 8<&- &
    process=$!
    exec 9>"$work/input"
    for _ in $(seq 400); do
        [ ! -s "$work/port" ] || break
        sleep 0.02
    done
    port=$(cat "$work/port")
    [ -n "$port" ] || { echo "$*: does not listen"; exit 1; }
}
stop() {
    exec 9>&-
    wait $process
}

# answers PORT: waits until something answers there.
answers() {
    for _ in $(seq 400); do
        ! curl -s -o "$work/first" "http://127.0.0.1:$1/" || return 0
        sleep 0.02
    done
    echo "port $1: nobody answers"
    exit 1
}

# behind nginx|haproxy: starts it in front of `port`, and sets `front` and `proxy`.
behind() {
    front=$(from_ruby port)
    case $1 in
    nginx)
        # Without underscores_in_headers nginx drops the fields of the Ruby client.
        cat >"$work/nginx.conf" <<END
daemon off; master_process off; pid nginx.pid; error_log error.log;
events {}
http {
    access_log off;
    client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d; scgi_temp_path e;
    underscores_in_headers on;
    server { listen 127.0.0.1:$front; location / { proxy_pass http://127.0.0.1:$port; } }
}
END
        nginx -p "$work/" -c nginx.conf -e error.log 2>"$work/nginx.log" 7>&- 8<&- 9>&- &
        ;;
    haproxy)
        cat >"$work/haproxy.cfg" <<END
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend front
    bind 127.0.0.1:$front
    default_backend servers
backend servers
    server only 127.0.0.1:$port
END
        haproxy -q -f "$work/haproxy.cfg" 2>"$work/haproxy.log" 7>&- 8<&- 9>&- &
        ;;
    esac
    proxy=$!
    running=$proxy
    answers "$front"
}

# status_of ARGUMENT...: what curl is answered.
status_of() {
    # shellcheck disable=SC2086 # Words.
    curl -s -o "$work/body" -w '%{http_code}' --cacert "$work/certificate.pem" $socket_option "$@" || true
}

signed_status() { "$FOREST_HEALTH" sign | status_of -H @- "$@"; }

# checked OPTION...: whether our tool finds `tool_url` healthy, and unauthorized with another secret.
checked() {
    first=0 second=0
    # shellcheck disable=SC2086 # Words.
    "$FOREST_HEALTH" check "$@" $trust "$tool_url/forest/health" >"$work/ours" 2>&1 || first=$?
    # shellcheck disable=SC2086
    FOREST_AUTH_SECRET=another "$FOREST_HEALTH" check "$@" $trust "$tool_url/forest/health" \
        >"$work/refused" 2>&1 || second=$?
    if [ "$first $second" = '0 1' ] && grep -q unauthorized "$work/refused"; then
        echo ok
    else
        head -c 200 "$work/ours" "$work/refused"
    fi
}

# cell CLIENT: `ok`, or what was answered and should not be.
cell() {
    case $1 in
    ours) checked ;;
    'ours by curl') checked --transport curl ;;
    curl)
        statuses="$(signed_status "$url/forest/health") $(signed_status -I "$url/forest/health")"
        statuses="$statuses $(FOREST_AUTH_SECRET=another signed_status "$url/forest/health")"
        statuses="$statuses $(signed_status "$url/forest/rpc-schema")"
        etag=$(sed 's/.*"etag":"\([^"]*\)".*/\1/' "$work/body")
        statuses="$statuses $(signed_status -H "If-None-Match: \"$etag\"" "$url/forest/rpc-schema")"
        if [ "$statuses" = '200 200 401 200 304' ]; then echo ok; else echo "$statuses"; fi
        ;;
    Ruby)
        statuses=$(from_ruby "$ruby_url")
        if [ "$statuses" = '200 401 200 304' ]; then echo ok; else echo "$statuses"; fi
        ;;
    esac
}

clients='ours
ours by curl
curl
Ruby'
each_client() { echo "$clients"; }

table=$work/table
{
    echo '| server | client | plain | TLS | unix socket | behind nginx | behind haproxy |'
    echo '|---|---|---|---|---|---|---|'
} >"$table"
for name in asio httplib microhttpd; do
    for way in plain tls unix nginx haproxy; do
        socket=$work/$name.socket socket_option='' trust=''
        case $way in
        tls)
            start $name tls "$work/certificate.pem" "$work/key.pem"
            url=https://127.0.0.1:$port trust="--ca-file $work/certificate.pem"
            ;;
        unix)
            start $name unix "$socket"
            url=http://localhost socket_option="--unix-socket $socket"
            ;;
        plain)
            start $name plain
            url=http://127.0.0.1:$port
            ;;
        *)
            start $name plain
            behind $way
            url=http://127.0.0.1:$front
            ;;
        esac
        tool_url=$url ruby_url=$url
        if [ $way = unix ]; then
            tool_url=http+unix://$(echo "$socket" | sed 's|/|%2F|g') ruby_url=unix:$socket
        fi
        each_client | while read -r one; do
            cell "$one" >"$work/$name.$one.$way" </dev/null
        done
        case $way in nginx | haproxy)
            kill "$proxy"
            wait "$proxy" 2>/dev/null || true
            running=
            ;;
        esac
        stop
    done
    each_client | while read -r one; do
        row="| \`${name}_server\` | $one |"
        for way in plain tls unix nginx haproxy; do
            row="$row $(cat "$work/$name.$one.$way") |"
        done
        echo "$row"
    done >>"$table"
done
cat "$table"

if [ -n "$update" ]; then
    awk -v table="$table" '
        { if (!inside) print }
        /^<!-- matrix begins -->$/ { inside = 1; while ((getline line < table) > 0) print line }
        /^<!-- matrix ends -->$/ { inside = 0; print }
    ' "$page" >"$work/page"
    cp "$work/page" "$page"
    exit
fi
sed -n '/^<!-- matrix begins -->$/,/^<!-- matrix ends -->$/p' "$page" | grep '^|' >"$work/there" || true
if ! diff "$work/there" "$table"; then
    echo "$page has another table. If that must be so: sh tests/interop/server_matrix.sh SOURCE_DIR MATRIX_SERVER --update"
    exit 1
fi
