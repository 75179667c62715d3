# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with measure.sh
# Sourced by measure.sh: the load that runs beside the measurement, as ordinary processes on all CPUs.

load_pid='' # its process group
load_text=''

start_load() {
	local scratch=$out/load.tmp cpus
	mkdir -p "$scratch"
	cpus=$(nproc)
	set -m
	if command -v stress-ng >/dev/null; then
		load_text="stress-ng: $cpus x cpu, vm, hdd, timer, udp"
		stress-ng --quiet --cpu "$cpus" --vm 1 --vm-bytes 64m --hdd 1 --hdd-bytes 64m --timer 1 \
			--timer-freq 1000 --udp 1 --temp-path "$scratch" >"$work/load.txt" 2>&1 </dev/null &
	else
		load_text="our own: $cpus x CPU, memory, disk, timers, loopback network"
		own_load "$scratch" "$cpus" >"$work/load.txt" 2>&1 </dev/null &
	fi
	load_pid=$!
	set +m
	say "load: $load_text"
}

load_is_alive() {
	[ -n "$load_pid" ] && kill -0 "$load_pid" 2>/dev/null
}

end_load() {
	if [ -n "$load_pid" ]; then
		kill -TERM -- "-$load_pid" 2>/dev/null
		wait "$load_pid" 2>/dev/null
		load_pid=''
	fi
	[ -z "${out:-}" ] || rm -rf "$out/load.tmp"
}

# --- our own -----------------------------------------------------------------------------------------

own_load() { # FOLDER CPUS
	local i
	for ((i = 0; i < $2; i++)); do
		load_cpu &
	done
	load_memory &
	load_disk "$1" &
	load_timers "$1" &
	load_network &
	wait
}

load_cpu() {
	while :; do
		:
	done
}

# Each call fills 32 MiB and reads them again.
load_memory() {
	while dd if=/dev/zero of=/dev/null bs=32M count=8 2>/dev/null; do
		:
	done
}

load_disk() { # FOLDER
	while dd if=/dev/zero of="$1/file" bs=1M count=64 conv=fsync 2>/dev/null; do
		:
	done
}

# A read that waits for 1 ms from a pipe that stays empty.
load_timers() { # FOLDER
	mkfifo "$1/pipe"
	exec 8<>"$1/pipe"
	while :; do
		read -r -t 0.001 -u 8
	done
}

# Datagrams to the discard port of loopback: each takes the network's softirq, and one back where nobody
# listens.
load_network() {
	local data
	data=$(printf '%01000d' 0)
	while :; do
		echo "$data" >/dev/udp/127.0.0.1/9
	done 2>/dev/null
}
