#!/bin/bash
# Every configuration in tests/data/bad is refused, with exit status 2 and exactly the errors that its
# .expected file holds. In that file the folder of the configuration stands as FOLDER.
#
# UPDATE=1 writes the .expected files anew: read the difference before it is committed.
set -u
cd "$(dirname "$0")/../data/bad" || exit 1

failures=0
fail() {
	echo "$1"
	failures=$((failures + 1))
}

# What "rtloop check" says of a file; sets status. What a build lacks is no fault of the file.
check() { # file
	"$RTLOOP" check "$1" > "$TEST_TMP/stdout" 2> "$TEST_TMP/stderr"
	status=$?
	sed -i "s|$PWD|FOLDER|g; /this rtloop was built without/d" "$TEST_TMP/stderr"
	[ "$status" = 2 ] || fail "$1: exit status $status, not 2"
	[ ! -s "$TEST_TMP/stdout" ] || fail "$1: something on standard output"
}

expect() { # file expected-file
	check "$1"
	diff -u --label expected --label "$1" "$2" "$TEST_TMP/stderr" || fail "$1: other errors"
}

# --- the files ---------------------------------------------------------------------------------------

count=0
for file in *.yaml; do
	count=$((count + 1))
	if [ -n "${UPDATE:-}" ]; then
		check "$file"
		cp "$TEST_TMP/stderr" "${file%.yaml}.expected"
	fi
	expect "$file" "${file%.yaml}.expected"
done
[ "$count" -ge 91 ] || fail "only $count files in $PWD"
for file in *.expected; do
	[ -e "${file%.expected}.yaml" ] || fail "$file is of no configuration"
done

# --- what is better made than kept -------------------------------------------------------------------

{
	echo 'loop: {}'
	head -c 1048576 /dev/zero | tr '\0' '#'
} > "$TEST_TMP/big.yaml"
echo "$TEST_TMP/big.yaml: is over 1 MiB; expected a configuration file" > "$TEST_TMP/expected"
expect "$TEST_TMP/big.yaml" "$TEST_TMP/expected"

echo "nowhere.yaml: cannot be opened: No such file or directory" > "$TEST_TMP/expected"
expect nowhere.yaml "$TEST_TMP/expected"

echo "$TEST_TMP: is a folder; expected a configuration file" > "$TEST_TMP/expected"
expect "$TEST_TMP" "$TEST_TMP/expected"

mkfifo "$TEST_TMP/fifo.yaml"
echo "$TEST_TMP/fifo.yaml: is not a regular file; expected a configuration file" > "$TEST_TMP/expected"
expect "$TEST_TMP/fifo.yaml" "$TEST_TMP/expected"

if [ "$(id -u)" != 0 ]; then
	touch "$TEST_TMP/secret.yaml"
	chmod 0 "$TEST_TMP/secret.yaml"
	echo "$TEST_TMP/secret.yaml: cannot be opened: Permission denied" > "$TEST_TMP/expected"
	expect "$TEST_TMP/secret.yaml" "$TEST_TMP/expected"
fi

{
	echo 'devices:'
	for i in $(seq 1025); do
		echo "  d$i: { driver: sim }"
	done
} > "$TEST_TMP/many.yaml"
echo "$TEST_TMP/many.yaml:1026:3: too many devices; expected at most 1024" > "$TEST_TMP/expected"
expect "$TEST_TMP/many.yaml" "$TEST_TMP/expected"

{
	printf 'devices:\n  d:\n    driver: sim\n    in:\n'
	for i in $(seq 4097); do
		echo "      c$i: {}"
	done
} > "$TEST_TMP/channels.yaml"
echo "$TEST_TMP/channels.yaml:4101:7: too many channels; expected at most 4096 in all" \
	> "$TEST_TMP/expected"
expect "$TEST_TMP/channels.yaml" "$TEST_TMP/expected"

# --- and a good one ----------------------------------------------------------------------------------

cat > "$TEST_TMP/good.yaml" << 'END'
loop: { period: 250us }
devices:
  wave: { driver: sim, in: { a: {}, b: { wave: noise } } }
  tone: { driver: sim, in: { c: {} } }
END
said=$("$RTLOOP" check "$TEST_TMP/good.yaml" 2>&1) || fail "a good file is refused"
[ "$said" = "$TEST_TMP/good.yaml: ok: 250 us period, 2 devices, 3 channels" ] || fail "of a good file: $said"
said=$("$RTLOOP" check 2>&1)
[ $? = 2 ] || fail "without a file: $said"

echo "$count configurations, $failures failures"
[ "$failures" = 0 ]
