#!/bin/bash
# What serial, udp, tcp, unix and mqueue send, as socat and another program take it: each message whole, in
# its order, with the values of the cycle in which it left.
. "$(dirname "$0")/lib.sh"
command -v socat > /dev/null || skip "socat is not installed"

post=$peers/post
queue=/rtloop-send-$$
"$post" -c 10,256 "$queue" < /dev/null > "$TEST_TMP/post.out" 2>&1 ||
	skip "POSIX message queues cannot be made here: $(cat "$TEST_TMP/post.out")"

# shellcheck disable=SC2329 # called by the trap
clean_up() {
	end_jobs
	"$post" -u "$queue" 2> "$TEST_TMP/post.out"
	"$post" -u "$queue-full" 2> "$TEST_TMP/post.out"
}
trap clean_up EXIT

text='text: "{cycle} {wave.n} {wave.w:.3f}\n"'
cat > "$TEST_TMP/send.yaml" << END
loop: { period: 2ms, seal: kill }
log: { file: send.mcap, sync: 100ms }
devices:
  wave: { driver: sim, in: { n: { wave: ramp, amplitude: 1000, center: 1000, period: 600ms, type: integer }, w: { wave: sine } } }
  line: { driver: serial, path: line.tty, send: { on: change, every: 50ms, $text } }
  grams: { driver: udp, send: { to: "127.0.0.1:47490", every: 4ms, $text } }
  client: { driver: tcp, connect: "127.0.0.1:47491", send: { $text } }
  server: { driver: tcp, listen: ":47492", clients: 3, send: { $text } }
  packets: { driver: unix, kind: seqpacket, listen: packets.sock, send: { $text } }
  datagrams: { driver: unix, kind: datagram, connect: grams.sock, send: { $text } }
  queue: { driver: mqueue, send: { to: $queue, every: 4ms, text: "{cycle} {wave.n} {wave.w:.3f}" } }
  valve:
    driver: udp
    send: { to: "127.0.0.1:47493", head: "V", checksum: crc16-modbus }
    out:
      position: { byte: 1, bytes: 2, order: big, scale: 0.1, unit: "%", safe: 12.5 }
      open:     { byte: 3, bit: 7, type: bool, safe: 1 }
program: |
  valve.position := if wave.n > 1000 then 75.0 else 25.0
  valve.open     := wave.n > 1000
END

socat -u PTY,link="$TEST_TMP/line.tty",raw,echo=0 OPEN:"$TEST_TMP/line",creat &
socat -u UDP-RECV:47490,bind=127.0.0.1 OPEN:"$TEST_TMP/grams",creat &
socat -u TCP-LISTEN:47491,bind=127.0.0.1,reuseaddr OPEN:"$TEST_TMP/client",creat &
socat -u UNIX-RECV:"$TEST_TMP/grams.sock" OPEN:"$TEST_TMP/datagrams",creat &
"$post" -g "$queue" > "$TEST_TMP/queue" &
socat -u UDP-RECV:47493,bind=127.0.0.1 OPEN:"$TEST_TMP/valve",creat &
wait_until test -e "$TEST_TMP/line.tty"
wait_until test -S "$TEST_TMP/grams.sock"

"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/send.yaml" > "$TEST_TMP/run.out" \
	2> "$TEST_TMP/run.err" &
pid=$!
wait_until test -S "$TEST_TMP/packets.sock"
for client in 1 2; do
	socat -u TCP:127.0.0.1:47492 OPEN:"$TEST_TMP/server$client",creat 2> /dev/null &
done
socat -u UNIX-CONNECT:"$TEST_TMP/packets.sock",type=5 OPEN:"$TEST_TMP/packets",creat &

has_lines() { # FILE COUNT
	[ "$(wc -l 2> /dev/null < "$TEST_TMP/$1")" -ge "$2" ]
}
for file in line grams client server1 server2 packets datagrams queue; do
	wait_until has_lines $file 100
done
kill -TERM $pid
wait $pid
expect_equal "status" 0 $?
sleep 0.2 # what is on its way
check_log "$TEST_TMP/send.mcap"

# What each cycle read, by the log: the sender may not be a cycle behind, nor ahead.
"$RTLOOP" dump --csv -c wave.cycle,wave.n,wave.w "$TEST_TMP/send.mcap" 2> /dev/null |
	awk -F, 'NR > 1 { printf "%d %d %.3f\n", $3, $4, $5 }' | sed 's/-0\.000/0.000/' > "$TEST_TMP/logged"
for file in line grams client server1 server2 packets datagrams queue; do
	# the last line may be cut off where a peer was ended
	sed '$d' "$TEST_TMP/$file" > "$TEST_TMP/whole"
	wrong=$(grep -vxFf "$TEST_TMP/logged" "$TEST_TMP/whole" | head -n 3)
	[ -z "$wrong" ] || fail "$file: not what the log has of the cycle: $wrong"
	sort -c -n -u "$TEST_TMP/whole" || fail "$file: messages are out of order"
done

# On change, nothing is left out where the peer is fast enough; what was overtaken is counted.
for name in line grams client packets datagrams queue; do
	counts=$(report ".devices[] | select(.name == \"$name\").counts | \"\(.sent) \(.lost) \(.errors)\"")
	[ "${counts#* }" = "0 0" ] || fail "$name: sent, lost and errors: $counts"
done
sent=$(report '.devices[] | select(.name == "line").counts.sent')
expect_equal "lines sent, and lines that came" "$sent" "$(wc -l < "$TEST_TMP/line")"

# The safe values as the device comes into use, what the logic asks for, and the safe values at the end.
od -An -tx1 -v "$TEST_TMP/valve" | tr -d ' \n' | sed 's/\(.\{8\}\)..../\1\n/g' > "$TEST_TMP/told"
expect_equal "what the valve was told at first" "56007d80 5600fa00" "$(head -n 2 "$TEST_TMP/told" | xargs)"
expect_equal "what the valve was told at the end" 56007d80 "$(tail -n 1 "$TEST_TMP/told")"
expect_equal "all that the valve was told" "56007d80 5600fa00 5602ee80" "$(sort -u "$TEST_TMP/told" | xargs)"
expect_equal "outputs left safe" true "$(report '.devices[] | select(.name == "valve").outputs_left_safe')"

# A second SIGTERM does not end it before its outputs are safe: timeout sends two in a row. The queue that takes nothing
# keeps the end waiting.
"$post" -c 1,64 "$queue-full" < /dev/null
cat > "$TEST_TMP/twice.yaml" << END
loop: { period: 2ms, seal: kill }
log: { file: twice.mcap, sync: 100ms }
devices:
  wave: { driver: sim, in: { n: { wave: ramp, amplitude: 1000, center: 1000, period: 600ms, type: integer } } }
  stuck:
    driver: mqueue
    send: { to: $queue-full, text: "{stuck.n}" }
    out: { n: { type: integer, safe: 0 } }
  valve:
    driver: udp
    send: { to: "127.0.0.1:47493", text: "{valve.open}" }
    out: { open: { type: bool, safe: 0 } }
program: |
  stuck.n    := wave.n
  valve.open := true
END
"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/twice.yaml" > "$TEST_TMP/run.out" 2>&1 &
pid=$!
wait_for_cycles "$TEST_TMP/twice.mcap"
kill -TERM $pid
sleep 0.2 # the first one is taken; the end waits for a second
kill -TERM $pid 2> /dev/null
wait $pid
expect_equal "status after two SIGTERM" 0 $?
check_log "$TEST_TMP/twice.mcap"
expect_equal "which outputs were left safe" "[false,true]" \
	"$(report '[.devices[] | select(.outputs_driven).outputs_left_safe] | tostring')"

# Nothing is sent with --no-outputs.
: > "$TEST_TMP/grams"
: > "$TEST_TMP/valve"
rm "$TEST_TMP/send.mcap"
run_file "$TEST_TMP/send.yaml" --no-outputs -l 50
expect_equal "bytes sent with --no-outputs" "0 0" "$(wc -c < "$TEST_TMP/grams") $(wc -c < "$TEST_TMP/valve")"
expect_equal "messages sent with --no-outputs" 0 "$(report '[.devices[].counts.sent] | add')"
finish
