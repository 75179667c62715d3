#!/bin/bash
# The manual pages are without a fault in the eyes of man and mandoc, and name all that there is to name.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.." || exit 1

# --- pages that the program makes ------------------------------------------------------------------------

"$RTLOOP" help --man > "$TEST_TMP/rtloop.1" || fail "help --man"
"$RTLOOP" drivers --man > "$TEST_TMP/rtloop.yaml.5" || fail "drivers --man"
grep -q '^\.TH RTLOOP.YAML 5 [0-9-]* "rtloop ' "$TEST_TMP/rtloop.yaml.5" || fail "the page has another head"

# Each key of the reference, in its order, is an entry of the page.
# shellcheck disable=SC2016 # Markdown's quotes
sed -n 's/^| `\([a-z0-9_.]*\)` | .*/\1/p' docs/reference.md > "$TEST_TMP/keys"
sed -n '/^\.SH KEYS/,$s/^\.B \([a-z0-9_.]*\)$/\1/p' "$TEST_TMP/rtloop.yaml.5" > "$TEST_TMP/entries"
diff -u "$TEST_TMP/keys" "$TEST_TMP/entries" > "$TEST_TMP/difference" ||
	fail "rtloop.yaml(5) and the reference differ: $(cat "$TEST_TMP/difference")"
expect_at_least "keys" 100 "$(wc -l < "$TEST_TMP/keys")"

for words in "drivers --man serial" "drivers --man --markdown"; do
	# shellcheck disable=SC2086 # words of the command line
	"$RTLOOP" $words > "$TEST_TMP/out" 2> "$TEST_TMP/err"
	expect_equal "status of rtloop $words" 2 $?
done

# --- pages made of what a script says with --help --------------------------------------------------------

cat > "$TEST_TMP/help" << 'END'
Usage: rtloop-fake [OPTIONS] FILE
       rtloop-fake --list

Does nothing, in as many words as it takes to make a line of the page that would be too long for it.

Options:
  -p, --priority PRIO    SCHED_FIFO priority,
                         1 to 98
      --list             list what there is
  -o, --output DIR       folder

Paths begin with a point:
  ./a\b                  a path

Exit status:
  0        all is well
  1        it is not, or
           it could not be done

Examples:
  rtloop-fake -p 80 FILE
END
scripts/help-to.sh man rtloop-fake 'do nothing' 2026-01-02 1.2 < "$TEST_TMP/help" > "$TEST_TMP/rtloop-fake.1"
for line in '.TH RTLOOP\-FAKE 1 2026-01-02 "rtloop 1.2" "User Commands"' 'rtloop\-fake \- do nothing' \
	'.SH DESCRIPTION' '.B \-p, \-\-priority PRIO' '.B \-\-list' '1 to 98' '.B \&./a\eb' '.SH EXIT STATUS' \
	'it could not be done' 'rtloop\-fake \-p 80 FILE'; do
	grep -qxF -- "$line" "$TEST_TMP/rtloop-fake.1" || fail "the page of a script lacks the line $line"
done

scripts/help-to.sh bash rtloop-fake < "$TEST_TMP/help" > "$TEST_TMP/completion"
offered() { # WORD...
	bash --norc -c '
		source "$1"
		shift
		compopt() { echo nothing; }
		COMP_WORDS=(rtloop-fake "$@")
		COMP_CWORD=$#
		_rtloop_fake
		echo "${COMPREPLY[*]}"' bash "$TEST_TMP/completion" "$@"
}
expect_equal "what '--l' is completed to" "--list" "$(offered --l)"
expect_equal "what '--' is completed to" "--priority --list --output" "$(offered --)"
expect_equal "after an option with a number" "nothing" "$(offered -p '' | head -n 1)"
expect_equal "after an option with a folder" "" "$(offered -o '')"

# --- judged by others ------------------------------------------------------------------------------------

judged=0
for page in "$TEST_TMP"/rtloop.1 "$TEST_TMP"/rtloop.yaml.5 "$TEST_TMP"/rtloop-fake.1; do
	if command -v man > /dev/null && [ -x /usr/bin/groff ]; then
		expect_equal "what man says of $(basename "$page")" "" \
			"$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l "$page" 2>&1 > "$TEST_TMP/shown")"
		judged=$((judged + 1))
	fi
	if command -v mandoc > /dev/null; then
		expect_equal "what mandoc says of $(basename "$page")" "" "$(mandoc -T lint "$page" 2>&1)"
		judged=$((judged + 1))
	fi
done
[ $judged -gt 0 ] || echo "not run: neither man nor mandoc is installed"
finish
