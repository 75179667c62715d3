#!/bin/bash
# rtloop-measure where it is meant to be used: on a PREEMPT_RT kernel, under load. The report and its pictures
# stay in measure/ of the folder of results, to be looked at; what the times are is the emulator's affair.
. "$(dirname "$0")/lib.sh"

seconds=${MEASURE_SECONDS:-3}
folder=$TEST_TMP/report
scripts/measure.sh -q -D "$seconds" --rounds 1 -a 1 -i 2000 --load -o "$folder" >"$TEST_TMP/out" 2>"$TEST_TMP/err" ||
	fail "status $?: $(cat "$TEST_TMP/err")"
cat "$folder/report.txt"

in_report() { # JQ-FILTER
	jq -r "$1" "$folder/report.json"
}
expect_equal "the first line" \
	"PREEMPT_RT kernel $(uname -r): the figures describe this machine as it was set up." \
	"$(head -n 1 "$folder/report.txt")"
expect_equal "both were SCHED_FIFO" 80 "$(in_report .measured.priority)"
expect_equal "it was real-time in each run" true \
	"$(in_report '[.runs[] | select(.program == "rtloop") | .realtime | .is_fifo and .is_locked and .is_preempt_rt] | all')"
# shellcheck disable=SC2016 # jq's variables
expect_equal "runs, in turn" "cyclictest idle, rtloop idle, cyclictest load, rtloop load" \
	"$(in_report '[.runs[] | "\(.program) \(.load)"] | reduce .[] as $run ([]; if index($run) then . else . + [$run] end) | join(", ")')"
expect_equal "the load lived as long as the runs" false "$(in_report '[.runs[].load_died] | any')"
expect_equal "page faults in the cycle thread" 0 "$(in_report '[.runs[].page_faults // 0] | add')"
for program in cyclictest rtloop; do
	for load in idle load; do
		expect_at_least "cycles of $program, $load" 100 \
			"$(in_report ".totals[] | select(.program == \"$program\" and .load == \"$load\") | .wakeup.count")"
	done
done
grep -q '^CONFIG_PREEMPT_RT=y' "$folder/environment/kernel-config" || fail "the kernel's configuration is not kept"
for picture in latency.png latency.svg timeline.png; do
	[ -s "$folder/$picture" ] || fail "$picture is missing"
done
if [ -n "${TEST_OUTPUT:-}" ]; then
	mkdir -p "$TEST_OUTPUT/measure"
	cp -R "$folder/." "$TEST_OUTPUT/measure"
fi
finish
