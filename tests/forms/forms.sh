#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: forms.sh crossing|apart|sizes SOURCE_DIR BUILD_DIR COMPILER
#
# The two forms of the library in one program; the compiled one as users make it by hand. `crossing`: what crosses
# from one to the other does not link, and the message of the linker names the form. `apart`: what does not
# cross is harmless; error codes cross. `sizes`: public types, those of the headers of everything.hpp in
# BUILD_DIR, have the same size in both forms, and with assertions and without.
set -eu
way=$1 source=$2 build=$3 compiler=$4
here=$source/tests/forms
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

coroutines=
case $("$compiler" --version) in *clang*) coroutines='-DASIO_HAS_CO_AWAIT -DASIO_HAS_STD_COROUTINE' ;; esac
separate=-DFOREST_SEPARATE_COMPILATION

# compile NAME ARGUMENT...: to an object file of that name.
compile() {
    name=$1
    shift
    # shellcheck disable=SC2086 # Words.
    "$compiler" -std=c++20 -O0 -I "$source/include" -DASIO_STANDALONE $coroutines \
        -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -c -o "$work/$name.o" "$@"
}
fault() { echo "$*" && exit 1; }

case $way in
crossing)
    for form in header_only separate_compilation; do
        [ $form = header_only ] && caller='' callee=$separate || caller=$separate callee=''
        # shellcheck disable=SC2086 # A word or none.
        compile calls $caller "$here/calls.cpp" && compile called $callee "$here/called.cpp"
        ! "$compiler" -o "$work/program" "$work/calls.o" "$work/called.o" 2>"$work/log" ||
            fault 'two forms that share a type link'
        grep -q "undefined reference.*forest::$form::options" "$work/log" ||
            fault "the linker does not name $form: $(cat "$work/log")"
        # In one form, they link.
        compile called $caller "$here/called.cpp"
        "$compiler" -o "$work/program" "$work/calls.o" "$work/called.o"
    done
    ;;
apart)
    printf '#include <forest/src_core.hpp>\n' >"$work/core.cpp"
    compile core $separate "$work/core.cpp"
    compile separate $separate "$here/separate.cpp"
    compile main "$here/main.cpp"
    "$compiler" -o "$work/program" "$work/main.o" "$work/separate.o" "$work/core.o" -pthread
    "$work/program"
    # What both define must be the same: it is of both forms, or not of the library.
    for object in main separate core; do
        nm --defined-only "$work/$object.o" | awk '$3 ~ /6forest/ { print $3 }' | sort >"$work/$object.symbols"
        [ -s "$work/$object.symbols" ] || fault "$object has no symbols of the library"
    done
    sort -u "$work/separate.symbols" "$work/core.symbols" | comm -12 - "$work/main.symbols" |
        grep -v '8any_form' >"$work/both" || true
    [ ! -s "$work/both" ] || fault "defined in both forms: $(c++filt <"$work/both" | head)"
    ! grep -l '20separate_compilation' "$work/main.symbols" || fault 'the other form is in main.cpp'
    ! grep -l '11header_only' "$work/separate.symbols" "$work/core.symbols" || fault 'the other form is in separate.cpp'
    ;;
sizes)
    # The classes that a public header defines and that are no templates, and what it calls by a name of its own.
    sed -n 's/^#include <\(.*\)>$/\1/p' "$build/everything.hpp" | grep -v /detail/ >"$work/headers"
    {
        sed 's/.*/#include <&>/' "$work/headers"
        # shellcheck disable=SC2046 # Headers are words.
        cd "$source/include" && awk '
            FNR == 1 { depth = 0 }
            /^namespace .*[{]$/ {
                name = $0; gsub(/^namespace |::inline FOREST_FORM| [{]$/, "", name)
                ++depth; within[depth] = within[depth - 1] name "::"
            }
            # That of another library holds only declarations.
            /^} \/\/ namespace/ || (/^}$/ && depth && within[depth] !~ /forest/) { --depth }
            /^template/ { generic = 1 }
            /^(class|struct) [a-z_0-9]+( final)?( :|( [{])|$)|^using [a-z_0-9]+ =/ {
                name = $2; sub(/:$/, "", name)
                if (within[depth] !~ /detail/ && !generic)
                    printf "extern const unsigned long size_%d_%s = sizeof(%s%s);\n", ++count, name, within[depth], name
            }
            /^[^t ]/ && !/^requires/ { generic = 0 }
        ' $(cat "$work/headers")
    } >"$work/sizes.cpp"
    for options in "-DNOTHING" "-DNDEBUG" "$separate"; do
        # shellcheck disable=SC2086
        "$compiler" -std=c++20 -O0 -S -I "$source/include" -DASIO_STANDALONE $coroutines $options \
            -o "$work/sizes.s" "$work/sizes.cpp"
        awk '/^size_.*:$/ { name = $1; next } name != "" && /[.]quad/ { print name, $2; name = "" }' \
            "$work/sizes.s" >"$work/sizes$options"
        [ "$(wc -l <"$work/sizes$options")" -ge 100 ] || fault "few sizes: $(cat "$work/sizes$options")"
    done
    for options in "-DNDEBUG" "$separate"; do
        diff "$work/sizes-DNOTHING" "$work/sizes$options" || fault "types have another size with $options"
    done
    wc -l <"$work/sizes-DNOTHING"
    ;;
esac
