#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# Installs what is missing, builds, and runs all tests; see usage below.
set -eu

usage() {
    cat <<END
usage: sh tests/run.sh [--full | --changed[=COMMIT]]

Builds the tests with g++ and runs them; the build is incremental, in build/dev.

  --full   first all programs and tests with clang 19 under ASan and UBSan, with the line coverage
           of include/forest by the tests that run no program, which must reach $coverage_min %;
           and what has threads under TSan; then also the tests that have the label \`full\`
  --changed[=COMMIT]
           only what tests a file that differs from COMMIT, or from where main was left: the test
           files that were changed, that include a changed header themselves, or that test it by
           their place; the changed headers alone, in both forms; and the checks of rooms, pages,
           format, and of layers if a line with #include was changed. It leaves out what depends on a changed file through others, all programs
           (end_to_end, interop, examples), and what must not compile
  --help   print this

Missing Debian packages are installed with apt-get, as root or with sudo. The last lines are
ctest's summary; the status is 0 only if everything passed.
END
}

coverage_min=95
presets='dev'
tests_of_dev=dev
packages='build tests'
changed=
for option in "$@"; do
    case $option in
    --full)
        presets='asan tsan dev'
        tests_of_dev=dev-full
        packages='build tests full'
        ;;
    --changed) changed=main ;;
    --changed=*) changed=${option#*=} ;;
    --help)
        usage
        exit 0
        ;;
    *)
        echo "run.sh: unknown option: $option" >&2
        usage >&2
        exit 2
        ;;
    esac
done

started=$(date +%s)
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. cmake/packages.sh

step() { echo "==> $*"; }

elapsed() {
    seconds=$(($(date +%s) - started))
    echo "$((seconds / 60)) min $((seconds % 60)) s"
}

# Everything but the summary is shown while the tests run; the summary is left in the log, so that
# it can come last.
run_tests() {
    log=$root/build/$1/ctest.log
    rm -f "$log" "$log.passed"
    tests=$1
    [ "$1" != dev ] || tests=$tests_of_dev
    { ctest --preset "$tests" --output-log "$log" && touch "$log.passed"; } |
        sed -u '/% tests passed/,$d'
}

summary() { sed -n '/% tests passed/,$p' "$log"; }

failed() {
    step "Failed: $1, after $(elapsed)"
    exit 1
}

step 'Looking for the packages that the build and the tests need'
# shellcheck disable=SC2086 # The sets are split into words on purpose.
need_packages $packages

if [ -n "$changed" ]; then
    step 'Configuring dev'
    cmake --preset dev || failed 'configuring dev'
    sh tests/support/changed.sh "$changed" || failed 'what was changed'
    step "Total time: $(elapsed)"
    exit
fi

for preset in $presets; do
    step "Configuring $preset"
    cmake --preset "$preset" || failed "configuring $preset"
    step "Building $preset"
    cmake --build --preset "$preset" || failed "building $preset"
    [ "$preset" != asan ] || rm -rf build/asan/coverage
    step "Testing $preset"
    run_tests "$preset"
    if [ ! -e "$log.passed" ]; then
        summary
        failed "testing $preset"
    fi
    if [ "$preset" = asan ]; then
        step 'Line coverage of include/forest'
        cmake --build --preset asan --target coverage || failed "coverage below $coverage_min %"
    fi
    [ "$preset" = dev ] || summary
done

sed -n 's/^machine against specification: /==> The machine against its specification: /p' \
    build/dev/Testing/Temporary/LastTest.log
step "Total time: $(elapsed)"
step 'Summary of dev'
summary
