#!/bin/bash
# The disk stands still (device-mapper holds every write back): the cycle goes on, the ring fills, whole cycles are
# dropped, and when the disk is back a gap says exactly which; in the same file. With each writer.
. "$(dirname "$0")/disk.sh"
make_disk 32
each write_config "file: $base/mnt/RUN.mcap, ring: 64KiB, chunk: 16KiB, sync: 1s"

each start_run
each expect_started
# With the file system's journal: nothing that waits for the disk gets anywhere.
dmsetup suspend $disk || fail "the disk cannot be stopped"
expect_stalled() {
	wait_until is_at_least .log.cycles_in_gaps 100
	expect_equal "degraded, by a disk that is only slow" false "$(ask .log.is_degraded)"
	run_on 50
	"$RTLOOP" status "$run" >status.out || fail "no status while the disk stands still"
}
each expect_stalled
dmsetup resume $disk

# Recovery by itself: cycles are logged again behind the gap.
expect_goes_on() {
	wait_until is_at_least .log.gaps 1
	wait_until is_at_least .log.cycles_logged $(($(ask .log.cycles_logged) + 200))
}
each expect_goes_on
each end_run 0

# The range of the gap (and of others, where the disk did not stop at once): with the cycles that are there each cycle of
# the run comes exactly once.
expect_exact_gaps() {
	local log=mnt/$run.mcap first last
	check_log "$log"
	expect_equal "files" 1 "$(report .log.files)"
	expect_equal "failures of the log" 0 "$(report .log.failures)"
	"$RTLOOP" dump --jsonl -c gap "$log" | jq -r '"\(.data.first) \(.data.last)"' >gaps
	"$RTLOOP" dump --csv -c cycle.cycle "$log" | tail -n +2 | cut -d, -f3 >cycles
	while read -r first last; do
		seq "$first" "$last"
	done <gaps >in_gaps
	sort -n cycles in_gaps | cmp - <(seq 0 $(($(report .cycles) - 1))) ||
		fail "a cycle is missing, or comes twice: $(cat gaps)"
	expect_equal "gaps" "$(report .log.gaps)" "$(wc -l <gaps)"
	expect_equal "cycles in gaps" "$(report .log.cycles_in_gaps)" "$(wc -l <in_gaps)"
	expect_at_least "cycles in gaps" 100 "$(wc -l <in_gaps)"
	[ "$(tail -n 1 cycles)" -gt "$(tail -n 1 in_gaps)" ] || fail "nothing was logged behind the gap"
	echo "$run: $(wc -l <in_gaps) cycles in $(wc -l <gaps) gaps"
}
each expect_exact_gaps
remove_disk
finish
