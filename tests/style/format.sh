#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: format.sh SOURCE_DIR
#
# All C++ of the project is as clang-format 19 writes it, by .clang-format: other versions differ.
set -eu
cd "$1"
command -v clang-format-19 >/dev/null || { echo "skipped: there is no clang-format-19"; exit 77; }
find include tests examples benchmarks \( -name '*.[hi]pp' -o -name '*.cpp' \) -print0 |
    xargs -0 clang-format-19 --dry-run -Werror
