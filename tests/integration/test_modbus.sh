#!/bin/bash
# The modbus driver against servers made of libmodbus, over RTU on a pseudo-terminal and over TCP: their
# values, their exceptions, garbage between their answers, silence, and their end.
. "$(dirname "$0")/lib.sh"

[ -x "$peers/modbus_server" ] || skip "libmodbus is not installed: no Modbus server to talk to"

log=$TEST_TMP/modbus.mcap
rtu_server() { # OPTION...
	"$peers/modbus_server" "$@" "$TEST_TMP/meter.tty" &
	rtu=$!
}
tcp_server() { # OPTION... PORT
	"$peers/modbus_server" "$@" > "$TEST_TMP/port" &
	tcp=$!
}
has_port() {
	[ -s "$TEST_TMP/port" ]
}

rtu_server --garbage
tcp_server --garbage --delay 3 0
wait_until has_port
port=$(cat "$TEST_TMP/port")

channels='
      input7: { input: 7, type: integer }
      five:   { holding: 5 }
      abcd:   { holding: 100, registers: 2, encoding: float }
      cdab:   { holding: 102, registers: 2, encoding: float, words: low_first }
      badc:   { holding: 104, registers: 2, encoding: float, swap_bytes: true }
      dcba:   { holding: 106, registers: 2, encoding: float, words: low_first, swap_bytes: true }
      two:    { holding: 5, bit: 1, bits: 3, type: integer }
      coil3:  { coil: 3, type: bool }
      coil4:  { coil: 4, type: bool }
      in7:    { discrete: 7, type: bool }
      in8:    { discrete: 8, type: bool }
      beyond: { holding: 200, on_bad: -1 }'
cat > "$TEST_TMP/modbus.yaml" << END
loop: { period: 1ms, seal: kill }
log: { file: modbus.mcap, sync: 100ms }
devices:
  meter:
    driver: modbus
    serial: { path: meter.tty, baud: 115200 }
    poll: 40ms
    timeout: 200ms
    max_age: 300ms
    in:$channels
  plc:
    driver: modbus
    tcp: "127.0.0.1:$port"
    poll: 40ms
    timeout: 200ms
    max_age: 300ms
    in:$channels
END

events() { # KIND
	"$RTLOOP" dump --jsonl -c event "$log" 2> /dev/null | grep "\"kind\":\"$1\""
}
has_events() { # KIND COUNT
	[ "$(events "$1" | wc -l)" -ge "$2" ]
}
newest() { # DEVICE JQ-FILTER: of the last message
	"$RTLOOP" dump --jsonl --quality -c "$1" "$log" 2> /dev/null | tail -n 1 | jq -c ".data | $2"
}
newest_is() { # DEVICE JQ-FILTER EXPECTED
	[ "$(newest "$1" "$2")" = "$3" ]
}

"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/modbus.yaml" > "$TEST_TMP/run.out" \
	2> "$TEST_TMP/run.err" &
pid=$!

# what the servers hold, in every order of words and bytes; and what they refuse
for device in meter plc; do
	wait_until newest_is $device '[.quality[] | select(. == 0)] | length' 11
	expect_equal "values of $device" "[10007,15,7,true,false,true,false]" \
		"$(newest $device '[.input7, .five, .two, .coil3, .coil4, .in7, .in8]')"
	for order in abcd cdab badc dcba; do
		expect_equal "$order of $device" 123.456 "$(newest $device "(.$order * 1000 | round) / 1000")"
	done
	expect_equal "what $device refuses" "[-1,2]" "$(newest $device '[.beyond, .quality.beyond]')"
done
# it is told again where answers were missing meanwhile
refused_by() {
	events request_refused | jq -r '"\(.data.device) \(.data.value)"' | sort -u | paste -sd ,
}
all_refuse() {
	[ "$(refused_by)" = "meter 2,plc 2" ]
}
wait_until all_refuse

# silence, and an end of it
kill -USR1 $rtu $tcp
for device in meter plc; do
	wait_until newest_is $device .quality.five 1
done
kill -USR1 $rtu $tcp
for device in meter plc; do
	wait_until newest_is $device .quality.five 0
done

# the servers end, and begin anew
kill $tcp
wait_until has_events device_lost 1
wait_until newest_is plc .quality.five 2
tcp_server "$port"
wait_until has_events device_opened 3
wait_until newest_is plc .quality.five 0
kill $rtu
wait_until has_events device_lost 2
rtu_server
wait_until has_events device_opened 4
wait_until newest_is meter .quality.five 0

kill -INT $pid
wait $pid
expect_equal "status" 0 $?
check_log "$log"
for i in 0 1; do
	counts=".devices[$i].counts"
	expect_equal "times lost" 1 "$(report "$counts.lost")"
	expect_at_least "answers" 20 "$(report "$counts.frames")"
	expect_at_least "exceptions" 3 "$(report "$counts.exceptions")"
	expect_at_least "time-outs" 1 "$(report "$counts.timeouts")"
	expect_at_least "what was dropped" 3 \
		"$(report "$counts | .bad_match + .bad_length + .bad_checksum")"
	# each request was answered, refused, or timed out; one may have been under way at each end
	expect_at_least "requests accounted for" "$(report "$counts.sent - 3")" \
		"$(report "$counts | .frames + .exceptions + .timeouts")"
done
grep -q "device 'plc'.*is open again" "$TEST_TMP/run.err" || fail "nobody was told that it is back"

# --- writing: what the servers were told is what they say they hold -------------------------------------

kill $tcp $rtu
wait $tcp $rtu 2> /dev/null
log=$TEST_TMP/write.mcap
rtu_server --garbage
: > "$TEST_TMP/port"
tcp_server --garbage --delay 3 0
wait_until has_port
outputs='
      one:   { holding: 20, safe: 1234 }
      pair:  { holding: 30, registers: 2, encoding: float, words: low_first, safe: 1.5 }
      below: { holding: 32, encoding: signed, scale: 0.1, safe: -12.3 }
      low:   { holding: 40, bits: 4, type: integer, safe: 5 }
      high:  { holding: 40, bit: 15, type: bool, safe: 1 }
      coil:  { coil: 50, safe: 1 }
      c60:   { coil: 60, safe: 0 }
      c61:   { coil: 61, safe: 1 }
      c62:   { coil: 62, safe: 1 }'
back='
      r_one:   { holding: 20, type: integer }
      r_pair:  { holding: 30, registers: 2, encoding: float, words: low_first }
      r_below: { holding: 32, encoding: signed, type: integer }
      r_bits:  { holding: 40, type: integer }
      r_next:  { holding: 33, type: integer }
      r_coil:  { coil: 50 }
      r_60:    { coil: 60 }
      r_61:    { coil: 61 }
      r_62:    { coil: 62 }
      r_63:    { coil: 63 }'
cat > "$TEST_TMP/write.yaml" << END
loop: { period: 1ms, seal: kill }
log: { file: write.mcap, sync: 100ms }
devices:
  meter:
    driver: modbus
    serial: { path: meter.tty, baud: 115200 }
    poll: 40ms
    timeout: 200ms
    in:$back
    out:$outputs
  plc:
    driver: modbus
    tcp: "127.0.0.1:$(cat "$TEST_TMP/port")"
    poll: 40ms
    timeout: 200ms
    send: { every: 100ms, on: change, multiple: true }
    in:$back
    out:$outputs
      refused: { holding: 190, registers: 4, safe: 0 }
      beyond:  { holding: 200, safe: 0 }
END

held='[.r_one, .r_pair, .r_below, .r_bits, .r_next, .r_coil, .r_60, .r_61, .r_62, .r_63]'
wait_until test -e "$TEST_TMP/meter.tty"

# with --no-outputs they keep what they had
run_file "$TEST_TMP/write.yaml" --no-outputs -D 2
expect_equal "status with --no-outputs" 0 "$status"
for device in meter plc; do
	expect_equal "what $device holds with --no-outputs" "60" "$(newest $device .r_one)"
done
rm "$log"

"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/write.yaml" > "$TEST_TMP/run.out" 2>&1 &
pid=$!
for device in meter plc; do
	wait_until newest_is $device "$held" '[1234,1.5,-123,32773,99,true,false,true,true,true]'
done
wait_until has_events request_refused 1
kill -TERM $pid
wait $pid
expect_equal "status" 0 $?
check_log "$log"
expect_equal "devices left safe: the one of which a write is refused is not" "true false" \
	"$(report '[.devices[].outputs_left_safe] | join(" ")')"
expect_equal "refusals told" 2 "$(events request_refused | jq .data.value | sort -u)"
expect_equal "times lost" "0 0" "$(report '[.devices[].counts.lost] | join(" ")')"

finish
