#!/bin/bash
# rtloop-measure where it is meant to be used: on a PREEMPT_RT kernel, under load. The report and its pictures
# stay in measure/ of the folder of results, to be looked at; what the times are is the emulator's affair.
. "$(dirname "$0")/lib.sh"

seconds=${MEASURE_SECONDS:-5}
folder=$TEST_TMP/report
scripts/measure.sh -q -D "$seconds" --rounds 2 -a 1 -i 2000 --load -o "$folder" >"$TEST_TMP/out" 2>"$TEST_TMP/err" ||
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
# A line whose safe value is 1 is 1 once its outputs are driven, and not before.
bank=/sys/kernel/config/gpio-sim/measure/bank
mkdir -p $bank
echo 2 >$bank/num_lines
echo 1 >$bank/../live
chip=$(cat $bank/chip_name)
level=/sys/devices/platform/$(cat $bank/../dev_name)/$chip/sim_gpio0/value
cat >"$TEST_TMP/lamp.yaml" <<-END
	loop: { period: 10ms, cpu: 1 }
	devices:
	  lamp: { driver: gpio, chip: $chip, out: { on: { line: 0, safe: 1 } } }
	  door: { driver: gpio, chip: $chip, in: { shut: { line: 1 } } }
END
measure_lamp() { # STATUS FOLDER OPTION...
	local expected=$1 folder=$2 status
	shift 2
	scripts/measure.sh -q -D 1 --rounds 1 -o "$TEST_TMP/$folder" "$@" "$TEST_TMP/lamp.yaml" >"$TEST_TMP/out" 2>"$TEST_TMP/err"
	status=$?
	expect_equal "status of $folder: $(cat "$TEST_TMP/err")" "$expected" $status
}
measure_lamp 0 dark
expect_equal "the line that is not driven" 0 "$(cat "$level")"
expect_equal "outputs driven" '[false]' "$(jq -c '[.runs[].devices // [] | .[] | select(.name == "lamp").outputs_driven]' \
	"$TEST_TMP/dark/report.json")"
grep -q "outputs were not driven" "$TEST_TMP/dark/report.txt" || fail "no word of outputs that are not driven"
measure_lamp 0 lit --drive-outputs
expect_equal "outputs driven" '[true]' "$(jq -c '[.runs[].devices // [] | .[] | select(.name == "lamp").outputs_driven]' \
	"$TEST_TMP/lit/report.json")"
grep -q "OUTPUTS WERE DRIVEN" "$TEST_TMP/lit/report.txt" || fail "no word of outputs that are driven"
grep -q "THE OUTPUTS OF $TEST_TMP/lamp.yaml ARE DRIVEN" "$TEST_TMP/err" || fail "no warning of outputs that are driven"

# Lines that a running rtloop holds, with the process.
sed '/lamp:/d; s/cpu: 1/cpu: 1, priority: 0/' "$TEST_TMP/lamp.yaml" >"$TEST_TMP/door.yaml"
echo "log: { file: door.mcap }" >>"$TEST_TMP/door.yaml"
start_loop "$TEST_TMP/door.yaml"
measure_lamp 1 held
grep -qF "device 'door' is held: $chip: line 1 is held by 'rtloop'" "$TEST_TMP/err" ||
	fail "no word of the line that is held: $(cat "$TEST_TMP/err")"
grep -qF "rtloop (process $pid: " "$TEST_TMP/err" || fail "no word of who holds it: $(cat "$TEST_TMP/err")"
stop_loop

if [ -n "${TEST_OUTPUT:-}" ]; then
	mkdir -p "$TEST_OUTPUT/measure"
	cp -R "$folder/." "$TEST_OUTPUT/measure"
fi
finish
