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

# The headers of this library that a layer may include, as extended regular expressions. What lies
# below a `detail/` is open to its own layer and to those above, and closed to those beside: one
# adapter's to another, and that of sim to the adapters.
core='core/.+|version'
policy="$core|policy/[^/]+"
assemblies="$policy|detail/.+|health_client|health_fleet|datasource|health_route|schema_route|signed_route"

# The rooms of sim: each may include those before it.
rooms='time script trace network world rules search explore conformance'
sim_from() {
    allowed=$assemblies
    for room in $rooms; do
        allowed="$allowed|sim/$room/.+"
        [ "$room" != "$1" ] || { echo "$allowed" && return; }
    done
    return 1
}
public_of_sim='sim/[^/]+/[^/]+'
public_of_adapters='adapters/[^/]+/[^/]+'

allowed_from() {
    case $1 in
    version.hpp) echo version ;;
    core/*) echo "$core" ;;
    policy/*) echo "$policy" ;;
    sim/*/*) sim_from "$(echo "$1" | cut -d/ -f2)" ;;
    adapters/posix/*) echo "$assemblies|$public_of_sim|adapters/posix/.+" ;;
    adapters/*/*) echo "$assemblies|$public_of_adapters|$(echo "$1" | cut -d/ -f1-2)/.+" ;;
    forest.hpp) echo "$assemblies|$public_of_adapters" ;;
    *) echo "$1" | grep -Eq "^($assemblies)\.hpp$" && echo "$assemblies" ;;
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
    adapters/posix/*)
        packages=false
        opened_max="$system|/usr/include/(netinet|rpc)/.+|$own/sim/.+"
        ;;
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
