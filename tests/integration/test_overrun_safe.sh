#!/bin/bash
# An overrun under `overrun: stop` ends the run with outputs at their safe values, and with a status of its own.
. "$(dirname "$0")/lib.sh"
command -v socat >/dev/null || skip "socat is not installed"

cat >"$TEST_TMP/gate.yaml" <<'END'
loop: { period: 100ms, overrun: stop }
log: { file: gate.mcap }
devices:
  gate:
    driver: udp
    send: { to: "127.0.0.1:47494", text: "{gate.open} {gate.speed}\n" }
    out:
      open:  { type: bool, safe: 0 }
      speed: { safe: 7.5 }
program: |
  gate.open  := true
  gate.speed := 42.0
END

socat -u UDP-RECV:47494,bind=127.0.0.1 OPEN:"$TEST_TMP/heard",creat &
listens() { grep -q ':B986 ' /proc/net/udp; }
wait_until listens
"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/gate.yaml" >"$TEST_TMP/run.out" 2>&1 &
pid=$!
drives() { grep -q '^1 42$' "$TEST_TMP/heard"; }
wait_until drives
kill -STOP $pid
sleep 0.5
kill -CONT $pid
wait $pid
expect_equal "status" 4 $?
ends_safe() { [ "$(tail -n 1 "$TEST_TMP/heard")" = "0 7.5" ]; }
wait_until ends_safe
expect_equal "what was told in all" "0 7.5|1 42|0 7.5" "$(uniq "$TEST_TMP/heard" | paste -sd '|')"
expect_equal "overruns" 1 "$(report '.late_wakes + .long_works')"
check_log "$TEST_TMP/gate.mcap"
"$RTLOOP" dump --jsonl -c event "$TEST_TMP/gate.mcap" | grep -q '"kind":"outputs_safe"' ||
	fail "no event says that the outputs were left safe"
finish
