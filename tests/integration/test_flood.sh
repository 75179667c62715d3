#!/bin/bash
# Peers that flood as fast as loopback goes, over everything that has one, in good frames, in garbage, and with a frame
# that never ends: the work of a cycle is bounded and counted, the memory too, and a quiet sensor beside them
# loses nothing.
. "$(dirname "$0")/lib.sh"

keep_nothing_freed
log=$TEST_TMP/flood.mcap
budget=4
queue=/rtloop-flood-$$
# shellcheck disable=SC2329 # called by the trap
clean_up() {
	end_jobs
	"$peers/post" -u "$queue" 2> /dev/null
}
trap clean_up EXIT

heads='{ kind: length, sync: "\x55\xaa", length: { at: 2, bytes: 2, order: big, add: 0 }, max: 4096, checksum: crc32 }'
fixed='{ kind: fixed, size: 16, sync: "\x55", checksum: crc16-modbus }'
# name, address for the stranger, its payload, driver and address, frame
floods() {
	local unix="unix:$TEST_TMP" packet="packet:$TEST_TMP" gram="gram:$TEST_TMP"
	local stream='driver: unix, listen:' seqpacket='driver: unix, kind: seqpacket, listen:'
	local datagram='driver: unix, kind: datagram, listen:'
	cat << END
udp_lines|udp:47511|lines|driver: udp, listen: "127.0.0.1:47511"|{ kind: line }
udp_garbage|udp:47512|garbage|driver: udp, listen: "127.0.0.1:47512"|{ kind: raw, match: "RT", checksum: crc16-ccitt }
tcp_lines|tcp:47513|lines|driver: tcp, listen: ":47513"|{ kind: line }
tcp_garbage|tcp:47514|garbage|driver: tcp, listen: ":47514"|{ kind: line, match: "A,", checksum: xor8 }
tcp_endless|tcp:47515|endless|driver: tcp, listen: ":47515"|{ kind: line }
tcp_heads|tcp:47516|heads|driver: tcp, listen: ":47516"|$heads
tcp_fixed|tcp:47517|garbage|driver: tcp, listen: ":47517"|$fixed
unix_lines|$unix/a|lines|$stream a|{ kind: line }
unix_cobs|$unix/b|garbage|$stream b|{ kind: cobs, checksum: crc16-ccitt }
unix_cobs_endless|$unix/c|endless|$stream c|{ kind: cobs }
unix_length|$unix/d|garbage|$stream d|$heads
packet_lines|$packet/e|lines|$seqpacket e|{ kind: line }
packet_garbage|$packet/f|garbage|$seqpacket f|{ kind: line, checksum: xor8 }
gram_heads|$gram/g|heads|$datagram g|$heads
serial_lines|pty:$TEST_TMP/h|lines|driver: serial, path: h|{ kind: line }
serial_garbage|pty:$TEST_TMP/i|garbage|driver: serial, path: i|{ kind: line, match: "A,", checksum: nmea }
serial_endless|pty:$TEST_TMP/j|endless|driver: serial, path: j|$fixed
END
	if [ -n "$queue" ]; then
		echo "queue_lines|mq:$queue|lines|driver: mqueue, queue: $queue|{ kind: line }"
	fi
}
"$peers/post" -c 8,64 "$queue" < /dev/null > "$TEST_TMP/post.out" 2>&1 || {
	echo "without a message queue: $(cat "$TEST_TMP/post.out")"
	queue=
}
floods > "$TEST_TMP/floods"

channel_of() { # FRAME
	case $1 in
	*line*) echo "column: 1" ;;
	*) echo "byte: 4" ;;
	esac
}
{
	echo "loop: { period: 5ms, priority: 80, seal: kill }"
	echo "log: { file: flood.mcap, sync: 100ms }"
	echo "devices:"
	while IFS='|' read -r name _ _ driver frame; do
		echo "  $name: { $driver, budget: $budget, frame: $frame, in: { x: { $(channel_of "$frame") } } }"
	done < "$TEST_TMP/floods"
	echo "  calm: { driver: udp, listen: \"127.0.0.1:47510\", in: { n: { byte: 2, bytes: 4, order: big, type: integer } } }"
	echo "  wave: { driver: sim, in: { w: { wave: ramp } } }"
} > "$TEST_TMP/flood.yaml"

# Lines that are there before the run begins; the others as soon as there is a socket.
while IFS='|' read -r name address payload _ _; do
	if [[ $address == pty:* ]]; then
		"$peers/stranger" -p "$payload" "$address" > "$TEST_TMP/$name" 2>&1 &
	fi
done < "$TEST_TMP/floods"
for name in h i j; do
	wait_until test -e "$TEST_TMP/$name"
done
"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/flood.yaml" > "$TEST_TMP/run.out" 2>&1 &
pid=$!
wait_for_cycles "$log"
strangers=()
while IFS='|' read -r name address payload _ _; do
	if [[ $address != pty:* ]]; then
		"$peers/stranger" -p "$payload" "$address" > "$TEST_TMP/$name" 2>&1 &
		strangers+=($!)
	fi
done < "$TEST_TMP/floods"
"$peers/sensor" --rate 100 --count 40 47510
memory() {
	sed -n 's/^VmSize:\s*\([0-9]*\) kB/\1/p' "/proc/$pid/status"
}
before=$(memory)
"$peers/sensor" --rate 100 --count 60 47510
after=$(memory)
# What was sent last may still be the kernel's: a cycle with all these floods takes longer than its period on a slow machine.
has_all() {
	"$RTLOOP" status --json flood 2> /dev/null |
		jq -e '.devices[] | select(.name == "calm").counts.frames == 100' > /dev/null
}
wait_until has_all
kill -INT $pid
wait $pid
expect_equal "status" 0 $?
kill "${strangers[@]}"
[ -s "$TEST_TMP/report.json" ] || fail "no report: $(cat "$TEST_TMP/run.out")"
check_log "$log"

counts() { # DEVICE JQ-FILTER
	report ".devices[] | select(.name == \"$1\").counts | $2"
}
# The most messages of each device in one cycle, by the log.
"$RTLOOP" dump --jsonl -c "$(sed "s/|.*/.cycle/" "$TEST_TMP/floods" | paste -sd,)" "$log" |
	sed -n 's|^{"topic":"/io/\([a-z_]*\)".*"cycle":\([0-9]*\).*|\1 \2|p' | awk '
	{ count[$1] = $2 == cycle[$1] ? count[$1] + 1 : 1; cycle[$1] = $2 }
	count[$1] > most[$1] { most[$1] = count[$1] }
	END { for (name in most) print name, most[name] }' > "$TEST_TMP/most"
most() { # DEVICE
	awk -v name="$1" '$1 == name { n = $2 } END { print n + 0 }' "$TEST_TMP/most"
}
while IFS='|' read -r name address payload _ _; do
	[ "$(most "$name")" -le $budget ] || fail "$name: $(most "$name") messages in one cycle"
	dropped=$(counts "$name" '.bad_checksum + .bad_length + .bad_match + .over_budget')
	frames=$(counts "$name" .frames)
	case $payload in
	lines)
		expect_at_least "frames of $name" 50 "$frames"
		expect_equal "the most messages of $name in a cycle" $budget "$(most "$name")"
		;;
	*) expect_at_least "frames of $name that are told to be none" 1 "$dropped" ;;
	esac
	# good and bad, no more than the budget in each cycle; of one datagram only the rest is over it
	[ $((frames + $(counts "$name" '.bad_checksum + .bad_match'))) -le "$(report ".cycles * ($budget + 1)")" ] ||
		fail "$name: $frames frames and $dropped dropped in $(report .cycles) cycles"
	[[ $payload != lines || $address == pty:* ]] ||
		expect_at_least "times that $name had more than its budget" 20 "$(counts "$name" .flooded)"
done < "$TEST_TMP/floods"
expect_equal "datagrams of the calm sensor" 100 "$(counts calm .frames)"
expect_equal "samples of the signal beside them" "$(report .log.cycles_logged)" \
	"$("$RTLOOP" dump --csv -c wave.w "$log" | tail -n +2 | wc -l)"
[ $((after - before)) -le 8192 ] || fail "memory grew from $before to $after KiB"
finish
