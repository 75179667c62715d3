# Sourced by the tests in this folder: cases that are counted, on top of what the integration tests have.
# shellcheck shell=bash
set -u
export LC_ALL=C BUILD=${BUILD:-/nonexistent}
TEST_TMP=$(mktemp -d)
. "$(dirname "${BASH_SOURCE[0]}")/../integration/lib.sh"
# Loops are asked where the service has them.
unset RUNTIME_DIRECTORY

cases_passed=0 cases_failed=0

# run_case NAME: runs the function case_NAME and counts it.
run_case() {
	local before=$failures
	"case_$1"
	if [ "$failures" = "$before" ]; then
		echo "ok    deb/$1"
		cases_passed=$((cases_passed + 1))
	else
		echo "FAIL  deb/$1"
		cases_failed=$((cases_failed + 1))
	fi
}

# run_cases: all that are defined, in the order of the file; then the counts, on the last line.
run_cases() { # FILE
	local names name
	mapfile -t names < <(sed -n 's/^case_\([a-z0-9_]*\)().*/\1/p' "$1")
	for name in "${names[@]}"; do
		run_case "$name"
	done
	echo "$cases_passed passed, $cases_failed failed, 0 skipped"
}
