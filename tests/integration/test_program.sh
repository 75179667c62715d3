#!/bin/bash
# A program in a configuration: what it computes of its inputs is in the log cycle by cycle, exactly; trouble
# and a step over its budget are counted and told; every file of a log begins with the values as they are.
. "$(dirname "$0")/lib.sh"

command -v jq > /dev/null || skip "jq is not installed"

# --- exact values, from the log ----------------------------------------------------------------------

cat > "$TEST_TMP/logic.yaml" << 'END'
loop: { period: 1ms, cycles: 400 }
log: { file: logic.mcap }
devices:
  wave: { driver: sim, in: { a: { wave: sine, amplitude: 100 }, b: { wave: noise } } }
params:
  target: { value: 180.5, min: 20, max: 250, unit: degC }
  hold: { value: 5ms }
vars: { n: 0, elapsed: 0s, twice: 0.0, above: false, on: false, et: 0s, before: 0, edges: 0 }
program: |
  before  := n                       # of the cycle before: n is assigned below
  n       := n + 1
  elapsed := elapsed + dt()
  twice   := wave.a * 2 + target
  above   := wave.a > wave.b
  on      := ton(n > 100, hold, et => et)
  edges   := edges + int(r_trig(on)) + int(f_trig(not above)) * 0
END
said=$("$RTLOOP" check "$TEST_TMP/logic.yaml") || fail "it is refused: $said"
operations=$(sed -n 's/.*, \([0-9]*\) operations a cycle at most$/\1/p' <<< "$said")
expect_at_least "operations, as check counts them" 25 "${operations:-0}"
run_file "$TEST_TMP/logic.yaml"
expect_equal "status" 0 "$status"
check_log "$TEST_TMP/logic.mcap"
expect_equal "operations in the report" "$operations" "$(report .program.operations)"
expect_equal "steps that were timed" 400 "$(report .step.count)"
expect_equal "trouble" 0 "$(report '[.program.trouble[].count] | add')"

"$RTLOOP" dump --jsonl "$TEST_TMP/logic.mcap" > "$TEST_TMP/logic.jsonl"
# Each message of vars beside the inputs and the release of its cycle.
wrong=$(jq -cs '
	def of(t): map(select(.topic == t).data);
	(of("/cycle") | map({ (.cycle | tostring): . }) | add) as $cycles |
	(of("/io/wave") | map({ (.cycle | tostring): . }) | add) as $waves |
	of("/param")[0] as $params |
	($cycles["0"].release_ns) as $start |
	of("/var") | map(
		($cycles[.cycle | tostring]) as $cycle | ($waves[.cycle | tostring]) as $wave |
		select(
			.n != .cycle + 1 or .before != .cycle or
			.elapsed != $cycle.release_ns - $start + 1000000 or
			.sample_ns != $cycle.release_ns or
			.twice != $wave.a * 2 + $params.target or
			.above != ($wave.a > $wave.b) or
			.edges != (if .on then 1 else 0 end) or
			([.quality[]] | any(. != 0)))) | .[:3]' "$TEST_TMP/logic.jsonl")
expect_equal "vars that are not what their inputs give" "[]" "$wrong"
expect_equal "messages of vars" 400 "$(grep -c '^{"topic":"/var"' "$TEST_TMP/logic.jsonl")"
expect_equal "messages of params" 1 "$(grep -c '^{"topic":"/param"' "$TEST_TMP/logic.jsonl")"
expect_equal "params" '{"target":180.5,"hold":5000000}' \
	"$(jq -c 'select(.topic == "/param") | .data | { target, hold }' "$TEST_TMP/logic.jsonl")"
# The timer ran from cycle 100 on; ET is the time since, up to 5 ms.
expect_equal "cycles with a timer that is wrong" 0 "$(jq -s '
	(map(select(.topic == "/cycle").data) | map({ (.cycle | tostring): .release_ns }) | add) as $at |
	map(select(.topic == "/var").data) | map(select(.et != (
		if .cycle < 100 then 0 else [$at[.cycle | tostring] - $at["100"], 5000000] | min end
		) or .on != (.et == 5000000))) | length' "$TEST_TMP/logic.jsonl")"

# --- trouble and budget ------------------------------------------------------------------------------

cat > "$TEST_TMP/trouble.yaml" << 'END'
loop: { period: 1ms, cycles: 300, budget: 1ns }
log: { file: trouble.mcap }
vars: { n: 0, zero: 0, q: 0.0 }
program: |

  n := n + 1
  q := if n > 100 then n / zero else 0
END
run_file "$TEST_TMP/trouble.yaml"
expect_equal "status of a run with trouble" 0 "$status"
check_log "$TEST_TMP/trouble.mcap"
expect_equal "divisions by zero" '{"count":200,"line":7}' "$(report '.program.trouble.division | tojson')"
expect_equal "steps over their budget" 300 "$(report .program.over_budget)"
"$RTLOOP" dump --jsonl "$TEST_TMP/trouble.mcap" > "$TEST_TMP/trouble.jsonl"
expect_equal "events of trouble" '[[100,7]]' \
	"$(jq -cs 'map(select(.data.kind == "program_trouble").data | [.cycle, .value])' "$TEST_TMP/trouble.jsonl")"
expect_equal "events of the budget, in 0.3 s" 1 \
	"$(jq -s 'map(select(.data.kind == "step_over_budget")) | length' "$TEST_TMP/trouble.jsonl")"
expect_equal "cycles marked over budget" 300 \
	"$(jq -s 'map(select(.topic == "/cycle" and .data.flags >= 8)) | length' "$TEST_TMP/trouble.jsonl")"
expect_equal "quality of a division by zero" 2 \
	"$(jq -s 'map(select(.topic == "/var").data) | last | .quality.q' "$TEST_TMP/trouble.jsonl")"
"$RTLOOP" run "$TEST_TMP/trouble.yaml" > "$TEST_TMP/refused" 2>&1 # the log is there already
rm "$TEST_TMP/trouble.mcap"
"$RTLOOP" run "$TEST_TMP/trouble.yaml" > "$TEST_TMP/text" 2> /dev/null
grep -q "TROUBLE: a division by zero 200 times, first in line 7" "$TEST_TMP/text" ||
	fail "the report does not name the trouble: $(cat "$TEST_TMP/text")"
grep -q "OVER BUDGET: 300 times over its budget of 1ns" "$TEST_TMP/text" ||
	fail "the report does not name the budget: $(cat "$TEST_TMP/text")"

# --- each file by itself -----------------------------------------------------------------------------

cat > "$TEST_TMP/rotation.yaml" << 'END'
loop: { period: 200us, cycles: 4000 }
log: { dir: logs, rotate: 64KiB, keep: 0, chunk: 16KiB }
devices: { wave: { driver: sim, in: { a: { wave: sine }, b: { wave: noise }, c: { wave: ramp } } } }
params: { target: { value: 5 } }
vars: { n: 0, late: false }
program: |
  n := if n < 10 then n + 1 else n
  late := n = 10
END
run_file "$TEST_TMP/rotation.yaml"
expect_equal "status of a run with many files" 0 "$status"
files=("$TEST_TMP"/logs/rotation-*.mcap)
expect_at_least "files" 3 ${#files[@]}
check_log "${files[@]}"
for file in "${files[@]:1}"; do
	expect_equal "values that ${file##*/} begins with" '["/param",5,"/var",10,true]' \
		"$("$RTLOOP" dump --jsonl "$file" | jq -cs 'map(select(.topic == "/param" or .topic == "/var")) |
			[.[0].topic, .[0].data.target, .[1].topic, .[1].data.n, .[1].data.late]')"
done
finish
