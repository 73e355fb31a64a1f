#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: debian.sh SOURCE_DIR BUILD_DIR COMPILER
#
# cpack makes two packages of what was built. lintian finds nothing in them, and what they have can be
# used where they are unpacked. Status 77 means skipped: there is no dpkg-deb.
set -eu
source=$1 build=$2 compiler=$3
command -v dpkg-deb >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$1" >&2; exit 1; }

cpack --config "$build/CPackConfig.cmake" -B "$work" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
set -- "$work"/*.deb
[ $# = 2 ] || fail "$# packages: $*"

if command -v lintian >/dev/null; then
    # A part of a debug build is no part of a package: then only errors count.
    lintian --allow-root --fail-on error --suppress-tags unstripped-binary-or-object "$@" ||
        fail 'lintian finds faults'
else
    echo 'not run: there is no lintian'
fi
for package; do
    dpkg-deb -x "$package" "$work/root"
done
root=$work/root/usr

for file in bin/forest-health lib/systemd/system/forest-health-watch.service \
    lib/systemd/system/forest-health-serve.service share/man/man1/forest-health.1.gz \
    share/bash-completion/completions/forest-health share/zsh/vendor-completions/_forest-health \
    share/fish/vendor_completions.d/forest-health.fish include/forest/forest.hpp; do
    [ -s "$root/$file" ] || fail "the packages have no $file"
done
"$root/bin/forest-health" --version

PKG_CONFIG_PATH=$root/share/pkgconfig
export PKG_CONFIG_PATH
# shellcheck disable=SC2046 # Flags are split into words on purpose.
"$compiler" -std=c++20 $(pkg-config --cflags forest-core) "$source/tests/consume/program/core.cpp" \
    -o "$work/core"
"$work/core"
