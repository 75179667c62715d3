#!/bin/bash
# Every value that the peers sent is in the log, in order, and nothing else: through a pty with garbage
# between the lines, and over UDP.
. "$(dirname "$0")/lib.sh"

cat > "$TEST_TMP/values.yaml" << 'END'
loop: { period: 1ms, seal: kill }
log: { file: values.mcap, sync: 100ms }
devices:
  probe:
    driver: serial
    path: probe.tty
    frame: { kind: line, match: "M,", checksum: xor8 }
    in:
      temp:     { column: 1, type: integer }
      pressure: { column: 2 }
  flow:
    driver: udp
    listen: "127.0.0.1:47475"
    frame: { kind: raw, match: "RT", checksum: crc16-ccitt }
    in:
      sequence: { byte: 2, bytes: 4, order: big, type: integer }
      temp:     { byte: 6, bytes: 2, order: big, encoding: signed, type: integer }
      rate:     { byte: 8, bytes: 2, order: big, type: integer }
END

# Lines sent before the port is open may be lost, and so may the last ones. The probe ends after the run:
# a device that goes away gets one more message into the log, whose quality says so.
"$peers/probe" --rate 200 --garbage --sent "$TEST_TMP/probe.sent" "$TEST_TMP/probe.tty" &
probe=$!
wait_until test -e "$TEST_TMP/probe.tty"
"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/values.yaml" > "$TEST_TMP/run.out" 2>&1 &
pid=$!
wait_for_cycles "$TEST_TMP/values.mcap"
"$peers/sensor" --rate 500 --count 1500 --sent "$TEST_TMP/flow.sent" 47475
sleep 0.2
kill -INT $pid
wait $pid
expect_equal "status" 0 $?
kill $probe
wait $probe
check_log "$TEST_TMP/values.mcap"

# dump's columns are time_ns, time_s, then the channels.
"$RTLOOP" dump --csv -c flow.sequence,flow.temp,flow.rate "$TEST_TMP/values.mcap" |
	tail -n +2 | cut -d, -f3- > "$TEST_TMP/flow.logged"
awk '{ print $2 "," $3 "," $4 }' "$TEST_TMP/flow.sent" > "$TEST_TMP/flow.expected"
expect_equal "datagrams sent" 1500 "$(wc -l < "$TEST_TMP/flow.expected")"
cmp "$TEST_TMP/flow.expected" "$TEST_TMP/flow.logged" || fail "UDP values differ"

"$RTLOOP" dump --csv -c probe.temp,probe.pressure "$TEST_TMP/values.mcap" |
	tail -n +2 | awk -F, '{ printf "%d,%.2f\n", $3, $4 }' > "$TEST_TMP/probe.logged"
sed 's/^[0-9]* M,//; s/\*.*//' "$TEST_TMP/probe.sent" > "$TEST_TMP/probe.expected"
expect_at_least "lines logged" 300 "$(wc -l < "$TEST_TMP/probe.logged")"
# what was logged is one whole stretch of what was sent, in which a value may come more than once
[[ $'\n'$(<"$TEST_TMP/probe.expected")$'\n' == *$'\n'"$(<"$TEST_TMP/probe.logged")"$'\n'* ]] || fail "serial values differ"
expect_at_least "frames dropped for their checksum" 1 \
	"$(report '.devices[0].counts.bad_checksum')"
expect_at_least "frames dropped for their beginning" 1 "$(report '.devices[0].counts.bad_match')"
expect_at_least "frames dropped for their length" 1 "$(report '.devices[0].counts.bad_length')"
finish
