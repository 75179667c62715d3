#!/bin/bash
# A flood of UDP datagrams, sent on the cycle's own CPU and on the other one. The network's softirq runs
# where the sender is, as that of a network card runs where its interrupt is; receiving shares locks with
# it. What is asserted is what must hold anywhere: a bounded number of datagrams a cycle, no cycle that is
# in neither the log nor a gap, and no datagram that is counted twice or not at all. The times are shown.
. "$(dirname "$0")/lib.sh"

budget=8
cat >"$TEST_TMP/flood.yaml" <<END
loop: { period: 5ms, cpu: 1, priority: 80 }
log: { file: flood.mcap, sync: 100ms }
devices:
  flood:
    driver: udp
    listen: "127.0.0.1:47482"
    budget: $budget
    in: { sequence: { byte: 2, bytes: 4, order: big, type: integer } }
END

for where in none 0 1; do
	rm -f "$TEST_TMP/flood.mcap"
	start_loop "$TEST_TMP/flood.yaml" --require-rt || exit 1
	if [ $where = none ]; then
		sleep 3
	else
		taskset -c $where "$peers/sensor" --flood --duration 3 47482
	fi
	stop_loop
	case $where in
	none) what="no flood" ;;
	1) what="a flood sent on the cycle's CPU" ;;
	*) what="a flood sent on another CPU" ;;
	esac
	check_log "$TEST_TMP/flood.mcap"
	expect_equal "cycles in gaps with $what" 0 "$(report .log.cycles_in_gaps)"
	expect_equal "real-time with $what" true "$(report .realtime.is_met)"
	frames=$(report '.devices[0].counts.frames')
	[ "$frames" -le $(($(report .cycles) * budget)) ] || fail "more than the budget was taken with $what"
	expect_equal "datagrams logged with $what" "$frames" \
		"$("$RTLOOP" dump --csv -c flood.sequence "$TEST_TMP/flood.mcap" | tail -n +2 | wc -l)"
	if [ $where != none ]; then
		expect_at_least "cycles that used up the budget with $what" 50 \
			"$(report '.devices[0].counts.flooded')"
		# none twice, none out of order, whatever was lost before it was received
		"$RTLOOP" dump --csv -c flood.sequence "$TEST_TMP/flood.mcap" | tail -n +2 | cut -d, -f3 |
			sort -c -n -u || fail "datagrams are out of order with $what"
	fi
	jq -r --arg what "$what" '"\($what): \(.cycles) cycles, \(.devices[0].counts.frames) datagrams; us: " +
		"read mean \(.read.mean_ns / 1000), p99 \(.read.p99_ns / 1000), max \(.read.max_ns / 1000); " +
		"latency mean \(.latency.mean_ns / 1000), p99 \(.latency.p99_ns / 1000), max \(.latency.max_ns / 1000)"' \
		"$TEST_TMP/report.json"
done
finish
