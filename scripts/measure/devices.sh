# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with measure.sh
# Sourced by measure.sh: before anything is measured, whether another rtloop runs, which devices it holds,
# and one cycle as a trial, which tells with what priority, period and CPU rtloop really runs.

# What the trial found.
used_priority=0 used_interval_us=0 used_cpu=-1 used_lock=false

# Those that run a configuration; ours are not among them yet.
running_rtloops() {
	local folder
	for folder in /proc/[0-9]*; do
		[ "$(cat "$folder/comm" 2>/dev/null)" = rtloop ] || continue
		! tr '\0' '\n' <"$folder/cmdline" 2>/dev/null | sed -n 2p | grep -qx run || echo "${folder#/proc/}"
	done
}

# "rtloop (process 1234: rtloop run oven.yaml; end it with: ...)"
describe_process() { # PID
	local name line unit
	name=$(cat "/proc/$1/comm" 2>/dev/null) || return 1
	line=$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null)
	unit=$(sed -n 's/.*\/\([^/]*\)\.service$/\1/p' "/proc/$1/cgroup" 2>/dev/null | head -n 1)
	if [ "$name" = rtloop ] && [ -n "$unit" ]; then
		echo "$name (process $1: ${line% }; end it with: systemctl stop $unit)"
	elif [ "$name" = rtloop ]; then
		echo "$name (process $1: ${line% }; end it with: kill $1)"
	else
		echo "$name (process $1: ${line% })"
	fi
}

# The processes that have a file, a device or a socket open, by what find(1) is told of it.
processes_with() { # FIND-TEST...
	find -L /proc/[0-9]*/fd -maxdepth 1 "$@" 2>/dev/null | cut -d/ -f3 | sort -un
}

processes_with_link() { # PATTERN of what the kernel shows of an open file
	find /proc/[0-9]*/fd -maxdepth 1 -lname "$1" 2>/dev/null | cut -d/ -f3 | sort -un
}

# Of a port that is taken: udp udp6 tcp tcp6 list it in hexadecimal, and the socket's inode in column 10.
processes_with_port() { # PORT
	local inode
	# shellcheck disable=SC2013 # a number a line
	for inode in $(awk -v port=":$(printf %04X "$1")$" '$2 ~ port && $10 > 0 { print $10 }' \
		/proc/net/{udp,udp6,tcp,tcp6} 2>/dev/null | sort -u); do
		processes_with_link "socket:\\[$inode\\]"
	done
}

# Who it is that keeps a device from being opened, from what rtloop says of it.
holders() { # TEXT
	if [[ $1 =~ ^(/[^:]*): ]]; then
		processes_with -samefile "${BASH_REMATCH[1]}"
	elif [[ $1 =~ :([0-9]+):\ Address\ already\ in\ use ]]; then
		processes_with_port "${BASH_REMATCH[1]}"
	elif [[ $1 =~ held\ by\ \'rtloop ]]; then
		processes_with_link 'anon_inode:*gpio-line*'
	fi
}

# --- before a device is opened -----------------------------------------------------------------------

# One more reader of a message queue takes what was meant for the other, and a second client may throw the
# first out: so what can be seen from outside is looked at before anything is opened.
refuse_same_file() { # PID
	local argument folder
	folder=$(readlink "/proc/$1/cwd" 2>/dev/null) || return 0
	while IFS= read -r -d '' argument; do
		[ "${argument:0:1}" = / ] || argument=$folder/$argument
		if [ "$argument" -ef "$config" ]; then
			die "$config runs already, and holds its devices: $(describe_process "$1")"
		fi
	done < <(tail -z -n +3 "/proc/$1/cmdline" 2>/dev/null)
}

paths_in_file() {
	sed 's/#.*//' "$config" | grep -oE '/[A-Za-z0-9_.:@+/-]+' | sort -u
}

refuse_held_paths() { # PID...
	local path file pid held=0
	while read -r path; do
		for file in "$path" "/dev/mqueue$path"; do
			[ -c "$file" ] || [[ $file == /dev/mqueue/* && -f $file ]] || continue
			for pid in $(processes_with -samefile "$file"); do
				[[ " $* " == *" $pid "* ]] || continue
				echo "$program: $path is held by $(describe_process "$pid")" >&2
				held=$((held + 1))
			done
		done
	done < <(paths_in_file)
	[ $held -eq 0 ] || die "nothing was measured: what $config names is in use"
}

look_for_others() {
	local pid pids text
	mapfile -t pids < <(running_rtloops)
	other_rtloops=()
	for pid in "${pids[@]}"; do
		[ -z "$config" ] || refuse_same_file "$pid"
		# it may have ended meanwhile
		text=$(describe_process "$pid") && other_rtloops+=("$text")
	done
	if [ ${#other_rtloops[@]} -gt 0 ]; then
		[ -z "$config" ] || refuse_held_paths "${pids[@]}"
		printf "$program: another one runs, and shares the machine with what is measured: %s\n" \
			"${other_rtloops[@]}" >&2
	fi
}

# --- the trial ---------------------------------------------------------------------------------------

say_held() { # DEVICE TEXT
	local pid found=0
	for pid in $(holders "$2"); do
		echo "$program: device '$1' is held: $2: $(describe_process "$pid")" >&2
		found=$((found + 1))
	done
	[ $found -gt 0 ] || echo "$program: device '$1' is held: $2" >&2
}

look_at_devices() { # JSON
	local name away held=0
	while IFS=$'\t' read -r name away; do
		if [[ $away =~ held\ by|already\ in\ use|Device\ or\ resource\ busy ]]; then
			say_held "$name" "$away"
			held=$((held + 1))
		else
			echo "$program: device '$name' is away, and is measured so until it comes: $away" >&2
		fi
	done < <(jq -r '.devices[] | select(.is_open | not) | [.name, .away] | @tsv' "$1")
	[ $held -eq 0 ] || die "nothing was measured: $held of its devices are held"
}

try_out() {
	local arguments status json=$work/trial.json
	look_for_others
	log_dir=$work/log
	loop_arguments "$json"
	start_apart "$work/trial.txt" "$rtloop" "${arguments[@]}" -l 1 "$loop_file"
	wait "$running"
	status=$?
	running=''
	[ -z "$stopped" ] || exit "$stopped"
	if [ $status -ne 0 ] && [ $status -ne 4 ]; then
		cat "$work/trial.txt" >&2
		exit $((status == EXIT_USAGE ? EXIT_USAGE : EXIT_BAD))
	fi
	[ -z "$config" ] || look_at_devices "$json"
	read -r used_priority used_interval_us used_cpu used_lock < <(jq -r \
		'[.realtime.priority, (.period_ns / 1000 | round), .realtime.cpu, .realtime.is_locked] | @tsv' "$json")
	! $has_cyclictest || try_cyclictest
	[ -z "$stopped" ] || exit "$stopped"
}

# It refuses to run where it might not have SCHED_FIFO, whatever is asked of it.
try_cyclictest() {
	local arguments status
	cyclictest_thread
	start_apart "$work/cyclictest.txt" cyclictest "${arguments[@]}" -i 1000 -l 1
	wait "$running"
	status=$?
	running=''
	if [ $status -ne 0 ] && [ -z "$stopped" ]; then
		has_cyclictest=false
		why_no_cyclictest="it says: $(grep -v '^#' "$work/cyclictest.txt" | head -n 2 | paste -sd ' ')"
	fi
}
