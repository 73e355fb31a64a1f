#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: server_matrix.sh SOURCE_DIR MATRIX_SERVER [--update]
#
# Each server of this library and of others, with each client, over each way: plain, TLS, and behind
# nginx and haproxy. Prints the table, and compares it with the one in docs/reference/foreign-servers.md;
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
    exec 9>&- # the end of the server's standard input
    # shellcheck disable=SC2086 # Numbers.
    [ -z "$running" ] || kill $running 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap finish EXIT
mkfifo "$work/input"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1,DNS:localhost \
    -keyout "$work/key.pem" -out "$work/certificate.pem" 2>"$work/openssl.log"

# start SERVER plain|tls: sets `port`.
start() {
    : >"$work/port"
    "$server" "$1" "$2" "$work/certificate.pem" "$work/key.pem" <"$work/input" >"$work/port" &
    process=$!
    exec 9>"$work/input"
    for _ in $(seq 200); do
        [ ! -s "$work/port" ] || break
        sleep 0.05
    done
    port=$(cat "$work/port")
    [ -n "$port" ] || { echo "$1, $2: does not listen"; exit 1; }
}
stop() {
    exec 9>&-
    wait $process
}

# A port on which nobody listened a moment ago.
free_port() {
    ruby -rsocket -e 'puts Addrinfo.tcp("127.0.0.1", 0).bind.local_address.ip_port'
}

# answers PORT: waits until something answers there.
answers() {
    for _ in $(seq 200); do
        ! curl -s -o "$work/first" "http://127.0.0.1:$1/" || return 0
        sleep 0.05
    done
    echo "port $1: nobody answers"
    exit 1
}

# behind nginx|haproxy: starts it in front of `port`, and sets `front` and `proxy`.
behind() {
    front=$(free_port)
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
        nginx -p "$work/" -c nginx.conf -e error.log 2>"$work/nginx.log" &
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
        haproxy -q -f "$work/haproxy.cfg" 2>"$work/haproxy.log" &
        ;;
    esac
    proxy=$!
    running=$proxy
    answers "$front"
}

# status_of ARGUMENT...: what curl is answered.
status_of() { curl -s -o "$work/body" -w '%{http_code}' --cacert "$work/certificate.pem" "$@" || true; }

signed_status() { "$FOREST_HEALTH" sign | status_of -H @- "$@"; }

# cell CLIENT URL: `ok`, or what was answered and should not be.
cell() {
    case $1 in
    ours)
        first=0 second=0
        # shellcheck disable=SC2086 # Words.
        "$FOREST_HEALTH" check $trust "$2/forest/health" >"$work/ours" 2>&1 || first=$?
        # shellcheck disable=SC2086
        FOREST_AUTH_SECRET=another "$FOREST_HEALTH" check $trust "$2/forest/health" \
            >"$work/refused" 2>&1 || second=$?
        if [ "$first $second" = '0 1' ] && grep -q unauthorized "$work/refused"; then
            echo ok
        else
            head -c 200 "$work/ours" "$work/refused"
        fi
        ;;
    curl)
        statuses="$(signed_status "$2/forest/health") $(signed_status -I "$2/forest/health")"
        statuses="$statuses $(FOREST_AUTH_SECRET=another signed_status "$2/forest/health")"
        statuses="$statuses $(signed_status "$2/forest/rpc-schema")"
        etag=$(sed 's/.*"etag":"\([^"]*\)".*/\1/' "$work/body")
        statuses="$statuses $(signed_status -H "If-None-Match: \"$etag\"" "$2/forest/rpc-schema")"
        if [ "$statuses" = '200 200 401 200 304' ]; then echo ok; else echo "$statuses"; fi
        ;;
    Ruby)
        statuses=$(ruby "$client" "$2" "$work/certificate.pem" 2>"$work/ruby.log" || tail -n 1 "$work/ruby.log")
        if [ "$statuses" = '200 401 200 304' ]; then echo ok; else echo "$statuses"; fi
        ;;
    esac
}

table=$work/table
{
    echo '| server | client | plain | TLS | behind nginx | behind haproxy |'
    echo '|---|---|---|---|---|---|'
} >"$table"
for name in asio httplib microhttpd; do
    for way in plain tls nginx haproxy; do
        start $name "$([ $way = tls ] && echo tls || echo plain)"
        trust=
        case $way in
        plain) url=http://127.0.0.1:$port ;;
        tls) url=https://127.0.0.1:$port trust="--ca-file $work/certificate.pem" ;;
        *) behind $way && url=http://127.0.0.1:$front ;;
        esac
        for one in ours curl Ruby; do
            cell $one "$url" >"$work/$name.$one.$way"
        done
        case $way in nginx | haproxy)
            kill "$proxy"
            wait "$proxy" 2>/dev/null || true
            running=
            ;;
        esac
        stop
    done
    for one in ours curl Ruby; do
        echo "| \`${name}_server\` | $one | $(cat "$work/$name.$one.plain") | $(cat "$work/$name.$one.tls") | $(cat "$work/$name.$one.nginx") | $(cat "$work/$name.$one.haproxy") |"
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
