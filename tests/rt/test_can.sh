#!/bin/bash
# A CAN bus with nothing faked: frames of can-utils' cansend and cangen, classic and FD, with ids of 11 and
# 29 bits, go over a vcan. What rtloop logs of them is what candump heard, at the time at which candump
# heard it. Frames of other ids stay in the kernel, by the kernel's own count; error frames are counted; a
# bus that goes down is opened again.
. "$(dirname "$0")/lib.sh"

command -v candump >/dev/null || skip "can-utils is not installed"
add_vcan
ip link set vcan0 mtu 72 up

cat >"$TEST_TMP/bus.dbc" <<'END'
VERSION ""
BU_: A
BO_ 801 COUNTER: 8 A
 SG_ Value : 0|64@1+ (1,0) [0|0] "" A
 SG_ Low : 7|12@0- (0.5,-10) [0|0] "" A
BO_ 2566844926 WIDE: 64 A
 SG_ Last : 480|32@1- (1,0) [0|0] "V" A
SIG_VALTYPE_ 2566844926 Last : 1;
END
cat >"$TEST_TMP/can.yaml" <<'END'
loop: { period: 5ms, priority: 80, seal: kill }
log: { file: can.mcap }
devices:
  classic:
    driver: can
    interface: vcan0
    dbc: bus.dbc
    budget: 64
    in:
      value: { signal: COUNTER.Value, type: integer }
      low:   { signal: COUNTER.Low }
      speed: { id: 0x0CF00400, start: 24, length: 16, scale: 0.125 }
      small: { id: 0x321, extended: true, start: 0, length: 8, type: integer }
  wide:
    driver: can
    interface: vcan0
    fd: true
    dbc: bus.dbc
    budget: 64
    in:
      last:  { signal: WIDE.Last }
      first: { id: 0x123, start: 7, length: 16, order: big, encoding: signed, type: integer }
END

start() {
	rm -f "$TEST_TMP/can.mcap"
	start_loop "$TEST_TMP/can.yaml" || exit 1
}

counted() { # DEVICE-INDEX COUNT
	report ".devices[$1].counts.$2"
}

# What was logged of a device, one line a message: the fields that jq names.
logged() { # DEVICE FIELDS
	"$RTLOOP" dump --jsonl -c "$1.*" "$TEST_TMP/can.mcap" |
		jq -r --arg topic "/io/$1" "select(.topic == \$topic).data | $2"
}

# How many frames passed the filters, as the kernel itself counts them.
matched() { # LIST ID
	awk -v id="$2" '$1 == "vcan0" && $2 == id { n += $6 } END { print n + 0 }' "/proc/net/can/rcvlist_$1"
}

listen() { # FILE FILTER...
	local file=$1
	shift
	candump -L "$(printf 'vcan0%s' "${*/#/,}")" >"$file" 2>&1 &
	listener=$!
	sleep 0.5
}

stop_listening() {
	sleep 0.5
	kill $listener
	wait $listener 2>/dev/null
}

# --- single frames: what they hold is known ------------------------------------------------------------

start
cansend vcan0 0CF00400#FFFFFF6813FFFFFF
cansend vcan0 321#FF60000000000000
cansend vcan0 00000321#7B
cansend vcan0 "18FEF1FE##1$(printf '00%.0s' {1..60})0000C03F"
cansend vcan0 '123##1FF85AABB'
cansend vcan0 123#0102
# of other ids, other formats, remote, or FD where that was not asked for: none of them comes
cansend vcan0 322#0102030405060708
cansend vcan0 00000123#0102
cansend vcan0 0CF00401#FFFFFF6813FFFFFF
cansend vcan0 321#R
cansend vcan0 '321##10102030405060708'
# too short for both of its signals, then for one of them
cansend vcan0 321#01
cansend vcan0 321#0FF0
# the controller is bus off; its counters passed the warning limit, twice within a second
cansend vcan0 20000040#0000000000000000
cansend vcan0 20000004#0004000000000000
cansend vcan0 20000004#0004000000000000
sleep 0.3
stop_loop
check_log "$TEST_TMP/can.mcap"

logged classic '[.speed, .value, .low, .small] | join(" ")' >"$TEST_TMP/classic"
cat >"$TEST_TMP/classic.expected" <<'END'
621 0 0 0
621 24831 -15 0
621 24831 -15 123
621 24831 -15 123
621 24831 117.5 123
END
diff -u "$TEST_TMP/classic.expected" "$TEST_TMP/classic" || fail "other values on the classic bus"
logged classic '[.quality.value, .quality.low, .quality.small] | join(" ")' >"$TEST_TMP/quality"
printf '%s\n' '2 2 2' '0 0 2' '0 0 0' '2 2 0' '2 0 0' | diff -u - "$TEST_TMP/quality" ||
	fail "other qualities on the classic bus"
logged wide '[.last, .first] | join(" ")' >"$TEST_TMP/wide"
printf '%s\n' '1.5 0' '1.5 -123' '1.5 258' | diff -u - "$TEST_TMP/wide" || fail "other values on the FD bus"
expect_equal "classic frames" 4 "$(counted 0 frames)"
expect_equal "FD frames" 3 "$(counted 1 frames)"
expect_equal "signals past the end of their frame" 3 "$(counted 0 bad_field)"
for i in 0 1; do
	expect_equal "frames of other ids" 0 "$(counted $i bad_match)"
	expect_equal "error frames" 3 "$(counted $i errors)"
done
"$RTLOOP" dump --jsonl -c event "$TEST_TMP/can.mcap" |
	jq -r '.data | select(.kind == "bus_error" and .device == "classic").value' |
	diff -u <(printf '64\n4\n') - || fail "other events of the bus"

# --- many frames among many others: candump says what and when ----------------------------------------

count=200
others=1500
start
listen "$TEST_TMP/heard" 321:C00007FF
cangen vcan0 -I 555 -L 8 -D r -g 0 -n $others &
noise=$!
cangen vcan0 -I 321 -L 8 -D i -g 2 -n $count
wait $noise
stop_listening
expect_equal "frames that the kernel let through" $count "$(matched sff 321)"
listen "$TEST_TMP/heard.fd" 123:C00007FF
cangen vcan0 -f -I 123 -L 64 -D r -g 2 -n $count
stop_listening
stop_loop
check_log "$TEST_TMP/can.mcap"

expect_equal "frames that candump heard" $count "$(wc -l <"$TEST_TMP/heard")"
expect_equal "frames logged" $count "$(counted 0 frames)"
expect_equal "frames of other ids" "0 0" "$(counted 0 bad_match) $(counted 1 bad_match)"
expect_equal "frames that were lost" "0 0" "$(counted 0 missed) $(counted 1 missed)"
# the least significant byte comes first
while read -r _ _ frame; do
	data=${frame#*#}
	little=
	for ((k = 14; k >= 0; k -= 2)); do
		little+=${data:k:2}
	done
	echo $((16#$little))
done <"$TEST_TMP/heard" >"$TEST_TMP/heard.values"
logged classic .value | diff -q - "$TEST_TMP/heard.values" || fail "the values are not those that candump heard"
expect_equal "FD frames that candump heard" $count "$(wc -l <"$TEST_TMP/heard.fd")"
while read -r _ _ frame; do
	data=${frame#*##?}
	big=$((16#${data:0:4}))
	echo $((big < 32768 ? big : big - 65536))
done <"$TEST_TMP/heard.fd" >"$TEST_TMP/heard.fd.values"
logged wide .first | diff -q - "$TEST_TMP/heard.fd.values" ||
	fail "the FD values are not those that candump heard"

# Both take the kernel's time, which candump prints in us: the difference of the clocks is all that is
# between them. What is left is how far apart the two clocks are read; an emulated CPU may stop there.
paste <(sed 's/(\([0-9]*\)\.\([0-9]*\)).*/\1\2/' "$TEST_TMP/heard") <(logged classic .sample_ns) |
	awk '{ printf "%.3f\n", $2 / 1000 - ($1 - 1700000000000000) }' | sort -n >"$TEST_TMP/differences"
awk '{ d[NR] = $1 } END {
	middle = d[int((NR + 1) / 2)]
	for (i = 1; i <= NR; i++) {
		near += d[i] - middle < 100 && middle - d[i] < 100
	}
	printf "of %d times %d are within 100 us of candump'\''s; from %.1f to %.1f us\n",
		NR, near, d[1] - middle, d[NR] - middle
	exit near < 0.9 * NR
}' "$TEST_TMP/differences" || fail "the times are not those of the kernel"
logged classic .sample_ns | sort -c -n || fail "a sample is before the one before it"

# --- more than is taken: every frame is logged, or counted as lost in the kernel -------------------------

sed 's/budget: 64/budget: 1/' "$TEST_TMP/can.yaml" >"$TEST_TMP/narrow.yaml"
sed -i 's/can\.mcap/narrow.mcap/' "$TEST_TMP/narrow.yaml"
start_loop "$TEST_TMP/narrow.yaml" || exit 1
cangen vcan0 -I 321 -L 8 -D i -g 0 -n 1000
# what the kernel lost it tells with the next frame that it had room for
sleep 2.5
cansend vcan0 321#FFFFFF0000000000
sleep 0.2
stop_loop
check_log "$TEST_TMP/narrow.mcap"
expect_at_least "frames that were lost" 1 "$(counted 0 missed)"
expect_equal "frames logged and lost" 1001 $(($(counted 0 frames) + $(counted 0 missed)))
expect_at_least "cycles that used up the budget" 100 "$(counted 0 flooded)"

# --- a bus that goes down, and comes up again -----------------------------------------------------------

start
cansend vcan0 321#0100000000000000
sleep 0.2
ip link set vcan0 down
wait_until grep -q "'classic': went away: Network is down" "$TEST_TMP/run.out"
wait_until grep -q "'wide': went away: Network is down" "$TEST_TMP/run.out"
sleep 0.5
ip link set vcan0 up
wait_until grep -q "'classic': is open again" "$TEST_TMP/run.out"
sleep 0.2
cansend vcan0 321#0200000000000000
sleep 0.3
stop_loop
check_log "$TEST_TMP/can.mcap"
logged classic '[.value, .quality.value] | join(" ")' >"$TEST_TMP/down"
printf '%s\n' '1 0' '1 2' '2 0' | diff -u - "$TEST_TMP/down" || fail "other values around the loss of the bus"
expect_equal "times lost" "1 1" "$(counted 0 lost) $(counted 1 lost)"
finish
