#!/usr/bin/env bash
# npm test: sets the machine up, then runs the checks and every suite. Ends with `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/.."
sh scripts/setup.sh test || { echo '0 passed, 1 failed'; exit 1; }
export PATH="$PWD/node_modules/.bin:$PATH"

passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

tally() { # name, command…
  local name=$1 line
  shift
  echo "── $name"
  "$@" 2>&1 | tee "$log"
  local code=${PIPESTATUS[0]}
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
  if [ -n "$line" ]; then
    passed=$((passed + ${line%% passed*}))
    line=${line#* passed, }
    failed=$((failed + ${line%% failed*}))
  elif [ "$code" -eq 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
}

tally check node scripts/check.ts
for suite in unit root system inputs; do tally "$suite" node scripts/run-tests.ts "$suite"; done
echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
