#!/bin/bash
# All unit and integration tests with what is built with sanitizers: two runs side by side share them, the second in a
# network and with a /run of its own, since tests use fixed ports and names. Who may not have such takes one run.
#
# usage: BUILD=<absolute build folder> test-sanitize.sh
. "$(dirname "$0")/usage.sh"
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1

# Everything takes its time there, most of all what builds anew. An error exits so that no test takes it for an
# answer of rtloop.
export TEST_TIMEOUT_S=${TEST_TIMEOUT_S:-600} WAIT_S=${WAIT_S:-300}
export ASAN_OPTIONS=exitcode=99:detect_leaks=1
export UBSAN_OPTIONS=print_stacktrace=1
first=$BUILD/tests/first.txt second=$BUILD/tests/second.txt

export TEST_CLAIMS=$BUILD/tests/claims
rm -rf "$TEST_CLAIMS"
mkdir -p "$TEST_CLAIMS"
: >"$second"
pid=
if unshare -n -m true 2>/dev/null; then
	# What asks the network is left to the other one.
	TEST_ORDER=reverse EXCEPT="${EXCEPT:-} test_mcap_reference" TEST_ROOT=$BUILD/tests/tmp2 \
		TEST_OUTPUT=$BUILD/tests/output2 unshare -n -m sh -c \
		'ip link set lo up && mount -t tmpfs -o mode=755 none /run && exec tests/run.sh unit integration' \
		>"$second" 2>&1 &
	pid=$!
fi
tests/run.sh unit integration | tee "$first"
status=${PIPESTATUS[0]}
if [ -n "$pid" ]; then
	wait "$pid" || status=1
	cat "$second"
fi

# Of both.
awk '/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { p += $1; f += $3; s += $5; n++ }
	END { print ""; print p + 0 " passed, " f + (n == 0) " failed, " s + 0 " skipped" }' "$first" "$second"
[ "$status" -eq 0 ]
