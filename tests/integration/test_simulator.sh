#!/bin/bash
# The simulator: some scenarios, twice; the same seed does the same, alone or behind others. See docs/reliability.md.
. "$(dirname "$0")/lib.sh"

sim=$BUILD/tests/sim/sim
[ -x "$sim" ] || skip "the simulator is not built: with ThreadSanitizer it has but one thread, and gcov writes into its files"

run() { # file options...
	local file=$1
	shift
	if ! "$sim" "$@" --hash >"$TEST_TMP/$file"; then
		fail "sim $*"
		return
	fi
	grep '^seed ' "$TEST_TMP/$file" >"$TEST_TMP/$file.seeds"
}

run first --seed 1 --cycles 150000
run again --seed 1 --cycles 150000
cmp -s "$TEST_TMP/first.seeds" "$TEST_TMP/again.seeds" || fail "the same seeds have done something else"

last=$(tail -n 1 "$TEST_TMP/first.seeds")
seed=${last#seed }
run alone --seed "${seed%%:*}" --cycles 1
expect_equal "a seed alone" "$last" "$(cat "$TEST_TMP/alone.seeds")"

if cut -d ' ' -f 5 "$TEST_TMP/first.seeds" | sort | uniq -d | grep -q .; then
	fail "two seeds have done the same"
fi
grep -q ' 0 faults' "$TEST_TMP/first" && fail "nothing went wrong in it"

"$sim" --seed 1 --cycles 1 --trace >"$TEST_TMP/trace" || fail "a run that is traced"
grep -q 'rtloop-cycle cycle' "$TEST_TMP/trace" || fail "a trace without cycles"

"$sim" --nonsense 2>"$TEST_TMP/usage"
expect_equal "the status of a wrong option" 2 $?
grep -q '^usage: sim' "$TEST_TMP/usage" || fail "a wrong option is not told of"
finish
