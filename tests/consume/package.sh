#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: package.sh WAY SOURCE_DIR COMPILER
#
# Builds and runs a program of program/ with the library from a package manager or from one header. Status
# 77 means skipped: the package manager is not installed. For Conan, stand-ins take Asio, fmt and OpenSSL
# from the system, since no registry of its packages may be at hand.
set -eu
way=$1 source=$2 CXX=$3
export CXX
program=$source/tests/consume/program
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# from_one_header PROGRAM HEADER...: the program sees the one header, and no other of the library. A second
# file with the same header is linked, too.
from_one_header() {
    name=$1
    shift
    python3 "$source/packaging/single_header.py" "$@" >"$work/forest_one.hpp"
    sed '0,/^#include <forest\/.*/s//#include "forest_one.hpp"/; /^#include <forest\//d' \
        "$program/$name.cpp" >"$work/$name.cpp"
    echo '#include "forest_one.hpp"' >"$work/second.cpp"
    shared='-std=c++20 -Wall -Wextra -Werror -DASIO_STANDALONE'
    # shellcheck disable=SC2086 # Flags are split into words on purpose.
    "$CXX" $shared "$work/$name.cpp" "$work/second.cpp" -o "$work/$name" -lssl -lcrypto -lfmt -pthread
    "$work/$name"
}

with_meson() {
    command -v meson >/dev/null || exit 77
    mkdir -p "$work/consumer/subprojects/forest"
    cp "$source"/tests/consume/meson/meson* "$program"/*.cpp "$work/consumer"
    cp "$source/packaging/meson/forest.wrap" "$work/consumer/subprojects"
    # As git would leave them, so that nothing is fetched.
    cp -R "$source/include" "$source/meson.build" "$source/meson_options.txt" \
        "$work/consumer/subprojects/forest"
    meson setup "$work/build" "$work/consumer" "$@"
    meson test -C "$work/build"
}

# stand_in NAME: exports the recipe on standard input.
stand_in() {
    mkdir -p "$work/$1"
    cat >"$work/$1/conanfile.py"
    conan export "$work/$1"
}

with_conan() {
    conan --version 2>/dev/null | grep -q 'version 2' || exit 77
    CONAN_HOME=$work/conan
    export CONAN_HOME
    conan profile detect
    if [ "$1" = True ]; then
        stand_in asio <<'RECIPE'
from conan import ConanFile
class Asio(ConanFile):
    name, version, package_type = "asio", "1.22.1", "header-library"
    def package_info(self):
        self.cpp_info.includedirs = self.cpp_info.libdirs = self.cpp_info.bindirs = []
        self.cpp_info.defines = ["ASIO_STANDALONE"]
RECIPE
        stand_in fmt <<'RECIPE'
from conan import ConanFile
class Fmt(ConanFile):
    name, version = "fmt", "9.1.0"
    def package_info(self):
        self.cpp_info.includedirs = self.cpp_info.libdirs = self.cpp_info.bindirs = []
        self.cpp_info.set_property("cmake_target_name", "fmt::fmt")
        self.cpp_info.system_libs = ["fmt"]
RECIPE
        stand_in openssl <<'RECIPE'
from conan import ConanFile
class OpenSSL(ConanFile):
    name, version = "openssl", "3.0.0"
    def package_info(self):
        for name in "ssl", "crypto":
            part = self.cpp_info.components[name]
            part.includedirs = part.libdirs = part.bindirs = []
            part.system_libs = [name]
RECIPE
    fi
    # The recipe is copied, because Conan writes beside the test.
    mkdir -p "$work/tree/packaging"
    cp -R "$source/include" "$source/LICENSE" "$work/tree"
    cp -R "$source/packaging/conan" "$work/tree/packaging"
    conan create "$work/tree/packaging/conan" -o "&:with_stack=$1" -s compiler.cppstd=20 --build=missing --no-remote
}

case $way in
single_header_core) from_one_header core forest/core/detection.hpp forest/core/url.hpp ;;
single_header) from_one_header stack forest/forest.hpp ;;
meson_core) with_meson -Dcore_only=true ;;
meson) with_meson ;;
conan_core) with_conan False ;;
conan) with_conan True ;;
*) echo "unknown way: $way" >&2; exit 2 ;;
esac
