# An overlay port, which builds from the repository that it lies in: docs/cpp.md.
vcpkg_check_linkage(ONLY_DYNAMIC_LIBRARY)
get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../../.." ABSOLUTE)

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    -DOPENLTS_BUILD_TESTS=OFF
    -DOPENLTS_BUILD_EXAMPLES=OFF
    -DBUILD_TESTING=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/openlts)
vcpkg_fixup_pkgconfig()
# The library is the same in both kinds of build; headers belong to the first alone.
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
