#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# Tests rooms.sh: on a clean tree it passes, and each planted violation makes it fail with a line
# that names the file or class at fault.
set -eu
check=$(cd "$(dirname "$0")" && pwd)/rooms.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# class NAMESPACE NAME: a header's text.
class() { printf 'namespace %s {\n\nclass %s {\n};\n\n} // namespace %s\n' "$1" "$2" "$1"; }

clean_tree() {
    rm -rf "$tree/project"
    mkdir -p "$tree/project/include/forest/core/detail" "$tree/project/examples" \
        "$tree/project/docs/reference" "$tree/project/tests/core"
    cd "$tree/project"
    class forest url >include/forest/core/url.hpp
    echo '#include <forest/core/detail/reader.hpp>' >>include/forest/core/url.hpp
    class forest::detail reader >include/forest/core/detail/reader.hpp
    echo '#include <forest/core/url.hpp>' >examples/first.cpp
    echo 'See forest/core/url.hpp.' >docs/reference/url.md
    echo 'Start with docs/reference/url.md.' >README.md
    touch tests/core/url_test.cpp
}

run() { sh "$check" "$tree/project" >"$tree/output" 2>&1; }

clean_tree
if ! run; then
    echo "the clean tree was refused:"
    cat "$tree/output"
    exit 1
fi

# planted NAME: what was planted since clean_tree must make the check fail and name NAME.
planted=0
planted() {
    if run; then
        echo "not found: what was planted about $1"
        exit 1
    elif ! grep -q "^$1: " "$tree/output"; then
        echo "what was planted about $1 was refused for another reason:"
        cat "$tree/output"
        exit 1
    fi
    planted=$((planted + 1))
    clean_tree
}

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

echo "$planted planted violations, all found"
