#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# An application follows the tables of two warehouses, all of them processes on loopback. It finds
# out that one died, that it came back, and whether its tables have changed meanwhile; the other
# joins late. The programs are built first, unless FOREST_WAREHOUSE and FOREST_MASTER name them.
# DEMO_INTERVAL_MS and DEMO_STEP_SECONDS_MAX make it faster, for tests.
set -eu

interval_ms=${DEMO_INTERVAL_MS:-1000}
failure_threshold=3
timeout_ms=2000

# The bounds. Refused connections take no time, and after a failure the next check comes after the
# backoff, which is never longer than the interval. So a warehouse that dies right after a check
# began is found out after one interval for each failure, and one that was never there an interval
# sooner.
detection_ms=$((interval_ms * failure_threshold))
absence_ms=$((interval_ms * (failure_threshold - 1)))
next_check_ms=$interval_ms
fetch_ms=$timeout_ms

# What a busy machine may add to each before we call it wrong.
slack_ms=2000
# The end is announced until the master has asked once more, on a busy machine, too.
grace_ms=$((interval_ms + slack_ms))
step_seconds_max=${DEMO_STEP_SECONDS_MAX:-15}

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=cmake/packages.sh
. "$root/cmake/packages.sh"
# shellcheck source=cmake/processes.sh
. "$root/cmake/processes.sh"

step() { echo "==> $*"; }

say() { echo "    $*"; }

failed() {
    echo "==> FAILED: $*" >&2
    for name in master first second; do
        [ ! -s "$work/$name.err" ] || sed "s/^/    $name: /" "$work/$name.err" >&2
    done
    exit 1
}

now() { date -u +%Y-%m-%dT%H:%M:%S.%3NZ; }

# elapsed_ms FROM TO
elapsed_ms() { echo $(($(date -d "$2" +%s%3N) - $(date -d "$1" +%s%3N))); }

# note TIME WHAT: a line of the timeline.
note() { printf '%s\t%s\n' "$1" "$2" >>"$work/timeline"; }

# within STEP MEASURED BOUND: a line of the table, in ms.
within() {
    [ "$2" -le $(($3 + slack_ms)) ] || failed "$1: it took $2 ms, and $3 ms is the bound"
    printf '%s\t%s ms\t%s ms\tyes\n' "$1" "$2" "$3" >>"$work/table"
    say "$1: $2 ms, bound $3 ms"
}

# exactly WHAT COUNT EXPECTED: the same, for what is counted.
exactly() {
    [ "$2" -eq "$3" ] || failed "$1: $2 instead of $3"
    printf '%s\t%s\t%s\tyes\n' "$1" "$2" "$3" >>"$work/table"
}

# member NAME: of the one JSON object on standard input, without quotes.
member() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }

# events NAME URL: all such lines that the master has printed of that warehouse.
events() {
    awk -v event="\"event\":\"$1\"" -v target="\"target\":\"$2\"" \
        'index($0, event) && index($0, target)' "$work/master"
}

# event NAME URL N: the N-th of them.
event() { events "$1" "$2" | sed -n "$3p"; }

reported() { [ -n "$(event "$1" "$2" "$3")" ]; }

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

# start_warehouse NAME ADDRESS: sets process and url, and started to when.
start_warehouse() {
    : >"$work/$1"
    started=$(now)
    "$warehouse" --database "$work/$1.sqlite" --secret-file "$work/secret" --listen "$2" \
        --grace "${grace_ms}ms" >"$work/$1" 2>>"$work/$1.err" &
    process=$!
    wait_until "the start of the $1 warehouse" grep -q '^listening on ' "$work/$1"
    url=$(sed -n 's/^listening on //p' "$work/$1")
}

# kill_first N: until the master has reported the N-th outage of the first warehouse.
kill_first() {
    step "Killing the first warehouse: SIGKILL to process $first_process"
    killed=$(now)
    kill -KILL "$first_process"
    wait "$first_process" 2>/dev/null || true
    note "$killed" 'first killed'
    wait_until "the detection, line $1 of server_down," reported server_down "$first_url" "$1"
    down=$(event server_down "$first_url" "$1")
    detected=$(echo "$down" | member time)
    note "$(echo "$down" | member first_failure)" 'first: check_failed, the first of the outage'
    note "$detected" "first: server_down, $(echo "$down" | member error)"
    within 'SIGKILL to server_down' "$(elapsed_ms "$killed" "$detected")" "$detection_ms"
}

# recovery NAME URL N: until the master has reported the end of that outage; sets recovered.
recovery() {
    note "$started" "$1 started"
    wait_until "the recovery, line $3 of server_up," reported server_up "$2" "$3"
    up=$(event server_up "$2" "$3")
    outage=$(echo "$up" | member outage)
    [ "$outage" = "$(event server_down "$2" "$3" | member outage)" ] ||
        failed 'the same outage in server_down and server_up'
    recovered=$(echo "$up" | member time)
    note "$recovered" "$1: server_up, outage $outage took $(echo "$up" | member duration_ms) ms"
    within "start of the $1 to server_up" "$(elapsed_ms "$started" "$recovered")" "$next_check_ms"
}

# schema EVENT NAME URL N: until the master has reported that; sets answer, and answered to when.
schema() {
    wait_until "the schema of the $2 warehouse, line $4 of $1," reported "$1" "$3" "$4"
    answer=$(event "$1" "$3" "$4")
    answered=$(echo "$answer" | member time)
    etag=$(echo "$answer" | member etag)
    note "$answered" \
        "$2: $1, collections $(echo "$answer" | member collections), etag ${etag:-none}"
}

# schema_after_recovery EVENT NAME URL N
schema_after_recovery() {
    schema "$@"
    within "server_up to $1" "$(elapsed_ms "$recovered" "$answered")" "$fetch_ms"
}

answer_has() { [ "$(echo "$answer" | member "$1")" = "$2" ]; }

# restart_first N: on the same address.
restart_first() {
    step 'Restarting the first warehouse'
    start_warehouse first "${first_url#http://}"
    first_process=$process
    [ "$url" = "$first_url" ] || failed "the restart on the same port: $url instead of $first_url"
    recovery first "$first_url" "$1"
}

step 'Looking for the packages that are needed'
if [ -z "${FOREST_WAREHOUSE:-}" ] || [ -z "${FOREST_MASTER:-}" ]; then
    need_packages build demo
    step 'Building the programs warehouse and master'
    # No type of build: neither optimised nor for a debugger, with assertions.
    cmake -S "$root" -B "$root/build/demo" -G Ninja -DCMAKE_BUILD_TYPE= \
        -DFOREST_WITH_CARES=OFF -DFOREST_BUILD_TESTS=OFF \
        -DFOREST_BUILD_EXAMPLES=OFF -DFOREST_BUILD_TOOL=OFF -DFOREST_BUILD_WAREHOUSE=ON >"$work/cmake" 2>&1 ||
        { cat "$work/cmake" >&2; failed 'configuring the build'; }
    cmake --build "$root/build/demo" --target warehouse master || failed 'building the programs'
    warehouse=$root/build/demo/warehouse
    master=$root/build/demo/master
else
    need_packages demo
    warehouse=$FOREST_WAREHOUSE
    master=$FOREST_MASTER
fi

end_within 90

(umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$work/secret")

# A part of the loopback network of our own: on 127.0.0.1 anyone's connection may take the port of a
# warehouse that is down.
network=$(od -An -N2 -tu1 /dev/urandom | awk '{ printf "127.%d.%d", 1 + $1 % 254, $2 }')

step 'Starting the first warehouse on a free port'
start_warehouse first "$network.1:0"
first_process=$process
first_url=$url
second_url=http://$network.2:${url##*:}
note "$started" 'first started'
say "$first_url, process $first_process"

step "Starting the master: a check every $interval_ms ms, down after $failure_threshold failures"
: >"$work/master"
begun=$(now)
# A shell without job control has the commands in its background ignore SIGINT.
env --default-signal=INT "$master" --secret-file "$work/secret" --json --verbose \
    --interval "${interval_ms}ms" --timeout "${timeout_ms}ms" \
    --failure-threshold "$failure_threshold" "$first_url" "$second_url" \
    >"$work/master" 2>"$work/master.err" &
master_process=$!
note "$begun" 'master started'
say "process $master_process; it also knows of $second_url, where nobody is yet"
schema schema_loaded first "$first_url" 1
answer_has source server || failed 'the first schema from the server'
within 'start of the master to schema_loaded' "$(elapsed_ms "$begun" "$answered")" "$fetch_ms"
schema schema_loaded second "$second_url" 1
answer_has source none || failed 'the start without the second warehouse'
wait_until 'the detection of the absent warehouse' reported server_down "$second_url" 1
down=$(event server_down "$second_url" 1)
detected=$(echo "$down" | member time)
note "$detected" "second: server_down, $(echo "$down" | member error)"
within 'start of the master to server_down of the absent one' "$(elapsed_ms "$begun" "$detected")" \
    "$absence_ms"

step 'Watching it poll the first'
checks=5
wait_until "check $checks of the first warehouse" reported check_succeeded "$first_url" "$checks"
events check_succeeded "$first_url" | head -n "$checks" >"$work/checks"
longest=0
before=''
while read -r check; do
    checked=$(echo "$check" | member time)
    note "$checked" "first: check_succeeded, version $(echo "$check" | member version)"
    gap=$(elapsed_ms "${before:-$checked}" "$checked")
    [ "$gap" -le "$longest" ] || longest=$gap
    before=$checked
done <"$work/checks"
within 'from one check to the next, the longest' "$longest" "$next_check_ms"

kill_first 1
restart_first 1
schema_after_recovery schema_unchanged first "$first_url" 1
answer_has status 304 || failed 'the answer 304 to an unchanged schema'

kill_first 2
step 'Changing a table while it is down: ALTER TABLE product ADD COLUMN weight_g INTEGER'
note "$(now)" 'first: the table product is altered'
sqlite3 "$work/first.sqlite" 'ALTER TABLE product ADD COLUMN weight_g INTEGER' ||
    failed 'the change of a table'
restart_first 2
schema_after_recovery schema_reloaded first "$first_url" 1

step "Stopping the first warehouse: SIGTERM to process $first_process"
asked=$(now)
kill -TERM "$first_process"
note "$asked" 'first asked to stop'
wait_until 'the detection, line 3 of server_down,' reported server_down "$first_url" 3
down=$(event server_down "$first_url" 3)
detected=$(echo "$down" | member time)
error=$(echo "$down" | member error)
failures=$(echo "$down" | member failures)
note "$detected" "first: server_down, $error"
[ "$error $failures" = 'stopping 1' ] || failed "the announced end: $error at failure $failures"
within 'SIGTERM to server_down' "$(elapsed_ms "$asked" "$detected")" "$next_check_ms"
wait "$first_process" || failed "the clean end of the first warehouse: status $?"
ended=$(now)
note "$ended" 'first has ended'
within 'SIGTERM to the end of the process' "$(elapsed_ms "$asked" "$ended")" "$grace_ms"
restart_first 3
schema_after_recovery schema_unchanged first "$first_url" 2

step 'Starting the second warehouse, which has a table of its own'
sqlite3 "$work/second.sqlite" 'CREATE TABLE shelf (id INTEGER PRIMARY KEY, aisle TEXT NOT NULL)' ||
    failed 'the database of the second warehouse'
start_warehouse second "${second_url#http://}"
second_process=$process
recovery second "$second_url" 1
schema_after_recovery schema_reloaded second "$second_url" 1
answer_has collections 1 || failed 'the one collection of the second warehouse'

step "Stopping the master: SIGINT to process $master_process"
asked=$(now)
kill -INT "$master_process"
wait "$master_process" || failed "the clean end of the master: status $?"
ended=$(now)
note "$asked" 'master interrupted'
for url in "$first_url" "$second_url"; do
    wait_until 'the line summary' reported summary "$url" 1
    reported stopped "$url" 1 || failed 'the line stopped'
done
note "$(event stopped "$first_url" 1 | member time)" 'master: stopped'
within 'SIGINT to the end of the process' "$(elapsed_ms "$asked" "$ended")" 0

step 'Stopping the warehouses'
kill -TERM "$first_process" "$second_process"
wait "$first_process" || failed "the clean end of the first warehouse: status $?"
wait "$second_process" || failed "the clean end of the second warehouse: status $?"

# Over all that the master has said.
count() { events "$1" "$2" | wc -l; }
exactly 'first: outages reported' "$(count server_down "$first_url")" 3
exactly 'first: recoveries reported' "$(count server_up "$first_url")" 3
exactly 'first: schema unchanged' "$(count schema_unchanged "$first_url")" 2
exactly 'first: schema reloaded' "$(count schema_reloaded "$first_url")" 1
exactly 'second: outages reported' "$(count server_down "$second_url")" 1
exactly 'second: recoveries reported' "$(count server_up "$second_url")" 1
exactly 'second: schema reloaded' "$(count schema_reloaded "$second_url")" 1
[ ! -s "$work/master.err" ] || failed 'a master that has nothing to complain about'

step 'Timeline, in ms since the start'
tab=$(printf '\t')
start=$(sed -n "1s/$tab.*//p" "$work/timeline")
# Stable, for what happened in one millisecond.
sort -s -t "$tab" -k 1,1 "$work/timeline" | while IFS=$tab read -r time what; do
    printf '%8d  %s\n' "$(elapsed_ms "$start" "$time")" "$what"
done

step "What was measured, and the bound by the options, to which a busy machine may add $slack_ms ms"
row() { printf '    %-52s %9s %9s  %s\n' "$@"; }
row step measured bound ok
while IFS=$tab read -r what measured bound ok; do
    row "$what" "$measured" "$bound" "$ok"
done <"$work/table"
step 'Each outage was reported once, each recovery once, and each change was reloaded once'
