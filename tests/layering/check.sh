#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: check.sh INCLUDE_DIR COMPILER [HEADER...]
#
# Proves the layers: each may include what is named here and, below the adapters, nothing else but
# the standard library. The test reads the #include lines, and refuses a spelling that could hide one.
# For headers that may include no other package, it also compares the files that the compiler opens.
# The other headers are not preprocessed, because their packages may be missing. A file
# impl/NAME.ipp belongs to the layer of its header NAME.hpp, and only that header and the sources of
# the compiled form, src_*.hpp, include it. All files are tested, or those that are named, relative to INCLUDE_DIR/forest.
set -eu
include=$(realpath "$1") compiler=$2
shift 2
cd "$include/forest"
# shellcheck disable=SC2046 # No header's name has a blank.
[ $# -gt 0 ] || set -- $(find . -name '*.[hi]pp' | sed 's,^\./,,' | sort)

faults=0
fault() {
    echo "$1"
    faults=$((faults + 1))
}

# The headers of this library that a layer may include, as extended regular expressions. What lies
# below a `detail/` is open to its own layer and to those above, and closed to those beside: one
# adapter's to another, and that of sim to the adapters.
# The form of the library is below all layers.
lowest='version|form'
core="core/.+|$lowest"
policy="$core|policy/(impl/)?[^/]+"
assemblies="$policy|(detail|impl)/.+|(basic_)?fwd|(basic_)?(health_client|health_fleet|datasource)"
assemblies="$assemblies|health_route|schema_route|signed_route|health_probe|probes|route_table"

# The rooms of sim: each may include those before it.
rooms='time script trace network world rules search explore conformance'
sim_from() {
    allowed=$assemblies
    for room in $rooms; do
        allowed="$allowed|sim/$room/.+"
        [ "$room" != "$1" ] || return 0
    done
    return 1
}
public_of_sim='sim/[^/]+/[^/]+'
public_of_adapters='adapters/[^/]+/[^/]+'

# allow HEADER: sets `allowed`, or fails.
allow() {
    inner=${1#*/}
    case $1 in
    form.hpp | version.hpp) allowed=$lowest ;;
    core/*) allowed=$core ;;
    policy/*) allowed=$policy ;;
    sim/*/*) sim_from "${inner%%/*}" ;;
    adapters/posix/*) allowed="$assemblies|$public_of_sim|adapters/posix/.+" ;;
    adapters/*/*) allowed="$assemblies|$public_of_adapters|adapters/${inner%%/*}/.+" ;;
    forest.hpp | default_*.hpp) allowed="$assemblies|$public_of_adapters|default_[a-z]+" ;;
    src.hpp | src_*.hpp) allowed='src_.+|forest|sim/.+' ;;
    *) echo "$1" | grep -Eq "^($assemblies)\.[hi]pp$" && allowed=$assemblies ;;
    esac
}

# Where the compiler keeps its own headers and the C library's. C headers of other packages may lie
# beside them, but the text of an #include of one shows it: its name has a dot.
c_folders='bits|sys|gnu|asm|asm-generic|linux'
system="/usr/include/([a-z0-9_]+-linux-gnu[a-z]*/)?((c\+\+|$c_folders)/.+|[a-z0-9_-]+\.h)"
system="$system|/usr/lib/(gcc|llvm-[0-9]+|clang)/.+"
own=$(echo "$include/forest" | sed 's/[.+]/\\&/g')

directive='^[[:space:]]*#[[:space:]]*(include|if|ifdef|ifndef|elif|else|endif|define|undef|error|pragma)([^a-z_0-9]|$)'

headers=0
for header; do
    headers=$((headers + 1))
    if ! allow "$header"; then
        fault "$header: belongs to no layer"
        continue
    fi
    case $header in adapters/* | forest.hpp | default_*.hpp | src*.hpp) foreign=true ;; *) foreign=false ;; esac
    # What stands on POSIX alone opens headers of the system and no other package's.
    case $header in
    adapters/posix/*)
        packages=false
        opened_max="$system|/usr/include/(netinet|rpc)/.+|$own/sim/.+"
        ;;
    *) packages=$foreign opened_max=$system ;;
    esac

    # The only .ipp that a header may include is its own.
    name=${header##*/} folder=${header%"${header##*/}"}
    implementation=${folder}impl/${name%.hpp}[.]ipp
    case $header in
    src_*.hpp) implementation='.+' ;;
    impl/*.ipp | */impl/*.ipp)
        owner=${folder%impl/}${name%.ipp}.hpp
        [ -e "$owner" ] || fault "$header: there is no $owner"
        ;;
    *.ipp) fault "$header: does not lie in a folder impl/" ;;
    esac

    # A directive of another name than these, by a digraph, after a comment or over several lines
    # could hide an #include. A standard header of C++ has neither a dot nor a slash in its name.
    seen=$(awk -v allowed="^($allowed)$" -v foreign=$foreign \
        -v implementation="^$implementation\$" -v directive="$directive" '
        (/^[[:space:]]*#/ && $0 !~ directive) ||
        /^[[:space:]]*(%:|[?][?]=|import[[:space:]<"]|export[[:space:]])/ ||
        /[*]\/[[:space:]]*(#|%:|[?][?]=)/ || /(\\|[?][?]\/)[[:space:]]*$/ {
            print "has a line that may hide an #include: " $0
            next
        }
        !sub(/^[[:space:]]*#[[:space:]]*include[[:space:]]*/, "") { next }
        { sub(/[[:space:]].*/, ""); name = $0 }
        /^<forest\/.*[.]hpp>$/ {
            gsub(/^<forest\/|[.]hpp>$/, "")
            if ($0 !~ allowed) print "includes " name ", which is not below it"
            next
        }
        /^<forest\/.*[.]ipp>$/ {
            gsub(/^<forest\/|>$/, "")
            if ($0 !~ implementation) print "includes " name ", which is not its own"
            next
        }
        /^<.*[.\/]/ {
            if (foreign != "true" || /^<forest\//)
                print "includes " name ", which is not of the standard library"
            next
        }
        !/^</ { print "includes " name " in a form that this test cannot follow" }
    ' "$header")
    while read -r found; do
        [ -z "$found" ] || fault "$header: $found"
    done <<END
$seen
END

    # What an .ipp opens is seen through its header.
    case $header in *.ipp) continue ;; esac
    $packages && continue
    if ! opened=$("$compiler" -std=c++20 -M -x c++ -I "$include" "$header" 2>&1); then
        fault "$header: cannot be preprocessed: $opened"
        continue
    fi
    for file in $(echo "$opened" | sed 's/^[^:]*://; s/\\$//' | xargs realpath -m -- |
        grep -Ev "^($opened_max|$own/($allowed)\.[hi]pp)$"); do
        fault "$header: opens $file"
    done
done

echo "$headers headers, $faults faults"
[ "$headers" -gt 0 ] && [ "$faults" -eq 0 ]
