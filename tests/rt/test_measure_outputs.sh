#!/bin/bash
# rtloop-measure drives no output unless it is told to, and names a GPIO line that a running rtloop holds: on
# gpio-sim.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/gpio_sim/lib.sh"

# Neither pictures nor cyclictest beside it: the emulator takes a minute for them.
mkdir "$TEST_TMP/bin"
ln -s /usr/bin/* /usr/sbin/* "$TEST_TMP/bin"
rm "$TEST_TMP/bin/gnuplot" "$TEST_TMP/bin/cyclictest"
export PATH=$TEST_TMP/bin

# A line whose safe value is 1 is 1 once its outputs are driven, and not before.
make_chip measure measure 2
level=${lines[measure]}/sim_gpio0/value
cat >"$TEST_TMP/lamp.yaml" <<-END
	loop: { period: 10ms, cpu: 1, guard_limit: 60s }
	devices:
	  lamp: { driver: gpio, chip: ${chip[measure]}, out: { on: { line: 0, safe: 1 } } }
	  door: { driver: gpio, chip: ${chip[measure]}, in: { shut: { line: 1 } } }
END
measure_lamp() { # STATUS FOLDER OPTION...
	local expected=$1 folder=$2 status
	shift 2
	scripts/measure.sh -q -D 1 --rounds 1 -o "$TEST_TMP/$folder" "$@" "$TEST_TMP/lamp.yaml" >"$TEST_TMP/out" 2>"$TEST_TMP/err"
	status=$?
	expect_equal "status of $folder: $(cat "$TEST_TMP/err")" "$expected" $status
}
# Once its last user is gone a line is what it is pulled to: so it is watched meanwhile.
watch_line() {
	while [ -e "$TEST_TMP/watching" ]; do
		! grep -q 1 "$level" || touch "$TEST_TMP/was_lit"
		sleep 0.02
	done
}
measure_watched() { # FOLDER OPTION...
	local watcher
	rm -f "$TEST_TMP/was_lit"
	touch "$TEST_TMP/watching"
	watch_line &
	watcher=$!
	measure_lamp 0 "$@"
	rm "$TEST_TMP/watching"
	wait $watcher
}
measure_watched dark
[ ! -e "$TEST_TMP/was_lit" ] || fail "the line was driven without --drive-outputs"
expect_equal "outputs driven" '[false]' "$(jq -c '[.runs[].devices // [] | .[] | select(.name == "lamp").outputs_driven]' \
	"$TEST_TMP/dark/report.json")"
grep -q "outputs were not driven" "$TEST_TMP/dark/report.txt" || fail "no word of outputs that are not driven"
measure_watched lit --drive-outputs
[ -e "$TEST_TMP/was_lit" ] || fail "the line was not driven with --drive-outputs"
expect_equal "outputs driven" '[true]' "$(jq -c '[.runs[].devices // [] | .[] | select(.name == "lamp").outputs_driven]' \
	"$TEST_TMP/lit/report.json")"
grep -q "OUTPUTS WERE DRIVEN" "$TEST_TMP/lit/report.txt" || fail "no word of outputs that are driven"
grep -q "THE OUTPUTS OF $TEST_TMP/lamp.yaml ARE DRIVEN" "$TEST_TMP/err" || fail "no warning of outputs that are driven"

# Lines that a running rtloop holds, with the process.
sed '/lamp:/d; s/cpu: 1/cpu: 1, priority: 0/' "$TEST_TMP/lamp.yaml" >"$TEST_TMP/door.yaml"
echo "log: { file: door.mcap }" >>"$TEST_TMP/door.yaml"
start_loop "$TEST_TMP/door.yaml"
measure_lamp 1 held
grep -qF "device 'door' is held: ${chip[measure]}: line 1 is held by 'rtloop'" "$TEST_TMP/err" ||
	fail "no word of the line that is held: $(cat "$TEST_TMP/err")"
grep -qF "rtloop (process $pid: " "$TEST_TMP/err" || fail "no word of who holds it: $(cat "$TEST_TMP/err")"
stop_loop
remove_chip measure
finish
