#!/bin/bash
# Each script that people run says with -h and --help how it is called, and does nothing else.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.." || exit 1

# version.sh and help-to.sh are called by make alone.
mapfile -t scripts < <(grep -l '^# usage: ' scripts/*.sh scripts/vm/*.sh tests/run.sh tests/*/run.sh |
	grep -v '/\(version\|help-to\)\.sh$')
expect_at_least "scripts" 20 ${#scripts[@]}

for script in "${scripts[@]}"; do
	# not called where it would begin its work
	grep -q '/usage\.sh"$' "$script" || {
		fail "$script does not know --help"
		continue
	}
	for option in -h --help; do
		(cd "$TEST_TMP" && timeout 20 "$OLDPWD/$script" $option >out 2>err)
		expect_equal "status of $script $option" 0 $?
		grep -q '^usage: ' "$TEST_TMP/out" || fail "$script $option: $(cat "$TEST_TMP/out")"
		grep -q '^#' "$TEST_TMP/out" && fail "$script $option: what is no line of its own: $(cat "$TEST_TMP/out")"
		expect_equal "errors of $script $option" "" "$(cat "$TEST_TMP/err")"
	done
done
finish
