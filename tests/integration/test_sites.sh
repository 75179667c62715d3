#!/bin/bash
# A sample of failure at every site: some hundred calls and allocations fail, one in each run. All of them do
# under the sanitizers in tests/sites/run.sh, which `make test-long` runs.
. "$(dirname "$0")/lib.sh"

sites=$BUILD/tests/sites/sites
[ -x "$sites" ] || skip "$sites is not built"
stride=25
if uname -v | grep -q PREEMPT_RT; then
	stride=150 # an emulated machine
fi
"$sites" -1 -s $stride "$TEST_TMP" "$BUILD/tests/plugins/slow.so" > "$TEST_TMP/sites.out" 2>&1 ||
	fail "$(grep -A 8 -E '^(FAIL|sites:)' "$TEST_TMP/sites.out")"
runs=$(sed -n 's/^worker [0-9]*: \([0-9]*\) runs.*/\1/p' "$TEST_TMP/sites.out" | awk '{ n += $1 } END { print n + 0 }')
expect_at_least "runs with a failure" 15 "$runs"
finish
