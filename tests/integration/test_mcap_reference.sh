#!/bin/bash
# The MCAP reference library reads what rtloop writes: with its index and as a stream, every CRC and
# every message. The library comes from npm, once, into a folder of the build.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/reference.sh"

# In CI the reference must have been asked.
miss() {
	if [ "${CI:-}" = true ]; then
		fail "$*"
		exit 1
	fi
	skip "$*"
}

install_library || miss "the MCAP reference library: $(cat "$TEST_TMP/npm.why")"

# read_log ARGUMENT...: sets status; what it prints goes to ref.out and ref.err.
read_log() {
	node "$npm_folder/read_log.mjs" "$@" >"$TEST_TMP/ref.out" 2>"$TEST_TMP/ref.err"
	status=$?
}

# expect_read WHAT FILE...
expect_read() {
	local what=$1
	shift
	read_log "$@"
	[ $status -eq 0 ] || fail "$what: the reference library says: $(cat "$TEST_TMP/ref.err")"
}

cd "$TEST_TMP" || exit 1

# A log whose every value is known.
"$peers/write_log" a.mcap 0 999 || fail "no log could be written"
"$peers/write_log" b.mcap 1000 1499
expect_read "two files of known values" a.mcap b.mcap
expect_equal "cycles of it" '0 1499 1204 296' \
	"$(jq -r '.cycles | "\(.first) \(.last) \(.logged) \(.in_gaps)"' ref.out)"
expect_equal "its attachment" config.yaml "$(jq -r '.files[0].attachments[0]' ref.out)"
expect_equal "its metadata" oven "$(jq -r '.files[0].metadata.rtloop.host' ref.out)"

# Both readers, theirs and ours, give the same values.
expect_read "values" --values /io/probe.count --values /io/probe.quality.count a.mcap
"$RTLOOP" dump --csv -c probe.count,probe.count.quality a.mcap | tail -n +2 | cut -d, -f3- |
	tr , ' ' >ours
cmp -s ours ref.out || fail "dump gives other values: $(diff ours ref.out | head -n 3)"

# What is damaged is damaged for it too.
cp a.mcap bad.mcap
printf '\xff' | dd of=bad.mcap bs=1 seek=20000 conv=notrunc status=none
read_log bad.mcap
expect_equal "status of a damaged log" 1 $status

# A log that a run wrote.
cat >run.yaml <<'END'
loop: { period: 1ms }
log: { file: run.mcap }
devices:
  oven:
    driver: sim
    in:
      temp:  { wave: sine, center: 180, amplitude: 5, period: 200ms, type: float, unit: degC }
      level: { wave: ramp, center: 50, amplitude: 50, period: 100ms, type: integer }
      door:  { wave: square, period: 50ms, type: bool }
END
run_file run.yaml -l 1000
expect_equal "status of the run" 0 "$status"
expect_read "a log that a run wrote" run.mcap
expect_equal "its cycles" 1000 "$(jq '.cycles.logged + .cycles.in_gaps' ref.out)"
expect_equal "a field of its device" number "$(jq -r '.topics["/io/oven"].last.temp | type' ref.out)"
check_log run.mcap

# The demo's log: every value that its peers sent, in order. Only what the sensor sends before the run
# begins and after it ends may be missing.
# A channel that turns stale on a busy machine would be in the log once more.
sed 's|\.\./\.\./build/demo/||; s|max_age: .*|max_age: 60s|' "$source/../../config/examples/demo.yaml" >demo.yaml
"$peers/probe" --oven --sent oven.sent oven.tty &
wait_until test -e oven.tty
run_file demo.yaml -D 3 &
pid=$!
wait_for_cycles demo.mcap
"$peers/sensor" --rate 200 --count 300 --sent flow.sent 47474
wait $pid
expect_read "the demo's log" demo.mcap
expect_equal "cycles that are missing from it" 0 \
	"$(jq '.cycles | .last - .first + 1 - .logged - .in_gaps' ref.out)"

expect_read "values of the sensor" --values /io/flow.sequence --values /io/flow.temp \
	--values /io/flow.rate demo.mcap
awk '{ printf "%d %.9g %.9g\n", $2, $3 * 0.01, $4 * 0.1 }' flow.sent >flow.expected
awk '{ printf "%d %.9g %.9g\n", $1, $2, $3 }' ref.out | uniq >flow.read
cmp flow.expected flow.read || fail "the sensor's values differ"

expect_read "values of the oven" --values /io/oven.temp --values /io/oven.pressure demo.mcap
awk '{ printf "%.9g %.9g\n", $1, $2 }' ref.out >oven.read
sed 's/^[0-9]* M,//; s/\*.*//; s/,/ /' oven.sent |
	awk '{ printf "%.9g %.9g\n", $1 * 0.1, $2 }' | head -n "$(wc -l <oven.read)" >oven.expected
expect_at_least "answers of the oven" 100 "$(wc -l <oven.read)"
cmp oven.expected oven.read || fail "the oven's values differ"

finish
