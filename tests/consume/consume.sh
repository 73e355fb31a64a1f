#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: consume.sh WAY SOURCE_DIR BUILD_DIR COMPILER
#
# Builds and runs the programs in program/ in the way a user would who has the library from there.
# The ways that end in _core take forest::core alone and must not look for another package; those
# that end in _compiled take the compiled form. fetch_content_override is only configured.
set -eu
way=$1 source=$2 build=$3 CXX=$4
export CXX
program=$source/tests/consume/program
project=$program
form=header_only
case $way in *_compiled) project=$source/tests/consume/compiled form=separate_compilation ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The installed tree is moved, because packages are.
install_library() {
    cmake --install "$build" --prefix "$work/installed" >"$work/log" || { cat "$work/log"; exit 1; }
    mv "$work/installed" "$work/moved"
}

with_cmake() {
    cmake -S "$project" -B "$work/build" -G Ninja "$@"
    cmake --build "$work/build"
}

without_packages='-DCORE_ONLY=ON -DCMAKE_DISABLE_FIND_PACKAGE_asio=ON
    -DCMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON -DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON
    -DCMAKE_DISABLE_FIND_PACKAGE_Threads=ON'

# Asio and fmt as FetchContent leaves them after the download, but from the installed packages. FOLDER
# is where Asio has its headers, which depends on the release.
with_fetched() {
    folder=$1 project=$2
    asio=$(sed -n 's/^asio_INCLUDE_DIR:PATH=//p' "$build/CMakeCache.txt")
    mkdir -p "$work/asio/$folder" "$work/fmt"
    ln -s "$asio/asio.hpp" "$asio/asio" "$work/asio/$folder"
    cat >"$work/fmt/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(fmt LANGUAGES CXX)
add_library(fmt INTERFACE)
add_library(fmt::fmt ALIAS fmt)
target_compile_definitions(fmt INTERFACE FMT_HEADER_ONLY)
END
    cmake -S "$project" -B "$work/build" -G Ninja -DFETCHCONTENT_SOURCE_DIR_ASIO="$work/asio" \
        -DFETCHCONTENT_SOURCE_DIR_FMT="$work/fmt" -DFETCHCONTENT_SOURCE_DIR_FOREST="$source"
    if ! grep -q "^asio_INCLUDE_DIR:PATH=$work/asio/$folder\$" "$work/build/CMakeCache.txt" ||
        grep '^fmt_DIR:PATH=/' "$work/build/CMakeCache.txt" | grep -qv '/pkgRedirects$'; then
        echo 'The build takes other packages than the fetched ones.' >&2
        exit 1
    fi
}

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
find_package | find_package_compiled) install_library && with_cmake -DCMAKE_PREFIX_PATH="$work/moved" ;;
find_package_core) install_library &&
    with_cmake -DCMAKE_PREFIX_PATH="$work/moved" $without_packages ;;
add_subdirectory | add_subdirectory_compiled) with_cmake -DFOREST_SOURCE_DIR="$source" ;;
add_subdirectory_core) with_cmake -DFOREST_SOURCE_DIR="$source" $without_packages ;;
fetch_content)
    with_fetched asio/include "$source/tests/consume/fetch"
    cmake --build "$work/build"
    exec "$work/build/application"
    ;;
fetch_content_override)
    # Without a list of what to make available: forest asks for what it needs.
    mkdir "$work/fetch" && cp "$program/stack.cpp" "$work/fetch"
    sed 's/GIT_SHALLOW ON/OVERRIDE_FIND_PACKAGE/; s/(asio fmt forest)/(forest)/; s,\.\./program/,,' \
        "$source/tests/consume/fetch/CMakeLists.txt" >"$work/fetch/CMakeLists.txt"
    with_fetched include "$work/fetch"
    exit 0
    ;;
pkg_config) install_library && with_pkg_config forest-core core && with_pkg_config forest stack ;;
pkg_config_core) install_library && with_pkg_config forest-core core ;;
bare_include) "$CXX" -std=c++20 -I "$source/include" "$program/core.cpp" -o "$work/build/core" ;;
*) echo "unknown way: $way" >&2; exit 2 ;;
esac

# run PROGRAM: it has symbols of its form of the library, and none of the other.
run() {
    "$work/build/$1"
    nm "$work/build/$1" | grep -Eo 'header_only|separate_compilation' | sort -u >"$work/forms"
    [ "$(cat "$work/forms")" = "$form" ] || { echo "$1 has: $(cat "$work/forms")" >&2; exit 1; }
}
run core
case $way in *_core | bare_include) exit 0 ;; esac
run stack
