# Sourced by the tests in this folder, on top of what the integration tests share: the cycle thread, and
# the kernel's tracing.
# shellcheck shell=bash
# shellcheck source=tests/integration/lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/../integration/lib.sh"
tracing=/sys/kernel/tracing

# thread_of PID NAME: the id of its thread of that name; empty if there is none.
thread_of() {
	local task
	for task in /proc/"$1"/task/*; do
		if [ "$(cat "$task/comm" 2>/dev/null)" = "$2" ]; then
			echo "${task##*/}"
		fi
	done
}

# Fields of proc(5)'s stat, counted from 1; the second may hold anything, and has neither blanks nor
# parentheses here.
stat_field() { # PID THREAD FIELD
	cut -d' ' -f"$3" "/proc/$1/task/$2/stat"
}

# start_loop FILE OPTION...: runs it in the background; sets pid, and cycle_thread once it has run cycles.
# Its log is FILE with .mcap for .yaml.
start_loop() {
	local file=$1
	shift
	"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$@" "$file" >"$TEST_TMP/run.out" 2>&1 &
	pid=$!
	if ! wait_for_cycles "${file%.yaml}.mcap"; then
		cat "$TEST_TMP/run.out"
		return 1
	fi
	cycle_thread=$(thread_of "$pid" rtloop-cycle)
}

# stop_loop: ends it, and expects it to end well.
stop_loop() {
	kill -INT "$pid"
	wait "$pid"
	expect_equal "status" 0 $?
}

# trace_reset: no event, no filter, an empty buffer.
trace_reset() {
	echo 0 >$tracing/tracing_on
	echo nop >$tracing/current_tracer
	echo >$tracing/set_event
	echo 0 >$tracing/events/enable
	echo >$tracing/set_event_pid
	echo >$tracing/trace
}

# trace_event SUBSYSTEM/EVENT [FILTER]
trace_event() {
	echo "${2:-0}" >"$tracing/events/$1/filter"
	echo 1 >"$tracing/events/$1/enable"
}

# trace_for SECONDS FILE: what the events say in that time.
trace_for() {
	echo 1 >$tracing/tracing_on
	sleep "$1"
	echo 0 >$tracing/tracing_on
	cp $tracing/trace "$2"
}

# add_vcan: vcan0, new for this test; whoever had one before has left it behind.
add_vcan() {
	ip link del vcan0 2>/dev/null
	ip link add vcan0 type vcan 2>"$TEST_TMP/ip.err" || skip "no vcan here: $(cat "$TEST_TMP/ip.err")"
}
