#!/bin/bash
# docs/reference.md says what the program says, and every driver and part can be asked for by name.
set -u
cd "$(dirname "$0")/../.." || exit 1

if ! "$RTLOOP" drivers --markdown | diff -u --label docs/reference.md --label program docs/reference.md -; then
	echo "docs/reference.md is not up to date: rtloop drivers --markdown > docs/reference.md"
	exit 1
fi

names=$("$RTLOOP" drivers | cut -d' ' -f1)
for driver in serial $names; do
	grep -qx "$driver" <<< "$names" || {
		echo "$driver is missing from: $names"
		exit 1
	}
	[ -s "docs/drivers/$driver.md" ] || {
		echo "$driver has no page in docs/drivers"
		exit 1
	}
done
for name in $names file loop log device channel plugin; do
	"$RTLOOP" drivers "$name" > "$TEST_TMP/text" || exit 1
	head -1 "$TEST_TMP/text" | grep -q "^$name: ." || {
		echo "drivers $name begins otherwise"
		exit 1
	}
	"$RTLOOP" drivers --markdown "$name" > "$TEST_TMP/markdown" || exit 1
	grep -qF '| Key | Value | Default | Meaning |' "$TEST_TMP/markdown" || {
		echo "drivers --markdown $name has no table"
		exit 1
	}
	# The document is made of just these sections.
	grep -qxF "$(head -1 "$TEST_TMP/markdown")" docs/reference.md || {
		echo "docs/reference.md has no section of $name"
		exit 1
	}
	if awk 'length > 79' "$TEST_TMP/text" | grep -v '^  '; then
		echo "drivers $name has lines too long"
		exit 1
	fi
done

"$RTLOOP" drivers seriel 2> "$TEST_TMP/stderr"
status=$?
if [ "$status" != 2 ] || ! grep -q "did you mean 'serial'" "$TEST_TMP/stderr"; then
	echo "a misspelt driver: status $status, $(cat "$TEST_TMP/stderr")"
	exit 1
fi

# --- the program's language: all that it has is in its guide -----------------------------------------

"$RTLOOP" help program > "$TEST_TMP/language" || exit 1
if awk 'length > 79' "$TEST_TMP/language" | grep .; then
	echo "help program has lines too long"
	exit 1
fi
functions=$(sed -n 's/^  \([a-z_]*\)(.*/\1/p' "$TEST_TMP/language" | sort -u)
[ "$(wc -l <<< "$functions")" -ge 35 ] || {
	echo "help program lists only: $functions"
	exit 1
}
for function in $functions; do
	grep -q "\`$function(" docs/program.md || {
		echo "docs/program.md does not mention $function()"
		exit 1
	}
done

# Its example is right, beside devices that it could have.
{
	cat << 'END'
devices:
  probe: { driver: sim, in: { temp: {} } }
  panel: { driver: sim, in: { start: { type: bool }, estop_ok: { type: bool } } }
END
	awk '/^```/ { on = $0 ~ /yaml/; next } on' docs/program.md | sed 's/panel\.heater/heater/; s/panel\.lamp/lamp/' |
		sed 's/^  run:  false/  heater: false\n  lamp: false\n&/'
} > "$TEST_TMP/guide.yaml"
"$RTLOOP" check "$TEST_TMP/guide.yaml" || exit 1
