#!/usr/bin/env bash
# Installs the package below a temporary prefix, moves it, and builds and runs
# programs that find it there: by find_package and by pkg-config; and some that
# take the sources into their own build.
# usage: package_test.sh CMAKE BUILD-DIRECTORY LIBRARY-DIRECTORY CC CXX
set -euo pipefail
cmake=$1 build=$2 libdir=$3 cc=$4 cxx=$5
here=$(cd "$(dirname "$0")" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# quietly COMMAND...: shows what a command printed only if it failed.
quietly() {
  "$@" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
  }
}

# consumer NAME OPTION...: builds the programs with CMake and runs them.
consumer() {
  local name=$1
  shift
  echo "== $name"
  quietly "$cmake" -S "$here/consumer" -B "$work/$name" \
    -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" "$@"
  quietly "$cmake" --build "$work/$name"
  "$work/$name/consumer_c"
  "$work/$name/consumer_cpp"
}

quietly "$cmake" --install "$build" --prefix "$work/installed"
mv "$work/installed" "$work/moved"
prefix=$work/moved
(cd "$prefix" && find . -type f -o -type l | sort)

consumer find_package -DCMAKE_PREFIX_PATH="$prefix"
consumer add_subdirectory -DOPENLTS_SOURCES="$here/../.."

echo "== pkg-config"
export PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
export LD_LIBRARY_PATH=$prefix/$libdir
read -ra flags <<<"$(pkg-config --cflags --libs openlts)"
"$cc" "$here/consumer/consumer.c" -o "$work/consumer" "${flags[@]}"
"$work/consumer"
[ "$("$work/consumer")" = "C: OpenLTS $(pkg-config --modversion openlts)" ]
"$cxx" -std=c++17 "$here/consumer/consumer.cpp" -o "$work/consumer" "${flags[@]}"
"$work/consumer"
