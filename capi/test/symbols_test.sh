#!/usr/bin/env bash
# The library exports exactly the functions of its headers, under its SONAME: the
# name of its file; and each that symbols.txt names in the version it came with, so
# that programs which were linked with an older library find it.
# usage: symbols_test.sh LIBRARY HEADER...
set -euo pipefail
export LC_ALL=C # one order for all
library=$1
shift
headers=$*

declared=$(cat "$@" | grep -oE 'LTS_CALL LTS_[A-Za-z]+' | cut -d' ' -f2 | sort)
# "A" are the names of symbol versions, not symbols.
exported=$(nm -D --defined-only "$library" | awk '$2 != "A" {sub(/@.*/, "", $3); print $3}' | sort)

failed=0
if [ -z "$declared" ]; then
  echo "no functions found in $headers" >&2
  failed=1
fi
if ! difference=$(diff <(echo "$declared") <(echo "$exported")); then
  echo "Declared in $headers (<) and exported by $library (>) differ:" >&2
  echo "$difference" >&2
  failed=1
fi
promised=$(dirname "$0")/symbols.txt
if ! difference=$(comm -23 "$promised" <(nm -D --defined-only --with-symbol-versions "$library" | awk '{print $3}' | sort)); then
  failed=1
elif [ -n "$difference" ]; then
  echo "Promised in $promised and not exported by $library:" >&2
  echo "$difference" >&2
  failed=1
fi
# A function that is new has its line in symbols.txt, from then on for good.
if [[ $(basename "$library") == libopenlts.so* ]] && ! difference=$(diff <(sed 's/@.*//' "$promised") <(echo "$declared")); then
  echo "Promised in $promised (<) and declared in $headers (>) differ:" >&2
  echo "$difference" >&2
  failed=1
fi
soname=$(readelf -d "$library" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
if [ "$soname" != "$(basename "$library")" ]; then
  echo "The SONAME is \"$soname\", not \"$(basename "$library")\"." >&2
  failed=1
fi
if ! readelf -d "$library" | grep -q 'NODELETE'; then
  echo "The library lacks the flag NODELETE: it could be unloaded under its threads." >&2
  failed=1
fi
if nm -D "$library" | grep -i sqlite3; then
  echo "SQLite's symbols are visible: the host's own SQLite would mix with them." >&2
  failed=1
fi
exit $failed
