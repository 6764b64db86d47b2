# shellcheck shell=bash
# What builds Go and C for another machine than this one. For scripts to read, from the
# repository's root:
#
#   source build/toolchain.sh
#   toolchain TARGET  sets what `go build` reads of the environment: GOOS, GOARCH, CC; and
#                     strip, which takes out what the linker leaves in. Ends the script
#                     if something is missing, with exit code 2 if there is no such target.
#
# The targets are those that build/library --help lists.

strip=

# linking MAP COMMAND...: runs a command that links, and keeps in MAP what the linker says (which it is asked to by
# -Wl,--print-map): the map of what got into the binary, for build/licenses. zig makes one for Linux alone.
linking() {
  local map=$1
  shift
  "$@" >"$map" 2>&1 || {
    cat "$map" >&2
    exit 1
  }
}

toolchain_fail() {
  printf '%s: %s\n' "$0" "$*" >&2
  exit 1
}

# What C is compiled by is part of the key in Go's compile cache, which clones share: it
# is a name, not a path.
toolchain_need_zig() {
  out/venv/bin/python -c 'import ziglang' 2>/dev/null ||
    toolchain_fail "--target $1 needs the compiler zig: run build/bootstrap all."
  PATH=$PATH:$PWD/build
}

# zig makes for another machine's Go, and for an old glibc.
toolchain_linux() {
  local target=$1 machine=${1#linux-}
  toolchain_need_zig "$target"
  strip='strip'
  [ "$(uname -m)" = "$machine" ] || strip=$machine-linux-gnu-strip
  command -v "$strip" >/dev/null || toolchain_fail "--target $target needs $strip: run build/bootstrap all."
  export GOOS=linux GOARCH=$2 CC="zig-cc $machine-linux-gnu.2.17"
}

toolchain_android() {
  local host
  host=$(uname -s | tr '[:upper:]' '[:lower:]')-x86_64
  local tools=${ANDROID_NDK_HOME:-}/toolchains/llvm/prebuilt/$host/bin
  [ -x "$tools/clang" ] ||
    toolchain_fail "--target $1 needs Android's NDK, r23 or newer: set ANDROID_NDK_HOME to its directory."
  export GOOS=android GOARCH=$2 CC="$tools/$3-clang"
}

toolchain() {
  case "$1" in
    linux-x86_64) toolchain_linux "$1" amd64 ;;
    linux-aarch64) toolchain_linux "$1" arm64 ;;
    android-arm64-v8a) toolchain_android "$1" arm64 aarch64-linux-android23 ;;
    android-armeabi-v7a)
      toolchain_android "$1" arm armv7a-linux-androideabi23
      export GOARM=7
      ;;
    android-x86_64) toolchain_android "$1" amd64 x86_64-linux-android23 ;;
    windows-x86_64)
      # Import libraries are made by zig: those of LLVM are for every linker there is.
      toolchain_need_zig "$1"
      command -v x86_64-w64-mingw32-gcc >/dev/null ||
        toolchain_fail "--target $1 needs x86_64-w64-mingw32-gcc: run build/bootstrap all."
      export GOOS=windows GOARCH=amd64 CC=x86_64-w64-mingw32-gcc
      ;;
    windows-aarch64)
      toolchain_need_zig "$1"
      export GOOS=windows GOARCH=arm64 CC="zig-cc aarch64-windows-gnu"
      ;;
    # For frameworks, there are stubs (build/apple-stubs): only a Mac has them.
    macos-aarch64)
      toolchain_need_zig "$1"
      export GOOS=darwin GOARCH=arm64 CC="zig-cc aarch64-macos.12.0"
      ;;
    macos-x86_64)
      toolchain_need_zig "$1"
      export GOOS=darwin GOARCH=amd64 CC="zig-cc x86_64-macos.12.0"
      ;;
    *)
      echo "$0: there is no target $1; build/library --help lists them." >&2
      exit 2
      ;;
  esac
}
