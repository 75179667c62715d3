#!/bin/bash
# The kernel's own measurement of a wake-up, the timerlat tracer's thread latency, beside the latency that
# rtloop reports: same CPU, same period, same priority, in turns. timerlat's thread is the kernel's and
# notes the time by itself; rtloop has the way back to user space on top of that. In the emulator both
# scatter, and a pause of the host hits either: so medians are compared, of whole rounds in turn, and they
# may differ by a factor of 3. A latency that leaves something out, or that is in the wrong unit or against
# the wrong release, is off by more.
. "$(dirname "$0")/lib.sh"

factor=3
rounds=3
cpu=1
priority=80
period_us=2000
grep -qw timerlat $tracing/available_tracers || skip "this kernel has no timerlat tracer"

median() { # numbers, a line each
	sort -n | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)]; else print 0 }'
}

# In ns. The tracer's threads are made with priority 95.
timerlat_latencies() { # SECONDS FILE
	local thread
	trace_reset
	echo $cpu >$tracing/osnoise/cpus
	echo $period_us >$tracing/osnoise/timerlat_period_us
	echo 0 >$tracing/osnoise/stop_tracing_us
	echo 0 >$tracing/osnoise/stop_tracing_total_us
	echo timerlat >$tracing/current_tracer
	thread=$(pgrep -x timerlat/$cpu) || fail "there is no thread timerlat/$cpu"
	chrt -f -p $priority "$thread"
	trace_for "$1" "$TEST_TMP/trace"
	trace_reset
	sed -n 's/.* context thread timer_latency *\([0-9]*\) ns.*/\1/p' "$TEST_TMP/trace" >>"$2"
}

rtloop_latencies() { # SECONDS FILE
	rm -f "$TEST_TMP/wake.mcap"
	cat >"$TEST_TMP/wake.yaml" <<-END
		loop: { period: ${period_us}us, cpu: $cpu, priority: $priority }
		log: { file: wake.mcap }
	END
	run_file "$TEST_TMP/wake.yaml" -D "$1" --require-rt
	expect_equal "status" 0 "$status"
	"$RTLOOP" dump --csv -c cycle.latency_ns "$TEST_TMP/wake.mcap" | tail -n +2 | cut -d, -f3 >>"$2"
	reported_ns=$(report .latency.median_ns)
}

: >"$TEST_TMP/timerlat"
: >"$TEST_TMP/rtloop"
for ((round = 0; round < rounds; round++)); do
	timerlat_latencies 2 "$TEST_TMP/timerlat"
	rtloop_latencies 2 "$TEST_TMP/rtloop"
	echo "rtloop's own median in round $round: $reported_ns ns"
done
expect_at_least "wake-ups of timerlat" 500 "$(wc -l <"$TEST_TMP/timerlat")"
expect_at_least "wake-ups of rtloop" 500 "$(wc -l <"$TEST_TMP/rtloop")"
timerlat_ns=$(median <"$TEST_TMP/timerlat")
rtloop_ns=$(median <"$TEST_TMP/rtloop")
echo "median latency of a thread: timerlat $timerlat_ns ns, rtloop $rtloop_ns ns"
[ "$rtloop_ns" -le $((timerlat_ns * factor)) ] || fail "rtloop reports far more than timerlat"
[ "$timerlat_ns" -le $((rtloop_ns * factor)) ] || fail "rtloop reports far less than timerlat"
finish
