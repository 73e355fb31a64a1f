#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# A disk that is full is a failure and not a success: nobody would read what was to be read.
# ctest gives the tool's path in FOREST_HEALTH.
set -u
failures=0

expect() {
    wanted=$1
    shift
    timeout 20 "$FOREST_HEALTH" "$@" >/dev/full 2>/dev/null
    got=$?
    [ "$got" -eq "$wanted" ] && return
    echo "$* with a full disk ends with $got, not $wanted"
    failures=$((failures + 1))
}

expect 1 serve --unsigned
FOREST_AUTH_SECRET=secret expect 1 sign
expect 1 watch --unsigned --json --for 10s http://127.0.0.1:1/

# Without any standard output, no socket gets its number.
timeout 20 "$FOREST_HEALTH" watch --unsigned --json --for 10s http://127.0.0.1:1/ >&- 2>/dev/null
got=$?
if [ "$got" -ne 1 ]; then
    echo "watch without standard output ends with $got, not 1"
    failures=$((failures + 1))
fi

exit "$((failures > 0))"
