#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: consume.sh WAY SOURCE_DIR BUILD_DIR COMPILER
#
# Builds and runs the programs in program/ in the way a user would who has the library from there.
# The ways that end in _core take forest::core alone and must not look for another package.
set -eu
way=$1 source=$2 build=$3 CXX=$4
export CXX
program=$source/tests/consume/program
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The installed tree is moved, because packages are.
install_library() {
    cmake --install "$build" --prefix "$work/installed" >"$work/log" || { cat "$work/log"; exit 1; }
    mv "$work/installed" "$work/moved"
}

with_cmake() {
    cmake -S "$program" -B "$work/build" -G Ninja "$@"
    cmake --build "$work/build"
}

without_packages='-DCORE_ONLY=ON -DCMAKE_DISABLE_FIND_PACKAGE_asio=ON
    -DCMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON -DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON
    -DCMAKE_DISABLE_FIND_PACKAGE_Threads=ON'

with_pkg_config() {
    PKG_CONFIG_PATH=$work/moved/share/pkgconfig
    export PKG_CONFIG_PATH
    # shellcheck disable=SC2046 # Flags are split into words on purpose.
    "$CXX" -std=c++20 $(pkg-config --cflags "$1") "$program/$2.cpp" -o "$work/build/$2" \
        $(pkg-config --libs "$1")
}

mkdir "$work/build"
# shellcheck disable=SC2086 # Options are split into words on purpose.
case $way in
find_package) install_library && with_cmake -DCMAKE_PREFIX_PATH="$work/moved" ;;
find_package_core) install_library &&
    with_cmake -DCMAKE_PREFIX_PATH="$work/moved" $without_packages ;;
add_subdirectory) with_cmake -DFOREST_SOURCE_DIR="$source" ;;
add_subdirectory_core) with_cmake -DFOREST_SOURCE_DIR="$source" $without_packages ;;
pkg_config) install_library && with_pkg_config forest-core core && with_pkg_config forest stack ;;
pkg_config_core) install_library && with_pkg_config forest-core core ;;
bare_include) "$CXX" -std=c++20 -I "$source/include" "$program/core.cpp" -o "$work/build/core" ;;
*) echo "unknown way: $way" >&2; exit 2 ;;
esac

"$work/build/core"
case $way in *_core | bare_include) exit 0 ;; esac
"$work/build/stack"
