#!/bin/bash
# Disks that are full, fail, turn read-only or lose the log's folder: the cycle goes on, the run says that its log is
# degraded and why, keeps its events, and logs on in a new file as soon as that can be, with a gap of the exact range.
# With each writer.
. "$(dirname "$0")/disk.sh"
# Without extents no room can be set aside: or a log would go on in what it has on a full disk, for a minute.
make_disk 24 -O ^extent,^64bit
# Every write and flush fails; what was written before is read.
failing="0 $sectors flakey $loop 0 0 1000 1 error_writes"

# An event of its own while nothing can be written: who has forced a channel.
tell() { # VALUE...
	local value
	for value in "$@"; do
		"$RTLOOP" force "$run" "oven.a=$value" >/dev/null || fail "cannot be told anything"
	done
}

# expect_forced WHAT EVENTS FILE...: the events of the time without a disk are there (those that a failed sync may have
# lost come twice).
expect_forced() {
	local what=$1 count=$2
	shift 2
	events "$@" >events.jsonl
	expect_equal "$what: events of what was forced meanwhile" "$count" \
		"$(jq -r 'select(.data.kind == "forced").data.time_ns' events.jsonl | sort -u | wc -l)"
}

# whole_of FILE...: a file for which the disk had no room to be closed, recovered; the others as they are.
whole_of() {
	local file
	for file in "$@"; do
		if "$RTLOOP" recover -f "$file" -o "$file.out" >recover.out 2>&1; then
			echo "$file"
		else
			echo "$file.out"
		fi
	done
}

# expect_whole WHAT EVENTS ERRNO: and cycles in the files plus cycles in gaps are the cycles run.
expect_whole() {
	local what=$1 count=$2 errno=$3
	set -- "mnt/$run"/*.mcap
	# shellcheck disable=SC2046 # names without blanks
	check_log $(whole_of "$@")
	expect_at_least "$what: gaps" 1 "$(report .log.gaps)"
	expect_forced "$what" "$count" "$@"
	jq -r 'select(.data.kind == "log_failed").data.value' events.jsonl | grep -qx "$errno" ||
		fail "$what: the log does not say errno $errno: $(cat events.jsonl)"
	echo "$what, $run: $(report '.log | "\(.files) files, \(.cycles_in_gaps) cycles in \(.gaps) gaps"')"
	rm -r "mnt/$run"
}

# expect_events EVENTS: whatever else is gone.
expect_events() {
	expect_forced "failing, and read-only" "$1" "mnt/$run"/*.mcap
}

begin() { # WHAT
	echo "--- $1"
	rm -rf mnt/write mnt/uring mnt/aio
	each write_config "dir: $base/mnt/RUN, sync: 100ms, chunk: 16KiB"
	each start_run
	each expect_started
}

begin "the disk is full"
dd if=/dev/zero of=mnt/filler bs=64k status=none 2>/dev/null
dd if=/dev/zero of=mnt/filler2 bs=1k status=none 2>/dev/null
each expect_degraded "No space left on device"
each tell 1 2
rm -f mnt/filler mnt/filler2
each expect_well
each end_run 1
each expect_whole "full" 2 28
umount mnt
make_file_system || fail "no other file system"

begin "the folder is removed"
rm -r mnt/write mnt/uring mnt/aio
expect_removed() {
	wait_until grep -q "the log is degraded: the log .* was removed" "$TEST_TMP/run.err"
}
each expect_removed
each expect_well
each tell 3
each end_run 1
each expect_whole "removed" 1 2

begin "a sync fails"
note_path() {
	ask .log.path >"$TEST_TMP/path"
}
expect_another_path() {
	[ "$(ask .log.path)" != "$(cat "$TEST_TMP/path")" ] || fail "it goes on in the file of which a sync has failed"
}
each note_path
set_disk "$failing" || fail "the disk does not fail"
each wait_until is_degraded
set_disk "$whole" || fail "the disk did not come back"
# ext4 gives a file system up whose journal fails: then a person has to mount it again.
if ! touch mnt/probe 2>/dev/null; then
	expect_unmounted
	mount_disk || fail "the file system did not come back"
fi
each expect_well
each expect_another_path

# The same runs go on.
echo "--- every write fails"
each forget_words
set_disk "$failing" || fail "the disk does not fail"
each expect_degraded "Input/output error\|Read-only file system"
each tell 4 5
expect_unmounted
set_disk "$whole" || fail "the disk did not come back"
each expect_degraded "No such file or directory\|Input/output error\|Read-only file system"
expect_equal "what was made below the mount point of a disk that is away" "" "$(ls mnt)"
mount_disk || fail "the file system did not come back"
each expect_well

echo "--- read-only"
each forget_words
mount -o remount,abort mnt
each expect_degraded "Read-only file system\|Input/output error"
each tell 6
expect_unmounted
mount_disk || fail "the file system did not come back"
each expect_well
each end_run 1
each expect_events 3
umount mnt
mount_disk

remove_disk
finish
