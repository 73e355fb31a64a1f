#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: check.sh INCLUDE_DIR COMPILER
#
# Proves the layers: each may include what is named here and, below the adapters, nothing else but
# the standard library. Twice: by the text of the #include lines, and by the files that the compiler
# really opens, which no spelling of an #include hides.
set -eu
include=$(realpath "$1") compiler=$2
cd "$include/forest"

faults=0
fault() {
    echo "$1"
    faults=$((faults + 1))
}

# The headers of this library that a layer may reach, as an extended regular expression.
core='core/[^/]+|version'
policy="$core|policy/[^/]+"
assembled='health_loop|health_client|signed_route|health_route|schema_route|health_fleet'
assembled="$assembled|shared_clock|shared_signer|committed_schema|datasource_probe|datasource_loop|datasource"
assembled="$assembled|shared_signatures|fleet_[a-z]+|name_directory"
assemblies="$policy|$assembled"
sim="$assemblies|sim/[^/]+"
adapters="$assemblies|adapters/.+"
posix="$sim|adapters/posix/.+"

allowed_from() {
    case $1 in
    version.hpp) echo version ;;
    core/*) echo "$core" ;;
    policy/*) echo "$policy" ;;
    sim/*) echo "$sim" ;;
    adapters/posix/*) echo "$posix" ;;
    adapters/* | forest.hpp) echo "$adapters" ;;
    *) echo "$1" | grep -Eq "^($assembled)\.hpp$" && echo "$assemblies" ;;
    esac
}

# Where the compiler keeps its own headers and the C library's. C headers of other packages may lie
# beside them, but the text of an #include of one shows it: its name has a dot.
c_folders='bits|sys|gnu|asm|asm-generic|linux'
system="/usr/include/([a-z0-9_]+-linux-gnu[a-z]*/)?((c\+\+|$c_folders)/.+|[a-z0-9_-]+\.h)"
system="$system|/usr/lib/(gcc|llvm-[0-9]+|clang)/.+"
own=$(echo "$include/forest" | sed 's/[.+]/\\&/g')

headers=0
for header in $(find . -name '*.hpp' | sed 's,^\./,,' | sort); do
    headers=$((headers + 1))
    if ! allowed=$(allowed_from "$header"); then
        fault "$header: belongs to no layer"
        continue
    fi
    case $header in adapters/* | forest.hpp) foreign=true ;; *) foreign=false ;; esac
    # What stands on POSIX alone opens headers of the system and no other package's.
    case $header in
    adapters/posix/*) packages=false opened_max="$system|/usr/include/(netinet|rpc)/.+" ;;
    *) packages=$foreign opened_max=$system ;;
    esac

    # A standard header of C++ has neither a dot nor a slash in its name.
    # shellcheck disable=SC2013 # Words are wanted: no header's name has a blank.
    for name in $(sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*//p' "$header" |
        sed 's/[[:space:]].*//'); do
        case $name in
        '<forest/'*)
            echo "$name" | grep -Eq "^<forest/($allowed)\.hpp>$" ||
                fault "$header: includes $name, which is not below it"
            ;;
        '<'*[./]*)
            $foreign || fault "$header: includes $name, which is not of the standard library"
            ;;
        '<'*) ;;
        *) fault "$header: includes $name in a form that this test cannot follow" ;;
        esac
    done

    $packages && continue
    if ! opened=$("$compiler" -std=c++20 -M -x c++ -I "$include" "$header" 2>&1); then
        fault "$header: cannot be preprocessed: $opened"
        continue
    fi
    for file in $(echo "$opened" | sed 's/^[^:]*://; s/\\$//' | xargs realpath -m -- |
        grep -Ev "^($opened_max|$own/($allowed)\.hpp)$"); do
        fault "$header: opens $file"
    done
done

echo "$headers headers, $faults faults"
[ "$headers" -gt 0 ] && [ "$faults" -eq 0 ]
