#!/bin/bash
# Run the tests in the testbed, on a PREEMPT_RT kernel in a virtual machine: all unit programs, the
# integration tests, and those of tests/rt.
#
# usage: BUILD=<absolute build folder> scripts/test-rt.sh [unit|integration|rt]...	(default: all)
#        TESTS="test_realtime test_run" runs only these; WAYS=PACER+POLLER as tests/run.sh has it.
#
# Two guests share the work, since emulation is slow and one guest keeps hardly more than one CPU busy. One
# begins with the unit programs, and has one CPU: this is emulated at half the expense. The other begins at
# the end, with tests/rt, and has two. Each test runs once, in whichever comes to it first.
#
# What puts the machine to sleep comes after them, in a third guest, with all in its memory: 9p does not survive it.
#
# Emulated on a shared machine, a guest may stand still for seconds, in the middle of what a test looks at. So
# up to three tests that failed are run again, alone; those that pass then are named at the end.
#
# Tests that try every byte, or very many numbers, try one in TEST_STRIDE of them here, a prime number, so that what
# depends on the place is met at all of its values.
#
# What each test printed stays in BUILD/rt, with the guests' consoles. The last line is "N passed, N failed,
# N skipped"; the exit status is 1 if any failed.
. "$(dirname "$0")/usage.sh"
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1

BUILD=${BUILD:-$PWD/build}
results=$BUILD/rt
limit_s=1800
test_line='^(ok|skip|FAIL|      \|)'
count_line='^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$'

# What the guest leaves out, and why.
except=
leave_out() { # TEST...
	except+=${except:+ }$*
}
# They ask the MCAP reference library: npm needs the network, of which the guest has none, and node takes the emulator
# minutes. tests/rt/test_power_loss.sh recovers logs.
leave_out test_mcap_reference integration/test_recover
# It starts jq some hundred times, which takes the emulator longer than a test may; tests/rt/test_measure_load.sh stands for it.
leave_out test_measure
# The same for strace; tests/rt/test_realtime.sh has the kernel itself tell the calls of the cycle.
leave_out integration/test_system_calls
# They compile, or install; a plugin is in tests/rt/test_evidence.sh.
leave_out integration/test_plugin integration/test_install
# What no kernel has a part in, and the host does more of: runs that are killed by the dozen, made-up logs, a sample of
# calls that fail, a simulated kernel.
leave_out integration/test_kill integration/test_hostile_logs integration/test_sites integration/test_simulator
# Eighteen peers that never rest share one emulated CPU with what they flood; tests/rt/test_net_flood.sh stands for it,
# and for the next one tests/rt/test_fault.sh.
leave_out integration/test_flood integration/test_fault

kinds=("$@")
if [ $# -eq 0 ]; then
	kinds=(unit integration rt)
fi
orders=(reverse)
if [ -z "${TESTS:-}" ] && [[ " ${kinds[*]} " == *" unit "* ]]; then
	orders=(reverse forward)
fi

# Those of tests/rt that put the machine to sleep.
sleepers=test_suspend
asleep=()
if [[ " ${kinds[*]} " == *" rt "* && " ${TESTS:-$sleepers} " == *" $sleepers "* ]]; then
	asleep=(asleep)
fi
if [ "${TESTS:-}" = $sleepers ]; then
	orders=()
fi

rm -rf "$results"
mkdir -p "$results/claims"
scripts/vm/kernel.sh >/dev/null || exit 1

# Lines of the tests come out as they come in, from both guests; their summaries are for the end.
guest() { # order: reverse, forward; or again, without what is claimed
	local cpus=2 run=("${kinds[@]}") claims=$results/claims
	if [ "$1" = forward ]; then
		cpus=1
		run=("${kinds[@]/#rt/}")
	elif [ "$1" = again ]; then
		claims=
	fi
	boot_guest "$@"
	# the emulator itself was seen to crash at boot, once
	if ! grep -q PREEMPT_RT "$results/summary-$1"; then
		echo "the guest that goes $1 did not come up; again:"
		boot_guest "$@"
	fi
}

boot_guest() {
	if [ "$1" = asleep ]; then
		boot_asleep
		return
	fi
	# shellcheck disable=SC2016,SC2068 # for the guest's shell; words that are empty are to vanish
	scripts/vm/boot.sh --cpus $cpus --writable "$results" --timeout $limit_s --console "$results/console-$1" -- \
		env BUILD="$BUILD" TEST_OUTPUT="$results" TEST_ROOT=/run/tests TEST_CLAIMS="$claims" \
		TEST_ORDER="$1" TEST_TIMEOUT_S=480 TEST_STRIDE=13 EXCEPT="$except $sleepers" WAYS="${WAYS:-}" bash -c '
			uname -v
			exec tests/run.sh "$@"' bash ${run[@]} 2>&1 |
		tee "$results/summary-$1" | grep --line-buffered -E "$test_line"
}

boot_asleep() {
	# shellcheck disable=SC2016 # for the guest's shell
	TESTS=$sleepers scripts/vm/boot.sh --timeout 600 --console "$results/console-asleep" \
		--ram scripts/usage.sh --ram tests/run.sh --ram tests/integration/lib.sh --ram tests/rt --ram "$BUILD/rtloop" \
		--ram jq --ram gpioinfo --ram timeout -- \
		env BUILD="$BUILD" TEST_OUTPUT=/run/output TEST_ROOT=/run/tests TEST_TIMEOUT_S=480 bash -c '
			uname -v
			# its output is a serial line, and a terminal to it
			set -o pipefail
			tests/run.sh rt | cat' 2>&1 |
		tee "$results/summary-asleep" | grep --line-buffered -E "$test_line"
}

started=$SECONDS
guests=()
trap 'kill "${guests[@]}" 2>/dev/null; exit 130' INT TERM
for order in "${orders[@]}"; do
	guest "$order" &
	guests+=($!)
done
wait
if [ ${#asleep[@]} -gt 0 ]; then
	guest asleep
	if ! grep -q ' 0 failed' "$results/summary-asleep"; then
		echo "again: $sleepers"
		guest asleep
	fi
fi

# --- the end ------------------------------------------------------------------------------------------

passed=0 failed=0 skipped=0 lost=0
echo
for order in "${orders[@]}" "${asleep[@]}"; do
	summary=$results/summary-$order
	grep -E '^(skipped|failed) ' "$summary"
	grep -E 'BUG:|WARNING:|INFO: |Oops|rcu.*stall' "$results/console-$order" |
		sed 's/^/the kernel says: /'
	if ! counts=$(grep -E "$count_line" "$summary"); then
		echo "failed   the guest that goes $order did not come to its end; it said last:"
		tail -n 20 "$summary" | sed 's/^/      | /'
		counts="0 passed, 0 failed, 0 skipped"
		lost=$((lost + 1))
	fi
	read -r p _ f _ s _ <<<"$counts"
	passed=$((passed + p)) skipped=$((skipped + s))
	# what failed asleep has been run again
	if [ "$order" = asleep ]; then
		lost=$((lost + f))
	else
		failed=$((failed + f))
	fi
done

mapfile -t again < <(sed -n 's/^failed   [a-z]*\/\(test_[a-z0-9_]*\): .*/\1/p' "${orders[@]/#/$results/summary-}" /dev/null)
if [ ${#again[@]} -gt 0 ] && [ ${#again[@]} -le 3 ]; then
	echo "again, alone: ${again[*]}"
	TESTS="${again[*]}" guest again
	if counts=$(grep -E "$count_line" "$results/summary-again"); then
		read -r _ _ f _ <<<"$counts"
		echo "$((failed - f)) passed only when run again, of: ${again[*]}"
		passed=$((passed + failed - f)) failed=$f
	fi
fi
failed=$((failed + lost))
echo "kernel   $(cat "$results"/summary-* | head -n 1)"
echo "not run  ${except:-nothing}"
echo "time     $((SECONDS - started)) s"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ $passed -gt 0 ] || exit 1
# In CI, which has all that they need, a test that skips itself has not been run.
[ "${CI:-}" != true ] || [ $skipped -eq 0 ]
