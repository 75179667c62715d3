#!/bin/bash
# The simulator for as many cycles as CI asks for: a piece of test-long (docs/reliability.md).
#
# usage: BUILD=<absolute build folder> tests/sim/run.sh
#        SIM_SEED=1 is the first scenario, SIM_CYCLES=10000000 how many cycles are run at least
. "$(dirname "$0")/../../scripts/usage.sh"
set -u
export LC_ALL=C
cd "$(dirname "$0")/../.." || exit 1

sim=${BUILD:-$PWD/build}/tests/sim/sim
passed=0 failed=0

if [ ! -x "$sim" ] && ! "${MAKE:-make}" --no-print-directory BUILD="${BUILD:-build}" "$sim"; then
	echo "it cannot be built"
	failed=1
elif "$sim" --seed "${SIM_SEED:-1}" --cycles "${SIM_CYCLES:-10000000}"; then
	passed=1
else
	failed=1
fi
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
