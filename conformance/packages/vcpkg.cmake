# Plays vcpkg's part for a port, as vcpkg's documentation has it: what a portfile calls, and
# where that puts and changes what was installed. Run by
#
#   cmake -D PORT=name -D CURRENT_PORT_DIR=... -D CURRENT_PACKAGES_DIR=... -D CURRENT_BUILDTREES_DIR=... -P vcpkg.cmake

foreach(name IN ITEMS PORT CURRENT_PORT_DIR CURRENT_PACKAGES_DIR CURRENT_BUILDTREES_DIR)
  if(NOT DEFINED ${name})
    message(FATAL_ERROR "${name} is not set")
  endif()
endforeach()

function(done)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_check_linkage)
endfunction()

# Both kinds of build, the second below a folder of the first.
function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 port "" "SOURCE_PATH" "OPTIONS")
  foreach(pair IN ITEMS Release= Debug=/debug)
    string(REGEX MATCH "^(.*)=(.*)$" _ ${pair})
    done(${CMAKE_COMMAND} -S ${port_SOURCE_PATH} -B ${CURRENT_BUILDTREES_DIR}/${CMAKE_MATCH_1}
      -D CMAKE_BUILD_TYPE=${CMAKE_MATCH_1} -D CMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR}${CMAKE_MATCH_2}
      -D CMAKE_INSTALL_LIBDIR:STRING=lib -D BUILD_SHARED_LIBS=ON ${port_OPTIONS})
  endforeach()
endfunction()

function(vcpkg_cmake_install)
  foreach(kind IN ITEMS Debug Release)
    done(${CMAKE_COMMAND} --build ${CURRENT_BUILDTREES_DIR}/${kind} --target install)
  endforeach()
endfunction()

# Moves the CMake package to share/PORT, where it lies two folders below its prefix, and drops that of the other build.
function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 port "" "CONFIG_PATH" "")
  set(share ${CURRENT_PACKAGES_DIR}/share/${PORT})
  file(GLOB files ${CURRENT_PACKAGES_DIR}/${port_CONFIG_PATH}/*)
  file(COPY ${files} DESTINATION ${share})
  foreach(kind IN ITEMS "" /debug)
    get_filename_component(parent ${CURRENT_PACKAGES_DIR}${kind}/${port_CONFIG_PATH} DIRECTORY)
    file(REMOVE_RECURSE ${parent})
  endforeach()
  file(GLOB files ${share}/*.cmake)
  foreach(file IN LISTS files)
    file(READ ${file} text)
    string(REGEX REPLACE "(PACKAGE_PREFIX_DIR \"\\\${CMAKE_CURRENT_LIST_DIR})/(\\.\\./)+" "\\1/../../" text "${text}")
    file(WRITE ${file} "${text}")
  endforeach()
endfunction()

# Gives each file a prefix by its own place; headers belong to both kinds.
function(vcpkg_fixup_pkgconfig)
  foreach(kind IN ITEMS "" /debug)
    file(GLOB files ${CURRENT_PACKAGES_DIR}${kind}/lib/pkgconfig/*.pc)
    foreach(file IN LISTS files)
      file(READ ${file} text)
      string(REGEX REPLACE "(^|\n)prefix[\t ]*=[^\n]*" "" text "${text}")
      if(kind)
        string(REPLACE "\${prefix}/include" "\${prefix}/../include" text "${text}")
      endif()
      string(REGEX REPLACE " -([LIl])(\\\${[^}]*}[^ \n\t]*)" " -\\1\"\\2\"" text "${text}")
      file(WRITE ${file} "prefix=\${pcfiledir}/../..\n${text}")
    endforeach()
  endforeach()
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 port "" "" "FILE_LIST")
  file(INSTALL ${port_FILE_LIST} DESTINATION ${CURRENT_PACKAGES_DIR}/share/${PORT} RENAME copyright)
endfunction()

include(${CURRENT_PORT_DIR}/portfile.cmake)
