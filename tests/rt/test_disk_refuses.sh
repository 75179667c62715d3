#!/bin/bash
# Disks that are full, fail, turn read-only or lose the log's folder: the cycle goes on, the run says that its log is
# degraded and why, keeps its events, and logs on in a new file as soon as that can be, with a gap of the exact range.
. "$(dirname "$0")/disk.sh"
make_disk 16
# Every write and flush fails; what was written before is read.
failing="0 $sectors flakey $loop 0 0 1000 1 error_writes"

# An event of its own while nothing can be written: who has forced a channel.
tell() { # VALUE
	"$RTLOOP" force run "oven.a=$1" >/dev/null || fail "cannot be told anything"
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

# expect_whole WHAT EVENTS ERRNO FILE...: and cycles in the files plus cycles in gaps are the cycles run.
expect_whole() {
	local what=$1 count=$2 errno=$3
	shift 3
	# shellcheck disable=SC2046 # names without blanks
	check_log $(whole_of "$@")
	expect_at_least "$what: gaps" 1 "$(report .log.gaps)"
	expect_forced "$what" "$count" "$@"
	jq -r 'select(.data.kind == "log_failed").data.value' events.jsonl | grep -qx "$errno" ||
		fail "$what: the log does not say errno $errno: $(cat events.jsonl)"
	echo "$what: $(report '.log | "\(.files) files, \(.cycles_in_gaps) cycles in \(.gaps) gaps"')"
}

begin() { # WHAT
	echo "--- $1"
	rm -rf mnt/log
	write_config "dir: mnt/log, sync: 100ms, chunk: 16KiB"
	start_run
}

begin "the disk is full"
dd if=/dev/zero of=mnt/filler bs=64k status=none 2>/dev/null
dd if=/dev/zero of=mnt/filler2 bs=1k status=none 2>/dev/null
expect_degraded "No space left on device"
tell 1
tell 2
rm -f mnt/filler mnt/filler2
expect_well
end_run 1
expect_whole "full" 2 28 mnt/log/*.mcap

begin "the folder is removed"
rm -r mnt/log
wait_until grep -q "the log is degraded: the log .* was removed" run.err
expect_well
tell 3
end_run 1
expect_whole "removed" 1 2 mnt/log/*.mcap

begin "a sync fails"
old=$(ask .log.path)
set_disk "$failing" || fail "the disk does not fail"
wait_until is_degraded
set_disk "$whole" || fail "the disk did not come back"
# ext4 gives a file system up whose journal fails: then a person has to mount it again.
if ! touch mnt/probe 2>/dev/null; then
	wait_until umount mnt
	mount_disk || fail "the file system did not come back"
fi
expect_well
[ "$(ask .log.path)" != "$old" ] || fail "it goes on in the file of which a sync has failed"
end_run 1

begin "every write fails"
set_disk "$failing" || fail "the disk does not fail"
expect_degraded "Input/output error\|Read-only file system"
tell 4
tell 5
wait_until umount mnt
set_disk "$whole" || fail "the disk did not come back"
expect_degraded "No such file or directory\|Input/output error\|Read-only file system"
expect_equal "what was made below the mount point of a disk that is away" "" "$(ls mnt)"
mount_disk || fail "the file system did not come back"
expect_well
end_run 1
expect_forced "failing" 2 mnt/log/*.mcap

begin "read-only"
mount -o remount,abort mnt
expect_degraded "Read-only file system\|Input/output error"
tell 6
wait_until umount mnt
mount_disk || fail "the file system did not come back"
expect_well
end_run 1
expect_forced "read-only" 1 mnt/log/*.mcap
umount mnt
mount_disk

remove_disk
finish
