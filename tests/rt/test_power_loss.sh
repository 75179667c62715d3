#!/bin/bash
# Power loss: from one moment on, no write reaches the disk any more (dm-flakey drops them all, and nobody is told). After
# the file system has been mounted anew, recover makes a whole log of what is there, up to what was synced.
. "$(dirname "$0")/lib.sh"
command -v dmsetup mkfs.ext4 losetup >/dev/null || skip "dmsetup, mkfs.ext4 or losetup is not installed"
modes=$(dmsetup targets 2>/dev/null)
[[ $modes == *flakey* ]] || skip "this kernel has no dm-flakey"
cd "$TEST_TMP" || exit 1

# Not udev but this makes the nodes here.
export DM_DISABLE_UDEV=1
truncate -s 64M disk.img
loop=$(losetup --find --show disk.img) || skip "no loop device can be had"
sectors=$(blockdev --getsz "$loop")
whole="0 $sectors linear $loop 0"
# Never up, always down; what is written then is dropped.
dead="0 $sectors flakey $loop 0 0 1000 1 drop_writes"
mkdir -p mnt

kill_disk() {
	dmsetup suspend --noflush --nolockfs rtloop_disk &&
		dmsetup load rtloop_disk --table "$dead" &&
		dmsetup resume rtloop_disk
}

last_cycle() { # FILE
	"$RTLOOP" dump --csv -c cycle.cycle "$1" 2>/dev/null | tail -n 1 | cut -d, -f3
}

has_logged() { # FILE CYCLE
	[ "$(last_cycle "$1" | grep -E '^[0-9]+$' || echo 0)" -ge "$2" ]
}

lose_power() { # CYCLES: that the log has before
	local seen had
	mkfs.ext4 -q -F /dev/mapper/rtloop_disk && mount /dev/mapper/rtloop_disk mnt || return 1
	cat >mnt/run.yaml <<'END'
loop: { period: 5ms }
log: { file: run.mcap, sync: 100ms }
devices:
  oven:
    driver: sim
    in: { temp: { wave: sine, center: 180, amplitude: 5, period: 200ms, type: float } }
END
	sync
	"$RTLOOP" run -q mnt/run.yaml >run.out 2>&1 &
	pid=$!
	wait_until has_logged mnt/run.mcap "$1"
	seen=$(last_cycle mnt/run.mcap)
	# Twenty times the bound later, by the loop's own count.
	wait_until has_logged mnt/run.mcap $((seen + 400))
	kill_disk || fail "the disk did not die"
	# It goes on, and believes that its log is on the disk.
	had=$(last_cycle mnt/run.mcap)
	wait_until has_logged mnt/run.mcap $((had + 100))
	kill -KILL $pid
	wait $pid 2>/dev/null
	had=$(last_cycle mnt/run.mcap)
	umount mnt || fail "cannot be unmounted"
	# A device of its own again: what the kernel remembers of the old one was never on the disk.
	dmsetup remove rtloop_disk && blockdev --flushbufs "$loop" &&
		dmsetup create rtloop_disk --table "$whole" || fail "the disk did not come back"
	mount /dev/mapper/rtloop_disk mnt || fail "the file system did not come back"
	"$RTLOOP" recover mnt/run.mcap -o new.mcap --force >out 2>err
	expect_equal "status of recover" 3 $?
	cat out err
	"$RTLOOP" dump --check new.mcap >check.out || fail "not whole: $(cat check.out)"
	expect_at_least "the last cycle, of which it is long known that it is synced" "$seen" \
		"$(last_cycle new.mcap)"
	[ "$(last_cycle new.mcap)" -lt "$had" ] || fail "nothing was lost: the disk never died"
	umount mnt
}

dmsetup create rtloop_disk --table "$whole" || skip "device-mapper refuses"
for cycles in 1 150; do
	lose_power $cycles || fail "no file system could be made"
done
dmsetup remove rtloop_disk
losetup -d "$loop"
finish
