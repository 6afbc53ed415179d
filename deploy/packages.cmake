# Debian packages: zonda (the tool, its pages, units), libzonda1 and libzonda-dev. See deploy/package.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_NAME} built using CMake")  # none: each has its own
set(CPACK_PACKAGE_VENDOR "Zonda")
set(CPACK_PACKAGE_CONTACT "The Zonda contributors <zonda@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL tool library development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/sdk/cpp)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_TOOL_PACKAGE_NAME zonda)
set(CPACK_DEBIAN_TOOL_PACKAGE_SECTION net)
set(CPACK_DEBIAN_TOOL_PACKAGE_RECOMMENDS "systemd | systemd-standalone-sysusers")
set(CPACK_DEBIAN_TOOL_PACKAGE_SUGGESTS "openssh-client")
set(CPACK_DEBIAN_TOOL_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/debian/postinst)
set(CPACK_COMPONENT_TOOL_DESCRIPTION "distributed tasks over ZeroMQ
A broker hands commands and typed C++ functions to workers on as many machines
as there are, keeps their results, and gives the tasks of workers that die to
others. This package has all of it in one program.")

set(zonda_library_package libzonda${ZONDA_ABI})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${zonda_library_package})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/shlibs
  "libzonda ${ZONDA_ABI} ${zonda_library_package} (>= ${PROJECT_VERSION})\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA
  ${CMAKE_CURRENT_BINARY_DIR}/shlibs ${CMAKE_CURRENT_LIST_DIR}/debian/triggers)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "distributed tasks over ZeroMQ - shared library
Programs that call functions on workers of Zonda, or are such workers, are
linked with this library.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libzonda-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "${zonda_library_package} (= ${PROJECT_VERSION}-1), libmsgpack-cxx-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "distributed tasks over ZeroMQ - development files
Headers, CMake and pkg-config files for programs that call functions on
workers of Zonda, or are such workers.")

# What Debian wants to see in each package.
find_program(ZONDA_GZIP gzip REQUIRED)
set(documents ${CMAKE_CURRENT_BINARY_DIR}/documents)
file(MAKE_DIRECTORY ${documents})
foreach(pair IN ITEMS CHANGELOG.md:changelog.gz deploy/debian/changelog:changelog.Debian.gz)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 source)
  list(GET pair 1 document)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${source})
  execute_process(COMMAND ${ZONDA_GZIP} -9 -n -c ${PROJECT_SOURCE_DIR}/${source}
                  OUTPUT_FILE ${documents}/${document} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
foreach(part IN ITEMS tool:zonda library:${zonda_library_package} development:libzonda-dev)
  string(REPLACE ":" ";" part ${part})
  list(GET part 0 component)
  list(GET part 1 package)
  configure_file(debian/lintian-overrides ${documents}/${package} @ONLY)
  install(FILES ${documents}/${package}
          DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides COMPONENT ${component})
  install(FILES debian/copyright ${documents}/changelog.gz ${documents}/changelog.Debian.gz
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
endforeach()

include(CPack)
