#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# What a check costs beside HAProxy, libcurl and others, what a target takes of memory, and what an
# answer costs beside nginx and others, all in one run; `--help` tells the options.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
# shellcheck source=cmake/packages.sh
. "$root/cmake/packages.sh"

step() { echo "==> $*" >&2; }

run() { exec python3 -B "$root/benchmarks/compare/run.py" "$@"; }

for option in "$@"; do
    case $option in
    --help | -h) run --help ;;
    esac
done

step 'Looking for the packages that are needed'
need_packages build benchmarks >&2
# A peer that cannot be had is left out of the comparison.
(need_packages compare) >&2 || step 'Some peers are missing; going on without them'
step 'Building forest and its peers, optimised'
build=build/bench-compare
{
    # g++ 12 warns of overlaps in std::string where there are none (GCC bug 105651).
    cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS=-Wno-restrict \
        -DFOREST_BUILD_TESTS=OFF -DFOREST_BUILD_EXAMPLES=OFF -DFOREST_BUILD_TOOL=ON \
        -DFOREST_BUILD_WAREHOUSE=OFF -DFOREST_BUILD_BENCHMARKS=ON &&
        cmake --build "$build" --target forest-health benchmark_signer compare
} >&2
run "$@"
