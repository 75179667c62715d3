#!/bin/bash
# The first process of the testbed's guest: mounts what a system has, runs the command that boot.sh left in
# the exchange folder, and turns the machine off. Run by the kernel, never by hand.
#
# The root is the host's, over 9p and read-only. An overlay in memory makes it writable, with the same
# paths, and nothing of that comes back to the host. With boot.sh --ram the root is in memory to begin with, and what
# goes out does so by serial ports.
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
exchange=/run/exchange

# busybox, static, for what a small host may lack.
box() {
	busybox "$@"
}

mount_9p() { # tag folder
	box mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=none "$1" "$2"
}

enter_overlay() {
	box mount -t tmpfs -o size=75% tmpfs /run
	mkdir /run/upper /run/work /run/root
	box mount -t overlay -o lowerdir=/,upperdir=/run/upper,workdir=/run/work overlay /run/root
	box mount -o move /dev /run/root/dev
	cd /run/root || return
	box pivot_root . mnt
	exec busybox chroot . /bin/bash "$1" inside
}

mount_all() {
	box mount -t proc proc /proc
	box mount -t sysfs sysfs /sys
	box mount -t tmpfs tmpfs /run
	box mkdir -p /run/lock /dev/pts /dev/shm /dev/mqueue "$exchange"
	box mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
	box mount -t tmpfs tmpfs /dev/shm
	box mount -t mqueue mqueue /dev/mqueue
	box mount -t cgroup2 cgroup2 /sys/fs/cgroup
	box mount -t configfs configfs /sys/kernel/config
	box mount -t debugfs debugfs /sys/kernel/debug
	box mount -t tracefs tracefs /sys/kernel/tracing
	box ln -s /proc/self/fd /dev/fd
	box ln -s /proc/self/fd/0 /dev/stdin
	box ln -s /proc/self/fd/1 /dev/stdout
	box ln -s /proc/self/fd/2 /dev/stderr
	box ip link set lo up
	box hostname testbed
}

mount_exchange() {
	mount_9p exchange $exchange
	while read -r tag folder; do
		mkdir -p "$folder"
		mount_9p "$tag" "$folder"
	done <$exchange/writable
}

# Tools that were not taken along are busybox's.
settle_in_memory() {
	box mkdir -p /proc /sys /run /tmp /dev
	box mount -t devtmpfs devtmpfs /dev
	mount_all
	box --install -s
	box mv /in-memory/* $exchange && box rmdir /in-memory
	box stty -F /dev/ttyS3 raw -echo
	ln -s /dev/ttyS3 $exchange/output
}

run_command() {
	bash -c "$(cat $exchange/command)" </dev/null >>$exchange/output 2>&1
}

# The shell needs a controlling terminal, for its job control.
run_shell() {
	uname -srv
	stty sane 2>/dev/null
	box setsid box cttyhack bash -i
}

if [ -d /in-memory ]; then
	settle_in_memory
elif [ "${1:-}" != inside ]; then
	enter_overlay "$0"
	echo "guest-init.sh: no overlay over the root"
	exit 1
else
	box umount -l /mnt
	mount_all
	mount_exchange
fi
# shellcheck disable=SC1091 # made by boot.sh
. $exchange/environment
cd "$(cat $exchange/folder)" || cd /
if [ -e $exchange/command ]; then
	run_command
else
	run_shell
fi
status=$?
echo $status >$exchange/status
# seen only where nothing else comes out
echo "guest-init.sh: status $status"
box sync
box poweroff -f
