#!/bin/bash
# What "make demo" leaves: an oven that was held at its set point, a set point that was changed on the way, a log
# that is whole and whose logic can be replayed bit for bit, and a plot made from it.
. "$(dirname "$0")/lib.sh"

command -v gnuplot >/dev/null || skip "gnuplot is not installed"
BUILD=$BUILD timeout 120 scripts/demo.sh >"$TEST_TMP/out" 2>"$TEST_TMP/err" ||
	fail "the demo failed: $(cat "$TEST_TMP/err")"
log=$PWD/build/demo/demo.mcap
cp build/demo/report.json "$TEST_TMP"
check_log "$log"
expect_equal "logs" demo.mcap "$(basename -a "$PWD"/build/demo/*.mcap)"

values() { # CHANNEL
	"$RTLOOP" dump --csv -c "$1" "$log" | tail -n +2 | cut -d, -f3 | grep .
}

grep -q '1 changed, in effect from cycle' "$TEST_TMP/out" || fail "rtloop set: $(cat "$PWD/build/demo/set.out")"
expect_equal "set points" "120 150" "$(values param.target | uniq | xargs)"
hottest=$(values oven.temp | sort -g | tail -n 1)
awk -v t="$hottest" 'BEGIN { exit !(t > 100 && t < 200) }' || fail "the oven came to $hottest degC"
"$RTLOOP" replay "$log" >"$TEST_TMP/replay" 2>&1 || fail "replay: $(cat "$TEST_TMP/replay")"
expect_equal "the plot's beginning" PNG "$(head -c 4 "$PWD/build/demo/demo.png" | tail -c 3)"
finish
