#!/bin/bash
# tcp and unix in a real run, against socat: clients come, go and are counted, a server that is away is
# found again, and nothing of it costs another device a cycle.
. "$(dirname "$0")/lib.sh"
command -v socat > /dev/null || skip "socat is not installed"

cat > "$TEST_TMP/sockets.yaml" << 'END'
loop: { period: 1ms, seal: kill }
log: { file: sockets.mcap, sync: 100ms }
devices:
  server: { driver: tcp, listen: ":47480", clients: 3, frame: { kind: line, match: "A," }, in: { a: { column: 1 } } }
  client: { driver: tcp, connect: "127.0.0.1:47481", request: { send: "ping\n", every: 5ms }, frame: { kind: line }, in: { n: { column: 1 } } }
  packets: { driver: unix, kind: seqpacket, listen: packets.sock, in: { x: { column: 0 } } }
  grams: { driver: unix, kind: datagram, listen: grams.sock, in: { x: { column: 0 } } }
  slow: { driver: tcp, listen: ":47482", every: 20, frame: { kind: line, match: "A," }, in: { a: { column: 1 } } }
  once: { driver: tcp, connect: "127.0.0.1:47483", frame: { kind: line, match: "A," }, in: { a: { column: 1 } } }
  wave: { driver: sim, in: { w: { wave: ramp } } }
END

frames() { # DEVICE
	"$RTLOOP" dump --csv -c "$1" "$TEST_TMP/sockets.mcap" 2> /dev/null | tail -n +2 | wc -l
}
has_frames() { # DEVICE COUNT
	[ "$(frames "$1")" -ge "$2" ]
}

"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/sockets.yaml" > "$TEST_TMP/run.out" \
	2> "$TEST_TMP/run.err" &
pid=$!
wait_until test -S "$TEST_TMP/grams.sock"

# three clients one after the other, each a hundred lines
for round in 1 2 3; do
	seq 100 | sed 's/^/A,/' | socat -u - TCP:127.0.0.1:47480
	wait_until has_frames server $((100 * round))
done
# who says a hundred lines and leaves at once is heard out, within the budget: a client, and a server
seq 100 | sed 's/^/A,/' | socat -u - TCP:127.0.0.1:47482
wait_until has_frames slow 100
seq 100 | sed 's/^/A,/' | socat -u - TCP-LISTEN:47483,reuseaddr
wait_until has_frames once 100
# a server that answers what it is asked, goes away, and comes back
# shellcheck disable=SC2016 # it is the peer that expands it
answer='while read -r word; do n=$((n + 1)); echo "$word,$n"; done'
for round in 1 2; do
	socat TCP-LISTEN:47481,reuseaddr SYSTEM:"$answer" 2> /dev/null &
	peer=$!
	wait_until has_frames client $((20 * round))
	kill $peer
	wait $peer 2> /dev/null
	sleep 0.2
done
for x in 1 2 3 4 5; do
	echo "$x" | socat -u - UNIX-CONNECT:"$TEST_TMP/packets.sock",type=5
	echo "$x" | socat -u - UNIX-SENDTO:"$TEST_TMP/grams.sock"
done
wait_until has_frames packets 5
wait_until has_frames grams 5
kill -INT $pid
wait $pid
expect_equal "status" 0 $?
check_log "$TEST_TMP/sockets.mcap"
expect_equal "frames of the server's clients" 300 "$(report '.devices[0].counts.frames')"
expect_equal "times the server was lost" 0 "$(report '.devices[0].counts.lost')"
expect_at_least "times the client lost its peer" 1 "$(report '.devices[1].counts.lost')"
expect_equal "frames of seqpackets" 5 "$(report '.devices[2].counts.frames')"
expect_equal "frames of datagrams" 5 "$(report '.devices[3].counts.frames')"
expect_equal "frames of the slow one" 100 "$(report '.devices[4].counts.frames')"
expect_equal "frames of the server that left" 100 "$(report '.devices[5].counts.frames')"
expect_equal "times it was lost" 1 "$(report '.devices[5].counts.lost')"
expect_equal "samples of the other device" "$(report .log.cycles_logged)" "$(frames wave)"
"$RTLOOP" dump --csv -c server.a "$TEST_TMP/sockets.mcap" | tail -n +2 | cut -d, -f3 > "$TEST_TMP/a"
{ seq 100; seq 100; seq 100; } | cmp - "$TEST_TMP/a" || fail "values are missing or out of order"
finish
