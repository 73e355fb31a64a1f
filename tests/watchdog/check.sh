#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: check.sh PROGRAM
# Tests tests/support/watchdog.hpp by the cases of hangs.cpp: what hangs ends, and the output says
# where. With this patience the limit is 0.4 s, under sanitizers 4 s.
set -eu
program=$1
output=$(mktemp)
trap 'rm -f "$output"' EXIT
export FOREST_TEST_PATIENCE=0.02
# What ends a case lists the threads last, which allocates memory within a handler of signals.
export TSAN_OPTIONS="${TSAN_OPTIONS:-} report_signal_unsafe=0"

fail() {
    echo "$1"
    cat "$output"
    exit 1
}

# ends CASE PLACE: the case is ended by SIGABRT, and its name and the place are printed.
ends() {
    status=0
    began=$(date +%s)
    timeout 60 "$program" --run_test="hangs/$1" >"$output" 2>&1 || status=$?
    [ "$status" = 134 ] || fail "$1 ended with the status $status"
    [ $(($(date +%s) - began)) -lt 20 ] || fail "$1 took too long"
    grep -q "The test case hangs/$1 hangs" "$output" || fail "the case was not named"
    grep -q "$2" "$output" || fail "no thread is said to be in $2"
}

passes() {
    timeout 60 "$program" --run_test="$1" >"$output" 2>&1 || fail "$1 was ended"
}

ends waits_for_ever 'waits_for_ever.*test_method'
ends spins_for_ever 'spins_for_ever.*test_method'
ends joins_a_thread_that_hangs wait_in_another_thread
passes hangs/is_quick
passes explore_test/is_long

# Stopped for longer than the limit.
"$program" --run_test=hangs/was_stopped >"$output" 2>&1 &
child=$!
tries=0
until grep -q '^State:.T' "/proc/$child/status"; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || fail "was_stopped did not stop"
    sleep 0.1
done
sleep 5
kill -CONT "$child"
wait "$child" || fail "was_stopped was ended"

# A later case has its whole time.
FOREST_TEST_PATIENCE=0.15 timeout 60 "$program" --run_test=hangs/is_quick:explore_test >"$output" 2>&1 ||
    fail "the second case was ended"
