#!/bin/bash
# In which context the timer of each pacer expires, read from the kernel's own tracepoints. A wake-up from
# the hard interrupt owes nothing to anybody; one from the softirq waits on PREEMPT_RT for a thread to be
# scheduled, ktimers (from 6.13) or ksoftirqd, and behind all else that this thread has to do.
. "$(dirname "$0")/lib.sh"

# What 6.12 does; a pacer that is not here is shown, not judged.
declare -A expected=(
	[nanosleep]="hard hrtimer_wakeup"
	[timerfd]="soft timerfd_tmrproc"
	[uring]="hard io_cqring_timer_wakeup"
)
pacers=$("$RTLOOP" drivers loop | sed -n 's/^ *pacer *\(.*\); default.*/\1/p' | sed 's/,\| or / /g')

for pacer in $pacers; do
	cat >"$TEST_TMP/$pacer.yaml" <<-END
		loop: { period: 10ms, cpu: 1, pacer: $pacer }
		log: { file: $pacer.mcap, sync: 100ms }
	END
	start_loop "$TEST_TMP/$pacer.yaml" || continue
	trace_reset
	trace_event timer/hrtimer_start "common_pid == $cycle_thread"
	trace_event timer/hrtimer_expire_entry
	trace_for 1 "$TEST_TMP/$pacer.trace"
	stop_loop
	awk -v thread="$cycle_thread" -f "$(dirname "$0")/timer_context.awk" "$TEST_TMP/$pacer.trace" | sort -rn \
		>"$TEST_TMP/$pacer.contexts"
	while read -r count context function mode task; do
		echo "$pacer: $count times in $context interrupt context: $function, armed as $mode${task:+, run by $task}"
	done <"$TEST_TMP/$pacer.contexts"
	if [ -n "${expected[$pacer]:-}" ]; then
		read -r context function <<<"${expected[$pacer]}"
		expect_equal "contexts with $pacer" "$context" "$(awk -v name="$function" \
			'$3 == name { print $2 }' "$TEST_TMP/$pacer.contexts" | sort -u | xargs)"
		expect_at_least "expirations with $pacer" 20 "$(awk -v name="$function" \
			'$3 == name { n += $1 } END { print n + 0 }' "$TEST_TMP/$pacer.contexts")"
	fi
done
expect_at_least "pacers" 2 "$(wc -w <<<"$pacers")"
trace_reset
finish
