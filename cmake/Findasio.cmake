# SPDX-License-Identifier: BSL-1.0

# Defines asio::asio, the standalone header-only Asio, which Debian packages without a CMake
# configuration. Installed beside forest-config.cmake for the same reason.
#
# A project may bring Asio itself. A target asio::asio is used as it is. Asio's own sources have no
# CMakeLists.txt, so what FetchContent made available as `asio` is found by its folder.

if(TARGET asio::asio)
    set(asio_FOUND TRUE)
    return()
endif()

# Releases from 1.38 on have no folder asio/.
find_path(asio_INCLUDE_DIR NAMES asio.hpp
    HINTS ${asio_SOURCE_DIR}/asio/include ${asio_SOURCE_DIR}/include)
mark_as_advanced(asio_INCLUDE_DIR)

if(asio_INCLUDE_DIR)
    file(STRINGS ${asio_INCLUDE_DIR}/asio/version.hpp asio_version_line REGEX "define ASIO_VERSION ")
    string(REGEX MATCH "[0-9]+" asio_version_number "${asio_version_line}")
    math(EXPR asio_major "${asio_version_number} / 100000")
    math(EXPR asio_minor "${asio_version_number} / 100 % 1000")
    math(EXPR asio_patch "${asio_version_number} % 100")
    set(asio_VERSION ${asio_major}.${asio_minor}.${asio_patch})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(asio
    REQUIRED_VARS asio_INCLUDE_DIR
    VERSION_VAR asio_VERSION)

if(asio_FOUND AND NOT TARGET asio::asio)
    include(CMakeFindDependencyMacro)
    find_dependency(Threads)
    add_library(asio::asio INTERFACE IMPORTED)
    target_include_directories(asio::asio INTERFACE ${asio_INCLUDE_DIR})
    target_compile_definitions(asio::asio INTERFACE ASIO_STANDALONE)
    target_link_libraries(asio::asio INTERFACE Threads::Threads)
endif()
