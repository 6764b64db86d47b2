#!/usr/bin/env bash
# The headers keep what promised.c promises of them, and it promises every function they have.
# (Its lines for fields and values come from build/generate.)
# usage: promised_test.sh CC INCLUDE-DIRECTORY
set -euo pipefail
cc=$1 headers=$2/openlts
promised=$(dirname "$0")/promised.c

"$cc" -std=c11 -Wall -Wextra -Werror -fsyntax-only "-I$2" "$promised"

missing=0
found=0
while read -r function; do
  found=$((found + 1))
  if ! grep -qF -- "$function" "$promised"; then
    echo "$promised does not declare $function...): copy its declaration there" >&2
    missing=1
  fi
done < <(grep -ohE 'LTS_CALL LTS_[A-Za-z]+\(' "$headers/openlts.h")
if [ "$found" -lt 10 ]; then
  echo "only $found functions were found in $headers: this test no longer reads them" >&2
  exit 1
fi
exit $missing
