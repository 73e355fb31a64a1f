#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# Tests snippets.sh: on a clean tree it passes, and each planted fault makes it fail with a line that
# names the page or header at fault.
set -eu
check=$(cd "$(dirname "$0")" && pwd)/snippets.sh
# shellcheck source=tests/support/planted.sh
. "$(dirname "$0")/../support/planted.sh"

clean_tree() {
    rm -rf "$tree/project"
    mkdir -p "$tree/project/docs" "$tree/project/tests" "$tree/project/include" \
        "$tree/project/examples"
    cd "$tree/project"
    printf 'int main() {\n    first();\n\n    if (second())\n        third();\n}\n' \
        >examples/first.cpp
    printf '# First\n[Itself](#first)\n\n<!-- from examples/first.cpp -->\n```cpp\nfirst();\n```\n' \
        >docs/first.md
    printf '# Second heading\n[The first](first.md#first)\n' >docs/second.md
    echo 'add_executable(first first.cpp)' >examples/CMakeLists.txt
    touch README.md CHANGELOG.md tests/README.md
    header '    first();' '' '    if (second())' '        third();'
}

# header LINE...: a class whose comment quotes these lines of examples/first.cpp.
header() {
    {
        echo '/// Does something.'
        echo '///'
        echo '/// From examples/first.cpp:'
        for line; do echo "/// $line" | sed 's/ *$//'; done
        echo '///'
        echo '/// **Errors:** none.'
        echo 'class first;'
    } >include/first.hpp
}

run() { sh "$check" "$tree/project" >"$output" 2>&1; }

accept_clean_tree
grep -qx '1 quotations of pages, 1 of headers and all links are right' "$output" || {
    echo "another number of quotations is in the clean tree:"
    cat "$output"
    exit 1
}

# Other ways in which CMake has a file.
for line in 'file(GLOB all CONFIGURE_DEPENDS *.cpp)' 'forest_add_recipe(first)' \
    'add_executable(first "${folder}/first.cpp")'; do
    echo "$line" >examples/CMakeLists.txt
    run || {
        echo "the clean tree was refused with $line:"
        cat "$output"
        exit 1
    }
done
clean_tree

sed -i 's/^first();/fourth();/' docs/first.md
planted docs/first.md:7
sed -i 's/(#first)/(#second)/' docs/first.md
planted docs/first.md
sed -i 's/(#first)/(third.md)/' docs/first.md
planted docs/first.md
sed -i 's/(#first)/(second.md#second)/' docs/first.md
planted docs/first.md
sed -i 's/first.cpp -->/second.cpp -->/' docs/first.md
planted docs/first.md:7
# Another paragraph follows the line, no block of code; or nothing does, or a block without an end.
sed -i '/^```/,$d' docs/first.md
echo 'It is short.' >>docs/first.md
planted docs/first.md:5
sed -i '/^```/,$d' docs/first.md
planted docs/first.md
sed -i '$d' docs/first.md
planted docs/first.md
# What is quoted must be built.
echo 'add_executable(first second.cpp)' >examples/CMakeLists.txt
planted examples/first.cpp
echo '# first.cpp' >examples/CMakeLists.txt
planted examples/first.cpp
mkdir examples/parts
mv examples/first.cpp examples/parts/first.cpp
sed -i 's,examples/first,examples/parts/first,' docs/first.md include/first.hpp
echo 'file(GLOB all *.cpp)' >examples/CMakeLists.txt
planted examples/parts/first.cpp
mv examples/first.cpp docs
sed -i 's,examples/first,docs/first,' docs/first.md include/first.hpp
planted docs/first.cpp
mv examples/first.cpp tests/first_test.cpp
sed -i 's,examples/first,tests/first_test,' docs/first.md include/first.hpp
echo 'set(FOREST_TEST_FOLDERS core)' >tests/CMakeLists.txt
planted tests/first_test.cpp
mv examples/first.cpp examples/first.hpp
sed -i 's,first.cpp,first.hpp,' docs/first.md include/first.hpp
planted examples/first.hpp
header '    first();' '    fourth();'
planted include/first.hpp:3
# The line after an empty one is a part of the quotation.
header '    first();' '' '    fourth();'
planted include/first.hpp:3
# The lines must follow each other.
header '    first();' '    if (second())'
planted include/first.hpp:3
header
planted include/first.hpp:3
sed -i 's/first.cpp/second.cpp/' include/first.hpp
planted include/first.hpp:3
# So far for the last quotation of a header; another may follow it.
header '    fourth();' '' 'From examples/first.cpp:' '    first();'
planted include/first.hpp:3
sed -i 's/From/From the file/' include/first.hpp
if run; then
    echo "not found: that no header quotes a program"
    exit 1
fi

echo "$planted planted faults, all found"
