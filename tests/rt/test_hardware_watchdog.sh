#!/bin/bash
# The kernel's software watchdog in place of one in hardware: what the kernel's own trace says of when it is started,
# fed, and stopped.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/gpio_sim/lib.sh"
log=$TEST_TMP/run.out
make_chip out relays 4 0=HEATER

config() { # OPTIONS
	cat >"$TEST_TMP/boiler.yaml" <<END
name: boiler
loop: { period: 10ms, priority: 80, guard_limit: 60s, fault: { hang: 0s }, $1 }
devices:
  relays: { driver: gpio, chip: relays, out: { heater: { line: HEATER, safe: 0 } } }
END
}
# The kernel's one has no other way to be fed than to be started anew.
meals() {
	grep -cE 'rtloop-guardian-[0-9]+ .* watchdog_(start|ping): ' $tracing/trace
}
has_fed() { # LEAST
	[ "$(meals)" -ge "$1" ]
}
stops() {
	grep -c ' watchdog_stop: ' $tracing/trace
}
guard() { # JQ-FILTER
	"$RTLOOP" guard --json boiler 2>/dev/null | jq -r "$1"
}
guard_is() { # JQ-FILTER VALUE
	[ "$(guard "$1")" = "$2" ]
}
begin() {
	"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/boiler.yaml" >>"$log" 2>&1 &
	pid=$!
	wait_until guard_is '"\(.run) \(.is_fed)"' "$pid true" || cat "$log"
}

trace_reset
for event in watchdog_start watchdog_ping watchdog_stop; do
	trace_event "watchdog/$event"
done
echo 1 >$tracing/tracing_on

# --- fed while cycles go by, and stopped at an end in order -----------------------------------------------

config "watchdog: /dev/watchdog, watchdog_timeout: 120s"
begin
wait_until has_fed 3
expect_equal "its time-out, as the guardian says" 120 "$(guard .watchdog_s)"
expect_equal "times that it was stopped" 0 "$(stops)"
"$RTLOOP" status boiler | grep -q 'feeds a watchdog of 120 s' || fail "the status does not say so"

# Another run cannot feed it, and does not run without.
sed 's/^name: .*/name: second/; /^ *relays:/d; s/^devices:.*/devices: { wave: { driver: sim, in: { a: { wave: sine } } } }/' \
	"$TEST_TMP/boiler.yaml" >"$TEST_TMP/second.yaml"
run_file "$TEST_TMP/second.yaml" -l 10
expect_equal "status of a run whose watchdog another one feeds" 1 "$status"
grep -q '/dev/watchdog: another program feeds it' "$TEST_TMP/run.err" || fail "it says: $(cat "$TEST_TMP/run.err")"
stop_loop
expect_equal "times that it was stopped, at the end" 1 "$(stops)"

# --- no longer fed after a fault; the next run takes it over ------------------------------------------------

begin
kill -KILL "$pid"
wait "$pid"
wait_until guard_is .phase holds
fed=$(meals)
sleep 3
expect_equal "meals after the fault" "$fed" "$(meals)"
expect_equal "what the guardian says" "120 false" "$(guard '"\(.watchdog_s) \(.is_fed)"')"
"$RTLOOP" guard boiler | grep -q 'NOT fed any more' || fail "it is not told"
begin
wait_until has_fed $((fed + 3))
expect_equal "times that it was stopped, until it was taken over" 1 "$(stops)"
stop_loop
expect_equal "times that it was stopped, at the other end" 2 "$(stops)"

# --- what cannot be ----------------------------------------------------------------------------------------

config "watchdog: /dev/null"
run_file "$TEST_TMP/boiler.yaml" -l 10
expect_equal "status with what is no watchdog" 1 "$status"
grep -q '/dev/null: is no watchdog' "$TEST_TMP/run.err" || fail "it says: $(cat "$TEST_TMP/run.err")"
trace_reset
remove_chip out
finish
