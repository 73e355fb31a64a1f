#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# A link-local address needs its interface, which a URL names as its zone (B40: host names). The
# interface is the loopback of a network of its own. ctest gives the programs' paths.
set -u
if [ "${1:-}" != inside ]; then
    isolated="unshare --net"
    $isolated true 2>/dev/null || isolated="unshare --map-root-user --net"
    $isolated true 2>/dev/null || exit 77
    command -v ip >/dev/null || exit 77
    exec $isolated sh "$0" inside
fi
ip link set lo up && ip -6 address add fe80::7/64 dev lo nodad || exit 77
folder=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null; rm -r "$folder"' EXIT
failures=0
# expect STATUS PATTERN ARGUMENT...: the command ends with the status, and a line has the pattern.
expect() {
    wanted=$1 pattern=$2
    shift 2
    timeout 30 "$FOREST_HEALTH" "$@" >"$folder/out" 2>&1
    status=$?
    if [ $status -ne "$wanted" ] || ! grep -q -- "$pattern" "$folder/out"; then
        echo "$* ended with $status:"
        cat "$folder/out"
        failures=$((failures + 1))
    fi
}

"$FOREST_HEALTH" serve --unsigned --listen '[fe80::7%25lo]:0' >"$folder/served" 2>&1 &
server=$!
tries=0
until grep -q 'http://' "$folder/served"; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || { cat "$folder/served"; exit 1; }
    sleep 0.1
done
# The address as the server reports it, with its zone.
url=$(grep -o 'http://[^ ]*' "$folder/served" | head -n 1)
case $url in
'http://[fe80::7%25lo]:'*) ;;
*) echo "the server listens on $url"; failures=$((failures + 1)) ;;
esac
port=${url##*:}
port=${port%%/*}
path=/forest/health

expect 0 '^healthy' check --unsigned "http://[fe80::7%25lo]:$port$path"
expect 0 '^healthy' check --unsigned "http://[fe80::7%251]:$port$path"
expect 1 unreachable check --unsigned "http://[fe80::7%25none]:$port$path"
expect 1 unreachable check --unsigned "http://[fe80::7]:$port$path"
expect 0 'http://\[fe80::7%25lo\]' \
    watch --unsigned --verbose --interval 100ms --for 500ms "http://[fe80::7%25lo]:$port$path"
expect 1 refused check --unsigned "http://[fe80::7%25lo]:1$path"

exit "$((failures > 0))"
