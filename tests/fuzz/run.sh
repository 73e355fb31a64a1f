#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# Runs a fuzzer; see usage below.
set -eu

usage() {
    cat <<END
usage: sh tests/fuzz/run.sh NAME [SECONDS [BUILD]]

Runs the fuzzer of tests/fuzz/NAME_target.hpp for SECONDS, or until it is stopped. It begins with
tests/fuzz/corpus/NAME and with what earlier runs have found.

The fuzzer is built first, in build/asan, unless BUILD is the folder that has it. What it finds lies
in the folder NAME beside it: \`corpus\`, and inputs that broke something in \`failures\`. The status is
1 after such an input; the fuzzer with the name of that file runs it again.
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
seconds=${2:-0} # 0 has no end
tests=$(cd "$(dirname "$0")" && pwd)
build=${3:-$tests/../../build/asan/tests/fuzz}
if [ ! -e "$tests/${name}_target.hpp" ]; then
    echo "run.sh: there is no ${name}_target.hpp" >&2
    exit 2
fi
if [ $# -lt 3 ]; then
    cd "$tests/../.."
    cmake --preset asan
    cmake --build --preset asan --target "fuzz_$name"
fi

found=$build/$name
mkdir -p "$found/corpus" "$found/failures"
set -- "$found/corpus"
[ ! -d "$tests/corpus/$name" ] || set -- "$@" "$tests/corpus/$name"
dictionary=
case $name in
server | client | chunked | signed_head | *_parser) dictionary=-dict=$tests/http.dict ;;
esac
# Inputs longer than this test nothing else. One that takes longer than the bound hangs.
# shellcheck disable=SC2086 # Without a dictionary there is no argument.
exec "$build/fuzz_$name" -max_total_time="$seconds" -timeout=20 -max_len=2100 \
    -print_final_stats=1 -artifact_prefix="$found/failures/" $dictionary "$@"
