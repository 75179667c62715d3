#!/bin/bash
# The tests that take too long for `make test`, in pieces; each ends with a count of its own, the last line is the sum.
# A piece is a target of the Makefile, or a folder of tests with a run.sh in it: docs/reliability.md.
#
# usage: BUILD=<absolute build folder> test-long.sh [PIECE]...	(all of them by default)
. "$(dirname "$0")/usage.sh"
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1

export BUILD=${BUILD:-$PWD/build}
export RTLOOP=$BUILD/rtloop
export MAKE=${MAKE:-make}
targets=(sanitize threads fuzz)
output=$BUILD/test-long.txt

pieces() {
	local script
	printf '%s\n' "${targets[@]}"
	for script in tests/*/run.sh; do
		if [ -e "$script" ]; then
			basename "$(dirname "$script")"
		fi
	done
}

run_piece() { # piece
	if [[ " ${targets[*]} " == *" $1 "* ]]; then
		"$MAKE" --no-print-directory BUILD="$BUILD" "test-$1-run"
	elif [ -e "tests/$1/run.sh" ]; then
		"tests/$1/run.sh"
	else
		echo "test-long.sh: no piece '$1'; there are: $(pieces | xargs)" >&2
		return 2
	fi
}

passed=0 failed=0 skipped=0 faulty=()
# Ends in an error or without a count: one failure more, which the piece did not count itself.
count() { # piece status
	local line bad=0
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$output" | tail -n 1)
	if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+) ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		bad=${BASH_REMATCH[2]}
		skipped=$((skipped + BASH_REMATCH[3]))
	fi
	if [ -z "$line" ] || { [ "$bad" -eq 0 ] && [ "$2" -ne 0 ]; }; then
		bad=1
	fi
	failed=$((failed + bad))
	if [ "$bad" -gt 0 ]; then
		faulty+=("$1")
	fi
}

mkdir -p "$BUILD"
if [ $# -eq 0 ]; then
	mapfile -t all < <(pieces)
	set -- "${all[@]}"
fi
for piece in "$@"; do
	before=$SECONDS
	echo "== $piece"
	run_piece "$piece" 2>&1 | tee "$output"
	count "$piece" "${PIPESTATUS[0]}"
	echo "== $piece: $((SECONDS - before)) s"
done

echo
if [ ${#faulty[@]} -gt 0 ]; then
	echo "failed: ${faulty[*]}"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
