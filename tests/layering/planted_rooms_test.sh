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
        "$tree/project/docs/reference" "$tree/project/tests/core"
    cd "$tree/project"
    class forest url >include/forest/core/url.hpp
    echo '#include <forest/core/detail/reader.hpp>' >>include/forest/core/url.hpp
    for name in basic_health_client basic_health_fleet basic_datasource basic_health_route \
        basic_schema_route asio_clock basic_asio_transport asio_server basic_pooled_transport \
        sharded_fleet hmac_sha256_signer hmac_sha256_verifier; do
        main_class $name
    done >>include/forest/core/url.hpp
    class forest::detail reader >include/forest/core/detail/reader.hpp
    echo '#include <forest/core/url.hpp>' >examples/first.cpp
    echo 'See forest/core/url.hpp.' >docs/reference/url.md
    echo 'Start with docs/reference/url.md.' >README.md
    touch tests/core/url_test.cpp
}

run() { sh "$check" "$tree/project" >"$output" 2>&1; }

accept_clean_tree

class forest reader >include/forest/core/detail/reader.hpp
planted include/forest/core/detail/reader.hpp
echo '#include <forest/core/detail/reader.hpp>' >>examples/first.cpp
planted examples/first.cpp
echo '#  include <forest/detail/health/health_loop.hpp>' >>examples/first.cpp
planted examples/first.cpp
echo 'forest::detail::reader used;' >>examples/first.cpp
planted examples/first.cpp
echo 'See forest/core.hpp.' >docs/reference/url.md
planted include/forest/core/url.hpp
echo 'See forest/core/uri.hpp.' >>README.md
planted docs
class forest::detail reader >include/forest/core/detail/writer.hpp
echo '#include <forest/core/detail/writer.hpp>' >>include/forest/core/url.hpp
planted forest::detail::reader
yes '    this->count();' | head -n 21 >>include/forest/core/url.hpp
planted include/forest
rm tests/core/url_test.cpp
planted include/forest/core/url.hpp
class forest::detail writer >include/forest/core/detail/writer.hpp
planted include/forest/core/detail/writer.hpp
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
