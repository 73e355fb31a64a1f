#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# Runs a fuzzer; see usage below.
set -eu

usage() {
    cat <<END
usage: sh tests/fuzz/run.sh NAME [SECONDS [OPTION...]]

Runs the fuzzer of tests/fuzz/NAME_target.hpp for SECONDS; without them, or with 0, until it is
stopped. It begins with tests/fuzz/corpus/NAME and with what earlier runs have found. Each OPTION is
one of libFuzzer: -fork=2 uses two processors.

The fuzzer is built first, in build/asan, unless the variable FOREST_FUZZ_BUILD names the folder that
has it. What it finds is in the folder NAME beside it: \`corpus\`, and in \`failures\` the inputs that
have broken something. After such an input the status is not 0.
END
}

case ${1:---help} in
--help)
    usage
    exit 0
    ;;
-*)
    usage >&2
    exit 2
    ;;
esac
name=$1
seconds=${2:-0}
[ $# -lt 2 ] || shift
shift
tests=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$tests/../.." && pwd)
if [ ! -e "$tests/${name}_target.hpp" ]; then
    echo "run.sh: there is no ${name}_target.hpp" >&2
    exit 2
fi
build=${FOREST_FUZZ_BUILD:-$root/build/asan/tests/fuzz}
if [ -z "${FOREST_FUZZ_BUILD:-}" ]; then
    cd "$root"
    cmake --preset asan
    cmake --build --preset asan --target "fuzz_$name"
fi

found=$build/$name
mkdir -p "$found/corpus" "$found/failures"
set -- "$@" "$found/corpus"
[ ! -d "$tests/corpus/$name" ] || set -- "$@" "$tests/corpus/$name"
case $name in
json | schema | timestamp | url | tls_records) ;;
*) set -- "-dict=$tests/http.dict" "$@" ;;
esac
# By default, freed memory of 256 MB is kept unused, which costs most of the time.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=16"
# Longer inputs are cut off by the targets. What takes longer hangs.
exec "$build/fuzz_$name" -max_total_time="$seconds" -max_len=2100 -timeout=20 \
    -print_final_stats=1 -artifact_prefix="$found/failures/" "$@"
