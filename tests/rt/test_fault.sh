#!/bin/bash
# A cycle that spins under SCHED_FIFO on the one CPU that the whole process has: the watchdog, which is above it,
# leaves the lines of a GPIO chip safe, and the process ends with the log whole and a status of its own.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/gpio_sim/lib.sh"

make_chip out relays 4 0=HEATER 1=FAN 2=LAMP 3=HORN

cat >"$TEST_TMP/hang.yaml" <<END
loop: { period: 20ms, cpu: 1, priority: 80, fault: { hang: 1s }, guard_limit: 60s }
log: { file: hang.mcap, sync: 100ms }
devices:
  relays:
    driver: gpio
    chip: relays
    out:
      heater: { line: HEATER, safe: 0 }
      fan:    { line: FAN, safe: 1 }
      lamp:   { line: LAMP, safe: 1, drive: open-drain }
      horn:   { line: HORN, safe: 0, active_low: true }
plugins: { bad: { path: $BUILD/tests/plugins/stuck.so, options: { after: 100 } } }
logic: [ program, bad ]
program: |
  relays.heater := true
  relays.fan    := false
  relays.lamp   := false
  relays.horn   := true
END

# The kernel itself must not come to the rescue: neither by throttling nor by its server for ordinary threads.
echo -1 >/proc/sys/kernel/sched_rt_runtime_us 2>/dev/null
for server in /sys/kernel/debug/sched/fair_server/cpu*/runtime; do
	[ ! -e "$server" ] || echo 0 >"$server"
done
trap 'echo 950000 2>/dev/null >/proc/sys/kernel/sched_rt_runtime_us; end_jobs' EXIT

# The lines fall back when the last descriptor is closed: what was written to them is in the trace. That the watchdog
# is above the cycle is in test_realtime.
trace_reset
trace_event gpio/gpio_value
echo 1 >$tracing/tracing_on
taskset -c 1 "$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/hang.yaml" >"$TEST_TMP/run.out" 2>&1 &
pid=$!
wait "$pid"
expect_equal "status" 6 $?
echo 0 >$tracing/tracing_on
cp $tracing/trace "$TEST_TMP/trace"

# What was written last to each line: heater 0, fan 1, lamp 1, horn, which is active low, 1.
base=$(sed -n 's/.*gpio_value: \([0-9]*\) set .*/\1/p' "$TEST_TMP/trace" | sort -n | head -n 1)
last() { # OFFSET
	sed -n "s/.*gpio_value: $((base + $1)) set \\([01]\\)/\\1/p" "$TEST_TMP/trace" | tail -n 1
}
expect_equal "what was written last: heater, fan, horn" "0 1 1" "$(last 0) $(last 1) $(last 3)"
grep 'gpio_value' "$TEST_TMP/trace" | grep -q 'rtloop-watchdog' || fail "the watchdog has written nothing"

expect_equal "cycles" 100 "$(report .cycles)"
expect_equal "the fault" "hang 100 plugin bad true" \
	"$(report '.fault | [.kind, .cycle, .call, .of, .is_parked] | map(tostring) | join(" ")')"
check_log "$TEST_TMP/hang.mcap"
"$RTLOOP" dump --jsonl -c event "$TEST_TMP/hang.mcap" >"$TEST_TMP/events"
for kind in cycle_hung outputs_safe run_ended; do
	grep -q "\"kind\":\"$kind\"" "$TEST_TMP/events" || fail "no event $kind"
done
"$RTLOOP" report "$TEST_TMP/hang.mcap" | grep -q '^FAULT .*cycle_hung of bad' || fail "the log's report names no fault"
remove_chip out
finish
