# SPDX-License-Identifier: BSL-1.0

# Two components, so that `find_package(forest COMPONENTS core)` needs no third-party package.
# Everything goes below share/: headers are the same on every architecture.

include(CMakePackageConfigHelpers)

set(forest_package_dir ${CMAKE_INSTALL_DATADIR}/cmake/forest)
set(forest_pkgconfig_dir ${CMAKE_INSTALL_DATADIR}/pkgconfig)

install(TARGETS forest_core EXPORT forest-core-targets FILE_SET HEADERS FILE_SET bodies)
install(EXPORT forest-core-targets NAMESPACE forest:: DESTINATION ${forest_package_dir})

# The prefix is found from where the file lies, so that the installed tree can be moved.
file(RELATIVE_PATH forest_pkgconfig_to_prefix
    ${CMAKE_INSTALL_PREFIX}/${forest_pkgconfig_dir} ${CMAKE_INSTALL_PREFIX})
set(forest_pkgconfig_files forest-core.pc)

if(TARGET forest)
    install(TARGETS forest EXPORT forest-targets FILE_SET HEADERS FILE_SET bodies)
    install(EXPORT forest-targets NAMESPACE forest:: DESTINATION ${forest_package_dir})
    install(FILES ${CMAKE_CURRENT_LIST_DIR}/Findasio.cmake DESTINATION ${forest_package_dir})
    list(APPEND forest_pkgconfig_files forest.pc)
endif()

foreach(part IN ITEMS cares httplib microhttpd)
    if(TARGET forest_${part})
        install(TARGETS forest_${part} EXPORT forest-${part}-targets FILE_SET HEADERS FILE_SET bodies)
        install(EXPORT forest-${part}-targets NAMESPACE forest:: DESTINATION ${forest_package_dir})
    endif()
endforeach()

foreach(file IN LISTS forest_pkgconfig_files)
    configure_file(${CMAKE_CURRENT_LIST_DIR}/${file}.in ${PROJECT_BINARY_DIR}/${file} @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/${file} DESTINATION ${forest_pkgconfig_dir})
endforeach()

write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/forest-config-version.cmake
    COMPATIBILITY SameMinorVersion
    ARCH_INDEPENDENT)
install(
    FILES ${CMAKE_CURRENT_LIST_DIR}/forest-config.cmake
          ${CMAKE_CURRENT_LIST_DIR}/compiled.cmake
          ${PROJECT_BINARY_DIR}/forest-config-version.cmake
    DESTINATION ${forest_package_dir})
