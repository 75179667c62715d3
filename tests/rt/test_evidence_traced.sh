#!/bin/bash
# The same with the kernel's trace, which has times for what is only counted otherwise; and that tracing
# leaves nothing behind and disturbs nobody else's.
# shellcheck source=tests/rt/causes.sh disable=SC1091
. "$(dirname "$0")/causes.sh"

try "the program of higher priority" plant_hog on-overrun '$'
try "the stopped process" plant_stop on-overrun
try "the page fault" plant_fault on-overrun \
	'^page fault in the (step: it waited [0-9.]+ m?s|(step|wake-up).*: a page had to be read from a disk)$'
try "that nothing explains it" plant_unknown on-overrun \
	"^not explained; its timer came [0-9.]+ ms late, while program 'hwlatd.*' \(pid [0-9]+, SCHED_OTHER\) had CPU 1"

# --- interrupts -------------------------------------------------------------------------------------

# Thousands of timers that expire at once are run by one interrupt, with all others held off meanwhile.
plant_interrupts() {
	config interrupts 5ms on-overrun
	start interrupts
	"$trouble" timers 1 2000 15000 >"$TEST_TMP/begun" || fail "no timers"
	stop interrupts
	expect_any interrupts '^local timer interrupt on CPU 1, [0-9.]+ ms \([0-9]{3,} timers expired\)$'
}
try "the interrupt" plant_interrupts

# --- nothing is left behind, and others' tracing is not touched -------------------------------------

expect_equal "tracing instances left behind" "" "$(ls $tracing/instances)"
trace_reset
trace_event sched/sched_switch
echo 1 >$tracing/tracing_on
config own 100ms on-overrun
start own
expect_equal "instances while it runs" "rtloop-$pid" "$(ls $tracing/instances)"
expect_equal "events of others" sched:sched_switch "$(cat $tracing/set_event)"
expect_equal "tracing of others" 1 "$(cat $tracing/tracing_on)"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
start own
expect_equal "what a run that was killed left" "rtloop-$pid" "$(ls $tracing/instances)"
stop own
trace_reset

# Without tracefs it says so, and runs.
mkdir -p "$TEST_TMP/hidden"
config without 100ms on-overrun
busybox umount $tracing
busybox umount -l /sys/kernel/debug
"$RTLOOP" run -q -l 20 "$TEST_TMP/without.yaml" >"$TEST_TMP/run.out" 2>&1
expect_equal "status without tracefs" 0 $?
grep -q '^rtloop: loop: trace: no traces: there is no tracefs at /sys/kernel/tracing; mount it with: ' \
	"$TEST_TMP/run.out" || fail "no word of the tracefs that is missing: $(head -n 3 "$TEST_TMP/run.out")"
busybox mount -t debugfs debugfs /sys/kernel/debug
busybox mount -t tracefs tracefs $tracing
finish
