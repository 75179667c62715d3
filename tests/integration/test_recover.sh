#!/bin/bash
# rtloop recover: logs that a kill -9 left, that were cut, damaged, and full disks.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/reference.sh"
cd "$TEST_TMP" || exit 1

# test_mcap_reference says so where it is missing.
has_reference=true
install_library || has_reference=false

# expect_recover WHAT STATUS OPTION...
expect_recover() {
	expect_rtloop recover "$@"
}

# expect_no_file WHAT FILE: nor anything that was to become it.
expect_no_file() {
	[ -z "$(find . -name "$2*")" ] || fail "$1: left behind: $(find . -name "$2*")"
}

# expect_whole FILE: it stands up to all checks; ours, and those of the reference where it is installed.
expect_whole() {
	"$RTLOOP" dump --check "$1" >check.out 2>&1 || fail "$1 is not whole: $(cat check.out)"
	if $has_reference; then
		node "$npm_folder/read_log.mjs" "$1" >ref.out 2>ref.err ||
			fail "$1: the reference library says: $(cat ref.err)"
	fi
}

# expect_ended SIGNAL STATUS: by a signal that comes while the log is read.
expect_ended() {
	strace -o /dev/null -P cut.mcap -e trace=pread64 -e "inject=pread64:signal=$1:when=1" \
		"$RTLOOP" recover cut.mcap -o ended.mcap >out 2>err
	expect_equal "the status after SIG$1" "$2" $?
	grep -qx "ended by a signal: nothing was written" err || fail "not said that SIG$1 ended it: $(cat err)"
	expect_no_file "SIG$1" ended.mcap
}

# last_cycle FILE
last_cycle() {
	"$RTLOOP" dump --csv -c cycle.cycle "$1" 2>/dev/null | tail -n 1 | cut -d, -f3
}

# has_logged FILE CYCLE
has_logged() {
	[ "$(last_cycle "$1" | grep -E '^[0-9]+$' || echo 0)" -ge "$2" ]
}

"$peers/write_log" a.mcap 0 999 || skip "no log could be written"
size=$(stat -c %s a.mcap)

# --- exit statuses

expect_recover "an intact log" 0 a.mcap -o copy.mcap
cmp a.mcap copy.mcap || fail "the copy differs"
head -c $((size / 2)) a.mcap >cut.mcap
expect_recover "a log that was cut" 3 cut.mcap -o cut.out.mcap
expect_whole cut.out.mcap
grep -q "without a CRC" out || fail "not said what no CRC vouches for: $(cat out)"
"$RTLOOP" dump --csv a.mcap >a.csv
"$RTLOOP" dump --csv cut.mcap >cut.csv
"$RTLOOP" dump --csv cut.out.mcap | cmp - cut.csv || fail "other values than the cut log has"
head -n "$(wc -l <cut.csv)" a.csv | head -n -1 | cmp - <(head -n -1 cut.csv) ||
	fail "other values than were written"
"$RTLOOP" dump --attachment config.yaml cut.out.mcap | grep -q "period: 1ms" ||
	fail "the configuration is not there"
"$RTLOOP" dump cut.out.mcap | grep -q "from: cut.mcap" || fail "it does not say from what it is"

if strace -o /dev/null true 2>/dev/null; then
	look_for_no_leaks
	expect_ended INT 130
	expect_ended TERM 143
else
	echo "signals: not tried, strace may not trace here"
fi

head -c 20 a.mcap >head.mcap
expect_recover "a log without a header" 1 head.mcap -o no.mcap
grep -q "not even the header" err || fail "not said why: $(cat err)"
expect_recover "what is no log" 1 a.csv -o no.mcap
expect_recover "no log" 1 nothing.mcap -o no.mcap
expect_no_file "what cannot be recovered" no.mcap
expect_recover "OUT is LOG" 2 --force cut.mcap -o ./cut.mcap
grep -qx "rtloop recover: OUT is LOG itself, which is not touched" err || fail "not said why: $(cat err)"
expect_equal "the log that was to be written over" $((size / 2)) "$(stat -c %s cut.mcap)"

# --- OUT

echo mine >there.mcap
expect_recover "an OUT that is there" 2 cut.mcap -o there.mcap
grep -q -- "--force" err || fail "not said what would help: $(cat err)"
expect_equal "what was there" mine "$(cat there.mcap)"
expect_recover "an OUT that is there, and may be replaced" 3 -f cut.mcap -o there.mcap
expect_whole there.mcap
expect_recover "a folder that is not there" 1 cut.mcap -o nowhere/no.mcap
(
	ulimit -f 8
	trap '' XFSZ
	expect_recover "a disk that is full" 1 cut.mcap -o no.mcap
	expect_recover "a disk that is full, and a copy" 1 a.mcap -o no.mcap
	[ $failures = 0 ]
) || failures=$((failures + 1))
expect_no_file "a full disk" no.mcap

# --- damage in the middle: what is missing is named, by the new file too

cp a.mcap bad.mcap
printf '\xff' | dd of=bad.mcap bs=1 seek=$((size / 2)) conv=notrunc status=none
expect_recover "a damaged log" 3 bad.mcap -o bad.out.mcap
missing=$(sed -n 's/^cycles .* missing (\(.*\))$/\1/p' out)
[ -n "$missing" ] || fail "the missing cycles are not named: $(cat out)"
"$RTLOOP" dump --check bad.out.mcap >check.out && fail "cycles are missing, and the check says ok"
grep -q "cycles ${missing%-*} to ${missing#*-} are missing" check.out ||
	fail "the check names others than $missing: $(cat check.out)"
"$RTLOOP" dump bad.out.mcap | grep -q "cycles_missing_ranges: $missing" ||
	fail "its metadata does not name $missing"

# --- kill -9, at whatever moment

cat >run.yaml <<'END'
loop: { period: 1ms }
log: { file: run.mcap, sync: 100ms }
devices:
  oven:
    driver: sim
    in:
      temp:  { wave: sine, center: 180, amplitude: 5, period: 200ms, type: float, unit: degC }
      level: { wave: ramp, center: 50, amplitude: 50, period: 100ms, type: integer }
END
for cycles in 1 300 900; do
	rm -f run.mcap new.mcap
	"$RTLOOP" run -q run.yaml >run.out 2>&1 &
	pid=$!
	wait_until has_logged run.mcap "$cycles"
	seen=$(last_cycle run.mcap)
	kill -KILL $pid
	wait $pid 2>/dev/null
	expect_recover "a log after kill -9" 3 run.mcap -o new.mcap
	expect_whole new.mcap
	expect_at_least "the last cycle, of which it was known that it is in the file" "$seen" \
		"$(last_cycle new.mcap)"
	"$RTLOOP" dump --csv run.mcap 2>/dev/null >before.csv
	"$RTLOOP" dump --csv new.mcap | cmp - before.csv || fail "recover and dump see different values"
	# as a write that the kill cut short would have left it
	head -c $(($(stat -c %s run.mcap) - 333)) run.mcap >torn.mcap
	expect_recover "a log torn besides" 3 torn.mcap -o torn$cycles.mcap
	expect_whole torn$cycles.mcap
done

finish
