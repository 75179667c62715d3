#!/bin/bash
# What lines and branches of rtloop the tests go through: runs them with what is built for gcov, and prints a line for
# each folder; the lines that no test comes to are in BUILD/uncovered.txt.
#
# usage: BUILD=<absolute build folder> coverage.sh [unit|integration]...	(both by default)
#        A program that is killed leaves no figures: what only tests with kill -9 reach counts as not reached.
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1

if ! command -v gcovr >/dev/null; then
	echo "coverage.sh: gcovr is not installed; scripts/deps.sh long installs it" >&2
	exit 1
fi
if [ $# -eq 0 ]; then
	set -- unit integration
fi
find "$BUILD" -name '*.gcda' -delete
TEST_TIMEOUT_S=${TEST_TIMEOUT_S:-300} tests/run.sh "$@" >"$BUILD/tests.txt"
status=$?
tail -n 3 "$BUILD/tests.txt"

gcovr --root . --object-directory "$BUILD" --filter 'rtloop/' --filter 'config/' --filter 'drivers/' \
	--gcov-ignore-parse-errors --json "$BUILD/coverage.json" "$BUILD/obj" 2>"$BUILD/gcovr.txt" || {
	cat "$BUILD/gcovr.txt" >&2
	exit 1
}

echo
jq -r '
	def rate(a; b): if b == 0 then "-" else "\(1000 * a / b | floor / 10) %" end;
	def sums: {
		lines: (map(.lines | map(select(."gcovr/noncode" | not)) | length) | add),
		hit: (map(.lines | map(select((."gcovr/noncode" | not) and .count > 0)) | length) | add),
		branches: (map([.lines[].branches[]?] | length) | add),
		taken: (map([.lines[].branches[]? | select(.count > 0)] | length) | add)
	};
	def row(name): sums | [name, "\(.hit)/\(.lines)", rate(.hit; .lines), "\(.taken)/\(.branches)",
		rate(.taken; .branches)];
	["folder", "lines", "", "branches", ""],
	(.files | group_by(.file | split("/")[:-1] | join("/"))[] | row(.[0].file | split("/")[:-1] | join("/"))),
	(.files | row("all")) | @tsv' "$BUILD/coverage.json" | column -t -s "$(printf '\t')"

jq -r '.files[] | .file as $file | .lines[] | select((."gcovr/noncode" | not) and .count == 0)
	| "\($file)\t\(.line_number)"' "$BUILD/coverage.json" |
	while IFS=$'\t' read -r file line; do
		echo "$file:$line:$(sed -n "${line}p" "$file")"
	done >"$BUILD/uncovered.txt"
echo
echo "$(wc -l <"$BUILD/uncovered.txt") lines are not covered: $BUILD/uncovered.txt"
exit $status
