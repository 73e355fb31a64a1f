#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# A client process finds out that a server process died, once, and that it came back.
# The tool is built first, unless FOREST_HEALTH names one.
set -eu

interval_ms=500
failure_threshold=3
# The server dies right after a check began: one interval until the next, and after each failure
# but the last the backoff, which is never longer than the interval. Refused connections take no
# time.
bound_ms=$((interval_ms * failure_threshold))
# What a busy machine may add before we call it wrong.
slack_ms=2000
step_seconds_max=${DEMO_STEP_SECONDS_MAX:-15}
demo_seconds_max=90

root=$(cd "$(dirname "$0")/.." && pwd)

step() { echo "==> $*"; }

failed() {
    echo "==> FAILED: $*" >&2
    [ ! -s "$work/watch.err" ] || sed 's/^/    watch: /' "$work/watch.err" >&2
    [ ! -s "$work/serve.err" ] || sed 's/^/    serve: /' "$work/serve.err" >&2
    exit 1
}

now() { date -u +%Y-%m-%dT%H:%M:%S.%3NZ; }

note() { printf '%s\t%s\n' "$1" "$2" >>"$work/timeline"; }

# member NAME: of the one JSON object on standard input, without quotes.
member() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }

# event NAME: the first such line that watch has printed.
event() { sed -n "/\"event\":\"$1\"/{p;q;}" "$work/watch"; }

count() { awk -v event="\"event\":\"$1\"" 'index($0, event) { ++n } END { print n + 0 }' "$work/watch"; }

# wait_until WHAT COMMAND…: until the command succeeds, within the bound.
wait_until() {
    what=$1
    shift
    tries=$((step_seconds_max * 20))
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || failed "$what did not happen within $step_seconds_max s"
        sleep 0.05
    done
}

watch_told() { [ -n "$(event "$1")" ]; }
serve_told() { grep -q '^listening on ' "$work/serve"; }

# start_server ADDRESS: sets server and url.
start_server() {
    : >"$work/serve"
    "$tool" serve --secret-file "$work/secret" --listen "$1" --version 1.16.10 --grace 0s \
        >"$work/serve" 2>"$work/serve.err" &
    server=$!
    wait_until 'the start of the server' serve_told
    url=$(sed -n 's/^listening on //p' "$work/serve")
}

# elapsed_ms FROM TO: between two moments less than a day apart.
elapsed_ms() {
    awk -v from="$1" -v to="$2" '
        function ms(time) {
            seconds = (substr(time, 12, 2) * 60 + substr(time, 15, 2)) * 60 + substr(time, 18, 2)
            return seconds * 1000 + substr(time, 21, 3)
        }
        BEGIN { day = 86400000; print (ms(to) - ms(from) + day) % day }'
}

server=''
watcher=''
watchdog=''
work=$(mktemp -d)
clean_up() {
    status=$?
    trap - EXIT
    for child in $watcher $server; do
        kill -KILL "$child" 2>/dev/null || true
    done
    [ -z "$watchdog" ] || kill -TERM "$watchdog" 2>/dev/null || true
    wait
    rm -rf "$work"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'echo "==> FAILED: ended from outside, or by the limit of $demo_seconds_max s" >&2; exit 1' TERM

if [ -z "${FOREST_HEALTH:-}" ]; then
    step 'Looking for the packages that the build needs'
    # shellcheck source=cmake/packages.sh
    . "$root/cmake/packages.sh"
    need_packages build
    step 'Building the tool forest-health'
    cmake -S "$root" -B "$root/build/demo" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
        -DFOREST_BUILD_TESTS=OFF -DFOREST_BUILD_EXAMPLES=OFF >"$work/cmake" 2>&1 ||
        { cat "$work/cmake" >&2; failed 'configuring the build'; }
    cmake --build "$root/build/demo" --target forest-health || failed 'building the tool'
    tool=$root/build/demo/forest-health
else
    tool=$FOREST_HEALTH
fi

# Bounds every wait for a child to end.
(
    sleep "$demo_seconds_max" &
    nap=$!
    trap 'kill "$nap"; wait "$nap"; exit' TERM
    wait "$nap"
    kill -TERM $$
) 2>/dev/null &
watchdog=$!

(umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$work/secret")

step 'Starting a server on a free port'
start_server 127.0.0.1:0
first_url=$url
echo "    $url, process $server"

step "Watching it: every $interval_ms ms, down after $failure_threshold failures"
"$tool" watch --secret-file "$work/secret" --json --verbose --interval "${interval_ms}ms" \
    --timeout 1s --failure-threshold "$failure_threshold" "$url/forest/health" \
    >"$work/watch" 2>"$work/watch.err" &
watcher=$!
wait_until 'the first healthy answer' watch_told check_succeeded
note "$(event started | member time)" 'watch started'
answer=$(event check_succeeded)
note "$(echo "$answer" | member time)" "first healthy answer, version $(echo "$answer" | member version)"
echo "    healthy, version $(echo "$answer" | member version)"

step "Killing the server: SIGKILL to process $server"
sleep 1
killed=$(now)
kill -KILL "$server"
wait "$server" 2>/dev/null || true
note "$killed" 'server killed'
wait_until 'the detection, a line server_down,' watch_told server_down
down=$(event server_down)
note "$(echo "$down" | member first_failure)" "first failed check: $(event check_failed | member error)"
note "$(echo "$down" | member time)" "server_down, outage $(echo "$down" | member outage)"
detection=$(elapsed_ms "$killed" "$(echo "$down" | member time)")
echo "    detected after $detection ms; at most $bound_ms ms by the options"
[ "$detection" -le $((bound_ms + slack_ms)) ] ||
    failed "the detection in time: $detection ms, and $bound_ms ms is the bound"

step 'Restarting the server on the same port'
restarted=$(now)
start_server "${first_url#http://}"
[ "$url" = "$first_url" ] || failed "the restart on the same port: $url instead of $first_url"
note "$restarted" 'server restarted'
wait_until 'the recovery, a line server_up,' watch_told server_up
up=$(event server_up)
note "$(echo "$up" | member time)" "server_up, outage $(echo "$up" | member outage)"
recovery=$(elapsed_ms "$restarted" "$(echo "$up" | member time)")
echo "    back after $recovery ms; the outage took $(echo "$up" | member duration_ms) ms"

step 'Stopping both'
sleep 1
kill -TERM "$watcher"
wait "$watcher" || failed "the clean end of watch: status $?"
watcher=
watch_told stopped || failed 'the line stopped'
note "$(event stopped | member time)" 'watch stopped'
kill -TERM "$server"
wait "$server" || failed "the clean end of serve: status $?"
server=

downs=$(count server_down)
ups=$(count server_up)
[ "$downs" -eq 1 ] || failed "exactly one server_down: there were $downs"
[ "$ups" -eq 1 ] || failed "exactly one server_up: there were $ups"
[ "$(echo "$down" | member outage)" = "$(echo "$up" | member outage)" ] ||
    failed 'the same outage in server_down and server_up'

step 'Timeline, in ms since the start'
start=$(sed -n '1s/\t.*//p' "$work/timeline")
while IFS="$(printf '\t')" read -r time what; do
    printf '%8d  %s\n' "$(elapsed_ms "$start" "$time")" "$what"
done <"$work/timeline"
echo "    Detection: $detection ms measured, $bound_ms ms at most (interval $interval_ms ms, \
threshold $failure_threshold, refused)"
echo "    Recovery:  $recovery ms measured, $interval_ms ms at most after the port was open again"
step 'One outage, told once; one recovery, told once'
