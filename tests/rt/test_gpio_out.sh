#!/bin/bash
# GPIO outputs on a chip of gpio-sim: what its attributes, the tools of libgpiod 2 and the kernel's trace of
# GPIO say of lines that rtloop drives.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/gpio_sim/lib.sh"

make_chip out relays 8 0=HEATER 1=FAN 2=LAMP 3=HORN 4=ESTOP 5=SPARE

# traced LINE: what was written to it, in its order, as a word; lines are numbered from the chip's base.
base=$(cat "/sys/class/gpio/${chip[out]}/base" 2>/dev/null)
traced() { # OFFSET
	sed -n "s/.*gpio_value: $((${base:-$lowest} + $1)) set \\([01]\\)/\\1/p" "$TEST_TMP/trace" | tr -d '\n'
}

value_of() { # OFFSET
	cat "${lines[out]}/sim_gpio$1/value"
}

info_of() { # LINE
	gpioinfo -c "${chip[out]}" "$1"
}

cat >"$TEST_TMP/out.yaml" <<END
loop: { period: 20ms, cpu: 1, priority: 80, guard_limit: 60s, seal: kill }
log: { file: out.mcap, sync: 100ms }
devices:
  relays:
    driver: gpio
    chip: relays
    in:
      estop: { line: ESTOP }
    out:
      heater: { line: HEATER, safe: 0 }
      fan:    { line: FAN, safe: 1 }
      lamp:   { line: LAMP, safe: 1, drive: open-drain }
      horn:   { line: HORN, safe: 0, drive: open-source }
      spare:  { line: SPARE, safe: 0, active_low: true }
END

# --- nothing is driven with --no-outputs --------------------------------------------------------------

pull out 0 up
start_loop "$TEST_TMP/out.yaml" --no-outputs || exit 1
is_held_by out ESTOP rtloop || fail "the input is not held: $(info_of ESTOP)"
is_held_by out HEATER rtloop && fail "the output is held: $(info_of HEATER)"
expect_equal "a line that is not driven" 1 "$(value_of 0)"
stop_loop
grep -q 'outputs, NOT driven' "$TEST_TMP/run.out" || fail "the report: $(cat "$TEST_TMP/run.out")"
grep -Eq 'relays.fan +true, its safe value' "$TEST_TMP/run.out" || fail "the report does not list the fan"
expect_equal "outputs that are driven" false "$(report '.devices[0].outputs_driven')"
check_log "$TEST_TMP/out.mcap"
rm "$TEST_TMP/out.mcap"

# --- the safe values, before the first cycle and at the end -------------------------------------------

pull out 0 up
pull out 1 down
pull out 2 up
pull out 3 up
pull out 5 down
trace_reset
trace_event gpio/gpio_value
trace_event gpio/gpio_direction
echo 1 >$tracing/tracing_on
start_loop "$TEST_TMP/out.yaml" --require-rt || exit 1
is_held_by out HEATER rtloop || fail "gpioinfo: $(info_of HEATER)"
for said in HEATER=output LAMP=open-drain HORN=open-source SPARE=active-low; do
	info_of "${said%%=*}" | grep -q "${said#*=}" || fail "gpioinfo: $(info_of "${said%%=*}")"
done
expect_equal "heater, fan and spare, which is active low" "0 1 1" "$(value_of 0) $(value_of 1) $(value_of 5)"

# Open drain: what is true is let go of, and a wire decides; open source: what is false is.
pull out 2 up
pull out 3 up
expect_equal "an open drain that is let go of, and pulled up" 1 "$(value_of 2)"
expect_equal "an open source that is let go of, and pulled up" 1 "$(value_of 3)"
pull out 2 down
pull out 3 down
expect_equal "an open drain that is let go of, and pulled down" 0 "$(value_of 2)"
expect_equal "an open source that is let go of, and pulled down" 0 "$(value_of 3)"

kill -TERM "$pid"
wait "$pid"
expect_equal "status after SIGTERM" 0 $?
echo 0 >$tracing/tracing_on
cp $tracing/trace "$TEST_TMP/trace"
lowest=$(sed -n 's/.*gpio_direction: \([0-9]*\) .*/\1/p' "$TEST_TMP/trace" | sort -n | head -n 1)

# The request writes it, then the device that comes into use, the first cycle, and the end.
expect_equal "what was written to the heater" 0 "$(traced 0 | tr -s 0)"
expect_equal "what was written to the fan" 1 "$(traced 1 | tr -s 1)"
expect_at_least "times that the fan was written" 3 "$(traced 1 | wc -c)"
expect_equal "outputs left safe" true "$(report '.devices[0].outputs_left_safe')"
check_log "$TEST_TMP/out.mcap"
"$RTLOOP" dump --jsonl -c event "$TEST_TMP/out.mcap" | grep -q '"kind":"outputs_safe"' ||
	fail "no event tells that the outputs were left safe"
expect_equal "what the log says was driven" "false true true false false" \
	"$("$RTLOOP" dump --jsonl -q -c relays "$TEST_TMP/out.mcap" | jq -r 'select(.topic == "/out/relays").data |
		"\(.heater) \(.fan) \(.lamp) \(.horn) \(.spare)"')"

# --- logic drives them --------------------------------------------------------------------------------

cat >"$TEST_TMP/logic.yaml" <<END
loop: { period: 10ms, cpu: 1, priority: 80, guard_limit: 60s, pacer: PACER, seal: kill }
log: { file: logic.mcap, sync: 100ms }
devices:
  relays:
    driver: gpio
    chip: relays
    in:
      estop: { line: ESTOP }
      sensor: { line: 6 }
    out:
      heater: { line: HEATER, safe: 0 }
      fan:    { line: FAN, safe: 1 }
      lamp:   { line: LAMP, safe: 1 }
      spare:  { line: SPARE, safe: 0, active_low: true }
program: |
  relays.heater := relays.estop
  relays.fan    := not relays.estop
  relays.lamp   := relays.sensor
  relays.spare  := relays.estop and relays.sensor
END

values() {
	echo "$(value_of 0) $(value_of 1) $(value_of 2) $(value_of 5)"
}
values_are() {
	[ "$(values)" = "$1" ]
}

# No pacer delays an output: each cycle's outputs are those of the same cycle's inputs.
for pacer in $("$RTLOOP" drivers loop | sed -n 's/^  pacer *//p' | sed 's/ or /, /; s/;.*//; s/,//g'); do
	sed "s/PACER/$pacer/" "$TEST_TMP/logic.yaml" >"$TEST_TMP/$pacer.yaml"
	sed -i "s/logic.mcap/$pacer.mcap/" "$TEST_TMP/$pacer.yaml"
	pull out 4 down
	pull out 6 down
	trace_reset
	trace_event gpio/gpio_value
	echo 1 >$tracing/tracing_on
	start_loop "$TEST_TMP/$pacer.yaml" || exit 1
	wait_until values_are "0 1 0 1"
	pull out 6 up
	wait_until values_are "0 1 1 1"
	pull out 4 up
	wait_until values_are "1 0 1 0"
	pull out 6 down
	wait_until values_are "1 0 0 1"
	kill -TERM "$pid"
	wait "$pid"
	expect_equal "status after SIGTERM" 0 $?
	echo 0 >$tracing/tracing_on
	cp $tracing/trace "$TEST_TMP/trace"
	check_log "$TEST_TMP/$pacer.mcap"

	# at the end the heater is written 0 and the fan 1 again: their safe values, though the logic says otherwise
	expect_equal "what was written to the heater" 010 "$(traced 0 | tr -s 01)"
	expect_equal "what was written to the fan" 101 "$(traced 1 | tr -s 01)"
	"$RTLOOP" dump --csv -c relays.cycle,relays.estop,relays.sensor,relays.out.cycle,relays.heater,relays.fan,relays.lamp,relays.spare \
		"$TEST_TMP/$pacer.mcap" 2>/dev/null | tail -n +2 >"$TEST_TMP/rows"
	awk -F, -v OFS=, '$3 != "" && $6 != "" { print $4, $5, $7, $8, $9, $10 }' "$TEST_TMP/rows" >"$TEST_TMP/both"
	expect_at_least "cycles in which inputs and outputs changed, with $pacer" 4 "$(wc -l <"$TEST_TMP/both")"
	# shellcheck disable=SC2016 # awk expands it
	awk -F, '{ want = $1 "," 1 - $1 "," $2 "," ($1 && $2) } want != $3 "," $4 "," $5 "," $6 { print; wrong = 1 } END { exit wrong }' \
		"$TEST_TMP/both" || fail "outputs are not those of the cycle's inputs, with $pacer"
done

# --- the chip goes, and comes back under another number ------------------------------------------------

cat >"$TEST_TMP/back.yaml" <<END
loop: { period: 10ms, cpu: 1, priority: 80 }
log: { file: back.mcap, sync: 100ms }
devices:
  relays:
    driver: gpio
    chip: relays
    in:
      estop: { line: ESTOP }
    out:
      heater: { line: HEATER, safe: 0 }
      fan:    { line: FAN, safe: 1 }
  wave: { driver: sim, in: { w: { wave: ramp } } }
program: |
  relays.heater := not relays.estop
  relays.fan    := relays.estop
END
has_event() { # KIND COUNT
	[ "$("$RTLOOP" dump --jsonl -c event "$TEST_TMP/back.mcap" 2>/dev/null |
		grep -c "\"kind\":\"$1\",\"device\":\"relays\"")" -ge "$2" ]
}
# The number is free once nobody holds a line of the chip that went, and a lower one may be free as well: one chip
# after another, until one has it.
takers=()
take_number() { # NUMBER
	local name=taker${#takers[@]}
	takers+=("$name")
	make_chip "$name" "$name" 4
	[ "${chip[$name]}" = "$1" ]
}
is_driven() { # HEATER FAN
	[ "$(value_of 0) $(value_of 1)" = "$*" ]
}

pull out 4 down
start_loop "$TEST_TMP/back.yaml" || exit 1
wait_until is_driven 1 0
before=${chip[out]}
echo "${device[out]}" >$driver/unbind
wait_until has_event device_lost 1
wait_until take_number "$before"
trace_reset
trace_event gpio/gpio_value
trace_event gpio/gpio_direction
echo 1 >$tracing/tracing_on
echo "${device[out]}" >$driver/bind
lines[out]=$(echo "/sys/devices/platform/${device[out]}"/gpiochip*)
wait_until has_event device_opened 2
wait_until is_driven 1 0
echo 0 >$tracing/tracing_on
cp $tracing/trace "$TEST_TMP/trace"
stop_loop
check_log "$TEST_TMP/back.mcap"
[ "${lines[out]##*/}" != "$before" ] || fail "the chip has its number again: $before"
# the safe values before what the logic asks for
base=
lowest=$(sed -n 's/.*gpio_direction: \([0-9]*\) .*/\1/p' "$TEST_TMP/trace" | sort -n | head -n 1)
expect_equal "what was written to the heater as the chip came back" 01 "$(traced 0 | tr -s 01)"
expect_equal "what was written to the fan as the chip came back" 10 "$(traced 1 | tr -s 01)"
expect_at_least "times that the safe value of the heater was written" 2 "$(traced 0 | sed 's/1.*//' | tr -d '\n' | wc -c)"
"$RTLOOP" dump --jsonl -c event "$TEST_TMP/back.mcap" | grep '"device_lost","device":"relays"' | grep -q '"value":19,' ||
	fail "the chip was not lost by ENODEV"
"$RTLOOP" dump --csv -q -c relays.estop "$TEST_TMP/back.mcap" | cut -d, -f4 | grep -qx 2 || fail "the input was never bad"
expect_equal "samples of the other device" "$(report .log.cycles_logged)" \
	"$("$RTLOOP" dump --csv -c wave.w "$TEST_TMP/back.mcap" | tail -n +2 | wc -l)"
for name in "${takers[@]}"; do
	remove_chip "$name"
done
remove_chip out
finish
