#!/bin/bash
# A cycle that hangs, and one that overruns too often: safe outputs, an event, a log that is whole, exit status 6, and
# a report that says what it was. The outputs are UDP messages, which are heard here.
. "$(dirname "$0")/lib.sh"
command -v socat >/dev/null || skip "socat is not installed"
command -v jq >/dev/null || skip "jq is not installed"

# write NAME LOOP PLUGIN OPTIONS: a gate that is opened in the first cycle, and the plugin behind it.
write() {
	cat >"$TEST_TMP/$1.yaml" <<END
loop: { period: 10ms, $2 }
log: { file: $1.mcap }
devices:
  gate:
    driver: udp
    send: { to: "127.0.0.1:47495", text: "{gate.open} {gate.speed}\n" }
    out:
      open:  { type: bool, safe: 0 }
      speed: { safe: 7.5 }
plugins: { bad: { path: $BUILD/tests/plugins/$3.so, options: { $4 } } }
logic: [ program, bad ]
program: |
  gate.open  := true
  gate.speed := 42.0
END
}

# listen NAME: what the gate is told from now on.
listen() {
	socat -u UDP-RECV:47495,bind=127.0.0.1 OPEN:"$TEST_TMP/$1.heard",creat &
	listener=$!
	wait_until listens
}
listens() { grep -q ':B987 ' /proc/net/udp; }

ends_safe() { [ "$(tail -n 1 "$TEST_TMP/$1.heard")" = "0 7.5" ]; }

event() { # NAME KIND FILTER
	"$RTLOOP" dump --jsonl -c event "$TEST_TMP/$1.mcap" |
		jq -r "select(.data.kind == \"$2\").data | $3"
}

# fault NAME: runs it to its end; outputs, status and log are as a fault leaves them.
fault() {
	listen "$1"
	run_file "$TEST_TMP/$1.yaml"
	expect_equal "$1: status" 6 "$status"
	wait_until ends_safe "$1"
	expect_equal "$1: what was told in all" "0 7.5|1 42|0 7.5" \
		"$(uniq "$TEST_TMP/$1.heard" | paste -sd '|')"
	kill "$listener"
	wait "$listener" 2>/dev/null
	check_log "$TEST_TMP/$1.mcap"
	expect_equal "$1: devices left safe" 1 "$(event "$1" outputs_safe .value)"
	expect_equal "$1: the log ends in order" 1 "$(event "$1" run_ended 1)"
	"$RTLOOP" report "$TEST_TMP/$1.mcap" >"$TEST_TMP/$1.txt" || fail "$1: report failed"
	grep -q '^FAULT ' "$TEST_TMP/$1.txt" || fail "$1: the log's report names no fault"
	grep -q '^FAULT: ' "$TEST_TMP/run.out" || fail "$1: the run's report names no fault"
}

for how in "waits: false" "waits: true"; do
	write hang "fault: { hang: 1s }" stuck "after: 20, $how"
	rm -f "$TEST_TMP/hang.mcap" "$TEST_TMP/hang.heard"
	fault hang
	expect_equal "$how: cycles" 20 "$(report .cycles)"
	expect_equal "$how: the fault" "hang 20 plugin bad true" \
		"$(report '.fault | [.kind, .cycle, .call, .of, .is_parked] | map(tostring) | join(" ")')"
	expect_equal "$how: the event" "20 bad 2" "$(event hang cycle_hung '[.cycle, .device, .level] | map(tostring) | join(" ")')"
	expect_at_least "$how: ns that it stood still" 1000000000 "$(event hang cycle_hung .value)"
	expect_equal "$how: JSON of the log's report" cycle_hung \
		"$("$RTLOOP" report --json - "$TEST_TMP/hang.mcap" 2>/dev/null | jq -r '.. | .fault? // empty | .kind')"
done

# One that comes back when it has been given up must not drive anything any more.
write back "fault: { hang: 1s }" stuck "after: 20, back: 2s"
fault back

# A limit on overruns: the plugin takes two periods in every third cycle.
write often "fault: { overruns: 3, within: 30s, hang: 30s }" slow "every: 3, long: 25ms"
fault often
expect_equal "the fault" overruns "$(report .fault.kind)"
expect_at_least "overruns" 4 "$(report '.late_wakes + .long_works')"
expect_equal "the event" 3 "$(event often overrun_fault .value)"

# Those that come seldom enough do not end it.
write seldom "fault: { overruns: 3, within: 1ms, hang: 0s }" slow "every: 3, long: 25ms"
run_file "$TEST_TMP/seldom.yaml" -l 60
expect_equal "seldom: status" 0 "$status"
expect_equal "seldom: the fault" null "$(report .fault.kind)"
expect_at_least "seldom: overruns" 4 "$(report '.late_wakes + .long_works')"
grep -q 'nobody looks' "$TEST_TMP/run.out" || fail "the report does not say that nobody looks"
finish
