#!/bin/bash
# What the cycle thread asks of the kernel, counted by strace: in each cycle one wait, one scan, one call
# for each endpoint that had something, and at most one write to the logger's eventfd. Nothing else
# between its first wait and its last, though it is asked, set and forced all the while at its control socket.
. "$(dirname "$0")/lib.sh"

command -v strace > /dev/null || skip "strace is not installed"
strace -o /dev/null true 2> /dev/null || skip "strace may not trace here"

config() { # PACER
	cat > "$TEST_TMP/calls.yaml" << END
loop: { period: 2ms, pacer: $1 }
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

# Names of calls and how often, of the cycle thread's loop: from its first wait on. The thread is the
# one that waits for an absolute time. Sets file.
count_calls() { # WAIT
	file=$(grep -l "^$1(.*TIMER_ABSTIME" "$TEST_TMP"/trace.* | head -1)
	awk -v wait="$1" '
		index($0, wait "(") { waits++ }
		waits { sub(/\(.*/, ""); count[$1]++ }
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

# a period that leaves time for answers, on a slow machine too; no two samples of the wave are the same
cycles=500
for pacer in nanosleep timerfd; do
	config $pacer
	rm -f "$TEST_TMP"/trace.*
	touch "$TEST_TMP/asking"
	ask_on &
	asker=$!
	strace -ff -o "$TEST_TMP/trace" "$RTLOOP" run -q -l $cycles -i 15000 --json "$TEST_TMP/report.json" \
		"$TEST_TMP/calls.yaml" > "$TEST_TMP/run.out" 2>&1 ||
		fail "the run failed: $(cat "$TEST_TMP/run.out")"
	rm "$TEST_TMP/asking"
	wait $asker
	for kind in set force get status; do
		grep -qx $kind "$TEST_TMP/answers" || fail "no $kind was answered while the run went on"
	done
	if [ $pacer = nanosleep ]; then
		count_calls clock_nanosleep
		watched=3 # the devices
		expect_equal "waits" $cycles "$(calls clock_nanosleep)"
		# the last one is of the end, when the safe values have left
		expect_equal "scans" $((cycles + 1)) "$(calls epoll_wait)"
	else
		count_calls timerfd_settime
		watched=4 # and the timer
		expect_equal "arming the timer" $cycles "$(calls timerfd_settime)"
		expect_equal "waits and scans" $((2 * cycles + 1)) "$(calls epoll_wait)"
	fi
	frames=$(report '[.devices[].counts.frames] | add')
	expect_at_least "frames" 20 "$frames"
	[ "$(calls read)" -le "$frames" ] || fail "$(calls read) reads for $frames frames"
	[ "$(calls recvmmsg)" -le "$frames" ] || fail "$(calls recvmmsg) receives for $frames frames"
	# each cycle has another value of the wave; the first message of the other device, with its safe values,
	# leaves before the first wait, and its last one as the thread's last act
	expect_equal "messages of the device that has one each cycle" $cycles "$(report '.devices[-2].counts.sent')"
	expect_equal "messages, a call each" "$(report '[.devices[-2:][].counts.sent] | add - 1')" "$(calls sendto)"
	[ "$(calls write)" -le $cycles ] || fail "$(calls write) writes to the eventfd"
	# rusage, and the thread's end, come after the last cycle
	others=$(awk '$1 !~ /^(clock_nanosleep|epoll_wait|timerfd_settime|read|recvmmsg|sendto|write|getrusage|madvise|exit|close|rt_sigprocmask|\+\+\+)$/' \
		"$TEST_TMP/calls")
	expect_equal "other calls with $pacer" "" "$others"
	expect_equal "what is watched, from before the first wait on" $watched "$(grep -c '^epoll_ctl(' "$file")"
	expect_equal "getrusage, at the end" 1 "$(calls getrusage)"
done
finish
