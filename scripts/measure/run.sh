# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with measure.sh
# Sourced by measure.sh: one run of one program, what it wrote, the time left, and Ctrl-C.

running='' # the process that is waited for
stopped='' # the exit status, once a signal has asked to end
stopped_by='' stopped_ms=0
runs_planned=0 runs_done=0

# The longest time that cyclictest tells apart; later ones are counted, and the latest is exact.
CYCLICTEST_LIMIT_US=100000

# Nothing that we start is to get the terminal's Ctrl-C by itself: rtloop takes a second one for "at once".
# With job control each process is a group of its own.
start_apart() { # OUTPUT COMMAND...; sets running
	local output=$1
	shift
	set -m
	"$@" >"$output" 2>&1 </dev/null &
	running=$!
	set +m
	# a signal that came before it was known whom to end
	[ -z "$stopped" ] || kill -TERM "$running" 2>/dev/null
}

# shellcheck disable=SC2317,SC2329 # called by the traps
interrupt() { # SIGNAL STATUS
	local now_ms=$((${EPOCHREALTIME/./} / 1000))
	if [ -n "$stopped" ]; then
		# one to all processes of a group, as from a terminal that hangs up, comes here twice
		[ $((now_ms - stopped_ms)) -lt 500 ] || exit "$2"
		return
	fi
	stopped=$2 stopped_by=SIG$1 stopped_ms=$now_ms
	if [ -n "$running" ]; then
		kill -TERM "$running" 2>/dev/null
	fi
}

show_time() { # SECONDS
	local days=$(($1 / 86400)) rest=$(($1 % 86400))
	if [ $days -gt 0 ]; then
		printf '%d d %d:%02d h' $days $((rest / 3600)) $((rest % 3600 / 60))
	elif [ $rest -ge 3600 ]; then
		printf '%d:%02d h' $((rest / 3600)) $((rest % 3600 / 60))
	elif [ $rest -ge 120 ]; then
		printf '%d:%02d min' $((rest / 60)) $((rest % 60))
	else
		printf '%d s' $rest
	fi
}

show_progress() { # WHAT BEGUN
	local elapsed=$((EPOCHSECONDS - $2)) left
	elapsed=$((elapsed < seconds ? elapsed : seconds))
	left=$(((runs_planned - runs_done) * seconds - elapsed))
	printf '\r\e[Krun %d of %d, %s: %d of %d s; ' \
		$((runs_done + 1)) "$runs_planned" "$1" $elapsed "$seconds" >&2
	show_time $left >&2
	printf ' left in all' >&2
}

# No process is made while others are measured: waiting is a read from a pipe that nobody writes to.
pause() {
	if [ ! -e "$work/pause" ]; then
		mkfifo "$work/pause"
		exec 9<>"$work/pause"
	fi
	read -r -t 0.5 -u 9
}

# A signal ends a wait early.
wait_for_end() { # WHAT; returns the exit status of what runs
	local begun=$EPOCHSECONDS status
	while [ -t 2 ] && ! $is_quiet && kill -0 "$running" 2>/dev/null; do
		show_progress "$1" "$begun"
		pause
	done
	[ ! -t 2 ] || $is_quiet || printf '\r\e[K' >&2
	wait "$running"
	status=$?
	while kill -0 "$running" 2>/dev/null; do
		wait "$running"
		status=$?
	done 2>/dev/null
	running=''
	return $status
}

# As rtloop really runs: see try_out().
cyclictest_thread() { # sets arguments
	arguments=(-q -t1)
	if [ "$used_priority" -gt 0 ]; then
		arguments+=("-p$used_priority")
	else
		arguments+=(--policy=other)
	fi
	! $used_lock || arguments+=(-m)
	[ "$used_cpu" -lt 0 ] || arguments+=(-a "$used_cpu")
}

run_cyclictest() { # JSON OUTPUT WHAT
	local arguments
	cyclictest_thread
	arguments+=(-i "$used_interval_us" -D "$seconds" -h "$CYCLICTEST_LIMIT_US" --histfile=/dev/null "--json=$1")
	start_apart "$2" cyclictest "${arguments[@]}"
	wait_for_end "$3"
}

# Options that were given override what the file says.
loop_arguments() { # JSON; sets arguments
	arguments=(run -q --json "$1")
	[ -z "$priority" ] || arguments+=(-p "$priority")
	[ -z "$interval_us" ] || arguments+=(-i "$interval_us")
	[ -z "$cpu" ] || arguments+=(-a "$cpu")
	if [ -n "$config" ]; then
		arguments+=(--log-dir "$log_dir")
		$drives_outputs || arguments+=(--no-outputs)
	fi
}

run_rtloop() { # JSON OUTPUT WHAT
	local arguments status
	log_dir=$out/log
	mkdir -p "$log_dir"
	loop_arguments "$1"
	start_apart "$2" "$rtloop" "${arguments[@]}" -D "$seconds" "$loop_file"
	wait_for_end "$3"
	status=$?
	$keeps_logs || rm -rf "$log_dir"
	rmdir "$log_dir" 2>/dev/null
	# an overrun under "overrun: stop" ends a run early, and is part of the figures
	[ $status -ne 4 ] || status=0
	return $status
}

# Days may have been measured before: that is worth a report.
give_up() { # PROGRAM STATUS FILE
	tail -n 5 "$out/runs/$3" >&2
	echo "$program: $1 failed, with status $2; what it said is in $out/runs/$3" >&2
	[ "$runs_done" -gt 0 ] || exit "$EXIT_BAD"
	stopped=$EXIT_BAD stopped_by="a failure of $1 (status $2; see runs/$3)"
}

# What it wrote stays in runs/; in the form of the report it is one line more in runs.jsonl.
run_once() { # cyclictest|rtloop idle|load ROUND
	local name json started status
	[ -z "$stopped" ] || return
	name=$(printf '%02d-%s-%s-%d' $((runs_done + 1)) "$1" "$2" "$3")
	json=$out/runs/$name.json
	started=$((EPOCHSECONDS - begun_s))
	"run_$1" "$json" "$out/runs/$name.txt" "$1 $2"
	status=$?
	if [ ! -s "$json" ]; then
		[ -n "$stopped" ] || give_up "$1" "$status" "$name.txt"
		return
	fi
	note_run "$1" "$2" "$3" $started "$status" "$json"
	runs_done=$((runs_done + 1))
}

note_run() { # PROGRAM LOAD ROUND STARTED STATUS JSON
	local load_died=false
	if [ "$2" = load ] && ! load_is_alive; then
		load_died=true
	fi
	jq -c --arg program "$1" --arg load "$2" --argjson round "$3" --argjson started_s "$4" \
		--argjson status "$5" --arg file "runs/${6##*/}" --argjson load_died $load_died \
		--argjson is_whole "$([ -n "$stopped" ] && echo false || echo true)" \
		-f "$parts/run.jq" "$6" >>"$work/runs.jsonl" || die "$6 is not what was expected of $1"
}
