#!/bin/bash
# io_uring on this kernel. With pacer and poller uring a cycle is one system call with a UART, edges of GPIO lines
# and CAN too, idle or ready, and no worker thread of the kernel appears. Where io_uring is forbidden, epoll and
# nanosleep take over, and the run says so.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/gpio_sim/lib.sh"
export WAYS= # it says itself which

command -v strace >/dev/null || skip "strace is not installed"
[ -c /dev/ttyS1 ] && [ -c /dev/ttyS2 ] || skip "there are no two serial ports"
add_vcan
ip link set vcan0 up
stty -F /dev/ttyS2 115200 raw -echo
edges=16
make_chip ring ring $edges
taskset -p -c 0 $$ >/dev/null

cat >"$TEST_TMP/ring.yaml" <<END
loop: { period: 50ms, cpu: 1, priority: 80, pacer: uring, poller: uring, fault: { hang: 0s } }
devices:
  probe:
    driver: serial
    path: /dev/ttyS1
    baud: 115200
    frame: { kind: line, match: "M," }
    in: { count: { column: 1, type: integer } }
  bus: { driver: can, interface: vcan0, in: { small: { id: 0x321, start: 0, length: 8, type: integer } } }
  flow: { driver: udp, listen: "127.0.0.1:47481", in: { a: { byte: 0 } } }
END
# a device is one request, with one descriptor that tells of its edges
edge_devices() { # COUNT
	local i
	for ((i = 0; i < $1; i++)); do
		echo "  edge$i: { driver: gpio, chip: ring, in: { n: { line: $i, edge: rising, count: true } } }"
	done
}
edge_devices $edges >>"$TEST_TMP/ring.yaml"

# From the first wait of the trace to the last.
expect_one_call_a_cycle() { # with WHAT
	local file last
	file=$(grep -l '^io_uring_enter(.*IORING_ENTER_EXT_ARG' "$TEST_TMP"/trace.* | head -1)
	expect_equal "waits with $1" "$cycles" "$(grep -c IORING_ENTER_EXT_ARG "$file")"
	sed -n '/IORING_ENTER_EXT_ARG/,$p' "$file" >"$TEST_TMP/loop"
	last=$(grep -n IORING_ENTER_EXT_ARG "$TEST_TMP/loop" | tail -n 1 | cut -d: -f1)
	expect_equal "other calls with $1, from the first wait to the last" "" \
		"$(head -n "$last" "$TEST_TMP/loop" | grep -v 'IORING_ENTER_EXT_ARG\|^[-+]' | sed 's/(.*//' | sort | uniq -c)"
}

# --- all of it by one call ------------------------------------------------------------------------------

cycles=100
strace -ff -e trace='!futex' -o "$TEST_TMP/trace" "$RTLOOP" run -q -l $cycles --json "$TEST_TMP/report.json" \
	"$TEST_TMP/ring.yaml" >"$TEST_TMP/run.out" 2>&1 &
tracer=$!
workers=0
while kill -0 $tracer 2>/dev/null; do
	pulse ring 0
	pulse ring $((edges - 1))
	echo "M,1" >/dev/ttyS2
	printf x >/dev/udp/127.0.0.1/47481
	cansend vcan0 321#01
	workers=$((workers + $(cat /proc/[0-9]*/task/*/comm 2>/dev/null | grep -c '^iou-wrk')))
done
wait $tracer
expect_equal "status" 0 $?
expect_equal "worker threads of the kernel" 0 $workers
expect_equal "pacer and poller" "uring uring" "$(report '"\(.pacer) \(.poller)"')"
for device in probe bus flow edge0 edge$((edges - 1)); do
	expect_at_least "messages of $device" 1 "$(report ".devices[] | select(.name == \"$device\").counts.frames")"
done
expect_one_call_a_cycle "$edges edges, a UART, CAN and a socket"

# --- forbidden ------------------------------------------------------------------------------------------

sysctl -q -w kernel.io_uring_disabled=2 || skip "this kernel cannot forbid io_uring"
"$RTLOOP" run -q -l 5 --json "$TEST_TMP/report.json" "$TEST_TMP/ring.yaml" >"$TEST_TMP/run.out" 2>&1
expect_equal "status where it is forbidden" 0 $?
sysctl -q -w kernel.io_uring_disabled=0
expect_equal "pacer and poller where it is forbidden" "nanosleep epoll" "$(report '"\(.pacer) \(.poller)"')"
for part in pacer poller; do
	grep -q "no $part uring: kernel.io_uring_disabled is 2" "$TEST_TMP/run.out" || fail "no word of the $part: $(cat "$TEST_TMP/run.out")"
	expect_equal "note of the $part" "no $part uring: kernel.io_uring_disabled is 2" "$(report ".${part}_note")"
done
finish
