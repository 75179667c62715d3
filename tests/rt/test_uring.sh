#!/bin/bash
# io_uring on this kernel. With pacer and poller uring a cycle is one system call with 1, 16, 64 and 256 edge
# descriptors of GPIO, idle and when each of them has an edge in each cycle, and with a UART, CAN and a socket; and no
# worker thread of the kernel appears. The kernel itself tells the calls. Where io_uring is forbidden, epoll and
# nanosleep take over, and the run says so.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/gpio_sim/lib.sh"
export WAYS= # it says itself which

[ -c /dev/ttyS1 ] && [ -c /dev/ttyS2 ] || skip "there are no two serial ports"
[ -d $tracing/events/raw_syscalls ] || skip "this kernel does not trace system calls"
add_vcan
ip link set vcan0 up
stty -F /dev/ttyS2 115200 raw -echo
make_chip ring ring 256
taskset -p -c 0 $$ >/dev/null

# A device of edges is one request, with one descriptor that tells of them. Each cycle has a value that was not there
# before, so that the pulser is told of it; what tells it leaves by the ring, too.
config() { # EDGES [DEVICE]...
	local i edges=$1
	shift
	echo "loop: { period: $period, cpu: 1, priority: 80, pacer: $pacer, poller: uring, fault: { hang: 0s } }"
	echo "devices:"
	echo "  wave: { driver: sim, in: { a: { wave: sine } } }"
	echo '  beat: { driver: udp, send: { to: "127.0.0.1:47482", text: "{wave.a}" } }'
	printf '  %s\n' "$@"
	for ((i = 0; i < edges; i++)); do
		echo "  edge$i: { driver: gpio, chip: ring, in: { n: { line: $i, edge: rising, count: true } } }"
	done
}

pulls_of() { # EDGES
	local i
	for ((i = 0; i < $1; i++)); do
		echo "${lines[ring]}/sim_gpio$i/pull"
	done
}

# What the cycle thread asks of the kernel, and what comes by the ring, up to the run's end. It is alone on its CPU, and
# gets its name a moment after it has begun.
start_run() { # EDGES [DEVICE]...
	config "$@" >"$TEST_TMP/ring.yaml"
	trace_reset
	echo 8192 >$tracing/buffer_size_kb
	trace_event raw_syscalls/sys_enter 'cpu == 1 && comm ~ "rtloop*"'
	trace_event io_uring/io_uring_complete 'cpu == 1 && comm ~ "rtloop*"'
	echo 1 >$tracing/tracing_on
	"$RTLOOP" run -q -l $cycles --json "$TEST_TMP/report.json" "$TEST_TMP/ring.yaml" >"$TEST_TMP/run.out" 2>&1 &
	run=$!
}

# Sets $TEST_TMP/loop: from the first wait to the last.
end_run() { # WHAT
	wait $run
	expect_equal "status with $1" 0 $?
	echo 0 >$tracing/tracing_on
	expect_equal "pacer and poller with $1" "$pacer uring" "$(report '"\(.pacer) \(.poller)"')"
	expect_equal "cycles with $1" $cycles "$(report .cycles)"
	awk -v wait="$wait" '
		!/: (sys_enter|io_uring_complete): / { next }
		$0 ~ wait { n++; printf "%s", lines; lines = "" }
		n { lines = lines $0 "\n" }
	' $tracing/trace >"$TEST_TMP/loop"
	trace_reset
}

calls() { # PATTERN
	grep ': sys_enter: ' "$TEST_TMP/loop" | grep -c "$1"
}

# The last wait is not in the file.
expect_one_call_a_cycle() { # WHAT
	expect_equal "waits with $1, but for the last" $((cycles - 1)) "$(calls "$wait")"
	expect_equal "other calls with $1, from the first wait to the last" "" \
		"$(grep ': sys_enter: ' "$TEST_TMP/loop" | grep -v "$wait" | sed 's/.*NR \([0-9]*\) .*/call \1/' | sort | uniq -c)"
	expect_equal "receives that ended with $1" 0 "$(grep -c 'io_uring_complete.* result -' "$TEST_TMP/loop")"
}

# In how many calls each of so many had edges; one edge is 48 bytes.
count_full_calls() { # EDGES
	awk -v edges="$1" '
		/: sys_enter: / { full += count == edges; count = 0; split("", seen) }
		/ result [0-9]*, cflags 0x[0-9a-f]*3 / {
			match($0, /user_data 0x[0-9a-f]+/)
			which = substr($0, RSTART, RLENGTH)
			count += !(which in seen)
			seen[which]
		}
		END { print full + (count == edges) }
	' "$TEST_TMP/loop"
}

start_pulser() { # EDGES
	# shellcheck disable=SC2046 # a word each
	"$peers/pulser" 47482 $(pulls_of "$1") >"$TEST_TMP/rounds" &
	pulser=$!
}

end_pulser() {
	kill $pulser
	wait $pulser
	expect_equal "status of the pulser" 0 $?
	rounds=$(cat "$TEST_TMP/rounds")
}

count_workers() {
	cat /proc/[0-9]*/task/*/comm 2>/dev/null | grep -c '^iou-wrk'
}

# --- edges ------------------------------------------------------------------------------------------------

# io_uring_enter that waits for as many completions as there can be, to an absolute time
pacer=uring
wait='NR 426 .*, 4000, 39, '
cycles=8
for edges in 1 64 256; do
	period=$((20 + 2 * edges))ms
	start_run $edges
	end_run "$edges edges, idle"
	expect_one_call_a_cycle "$edges edges, idle"

	start_pulser $edges
	start_run $edges
	end_run "$edges edges, each in each cycle"
	end_pulser
	expect_one_call_a_cycle "$edges edges, each in each cycle"
	expect_at_least "calls that brought all of $edges edges" 1 "$(count_full_calls $edges)"
	# those of the last round may come when nobody listens any more
	expect_equal "edges of each line, of $rounds rounds of $edges" "true" \
		"$(report "[.devices[] | select(.name | startswith(\"edge\")).counts.frames | . >= $rounds - 2 and . <= $rounds] | all")"
done

# --- edges, a UART, CAN and a socket ------------------------------------------------------------------------

edges=16
cycles=60
period=50ms
start_pulser $edges
start_run $edges 'probe: { driver: serial, path: /dev/ttyS1, baud: 115200, frame: { kind: line, match: "M," },' \
	'  in: { count: { column: 1, type: integer } } }' \
	'bus: { driver: can, interface: vcan0, in: { small: { id: 0x321, start: 0, length: 8, type: integer } } }' \
	'flow: { driver: udp, listen: "127.0.0.1:47481", in: { a: { byte: 0 } } }'
workers=0
while kill -0 $run 2>/dev/null; do
	echo "M,1" >/dev/ttyS2
	printf x >/dev/udp/127.0.0.1/47481
	cansend vcan0 321#01
	workers=$((workers + $(count_workers)))
done
end_run "$edges edges, a UART, CAN and a socket"
end_pulser
expect_equal "worker threads of the kernel" 0 $workers
for device in probe bus flow edge0 edge$((edges - 1)); do
	expect_at_least "messages of $device" 1 "$(report ".devices[] | select(.name == \"$device\").counts.frames")"
done
expect_one_call_a_cycle "$edges edges, a UART, CAN and a socket"

# --- another pacer ------------------------------------------------------------------------------------------

# What the cycle sends leaves by one call; what takes edges is a call of its own, and none where there are none.
pacer=nanosleep
wait='NR 230 '
cycles=20
start_run $edges
end_run "$edges edges, idle, beside nanosleep"
expect_equal "calls that take what came, of none" 0 "$(calls 'NR 426 .*, 0, 11, ')"
start_pulser $edges
start_run $edges
end_run "$edges edges, each in each cycle, beside nanosleep"
end_pulser
expect_at_least "calls that take what came" 3 "$(calls 'NR 426 .*, 0, 11, ')"
# The kernel says that there is more where an edge came while others were taken, though it took that one, too: one call
# finds nothing then, and it is the last.
expect_equal "calls that found nothing, after one that did not either" 0 "$(awk '
	/: sys_enter: / {
		is_empty = is_take && !has_brought
		bad += is_empty && was_empty
		was_empty = is_empty
		is_take = / NR 426 .*, 0, 11, /
		has_brought = 0
		next
	}
	{ has_brought = 1 }
	END { print bad + 0 }' "$TEST_TMP/loop")"
expect_equal "other calls beside nanosleep" "" "$(grep ': sys_enter: ' "$TEST_TMP/loop" | grep -v "$wait\|NR 426 .*, 0, 1[01], ")"

# --- forbidden ------------------------------------------------------------------------------------------

pacer=uring
config $edges >"$TEST_TMP/ring.yaml"
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
