#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# A name service that does not answer says nothing of the server: the first such check of a row is
# reported with what to do about it, also without --verbose, until doubt ends (B12). The name service is
# out of reach in a network of its own. ctest gives the programs' paths.
set -u
isolated="unshare --net"
$isolated true 2>/dev/null || isolated="unshare --map-root-user --net"
$isolated true 2>/dev/null || exit 77
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
failures=0
complain() {
    echo "$*"
    cat "$folder/out"
    failures=$((failures + 1))
}
# expect TIMES PATTERN: so many lines of the output have it.
expect() {
    times=$(grep -c -- "$2" "$folder/out")
    [ "$times" -eq "$1" ] || complain "$times lines instead of $1 have $2"
}
hint='resolver_unavailable: .*/etc/resolv.conf'
url=http://nowhere.example/

$isolated timeout 30 "$FOREST_HEALTH" check --unsigned $url >"$folder/out" 2>&1
status=$?
[ $status -eq 3 ] || complain "check ended with $status"
expect 1 "$hint"

watch="$isolated timeout 30 $FOREST_HEALTH watch --unsigned --interval 100ms --for 3s --stats"
$watch $url >"$folder/out" 2>&1 || complain "watch ended with $?"
expect 1 "$hint"
expect 1 'unsure .*the failure does not count'
expect 1 'DOWN .*after 3 failures, .*resolve_failed'
expect 1 '"inconclusive":10,"unresolved":10,'

$watch --json $url >"$folder/out" 2>&1 || complain "watch --json ended with $?"
expect 1 '"event":"check_inconclusive".*"error":"resolver_unavailable"'
expect 0 '"event":"check_failed"'

$watch --verbose $url >"$folder/out" 2>&1 || complain "watch --verbose ended with $?"
expect 10 "$hint"

$isolated timeout 30 "$FOREST_MASTER" --unsigned --interval 100ms --for 1s --mode health $url \
    >"$folder/out" 2>&1 || complain "master ended with $?"
expect 1 'unsure .*the failure does not count'

exit "$((failures > 0))"
