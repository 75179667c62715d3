#!/bin/bash
# Run the tests in the testbed, on a PREEMPT_RT kernel in a virtual machine: all unit programs, the
# integration tests, and those of tests/rt, in one boot.
#
# usage: BUILD=<absolute build folder> scripts/test-rt.sh [unit|integration|rt]...	(default: all)
#        TESTS="test_realtime test_run" runs only these.
#
# What each test printed stays in BUILD/rt, with the guest's console. The last line is "N passed, N failed,
# N skipped"; the exit status is 1 if any failed.
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1

BUILD=${BUILD:-$PWD/build}
results=$BUILD/rt
limit_s=600

# The guest has no network: these ask npm for the reference library.
except="test_mcap_reference"

if [ $# -eq 0 ]; then
	set -- unit integration rt
fi
# From an empty folder, except for how long each took.
mkdir -p "$results"
find "$results" -name '*.txt' -delete

scripts/vm/kernel.sh >/dev/null || exit 1
start=$SECONDS
# shellcheck disable=SC2016 # for the guest's shell
scripts/vm/boot.sh --writable "$results" --timeout $limit_s --console "$results/console" -- \
	env BUILD="$BUILD" TEST_OUTPUT="$results" TEST_ROOT=/run/tests EXCEPT="$except" bash -c '
		uname -v
		echo "not run here: $EXCEPT"
		tests/run.sh "$@"' bash "$@" | tee "$results/output"
status=${PIPESTATUS[0]}

grep -E 'BUG:|WARNING:|INFO: |Oops|rcu.*stall' "$results/console" | sed 's/^/the kernel says: /'
if ! tail -n 1 "$results/output" | grep -qE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$'; then
	echo "the tests did not come to their end, after $((SECONDS - start)) s: exit status $status"
	status=1
	# what has passed until then is not counted
	echo "0 passed, 1 failed, 0 skipped"
else
	echo "in the testbed: $((SECONDS - start)) s"
	tail -n 1 "$results/output"
fi
exit "$status"
