#!/bin/bash
# rtloop bench: every table has its rows, JSON and pictures are whole, what it recommends is a configuration, and
# no output is driven. No time is judged: the machine may stand still at any moment.
. "$(dirname "$0")/lib.sh"
cd "$TEST_TMP" || exit 1
trust_folder
cd "$TEST_TMP" || exit 1
json=$TEST_TMP/bench.json

# --- a configuration with an output to a socket, whose peer is to get nothing

port=$((20000 + RANDOM % 20000))
socat -u "UDP-RECV:$port,bind=127.0.0.1" OPEN:received,creat,append &
peer=$!
cat >machine.yaml <<END
loop: { period: 500us, priority: 70 }
log: { dir: log }
devices:
  panel:
    driver: udp
    listen: "127.0.0.1:9"
    frame: { kind: line }
    in: { knob: { column: 1 } }
  drive:
    driver: udp
    send: { to: "127.0.0.1:$port", every: 10ms, text: "torque {drive.torque}\n" }
    out: { torque: { safe: 0.0 } }
  line:
    driver: serial
    path: /dev/ttyNONE
    frame: { kind: line }
    in: { weight: { column: 1 } }
program: |
  drive.torque := 42
END
"$RTLOOP" check machine.yaml >/dev/null || fail "the configuration of this test is wrong"

"$RTLOOP" bench -D 2 --json "$json" machine.yaml >out 2>err </dev/null
status=$?
expect_equal "the exit status ($(cat err))" 0 $status
expect_equal "what is said on stderr" "" "$(cat err)"
expect_equal "devices that were opened: messages to the peer" "" "$(cat received 2>/dev/null)"
[ ! -e log ] || fail "a log was written"
expect_equal "files left behind" "" "$(find . -name '.rtloop-bench*')"
# the peer works: what is sent to it arrives
wait_until sh -c "echo it works | socat -u - UDP-SENDTO:127.0.0.1:$port && grep -q works received"
kill $peer

# --- the tables

for title in "The floor" Pacers Cycles Readers Writers; do
	grep -q "^$title: " out || fail "no table '$title'"
done
for row in "empty system call" cyclictest nanosleep "nanosleep, tail 20us" timerfd uring ppoll epoll_pwait2 \
	epoll_wait "nanosleep + epoll" "timerfd + epoll" "nanosleep + uring" "uring + uring" "recv each" poll epoll \
	"epoll, edge-triggered" "io_uring batch" "io_uring batch, unregistered" "io_uring multishot" "io_uring SQPOLL" "blocking, if known" write \
	"write, fdatasync by the caller" "write, fdatasync by a thread" "io_uring, linked fsync" \
	"POSIX AIO, aio_fsync" "O_DIRECT write" "O_DIRECT io_uring" "O_DIRECT io_uring, linked fsync" "io_uring, registered" \
	"io_uring, registered, linked fsync" "O_DIRECT io_uring, registered" "O_DIRECT io_uring, registered, linked fsync"; do
	grep -q "^  $row  *[0-9n]" out || fail "no row '$row'"
done
grep -q "^endpoints 1 udp, 1 pty in place" out || fail "the endpoints: $(grep ^endpoints out)"

# value JQ-FILTER: of the JSON.
value() {
	jq -r "$1" "$json"
}
jq -e . "$json" >/dev/null || fail "the JSON is none"
expect_equal "tables in the JSON" "floor pacers cycles readers writers" \
	"$(value '[keys_unsorted[] | select(. == ("floor", "pacers", "cycles", "readers", "writers"))] | join(" ")')"
expect_equal "the period" 500000 "$(value .conditions.period_ns)"
expect_equal "endpoints of the configuration" "1 1" "$(value '.conditions.endpoints | "\(.udp) \(.pty)"')"
expect_equal "numbers of endpoints" "1 2 16 64 256" "$(value '[.readers[].endpoints] | unique | join(" ")')"
expect_equal "ways to read" 9 "$(value '[.readers[].name] | unique | length')"
expect_equal "ways to write" 15 "$(value '.writers | length')"
expect_equal "rows with neither figures nor a reason" 0 \
	"$(value '[.floor, .pacers, .cycles, .readers, .writers | .[] | select((.samples > 0 and .median_ns > 0) or .failure | not)] | length')"
expect_equal "rows whose figures are out of order" 0 \
	"$(value '[.floor, .pacers, .cycles, .readers, .writers | .[] | select(.failure | not) |
		select(.least_ns > .median_ns or .median_ns > .p99_ns or .p99_ns > .worst_ns)] | length')"
# what needs neither privilege nor a new kernel is measured everywhere
for name in "recv each" poll epoll; do
	expect_equal "failures of $name" 0 "$(value "[.readers[] | select(.name == \"$name\" and .endpoints < 256) |
		select(.failure and .failure != \"there was no time for it\")] | length")"
done

# --- what it recommends is a configuration

# recommended: the lines from loop: on, with a folder for the log.
recommended() {
	sed -n '/^recommended:/,$p' out | sed '1d; s/^log:$/&\n  dir: log/'
}
recommended >recommended.yaml
grep -q '^loop:' recommended.yaml && grep -q '^log:' recommended.yaml ||
	fail "no loop: or log: is recommended: $(cat recommended.yaml)"
"$RTLOOP" check recommended.yaml >check.out 2>&1 || fail "what is recommended is wrong: $(cat check.out recommended.yaml)"
expect_equal "the pacer of text and JSON" "$(value '.recommended.loop.pacer // ""')" \
	"$(sed -n 's/^  pacer: \([a-z]*\) .*/\1/p' recommended.yaml)"
expect_equal "reasons" 5 "$(value '[.recommended.reasons[] | select(length > 10)] | length')"

# --- without privilege, and without a configuration; JSON alone on stdout

unprivileged=()
[ "$(id -u)" != 0 ] || unprivileged=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --)
chmod 755 "$TEST_TMP"
# the program may be in a folder that others cannot enter
if [ ${#unprivileged[@]} -gt 0 ] && ! "${unprivileged[@]}" "$RTLOOP" version >/dev/null 2>&1; then
	cp "$RTLOOP" "$TEST_TMP"/rtloop-copy
	RTLOOP=$TEST_TMP/rtloop-copy
fi
(ulimit -r 0 2>/dev/null; "${unprivileged[@]}" "$RTLOOP" bench -D 2 --log-dir /tmp --json - >bench2.json 2>err2 </dev/null)
status=$?
expect_equal "the exit status without privilege ($(cat err2))" 0 $status
json=$TEST_TMP/bench2.json
expect_equal "SCHED_FIFO without privilege" "false 0" "$(value '"\(.realtime.is_fifo) \(.conditions.priority)"')"
expect_at_least "problems that are told" 1 "$(value '[.realtime.problems[] | select(.why | test("SCHED_FIFO"))] | length')"
expect_equal "a tail without SCHED_FIFO" 0s "$(value .recommended.loop.spin)"

# --- without cyclictest

mkdir empty
PATH=$TEST_TMP/empty "$RTLOOP" bench -D 500ms >out6 2>err6 </dev/null
status=$?
expect_equal "the exit status without cyclictest ($(cat err6))" 0 $status
grep -q "^  cyclictest *not measured: not installed" out6 || fail "cyclictest: $(grep cyclictest out6)"

# --- pictures

if command -v gnuplot >/dev/null; then
	"$RTLOOP" bench -D 500ms --plot plots >out3 2>err3 </dev/null
	expect_equal "the exit status with --plot" 0 $?
	expect_equal "what gnuplot says" "" "$(cat err3)"
	for picture in floor pacers cycles writers readers-idle readers-ready; do
		for ending in png svg dat; do
			[ -s plots/$picture.$ending ] || fail "no plots/$picture.$ending"
		done
	done
fi

# --- conditions of the command line go before those of the file; the disk is that of the log's file

mkdir sub
cat >file.yaml <<END
loop: { period: 1ms, priority: 70 }
log: { file: sub/one.mcap }
devices: { s: { driver: sim, in: { x: { wave: sine, period: 1s } } } }
END
"$RTLOOP" bench -D 500ms -q -i 2000 -p 0 -a 0 --json conditions.json file.yaml >out7 2>err7 </dev/null
expect_equal "the exit status with conditions ($(cat err7))" 0 $?
expect_equal "the conditions" "2000000 0 0 $PWD/sub" \
	"$(jq -r '.conditions | "\(.period_ns) \(.priority) \(.cpu) \(.folder)"' conditions.json)"
grep -q "^thread    SCHED_OTHER, CPU 0$" out7 || fail "the thread: $(grep ^thread out7)"
grep -q "^period    2ms" out7 || fail "the period: $(grep ^period out7)"

sed '/^log:/d' file.yaml >none.yaml
"$RTLOOP" bench -D 500ms none.yaml >out8 2>err8 </dev/null
expect_equal "the exit status without a log ($(cat err8))" 0 $?
grep -q "^# log: none.yaml has none" out8 || fail "what is said of no log: $(grep log: out8)"

# --- what it cannot write is a failure, and said

# fails TEXT ARGUMENT...
fails() {
	local text=$1
	shift
	"$RTLOOP" bench -D 300ms "$@" >out9 2>err9 </dev/null
	expect_equal "the exit status of bench $*" 1 $?
	grep -q -- "$text" err9 || fail "bench $*: not '$text': $(cat err9)"
	grep -q "^Writers: " out9 || fail "bench $*: no tables"
}
fails "cannot write $TEST_TMP/nowhere/x.json: No such file or directory" --json "$TEST_TMP/nowhere/x.json"
fails "cannot write /dev/full: No space left on device" --json /dev/full
fails "/proc/pictures: No such file or directory" --plot /proc/pictures
PATH=$TEST_TMP/empty "$RTLOOP" bench -D 300ms --plot without >out9 2>err9 </dev/null
expect_equal "the exit status without gnuplot" 1 $?
grep -q "gnuplot is not installed.*the data are in without" err9 || fail "without gnuplot: $(cat err9)"
[ -s without/floor.dat ] || fail "without gnuplot no data are left"

# --- it can be stopped, and says so

"$RTLOOP" bench -D 300 >out4 2>&1 </dev/null &
stopped=$!
sleep 1
kill -TERM $stopped
wait $stopped
expect_equal "the exit status when it is stopped" 1 $?
grep -q "^stopped before all was measured" out4 || fail "it does not say that it was stopped"

# A second signal does not wait for what is being measured: both come at once to one that stands still. It may
# be at its end by the first, though: hence more than one try.
stop_twice() {
	"$RTLOOP" bench -D 300 >out10 2>&1 </dev/null &
	stopped=$!
	sleep 1
	kill -STOP $stopped
	kill -INT $stopped
	kill -TERM $stopped
	kill -CONT $stopped
	wait $stopped
	status=$?
}
for _ in 1 2 3; do
	stop_twice
	[ $status = 1 ] || break
done
expect_equal "the exit status after a second signal" 143 $status

# --- mistakes

mistake() { # TEXT ARGUMENT...
	local text=$1
	shift
	"$RTLOOP" bench "$@" >out5 2>err5 </dev/null
	expect_equal "the exit status of bench $*" 2 $?
	grep -q -- "$text" err5 || fail "bench $*: not '$text': $(cat err5)"
}
mistake "/nowhere" --log-dir /nowhere
mistake "nowhere.yaml" nowhere.yaml
mistake "is the configuration" --json ./machine.yaml machine.yaml
grep -q torque machine.yaml || fail "the configuration was written over"
finish
