#!/bin/bash
# Real-time threads that the kernel gives less of a CPU than it usually does: said with the command that mends it, and
# refused with --require-rt. The command does mend it.
. "$(dirname "$0")/lib.sh"

server=/sys/kernel/debug/sched/fair_server/cpu1
if [ ! -e $server/runtime ]; then
	skip "this kernel has no fair server to set"
fi
before=$(cat $server/runtime)
trap 'echo "$before" >$server/runtime; end_jobs' EXIT
cat >"$TEST_TMP/rt.yaml" <<'END'
loop: { period: 20ms, cpu: 1, priority: 80, cycles: 5 }
END

echo $(($(cat $server/period) / 2)) >$server/runtime
run_file "$TEST_TMP/rt.yaml"
expect_equal "status" 0 "$status"
expect_equal "realtime" false "$(report .realtime.is_met)"
why=$(report '.realtime.problems[] | select(.is_fatal) | .why')
[[ $why == "real-time threads get no more than "*" us of a CPU" ]] || fail "it says: $why"
fix=$(report '.realtime.problems[] | select(.is_fatal) | .fix')
expect_equal "the fix" "echo 0 | sudo tee $server/runtime" "$fix"
run_file "$TEST_TMP/rt.yaml" --require-rt
expect_equal "status with --require-rt" 5 "$status"
sh -c "${fix/sudo /}" >/dev/null
run_file "$TEST_TMP/rt.yaml" --require-rt
expect_equal "status once it is mended" 0 "$status"
finish
