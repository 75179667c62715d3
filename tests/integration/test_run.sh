#!/bin/bash
# How a run ends: by -l, -D, a signal, an overrun, or not at all; and with which exit status.
. "$(dirname "$0")/lib.sh"

config() { # NAME [LOOP OPTION]...
	cat > "$TEST_TMP/$1.yaml" << END
loop: { period: 1ms, ${2:-} }
log: { file: $1.mcap, sync: 100ms }
devices:
  wave: { driver: sim, in: { a: { wave: sine } } }
END
}

# What the timeline adds up to is what the run counted.
check_timeline() {
	expect_equal "cycles in the timeline" "$(report .cycles)" "$(report '.timeline.cycles | add')"
	expect_equal "overruns in the timeline" "$(report '.late_wakes + .long_works')" \
		"$(report '.timeline.overruns | add')"
	expect_equal "worst latency in the timeline" "$(report .latency.max_ns)" \
		"$(report '.timeline.latency_max_ns | max')"
	expect_equal "worst busy time in the timeline" "$(report .busy.max_ns)" \
		"$(report '.timeline.busy_max_ns | max')"
}

config loops
run_file "$TEST_TMP/loops.yaml" -l 250
expect_equal "status of -l" 0 "$status"
expect_equal "cycles of -l 250" 250 "$(report .cycles)"
check_log "$TEST_TMP/loops.mcap"
check_timeline

run_file "$TEST_TMP/loops.yaml" -l 10
expect_equal "status where the log is there" 1 "$status"
grep -q "loops.mcap is already there, and is never overwritten" "$TEST_TMP/run.err" ||
	fail "no word of the log that is there: $(cat "$TEST_TMP/run.err")"

# The same file once more, with the log elsewhere.
mkdir "$TEST_TMP/elsewhere"
run_file "$TEST_TMP/loops.yaml" -l 10 --log-dir "$TEST_TMP/elsewhere"
expect_equal "status of --log-dir" 0 "$status"
expect_equal "cycles of the log in --log-dir" 10 "$(report .log.cycles_logged)"
check_log "$TEST_TMP"/elsewhere/*.mcap

config duration
run_file "$TEST_TMP/duration.yaml" -i 2000 -D 1 -p 0
expect_equal "status of -D" 0 "$status"
expect_equal "period of -i 2000" 2000000 "$(report .period_ns)"
# the 500 of a second, all run or missed; more only where the last cycle ran into later ones
last=$("$RTLOOP" dump --csv -c cycle.release,cycle.missed "$TEST_TMP/duration.mcap" | tail -1)
expect_equal "releases run or missed in -D 1" "$(report '.cycles + .missed')" \
	"$(awk -F, '{ print $3 + 1 + $4 }' <<< "$last")"
expect_at_least "releases run or missed in -D 1" 500 "$(report '.cycles + .missed')"
expect_at_least "releases of a second after the last cycle's" 0 "$(awk -F, '{ print 499 - $3 }' <<< "$last")"
expect_equal "priority of -p 0" 0 "$(report .realtime.priority)"
grep -q "SCHED_FIFO was not asked for" "$TEST_TMP/run.out" || fail "no reason for NOT REALTIME"

for signal in INT TERM; do
	config "signal$signal"
	"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/signal$signal.yaml" \
		> "$TEST_TMP/run.out" 2>&1 &
	pid=$!
	wait_for_cycles "$TEST_TMP/signal$signal.mcap"
	kill "-$signal" $pid
	wait $pid
	expect_equal "status after SIG$signal" 0 $?
	grep -q "it was asked to stop" "$TEST_TMP/run.out" || fail "no word of SIG$signal"
	check_log "$TEST_TMP/signal$signal.mcap"
	check_timeline
done

# A signal must not wait for a long period to pass.
config slow
before=$SECONDS
"$RTLOOP" run -q -i 60s "$TEST_TMP/slow.yaml" > "$TEST_TMP/run.out" 2>&1 &
pid=$!
wait_until test -e "$TEST_TMP/slow.mcap"
kill -TERM $pid
wait $pid
expect_equal "status of a slow loop" 0 $?
[ $((SECONDS - before)) -lt 30 ] || fail "a signal waited for the release"

# SIGSTOP is an overrun that is sure to come; on a slow machine another may come before it.
is_running_or_over() { has_cycles "$TEST_TMP/fault.mcap" || ! kill -0 $pid; }
config fault "overrun: stop"
"$RTLOOP" run -q -i 20000 --json "$TEST_TMP/report.json" "$TEST_TMP/fault.yaml" > "$TEST_TMP/run.out" 2>&1 &
pid=$!
wait_until is_running_or_over
kill -STOP $pid
sleep 0.1
kill -CONT $pid
wait $pid
expect_equal "status after overrun: stop" 4 $?
check_log "$TEST_TMP/fault.mcap"

config skip "overrun: skip"
"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/skip.yaml" > "$TEST_TMP/run.out" 2>&1 &
pid=$!
wait_for_cycles "$TEST_TMP/skip.mcap"
kill -STOP $pid
sleep 0.5
kill -CONT $pid
sleep 0.2
kill -INT $pid
wait $pid
expect_at_least "releases missed in half a second" 400 "$(report .missed)"
check_timeline
# half a second without a cycle, which is at least four whole tenths
expect_at_least "intervals without a cycle" 4 "$(report '[.timeline.cycles[] | select(. == 0)] | length')"
expect_equal "releases run or missed" "$(report '.cycles + .missed')" "$("$RTLOOP" dump --csv \
	--channels cycle.release,cycle.missed "$TEST_TMP/skip.mcap" | tail -1 |
	awk -F, '{ print $3 + 1 + $4 }')"
check_log "$TEST_TMP/skip.mcap"

config catch_up "overrun: catch-up, catch_up_max: 20"
"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/catch_up.yaml" > "$TEST_TMP/run.out" 2>&1 &
pid=$!
wait_for_cycles "$TEST_TMP/catch_up.mcap"
kill -STOP $pid
sleep 0.5
kill -CONT $pid
sleep 0.2
kill -INT $pid
wait $pid
expect_at_least "cycles run late" 20 "$(report .caught_up)"
expect_at_least "releases beyond the bound" 400 "$(report .missed)"
check_log "$TEST_TMP/catch_up.mcap"

# A second signal ends even a run whose end is kept waiting: its report goes into a pipe that is full.
config twice
mkfifo "$TEST_TMP/full"
exec 3<> "$TEST_TMP/full"
dd if=/dev/zero of="$TEST_TMP/full" oflag=nonblock bs=4096 2> /dev/null
"$RTLOOP" run -q "$TEST_TMP/twice.yaml" > "$TEST_TMP/full" 2>&1 &
pid=$!
wait_for_cycles "$TEST_TMP/twice.mcap"
kill -INT $pid
is_closed() { "$RTLOOP" dump --check "$TEST_TMP/twice.mcap" > /dev/null 2>&1; }
wait_until is_closed
kill -INT $pid
wait $pid
expect_equal "status after a second SIGINT" 130 $?
exec 3>&-

config rt
"$RTLOOP" run -q -p 0 --require-rt -l 10 "$TEST_TMP/rt.yaml" > "$TEST_TMP/run.out" 2> "$TEST_TMP/run.err"
expect_equal "status of --require-rt without SCHED_FIFO" 5 $?
grep -q "NOT REALTIME" "$TEST_TMP/run.err" || fail "no reason for status 5"

config cpu
"$RTLOOP" run -q -a 1023 "$TEST_TMP/cpu.yaml" > "$TEST_TMP/run.out" 2> "$TEST_TMP/run.err"
expect_equal "status of a CPU that is not there" 1 $?
grep -q "on CPU 1023; expected one that" "$TEST_TMP/run.err" || fail "no word of the CPU"

finish
