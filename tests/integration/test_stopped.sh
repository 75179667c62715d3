#!/bin/bash
# A process that stands still as a whole, by SIGSTOP or in a debugger, and goes on: the releases that it missed are
# counted, its policy for them is followed, no burst is longer than its bound, and the watchdog, which stood still as
# well, takes it for no hang, though it stood for longer than a cycle may hang.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip "jq is not installed"

STAND_S=1.6 # longer than hang, by more than a look of the watchdog

# begin NAME POLICY [PERIOD]: sets pid once it runs.
begin() {
	cat >"$TEST_TMP/$1.yaml" <<END
loop: { period: ${3:-5ms}, $2, fault: { hang: 1s } }
log: { file: $1.mcap }
devices: { wave: { driver: sim, in: { a: { wave: sine } } } }
END
	"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/$1.yaml" >"$TEST_TMP/$1.out" 2>&1 &
	pid=$!
	wait_for_cycles "$TEST_TMP/$1.mcap"
}

stop_by_signal() {
	kill -STOP $pid
	sleep $STAND_S
	kill -CONT $pid
}

stop_by_debugger() {
	mkfifo "$TEST_TMP/hold"
	"$peers/debugger" "$pid" <"$TEST_TMP/hold" >"$TEST_TMP/answer" &
	debugger=$!
	exec 9>"$TEST_TMP/hold"
	wait_until has_answered
	[ -s "$TEST_TMP/answer" ] || skip "no process may be traced here"
	sleep $STAND_S
	exec 9>&-
	wait "$debugger"
}
has_answered() {
	[ -s "$TEST_TMP/answer" ] || ! kill -0 "$debugger" 2>/dev/null
}

missed() { # LOG: releases, by what its cycles say
	"$RTLOOP" dump --csv -c cycle.missed "$1" 2>/dev/null | awk -F, 'NR > 1 { n += $NF } END { print n + 0 }'
}

# Whether the releases of the time in which it stood are told, all but those of a machine that ran late itself.
has_missed() { # LOG LEAST
	[ "$(missed "$1")" -ge "$2" ]
}

# end NAME STATUS: in order; each release was run, or counted as missed.
end() {
	[ "$2" != 0 ] || kill -INT $pid
	wait $pid
	expect_equal "$1: status" "$2" $?
	check_log "$TEST_TMP/$1.mcap"
	"$RTLOOP" dump --jsonl -c cycle "$TEST_TMP/$1.mcap" >"$TEST_TMP/$1.jsonl"
	expect_equal "$1: cycles that do not come where the one before says" 0 "$(jq -s '
		map(.data) | [., .[1:]] | transpose | map(select(.[1] != null and
			.[1].release != .[0].release + 1 + .[0].missed)) | length' "$TEST_TMP/$1.jsonl")"
	expect_equal "$1: missed, by the report" "$(missed "$TEST_TMP/$1.mcap")" "$(report .missed)"
	expect_equal "$1: the fault" null "$(report .fault.kind)"
}

for by in signal debugger; do
	begin "skip_$by" "overrun: skip"
	stop_by_$by
	wait_until has_missed "$TEST_TMP/skip_$by.mcap" 200
	end "skip_$by" 0
	expect_equal "skip, $by: caught up" 0 "$(report .caught_up)"
	expect_at_least "skip, $by: late wakes" 1 "$(report .late_wakes)"
done

begin catch_up "overrun: catch-up, catch_up_max: 7"
stop_by_signal
wait_until has_missed "$TEST_TMP/catch_up.mcap" 200
end catch_up 0
expect_at_least "caught up" 7 "$(report .caught_up)"
expect_equal "the longest burst (4 is the flag of a cycle that catches up)" 7 "$(jq -s '
	reduce (.[].data.flags) as $f ({now: 0, most: 0};
		if ($f / 4 | floor) % 2 == 1 then .now += 1 | .most = ([.now, .most] | max) else .now = 0 end) |
	.most' "$TEST_TMP/catch_up.jsonl")"

begin stop "overrun: stop" 300ms
stop_by_signal
end stop 4
expect_equal "stop: overruns" 1 "$(report '.late_wakes + .long_works')"
finish
