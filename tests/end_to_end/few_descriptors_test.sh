#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# A check that fails for want of this machine's descriptors says nothing of the server: status 3, and
# neither 1, which is "unhealthy", nor another. ctest gives the tool's path in FOREST_HEALTH.
set -u
folder=$(mktemp -d)
failures=0
complain() {
    echo "$*"
    failures=$((failures + 1))
}

"$FOREST_HEALTH" serve --unsigned --grace 0s >"$folder/where" &
server=$!
trap 'kill "$server"; rm -r "$folder"' EXIT
tries=0
while ! grep -q 'listening on' "$folder/where" && [ "$tries" -lt 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
url=$(sed 's/listening on //' "$folder/where")/forest/health

undecided=0
for limit in 4 5 6 7 8 9 10 12 16; do
    (
        ulimit -n "$limit"
        exec timeout 30 "$FOREST_HEALTH" check --unsigned "$url"
    ) >"$folder/out" 2>"$folder/err"
    status=$?
    case $status in
    0) grep -q '^healthy' "$folder/out" || complain "no verdict with $limit descriptors" ;;
    3)
        undecided=$((undecided + 1))
        grep -q unhealthy "$folder/out" && complain "unhealthy with $limit descriptors"
        cat "$folder/out" "$folder/err" | grep -qi 'not check' ||
            complain "with $limit descriptors: $(cat "$folder/out" "$folder/err")"
        ;;
    127) ;; # The program itself could not be loaded.
    *) complain "status $status with $limit descriptors: $(cat "$folder/out" "$folder/err")" ;;
    esac
done
[ "$undecided" -gt 0 ] || complain "no limit was too low"

exit "$((failures > 0))"
