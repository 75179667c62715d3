# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with measure.sh
# Sourced by measure.sh: under which conditions was measured. Files as the kernel has them go to
# environment/; what a report is compared by is in sysinfo.json, whose first names are jitterdebugger's.

read_file() { # FILE: its text without the line's end; nothing where it is not there
	tr -d '\0' 2>/dev/null <"$1"
}

keep_file() { # FILE [NAME]
	[ ! -r "$1" ] || cat "$1" >"$out/environment/${2:-${1##*/}}" 2>/dev/null
}

note_environment() { # before|after
	keep_file /proc/interrupts "interrupts-$1"
	keep_file /proc/softirqs "softirqs-$1"
	[ "$1" = before ] || return
	keep_file /proc/cmdline
	keep_file /proc/cpuinfo
	keep_file /proc/meminfo
	keep_file /etc/os-release
	uname -a >"$out/environment/uname"
	keep_kernel_config
	keep_versions
	keep_governors >"$out/environment/governor"
	keep_isolation >"$out/environment/isolation"
	keep_interrupt_affinity >"$out/environment/interrupt-affinity"
	dmesg >"$out/environment/dmesg" 2>/dev/null || rm -f "$out/environment/dmesg"
	[ -z "$config" ] || cp "$config" "$out/environment/configuration.yaml"
	cp "$work/trial.json" "$out/environment/trial.json"
	write_sysinfo >"$work/sysinfo.json"
}

keep_kernel_config() {
	local release
	release=$(uname -r)
	if [ -r /proc/config.gz ]; then
		gzip -dc /proc/config.gz >"$out/environment/kernel-config"
	else
		keep_file "/boot/config-$release" kernel-config
	fi
}

keep_versions() {
	{
		"$rtloop" version
		echo
		cyclictest --help 2>&1 | sed -n 's/^cyclictest V /cyclictest /p'
		stress-ng --version 2>/dev/null
		jq --version
	} >"$out/environment/version"
}

keep_governors() {
	local file
	for file in /sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor; do
		[ ! -r "$file" ] || echo "$(cut -d/ -f6 <<<"$file") $(read_file "$file")"
	done
}

keep_isolation() {
	local file
	for file in /sys/devices/system/cpu/{online,isolated,nohz_full} /proc/irq/default_smp_affinity \
		/proc/sys/kernel/{sched_rt_runtime_us,sched_rt_period_us,timer_migration,nmi_watchdog} \
		/sys/devices/system/clocksource/clocksource0/current_clocksource \
		/sys/devices/system/cpu/smt/active /sys/devices/system/cpu/cpuidle/current_driver \
		/sys/kernel/mm/transparent_hugepage/enabled; do
		[ ! -r "$file" ] || echo "$file: $(read_file "$file")"
	done
}

keep_interrupt_affinity() {
	local file number
	for file in /proc/irq/[0-9]*/smp_affinity_list; do
		[ -r "$file" ] || continue
		number=$(cut -d/ -f4 <<<"$file")
		echo "$number: CPU $(read_file "$file") $(find "/proc/irq/$number" -mindepth 1 -type d -printf ' %f')"
	done
}

# The model of a board is in its device tree, of a PC in its firmware.
model() {
	read_file /proc/device-tree/model || read_file /sys/class/dmi/id/product_name
}

cpu_model() {
	sed -n 's/^\(model name\|Model\|Hardware\)[[:space:]]*: //p' /proc/cpuinfo | head -n 1
}

write_sysinfo() {
	# shellcheck disable=SC2016 # jq's variables
	jq -n \
		--arg sysname "$(uname -s)" --arg nodename "$(uname -n)" --arg release "$(uname -r)" \
		--arg version "$(uname -v)" --arg machine "$(uname -m)" \
		--argjson cpus_online "$(getconf _NPROCESSORS_ONLN)" --argjson resolution_in_ns 1000 \
		--arg model "$(model)" --arg cpu_model "$(cpu_model)" \
		--argjson is_virtual "$(grep -qw hypervisor /proc/cpuinfo && echo true || echo false)" \
		--arg os "$(sed -n 's/^PRETTY_NAME="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/os-release 2>/dev/null)" \
		--arg cmdline "$(read_file /proc/cmdline)" \
		--arg isolated_cpus "$(read_file /sys/devices/system/cpu/isolated)" \
		--arg nohz_full "$(read_file /sys/devices/system/cpu/nohz_full)" \
		--arg governor "$(cut -d' ' -f2 "$out/environment/governor" | sort -u | paste -sd ' ')" \
		--arg clocksource "$(read_file /sys/devices/system/clocksource/clocksource0/current_clocksource)" \
		--arg rt_runtime_us "$(read_file /proc/sys/kernel/sched_rt_runtime_us)" \
		--arg rtloop "$("$rtloop" version | sed -n '1s/^rtloop //p')" \
		--arg cyclictest "$(cyclictest --help 2>&1 | sed -n 's/^cyclictest V //p')" \
		--slurpfile trial "$work/trial.json" \
		'$ARGS.named | del(.trial) + {is_preempt_rt: $trial[0].realtime.is_preempt_rt}'
}

# How often each interrupt came to the CPU of the measurement, or to all where it has none of its own:
# lines of NAME<tab>COUNT, the most frequent first.
interrupts_between() {
	awk -v cpu="$used_cpu" '
		FNR == 1 {
			file++
			for (i = 1; i <= NF; i++)
				if ($i == "CPU" cpu)
					column = i
			cpus = NF
			next
		}
		{
			name = $1
			sum = 0
			for (i = 2; i <= cpus + 1 && $i ~ /^[0-9]+$/; i++)
				if (cpu < 0 || i == column + 1)
					sum += $i
			for (text = ""; i <= NF; i++)
				text = text " " $i
			if (file == 1)
				before[name] = sum
			else if (sum > before[name])
				printf "%s%s\t%d\n", name, text, sum - before[name]
		}' "$out/environment/interrupts-before" "$out/environment/interrupts-after" | sort -t$'\t' -k2,2nr
}
