#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# Tests rooms.sh: on a clean tree it passes, and each planted violation makes it fail with a line
# that names the file or class at fault.
set -eu
check=$(cd "$(dirname "$0")" && pwd)/rooms.sh
# shellcheck source=tests/support/planted.sh
. "$(dirname "$0")/../support/planted.sh"

# class NAMESPACE NAME: a header's text.
class() { printf 'namespace %s {\n\nclass %s {\n};\n\n} // namespace %s\n' "$1" "$2" "$1"; }

# main_class NAME: the text of a class whose comment has all its parts.
main_class() {
    printf '/// Does something that takes\n/// two lines.\n///\n'
    printf '/// From examples/first.cpp:\n///     first();\n///\n/// It is small.\n///\n'
    printf '/// **Thread safety:** none.\n///\n/// **Lifetime:** it ends.\n///\n'
    printf '/// **Errors:** none.\ntemplate <typename T>\n    requires true\nclass %s {\n};\n\n' "$1"
}

clean_tree() {
    rm -rf "$tree/project"
    mkdir -p "$tree/project/include/forest/core/detail" "$tree/project/examples" \
        "$tree/project/docs/reference" "$tree/project/tests/core" "$tree/project/tests/layering" \
        "$tree/project/include/forest/sim/world"
    cd "$tree/project"
    class forest url >include/forest/core/url.hpp
    echo '#include <forest/core/detail/reader.hpp>' >>include/forest/core/url.hpp
    for name in basic_health_client basic_health_fleet basic_datasource basic_health_route \
        basic_schema_route asio_clock basic_asio_transport asio_server basic_pooled_transport \
        sharded_fleet hmac_sha256_signer hmac_sha256_verifier; do
        main_class $name
    done >>include/forest/core/url.hpp
    class forest::detail reader >include/forest/core/detail/reader.hpp
    # It has no test at its place, and its owner has none.
    class forest::detail bytes >include/forest/core/detail/bytes.hpp
    sed -i '1i #include <forest/core/detail/bytes.hpp>' include/forest/core/detail/reader.hpp
    echo 'core/detail/bytes.hpp core/url_test.cpp' >tests/layering/tested_elsewhere.txt
    for name in 1 2 3 4 5 6; do touch include/forest/sim/world/$name.hpp; done
    echo 'Start with 1.hpp. See [the layers](../../core/url.hpp).' >include/forest/sim/world/README.md
    echo '#include <forest/core/url.hpp>' >examples/first.cpp
    { echo 'See forest/core/url.hpp.' &&
        seq -f 'forest/sim/world/%g.hpp' 6; } >docs/reference/url.md
    echo 'Start with docs/reference/url.md.' >README.md
    echo '#include <forest/core/url.hpp>' >tests/core/url_test.cpp
    touch tests/run.sh tests/CMakeLists.txt
    echo 'core/ and layering/' >tests/README.md
}

run() { sh "$check" "$tree/project" >"$output" 2>&1; }

accept_clean_tree

class forest reader >include/forest/core/detail/reader.hpp
planted include/forest/core/detail/reader.hpp
echo 'class in_none;' >include/forest/core/detail/reader.hpp
planted include/forest/core/detail/reader.hpp
# One namespace more than detail.
for namespace in 'namespace forest {' 'namespace std {' 'namespace {' '  inline namespace v1 {' \
    'namespace forest::detail::more {'; do
    echo "$namespace}" >>include/forest/core/detail/reader.hpp
    planted include/forest/core/detail/reader.hpp "'$namespace'"
done
# Circles: of one header, of two in one room, and of three.
echo '#include <forest/core/url.hpp>' >>include/forest/core/url.hpp
planted include/forest/core/url.hpp
echo '#include <forest/sim/world/2.hpp>' >include/forest/sim/world/1.hpp
echo '#  include <forest/sim/world/1.hpp>' >include/forest/sim/world/2.hpp
planted include/forest/sim/world/1.hpp
echo '#include <forest/core/url.hpp>' >>include/forest/core/detail/bytes.hpp
planted 'include/forest/core/[a-z/]*.hpp'
echo '#include <forest/core/detail/reader.hpp>' >>examples/first.cpp
planted examples/first.cpp
echo '#  include <forest/detail/health/health_loop.hpp>' >>examples/first.cpp
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
class forest::detail reader >include/forest/core/detail/writer.hpp
echo '#include <forest/core/detail/writer.hpp>' >>include/forest/core/url.hpp
planted forest::detail::reader
# In a namespace that lies within another one, and after its end.
{ printf 'namespace forest {\nnamespace detail {\n' &&
    printf 'class reader {\n};\n} // namespace detail\n'; } >>include/forest/core/url.hpp
planted forest::detail::reader
{ printf 'namespace forest {\nnamespace detail {\n} // namespace detail\n' &&
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
class forest::detail writer >include/forest/core/detail/writer.hpp
planted include/forest/core/detail/writer.hpp
# The owner of an owner is no owner, and a header of another layer is none.
: >tests/layering/tested_elsewhere.txt
planted include/forest/core/detail/bytes.hpp
mkdir include/forest/policy
class forest clock >include/forest/policy/clock.hpp
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
