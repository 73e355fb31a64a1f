# SPDX-License-Identifier: BSL-1.0

# find_package(forest)                  forest::core and forest::forest
# find_package(forest COMPONENTS core)  forest::core alone, which depends on nothing
# find_package(forest COMPONENTS cares) forest::cares too, which depends on c-ares; so for `curl`
#                                       (libcurl) and `httplib` (cpp-httplib)
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

set(forest_package_of_cares libcares)
set(forest_package_of_curl libcurl)
set(forest_package_of_httplib cpp-httplib)
foreach(adapter IN ITEMS cares curl httplib)
    if("${adapter}" IN_LIST forest_FIND_COMPONENTS)
        list(APPEND forest_FIND_COMPONENTS forest)
    endif()
endforeach()

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

foreach(adapter IN ITEMS cares curl httplib)
    if("${adapter}" IN_LIST forest_FIND_COMPONENTS AND forest_forest_FOUND
       AND EXISTS ${CMAKE_CURRENT_LIST_DIR}/forest-${adapter}-targets.cmake)
        set(package ${forest_package_of_${adapter}})
        find_dependency(PkgConfig)
        pkg_check_modules(${package} QUIET IMPORTED_TARGET ${package})
        if(TARGET PkgConfig::${package})
            include(${CMAKE_CURRENT_LIST_DIR}/forest-${adapter}-targets.cmake)
            set(forest_${adapter}_FOUND TRUE)
        endif()
    endif()
endforeach()

if("microhttpd" IN_LIST forest_FIND_COMPONENTS
   AND EXISTS ${CMAKE_CURRENT_LIST_DIR}/forest-microhttpd-targets.cmake)
    include(CMakeFindDependencyMacro)
    find_dependency(PkgConfig)
    pkg_check_modules(libmicrohttpd QUIET IMPORTED_TARGET libmicrohttpd)
    if(TARGET PkgConfig::libmicrohttpd)
        include(${CMAKE_CURRENT_LIST_DIR}/forest-microhttpd-targets.cmake)
        set(forest_microhttpd_FOUND TRUE)
    endif()
endif()

include(${CMAKE_CURRENT_LIST_DIR}/compiled.cmake)

foreach(component IN LISTS forest_FIND_COMPONENTS)
    if(forest_FIND_REQUIRED_${component} AND NOT forest_${component}_FOUND)
        set(forest_FOUND FALSE)
        set(forest_NOT_FOUND_MESSAGE "forest has no component '${component}' here.")
    endif()
endforeach()
