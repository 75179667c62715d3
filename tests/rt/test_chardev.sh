#!/bin/bash
# Records of character devices whose other side is the kernel, or a program that is not rtloop's: input
# events that evemu injects and records, hidraw reports of a device made through /dev/uhid, the buffer of
# IIO's dummy device, and the kernel's log.
. "$(dirname "$0")/lib.sh"

log=$TEST_TMP/chardev.mcap

# --- the devices ----------------------------------------------------------------------------------------

cat >"$TEST_TMP/joystick.desc" <<END
# EVEMU 1.3
N: Test joystick
I: 0003 044f b10a 0111
P: 00 00 00 00 00 00 00 00
B: 00 0b 00 00 00 00 00 00 00
$(for i in 1 2 3 4; do echo "B: 01 00 00 00 00 00 00 00 00"; done)
B: 01 00 00 00 00 01 00 00 00
B: 03 03 00 00 00 00 00 00 00
A: 00 -512 512 0 0 0
A: 01 -512 512 0 0 0
END

# Sets joystick, the pid, and input, the device; the link is to it, as udev would have made one.
plug_in() {
	evemu-device "$TEST_TMP/joystick.desc" >"$TEST_TMP/joystick" 2>&1 &
	joystick=$!
	wait_until grep -q /dev/input "$TEST_TMP/joystick"
	input=$(sed 's/.*: //' "$TEST_TMP/joystick")
	ln -sf "$input" "$TEST_TMP/by-id"
}

# uhid_write FILE: an event of uhid is one write.
exec 7<>/dev/uhid
uhid_write() {
	dd if="$1" bs=65536 status=none >&7
}
padded() { # TEXT BYTES
	printf %s "$1"
	head -c $(($2 - ${#1})) /dev/zero
}
make_scale() {
	local descriptor='\x06\x00\xff\x09\x01\xa1\x01\x15\x00\x26\xff\x00\x75\x08\x95\x06\x09\x01\x81\x02\xc0'
	{
		printf '\x0b\0\0\0' # UHID_CREATE2
		padded "Test scale" 128
		padded "" 64
		padded "" 64
		printf '\x15\0\x03\0\x22\x09\0\0\x03\x80\0\0\0\0\0\0\0\0\0\0'
		printf '%b' "$descriptor"
	} >"$TEST_TMP/uhid"
	uhid_write "$TEST_TMP/uhid"
}
weigh() { # GRAMS
	# UHID_INPUT2, six bytes: id, status, unit, exponent, weight
	printf '%b' '\x0c\0\0\0\x06\0\x03\x04\x02\0' \
		"$(printf '\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8)))" >"$TEST_TMP/uhid"
	uhid_write "$TEST_TMP/uhid"
}

iio=/sys/bus/iio/devices/iio:device0
make_converter() {
	local enable
	mkdir /sys/kernel/config/iio/devices/dummy/test /sys/kernel/config/iio/triggers/hrtimer/tick
	echo 50 >/sys/bus/iio/devices/trigger0/sampling_frequency
	for enable in "$iio"/scan_elements/*_en; do
		echo 1 >"$enable"
	done
	echo tick >$iio/trigger/current_trigger
	echo 128 >$iio/buffer/length
	echo 1 >$iio/buffer/enable
}

plug_in
make_scale
make_converter
wait_until test -e /dev/hidraw0

# --- what cannot be opened says what mends it -----------------------------------------------------------

cat >"$TEST_TMP/wrong.yaml" <<END
loop: { period: 5ms, seal: kill }
devices:
  zero: { driver: chardev, path: /dev/zero, bytes: 8, in: { a: { byte: 0 } } }
  nobody: { driver: chardev, path: /dev/hidraw0, bytes: 8, in: { a: { byte: 0 } } }
  group: { driver: chardev, path: $input, size: 24, in: { a: { byte: 0 } } }
END
chmod 0755 "$TEST_TMP"
chgrp games "$input"
chmod 0660 "$input"
setpriv --reuid=65534 --regid=65534 --clear-groups "$RTLOOP" run -q -l 40 "$TEST_TMP/wrong.yaml" \
	>"$TEST_TMP/run.err" 2>&1
while read -r text; do
	grep -qF -- "$text" "$TEST_TMP/run.err" || fail "not said: $text"
done <<END
device 'zero': /dev/zero: its driver does not tell when there is something to read
device 'nobody': /dev/hidraw0: not allowed; no group may: give it one by a udev rule
device 'group': $input: not allowed; its group may: sudo usermod -aG games USER, then log in anew
END
[ "$failures" = 0 ] || cat "$TEST_TMP/run.err"

# --- a run ----------------------------------------------------------------------------------------------

cat >"$TEST_TMP/chardev.yaml" <<END
loop: { period: 20ms, cpu: 1, priority: 80, seal: kill }
log: { file: chardev.mcap, sync: 100ms }
devices:
  joystick:
    driver: chardev
    path: by-id
    size: 24
    in:
      roll: { match: "\x03\x00\x00\x00", match_at: 16, byte: 20, bytes: 4, encoding: signed, type: integer }
      tilt: { match: "\x03\x00\x01\x00", match_at: 16, byte: 20, bytes: 4, encoding: signed, type: integer }
      fire: { match: "\x01\x00\x20\x01", match_at: 16, byte: 20, type: bool }
  scale:
    driver: chardev
    path: /dev/hidraw0
    bytes: 6
    frame: { kind: raw, match: "\x03" }
    in:
      stable: { byte: 1, bit: 2, type: bool }
      weight: { byte: 4, bytes: 2, unit: g }
  converter:
    driver: chardev
    path: /dev/iio:device0
    size: 16
    in:
      single: { byte: 0, bytes: 2, bits: 13, type: integer }
      first: { byte: 2, bytes: 2, encoding: signed, type: integer }
      second: { byte: 4, bytes: 2, encoding: signed, type: integer }
      accel: { byte: 6, bytes: 2, encoding: signed, type: integer }
      time: { byte: 8, bytes: 8, encoding: signed, type: integer }
  kernel:
    driver: chardev
    path: /dev/kmsg
    bytes: 4KiB
    in: { number: { column: 1, type: integer }, said: { column: 4 } }
END
start_loop "$TEST_TMP/chardev.yaml" --require-rt || exit 1

messages() { # DEVICE JQ-FILTER: of each message of it in the log
	"$RTLOOP" dump --jsonl -q -c "$1" "$log" 2>/dev/null | jq -r ".data | $2"
}
is_now() { # DEVICE CHANNEL VALUE
	[ "$(messages "$1" ".$2" | tail -n 1)" = "$3" ]
}
has_event() { # KIND DEVICE COUNT
	[ "$("$RTLOOP" dump --jsonl -c event "$log" 2>/dev/null |
		grep -c "\"kind\":\"$1\",\"device\":\"$2\"")" -ge "$3" ]
}

# Twenty steps of two axes, and the trigger, played to the device; another reader records them.
: >"$TEST_TMP/recorded"
stdbuf -oL evemu-record "$input" >"$TEST_TMP/recorded" &
recorder=$!
wait_until grep -q '^# *Waiting for events' "$TEST_TMP/recorded"
time_us=0
event() { # TYPE CODE VALUE
	printf 'E: %d.%06d %s %s %d\n' $((time_us / 1000000)) $((time_us % 1000000)) "$1" "$2" "$3"
}
for i in $(seq 20); do
	event 0003 0000 $((i * 7 - 77))
	event 0003 0001 $((100 - i * 9))
	event 0001 0120 $((i % 2))
	event 0000 0000 0
	time_us=$((time_us + 10000))
done >"$TEST_TMP/play"
evemu-play "$input" <"$TEST_TMP/play"

for grams in 1 258 65535 40000; do
	weigh $grams
done
echo "rtloop-test,-42.5" >/dev/kmsg
wait_until is_now kernel said -42.5
wait_until is_now joystick tilt $((100 - 20 * 9))
wait_until is_now scale weight 40000
kill -INT $recorder
wait $recorder

# Pulled out, and put back.
kill $joystick
wait $joystick 2>/dev/null
wait_until has_event device_lost joystick 1
wait_until is_now joystick quality.roll 2
plug_in
wait_until has_event device_opened joystick 2
evemu-event "$input" --type EV_ABS --code ABS_X --value 512 --sync
wait_until is_now joystick roll 512
stop_loop

# --- what came of it ------------------------------------------------------------------------------------

check_log "$log"
expect_equal "real-time" true "$(report .realtime.is_met)"

# The values of one kind of event, as evemu recorded them.
recorded() { # TYPE CODE
	grep "^E: [0-9.]* $1 $2" "$TEST_TMP/recorded" | awk '{ print $5 + 0 }' | tr '\n' ' '
}
# Each event is a message of its own: those in which the value is another.
changes() { # CHANNEL
	messages joystick "select(.quality.$1 == 0).$1" | sed 's/true/1/; s/false/0/; /^512$/d' | uniq | tr '\n' ' '
}
expect_equal "roll and what evemu recorded" "$(recorded 0003 0000)" "$(changes roll)"
expect_equal "tilt and what evemu recorded" "$(recorded 0003 0001)" "$(changes tilt)"
expect_equal "fire and what evemu recorded" "$(recorded 0001 0120)" "$(changes fire)"
expect_equal "steps that evemu recorded" 20 "$(recorded 0003 0000 | wc -w)"
"$RTLOOP" dump --jsonl -c event "$log" | grep '"device_lost","device":"joystick"' | grep -q '"value":19,' ||
	fail "the joystick was not lost by ENODEV"

expect_equal "weights" "1 258 65535 40000 " "$(messages scale 'select(.quality.weight == 0).weight' | tr '\n' ' ')"
expect_equal "stable" true "$(messages scale .stable | tail -n 1)"

# The dummy's values are constant; its time stamps are 20 ms apart.
expect_equal "what the dummy converts" "7 -33 -2 344" \
	"$(messages converter 'select(.quality.time == 0) | "\(.single) \(.first) \(.second) \(.accel)"' | sort -u)"
messages converter 'select(.quality.time == 0).time' >"$TEST_TMP/times"
sort -c -n -u "$TEST_TMP/times" || fail "scans are out of order, or twice"
expect_at_least "scans" 40 "$(wc -l <"$TEST_TMP/times")"

# The kernel numbers the lines of its log.
messages kernel 'select(.quality.number == 0).number' | uniq >"$TEST_TMP/numbers"
expect_equal "lines of the kernel's log that are missing" 0 $(($(tail -n 1 "$TEST_TMP/numbers") + 1 -
	$(head -n 1 "$TEST_TMP/numbers") - $(wc -l <"$TEST_TMP/numbers")))
expect_equal "records missed" "0 0 0 0" "$(report '[.devices[].counts.missed] | join(" ")')"
finish
