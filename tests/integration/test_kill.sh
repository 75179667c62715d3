#!/bin/bash
# kill -9 at random moments: a few of what tests/kill/run.sh does for longer in make test-long.
. "$(dirname "$0")/lib.sh"

KILL_FOLDER=$TEST_TMP KILL_JOBS=4 tests/kill/run.sh 40 || fail "see above"
tests/kill/run.sh 20 || fail "see above"
finish
