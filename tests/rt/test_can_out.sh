#!/bin/bash
# Frames that rtloop sends on a vcan, as can-utils' candump hears them: classic and CAN FD, stated and by a
# DBC file; at their safe values before the first cycle and at the end, and never with --no-outputs.
. "$(dirname "$0")/lib.sh"

command -v candump >/dev/null || skip "can-utils is not installed"
add_vcan
ip link set vcan0 mtu 72 up

cat >"$TEST_TMP/bus.dbc" <<'END'
VERSION ""
BU_: A
BO_ 801 COMMAND: 8 A
 SG_ Mode m0 : 8|8@1+ (1,0) [0|0] "" A
 SG_ Level m1 : 8|16@1+ (0.1,0) [0|0] "bar" A
 SG_ Kind M : 0|4@1+ (1,0) [0|0] "" A
END
cat >"$TEST_TMP/out.yaml" <<'END'
loop: { period: 5ms, priority: 80, seal: kill }
log: { file: out.mcap }
devices:
  classic:
    driver: can
    interface: vcan0
    dbc: bus.dbc
    send: { every: 1h }
    out:
      mode:  { signal: COMMAND.Mode, type: integer, safe: 5 }
      level: { signal: COMMAND.Level, safe: 12.5 }
      speed: { id: 0x0CF00400, start: 24, length: 16, scale: 0.125, size: 8, safe: 700 }
      on:    { id: 0x1A0, start: 7, type: bool, safe: 1 }
  wide:
    driver: can
    interface: vcan0
    fd: true
    send: { on: change, brs: true }
    out:
      last:  { id: 0x123, start: 64, length: 32, encoding: float, safe: 1.5 }
      short: { id: 0x124, start: 0, length: 8, fd: true, safe: 9 }
END

candump -L -x vcan0 >"$TEST_TMP/heard" 2>&1 &
listener=$!
sleep 0.5
run_file "$TEST_TMP/out.yaml" --no-outputs -l 20
expect_equal "status with --no-outputs" 0 "$status"
sleep 0.2
expect_equal "frames heard with --no-outputs" 0 "$(wc -l <"$TEST_TMP/heard")"
rm -f "$TEST_TMP/out.mcap"

start_loop "$TEST_TMP/out.yaml" || exit 1
kill -TERM "$pid"
wait "$pid"
expect_equal "status after SIGTERM" 0 $?
sleep 0.5
kill $listener
wait $listener 2>/dev/null
check_log "$TEST_TMP/out.mcap"

# What each id was told, in its order.
heard() { # ID
	sed -n "s/^.* vcan0 $1#\([#0-9A-F]*\).*/\1/p" "$TEST_TMP/heard"
}
while read -r id data; do
	expect_equal "the first frame of $id" "$data" "$(heard "$id" | head -n 1)"
	expect_equal "all frames of $id" "$data" "$(heard "$id" | sort -u)"
	expect_at_least "frames of $id" 2 "$(heard "$id" | wc -l)"
done <<END
0CF00400 000000E015000000
1A0 80
123 #500000000000000000000C03F
124 #509
END
expect_equal "the two kinds of the multiplexed one" "0005000000000000 017D000000000000" "$(heard 321 | sort -u | tr '\n' ' ' | sed 's/ $//')"
expect_equal "devices left safe" "true true" "$(report '[.devices[].outputs_left_safe] | join(" ")')"
ip link del vcan0
finish
