# Sourced by the tests in this folder: peers that end with the test, waiting with a limit, and saying
# what went wrong.
# shellcheck shell=bash
set -u
peers=$BUILD/tests/peers
# Where runs have their control sockets: a run of another test may have the same name.
export RUNTIME_DIRECTORY=$TEST_TMP
failures=0
own_folder=

# shellcheck disable=SC2329 # called by the trap
end_jobs() {
	local pids
	pids=$(jobs -p)
	# shellcheck disable=SC2086 # one word a process
	[ -z "$pids" ] || kill $pids 2>/dev/null
	wait
	[ -z "$own_folder" ] || rm -rf "$own_folder"
}
trap end_jobs EXIT

# trust_folder: TEST_TMP is a folder that nobody else could change anything in, whoever the tree belongs to and
# whatever its modes are: plugins are loaded from such only.
trust_folder() {
	umask 022
	own_folder=$(mktemp -d "${TMPDIR:-/tmp}/rtloop-test.XXXXXX")
	TEST_TMP=$own_folder
	export RUNTIME_DIRECTORY=$TEST_TMP
}

# has_sanitizer NAME: whether rtloop is built with it: address, undefined, thread or realtime.
has_sanitizer() {
	"$RTLOOP" version | grep -q "fsanitize=[a-z,]*$1"
}

# What AddressSanitizer keeps of memory that was freed is not the program's: for tests that measure memory.
keep_nothing_freed() {
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:quarantine_size_mb=0:thread_local_quarantine_size_kb=0
}

# LeakSanitizer cannot look at a process that strace holds.
look_for_no_leaks() {
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
}

fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}

skip() {
	echo "$*"
	exit 77
}

# To be the last line of a test.
finish() {
	echo "$failures failures"
	[ "$failures" = 0 ]
}

# expect_equal WHAT EXPECTED ACTUAL
expect_equal() {
	[ "$2" = "$3" ] || fail "$1: expected $2, got $3"
}

# expect_rtloop COMMAND WHAT STATUS ARGUMENT...: what it prints goes to out and err.
expect_rtloop() {
	local command=$1 what=$2 expected=$3 status
	shift 3
	"$RTLOOP" "$command" "$@" >out 2>err
	status=$?
	[ "$status" = "$expected" ] ||
		fail "status of $what: expected $expected, got $status: $(tail -n 5 out err)"
}

# expect_at_least WHAT LEAST ACTUAL
expect_at_least() {
	[ "$3" -ge "$2" ] || fail "$1: expected at least $2, got $3"
}

# wait_until COMMAND...: until it succeeds, at most a minute, or WAIT_S: an emulated machine is slow.
wait_until() {
	local end=$((SECONDS + ${WAIT_S:-60}))
	while [ $SECONDS -lt $end ]; do
		"$@" && return 0
		sleep 0.05
	done
	fail "waited in vain for: $*"
	return 1
}

# wait_for_cycles LOG: until the loop runs, by what it has logged.
wait_for_cycles() {
	wait_until has_cycles "$1"
}

has_cycles() {
	[ "$("$RTLOOP" dump --csv -c cycle.cycle "$1" 2>/dev/null | head -20 | wc -l)" -ge 10 ]
}

# report JQ-FILTER: of the last run's report.
report() {
	jq -r "$1" "$TEST_TMP/report.json"
}

# run_file FILE OPTION...: with the report in JSON; sets status. What it prints goes to run.out.
run_file() {
	local file=$1
	shift
	"$RTLOOP" run --quiet --json "$TEST_TMP/report.json" "$@" "$file" \
		> "$TEST_TMP/run.out" 2> "$TEST_TMP/run.err"
	status=$?
}

# check_log FILE...: its own proof; and cycles in it plus cycles in gaps are the cycles run.
check_log() {
	"$RTLOOP" dump --check "$@" > "$TEST_TMP/check.out" 2>&1 ||
		fail "the log is not right: $(cat "$TEST_TMP/check.out")"
	expect_equal "cycles in the log plus cycles in gaps" "$(report .cycles)" \
		"$(report '.log.cycles_logged + .log.cycles_in_gaps')"
}
