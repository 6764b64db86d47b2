# Compiles for arm64, by zig, and runs what was compiled under qemu-user.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
# The tests, unlike the library, call what came with glibc 2.34.
set(zig_target aarch64-linux-gnu.2.34)
set(CMAKE_C_COMPILER ${CMAKE_CURRENT_LIST_DIR}/../zig-cc ${zig_target})
set(CMAKE_CXX_COMPILER ${CMAKE_CURRENT_LIST_DIR}/../zig-c++ ${zig_target})
set(CMAKE_AR aarch64-linux-gnu-ar)
set(CMAKE_RANLIB aarch64-linux-gnu-ranlib)
find_program(OPENLTS_EMULATOR qemu-aarch64 REQUIRED)
set(CMAKE_CROSSCOMPILING_EMULATOR ${OPENLTS_EMULATOR} -L /usr/aarch64-linux-gnu)
