# SPDX-License-Identifier: BSL-1.0

# As an overlay, the port takes the tree in which it lies, or another one by FOREST_SOURCE_DIR in the
# environment (with VCPKG_KEEP_ENV_VARS=FOREST_SOURCE_DIR). In a registry this is vcpkg_from_git.
if(DEFINED ENV{FOREST_SOURCE_DIR})
    set(SOURCE_PATH "$ENV{FOREST_SOURCE_DIR}")
else()
    get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../../.." ABSOLUTE)
endif()

vcpkg_check_features(OUT_FEATURE_OPTIONS FEATURE_OPTIONS
    INVERTED_FEATURES
        stack FOREST_CORE_ONLY)

set(VCPKG_BUILD_TYPE release) # header-only
vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        ${FEATURE_OPTIONS}
        -DFOREST_BUILD_TESTS=OFF
        -DFOREST_BUILD_EXAMPLES=OFF
        -DFOREST_BUILD_TOOL=OFF
        -DFOREST_BUILD_WAREHOUSE=OFF
        -DFOREST_WITH_CARES=OFF
        -DFOREST_WITH_CURL=OFF
        -DFOREST_WITH_HTTPLIB=OFF
        -DFOREST_WITH_MICROHTTPD=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/forest)
vcpkg_fixup_pkgconfig()

file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
