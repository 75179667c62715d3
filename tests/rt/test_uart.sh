#!/bin/bash
# A serial device on a UART: ttyS1, whose wire ends at ttyS2, where a shell plays the instrument with nothing
# but stty, read and printf. On the way the line hangs up, as it does where an adapter is pulled.
. "$(dirname "$0")/lib.sh"

here=/dev/ttyS1
there=/dev/ttyS2
[ -c $here ] && [ -c $there ] || skip "there are no two serial ports"
stty -F $there 115200 raw -echo || skip "$there is no serial port"

cat >"$TEST_TMP/uart.yaml" <<END
loop: { period: 5ms, cpu: 1, priority: 80, seal: kill }
log: { file: uart.mcap, sync: 100ms }
devices:
  probe:
    driver: serial
    path: $here
    baud: 115200
    on_open: "MODE CSV\r\n"
    request: { send: "M?\r\n", every: 50ms }
    frame: { kind: line, match: "M,", checksum: xor8 }
    in:
      count: { column: 1, type: integer }
  wave: { driver: sim, in: { w: { wave: ramp } } }
END

xor8() { # TEXT
	local i sum=0
	for ((i = 0; i < ${#1}; i++)); do
		printf -v code %d "'${1:i:1}"
		sum=$((sum ^ code))
	done
	printf %02X $sum
}

# Answers the n-th question with n; says in a file what it was asked.
instrument() {
	local line text n=0
	while IFS= read -r line; do
		echo "${line%$'\r'}" >>"$TEST_TMP/asked"
		if [ "$line" = $'M?\r' ]; then
			text="M,$n"
			printf '%s*%s\r\n' "$text" "$(xor8 "$text")"
			n=$((n + 1))
		fi
	done
}

has_answers() { # COUNT
	[ "$("$RTLOOP" dump --csv -c probe.count "$TEST_TMP/uart.mcap" 2>/dev/null | wc -l)" -gt "$1" ]
}

has_event() { # KIND COUNT
	[ "$("$RTLOOP" dump --jsonl -c event "$TEST_TMP/uart.mcap" 2>/dev/null |
		grep -c "\"kind\":\"$1\",\"device\":\"probe\"")" -ge "$2" ]
}

instrument <>$there >&0 &
start_loop "$TEST_TMP/uart.yaml" --require-rt || exit 1
wait_until has_answers 25
"$peers/stranger" "tty:$here" || fail "the line does not hang up"
wait_until has_event device_lost 1
wait_until has_event device_opened 2
wait_until has_answers 50
settings=$(stty -F $here -a)
stop_loop
check_log "$TEST_TMP/uart.mcap"

expect_equal "the first that was asked" "MODE CSV" "$(head -n 1 "$TEST_TMP/asked")"
# a word that the hang-up cut off is neither
expect_equal "what was asked, but for one that was cut off" "M? MODE CSV" \
	"$(sort "$TEST_TMP/asked" | uniq -c | awk '$1 > 1 { $1 = ""; print substr($0, 2) }' | xargs)"
expect_equal "times that it was told its mode" 2 "$(grep -cx 'MODE CSV' "$TEST_TMP/asked")"
# every answer is in the log, in order: 0, 1, 2, ...; but for those that were on their way when the line hung up
"$RTLOOP" dump --csv -q -c probe.count "$TEST_TMP/uart.mcap" | awk -F, 'NR > 1 && $4 == 0 { print $3 }' | uniq \
	>"$TEST_TMP/logged"
sort -c -n -u "$TEST_TMP/logged" || fail "answers are out of order"
expect_equal "the first answer" 0 "$(head -n 1 "$TEST_TMP/logged")"
gaps=$(awk 'NR > 1 && $1 != before + 1 { gaps++ } { before = $1 } END { print gaps + 0 }' "$TEST_TMP/logged")
[ "$gaps" -le 1 ] || fail "answers are missing in $gaps places"
frames=$(report '.devices[0].counts.frames')
expect_equal "answers in the log" "$frames" "$(wc -l <"$TEST_TMP/logged")"
[ "$(report '.devices[0].counts | .bad_checksum + .bad_length + .bad_match')" -le 1 ] || fail "frames were dropped"
expect_equal "times that it was lost" 1 "$(report '.devices[0].counts.lost')"
"$RTLOOP" dump --csv -q -c probe.count "$TEST_TMP/uart.mcap" | cut -d, -f4 | grep -qx 2 || fail "its channel was never bad"
expect_equal "samples of the other device" "$(report .log.cycles_logged)" \
	"$("$RTLOOP" dump --csv -c wave.w "$TEST_TMP/uart.mcap" | tail -n +2 | wc -l)"
for setting in "speed 115200" " cs8" "-parenb" "-cstopb" "-icanon" "-echo" "-ixon" "-crtscts"; do
	[[ $settings == *"$setting"* ]] || fail "the line has not '$setting': $settings"
done
echo "$frames answers; the driver counts: $(sed -n 's/^1: //p' /proc/tty/driver/serial)"
finish
