#!/bin/bash
# The guardian: what becomes of GPIO outputs, on a chip of gpio-sim, when a run is killed, frozen, or ended by its own
# plugin; and how the next run gets the lines. gpio-sim lets go of a line when the last descriptor of its request is
# closed, and shows what it is pulled to then: so each line is pulled against its safe value.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/gpio_sim/lib.sh"
log=$TEST_TMP/run.out

make_chip out relays 8 0=HEATER 1=FAN 2=ON 3=FLOW 4=SPARE

# Safe is 0 and 1; on is 1 and 0; let go of, the lines are 1 and 0, too.
pull out 0 up
pull out 1 down

levels() {
	echo "$(cat "${lines[out]}/sim_gpio0/value")$(cat "${lines[out]}/sim_gpio1/value")"
}
levels_are() {
	[ "$(levels)" = "$1" ]
}
guard() { # JQ-FILTER
	"$RTLOOP" guard --json boiler 2>/dev/null | jq -r "$1"
}
guard_is() { # JQ-FILTER VALUE
	[ "$(guard "$1")" = "$2" ]
}
is_gone() { # PID
	[ ! -e "/proc/$1" ] || [ "$(cut -d' ' -f3 "/proc/$1/stat")" = Z ]
}
is_lost() {
	[ "$("$RTLOOP" status --json boiler | jq -r .guardian.presence)" = lost ]
}
expect_held() { # WHAT
	expect_equal "the lines after $1" 01 "$(levels)"
	is_held_by out HEATER rtloop || fail "after $1 the heater is not held: $(gpioinfo -c "${chip[out]}" HEATER)"
	gpioset -c "${chip[out]}" -p 1ms -t 0 HEATER=1 2>/dev/null && fail "after $1 another program could take the heater"
}

# config MORE [PLUGIN OPTIONS]: what follows "loop:". The watchdog thread is not to come first.
config() {
	local plugin=${2:-crash}
	cat >"$TEST_TMP/boiler.yaml" <<END
name: boiler
loop: { period: 10ms, cpu: 1, priority: 80, fault: { hang: 0s }, $1 }
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
params: { trip: { value: false } }
plugins: { $plugin: { path: $BUILD/tests/plugins/$plugin.so${3:-} } }
logic: [program, $plugin]
program: |
  relays.heater := relays.on
  relays.fan := not relays.on
END
}

# A group of processes of its own, as a shell gives it to a job. Sets pid and guardian.
begin() {
	set -m
	"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$@" "$TEST_TMP/boiler.yaml" >>"$log" 2>&1 &
	pid=$!
	set +m
	wait_until guard_is .run "$pid" || cat "$log"
	guardian=$(guard .guardian)
	pull out 2 up
	wait_until levels_are 10 || cat "$log"
}

# end WHAT STATUS: of the run that has died.
end() {
	wait "$pid"
	expect_equal "status after $1" "$2" $?
	wait_until guard_is .phase holds
	expect_held "$1"
}

# --- what it is -----------------------------------------------------------------------------------------

# silence is not what these are about, and an emulated CPU may stand still for long
config "guard_limit: 60s"
begin
expect_equal "its name" rtloop-guardian "$(cat "/proc/$guardian/comm")"
expect_equal "its priority, and the cycle's" "82 80" \
	"$(stat_field "$guardian" "$guardian" 40) $(stat_field "$pid" "$(thread_of "$pid" rtloop-cycle)" 40)"
expect_equal "its session" "$guardian" "$(stat_field "$guardian" "$guardian" 6)"
expect_equal "its capabilities" "0000000000000000 1" \
	"$(awk '/^CapEff:|^NoNewPrivs:/ { printf "%s%s", sep, $2; sep = " " }' "/proc/$guardian/status")"
expect_equal "whether it is the last to be killed for memory" -1000 "$(cat "/proc/$guardian/oom_score_adj")"
expect_at_least "its locked memory, kB" 100 "$(awk '/^VmLck:/ { print $2 }' "/proc/$guardian/status")"
expect_equal "requests and lines that it holds" "watches 1 2 true" "$(guard '"\(.phase) \(.requests) \(.lines) \(.is_locked)"')"
expect_equal "its files beyond its own" "" \
	"$(find "/proc/$guardian/fd" -type l -printf '%l\n' | grep -v -e /dev/null -e socket: -e pidfd -e gpio-line -e "$log")"
expect_equal "the mode of its socket" 660 "$(stat -c %a "$TEST_TMP/boiler.guard")"
"$RTLOOP" guard --release boiler 2>"$TEST_TMP/refused" && fail "it let go while its run lives"
grep -q 'its run lives' "$TEST_TMP/refused" || fail "the refusal says: $(cat "$TEST_TMP/refused")"
expect_equal "status, of the guardian" "present $guardian" \
	"$("$RTLOOP" status --json boiler | jq -r '.guardian | "\(.presence) \(.pid)"')"
for _ in 1 2 3; do pulse out 3; done

# --- the run is killed; the next one takes over, and no line moves in between ---------------------------

kill -KILL "$pid"
end SIGKILL 137
grep -q "rtloop-guardian: the run (process $pid) died; 2 lines were at their safe values" "$log" ||
	fail "the guardian does not say what it did: $(cat "$log")"
expect_equal "what is held, of whom" "death $pid relays 0:0,1:1" \
	"$(guard '"\(.cause) \(.run) \(.held[0].device) \([.held[0].lines[] | "\(.line):\(.safe)"] | join(","))"')"
for _ in 1 2 3 4 5; do pulse out 3; done
pull out 2 down
dead=$guardian
trace_reset
trace_event gpio/gpio_value
trace_event gpio/gpio_direction
echo 1 >$tracing/tracing_on
set -m
"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/boiler.yaml" >>"$log" 2>&1 &
set +m
pid=$!
wait_until guard_is .run "$pid"
wait_until is_gone "$dead"
pulse out 3
"$RTLOOP" status boiler >"$TEST_TMP/status"
echo 0 >$tracing/tracing_on
expect_held "the take-over"
expect_equal "directions set in the take-over" 0 "$(grep -c gpio_direction: $tracing/trace)"
expect_equal "what was written in it" "set 0 set 1" \
	"$(sed -n 's/.*gpio_value: [0-9]* \(set [01]\)/\1/p' $tracing/trace | sort -u | xargs)"
wait_until test "$("$RTLOOP" get boiler relays.flow | grep -o '[0-9]*' | head -1)" = 1
grep -q '1 GPIO requests, 1 are used as they were, 0 were let go of' "$log" || fail "the take-over is not told: $(cat "$log")"
guardian=$(guard .guardian)
pull out 2 up
wait_until levels_are 10

# --- the whole group of processes is killed -----------------------------------------------------------

kill -KILL -- "-$pid"
end "SIGKILL to the group" 137

# --- a plugin's wrong pointer; where a core is written, that takes as long as its reader ---------------

cat >"$TEST_TMP/reader" <<END
#!/bin/sh
touch $TEST_TMP/dumps
while [ ! -e $TEST_TMP/read_on ]; do sleep 0.1; done
exec cat >/dev/null
END
chmod +x "$TEST_TMP/reader"
pattern=$(cat /proc/sys/kernel/core_pattern)
echo "|$TEST_TMP/reader" >/proc/sys/kernel/core_pattern
config "guard_limit: 3s"
begin
"$RTLOOP" set boiler trip=true >/dev/null 2>&1 & # its answer never comes
wait_until guard_is .phase acts
[ -e "$TEST_TMP/dumps" ] || fail "no core is written"
expect_equal "what the guardian saw of a run whose core is written" silence "$(guard .cause)"
expect_held "a crash whose core is not written yet"
is_gone "$pid" && fail "the core was not waited for"
touch "$TEST_TMP/read_on"
end "SIGSEGV in a plugin" 139
echo "$pattern" >/proc/sys/kernel/core_pattern

# --- the run freezes -------------------------------------------------------------------------------------

config "guard_limit: 3s"
begin
kill -STOP "$pid"
end SIGSTOP 137
expect_equal "why it acted" silence "$(guard .cause)"
expect_at_least "how long the cycle was overdue, ms" 3000 "$(guard '.overdue_ns / 1000000 | floor')"
grep -q 'guard_limit: 3s): the run' "$log" || fail "the guardian does not say why: $(cat "$log")"

# --- the cycle spins under SCHED_FIFO on the one CPU that the process, and the guardian, have ----------------

config "guard_limit: 3s" stuck ", options: { after: 100 }"
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
for server in /sys/kernel/debug/sched/fair_server/cpu*/runtime; do
	[ ! -e "$server" ] || echo 0 >"$server"
done
taskset -c 1 "$RTLOOP" run -q "$TEST_TMP/boiler.yaml" >>"$log" 2>&1 &
pid=$!
end "a spinning cycle" 137
echo 950000 >/proc/sys/kernel/sched_rt_runtime_us
expect_equal "of whom, and why" "$pid silence" "$(guard '"\(.run) \(.cause)"')"

# --- other lines than those that are held: those that stand in the way are let go of --------------------

config "guard_limit: 60s"
sed -i 's/  fan:    { line: FAN/  fan:    { line: SPARE/; s/    fan:/    fan:/; s/line: FAN/line: SPARE/' "$TEST_TMP/boiler.yaml"
"$RTLOOP" run -q "$TEST_TMP/boiler.yaml" >>"$log" 2>&1 &
pid=$!
wait_until guard_is .run "$pid"
wait_until is_held_by out SPARE rtloop
is_held_by out FAN rtloop && fail "the fan is held, which is no line of this configuration"
grep -q '1 GPIO requests, 0 are used as they were' "$log" || fail "what was let go of is not told: $(cat "$log")"

# --- an end in order: it goes, and the lines are free --------------------------------------------------

guardian=$(guard .guardian)
stop_loop
wait_until is_gone "$guardian"
is_held_by out HEATER rtloop && fail "the heater is held after an end in order"
[ -e "$TEST_TMP/boiler.guard" ] && fail "its socket is still there"

# --- both stand still, and go on: it has seen nothing, and does nothing ---------------------------------

config "guard_limit: 2s"
begin
cycles=$("$RTLOOP" status --json boiler | jq -r .cycles)
kill -STOP "$guardian" "$pid"
sleep 3
kill -CONT "$guardian" "$pid"
ran_on() {
	[ "$("$RTLOOP" status --json boiler | jq -r .cycles)" -gt $((cycles + 300)) ]
}
wait_until ran_on
expect_equal "a guardian that was stopped with its run" watches "$(guard .phase)"
stop_loop

# --- the guardian is killed: the run says so, and goes on ------------------------------------------------

config "guard_limit: 60s"
echo 'log: { file: boiler.mcap }' >>"$TEST_TMP/boiler.yaml"
begin
kill -KILL "$guardian"
wait_until is_lost
levels_are 10 || fail "the lines have changed with the guardian's death: $(levels)"
grep -q 'the guardian has died' "$log" || fail "its death is not told: $(cat "$log")"
"$RTLOOP" status boiler | grep -q '^guardian *LOST' || fail "the status does not say so: $("$RTLOOP" status boiler)"
stop_loop
"$RTLOOP" dump --jsonl -c event "$TEST_TMP/boiler.mcap" | grep -q '"kind":"guardian_lost"' || fail "no event tells of its death"
expect_equal "its presence in the report" lost "$(report .guardian.presence)"

# --- let go by a person -----------------------------------------------------------------------------------

config "guard_limit: 60s"
begin
kill -KILL "$pid"
end SIGKILL 137
"$RTLOOP" guard boiler >"$TEST_TMP/guard" || fail "it cannot be asked"
grep -q 'relays .*: 0 = 0, 1 = 1' "$TEST_TMP/guard" || fail "it says: $(cat "$TEST_TMP/guard")"
"$RTLOOP" guard --release boiler || fail "it does not let go"
wait_until is_gone "$guardian"
is_held_by out HEATER rtloop && fail "the heater is held after --release"

# --- none, where none is wanted ----------------------------------------------------------------------------

config "guard: off"
"$RTLOOP" run -q --json "$TEST_TMP/report.json" -l 20 "$TEST_TMP/boiler.yaml" >>"$log" 2>&1
expect_equal "without one" absent "$(report .guardian.presence)"
remove_chip out
finish
