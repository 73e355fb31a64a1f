#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: planted_test.sh COMPILER
#
# Tests alone.sh and costs.sh: on a clean tree they pass, and each planted fault makes one of them fail
# with a line that names the header or the program at fault.
set -eu
compiler=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/support/planted.sh
. "$here/../support/planted.sh"

# header NAME LINE...: `first` is included by `second` and `third`, so that there are two chains.
header() {
    name=$1
    shift
    printf '%s\n' "#ifndef GUARD_${name##*/}" "#define GUARD_${name##*/}" "$@" '#endif' \
        >"$tree/clean/include/forest/core/$name.hpp"
}

make_tree() {
    mkdir -p "$tree/clean/include/forest/core/detail" "$tree/clean/include/forest/core/impl" \
        "$tree/clean/benchmarks/compile-cost/programs" "$tree/clean/tests/headers" "$tree/clean/build"
    cp "$here"/*.sh "$here"/*.awk "$tree/clean/tests/headers"
    header first '#include <cstddef>' 'inline std::size_t first() { return 1; }'
    header second '#include <forest/core/first.hpp>' 'inline std::size_t second() { return first(); }'
    header third '#include <forest/core/first.hpp>' 'struct third;' \
        '#ifndef FOREST_SEPARATE_COMPILATION' '#include <forest/core/impl/third.ipp>' '#endif'
    echo '#include <string>' >"$tree/clean/include/forest/core/impl/third.ipp"
    header detail/fourth '#include <forest/core/third.hpp>'
    printf '#include <forest/core/%s.hpp>\n' first second third detail/fourth \
        >"$tree/clean/build/everything.hpp"
    printf '#include <forest/core/second.hpp>\nint main() { return second() > 0 ? 0 : 1; }\n' \
        >"$tree/clean/benchmarks/compile-cost/programs/second.cpp"
    for what in headers programs; do costs $what "$tree/clean" --renew; done
}

costs() { sh "$2/tests/headers/costs.sh" "$1" "$2" "$2/build" "$compiler" ${3:-}; }

clean_tree() {
    rm -rf "$tree/project"
    cp -r "$tree/clean" "$tree/project"
    cd "$tree/project"
}

run() {
    {
        case $checked in
        costs) costs headers "$PWD" && costs programs "$PWD" ;;
        *) sh tests/headers/alone.sh "$PWD" build "$compiler" $checked ;;
        esac
    } >"$output" 2>&1
}

make_tree
checked=
accept_clean_tree
# What is used is not included, by the first or the last header of a chain, or in one form only.
sed -i '/cstddef/d' include/forest/core/first.hpp
planted forest/core/first.hpp
sed -i 's/^inline.*/inline std::string second();/' include/forest/core/second.hpp
planted forest/core/second.hpp
sed -i 's/^struct third/std::vector<int> third()/' include/forest/core/third.hpp
planted forest/core/third.hpp
echo '#error planted' >>include/forest/core/detail/fourth.hpp
planted forest/core/detail/fourth.hpp
# Asio before the standard library.
sed -i 's/#include <cstddef>/#include <asio\/error.hpp>\n&/' include/forest/core/first.hpp
planted forest/core/first.hpp
# A warning.
sed -i 's/return 1/int unused = 1; return 1/' include/forest/core/first.hpp
planted forest/core/first.hpp
# In the header-only form it compiles by what an .ipp includes.
echo 'inline std::string fourth();' >>include/forest/core/detail/fourth.hpp
run || { echo 'the .ipp of another header was not seen:' && cat "$output" && exit 1; }
checked=-DFOREST_SEPARATE_COMPILATION
planted forest/core/detail/fourth.hpp

checked=costs
accept_clean_tree
exact=$(costs headers "$PWD" | grep -q 'nothing was compared' || echo 1)
if [ -n "$exact" ]; then
    sed -i 's/^struct third;/&\nstruct fifth;/' include/forest/core/third.hpp
    planted forest/core/third.hpp 'one more line'
    sed -i '/^struct third;/d' include/forest/core/third.hpp
    planted forest/core/third.hpp 'one line less'
    sed -i 's/#include <forest/#include <string>\n&/' include/forest/core/second.hpp
    planted forest/core/second.hpp 'one header more'
    # As many lines, and one more function: of the first header of a chain, too.
    for name in first second; do
        sed -i "s/^inline.* $name/static &/; s/inline/__attribute__((used))/" include/forest/core/$name.hpp
        planted forest/core/$name.hpp 'one more function'
    done
    sed -i '/third/d' tests/headers/costs_of_headers.txt
    planted forest/core/third.hpp 'a header that is not in the table'
    sed -i '/third/d' build/everything.hpp
    planted forest/core/third.hpp 'a header that is not there'
    echo 'int other() { return 1; }' >>benchmarks/compile-cost/programs/second.cpp
    planted second.cpp 'a program that grew'
    sed -i '1s/g++ [0-9]*/g++ 1/' tests/headers/costs_of_*.txt
    sed -i 's/^struct third;/&\nstruct fifth;/' include/forest/core/third.hpp
    run || { echo 'with another compiler, a number was refused:' && cat "$output" && exit 1; }
    grep -q 'nothing was compared' "$output"
    clean_tree
fi
# What does not compile is refused with each compiler.
sed -i '/cstddef/d' include/forest/core/first.hpp
planted forest/core/first.hpp
echo 'int main() {}' >>benchmarks/compile-cost/programs/second.cpp
planted second.cpp

echo "$planted planted faults, all found"
