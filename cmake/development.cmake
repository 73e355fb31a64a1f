# SPDX-License-Identifier: BSL-1.0

# What our own programs are built with; nothing of it reaches a user's target.

# Warnings are errors in our own programs only: a user's newer compiler must not break their build.
# g++ 12 sees overlaps where optimised strings grow (its bug 105651).
function(forest_strict target)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
        $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
endfunction()

# ccache, where there is one, reuses precompiled headers only when told how they may differ.
find_program(FOREST_CCACHE ccache)
mark_as_advanced(FOREST_CCACHE)
if(FOREST_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${FOREST_CCACHE})
endif()

# The compiled form, which our programs link.
foreach(library IN ITEMS forest_compiled_core forest_compiled forest_compiled_cares
        forest_compiled_curl forest_compiled_httplib forest_compiled_microhttpd)
    if(TARGET ${library})
        forest_strict(${library})
        # Simulated years are minutes when they are not optimised.
        target_compile_options(${library} PRIVATE $<$<CONFIG:Debug>:-O1>)
    endif()
endforeach()
