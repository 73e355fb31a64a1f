# SPDX-License-Identifier: BSL-1.0

# find_package(forest)                  forest::core and forest::forest
# find_package(forest COMPONENTS core)  forest::core alone, which depends on nothing
# find_package(forest COMPONENTS cares) forest::cares too, which depends on c-ares
# find_package(forest COMPONENTS httplib)    forest::core and forest::httplib, which depends on cpp-httplib
# find_package(forest COMPONENTS microhttpd) forest::core and forest::microhttpd, on GNU libmicrohttpd
#
# Each has a compiled form: forest::compiled_core, forest::compiled, forest::compiled_cares and so on.

if(NOT forest_FIND_COMPONENTS)
    set(forest_FIND_COMPONENTS core forest)
    set(forest_FIND_REQUIRED_core TRUE)
    set(forest_FIND_REQUIRED_forest TRUE)
endif()

include(${CMAKE_CURRENT_LIST_DIR}/forest-core-targets.cmake)
set(forest_core_FOUND TRUE)

if("cares" IN_LIST forest_FIND_COMPONENTS)
    list(APPEND forest_FIND_COMPONENTS forest)
endif()

if("forest" IN_LIST forest_FIND_COMPONENTS
   AND EXISTS ${CMAKE_CURRENT_LIST_DIR}/forest-targets.cmake)
    include(CMakeFindDependencyMacro)
    list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
    find_dependency(asio)
    list(REMOVE_ITEM CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
    find_dependency(OpenSSL 3.0)
    if(NOT TARGET fmt::fmt)
        find_dependency(fmt)
    endif()
    include(${CMAKE_CURRENT_LIST_DIR}/forest-targets.cmake)
    set(forest_forest_FOUND TRUE)
endif()

if("cares" IN_LIST forest_FIND_COMPONENTS AND forest_forest_FOUND
   AND EXISTS ${CMAKE_CURRENT_LIST_DIR}/forest-cares-targets.cmake)
    find_dependency(PkgConfig)
    pkg_check_modules(libcares QUIET IMPORTED_TARGET libcares)
    if(TARGET PkgConfig::libcares)
        include(${CMAKE_CURRENT_LIST_DIR}/forest-cares-targets.cmake)
        set(forest_cares_FOUND TRUE)
    endif()
endif()

foreach(component_and_package IN ITEMS "httplib;cpp-httplib" "microhttpd;libmicrohttpd")
    list(GET component_and_package 0 component)
    list(GET component_and_package 1 package)
    if(component IN_LIST forest_FIND_COMPONENTS
       AND EXISTS ${CMAKE_CURRENT_LIST_DIR}/forest-${component}-targets.cmake)
        include(CMakeFindDependencyMacro)
        find_dependency(PkgConfig)
        pkg_check_modules(lib${component} QUIET IMPORTED_TARGET ${package})
        if(TARGET PkgConfig::lib${component})
            include(${CMAKE_CURRENT_LIST_DIR}/forest-${component}-targets.cmake)
            set(forest_${component}_FOUND TRUE)
        endif()
    endif()
endforeach()

include(${CMAKE_CURRENT_LIST_DIR}/compiled.cmake)

foreach(component IN LISTS forest_FIND_COMPONENTS)
    if(forest_FIND_REQUIRED_${component} AND NOT forest_${component}_FOUND)
        set(forest_FOUND FALSE)
        set(forest_NOT_FOUND_MESSAGE "forest has no component '${component}' here.")
    endif()
endforeach()
