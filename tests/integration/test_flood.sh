#!/bin/bash
# A peer that floods is bounded per cycle and counted, and starves nobody.
. "$(dirname "$0")/lib.sh"

cat > "$TEST_TMP/flood.yaml" << 'END'
loop: { period: 1ms, seal: kill }
log: { file: flood.mcap, sync: 100ms }
devices:
  flood:
    driver: udp
    listen: "127.0.0.1:47476"
    budget: 4
    in: { sequence: { byte: 2, bytes: 4, order: big, type: integer } }
  calm:
    driver: udp
    listen: "127.0.0.1:47477"
    in: { sequence: { byte: 2, bytes: 4, order: big, type: integer } }
END

"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/flood.yaml" > "$TEST_TMP/run.out" 2>&1 &
pid=$!
wait_for_cycles "$TEST_TMP/flood.mcap"
"$peers/sensor" --flood --duration 2 47476 &
"$peers/sensor" --rate 100 --count 150 47477
kill -INT $pid
wait $pid
expect_equal "status" 0 $?
check_log "$TEST_TMP/flood.mcap"
expect_at_least "cycles with more than the budget" 100 "$(report '.devices[0].counts.flooded')"
[ "$(report '.devices[0].counts.frames')" -le "$(report '.cycles * 4')" ] ||
	fail "more than the budget was taken"
expect_equal "datagrams of the calm sensor" 150 "$(report '.devices[1].counts.frames')"
finish
