#!/bin/bash
# Tests that take long as they are built: two runs side by side share them, the second in a network and with a /run of
# its own, since tests use fixed ports and names. Who may not have such takes one run.
#
# usage: BUILD=<absolute build folder> share-tests.sh unit|integration...
#        EXCEPT= and TEST_TIMEOUT_S= as tests/run.sh has them. The last line is "N passed, N failed, N skipped" of both.
. "$(dirname "$0")/usage.sh"
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1

first=$BUILD/tests/first.txt second=$BUILD/tests/second.txt
export TEST_CLAIMS=$BUILD/tests/claims
rm -rf "$TEST_CLAIMS"
mkdir -p "$TEST_CLAIMS"
: >"$second"
pid=
if unshare -n -m true 2>/dev/null; then
	# What asks the network is left to the other one.
	TEST_ORDER=reverse EXCEPT="${EXCEPT:-} test_mcap_reference integration/test_recover" TEST_ROOT=$BUILD/tests/tmp2 \
		TEST_OUTPUT=$BUILD/tests/output2 unshare -n -m sh -c \
		'ip link set lo up && mount -t tmpfs -o mode=755 none /run && exec tests/run.sh "$@"' sh "$@" \
		>"$second" 2>&1 &
	pid=$!
fi
tests/run.sh "$@" | tee "$first"
status=${PIPESTATUS[0]}
if [ -n "$pid" ]; then
	wait "$pid" || status=1
	cat "$second"
fi

# Of both.
awk '/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { p += $1; f += $3; s += $5; n++ }
	END { print ""; print p + 0 " passed, " f + (n == 0) " failed, " s + 0 " skipped" }' "$first" "$second"
[ "$status" -eq 0 ]
