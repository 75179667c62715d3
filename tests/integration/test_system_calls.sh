#!/bin/bash
# What the cycle thread asks of the kernel, counted by strace: in each cycle one wait, one scan, one call
# for each endpoint that had something, and at most one write to the logger's eventfd. Nothing else
# between its first wait and its last, though it is asked, set and forced all the while at its control socket.
. "$(dirname "$0")/lib.sh"
export WAYS= # it looks at the calls of its own configuration

command -v strace > /dev/null || skip "strace is not installed"
strace -o /dev/null true 2> /dev/null || skip "strace may not trace here"
look_for_no_leaks

config() { # PACER
	cat > "$TEST_TMP/calls.yaml" << END
# strace may get no CPU for a second
loop: { period: 2ms, pacer: $1, fault: { hang: 60s } }
log: { file: $1.mcap }
devices:
  probe:
    driver: serial
    path: probe.tty
    frame: { kind: line, match: "M,", checksum: xor8 }
    in: { temp: { column: 1 } }
  flow: { driver: udp, listen: "127.0.0.1:47478", in: { sequence: { byte: 2, bytes: 4 } } }
  quiet: { driver: udp, listen: "127.0.0.1:47479", in: { a: { byte: 0 } } }
  wave: { driver: sim, in: { a: { wave: sine } } }
  told: { driver: udp, send: { to: "127.0.0.1:47476", text: "{wave.a} {probe.temp:.1f} {time_ns}\\n" } }
  seldom: { driver: udp, send: { to: "127.0.0.1:47476", every: 20ms }, out: { x: { byte: 0, bytes: 2, safe: 7 } } }
params: { target: { value: 1.5 } }
vars: { twice: 0.0, on: false, n: 0 }
program: |
  twice := probe.temp * 2 + target / flow.sequence
  on    := ton(wave.a > 0, 100ms)
  n     := n + int(r_trig(on))
END
}

# Names of calls and how often, of the cycle thread's loop: from its first wait up to its last, which the end
# of the run may interrupt. The thread is the one that has its timers be exact. Sets file.
count_calls() { # WAIT
	file=$(grep -l '^prctl(PR_SET_TIMERSLACK' "$TEST_TMP"/trace.*)
	awk -v wait="$1" '
		index($0, wait "(") == 1 {
			for (name in since)
				count[name] += since[name]
			delete since
			waits++
		}
		waits { sub(/\(.*/, ""); since[$1]++ }
		END { for (name in count) print name, count[name] }
	' "$file" > "$TEST_TMP/calls"
}

calls() { # NAME
	awk -v name="$1" '$1 == name { n = $2 } END { print n + 0 }' "$TEST_TMP/calls"
}

# While the run goes on: who asks and tells it. What was answered is counted.
ask_on() {
	while [ -e "$TEST_TMP/asking" ]; do
		"$RTLOOP" set calls target=2.5 && echo set
		"$RTLOOP" force calls quiet.a=1 && echo force
		"$RTLOOP" get calls && echo get
		"$RTLOOP" status calls && echo status
		"$RTLOOP" force calls quiet.a= && echo release
		"$RTLOOP" reload calls && echo reload
	done > "$TEST_TMP/answers" 2> /dev/null
}

"$peers/probe" --rate 100 "$TEST_TMP/probe.tty" &
"$peers/sensor" --rate 100 47478 &
wait_until test -e "$TEST_TMP/probe.tty"

all_answered() {
	local kind
	for kind in set force get status; do
		grep -qx $kind "$TEST_TMP/answers" || return
	done
}

# a period that leaves time for answers, on a slow machine too; no two samples of the wave are the same
for pacer in nanosleep timerfd; do
	config $pacer
	rm -f "$TEST_TMP"/trace.*
	touch "$TEST_TMP/asking"
	ask_on &
	asker=$!
	strace -ff -o "$TEST_TMP/trace" "$RTLOOP" run -q -i 15000 --json "$TEST_TMP/report.json" \
		"$TEST_TMP/calls.yaml" > "$TEST_TMP/run.out" 2>&1 &
	tracer=$!
	wait_for_cycles "$TEST_TMP/$pacer.mcap"
	WAIT_S=150 wait_until all_answered # an emulated machine, traced, takes its time
	sleep 2
	pkill -INT -P $tracer
	wait $tracer || fail "the run failed: $(cat "$TEST_TMP/run.out")"
	rm "$TEST_TMP/asking"
	wait $asker
	cycles=$(report .cycles)
	if [ $pacer = nanosleep ]; then
		count_calls clock_nanosleep
		watched=3 # the devices
		waits=$(calls clock_nanosleep)
		expect_equal "scans" "$waits" "$(calls epoll_wait)"
	else
		count_calls timerfd_settime
		watched=4 # and the timer
		waits=$(calls timerfd_settime)
		expect_equal "waits and scans" $((2 * waits)) "$(calls epoll_wait)"
	fi
	expect_at_least "cycles between two waits" $((cycles - 1)) "$waits"
	[ "$waits" -le "$cycles" ] || fail "$waits waits in $cycles cycles"
	frames=$(report '[.devices[].counts.frames] | add')
	expect_at_least "frames" 20 "$frames"
	[ "$(calls read)" -le "$frames" ] || fail "$(calls read) reads for $frames frames"
	[ "$(calls recvmmsg)" -le "$frames" ] || fail "$(calls recvmmsg) receives for $frames frames"
	# each cycle has another value of the wave; the other device's safe values leave before the first wait and
	# behind the last, and what it sends between is at most one message a cycle
	told=$(report '.devices[-2].counts.sent')
	expect_at_least "messages of the device that has one each cycle" $((cycles - 1)) "$told"
	[ "$told" -le "$cycles" ] || fail "$told messages in $cycles cycles"
	expect_at_least "messages, a call each" "$waits" "$(calls sendto)"
	[ "$(calls sendto)" -le "$(report '[.devices[-2:][].counts.sent] | add - 1')" ] ||
		fail "$(calls sendto) calls for $(report '[.devices[-2:][].counts.sent] | add') messages"
	[ "$(calls write)" -le "$cycles" ] || fail "$(calls write) writes to the eventfd"
	others=$(awk '$1 !~ /^(clock_nanosleep|epoll_wait|timerfd_settime|read|recvmmsg|sendto|write)$/' "$TEST_TMP/calls")
	expect_equal "other calls with $pacer" "" "$others"
	expect_equal "what is watched, from before the first wait on" $watched "$(grep -c '^epoll_ctl(' "$file")"
	expect_equal "getrusage, at the beginning and at the end" 2 "$(grep -c '^getrusage(' "$file")"
done

# --- poller uring: with pacer uring one call a cycle, whatever is sent and received -----------------------------

# How many listen, and that many messages are sent to them by the run itself, each cycle; none where the
# second word is idle.
many_config() { # COUNT idle|ready
	local i
	echo "loop: { period: 5ms, pacer: uring, poller: uring }"
	echo "devices:"
	echo "  wave: { driver: sim, in: { a: { wave: sine } } }"
	for i in $(seq "$1"); do
		echo "  hears$i: { driver: udp, listen: \"127.0.0.1:$((20000 + i))\", in: { a: { byte: 0 } } }"
		if [ "$2" = ready ]; then
			echo "  tells$i: { driver: udp, send: { to: \"127.0.0.1:$((20000 + i))\", text: \"{wave.a}\" } }"
		fi
	done
}

# Between the first wait and the last one: behind that, and the thread's getrusage, a call brings what is left.
waits='/^io_uring_enter\(.*IORING_ENTER_EXT_ARG/'
count_ring_calls() {
	file=$(grep -l "^io_uring_enter(.*IORING_ENTER_EXT_ARG" "$TEST_TMP"/trace.* | head -1)
	awk "$waits"' && !is_over { waits++; for (name in since) count[name] += since[name]; delete since }
		waits && /^getrusage/ { is_over = 1 }
		waits { sub(/\(.*/, ""); since[$1]++ }
		END { count["io_uring_enter"]++; for (name in count) print name, count[name]; print "waits", waits }
	' "$file" > "$TEST_TMP/calls"
}

cycles=40
has_uring() { grep -qx '  *no p[a-z]*er uring: .*' "$TEST_TMP/run.out" && return 1 || return 0; }
for share in idle ready; do
	for count in 1 16 64 256; do
		many_config $count $share > "$TEST_TMP/many.yaml"
		rm -f "$TEST_TMP"/trace.*
		strace -ff -e trace='!futex' -o "$TEST_TMP/trace" "$RTLOOP" run -q -l $cycles --json "$TEST_TMP/report.json" \
			"$TEST_TMP/many.yaml" > "$TEST_TMP/run.out" 2>&1 || fail "the run failed: $(cat "$TEST_TMP/run.out")"
		if ! has_uring; then
			echo "not run: $(grep -m 1 ' no p[a-z]*er uring' "$TEST_TMP/run.out")"
			break 2
		fi
		count_ring_calls
		expect_equal "waits with $count $share" $cycles "$(calls waits)"
		expect_equal "calls with $count $share" $cycles "$(calls io_uring_enter)"
		expect_equal "other calls with $count $share" "" \
			"$(awk '$1 !~ /^(io_uring_enter|waits)$/' "$TEST_TMP/calls")"
		if [ $share = ready ]; then
			expect_equal "messages sent by $count" $((count * cycles)) "$(report '[.devices[].counts.sent] | add')"
			# those of the last cycle come when nobody listens any more
			expect_at_least "messages heard by $count" $((count * (cycles - 1))) \
				"$(report '[.devices[].counts.frames] | add')"
		fi
	done
done

# A pacer of another kind: the messages of a cycle leave with one call, an idle scan is none.
sed -i 's/pacer: uring/pacer: nanosleep/' "$TEST_TMP/many.yaml"
rm -f "$TEST_TMP"/trace.*
strace -ff -o "$TEST_TMP/trace" "$RTLOOP" run -q -l $cycles --json "$TEST_TMP/report.json" "$TEST_TMP/many.yaml" \
	> "$TEST_TMP/run.out" 2>&1 || fail "the run failed: $(cat "$TEST_TMP/run.out")"
if has_uring; then
	count_calls clock_nanosleep
	waits=$(calls clock_nanosleep)
	expect_at_least "cycles between two waits beside the ring" $((cycles - 1)) "$waits"
	expect_equal "messages, a call for all" 0 "$(calls sendto)"
	# what is written leaves by one; what has come is brought by one for each 20, and one that finds no more
	[ "$(calls io_uring_enter)" -le $(((2 + 256 / 20 + 1) * cycles)) ] ||
		fail "$(calls io_uring_enter) calls for $cycles cycles"
fi

# A filter may let a ring be made, and forbid the calls that come after.
many_config 1 idle > "$TEST_TMP/many.yaml"
for call in io_uring_register io_uring_enter; do
	has_uring || break
	strace -f -o /dev/null -e trace=$call -e inject=$call:error=EPERM "$RTLOOP" run -q -l 5 \
		--json "$TEST_TMP/report.json" "$TEST_TMP/many.yaml" > "$TEST_TMP/refused.out" 2>&1
	expect_equal "status where $call is forbidden" 0 $?
	expect_equal "pacer and poller where $call is forbidden" "nanosleep epoll" "$(report '"\(.pacer) \(.poller)"')"
	for part in pacer poller; do
		grep -q "no $part uring: .* Operation not permitted" "$TEST_TMP/refused.out" ||
			fail "no word of the $part: $(cat "$TEST_TMP/refused.out")"
	done
done
finish
