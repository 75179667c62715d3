# Sourced by the tests of disks that stall, refuse and vanish: one of device-mapper's, with an ext4 file system, at mnt;
# and runs that log onto it, one with each writer, so that whatever happens to the disk happens to all of them.
# shellcheck shell=bash
# shellcheck source=tests/rt/lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
for tool in dmsetup mkfs.ext4 losetup jq; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
cd "$TEST_TMP" || exit 1
base=$TEST_TMP
runs=(write uring aio)
declare -A pids managers

# Not udev but this makes the nodes here.
export DM_DISABLE_UDEV=1
disk=rtloop_disk

# make_disk MIB MKFS-OPTION...: with a file system on it, mounted at mnt.
make_disk() {
	truncate -s "$1M" disk.img
	shift
	loop=$(losetup --find --show disk.img) || skip "no loop device can be had"
	sectors=$(blockdev --getsz "$loop")
	whole="0 $sectors linear $loop 0"
	dmsetup create $disk --table "$whole" || skip "device-mapper refuses"
	mkdir -p mnt
	make_file_system "$@" || skip "no file system can be made"
}

# make_file_system MKFS-OPTION...: a new one.
make_file_system() {
	mkfs.ext4 -q -F "$@" /dev/mapper/$disk && mount_disk
}

mount_disk() {
	mount -o errors=remount-ro /dev/mapper/$disk mnt
}

# expect_unmounted: as soon as nobody has a file open there; if never, who has one is told, and what the runs do.
expect_unmounted() {
	wait_until unmounts && return
	cat umount.err
	echo "open there: $(find /proc/[0-9]*/fd -lname "$base/mnt*" -printf '%p -> %l\n' 2>/dev/null)"
	each tell_threads
}

unmounts() {
	umount mnt 2>umount.err
}

tell_threads() {
	local task
	for task in /proc/"${pids[$run]}"/task/*; do
		echo "$run: $(cat "$task/comm"): $(tr '\n' ' ' <"$task/stack")"
	done
	ask '.log | tojson'
}

# set_disk TABLE: from now on.
set_disk() {
	dmsetup suspend --noflush --nolockfs $disk && dmsetup load $disk --table "$1" && dmsetup resume $disk
}

remove_disk() {
	umount mnt 2>/dev/null
	dmsetup remove $disk
	losetup -d "$loop"
}

# each COMMAND...: of every run; what the functions below do is of the one in run, which is named after its writer. Its
# files are in the folder TEST_TMP then.
each() {
	for run in "${runs[@]}"; do
		TEST_TMP=$base/$run
		"$@"
	done
	TEST_TMP=$base
}

fail() {
	echo "FAILED: ${run:-}: $*"
	failures=$((failures + 1))
}

# write_config LOG: some 15 KB a second are logged. RUN in it is the run's name.
write_config() {
	local channel
	mkdir -p "$TEST_TMP"
	{
		# an emulated machine on a busy host stands still for seconds, which is not what is tested
		echo "loop: { period: 20ms, fault: { hang: 0s } }"
		echo "log: { ${1//RUN/$run}, writer: $run }"
		echo "devices:"
		echo "  oven:"
		echo "    driver: sim"
		echo "    in:"
		for channel in a b c d e f g h i j k l m n o p; do
			echo "      $channel: { wave: sine, amplitude: 5, period: 70ms, type: float }"
		done
	} >"$TEST_TMP/$run.yaml"
}

# start_run: in the background; what it says goes to run.err, what its service manager hears to heard.
start_run() {
	rm -f "$TEST_TMP/notify"
	forget_words
	"$peers/manager" "$TEST_TMP/notify" >>"$TEST_TMP/heard" &
	managers[$run]=$!
	wait_until test -S "$TEST_TMP/notify"
	NOTIFY_SOCKET=$TEST_TMP/notify "$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/$run.yaml" \
		>"$TEST_TMP/run.out" 2>>"$TEST_TMP/run.err" &
	pids[$run]=$!
}

# forget_words: what was said so far counts no more.
forget_words() {
	: >"$TEST_TMP/run.err"
	: >"$TEST_TMP/heard"
}

# expect_started: by the writer that was asked for.
expect_started() {
	wait_until has_run 20
	expect_equal "the writer" "$run" "$(ask .log.writer)"
}

# ask JQ-FILTER: of the run's status.
ask() {
	"$RTLOOP" status --json "$run" 2>/dev/null | jq -r "$1"
}

# is_at_least JQ-FILTER LEAST
is_at_least() {
	local value
	value=$(ask "$1")
	[ "${value:-0}" -ge "$2" ]
}

has_run() { # CYCLES
	is_at_least .cycles "$1"
}

# run_on CYCLES: so many more, by its own count.
run_on() {
	local cycles
	cycles=$(ask .cycles)
	wait_until has_run $((cycles + $1))
}

is_degraded() {
	[ "$(ask .log.is_degraded)" = true ]
}

is_well() {
	[ "$(ask .log.is_degraded)" = false ]
}

# expect_degraded WHY: everywhere that a person looks; and the cycle goes on.
expect_degraded() {
	wait_until is_degraded
	ask .log.last_failure >why
	grep -q "$1" why || fail "degraded for another reason: $(cat why)"
	"$RTLOOP" status "$run" >status.out 2>&1
	grep "^LOG DEGRADED for " status.out | grep -q "$1" || fail "status does not say it: $(head -5 status.out)"
	wait_until grep -q "the log is degraded: .*$1" "$TEST_TMP/run.err"
	wait_until grep -q "STATUS=.*LOG DEGRADED: .*$1" "$TEST_TMP/heard"
	run_on 20
	is_degraded || fail "it did not stay degraded"
}

# expect_well: that it goes on by itself, and says so.
expect_well() {
	wait_until is_well
	wait_until grep -q "the log goes on in" "$TEST_TMP/run.err"
	"$RTLOOP" status "$run" >status.out 2>&1
	grep -q "^LOG DEGRADED" status.out && fail "status says still: $(cat status.out)"
	run_on 20
}

# end_run STATUS: 1 where cycles were lost to the disk.
end_run() {
	kill -INT "${pids[$run]}"
	wait "${pids[$run]}"
	expect_equal "status of the run" "$1" $?
	kill "${managers[$run]}"
	wait "${managers[$run]}"
}

# events FILE...: one a line.
events() {
	local file
	for file in "$@"; do
		"$RTLOOP" dump --jsonl -c event "$file"
	done
}
