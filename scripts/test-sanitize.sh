#!/bin/bash
# All unit and integration tests with what is built with sanitizers.
#
# usage: BUILD=<absolute build folder> test-sanitize.sh
. "$(dirname "$0")/usage.sh"
set -u

# Everything takes its time there, most of all what builds anew. An error exits so that no test takes it for an
# answer of rtloop.
export TEST_TIMEOUT_S=${TEST_TIMEOUT_S:-600} WAIT_S=${WAIT_S:-300}
export ASAN_OPTIONS=exitcode=99:detect_leaks=1
export UBSAN_OPTIONS=print_stacktrace=1
exec "$(dirname "$0")/share-tests.sh" unit integration
