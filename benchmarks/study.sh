#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# How soon a crash is reported against how often there was none, in simulated worlds: the figures in
# docs/study and the tables of the page that argues the defaults from them.
set -eu

page=docs/explanation/choosing-thresholds.md
figures=docs/study

usage() {
    cat <<END
usage: sh benchmarks/study.sh [--quick | --check]

Builds the study optimised, in build/bench-study, runs it for a few minutes, and writes $figures
and the tables of $page. The numbers are the same in every run.

  --quick   measure less, in a few seconds; print the tables, and leave the documentation alone
  --check   write nothing, and end with 1 if the documentation says anything else
  --help    print this
END
}

mode=update
for option in "$@"; do
    case $option in
    --quick) mode=quick ;;
    --check) mode=check ;;
    --help) usage; exit 0 ;;
    *)
        echo "study.sh: unknown option: $option" >&2
        usage >&2
        exit 2
        ;;
    esac
done

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
# shellcheck source=cmake/packages.sh
. "$root/cmake/packages.sh"

step() { echo "==> $*" >&2; }

step 'Looking for the packages that are needed'
need_packages build benchmarks >&2
step 'Building the study, optimised'
build=build/bench-study
{
    cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DFOREST_BUILD_TESTS=OFF \
        -DFOREST_BUILD_EXAMPLES=OFF -DFOREST_BUILD_TOOL=OFF -DFOREST_BUILD_WAREHOUSE=OFF \
        -DFOREST_BUILD_BENCHMARKS=ON &&
        cmake --build "$build" --target study
} >&2
study=$build/benchmarks/study
work=$build/findings
mkdir -p "$work"

if [ "$mode" = quick ]; then
    exec "$study" --quick "$work"
fi

step 'Measuring, which takes a few minutes'
"$study" "$work" >"$work/tables"

# Puts each table into the page, between the lines that name it and end it.
awk -v tables="$work/tables" '
    BEGIN {
        while ((getline line < tables) > 0) {
            if (line ~ /^table /)
                name = substr(line, 7)
            else
                table[name] = table[name] line "\n"
        }
    }
    /^<!-- end of table -->$/ { inside = 0 }
    !inside { print }
    /^<!-- table [a-z-]+, by benchmarks\/study.sh -->$/ {
        name = substr($3, 1, length($3) - 1)
        if (!(name in table)) {
            print "study.sh: there is no table " name > "/dev/stderr"
            exit 1
        }
        printf "%s", table[name]
        delete table[name]
        inside = 1
    }
    END {
        for (name in table) {
            print "study.sh: the page has no place for the table " name > "/dev/stderr"
            exit 1
        }
    }
' "$page" >"$work/page.md"

differences=0
compare() { diff -u "$1" "$2" || differences=1; }

if [ "$mode" = check ]; then
    compare "$page" "$work/page.md"
    for picture in "$work"/*.svg; do
        compare "$figures/$(basename "$picture")" "$picture"
    done
    exit "$differences"
fi
mkdir -p "$figures"
cp "$work"/*.svg "$figures"
cp "$work/page.md" "$page"
step "$page and $figures are written"
