#!/bin/bash
# A serial device on a UART: ttyS1, whose wire ends at ttyS2, where a shell plays the instrument with nothing
# but stty, read and printf.
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

instrument <>$there >&0 &
start_loop "$TEST_TMP/uart.yaml" --require-rt || exit 1
wait_until has_answers 25
settings=$(stty -F $here -a)
stop_loop
check_log "$TEST_TMP/uart.mcap"

expect_equal "the first that was asked" "MODE CSV" "$(head -n 1 "$TEST_TMP/asked")"
expect_equal "whatever else was asked" "M?" "$(tail -n +2 "$TEST_TMP/asked" | sort -u)"
# every answer is in the log, in order: 0, 1, 2, ...
"$RTLOOP" dump --csv -c probe.count "$TEST_TMP/uart.mcap" | tail -n +2 | cut -d, -f3 >"$TEST_TMP/logged"
cmp "$TEST_TMP/logged" <(seq 0 $(($(wc -l <"$TEST_TMP/logged") - 1))) || fail "answers are missing"
frames=$(report '.devices[0].counts.frames')
expect_equal "answers in the log" "$frames" "$(wc -l <"$TEST_TMP/logged")"
expect_equal "dropped" 0 "$(report '.devices[0].counts | .bad_checksum + .bad_length + .bad_match')"
for setting in "speed 115200" " cs8" "-parenb" "-cstopb" "-icanon" "-echo" "-ixon" "-crtscts"; do
	[[ $settings == *"$setting"* ]] || fail "the line has not '$setting': $settings"
done
echo "$frames answers; the driver counts: $(sed -n 's/^1: //p' /proc/tty/driver/serial)"
finish
