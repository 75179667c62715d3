#!/bin/bash
# A device goes away and comes back: it is not polled in between, its channels are bad, the others miss
# no cycle, and it is opened again by its path.
. "$(dirname "$0")/lib.sh"

cat > "$TEST_TMP/vanish.yaml" << 'END'
loop: { period: 1ms, seal: kill, fault: { hang: 60s } } # strace may get no CPU for a second
log: { file: vanish.mcap, sync: 100ms }
devices:
  probe:
    driver: serial
    path: probe.tty
    frame: { kind: line, match: "M,", checksum: xor8 }
    in: { temp: { column: 1, type: integer } }
  wave: { driver: sim, in: { a: { wave: ramp } } }
END

events() { # KIND
	"$RTLOOP" dump --jsonl -c event "$TEST_TMP/vanish.mcap" 2> /dev/null |
		grep -c "\"kind\":\"$1\""
}
has_events() { # KIND COUNT
	[ "$(events "$1")" -ge "$2" ]
}

"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/vanish.yaml" > "$TEST_TMP/run.out" \
	2> "$TEST_TMP/run.err" &
pid=$!
wait_until has_events open_failed 1 # the run goes on without it
for round in 1 2; do
	"$peers/probe" --rate 100 "$TEST_TMP/probe.tty" &
	probe=$!
	wait_until has_events device_opened $((round + 1)) # wave is opened once
	sleep 0.3
	kill $probe
	wait_until has_events device_lost $round
done
kill -INT $pid
wait $pid
expect_equal "status" 0 $?
check_log "$TEST_TMP/vanish.mcap"
expect_equal "times lost" 2 "$(report '.devices[0].counts.lost')"
expect_at_least "frames" 20 "$(report '.devices[0].counts.frames')"
expect_equal "samples of the other device" "$(report .log.cycles_logged)" \
	"$("$RTLOOP" dump --csv -c wave.a "$TEST_TMP/vanish.mcap" | tail -n +2 | wc -l)"
grep -q "device 'probe'.*No such file" "$TEST_TMP/run.err" || fail "nobody was told that it is away"
grep -q "device 'probe': is open again" "$TEST_TMP/run.err" || fail "nobody was told that it is back"
# the last that the log has of it is a message whose channel is bad
expect_equal "quality at the end" 2 "$("$RTLOOP" dump --jsonl --quality -c probe "$TEST_TMP/vanish.mcap" |
	tail -1 | jq '.data.quality.temp')"

# What the kernel is asked after the loss: of a device that is away nothing at all.
if command -v strace > /dev/null && strace -o /dev/null true 2> /dev/null; then
	rm "$TEST_TMP/vanish.mcap"
	"$peers/probe" --rate 100 "$TEST_TMP/probe.tty" &
	probe=$!
	wait_until test -e "$TEST_TMP/probe.tty"
	strace -ff -o "$TEST_TMP/trace" "$RTLOOP" run -q -i 5000 "$TEST_TMP/vanish.yaml" > "$TEST_TMP/run.out" 2>&1 &
	pid=$!
	wait_until has_events device_opened 2
	kill $probe
	wait_until has_events device_lost 1
	wait_until has_events open_failed 1
	kill -INT "$(pgrep -P $pid)"
	wait $pid
	let_go='^epoll_ctl[(].*EPOLL_CTL_DEL|^io_uring_register[(][0-9]+, IORING_UNREGISTER_PBUF_RING'
	trace=$(grep -lE "$let_go" "$TEST_TMP"/trace.* | head -n 1) # the cycle's
	# one of the two waits: the calls of the other kind are none
	awk -v let_go="$let_go" '$0 ~ let_go { is_lost = 1; next }
		is_lost && /^(clock_nanosleep|io_uring_enter)\(/ { waits++ }
		is_lost && /^(read|epoll_wait|epoll_ctl|io_uring_register|ioctl)\(/ { calls++ }
		END { print waits + 0, calls + 0 }' "$trace" > "$TEST_TMP/after"
	read -r waits calls < "$TEST_TMP/after"
	expect_at_least "cycles after the loss" 10 "$waits"
	expect_equal "calls for a device that is away" 0 "$calls"
fi
finish
