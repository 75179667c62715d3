#!/bin/bash
# The machine is suspended, and resumes, while a run drives GPIO lines, with its guardian, its watchdog thread and a
# watchdog that is fed: processes that are only frozen, and a machine that has done all but its last step (the kernel's
# pm_test, which waits there and goes back); and one that has gone to sleep altogether, and is woken by its clock. While processes are
# frozen CLOCK_MONOTONIC goes on, and so releases are missed; while the machine is asleep it stands still, and CLOCK_REALTIME
# has jumped afterwards.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/gpio_sim/lib.sh"
power=/sys/power
alarm=/sys/class/rtc/rtc0/wakealarm
command -v jq >/dev/null || skip "jq is not installed"
[ -w $power/pm_test ] || skip "this kernel cannot be suspended for a test"
! grep -q ' 9p ' /proc/mounts || skip "9p does not survive it: only in a guest that boot.sh --ram has made"
log=$TEST_TMP/run.out

SLEEP_S=4 # longer than a cycle may hang, and than the guardian waits
PERIOD_MS=20
make_chip out relays 4 0=HEATER 1=FAN 2=ON 3=FLOW
echo $SLEEP_S >/sys/module/suspend/parameters/pm_test_delay

# --- ways to sleep: each returns when the machine is awake again ------------------------------------------

sleep_frozen() {
	echo freezer >$power/pm_test
	echo mem >$power/state
}

sleep_to_the_last_step() {
	echo core >$power/pm_test
	echo deep >$power/mem_sleep
	echo mem >$power/state
}

# S3: the machine is off but for its memory, begins anew with its firmware, and is woken by its clock.
sleep_deep() {
	echo none >$power/pm_test
	echo deep >$power/mem_sleep
	echo 0 >$alarm
	echo +$SLEEP_S >$alarm
	echo mem >$power/state
}

# --- the run -----------------------------------------------------------------------------------------------

guard() { # JQ-FILTER
	"$RTLOOP" guard --json boiler 2>/dev/null | jq -r "$1"
}
guard_is() { # JQ-FILTER VALUE
	[ "$(guard "$1")" = "$2" ]
}
lines_are() {
	[ "$(levels_of out 2)" = "$1" ]
}
cycles() {
	"$RTLOOP" status --json boiler 2>/dev/null | jq -r .cycles
}
has_run() { # CYCLES
	[ "$(cycles)" -ge "$1" ]
}

# begin NAME POLICY: sets pid and guardian; the heater is on, the fan is off.
begin() {
	cat >"$TEST_TMP/$1.yaml" <<END
name: boiler
loop:
  { period: ${3:-$PERIOD_MS}ms, priority: 80, $2, fault: { hang: 1s }, guard_limit: 2s, watchdog: /dev/watchdog,
    watchdog_timeout: 600s }
log: { file: $1.mcap, sync: 100ms }
devices:
  relays:
    driver: gpio
    chip: relays
    in:
      on: { line: ON }
      flow: { line: FLOW, edge: rising, count: true }
    out:
      heater: { line: HEATER, safe: 0 }
      fan:    { line: FAN, safe: 1 }
program: |
  relays.heater := relays.on
  relays.fan := not relays.on
END
	pull out 2 up
	"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/$1.yaml" >>"$log" 2>&1 &
	pid=$!
	wait_until guard_is '"\(.run) \(.is_fed)"' "$pid true" || cat "$log"
	guardian=$(guard .guardian)
	wait_for_cycles "$TEST_TMP/$1.mcap"
	wait_until lines_are 10
}

events() { # NAME
	"$RTLOOP" dump --jsonl -c event "$TEST_TMP/$1.mcap" 2>/dev/null
}
steps() { # NAME: of CLOCK_REALTIME, ns, one a line
	events "$1" | jq -r 'select(.data.kind == "clock_stepped").data.value'
}
has_stepped() { # NAME TIMES
	[ "$(steps "$1" | wc -l)" -ge "$2" ]
}

# expect_awake WHAT: everything is as it was, and works.
expect_awake() {
	local ran
	ran=$(cycles)
	wait_until has_run $((ran + 50)) || cat "$log"
	expect_equal "$1: the guardian" "$guardian $pid watches true" "$(guard '"\(.guardian) \(.run) \(.phase) \(.is_fed)"')"
	pull out 2 down
	wait_until lines_are 01
	pulse out 3
	pull out 2 up
	wait_until lines_are 10
}

# longest NAME CYCLE: of the releases that one cycle from CYCLE on has missed, in ms.
longest() {
	"$RTLOOP" dump --jsonl -c cycle "$TEST_TMP/$1.mcap" 2>/dev/null |
		jq -s "map(select(.data.cycle >= $2).data.missed) | max * $PERIOD_MS"
}
now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

# end NAME STATUS: in order; each release was run, or counted as missed, and all are on the grid.
end() {
	[ "$2" != 0 ] || kill -INT "$pid"
	wait "$pid"
	expect_equal "$1: status" "$2" $?
	check_log "$TEST_TMP/$1.mcap"
	"$RTLOOP" dump --jsonl -c cycle "$TEST_TMP/$1.mcap" | jq -s --argjson period_ns "${3:-$PERIOD_MS}000000" '
		map(.data) | {
			missed: map(.missed) | add,
			odd: [., .[1:]] | transpose | map(select(.[1] != null and
				(.[1].release != .[0].release + 1 + .[0].missed or
				 .[1].release_ns != .[0].release_ns + (1 + .[0].missed) * $period_ns))) | length,
			# 4 is the flag of a cycle that catches up
			burst: (reduce .[].flags as $f ({ now: 0, most: 0 };
				if ($f / 4 | floor) % 2 == 1 then .now += 1 | .most = ([.now, .most] | max) else .now = 0 end) | .most)
		}' >"$TEST_TMP/cycles"
	expect_equal "$1: cycles that do not come when the one before says" 0 "$(jq .odd "$TEST_TMP/cycles")"
	expect_equal "$1: missed, by the report" "$(jq .missed "$TEST_TMP/cycles")" "$(report .missed)"
	expect_equal "$1: the fault" null "$(report .fault.kind)"
	expect_equal "$1: cycles in gaps" 0 "$(report .log.cycles_in_gaps)"
	grep -q 'rtloop-guardian: ' "$log" && fail "$1: the guardian has acted: $(cat "$log")"
	expect_equal "$1: devices left safe" 1 "$(events "$1" | jq -r 'select(.data.kind == "outputs_safe").data.value')"
}

# --- frozen: CLOCK_MONOTONIC goes on, as with SIGSTOP ------------------------------------------------------

begin frozen "overrun: skip"
first=$(cycles)
before_ms=$(now_ms)
sleep_frozen || fail "the processes cannot be frozen"
passed_ms=$(($(now_ms) - before_ms))
expect_awake frozen
longest_ms=$(longest frozen "$first")
echo "frozen: $passed_ms ms passed, the longest gap was $longest_ms"
# An emulated kernel waits for more or less than it was told to.
expect_at_least "frozen: ms of the longest gap" $((10 * PERIOD_MS)) "$longest_ms"
end frozen 0
expect_equal "frozen: steps of the clock" "" "$(steps frozen)"
expect_equal "frozen: caught up" 0 "$(report .caught_up)"

begin catch_up "overrun: catch-up, catch_up_max: 7"
sleep_frozen || fail "the processes cannot be frozen"
expect_awake catch_up
end catch_up 0
expect_at_least "the bound, and the longest burst" "$(jq .burst "$TEST_TMP/cycles")" 7
expect_at_least "the longest burst" 1 "$(jq .burst "$TEST_TMP/cycles")"

begin stop "overrun: stop" 200
sleep_frozen || fail "the processes cannot be frozen"
end stop 4 200

# --- asleep: it stands still ---------------------------------------------------------------------------------

begin asleep "overrun: skip"
slept=0
for way in to_the_last_step deep; do
	first=$(cycles)
	before_ms=$(now_ms)
	sleep_$way || fail "the machine does not go to sleep ($way)"
	passed_ms=$(($(now_ms) - before_ms))
	slept=$((slept + 1))
	wait_until has_stepped asleep $slept
	expect_awake "$way"
	step_ms=$(($(steps asleep | tail -n 1) / 1000000))
	longest_ms=$(longest asleep "$first")
	echo "$way: $passed_ms ms passed, the clock stepped by $step_ms, the longest gap was $longest_ms"
	# An emulated machine sleeps for more or less than it was told to: what its clocks say is what counts.
	expect_at_least "$way: twice the step of CLOCK_REALTIME, and the ms that passed" $passed_ms $((2 * step_ms))
	# What was missed was missed while processes were frozen and the machine was not asleep.
	expect_at_least "$way: ms that passed but for the sleep, and two periods" "$longest_ms" \
		$((passed_ms - step_ms + 2 * PERIOD_MS))
done
end asleep 0
expect_equal "steps of the clock" 2 "$(steps asleep | wc -l)"
expect_equal "edges that were counted" 2 "$("$RTLOOP" dump --csv -c relays.flow "$TEST_TMP/asleep.mcap" | tail -n 1 | cut -d, -f3)"

echo none >$power/pm_test
remove_chip out
finish
