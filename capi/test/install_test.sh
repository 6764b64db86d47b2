#!/usr/bin/env bash
# Installs the package below a temporary prefix, moves it, and builds and runs
# programs that find it there: by find_package and by pkg-config.
# usage: install_test.sh CMAKE BUILD-DIRECTORY LIBRARY-DIRECTORY CC CXX
set -euo pipefail
cmake=$1 build=$2 libdir=$3 cc=$4 cxx=$5
here=$(cd "$(dirname "$0")" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$cmake" --install "$build" --prefix "$work/installed" >/dev/null
mv "$work/installed" "$work/moved"
prefix=$work/moved
(cd "$prefix" && find . -type f -o -type l | sort)

echo "== find_package"
"$cmake" -S "$here/consumer" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" >/dev/null
"$cmake" --build "$work/consumer" >/dev/null
"$work/consumer/consumer_c"
"$work/consumer/consumer_cpp"

echo "== pkg-config"
export PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
export LD_LIBRARY_PATH=$prefix/$libdir
read -ra flags <<<"$(pkg-config --cflags --libs openlts)"
"$cc" "$here/consumer/consumer.c" -o "$work/by_pkg_config" "${flags[@]}"
"$work/by_pkg_config"
"$cxx" -std=c++17 "$here/consumer/consumer.cpp" -o "$work/by_pkg_config" "${flags[@]}"
"$work/by_pkg_config"
[ "$(pkg-config --modversion openlts)" = "$("$work/consumer/consumer_c" | sed 's/.* //')" ]
