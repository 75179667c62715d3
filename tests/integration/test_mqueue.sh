#!/bin/bash
# What an independent sender leaves in a message queue is in the log, every value in order. A queue that
# is not there yet, is removed, or takes other messages than stated is told, and opened when it is right.
. "$(dirname "$0")/lib.sh"

post=$peers/post
name=/rtloop-test-$$
"$post" -c 1,1 "$name" < /dev/null > "$TEST_TMP/post.out" 2>&1 ||
	skip "POSIX message queues cannot be made here: $(cat "$TEST_TMP/post.out")"
"$post" -u "$name"

# shellcheck disable=SC2329 # called by the trap
clean_up() {
	end_jobs
	"$post" -u "$name" 2> "$TEST_TMP/post.out"
}
trap clean_up EXIT

start() { # LOG LINE...
	local log=$1
	shift
	{
		cat << END
loop: { period: 1ms, seal: kill }
log: { file: $log.mcap }
devices:
  scale:
    driver: mqueue
    queue: $name
    frame: { kind: raw, match: "W", checksum: sum8 }
    in:
      weight: { byte: 1, bytes: 4, encoding: signed, type: integer }
      stable: { byte: 5, bit: 0, type: bool }
END
		printf '    %s\n' "$@"
	} > "$TEST_TMP/$log.yaml"
	"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/$log.yaml" \
		> "$TEST_TMP/run.out" 2>&1 &
	pid=$!
	wait_until test -s "$TEST_TMP/$log.mcap"
}

stop() { # LOG
	kill -INT $pid
	wait $pid
	expect_equal "status" 0 $?
	check_log "$TEST_TMP/$1.mcap"
	"$RTLOOP" dump --csv -c scale.weight,scale.stable "$TEST_TMP/$1.mcap" |
		tail -n +2 | cut -d, -f3- > "$TEST_TMP/$1.logged"
}

# COUNT messages from the FROM-th on, in hexadecimal digits, and their values in VALUES. The weight
# changes its sign each time and needs all of its 32 bits.
messages() { # FROM COUNT VALUES
	awk -v from="$1" -v count="$2" -v values="$3" '
		function byte(value) { sum += value; return sprintf("%02x", value) }
		BEGIN {
			for (i = from; i < from + count; i++) {
				weight = (i % 2 ? -1 : 1) * ((i * 8388593) % 2147483647)
				stable = i % 3 == 0
				print weight "," stable > values
				raw = weight < 0 ? weight + 4294967296 : weight
				sum = 0
				line = byte(87)
				for (k = 0; k < 4; k++) {
					line = line byte(raw % 256)
					raw = int(raw / 256)
				}
				line = line byte(stable ? 129 : 128)
				print line sprintf("%02x", sum % 256)
			}
		}'
}

queue_is_there() {
	"$post" "$name" < /dev/null 2> "$TEST_TMP/post.out"
}

# --- made by rtloop, filled by another program as fast as it goes -------------------------------------

start made 'create: true' 'max_messages: 8' 'message_bytes: 64'
wait_until queue_is_there
messages 0 3000 "$TEST_TMP/sent" | "$post" -x "$name" || fail "the sender failed"
# a wrong checksum, another beginning, nothing at all
printf '%s\n' 57000000000058 580000000000d8 '' | "$post" -x "$name" || fail "the sender failed"
sleep 0.2
stop made
expect_equal "messages sent" 3000 "$(wc -l < "$TEST_TMP/sent")"
cmp "$TEST_TMP/sent" "$TEST_TMP/made.logged" || fail "the values differ"
expect_equal "frames" 3000 "$(report '.devices[0].counts.frames')"
expect_equal "wrong checksums" 1 "$(report '.devices[0].counts.bad_checksum')"
expect_equal "wrong beginnings" 1 "$(report '.devices[0].counts.bad_match')"
queue_is_there || fail "the queue is gone with rtloop"
"$post" -u "$name"

# --- made by the sender, later than rtloop starts; removed, and made anew ------------------------------

# With room for one message only, a sender that is done knows that all but the last were taken.
send_slowly() { # FROM
	messages "$1" 5 "$TEST_TMP/sent.$1" | timeout 30 "$post" -c 1,7 -x "$name" ||
		fail "nobody took the messages from $1 on"
}

start away
wait_until grep -q "'scale': .*its sender has to make it" "$TEST_TMP/run.out"
send_slowly 0
sleep 0.1
"$post" -u "$name"
send_slowly 5
sleep 0.1
stop away
cat "$TEST_TMP/sent.0" "$TEST_TMP/sent.5" | cmp - "$TEST_TMP/away.logged" || fail "the values differ"
expect_equal "frames" 10 "$(report '.devices[0].counts.frames')"
expect_equal "times lost" 0 "$(report '.devices[0].counts.lost')"

# --- of longer messages than stated ------------------------------------------------------------------

start long 'message_bytes: 6'
stop long
expect_equal "why the device is away" \
	"$name takes messages of 7 bytes; expected at most message_bytes: 6" \
	"$(report '.devices[0].away')"
finish
