#!/bin/bash
# How good is this machine, and how good is rtloop on it: cyclictest and rtloop in turn, and a report of
# what they found. `measure.sh --help` says how it is used; docs/measure.md how the report is read.
#
# Installed as rtloop-measure, it finds its parts in ../share/rtloop/measure and the rtloop beside it; in the
# source tree they are in scripts/measure and build. RTLOOP=PROGRAM names another one.
set -u
export LC_ALL=C
unset CDPATH

self=$(readlink -f "${BASH_SOURCE[0]}")
here=$(dirname "$self")
program=$(basename "$0" .sh)
if [ -d "$here/measure" ]; then
	parts=$here/measure
	plots=$here/plot
	rtloop=${RTLOOP:-${BUILD:-$here/../build}/rtloop}
else
	parts=$here/../share/rtloop/measure
	plots=$here/../share/rtloop/plot
	rtloop=${RTLOOP:-$here/rtloop}
fi
if [ ! -d "$parts" ]; then
	echo "$program: its parts are not in $parts; install it again" >&2
	exit 1
fi

EXIT_BAD=1   # over budget, or it could not measure
EXIT_USAGE=2 # the command line, or the configuration

# What the command line says; an empty one is not given.
config='' out='' old='' budget_us='' priority='' interval_us='' cpu=''
seconds=60 rounds=2
with_load=false drives_outputs=false keeps_logs=false is_quiet=false
made_out=false

usage() {
	cat <<'END'
Usage: rtloop-measure [OPTIONS] [FILE]
       rtloop-measure --plot DIR

Measures how late this machine wakes a real-time thread, and how long the
thread then works: before the machine is trusted, after a kernel update, or as
a gate in a test. cyclictest and rtloop run in turn (A B A B ...), with the same
priority, interval and CPU and for the same time, and the report says how far
apart they are.

Without FILE, rtloop runs an empty loop. With FILE it runs that configuration,
devices, logic and log included, and the report has each phase of its cycle: so
the figures are of your cycle. Outputs are not driven, unless --drive-outputs
says so. The log is written below DIR and deleted after each run. A device that
is held by a running rtloop is named, with the process, and nothing is measured.

Letters that cyclictest has, too, mean the same here.

Options:
  -p, --priority PRIO    SCHED_FIFO priority, 1 to 98; 0 asks for none
                         (80, or what FILE says)
  -i, --interval TIME    period: a number of microseconds, or with a unit:
                         250us, 1ms, 1s (1000, or what FILE says)
  -a, --affinity CPU     bind the measuring thread to this CPU (any, or what
                         FILE says)
  -D, --duration TIME    time of each run: a number of seconds, or with m, h or
                         d: 90, 10m, 24h (60)
      --rounds N         how often each program runs, in turn (2)
      --load             measure under load, too, after the runs without:
                         stress-ng where it is installed, else a small load of
                         our own on CPU, memory, disk, timers and the loopback
                         network
  -o, --output DIR       folder of the report; it must be new or empty
                         (rtloop-measure-DATE-TIME)
      --budget TIME      a gate: exit status 1, and the reason, where the worst
                         wake-up or busy time is over this: a number of
                         microseconds, or with a unit
      --compare OLD      put an earlier report beside this one: its folder, or
                         its report.json
      --drive-outputs    drive the outputs of FILE: the machine MOVES
      --keep-logs        keep what FILE logs, in DIR/log
      --plot DIR         measure nothing: draw the pictures of an existing
                         report anew, say on a machine that has gnuplot
  -q, --quiet            no progress; only the report at the end
      --version          print the version
  -h, --help             print this help

On a terminal the time left is shown. Ctrl-C ends the measurement; the report is
of what was measured until then, and there is none where nothing was. A second
Ctrl-C ends it without a report.

DIR gets:
  report.txt             what to read first: the worst case, then how sure it
                         is, then the rest
  report.json            the same for programs, with every histogram; what
                         jitterdebugger writes is in it under the same names
  latency.png, .svg      the histograms of both programs, idle and under load
  timeline.png           latency and busy time of rtloop over the time
  environment/           kernel, its command line and configuration, CPUs,
                         interrupts before and after, governor, isolation,
                         FILE, versions
  runs/                  what each run of each program wrote

Not on a PREEMPT_RT kernel the first line of the report says that the figures
describe this machine, not the board; that is no error.

Exit status:
  0        measured; within the budget, if one was given
  1        over the budget, or it could not measure: a device is held by a
           running rtloop, a program failed
  2        the command line or FILE is wrong
  130      ended by Ctrl-C before the end (128 + N: by signal N); what was
           measured, if anything was, is within the budget

Examples:
  rtloop-measure -a 3 -D 10m --load
  rtloop-measure -D 24h --rounds 1 /etc/rtloop/oven.yaml
  rtloop-measure -D 1h --load --budget 50us --compare before-update oven.yaml
END
}

wrong() {
	echo "$program: $*" >&2
	echo "$program --help says how it is used" >&2
	exit $EXIT_USAGE
}

die() {
	echo "$program: $*" >&2
	exit $EXIT_BAD
}

# --- the command line --------------------------------------------------------------------------------

# A number of seconds, or with s, m, h, d.
take_duration() { # OPTION TEXT; sets seconds
	local -A each=([s]=1 [m]=60 [h]=3600 [d]=86400)
	[[ $2 =~ ^([0-9]{1,9})([smhd]?)$ ]] && seconds=$((10#${BASH_REMATCH[1]} * ${each[${BASH_REMATCH[2]:-s}]})) &&
		[ "$seconds" -gt 0 ] ||
		wrong "$1 is '$2'; expected a number of seconds, or with a unit: 90, 10m, 24h"
}

# A number of microseconds, or with us, ms, s.
take_microseconds() { # OPTION TEXT VARIABLE
	local -A each=([us]=1 [ms]=1000 [s]=1000000)
	local -n microseconds=$3
	[[ $2 =~ ^([0-9]{1,9})(us|ms|s|)$ ]] && microseconds=$((10#${BASH_REMATCH[1]} * ${each[${BASH_REMATCH[2]:-us}]})) &&
		[ "$microseconds" -gt 0 ] ||
		wrong "$1 is '$2'; expected a number of microseconds, or with a unit: 250, 250us, 1ms"
}

take_number() { # OPTION TEXT MIN MAX VARIABLE
	local -n number=$5
	[[ $2 =~ ^[0-9]{1,6}$ ]] && number=$((10#$2)) && [ "$number" -ge "$3" ] && [ "$number" -le "$4" ] ||
		wrong "$1 is '$2'; expected a number from $3 to $4"
}

take_option() { # NAME VALUE
	case $1 in
	-p | --priority) take_number --priority "$2" 0 98 priority ;;
	-i | --interval)
		take_microseconds --interval "$2" interval_us
		[ "$interval_us" -ge 20 ] && [ "$interval_us" -le 60000000 ] ||
			wrong "--interval is '$2'; expected 20us to 60s"
		;;
	-a | --affinity) take_number --affinity "$2" 0 1023 cpu ;;
	-D | --duration) take_duration --duration "$2" ;;
	--rounds) take_number --rounds "$2" 1 1000 rounds ;;
	-o | --output) out=$2 ;;
	--budget) take_microseconds --budget "$2" budget_us ;;
	--compare) old=$2 ;;
	--load) with_load=true ;;
	--drive-outputs) drives_outputs=true ;;
	--keep-logs) keeps_logs=true ;;
	--plot) plot_only=$2 ;;
	-q | --quiet) is_quiet=true ;;
	esac
}

plot_only=''
parse_line() {
	local words
	words=$(getopt -n "$program" -o p:i:a:D:o:qh \
		-l priority:,interval:,affinity:,duration:,rounds:,load,output:,budget:,compare: \
		-l drive-outputs,keep-logs,plot:,quiet,version,help -- "$@") ||
		wrong "expected [OPTIONS] [FILE]"
	eval set -- "$words"
	while [ "$1" != -- ]; do
		case $1 in
		-h | --help) usage && exit 0 ;;
		--version) say_version && exit 0 ;;
		--load | --drive-outputs | --keep-logs | -q | --quiet) take_option "$1" '' ;;
		*) take_option "$1" "$2" && shift ;;
		esac
		shift
	done
	shift
	[ $# -le 1 ] || wrong "expected one FILE, not $#"
	[ $# -eq 0 ] || take_file "$1"
	[ -n "$config" ] || ! $drives_outputs || wrong "--drive-outputs drives those of a FILE; there is none"
}

take_file() {
	config=$1
	[ -f "$config" ] && [ -r "$config" ] || wrong "$config: there is no such file, or it cannot be read"
}

say_version() {
	"$rtloop" version | sed -n '1s/^rtloop/rtloop-measure/p'
}

# shellcheck source=measure/run.sh
. "$parts/run.sh"
# shellcheck source=measure/load.sh
. "$parts/load.sh"
# shellcheck source=measure/devices.sh
. "$parts/devices.sh"
# shellcheck source=measure/environment.sh
. "$parts/environment.sh"
# shellcheck source=measure/report.sh
. "$parts/report.sh"

# --- what is needed ----------------------------------------------------------------------------------

find_programs() {
	command -v jq >/dev/null || die "jq is not installed: sudo apt install jq"
	[ -x "$rtloop" ] || die "there is no rtloop at $rtloop"
	has_cyclictest=true why_no_cyclictest=''
	if ! command -v cyclictest >/dev/null; then
		why_no_cyclictest="it is not installed: sudo apt install rt-tests"
	elif ! cyclictest --help 2>&1 | grep -q -- --json; then
		why_no_cyclictest="it is too old to write JSON; rt-tests 2.4 does"
	fi
	[ -z "$why_no_cyclictest" ] || has_cyclictest=false
}

make_folder() {
	out=${out:-rtloop-measure-$(date +%Y-%m-%d-%H%M%S)}
	[ ! -e "$out" ] || { [ -d "$out" ] && [ -z "$(ls -A "$out")" ]; } ||
		wrong "$out is there already, and a report is never overwritten"
	if [ ! -d "$out" ]; then
		# it fails where another one has made it meanwhile
		mkdir -p -- "$(dirname -- "$out")" && mkdir -- "$out" || exit $EXIT_BAD
		made_out=true
	fi
	out=$(cd -- "$out" && pwd)
	mkdir "$out/runs" "$out/environment" || exit $EXIT_BAD
	work=$(mktemp -d) || exit $EXIT_BAD
	loop_file=$config
	if [ -z "$config" ]; then
		loop_file=$out/environment/configuration.yaml
		write_empty_loop >"$loop_file"
	fi
}

write_empty_loop() {
	echo "# An empty loop, written by $program: no device, no logic, no log."
	echo "loop: { period: ${interval_us:-1000}us, priority: ${priority:-80}, cpu: ${cpu:--1} }"
}

# --- all of it ---------------------------------------------------------------------------------------

# shellcheck disable=SC2317,SC2329 # called by the trap
clean_up() {
	end_load
	[ -z "$running" ] || kill -KILL "$running" 2>/dev/null
	[ -z "${work:-}" ] || rm -rf "$work"
	[ -z "$out" ] || [ -e "$out/report.json" ] || forget_folder
}

# Where nothing was measured nothing is left behind, but what runs have written.
# shellcheck disable=SC2317,SC2329 # called by the trap
forget_folder() {
	if rmdir "$out/runs" 2>/dev/null; then
		rm -rf "$out/environment"
		! $made_out || rmdir "$out"
	fi
}

say() {
	$is_quiet || echo "$*" >&2
}

say_plan() {
	local what="rtloop alone" programs=1 kinds=idle
	if $has_cyclictest; then
		what="cyclictest and rtloop in turn" programs=2
	else
		echo "$program: cyclictest is not run: $why_no_cyclictest" >&2
	fi
	! $with_load || kinds="idle, then under load"
	runs_planned=$((rounds * programs * ($($with_load && echo 2 || echo 1))))
	if $drives_outputs; then
		echo "$program: THE OUTPUTS OF $config ARE DRIVEN" >&2
	fi
	say "$what, $rounds round$([ "$rounds" -eq 1 ] || echo s) of $(show_time "$seconds") each, $kinds:" \
		"$(show_time $((runs_planned * seconds))). The report goes to $out."
}

measure_kind() { # idle|load
	local round
	for ((round = 1; round <= rounds; round++)); do
		! $has_cyclictest || run_once cyclictest "$1" $round
		run_once rtloop "$1" $round
	done
}

measure() {
	note_environment before
	begun_s=$EPOCHSECONDS
	begun=$(date -u +%FT%TZ)
	measure_kind idle
	if $with_load && [ -z "$stopped" ]; then
		start_load
		measure_kind load
		end_load
	fi
	note_environment after
}

# What was begun has written nothing that counts.
end_if_nothing_was_measured() {
	[ "$runs_done" -eq 0 ] && [ -n "$stopped" ] || return 0
	rm -f "$out/runs/"*
	echo "$program: ended by $stopped_by before anything was measured; there is no report" >&2
	exit "$stopped"
}

main() {
	trap '' INT
	trap 'interrupt INT 130' USR1
	trap 'interrupt TERM 143' TERM
	trap 'interrupt HUP 129' HUP
	parse_line "$@"
	find_programs
	if [ -n "$plot_only" ]; then
		work=$(mktemp -d) || exit $EXIT_BAD
		trap clean_up EXIT
		plot_again "$plot_only"
		exit
	fi
	[ -z "$old" ] || find_old_report
	make_folder
	# not before: a folder that was there is not ours to clean
	trap clean_up EXIT
	try_out
	say_plan
	measure
	end_if_nothing_was_measured
	write_report
	finish
}

# bash 5.2 runs a trap of SIGINT in the midst of a command substitution, and then takes its own text for an
# error. So one shell takes the signals, and another one measures, which ignores SIGINT with all that it starts:
# the trap of any other signal waits for a command's end.
measuring='' early=''

# shellcheck disable=SC2317,SC2329 # called by the traps
hand_on() { # SIGNAL
	early=$1
	[ -z "$measuring" ] || kill "-$1" "$measuring" 2>/dev/null
}

trap 'hand_on USR1' INT
trap 'hand_on TERM' TERM
trap 'hand_on HUP' HUP
main "$@" &
measuring=$!
[ -z "$early" ] || hand_on "$early"
while :; do
	wait "$measuring"
	status=$?
	kill -0 "$measuring" 2>/dev/null || exit "$status"
done
