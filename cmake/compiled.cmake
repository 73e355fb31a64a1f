# SPDX-License-Identifier: BSL-1.0

# The compiled form of the library, as static libraries that the user's own build compiles: it is
# compiled with the user's flags, and the installed package needs no binaries. Nothing is compiled
# unless a target links it.
#
#   forest::compiled_core    beside forest::core
#   forest::compiled         beside forest::forest
#   forest::compiled_cares   beside forest::cares; so for forest::curl, forest::httplib, forest::microhttpd
#
# Included by the library's own CMakeLists.txt, and by forest-config.cmake from the installed package.

# forest_add_compiled(PART HEADER LIBRARY...): forest::PART, which compiles HEADER.
function(forest_add_compiled part header)
    # Another folder of the same build may have made it.
    if(TARGET forest_${part})
        return()
    endif()
    get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    if(NOT "CXX" IN_LIST languages)
        return()
    endif()
    set(file ${CMAKE_CURRENT_BINARY_DIR}/forest_${part}.cpp)
    file(CONFIGURE OUTPUT ${file} CONTENT "#include <forest/${header}>\n" @ONLY)
    add_library(forest_${part} STATIC EXCLUDE_FROM_ALL ${file})
    add_library(forest::${part} ALIAS forest_${part})
    target_compile_definitions(forest_${part} PUBLIC FOREST_SEPARATE_COMPILATION)
    target_link_libraries(forest_${part} PUBLIC ${ARGN})
endfunction()

if(TARGET forest::core)
    forest_add_compiled(compiled_core src_core.hpp forest::core)
endif()
if(TARGET forest::forest)
    forest_add_compiled(compiled src_stack.hpp forest::compiled_core forest::forest)
endif()
foreach(adapter IN ITEMS cares curl httplib)
    if(TARGET forest::${adapter})
        forest_add_compiled(compiled_${adapter} src_${adapter}.hpp forest::compiled forest::${adapter})
    endif()
endforeach()
if(TARGET forest::microhttpd)
    forest_add_compiled(compiled_microhttpd src_microhttpd.hpp forest::compiled_core forest::microhttpd)
endif()
