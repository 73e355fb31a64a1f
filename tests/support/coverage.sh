#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: coverage.sh SOURCE_DIR FOLDER PERCENT PROGRAM...
#
# Prints which lines of include/forest the programs have executed that wrote their counts to FOLDER.
# Fails if fewer than PERCENT of them were.
set -eu
source=$1 folder=$2 least=$3
shift 3

llvm-profdata-19 merge -sparse -o "$folder/all.profdata" "$folder"/*.profraw
first=$1
shift
for program; do
    set -- "$@" -object "$program"
    shift
done
# Exploring takes minutes, so only dev does it.
llvm-cov-19 report "$first" --ignore-filename-regex=/sim/explore/ \
    --instr-profile="$folder/all.profdata" --show-region-summary=false \
    --show-branch-summary=false "$@" --sources "$source/include/forest" >"$folder/report"
cat "$folder/report"
awk -v least="$least" '
    $1 == "TOTAL" { covered = $NF + 0; lines = $(NF - 2) }
    END {
        printf "lines: %s, covered: %.2f %%, at least: %s %%\n", lines, covered, least
        exit !(lines > 0 && covered >= least)
    }' "$folder/report"
