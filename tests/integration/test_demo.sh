#!/bin/bash
# What "make demo" leaves: an oven that was held at its set point, a set point that was changed on the way, a plug that
# was pulled and put back, a log that is whole and whose logic can be replayed bit for bit, and a plot made from it.
. "$(dirname "$0")/lib.sh"

command -v gnuplot >/dev/null || skip "gnuplot is not installed"
oven_events() {
	sed -n 's/^  [0-9.]* \(device_[a-z]*\)$/\1/p' "$TEST_TMP/out" | xargs
}
# It goes by the clock: where the machine stood still as the plug was to be pulled, it gets another try.
for _ in 1 2 3; do
	BUILD=$BUILD timeout 36 scripts/demo.sh >"$TEST_TMP/out" 2>"$TEST_TMP/err" ||
		fail "the demo failed: $(cat "$TEST_TMP/err")"
	[ "$(oven_events)" != "device_opened device_lost device_opened" ] || break
done
log=$PWD/build/demo/demo.mcap
cp build/demo/report.json "$TEST_TMP"
check_log "$log"
expect_equal "logs" demo.mcap "$(basename -a "$PWD"/build/demo/*.mcap)"

values() { # CHANNEL
	"$RTLOOP" dump --csv -c "$1" "$log" | tail -n +2 | cut -d, -f3 | grep .
}

grep -q '1 changed, in effect from cycle' "$TEST_TMP/out" || fail "rtloop set: $(cat "$PWD/build/demo/set.out")"
expect_equal "set points" "120 150" "$(values param.target | uniq | xargs)"
# The oven went away and came back; meanwhile its temperature was bad, and its power the safe one.
expect_equal "times that the oven was lost" 1 "$(report '.devices[] | select(.name == "oven").counts.lost')"
expect_equal "what the demo says of the oven" "device_opened device_lost device_opened" \
	"$(oven_events)"
grep -q "device 'oven': went away" "$TEST_TMP/err" || fail "nobody was told that the oven is away"
grep -q "device 'oven': is open again" "$TEST_TMP/err" || fail "nobody was told that the oven is back"
grep -Eq '^  power: [0-9.]+ % before, 0\.0 % while it was away$' "$TEST_TMP/out" || fail "the power: $(grep power: "$TEST_TMP/out")"
"$RTLOOP" dump --csv -q -c oven.temp,oven.power "$log" | awk -F, '
	NR == 1 { for (i = 3; i <= NF; i++) { column[$i] = i } next }
	$column["oven.temp.quality"] != "" { is_bad = $column["oven.temp.quality"] == 2; bad += is_bad }
	$column["oven.power"] != "" { power = $column["oven.power"] }
	is_bad && power != 0 { wrong++ }
	END { exit !(bad > 0 && wrong == 0) }' || fail "the heater was on while the oven was away"
# the signal generator beside it has a sample of each cycle
expect_equal "samples of the other device" "$(report .log.cycles_logged)" \
	"$("$RTLOOP" dump --csv -c signal.sine "$log" | tail -n +2 | wc -l)"
hottest=$(values oven.temp | sort -g | tail -n 1)
awk -v t="$hottest" 'BEGIN { exit !(t > 100 && t < 200) }' || fail "the oven came to $hottest degC"
"$RTLOOP" replay "$log" >"$TEST_TMP/replay" 2>&1 || fail "replay: $(cat "$TEST_TMP/replay")"
expect_equal "the plot's beginning" PNG "$(head -c 4 "$PWD/build/demo/demo.png" | tail -c 3)"
finish
