#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: planted_test.sh COMPILER
#
# Tests check.sh: on a clean tree it passes, and each planted violation makes it fail with a line
# that names the header at fault.
set -eu
compiler=$1
check=$(cd "$(dirname "$0")" && pwd)/check.sh
# shellcheck source=tests/support/planted.sh
. "$(dirname "$0")/../support/planted.sh"

make_tree() {
    mkdir -p "$tree/clean/package" "$tree/clean/forest"
    cd "$tree/clean/forest"
    mkdir -p core/detail/logic core/impl policy detail/health adapters/asio/detail/io adapters/openssl/detail \
        adapters/posix/detail sim/time/detail sim/world
    echo '#include <cstddef>' >form.hpp
    echo '#include <forest/form.hpp>' >version.hpp
    echo '#include <forest/version.hpp>' >core/detail/logic/health_machine.hpp
    { echo '#include <forest/core/detail/logic/health_machine.hpp>' &&
        echo '#include <forest/core/impl/url.ipp>'; } >core/url.hpp
    { echo '#include <forest/core/url.hpp>' && echo '#include <string>'; } >core/impl/url.ipp
    echo '#include <forest/core/impl/url.ipp>' >src_core.hpp
    echo '#include <forest/src_core.hpp>' >src.hpp
    echo '#include <forest/core/url.hpp>' >policy/clock.hpp
    { echo '#include <forest/policy/clock.hpp>' &&
        echo '#include <forest/core/detail/logic/health_machine.hpp>'; } >detail/health/health_loop.hpp
    echo '#include <forest/detail/health/health_loop.hpp>' >health_client.hpp
    echo '#include <forest/detail/health/health_loop.hpp>' >sim/time/detail/order.hpp
    echo '#include <forest/sim/time/detail/order.hpp>' >sim/time/virtual_clock.hpp
    { echo '#include <forest/health_client.hpp>' &&
        echo '#include <forest/sim/time/virtual_clock.hpp>'; } >sim/world/world.hpp
    echo '#include <forest/version.hpp>' >adapters/openssl/detail/ticket.hpp
    echo '#include <forest/adapters/openssl/detail/ticket.hpp>' >adapters/openssl/tls_client.hpp
    echo '#include <forest/health_client.hpp>' >adapters/asio/detail/io/error.hpp
    { echo '#include <asio.hpp>' && echo '#include <forest/health_client.hpp>' &&
        echo '#include <forest/adapters/asio/detail/io/error.hpp>' &&
        echo '#include <forest/adapters/openssl/tls_client.hpp>'; } >adapters/asio/asio_clock.hpp
    echo '#include <forest/sim/world/world.hpp>' >adapters/posix/detail/descriptor.hpp
    echo '#include <forest/adapters/asio/asio_clock.hpp>' >forest.hpp
    echo 'struct foreign {};' >"$tree/clean/package/package.hpp"
    cp "$tree/clean/package/package.hpp" "$tree/clean/foreign"
    # Guards, because a planted line may close a circle, which takes a compiler for ever.
    find . -name '*.[hi]pp' | while read -r header; do
        guard=$(echo "$header" | tr ./ __)
        sed -i "1s/^/#ifndef $guard\n#define $guard\n/; \$s/\$/\n#endif/" "$header"
    done
}

clean_tree() {
    rm -rf "$tree/include"
    cp -r "$tree/clean" "$tree/include"
    cd "$tree/include/forest"
}

# All headers of the clean tree, then the one with a planted line alone.
header=
# shellcheck disable=SC2086 # One word or none.
run() { sh "$check" "$tree/include" "$compiler" $header >"$output" 2>&1; }

make_tree
accept_clean_tree

# plant HEADER LINE: the check must fail and name HEADER.
plant() {
    header=$1
    mkdir -p "$(dirname "$1")"
    echo "$2" >>"$1"
    planted "$1" "'$2'"
}

for layer in core/url core/detail/logic/health_machine policy/clock health_client sim/world/world; do
    plant $layer.hpp '#include <asio.hpp>'
    plant $layer.hpp '  #  include <openssl/evp.h>'
    plant $layer.hpp '#include <fmt/core.h>'
    plant $layer.hpp '#include <boost/config.hpp>'
    plant $layer.hpp '#include <unistd.h>'
    plant $layer.hpp '#include "package/package.hpp"'
    plant $layer.hpp '#include <forest/adapters/asio/asio_clock.hpp>'
    plant $layer.hpp '#include <forest/forest.hpp>'
done
plant form.hpp '#include <forest/core/url.hpp>'
plant core/url.hpp '#include <forest/policy/clock.hpp>'
plant core/url.hpp '#include <forest/health_client.hpp>'
plant core/url.hpp '#include <forest/sim/world/world.hpp>'
plant policy/clock.hpp '#include <forest/health_client.hpp>'
plant policy/clock.hpp '#include <forest/sim/world/world.hpp>'
plant health_client.hpp '#include <forest/sim/world/world.hpp>'
plant adapters/asio/asio_clock.hpp '#include <forest/sim/world/world.hpp>'
plant adapters/asio/asio_clock.hpp '#include <forest/forest.hpp>'
plant adapters/posix/detail/descriptor.hpp '#include <asio.hpp>'
plant adapters/posix/detail/descriptor.hpp '#include <forest/adapters/asio/asio_clock.hpp>'
plant adapters/posix/detail/descriptor.hpp '#include <forest/forest.hpp>'
# What lies below a detail/ is closed to the layers beside and below.
plant core/url.hpp '#include <forest/detail/health/health_loop.hpp>'
plant policy/clock.hpp '#include <forest/detail/health/health_loop.hpp>'
plant health_client.hpp '#include <forest/sim/time/detail/order.hpp>'
plant sim/world/world.hpp '#include <forest/adapters/openssl/detail/ticket.hpp>'
plant adapters/asio/asio_clock.hpp '#include <forest/adapters/openssl/detail/ticket.hpp>'
plant adapters/openssl/tls_client.hpp '#include <forest/adapters/asio/detail/io/error.hpp>'
plant adapters/posix/detail/descriptor.hpp '#include <forest/sim/time/detail/order.hpp>'
plant adapters/posix/detail/descriptor.hpp '#include <forest/adapters/openssl/detail/ticket.hpp>'
plant forest.hpp '#include <forest/adapters/asio/detail/io/error.hpp>'
# An .ipp may include what its header may, and only its header and src_*.hpp include it.
plant core/impl/url.ipp '#include <asio.hpp>'
plant core/impl/url.ipp '#include <unistd.h>'
plant core/impl/url.ipp '#include <forest/policy/clock.hpp>'
plant core/impl/url.ipp '#include <forest/detail/health/health_loop.hpp>'
plant core/impl/url.ipp '/* */ #include <forest/version.hpp>'
plant core/impl/uri.ipp '#include <forest/core/url.hpp>'
plant core/url.ipp '#include <forest/core/url.hpp>'
plant core/detail/logic/health_machine.hpp '#include <forest/core/impl/url.ipp>'
plant health_client.hpp '#include <forest/core/impl/url.ipp>'
plant adapters/asio/asio_clock.hpp '#include <forest/core/impl/url.ipp>'
plant forest.hpp '#include <forest/core/impl/url.ipp>'
plant src.hpp '#include <forest/core/impl/url.ipp>'
plant src_core.hpp '#include <forest/core/url.hpp>'
plant forest.hpp '#include <forest/src_core.hpp>'
# The rooms of sim: only downwards.
plant sim/time/virtual_clock.hpp '#include <forest/sim/world/world.hpp>'
plant sim/time/detail/order.hpp '#include <forest/sim/world/world.hpp>'
plant sim/hall/stray.hpp '#include <vector>'
plant sim/stray.hpp '#include <vector>'
plant adapters/stray.hpp '#include <vector>'
plant stray.hpp '#include <vector>'
plant core/url.hpp '#define HIDDEN <package/package.hpp>
#include HIDDEN'
# What cannot be preprocessed.
plant core/url.hpp '#include <forest/core/nowhere.hpp>'
plant core/url.hpp '#include <nowhere>'
plant core/url.hpp '#error planted'
# What the text does not show and only the compiler finds.
plant core/url.hpp '#include <foreign>'
# Spellings that hide an #include.
for header in core/url forest adapters/asio/asio_clock; do
    plant $header.hpp '%:include <forest/sim/world/world.hpp>'
    plant $header.hpp '#import <forest/sim/world/world.hpp>'
    plant $header.hpp '#include_next <forest/sim/world/world.hpp>'
    plant $header.hpp '/* */ #include <forest/sim/world/world.hpp>'
    plant $header.hpp '#include/**/<forest/sim/world/world.hpp>'
    plant $header.hpp '#inc\
lude <forest/sim/world/world.hpp>'
done

echo "$planted planted violations, all found"
