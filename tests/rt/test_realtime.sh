#!/bin/bash
# Real-time for real: what the kernel says of rtloop's threads, its memory, its page faults and its system
# calls while it runs, and that the run is accepted as real-time.
. "$(dirname "$0")/lib.sh"

cat >"$TEST_TMP/rt.yaml" <<'END'
loop: { period: 5ms, cpu: 1, priority: 83 }
log: { file: rt.mcap, sync: 100ms }
devices:
  flow: { driver: udp, listen: "127.0.0.1:47480", in: { sequence: { byte: 2, bytes: 4 } } }
  wave: { driver: sim, in: { a: { wave: sine } } }
  table: { driver: sim, lane: async, in: { b: { wave: ramp } } }
END
"$RTLOOP" check "$TEST_TMP/rt.yaml" || exit 1

start_loop "$TEST_TMP/rt.yaml" --require-rt || exit 1
"$peers/sensor" --rate 200 47480 &
sensor=$!

# --- the threads

threads=0
for task in /proc/"$pid"/task/*; do
	thread=${task##*/}
	name=$(cat "$task/comm")
	policy=$(stat_field "$pid" "$thread" 41)
	priority=$(stat_field "$pid" "$thread" 40)
	cpus=$(sed -n 's/^Cpus_allowed_list:\t//p' "$task/status")
	echo "$name: policy $policy, priority $priority, CPUs $cpus"
	threads=$((threads + 1))
	case $name in
	rtloop-cycle)
		expect_equal "policy of $name (1 is SCHED_FIFO)" 1 "$policy"
		expect_equal "priority of $name" 83 "$priority"
		expect_equal "CPUs of $name" 1 "$cpus"
		expect_equal "CPU that $name runs on" 1 "$(stat_field "$pid" "$thread" 39)"
		;;
	rtloop-watchdog)
		expect_equal "policy of $name" 1 "$policy"
		expect_equal "priority of $name" 84 "$priority"
		;;
	rtloop | rtloop-logger | rtloop-writer | rtloop-syncer | rtloop-async)
		expect_equal "policy of $name (0 is SCHED_OTHER)" 0 "$policy"
		;;
	*) fail "a thread named $name" ;;
	esac
done
expect_at_least "threads" 6 $threads

# --- its memory: every mapping is locked, but for the kernel's own pages

locked_kib=$(sed -n 's/^VmLck:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")
expect_at_least "KiB locked" 1024 "$locked_kib"
unlocked=$(awk '
	/^[0-9a-f]+-[0-9a-f]+ / { mapping = $0 }
	/^VmFlags:/ && !/ lo( |$)/ && mapping !~ /\[(vvar|vvar_vclock|vdso|vsyscall|perf_event)\]$/ { print mapping }
' "/proc/$pid/smaps")
expect_equal "mappings that are not locked" "" "$unlocked"

# --- page faults and system calls of the cycle thread, from outside

histogram=$tracing/events/raw_syscalls/sys_enter
trace_reset
echo "hist:keys=id.syscall:size=512 if common_pid == $cycle_thread" >$histogram/trigger
faults=$(stat_field "$pid" "$cycle_thread" 10)
major_faults=$(stat_field "$pid" "$cycle_thread" 12)
switches=$(sed -n 's/^voluntary_ctxt_switches:\t//p' "/proc/$pid/task/$cycle_thread/status")
sleep 2
expect_equal "minor page faults while it ran" "$faults" "$(stat_field "$pid" "$cycle_thread" 10)"
expect_equal "major page faults while it ran" "$major_faults" "$(stat_field "$pid" "$cycle_thread" 12)"
waits=$(($(sed -n 's/^voluntary_ctxt_switches:\t//p' "/proc/$pid/task/$cycle_thread/status") - switches))
expect_at_least "waits of the cycle thread in two seconds" 50 $waits
sed -n 's/^{ id: sys_\([a-z0-9_]*\) .*hitcount: *\([0-9]*\).*/\1 \2/p' $histogram/hist >"$TEST_TMP/calls"
echo "!hist:keys=id.syscall" >$histogram/trigger
echo "system calls in two seconds: $(xargs <"$TEST_TMP/calls")"
for call in clock_nanosleep epoll_wait recvmmsg; do
	grep -q "^$call " "$TEST_TMP/calls" || fail "no $call was seen"
done
expect_equal "other calls" "" \
	"$(grep -vE '^(clock_nanosleep|epoll_wait|recvmmsg|write) ' "$TEST_TMP/calls" | xargs)"

# --- what it says of itself

kill $sensor
stop_loop
expect_equal "page faults in the report" "0 0" "$(report '"\(.minor_faults) \(.major_faults)"')"
expect_equal "realtime in the report" true "$(report .realtime.is_met)"
expect_equal "the kernel in the report" true "$(report .realtime.is_preempt_rt)"
expect_equal "problems in the report" 0 "$(report '[.realtime.problems[] | select(.is_fatal)] | length')"
grep -qE '^REALTIME' "$TEST_TMP/run.out" || fail "no REALTIME in: $(head -5 "$TEST_TMP/run.out")"
grep -q "PREEMPT_RT" "$TEST_TMP/run.out" || fail "no PREEMPT_RT in: $(head -5 "$TEST_TMP/run.out")"
head -n 3 "$TEST_TMP/run.out"
check_log "$TEST_TMP/rt.mcap"
finish
