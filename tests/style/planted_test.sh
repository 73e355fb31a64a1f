#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# Tests format.sh and tidy.sh: on a clean tree they pass, and each planted fault makes one of them
# fail with a line that names the header at fault.
set -eu
style=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/support/planted.sh
. "$(dirname "$0")/../support/planted.sh"
for program in clang-format-19 clang-tidy-19; do
    command -v $program >/dev/null || { echo "skipped: there is no $program"; exit 77; }
done

clean_tree() {
    rm -rf "$tree/project" "$tree/build"
    mkdir -p "$tree/project/include/forest/adapters/cares" "$tree/project/tests" \
        "$tree/project/examples" "$tree/project/benchmarks" "$tree/build"
    cd "$tree/project"
    cp "$style/../../.clang-format" "$style/../../.clang-tidy" .
    printf '#pragma once\n\nclass first {\n    int* pointer_ = nullptr;\n};\n' \
        >include/forest/first.hpp
    printf '#include <nowhere.h>\n' >include/forest/adapters/cares/second.hpp
    cp include/forest/first.hpp tests
    echo '#include <forest/first.hpp>' >"$tree/build/everything.hpp"
}

checked=format
run() { sh "$style/$checked.sh" "$tree/project" "$tree/build" >"$output" 2>&1; }

# What clang-format and clang-tidy print begins with the place.
at() { echo "$1:[0-9]*:[0-9]*"; }

accept_clean_tree
sed 's/int\* pointer_/int *pointer_/' include/forest/first.hpp >include/forest/first.ipp
planted "$(at include/forest/first.ipp)" 'a line in another format'
for folder in include/forest tests; do
    sed -i 's/int\* pointer_/int *pointer_/' $folder/first.hpp
    planted "$(at $folder/first.hpp)" 'a line in another format'
done

checked=tidy
accept_clean_tree
sed -i 's/nullptr/0/' include/forest/first.hpp
planted "$(at "$tree/project/include/forest/first.hpp")" 'a null pointer that is a number'
sed -i 's/class first/class First/' include/forest/first.hpp
planted "$(at "$tree/project/include/forest/first.hpp")" 'a class with a capital letter'
sed -i 's/pointer_/pointer/' include/forest/first.hpp
planted "$(at "$tree/project/include/forest/first.hpp")" 'a private member without its ending'
cp include/forest/first.hpp include/forest/third.hpp
planted include/forest/third.hpp 'a header that clang-tidy does not see'
# If one header on c-ares is there, all are.
cp include/forest/first.hpp include/forest/adapters/cares/third.hpp
echo '#include <forest/adapters/cares/third.hpp>' >>"$tree/build/everything.hpp"
planted include/forest/adapters/cares/second.hpp 'a header that clang-tidy does not see'

echo "$planted planted faults, all found"
