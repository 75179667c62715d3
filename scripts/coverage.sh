#!/bin/bash
# What lines and branches of rtloop the tests go through: runs them with what is built for gcov, and prints a line for
# each folder; the lines that no test comes to are in BUILD/uncovered.txt.
#
# usage: BUILD=<absolute build folder> coverage.sh [unit|integration]...	(both by default)
#        A program that is killed leaves no figures: what only tests with kill -9 reach counts as not reached.
#        COVERAGE_FLOOR=94.0: less than so many per cent of the lines is a failure. EXCEPT= as tests/run.sh has it.
. "$(dirname "$0")/usage.sh"
set -u -o pipefail
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1

if [ $# -eq 0 ]; then
	set -- unit integration
fi
find "$BUILD" -name '*.gcda' -delete
TEST_TIMEOUT_S=${TEST_TIMEOUT_S:-300} scripts/share-tests.sh "$@" >"$BUILD/tests.txt"
status=$?
grep -E '^(FAIL |      \| |skipped |again |failed )' "$BUILD/tests.txt"
tail -n 1 "$BUILD/tests.txt"

# What a header holds stands in every object that includes it: of a line, the sum.
find "$BUILD"/obj/rtloop "$BUILD"/obj/config "$BUILD"/obj/drivers -name '*.gcda' -print0 |
	xargs -0 gcov --stdout --json-format --branch-probabilities 2>"$BUILD/gcov.txt" |
	jq -c '.files[] | select(.file | test("^(rtloop|config|drivers)/")) | .file as $file | .lines[]
		| [$file, .line_number, .count, (.branches | length), ([.branches[] | select(.count > 0)] | length)]' |
	jq -s 'group_by(.[0:2]) | map([.[0][0], .[0][1], (map(.[2]) | add), (map(.[3]) | max), (map(.[4]) | max)])' \
		>"$BUILD/lines.json" || {
	cat "$BUILD/gcov.txt" >&2
	exit 1
}

echo
jq -r '
	def rate(a; b): if b == 0 then "-" else "\(1000 * a / b | floor / 10) %" end;
	def row($name): {
		hit: (map(select(.[2] > 0)) | length), lines: length,
		taken: (map(.[4]) | add), branches: (map(.[3]) | add)
	} | [$name, "\(.hit)/\(.lines)", rate(.hit; .lines), "\(.taken)/\(.branches)", rate(.taken; .branches)];
	def folder: .[0] | split("/")[:-1] | join("/");
	["folder", "lines", "", "branches", ""],
	(group_by(folder)[] | row(.[0] | folder)),
	row("all") | @tsv' "$BUILD/lines.json" | column -t -s "$(printf '\t')"

jq -r '.[] | select(.[2] == 0) | "\(.[0])\t\(.[1])"' "$BUILD/lines.json" |
	while IFS=$'\t' read -r file line; do
		echo "$file:$line:$(sed -n "${line}p" "$file")"
	done >"$BUILD/uncovered.txt"
echo
echo "$(wc -l <"$BUILD/uncovered.txt") lines are not covered: $BUILD/uncovered.txt"

if [ -n "${COVERAGE_FLOOR:-}" ] && ! jq -e --argjson floor "$COVERAGE_FLOOR" \
	'100 * (map(select(.[2] > 0)) | length) / length >= $floor' "$BUILD/lines.json" >/dev/null; then
	echo "less than $COVERAGE_FLOOR % of the lines are covered"
	status=1
fi
exit $status
