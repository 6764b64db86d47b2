#!/usr/bin/env bash
# The headers keep what promised.c promises of them, and it promises all they have.
# usage: promised_test.sh CC INCLUDE-DIRECTORY
set -euo pipefail
cc=$1 headers=$2/openlts
promised=$(dirname "$0")/promised.c

"$cc" -std=c11 -Wall -Wextra -Werror -fsyntax-only "-I$2" "$promised"

# lacks TEXT: says that a line is missing that begins so.
missing=0
lacks() {
  if ! grep -qF -- "$1" "$promised"; then
    echo "$promised has no line with $1" >&2
    missing=1
  fi
}
found=0
while read -r text; do
  lacks "$text"
  found=$((found + 1))
done < <(
  sed -nE 's/^  (LTS_[A-Z0-9_]+) = .*/VALUE(\1,/p' "$headers/definitions.h"
  awk '/^typedef struct LTS_/ { type = $3 } /^}/ { type = "" }
    type && /^  [^\/].*;$/ { sub(/(\[[0-9]+\])?;$/, ""); sub(/.*[ *]/, ""); print "FIELD(" type ", " $0 "," }' \
    "$headers/openlts.h"
  grep -ohE 'LTS_CALL LTS_[A-Za-z]+\(' "$headers/openlts.h"
)
if [ "$found" -lt 100 ]; then
  echo "only $found names were found in $headers: this test no longer reads them" >&2
  exit 1
fi
exit $missing
