# SPDX-License-Identifier: BSL-1.0

# `cpack` in the build directory makes two Debian packages: libforest-dev, the headers and what finds
# them, and forest-health, the tool with its manual page, completions and units for systemd. The tool
# is left out if it is not built.

set(forest_dev_doc ${CMAKE_INSTALL_DATADIR}/doc/libforest-dev)
set(forest_tool_doc ${CMAKE_INSTALL_DATADIR}/doc/forest-health)
set(packaging_dir ${PROJECT_SOURCE_DIR}/packaging)

find_program(FOREST_GZIP gzip)
find_package(Python3 QUIET COMPONENTS Interpreter)
mark_as_advanced(FOREST_GZIP)

# What Debian's policy wants of a package, and no other installation.
if(FOREST_GZIP)
    string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC) # SOURCE_DATE_EPOCH, if that is set
    configure_file(${packaging_dir}/debian/changelog.in ${PROJECT_BINARY_DIR}/packaging/changelog @ONLY)
    execute_process(COMMAND ${FOREST_GZIP} -9nkf ${PROJECT_BINARY_DIR}/packaging/changelog)
endif()
foreach(doc IN ITEMS dev tool)
    install(FILES ${packaging_dir}/debian/copyright DESTINATION ${forest_${doc}_doc} COMPONENT ${doc}
        EXCLUDE_FROM_ALL)
    install(FILES ${PROJECT_BINARY_DIR}/packaging/changelog.gz DESTINATION ${forest_${doc}_doc}
        COMPONENT ${doc} EXCLUDE_FROM_ALL OPTIONAL)
endforeach()

if(TARGET forest-health)
    install(FILES
        ${packaging_dir}/systemd/forest-health-watch.service
        ${packaging_dir}/systemd/forest-health-serve.service
        DESTINATION lib/systemd/system COMPONENT tool)

    # From the help of the program that was built, so that no option is missing or too much.
    if(Python3_FOUND AND FOREST_GZIP AND NOT CMAKE_CROSSCOMPILING)
        set(generated ${PROJECT_BINARY_DIR}/packaging)
        set(from_help ${Python3_EXECUTABLE} ${packaging_dir}/from_help.py $<TARGET_FILE:forest-health>)
        add_custom_command(OUTPUT ${generated}/forest-health.1.gz
            COMMAND ${from_help} man > ${generated}/forest-health.1
            COMMAND ${FOREST_GZIP} -9nkf ${generated}/forest-health.1
            COMMAND ${from_help} bash > ${generated}/forest-health
            COMMAND ${from_help} zsh > ${generated}/_forest-health
            COMMAND ${from_help} fish > ${generated}/forest-health.fish
            DEPENDS forest-health ${packaging_dir}/from_help.py
            VERBATIM)
        add_custom_target(forest-health-from-help ALL DEPENDS ${generated}/forest-health.1.gz)
        install(FILES ${generated}/forest-health.1.gz
            DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tool OPTIONAL)
        install(FILES ${generated}/forest-health
            DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT tool OPTIONAL)
        install(FILES ${generated}/_forest-health
            DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT tool OPTIONAL)
        install(FILES ${generated}/forest-health.fish
            DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT tool OPTIONAL)
    endif()
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME forest)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "signed health checks of servers, and routes that answer")
set(CPACK_PACKAGE_VENDOR "the authors of forest")
set(CPACK_PACKAGE_CONTACT "the authors of forest <forest@example.com>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL dev)
if(TARGET forest-health)
    list(APPEND CPACK_COMPONENTS_ALL tool)
endif()
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libforest-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libasio-dev (>= 1:1.22), libfmt-dev, libssl-dev (>= 3.0)")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS
    "libc-ares-dev, libcpp-httplib-dev, libcurl4-openssl-dev, libmicrohttpd-dev, pkg-config")
set(CPACK_COMPONENT_DEV_DESCRIPTION
"The headers of the library. An application watches the servers that it
depends on by signed requests, and is called once when a server goes down,
and once when it is back. The part for the standard library alone needs no
other package.")

set(CPACK_DEBIAN_TOOL_PACKAGE_NAME forest-health)
set(CPACK_DEBIAN_TOOL_PACKAGE_SECTION net)
set(CPACK_DEBIAN_TOOL_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_TOOL_DESCRIPTION
"The command checks the health of servers once or all the time, answers
health checks itself, signs requests, and simulates all this over years. Two
services for systemd are installed, and begin when they are configured and
enabled.")

include(CPack)
