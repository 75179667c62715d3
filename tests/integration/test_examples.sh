#!/bin/bash
# Every example is right, and so is what the README tells people to write; those that need no hardware
# run.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.." || exit 1

# An example of a driver whose library this build lacks has just this one fault.
count=0
for file in config/examples/*.yaml; do
	if ! "$RTLOOP" check "$file" > "$TEST_TMP/check.out" 2>&1; then
		lacking=$(grep -c "this rtloop was built without" "$TEST_TMP/check.out")
		[ "$lacking" = "$(wc -l < "$TEST_TMP/check.out")" ] &&
			[ "$("$RTLOOP" version --json | jq -r .missing)" != "" ] ||
			fail "$(cat "$TEST_TMP/check.out")"
	fi
	count=$((count + 1))
done
expect_at_least "examples" 6 "$count"

# A block of YAML in the README, without its indentation.
readme_block() { # FIRST LINE AS A PATTERN
	awk -v first="$1" '
		/^ *```/ { if (on) exit; next }
		!on && $0 ~ first { on = 1; match($0, /^ */); indent = RLENGTH }
		on { print substr($0, indent + 1) }
	' README.md
}

readme_block "^ *loop:.*cpu: 1" > "$TEST_TMP/wind.yaml"
grep -q WIMWV "$TEST_TMP/wind.yaml" || fail "the README's own sensor is not found"
"$RTLOOP" check "$TEST_TMP/wind.yaml" > "$TEST_TMP/check.out" 2>&1 || fail "$(cat "$TEST_TMP/check.out")"

# The README explains the demo's own lines.
readme_block "^loop:" | grep -v '^$' | while IFS= read -r line; do
	grep -qF -- "$line" config/examples/demo.yaml || echo "$line"
done > "$TEST_TMP/unknown"
[ ! -s "$TEST_TMP/unknown" ] || fail "not in demo.yaml: $(cat "$TEST_TMP/unknown")"

run_file config/examples/empty.yaml -l 200
expect_equal "status of empty.yaml" 0 "$status"
expect_equal "cycles of empty.yaml" 200 "$(report .cycles)"

run_file config/examples/logic.yaml -l 200
expect_equal "status of logic.yaml" 0 "$status"
expect_equal "steps of logic.yaml" 200 "$(report .step.count)"

run_file config/examples/playback.yaml -l 220
expect_equal "status of playback.yaml" 0 "$status"
expect_equal "samples of the device in the async lane" true "$(report '.devices[1].has_sample')"
finish
