#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# What it costs to follow ten warehouses, and how soon the end of one and a change of its tables are
# known, as tables in Markdown. Each figure that has a bound stands beside it.
set -eu

polling_seconds=60
repetitions=10

usage() {
    cat <<END
usage: sh benchmarks/warehouse.sh [--seconds N] [--repeat N]

Builds the programs warehouse and master optimised, in build/bench-warehouse, measures them as
processes on loopback, and prints tables in Markdown. Let the machine do nothing else.

  --seconds N   how long to poll ten warehouses; $polling_seconds
  --repeat N    how often each end of a warehouse is brought about; $repetitions
  --help        print this
END
}

refuse() {
    echo "warehouse.sh: $*" >&2
    usage >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
    --help) usage; exit 0 ;;
    --seconds | --repeat)
        case ${2:-} in
        '' | 0* | *[!0-9]* | ????*) refuse "$1 needs a number from 1 to 999" ;;
        esac
        [ "$1" = --seconds ] && polling_seconds=$2 || repetitions=$2
        shift 2
        ;;
    *) refuse "unknown option: $1" ;;
    esac
done

warehouses=10
interval_ms=1000
timeout_ms=500
failure_threshold=3
# Longer than until the next check.
grace_ms=$((interval_ms * 3))

# The bounds. After a failure the next check comes after the backoff, which is never longer than the
# interval; a refused connection takes no time, and one that nobody answers the whole timeout.
killed_bound=$((interval_ms * failure_threshold))
frozen_bound=$((killed_bound + timeout_ms * failure_threshold))
announced_bound=$((interval_ms + timeout_ms))
fetch_bound=$timeout_ms
reload_bound=$((interval_ms + timeout_ms + fetch_bound))

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=cmake/packages.sh
. "$root/cmake/packages.sh"
# shellcheck source=cmake/processes.sh
. "$root/cmake/processes.sh"

step() { echo "==> $*" >&2; }

failed() {
    echo "==> FAILED: $*" >&2
    [ ! -s "$work/errors" ] || sed 's/^/    /' "$work/errors" >&2
    exit 1
}

now_ms() { date +%s%3N; }

# member NAME: of the last line that the master said, without quotes.
member() { echo "$line" | sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }

said_at_ms() { date -d "$(member time)" +%s%3N; }

# await EVENT: reads what the master says until then, without a load of its own; sets line.
await() {
    while read -r line <&3; do
        case $line in *"\"event\":\"$1\""*) return ;; esac
    done
    failed "the master ended before its line $1"
}

# start_warehouse NAME ADDRESS: sets process, url, and listening_ms to when it could be reached.
start_warehouse() {
    "$warehouse" --database "$work/$1.sqlite" --secret-file "$work/secret" --listen "$2" \
        --grace "${grace_ms}ms" >"$work/listening" 2>>"$work/errors" &
    process=$!
    read -r line <"$work/listening" || failed "the start of the warehouse $1"
    listening_ms=$(now_ms)
    url=${line#listening on }
}

# start_master OPTION… URL…: what it says is read from descriptor 3.
start_master() {
    "$master" --secret-file "$work/secret" --json --interval "${interval_ms}ms" \
        --timeout "${timeout_ms}ms" --failure-threshold "$failure_threshold" "$@" \
        >"$work/said" 2>>"$work/errors" &
    master_process=$!
    exec 3<"$work/said"
}

# until_phase K: until that part of the interval after a check, of as many as there are repetitions.
until_phase() {
    sleep "$(awk -v k="$1" -v of="$repetitions" -v interval="$interval_ms" \
        'BEGIN { print (k - 0.5) / of * interval / 1000 }')"
}

# cpu_us PROCESS…: all of their threads, to the nanosecond that the scheduler counts.
cpu_us() {
    for each in "$@"; do
        cat /proc/"$each"/task/*/schedstat
    done | awk '{ sum += $1 } END { printf "%.0f\n", sum / 1000 }'
}

# ticks_us PROCESS…: the same by utime and stime, which are counted in longer steps.
ticks_us() {
    for each in "$@"; do
        sed 's/.*) //' "/proc/$each/stat"
    done | awk -v tick="$((1000000 / $(getconf CLK_TCK)))" '
        { sum += $12 + $13 } END { printf "%.0f\n", sum * tick }'
}

# memory PROCESS: now, and at most so far.
memory() {
    awk '$1 == "VmRSS:" { now = $2 } $1 == "VmHWM:" { most = $2 }
        END { printf "%.1f / %.1f MiB\n", now / 1024, most / 1024 }' "/proc/$1/status"
}

threads() { awk '$1 == "Threads:" { print $2 }' "/proc/$1/status"; }

quotient() { awk -v dividend="$1" -v divisor="$2" 'BEGIN { printf "%.0f", dividend / divisor }'; }

# row WHAT FILE BOUND WHY: of the milliseconds in the file.
row() {
    sort -n "$work/$2" | awk -v what="$1" -v bound="$3" -v why="$4" '
        { all[NR] = $1 }
        END {
            median = (all[int((NR + 1) / 2)] + all[int((NR + 2) / 2)]) / 2
            printf "| %s | %g | %g | %g | %g | %s |\n", what, median, all[1], all[NR], bound, why
        }'
}

load() { cut -d ' ' -f 1 /proc/loadavg; }

step 'Looking for the packages that are needed'
need_packages build demo >&2
step 'Building the programs warehouse and master, optimised'
build=$root/build/bench-warehouse
{
    cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DFOREST_BUILD_TESTS=OFF \
        -DFOREST_BUILD_EXAMPLES=OFF -DFOREST_BUILD_TOOL=OFF -DFOREST_BUILD_WAREHOUSE=ON &&
        cmake --build "$build" --target warehouse master
} >"$work/build" 2>&1 || { cat "$work/build" >&2; failed 'building the programs'; }
warehouse=$build/warehouse
master=$build/master

# One repetition of everything takes some 20 s.
end_within $((polling_seconds + 40 * repetitions + 120))

(umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$work/secret")
mkfifo "$work/listening" "$work/said"
load_before=$(load)

step "Polling $warehouses warehouses for $polling_seconds s"
urls=''
processes=''
for name in $(seq "$warehouses"); do
    start_warehouse "$name" 127.0.0.1:0
    urls="$urls $url"
    processes="$processes $process"
done
# shellcheck disable=SC2086 # The lists are split into words on purpose.
{
    start_master $urls
    for name in $(seq "$warehouses"); do
        await schema_loaded
        [ "$(member source)" = server ] || failed 'a schema from each server'
    done
    sleep 2
    begun_ms=$(now_ms)
    master_us=$(cpu_us "$master_process")
    master_ticks_us=$(ticks_us "$master_process")
    all_us=$(cpu_us $processes)
    all_ticks_us=$(ticks_us $processes)
    sleep "$polling_seconds"
    master_us=$(($(cpu_us "$master_process") - master_us))
    master_ticks_us=$(($(ticks_us "$master_process") - master_ticks_us))
    all_us=$(($(cpu_us $processes) - all_us))
    all_ticks_us=$(($(ticks_us $processes) - all_ticks_us))
    elapsed_ms=$(($(now_ms) - begun_ms))
}
master_memory=$(memory "$master_process")
master_threads=$(threads "$master_process")
one_memory=$(memory "$process")
one_threads=$(threads "$process")
kill -TERM "$master_process"
for name in $(seq "$warehouses"); do
    await summary
    [ "$(member failures)" -eq 0 ] || failed "polling without a failure: $line"
done
wait "$master_process" || failed "the clean end of the master: status $?"
for each in $processes; do
    kill -KILL "$each"
    wait "$each" 2>/dev/null || true
done

step 'Following one warehouse'
# No connection of anyone has an address of its own choice there, which would take the port away.
start_warehouse one 127.1.1.1:0
address=${url#http://}
start_master --verbose "$url"
await schema_loaded
await check_succeeded
small_memory=$(memory "$master_process")

# again: the warehouse once more, where it was.
again() { start_warehouse one "$address"; }

# note_detection SIGNAL ERROR: from the signal, sent now, to server_down.
note_detection() {
    sent_ms=$(now_ms)
    kill "-$1" "$process"
    await server_down
    [ "$(member error)" = "$2" ] || failed "$1 found out as $2: $line"
    echo $(($(said_at_ms) - sent_ms)) >>"$work/$1"
}

step "SIGKILL, ALTER TABLE and restart, $repetitions times"
for k in $(seq "$repetitions"); do
    await check_succeeded
    until_phase "$k"
    note_detection KILL connection_refused
    wait "$process" 2>/dev/null || true
    sqlite3 "$work/one.sqlite" "ALTER TABLE product ADD COLUMN weight_$k INTEGER" ||
        failed 'the change of a table'
    await check_failed
    until_phase "$k"
    again
    await server_up
    up_ms=$(said_at_ms)
    await schema_reloaded
    echo $(($(said_at_ms) - listening_ms)) >>"$work/reload"
    echo $(($(said_at_ms) - up_ms)) >>"$work/up"
    member latency_ms >>"$work/fetch"
done

step "SIGTERM, $repetitions times"
for k in $(seq "$repetitions"); do
    await check_succeeded
    until_phase "$k"
    note_detection TERM stopping
    kill -KILL "$process"
    wait "$process" 2>/dev/null || true
    again
    await schema_unchanged
done

step "SIGSTOP, $repetitions times"
for k in $(seq "$repetitions"); do
    await check_succeeded
    until_phase "$k"
    note_detection STOP timed_out
    kill -CONT "$process"
    await schema_unchanged
done
kill -TERM "$master_process"
await summary
[ "$(member reloads)" -eq "$repetitions" ] || failed "one reload for each change: $line"
[ "$(member outages)" -eq $((repetitions * 3)) ] || failed "one outage for each signal: $line"
wait "$master_process" || failed "the clean end of the master: status $?"
load_after=$(load)


checks_per_second=$((warehouses * 1000 / interval_ms))
master_per_second=$(quotient "${master_us}000" "$elapsed_ms")
one_per_second=$(quotient "${all_us}000" $((elapsed_ms * warehouses)))
cat <<END
| $polling_seconds s of $checks_per_second checks a second | master, $warehouses datasources | one of $warehouses warehouses |
|---|---|---|
| CPU per second | $master_per_second µs | $one_per_second µs |
| CPU per check | $(quotient "$master_per_second" "$checks_per_second") µs | |
| CPU in all | $(quotient "$master_us" 1000) ms | $(quotient "$all_us" "${warehouses}000") ms |
| CPU in all, by \`utime\` + \`stime\` | $(quotient "$master_ticks_us" 1000) ms | $(quotient "$all_ticks_us" "${warehouses}000") ms |
| threads | $master_threads | $one_threads |
| memory, \`VmRSS\` / \`VmHWM\` | $master_memory | $one_memory |
| memory with one datasource | $small_memory | |

| $repetitions times each, in ms | median | min | max | bound | which is |
|---|---|---|---|---|---|
END
row "SIGKILL to \`server_down\`" KILL "$killed_bound" \
    "the interval, and $((failure_threshold - 1)) backoffs of at most the interval"
row "SIGTERM to \`server_down\`" TERM "$announced_bound" \
    'the interval, and the timeout of the check that gets the announcement'
row "SIGSTOP to \`server_down\`" STOP "$frozen_bound" \
    "as for SIGKILL, and the timeouts of $failure_threshold checks"
row "\`listening on\` to \`schema_reloaded\`" reload "$reload_bound" \
    'a backoff of at most the interval, and the timeouts of a check and of a fetch, when none was under way'
row "\`server_up\` to \`schema_reloaded\`" up "$fetch_bound" 'the timeout of a fetch, when none was under way'
row 'the fetch alone' fetch "$fetch_bound" 'the same'
cat <<END

Interval $interval_ms ms, timeout $timeout_ms ms, threshold $failure_threshold, exponential backoff. A warehouse also looks at
its database 5 times a second. Load average $load_before before and $load_after after, on $(nproc) cores.
END
