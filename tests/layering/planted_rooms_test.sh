#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# Tests rooms.sh: on a clean tree it passes, and each planted violation makes it fail with a line
# that names the file or class at fault.
set -eu
check=$(cd "$(dirname "$0")" && pwd)/rooms.sh
# shellcheck source=tests/support/planted.sh
. "$(dirname "$0")/../support/planted.sh"

form='forest::inline FOREST_FORM'

# class [NAMESPACE] NAME: a header's text. The namespace is within that of the library.
class() {
    [ $# -eq 1 ] && name=$1 inner= || name=$2 inner=::$1
    echo '#include <forest/form.hpp>'
    printf 'namespace %s {\n\nclass %s {\n};\n\n} // namespace %s\n' "$form$inner" "$name" "$form$inner"
}

# with_impl: ends a header, core/url.hpp, with its .ipp.
with_impl() {
    printf '#ifndef FOREST_SEPARATE_COMPILATION\n#include <forest/core/impl/url.ipp>\n#endif\n\n#endif\n'
}

# main_class NAME: the text of a class whose comment has all its parts.
main_class() {
    printf '/// Does something that takes\n/// two lines.\n///\n'
    printf '/// From examples/first.cpp:\n///     first();\n///\n/// It is small.\n///\n'
    printf '/// **Thread safety:** none.\n///\n/// **Lifetime:** it ends.\n///\n'
    printf '/// **Errors:** none.\ntemplate <typename T>\n    requires true\nclass %s {\n};\n\n' "$1"
}

make_tree() {
    mkdir -p "$tree/clean/include/forest/core/detail" "$tree/clean/examples" "$tree/clean/benchmarks" \
        "$tree/clean/docs/reference" "$tree/clean/tests/core" "$tree/clean/tests/layering" \
        "$tree/clean/include/forest/sim/world" "$tree/clean/include/forest/core/impl" \
        "$tree/clean/include/forest/policy" \
        "$tree/clean/tests/adapters/cares"
    cd "$tree/clean"
    class url >include/forest/core/url.hpp
    echo '#include <forest/core/detail/reader.hpp>' >>include/forest/core/url.hpp
    for name in basic_health_client basic_health_fleet basic_datasource basic_health_route \
        basic_schema_route asio_clock basic_asio_transport asio_server basic_pooled_transport \
        sharded_fleet hmac_sha256_signer hmac_sha256_verifier; do
        main_class $name
    done >>include/forest/core/url.hpp
    class detail reader >include/forest/core/detail/reader.hpp
    echo '#define FOREST_FORM header_only' >include/forest/form.hpp
    with_impl >>include/forest/core/url.hpp
    {
        printf '#include <forest/core/url.hpp>\n#include <string>\n\nnamespace %s::detail {\n\n' "$form"
        printf 'static_assert(sizeof(int) == 4);\n\n'
        printf 'FOREST_DECL int size() {\n    return 1;\n}\n\n'
        printf 'FOREST_DECL const std::string&\nlong_name(int a,\n          int b) {\n    return text;\n}\n\n'
        printf '} // namespace %s::detail\n\n#endif\n' "$form"
    } >include/forest/core/impl/url.ipp
    echo '#include <forest/core/impl/url.ipp>' >include/forest/src_core.hpp
    echo '#include <forest/adapters/cares/impl/cares_resolver.ipp>' >include/forest/src_cares.hpp
    mkdir -p include/forest/adapters/cares/impl
    class cares_resolver >include/forest/adapters/cares/cares_resolver.hpp
    sed 's,core/url,adapters/cares/cares_resolver,' include/forest/core/impl/url.ipp \
        >include/forest/adapters/cares/impl/cares_resolver.ipp
    with_impl | sed 's,core/impl/url,adapters/cares/impl/cares_resolver,' \
        >>include/forest/adapters/cares/cares_resolver.hpp
    # It has no test at its place, and its owner has none.
    class detail bytes >include/forest/core/detail/bytes.hpp
    sed -i '1i #include <forest/core/detail/bytes.hpp>' include/forest/core/detail/reader.hpp
    echo 'core/detail/bytes.hpp core/url_test.cpp' >tests/layering/tested_elsewhere.txt
    for name in 1 2 3 4 5 6; do touch include/forest/sim/world/$name.hpp; done
    echo 'Start with 1.hpp. See [the layers](../../core/url.hpp).' >include/forest/sim/world/README.md
    echo '#include <forest/core/url.hpp>' >examples/first.cpp
    { echo 'See forest/core/url.hpp.' &&
        echo forest/form.hpp forest/src_core.hpp forest/src_cares.hpp forest/adapters/cares/cares_resolver.hpp &&
        seq -f 'forest/sim/world/%g.hpp' 6; } >docs/reference/url.md
    echo 'Start with docs/reference/url.md.' >README.md
    echo '#include <forest/core/url.hpp>' >tests/core/url_test.cpp
    echo '#include <forest/adapters/cares/cares_resolver.hpp>' \
        >tests/adapters/cares/cares_resolver_test.cpp
    touch tests/run.sh tests/CMakeLists.txt
    echo 'core/, adapters/ and layering/' >tests/README.md
}

clean_tree() {
    rm -rf "$tree/project"
    cp -r "$tree/clean" "$tree/project"
    cd "$tree/project"
}

run() { sh "$check" "$tree/project" >"$output" 2>&1; }

make_tree
accept_clean_tree

class reader >include/forest/core/detail/reader.hpp
planted include/forest/core/detail/reader.hpp
echo 'class in_none;' >include/forest/core/detail/reader.hpp
planted include/forest/core/detail/reader.hpp
# One namespace more than detail.
for namespace in "namespace $form {" 'namespace std {' 'namespace {' '  inline namespace v1 {' \
    'namespace forest::detail {' "namespace $form::detail::more {"; do
    echo "$namespace}" >>include/forest/core/detail/reader.hpp
    planted include/forest/core/detail/reader.hpp "'$namespace'"
done
# Without the inline namespace that names the form, or with its name not defined.
for namespace in forest forest::sim forest::header_only 'forest::inline header_only'; do
    class clock | sed "s/namespace $form/namespace $namespace/" >include/forest/policy/clock.hpp
    echo 'See forest/policy/clock.hpp.' >>docs/reference/url.md
    planted include/forest/policy/clock.hpp "'$namespace'"
done
sed -i '/form.hpp/d' include/forest/core/detail/reader.hpp
planted include/forest/core/detail/reader.hpp
# What is not compiled once: in the .ipp files, and in the headers that include them.
ipp=include/forest/core/impl/url.ipp
for line in 'inline int size() { return 1; }' 'int size() {' 'const std::string&' \
    'static inline int size() {' 'int largest = 1;' 'namespace {' 'namespace forest::detail {'; do
    sed -i "/^FOREST_DECL int/i $line" $ipp
    planted "$ipp[:0-9]*" "'$line'"
done
sed -i '/^FOREST_DECL int/i \    inline int size() { return 1; }' $ipp
planted "$ipp[:0-9]*"
sed -i 's,^#include <forest.*,#include <forest/core/detail/reader.hpp>,' $ipp
planted $ipp
sed -i 's/^#ifndef FOREST_SEPARATE_COMPILATION/#ifndef FOREST_SEPARATE/' include/forest/core/url.hpp
planted include/forest/core/url.hpp
sed -i '/impl/d' include/forest/core/url.hpp
planted include/forest/core/url.hpp
echo '#include <string>' >>include/forest/core/url.hpp
planted include/forest/core/url.hpp
for file in tests/core/url_test.cpp examples/first.cpp; do
    echo '#include <forest/core/impl/url.ipp>' >>$file
    planted $file
done
: >include/forest/src_core.hpp
planted include/forest/src_core.hpp
: >include/forest/src_cares.hpp
planted include/forest/src_cares.hpp
for file in core/impl/url core/impl/uri; do
    echo "#include <forest/$file.ipp>" >>include/forest/src_core.hpp
    planted include/forest/src_core.hpp "$file"
done
mv include/forest/src_cares.hpp include/forest/src_stack.hpp
planted include/forest/src_stack.hpp
# Circles: of one header, of two in one room, of three, and through an .ipp.
echo '#include <forest/core/url.hpp>' >>include/forest/core/url.hpp
planted include/forest/core/url.hpp
echo '#include <forest/sim/world/2.hpp>' >include/forest/sim/world/1.hpp
echo '#  include <forest/sim/world/1.hpp>' >include/forest/sim/world/2.hpp
planted include/forest/sim/world/1.hpp
echo '#include <forest/core/url.hpp>' >>include/forest/core/detail/bytes.hpp
planted 'include/forest/core/[a-z/]*.hpp'
echo '#include <forest/sim/world/1.hpp>' >>$ipp
echo '#include <forest/core/url.hpp>' >include/forest/sim/world/1.hpp
planted include/forest/sim/world/1.hpp
# By their .ipp files alone they may.
echo '#include <forest/adapters/cares/cares_resolver.hpp>' >>$ipp
echo '#include <forest/core/url.hpp>' >>include/forest/adapters/cares/impl/cares_resolver.ipp
run || { echo 'two .ipp files that include the header of the other were refused' && cat "$output" && exit 1; }
clean_tree
echo '#include <forest/core/detail/reader.hpp>' >>examples/first.cpp
planted examples/first.cpp
echo '#  include <forest/detail/health/health_loop.hpp>' >>examples/first.cpp
planted examples/first.cpp
echo '#include <forest/core/impl/reader.hpp>' >>examples/first.cpp
planted examples/first.cpp
for use in 'forest::detail::reader used;' 'using namespace forest::detail;' \
    'namespace d = forest::detail;' 'using namespace detail;'; do
    echo "$use" >>examples/first.cpp
    planted examples/first.cpp "'$use'"
done
echo 'See forest/core.hpp.' >docs/reference/url.md
planted include/forest/core/url.hpp
for page in README.md docs/first.md docs/reference/url.md; do
    echo 'See forest/core/uri.hpp.' >>$page
    planted docs "a header that is not there, on $page,"
done
class detail reader >include/forest/core/detail/writer.hpp
echo '#include <forest/core/detail/writer.hpp>' >>include/forest/core/url.hpp
planted forest::detail::reader
# In a namespace that lies within another one, and after its end.
{ printf 'namespace %s {\nnamespace detail {\n' "$form" &&
    printf 'class reader {\n};\n} // namespace detail\n'; } >>include/forest/core/url.hpp
planted forest::detail::reader
{ printf 'namespace %s {\nnamespace detail {\n} // namespace detail\n' "$form" &&
    printf 'class url {\n};\n} // namespace forest\n'; } >>include/forest/sim/world/1.hpp
planted forest::url
yes '    this->count();' | head -n 21 >>include/forest/core/url.hpp
planted include/forest
rm tests/core/url_test.cpp
planted include/forest/core/url.hpp
# Below another folder than the header it is not at its place.
mkdir tests/policy
mv tests/core/url_test.cpp tests/policy
echo policy/ >>tests/README.md
planted include/forest/core/url.hpp
class detail writer >include/forest/core/detail/writer.hpp
planted include/forest/core/detail/writer.hpp
# The owner of an owner is no owner, and a header of another layer is none.
: >tests/layering/tested_elsewhere.txt
planted include/forest/core/detail/bytes.hpp
class clock >include/forest/policy/clock.hpp
echo '#include <forest/policy/clock.hpp>' >>include/forest/core/url.hpp
echo 'See forest/policy/clock.hpp.' >>docs/reference/url.md
planted include/forest/policy/clock.hpp
# What the list of other tests says must be needed and right.
list=tests/layering/tested_elsewhere.txt
for line in 'core/detail/reader.hpp core/url_test.cpp' 'core/url.hpp core/url_test.cpp' \
    'core/detail/bytes.hpp core/url_test.cpp' 'core/detail/writer.hpp core/url_test.cpp'; do
    echo "$line" >>$list
    planted $list "'$line'"
done
sed -i 's/url_test/uri_test/' $list
planted $list
: >tests/core/url_test.cpp
planted $list
: >tests/core/url_test.cpp
planted tests/core/url_test.cpp
rm include/forest/sim/world/README.md
planted include/forest/sim/world/README.md
yes 'A line.' | head -n 15 >>include/forest/sim/world/README.md
planted include/forest/sim/world/README.md
echo 'See 7.hpp.' >>include/forest/sim/world/README.md
planted include/forest/sim/world/README.md
echo 'See [the rules](../rules/README.md).' >>include/forest/sim/world/README.md
planted include/forest/sim/world/README.md
# An empty room ends nothing.
mkdir include/forest/sim/explore
rm include/forest/sim/world/README.md
planted include/forest/sim/world/README.md
touch tests/helper.hpp
planted tests/helper.hpp
mkdir tests/sim
planted tests/README.md
# One part is missing, of one of the main classes or of another one; two have changed places; there
# are two sentences; a main class has no comment, or is gone.
for part in 'From examples' 'Thread safety' 'Lifetime' 'Errors'; do
    sed -i "0,/$part/{/$part/d}" include/forest/core/url.hpp
    planted include/forest/core/url.hpp
    main_class other | sed "/$part/d" >>include/forest/core/url.hpp
    planted include/forest/core/url.hpp
done
sed -i '0,/Lifetime/s/Lifetime/Errors/; 0,/Errors:\*\* none/s/Errors:\*\* none/Lifetime:** none/' \
    include/forest/core/url.hpp
planted include/forest/core/url.hpp
sed -i '0,/two lines/s/two lines/two lines. It/' include/forest/core/url.hpp
planted include/forest/core/url.hpp
sed -i '/^class asio_server/i\
\
' include/forest/core/url.hpp
planted include/forest/core/url.hpp
sed -i '/^class asio_server/d' include/forest/core/url.hpp
planted include/forest

echo "$planted planted violations, all found"
