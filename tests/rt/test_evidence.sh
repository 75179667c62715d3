#!/bin/bash
# Why a cycle was late, by the supervisor's counts alone: what they prove is named, and what they do not
# prove is not.
# shellcheck source=tests/rt/causes.sh disable=SC1091
. "$(dirname "$0")/causes.sh"

try "the program of higher priority" plant_hog off '; the cycle thread was ready meanwhile, for '
try "the stopped process" plant_stop off
try "the page fault" plant_fault off \
	'^page fault in the (step|wake-up)( \([0-9]+ of them\))?: a page had to be read from a disk$'
try "that nothing explains it" plant_unknown off '^not explained'

# --- a slow device ----------------------------------------------------------------------------------

# A line at a time of a chip with many, each call a walk over all of them: it takes many periods, and so
# more than the cycle thread waits on a machine that has other work.
chip=/sys/kernel/config/gpio-sim/slow
mkdir -p $chip/bank0
echo 1000 >$chip/bank0/num_lines
echo 1 >$chip/live
lines=$(for i in $(seq 0 63); do printf 'l%d: { line: %d }, ' "$i" "$i"; done)
plant_slow() {
	config slow 500us off "devices:
  wave: { driver: sim, in: { a: { wave: sine } } }
  panel: { driver: gpio, chip: $(cat $chip/bank0/chip_name), read: each, in: { ${lines%, } } }"
	start slow
	stop slow
	expect_any slow '^device panel took [0-9.]+ (ms|µs) \(sample\)$' &&
		! sentences slow | grep -E '^device wave took' | sed "s/^/a wrong sentence: /" | grep .
}
try "the slow device" plant_slow

# --- a slow plugin ----------------------------------------------------------------------------------

plant_plugin() {
	# on the host's file system it may belong to anybody
	cp "$BUILD/tests/plugins/slow.so" "$TEST_TMP"
	config plugin 50ms off "devices: { wave: { driver: sim, in: { a: { wave: sine } } } }
plugins: { dawdler: { path: $TEST_TMP/slow.so, budget: 50ms, options: { every: 10 } } }"
	start plugin
	stop plugin
	expect_any plugin '^plugin dawdler took [0-9.]+ (ms|µs) \(step\)$' &&
		[ "$(report '.plugins[0].over_budget > 0')" = true ]
}
try "the slow plugin" plant_plugin

finish
