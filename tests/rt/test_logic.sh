#!/bin/bash
# Logic between GPIO lines, on chips of gpio-sim: a switch drives a lamp through an on-delay, and a lamp whose
# switch is not good takes its safe value. What the lines are is read from the kernel's own attributes.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/gpio_sim/lib.sh"

make_chip board board 4 0=SWITCH 1=LAMP 2=INVERSE 3=READY

cat >"$TEST_TMP/logic.yaml" <<END
loop: { period: 10ms, cpu: 1, priority: 80, guard_limit: 60s }
log: { file: logic.mcap, sync: 100ms }
devices:
  board:
    driver: gpio
    chip: board
    in:
      switch: { line: SWITCH }
    out:
      lamp:    { line: LAMP, safe: 0 }
      inverse: { line: INVERSE, safe: 0 }
      ready:   { line: READY, safe: 0 }
params: { delay: { value: 300ms } }
vars: { et: 0s }
program: |
  board.lamp    := ton(board.switch, delay, et => et)
  board.inverse := not board.lamp
  board.ready   := good(board.switch)
END

levels() {
	levels_of board 4
}

levels_are() { # SWITCH LAMP INVERSE READY, as a word
	[ "$(levels)" = "$1" ]
}

pull board 0 down
start_loop "$TEST_TMP/logic.yaml" --require-rt || exit 1
wait_until levels_are 0011
pull board 0 up
wait_until levels_are 1101
pull board 0 down
wait_until levels_are 0011
stop_loop
expect_equal "lines after the end: their safe values" 0000 "$(levels)"
check_log "$TEST_TMP/logic.mcap"

# From the log: the lamp came on 300 ms after the switch by the releases, neither before nor later, and went
# off in the cycle in which the switch did.
"$RTLOOP" dump --jsonl -q "$TEST_TMP/logic.mcap" >"$TEST_TMP/logic.jsonl"
cycles_of() { # TOPIC CHANNEL VALUE: the first cycle after that of the last change in which it is so
	jq -s --arg topic "$1" --arg channel "$2" --argjson value "$3" \
		'map(select(.topic == $topic).data | select(.[$channel] == $value)) | .[0].cycle' "$TEST_TMP/logic.jsonl"
}
release_of() { # CYCLE
	jq -s --argjson cycle "$1" 'map(select(.topic == "/cycle" and .data.cycle == $cycle).data.release_ns) | .[0]' \
		"$TEST_TMP/logic.jsonl"
}
on=$(cycles_of /io/board switch true)
lit=$(cycles_of /out/board lamp true)
waited=$((($(release_of "$lit") - $(release_of "$on")) / 1000000))
expect_at_least "ms from the switch to the lamp" 300 "$waited"
# of the cycle before, it was not due: missed releases count
before=$((($(release_of $((lit - 1))) - $(release_of "$on")) / 1000000))
[ "$before" -lt 300 ] || fail "the lamp came late: $before ms had passed in the cycle before"
off=$(jq -s 'map(select(.topic == "/io/board").data) | [range(1; length) as $i |
	select(.[$i - 1].switch and (.[$i].switch | not)) | .[$i].cycle] | .[0]' "$TEST_TMP/logic.jsonl")
dark=$(jq -s 'map(select(.topic == "/out/board").data) | [range(1; length) as $i |
	select(.[$i - 1].lamp and (.[$i].lamp | not)) | .[$i].cycle] | .[0]' "$TEST_TMP/logic.jsonl")
expect_equal "the cycle in which the lamp went off" "$off" "$dark"

remove_chip board
finish
