#!/bin/bash
# Logs that somebody has made up: whatever reads logs ends with an error or a repair, in bounded memory and time.
. "$(dirname "$0")/lib.sh"
cd "$TEST_TMP" || exit 1

# Far more than any of these needs for a small file, far less than the sizes that are claimed in one: 200 MiB. Under a
# sanitizer a program has terabytes of addresses for itself: there only the rest is looked at.
limit_kib=204800
(ulimit -v $limit_kib && "$RTLOOP" version >/dev/null 2>&1) || limit_kib=unlimited

# try STATUSES COMMAND...: ends with one of them, within the limit of memory, and in a minute.
try() {
	local statuses=$1 status
	shift
	(ulimit -v $limit_kib && exec timeout -k 5 60 "$@") >out 2>err </dev/null
	status=$?
	[[ " $statuses " == *" $status "* ]] ||
		fail "$* ended with $status: $(tail -n 3 err)"
	grep -qE "AddressSanitizer|runtime error|LeakSanitizer" err && fail "$*: $(head -n 3 err)"
	[ "$(wc -c <err)" -lt 65536 ] || fail "$*: $(wc -c <err) bytes on stderr"
}

# try_all LOG STATUSES-OF-RECOVER: every command that reads logs.
try_all() {
	local log=$1 before
	before=$(cksum <"$log")
	try "$2" "$RTLOOP" recover -f "$log" -o "$log.out"
	if [ -e "$log.out" ]; then
		try "0 1" "$RTLOOP" dump --check "$log.out"
		rm "$log.out"
	fi
	try "0 1" "$RTLOOP" dump "$log"
	try "0 1" "$RTLOOP" dump --check "$log"
	try "0 1" "$RTLOOP" dump --csv "$log"
	try "0 1" "$RTLOOP" dump --jsonl "$log"
	try "0 1" "$RTLOOP" report "$log"
	try "0 1 2 3" "$RTLOOP" replay "$log"
	[ "$(cksum <"$log")" = "$before" ] || fail "$log was changed"
}

# put LOG OFFSET HEX: write over bytes.
put() {
	local i bytes=
	for ((i = 0; i < ${#3}; i += 2)); do
		bytes+="\\x${3:i:2}"
	done
	printf '%b' "$bytes" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

"$peers/write_log" a.mcap 0 299 || skip "no log could be written"
size=$(stat -c %s a.mcap)

# --- no logs at all

: >empty.mcap
try_all empty.mcap 1
head -c 1000000 /dev/urandom >noise.mcap
try_all noise.mcap 1
head -c 8 a.mcap >magic.mcap
try_all magic.mcap 1
head -c 8 a.mcap >noise2.mcap
head -c 1000000 /dev/urandom >>noise2.mcap
try_all noise2.mcap 1
mkdir folder.mcap
try 1 "$RTLOOP" recover folder.mcap -o no.out
try 1 "$RTLOOP" dump folder.mcap
try 1 "$RTLOOP" recover /dev/zero -o no.out
mkfifo pipe.mcap
try 1 "$RTLOOP" recover pipe.mcap -o no.out
try 1 "$RTLOOP" dump pipe.mcap
[ ! -e no.out ] || fail "there is an OUT of what is no log"

# --- lengths that are lies, or where none should be

for length in ffffffffffffffff ffffffffffffff7f 0000000001000000 0000004000000000; do
	for part in 1 2; do
		cp a.mcap lie.mcap
		put lie.mcap $((size * part / 3)) "$length"
		try_all lie.mcap "0 3"
	done
	# of the first record behind the header
	cp a.mcap lie.mcap
	header=$(od -An -t u8 -j 9 -N 8 a.mcap | tr -d ' ')
	put lie.mcap $((8 + 9 + header + 1)) "$length"
	try_all lie.mcap "0 3"
	# of the header itself
	cp a.mcap lie.mcap
	put lie.mcap 9 "$length"
	try_all lie.mcap "1 3"
done

# --- a file that is large and holds nothing: its size costs time, and no memory

cp a.mcap hole.mcap
truncate -s 256M hole.mcap
try 3 "$RTLOOP" recover -f hole.mcap -o hole.out
try 0 "$RTLOOP" dump --check hole.out
try "0 1" "$RTLOOP" dump hole.mcap
# nor does a record that is said to take 240 MiB of it
put hole.mcap $((8 + 9 + header + 1)) 0000000f00000000
try 3 "$RTLOOP" recover -f hole.mcap -o hole.out
for command in dump "dump --check" "dump --csv" report; do
	# shellcheck disable=SC2086 # words
	try "0 1" "$RTLOOP" $command hole.mcap
	grep -qi "memory" err && fail "$command: asks for too much: $(tail -n 1 err)"
done
rm -f hole.mcap hole.out

# --- very many places that are damaged: told in bounded length

cp a.mcap many.mcap
for ((at = 200; at < size - 200; at += 97)); do
	put many.mcap $at ff
done
try_all many.mcap 3
finish
