#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: planted_test.sh COMPILER
#
# Tests check.sh: on a clean tree it passes, and each planted violation makes it fail with a line
# that names the header at fault.
set -eu
compiler=$1
check=$(cd "$(dirname "$0")" && pwd)/check.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

clean_tree() {
    rm -rf "$tree/include"
    mkdir -p "$tree/include/forest/core" "$tree/include/forest/policy" \
        "$tree/include/forest/sim" "$tree/include/forest/adapters/asio" \
        "$tree/include/package"
    cd "$tree/include/forest"
    echo '#include <cstddef>' >version.hpp
    echo '#include <forest/version.hpp>' >core/url.hpp
    echo '#include <forest/core/url.hpp>' >policy/clock.hpp
    echo '#include <forest/policy/clock.hpp>' >health_client.hpp
    echo '#include <forest/health_client.hpp>' >sim/world.hpp
    { echo '#include <asio.hpp>' && echo '#include <forest/health_client.hpp>'; } \
        >adapters/asio/asio_clock.hpp
    echo '#include <forest/adapters/asio/asio_clock.hpp>' >forest.hpp
    echo 'struct foreign {};' >"$tree/include/package/package.hpp"
    cp "$tree/include/package/package.hpp" "$tree/include/foreign"
}

run() { sh "$check" "$tree/include" "$compiler" >"$tree/output" 2>&1; }

clean_tree
if ! run; then
    echo "the clean tree was refused:"
    cat "$tree/output"
    exit 1
fi

# plant HEADER LINE: the check must fail and name HEADER.
planted=0
plant() {
    clean_tree
    mkdir -p "$(dirname "$1")"
    echo "$2" >>"$1"
    if run; then
        echo "not found: '$2' in $1"
        exit 1
    elif ! grep -q "^$1: " "$tree/output"; then
        echo "'$2' in $1 was refused for another reason:"
        cat "$tree/output"
        exit 1
    fi
    planted=$((planted + 1))
}

for layer in core/url policy/clock health_client sim/world; do
    plant $layer.hpp '#include <asio.hpp>'
    plant $layer.hpp '  #  include <openssl/evp.h>'
    plant $layer.hpp '#include <fmt/core.h>'
    plant $layer.hpp '#include <boost/config.hpp>'
    plant $layer.hpp '#include <unistd.h>'
    plant $layer.hpp '#include "package/package.hpp"'
    plant $layer.hpp '#include <forest/adapters/asio/asio_clock.hpp>'
    plant $layer.hpp '#include <forest/forest.hpp>'
done
plant core/url.hpp '#include <forest/policy/clock.hpp>'
plant core/url.hpp '#include <forest/health_client.hpp>'
plant core/url.hpp '#include <forest/sim/world/world.hpp>'
plant policy/clock.hpp '#include <forest/health_client.hpp>'
plant policy/clock.hpp '#include <forest/sim/world/world.hpp>'
plant health_client.hpp '#include <forest/sim/world/world.hpp>'
plant adapters/asio/asio_clock.hpp '#include <forest/sim/world/world.hpp>'
plant adapters/asio/asio_clock.hpp '#include <forest/forest.hpp>'
plant adapters/posix/descriptor.hpp '#include <asio.hpp>'
plant adapters/posix/descriptor.hpp '#include <forest/adapters/asio/asio_clock.hpp>'
plant adapters/posix/descriptor.hpp '#include <forest/forest.hpp>'
plant stray.hpp '#include <vector>'
plant core/url.hpp '#define HIDDEN <package/package.hpp>
#include HIDDEN'
# What the text does not show and only the compiler finds.
plant core/url.hpp '#include <foreign>'
plant core/url.hpp '%:include <package/package.hpp>'
plant core/url.hpp '#inc\
lude <package/package.hpp>'
plant health_client.hpp '%:include <forest/sim/world/world.hpp>'

echo "$planted planted violations, all found"
