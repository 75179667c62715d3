#!/bin/bash
# Measure rtloop beside what it is to be measured by, and print each figure with its target. Figures of
# one table come from one run, in which the things compared take turns (A B A B ...): so their ratio is worth
# something on a machine that does other things too, and a figure alone is not.
#
# usage: BUILD=<absolute build folder> scripts/bench.sh [PART]...
#        PART: ring writer stall program wake poll cycle gaps scale report replay (default: all). BENCH_SECONDS=2 makes each part that short.
#
# Writes BUILD/bench.json as well. A target that is missed is said, and is no failure: it may be the
# machine's. A benchmark that cannot run here says why; one that breaks makes the exit status 1.
. "$(dirname "$0")/usage.sh"
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1

BUILD=${BUILD:-$PWD/build}
export BUILD
rtloop=$BUILD/rtloop
work=$BUILD/bench
mkdir -p "$work"
export RUNTIME_DIRECTORY=$work # where runs have their control sockets
rows=$work/rows.jsonl
: >"$rows"
broken=()

bold='' green='' yellow='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$'\e[1m' green=$'\e[32m' yellow=$'\e[33m' plain=$'\e[0m'
fi

# --- the tables --------------------------------------------------------------------------------------

part=
table() { # part title
	part=$1
	printf '\n%s%s%s\n' "$bold" "$2" "$plain"
}

# One figure; "at most" is the target, or empty.
row() { # name value unit [at most]
	local name=$1 value=$2 unit=$3 most=${4:-} verdict='' met=null
	if [[ ! $value =~ ^[0-9.]+$ ]]; then
		note "BROKEN: $name is '$value'"
		broken+=("$part")
		return
	fi
	if [ -n "$most" ]; then
		if awk -v a="$value" -v b="$most" 'BEGIN { exit !(a + 0 <= b + 0) }'; then
			met=true
			verdict="target <= $most  ${green}met$plain"
		else
			met=false
			verdict="target <= $most  ${yellow}missed$plain"
		fi
	fi
	printf '  %-52s %10s %-8s %s\n' "$name" "$value" "$unit" "$verdict"
	jq -cn --arg part "$part" --arg name "$name" --arg unit "$unit" --argjson value "$value" \
		--argjson target "${most:-null}" --argjson met $met \
		'{$part, $name, $value, $unit, $target, $met}' >>"$rows"
}

ratio() { # a b
	awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "0" }'
}

field() { # json key
	jq -r ".$2" <<<"$1"
}

note() {
	printf '  %s\n' "$*"
}

# Runs a benchmark program, its JSON into $result. 77: it cannot run here, and has said why.
measure() { # program...
	result=$("$@")
	case $? in
	0) return 0 ;;
	77) note "not measured here" ;;
	*)
		note "BROKEN: $*"
		broken+=("$part")
		;;
	esac
	return 1
}

# --- the ring ----------------------------------------------------------------------------------------

part_ring() {
	table ring "The ring: what a 64-byte record costs its producer, 32 of them every 10 us"
	measure "$BUILD/tests/bench/ring" || return
	local ours ck polled ck_polled
	ours=$(field "$result" ring_ns)
	ck=$(field "$result" ck_ring_ns)
	polled=$(field "$result" ring_polled_ns)
	ck_polled=$(field "$result" ck_ring_polled_ns)
	row "rtloop, a commit per 32 records" "$ours" ns 10
	row "rtloop, a commit per record" "$(field "$result" ring_commit_each_ns)" ns
	row "ck_ring (a commit per record)" "$ck" ns
	row "rtloop / ck_ring" "$(ratio "$ours" "$ck")" x
	note "a consumer that polls without a pause, the worst case (caches bounce):"
	row "rtloop, a commit per 32 records" "$polled" ns
	row "ck_ring" "$ck_polled" ns
	row "rtloop / ck_ring, polled" "$(ratio "$polled" "$ck_polled")" x
}

# --- the writer and the logger -----------------------------------------------------------------------

part_writer() {
	table writer "The log: CPU time a megabyte, files of 32 MB, synced once a second and at the end"
	measure "$BUILD/tests/bench/writer" "$work/writer.tmp" || return
	local kind most
	row "a bare loop of write(64 KiB)" "$(field "$result" bare_us_per_mb)" us/MB
	for kind in write uring aio; do
		most=
		[ $kind != write ] || most=1.1
		row "the writer $kind" "$(field "$result" ${kind}_us_per_mb)" us/MB
		row "$kind / bare, round by round" "$(field "$result" ${kind}_ratio)" x $most
	done
	row "the whole logger: ring to MCAP, CRCs, indexes" "$(field "$result" logger_us_per_mb)" us/MB
	row "logger / bare, round by round" "$(field "$result" logger_ratio)" x 2
}

# --- how long the disk holds the logger up -----------------------------------------------------------

part_stall() {
	local kind percentile
	table stall "The logger's stalls: 16 MB/s, synced as with sync: 1s, beside the same with fdatasync in its own thread"
	measure "$BUILD/tests/bench/stall" "$work/stall.tmp" || return
	note "$(field "$result" rounds) rounds of $(field "$result" seconds) s each, in turns"
	for kind in inline write uring aio; do
		for percentile in p999 longest; do
			row "$kind: $percentile" "$(field "$result" $kind.${percentile}_us)" us
		done
		[ $kind = inline ] || row "$kind / inline: longest, round by round" "$(field "$result" $kind.ratio)" x 0.1
	done
}

# --- the program -------------------------------------------------------------------------------------

part_program() {
	table program "A program: what one of its operations costs, beside the same logic in C (-O2)"
	measure "$BUILD/tests/bench/program" || return
	local kind
	for kind in arithmetic logic control; do
		row "$kind: an operation" "$(field "$result" "$kind.operation_ns")" ns 5
		row "$kind: a step of $(field "$result" "$kind.operations") operations" \
			"$(field "$result" "$kind.step_ns")" ns
		row "$kind: the same in C" "$(field "$result" "$kind.c_step_ns")" ns
		row "$kind: program / C" "$(field "$result" "$kind.ratio")" x
	done
}

# --- the pacers --------------------------------------------------------------------------------------

cpu=$(taskset -pc $$ 2>/dev/null | sed 's/.*[^0-9]//')
cpu=${cpu:-0}
priority=80
interval_us=250

median() { # numbers, a line each
	sort -g | awk '{ v[NR] = $1 } END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# Its histogram with bins of a nanosecond is exact.
run_cyclictest() { # seconds; prints the median in us
	cyclictest -q -m -N -t1 -p"$priority" -i"$interval_us" -a"$cpu" -D"$1" -h 1000000 \
		2>"$work/cyclictest.err" | awk '
		/^[0-9]/ && $2 > 0 { ns[++n] = $1; count[n] = $2; total += $2 }
		END {
			for (i = 1; i <= n; i++) {
				seen += count[i]
				if (seen >= total / 2) {
					print ns[i] / 1000
					exit
				}
			}
		}'
}

# The exact times are in the log.
run_pacer() { # seconds pacer spin; prints the median in us
	rm -f "$work/wake.mcap"
	cat >"$work/wake.yaml" <<-END
		loop: { period: ${interval_us}us, cpu: $cpu, priority: $priority, pacer: $2, spin: $3 }
		log: { file: wake.mcap }
	END
	run_loop "$work/wake.yaml" -D "$1" >/dev/null || return 1
	"$rtloop" dump --csv --channels cycle.latency_ns "$work/wake.mcap" |
		awk -F, 'NR > 1 { print $3 / 1000 }' | median
}

run_wake() { # kind seconds
	case $1 in
	cyclictest) run_cyclictest "$2" ;;
	*+*) run_pacer "$2" "${1%+*}" "${1#*+}" ;;
	*) run_pacer "$2" "$1" 0s ;;
	esac
}

part_wake() {
	local seconds=3 rounds=4 round kind value yardstick most
	local kinds=(cyclictest nanosleep timerfd nanosleep+30us timerfd+30us)
	local -A values ratios targets=([nanosleep]=1.05 [nanosleep+30us]=0.05 [timerfd+30us]=0.05)
	if [ -n "${BENCH_SECONDS:-}" ]; then
		rounds=2
		seconds=$(awk -v s="$BENCH_SECONDS" 'BEGIN { s = int(s / 10 + 0.5); print (s > 1) ? s : 1 }')
	fi
	table wake "Wake-up latency: medians, $interval_us us, FIFO $priority, CPU $cpu, $rounds rounds of $seconds s"
	if ! cyclictest -q -t1 -p"$priority" -l 1 >/dev/null 2>&1; then
		note "not measured here: cyclictest may not run with FIFO $priority"
		return
	fi
	for ((round = 0; round < rounds; round++)); do
		for kind in "${kinds[@]}"; do
			if ! value=$(run_wake "$kind" "$seconds") || [ -z "$value" ]; then
				note "BROKEN: $kind"
				broken+=(wake)
				return
			fi
			values[$kind]+=$value$'\n'
			if [ "$kind" = cyclictest ]; then
				yardstick=$value
			fi
			ratios[$kind]+=$(awk -v a="$value" -v b="$yardstick" 'BEGIN { print a / b }')$'\n'
		done
	done
	for kind in "${kinds[@]}"; do
		row "$kind" "$(printf %s "${values[$kind]}" | median | xargs printf %.2f)" us
	done
	for kind in "${kinds[@]:1}"; do
		most=${targets[$kind]:-}
		row "$kind / cyclictest, round by round" \
			"$(printf %s "${ratios[$kind]}" | median | xargs printf %.3f)" x "$most"
	done
	rm -f "$work/wake.mcap"
}

# Prints what the run says of itself, as JSON.
run_loop() { # configuration option...
	local config=$1
	shift
	if ! "$rtloop" run -q --json "$work/run.json" "$@" "$config" >"$work/run.out" 2>&1; then
		cat "$work/run.out" >&2
		return 1
	fi
	cat "$work/run.json"
}

# --- the pollers ---------------------------------------------------------------------------------------

# Receiving from a socket that is empty, or full, is the kernel's work in each of them: what differs is how many
# calls it takes to find out.
part_poll() {
	table poll "Finding and reading N UNIX streams: a bare recv() of each, epoll, uring, in turns"
	measure "$BUILD/tests/bench/poll" || return
	local empty bare n share way value
	empty=$(field "$result" empty_call_ns)
	row "an empty system call" "$empty" ns
	for n in 1 16 64 256 1024; do
		# cycle: all are ready, and the wait for a release that is past is part of it
		# tail: all become ready before a tail of 100 us; from the release until they are read
		for share in idle ready cycle tail; do
			bare=$(field "$result" "\"$n\".$share.bare_ns")
			row "$n $share: a bare recv() of each" "$bare" ns
			for way in epoll uring; do
				value=$(field "$result" "\"$n\".$share.${way}_ns")
				row "$n $share: $way" "$value" ns
				case $way$n$share in
				uring*idle) row "  in empty system calls" "$(ratio "$value" "$empty")" x 1.3 ;;
				uring1cycle) row "  / bare" "$(ratio "$value" "$bare")" x 1.1 ;;
				uring64cycle | uring64tail)
					row "  / bare" "$(ratio "$value" "$bare")" x 0.77 ;;
				*ready | *cycle | *tail) row "  / bare" "$(ratio "$value" "$bare")" x ;;
				esac
			done
		done
	done
}

# --- instructions --------------------------------------------------------------------------------------

first_port=21000

udp_config() { # endpoints period [more of loop]
	local i
	echo "loop: { period: $2, priority: 0${3:-} }"
	echo "devices:"
	for ((i = 0; i < $1; i++)); do
		echo "  d$i:"
		echo "    driver: udp"
		echo "    listen: \":$((first_port + i))\""
		echo "    in: { value: { byte: 0, bytes: 8, type: integer } }"
	done
	if [ "$1" -eq 0 ]; then
		echo "  {}"
	fi
}

# The cycle thread's instructions in user space, from its start to its end.
count_instructions() { # configuration cycles
	rm -f "$work"/callgrind.*
	valgrind --tool=callgrind --callgrind-out-file="$work/callgrind.out" --separate-threads=yes \
		--toggle-collect=cycle_main \
		"$rtloop" run -q --json "$work/run.json" -l "$2" "$1" >"$work/run.out" 2>&1 || return 1
	cat "$work"/callgrind.out-* | awk '/^totals:/ { n += $2 } END { print n }'
}

# What one more cycle costs: the difference of a long and a short run, so that start and end drop out.
per_cycle() { # configuration short long; sets $instructions and $messages
	local short long frames_short
	short=$(count_instructions "$1" "$2") || return 1
	frames_short=$(jq '[.devices[].counts.frames] | add // 0' "$work/run.json")
	long=$(count_instructions "$1" "$3") || return 1
	instructions=$(((long - short) / ($3 - $2)))
	messages=$(jq --argjson before "$frames_short" --argjson cycles $(($3 - $2)) \
		'(([.devices[].counts.frames] | add // 0) - $before) / $cycles' "$work/run.json")
}

part_cycle() {
	table cycle "A cycle: instructions in user space, by callgrind, for N UDP endpoints"
	local n idle_1=0 load
	for n in 0 1 16 64 256 1024; do
		udp_config $n 1ms >"$work/idle.yaml"
		if ! per_cycle "$work/idle.yaml" 100 600; then
			cat "$work/run.out"
			broken+=(cycle)
			return
		fi
		row "$n idle" "$instructions" instr
		[ $n -ne 1 ] || idle_1=$instructions
	done
	row "1024 idle / 1 idle" "$(ratio "$instructions" "$idle_1")" x 1.05
	for n in 16 256 1024; do
		udp_config $n 1ms ", pacer: uring, poller: uring" >"$work/idle.yaml"
		if per_cycle "$work/idle.yaml" 100 600; then
			if [ "$(jq -r '.pacer + .poller' "$work/run.json")" = uringuring ]; then
				row "$n idle, pacer and poller uring" "$instructions" instr 1000
			else
				note "uring: not measured here: $(jq -r .poller_note "$work/run.json")"
			fi
		fi
	done

	for n in 1 16 64 256; do
		udp_config $n 40ms >"$work/ready.yaml"
		"$BUILD/tests/bench/udp_load" $first_port $n 40000 &
		load=$!
		per_cycle "$work/ready.yaml" 10 40
		kill $load
		wait $load 2>/dev/null
		row "$n ready" "$instructions" instr
		row "  a message, at $(printf %.1f "$messages") messages a cycle" \
			"$(awk -v i="$instructions" -v e="$idle_1" -v m="$messages" \
				'BEGIN { print (m > 0) ? int((i - e) / m) : 0 }')" instr
	done
}

# --- no gaps, and what each thread takes -----------------------------------------------------------------

# Two ways to do the whole of a cycle and its log: pacer, poller, writer.
ways=("uring uring uring" "nanosleep epoll write")

# "NAME<tab>NS" of each thread, the guardian's process too; io_uring's workers by the thread that they work for.
thread_times() { # pid
	local task name used rest
	for task in "/proc/$1"/task/*; do
		{ read -r name <"$task/comm" && read -r used rest <"$task/schedstat"; } 2>/dev/null || continue
		if [[ $name = iou-wrk-* ]]; then
			name="workers of $(cat "/proc/$1/task/${name#iou-wrk-}/comm" 2>/dev/null || echo "a thread that ended")"
		fi
		printf '%s\t%s\n' "$name" "$used"
	done
	for task in $(pgrep -P "$1"); do
		{ read -r used rest <"/proc/$task/schedstat"; } 2>/dev/null && printf 'guardian (a process)\t%s\n' "$used"
	done
	# of the process, those that ended too; in ticks of 10 ms
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "process in all\t%.0f\n", ($12 + $13) / hz * 1e9 }' \
		"/proc/$1/stat"
}

# shellcheck disable=SC2317,SC2329 # called by until
has_cycle_thread() { # pid; sets cycle_thread
	local task
	for task in "/proc/$1"/task/*; do
		if [ "$(cat "$task/comm" 2>/dev/null)" = rtloop-cycle ]; then
			cycle_thread=${task##*/}
			return 0
		fi
	done
	! kill -0 "$1" 2>/dev/null # it ended
}

# Adds one figure of a way; its rounds are lines.
add() { # way name value
	figures[$1|$2]+=$3$'\n'
}

# Each line of used.before and used.after as a share of what passed between.
add_shares() { # way microseconds
	local name share
	while IFS=$'\t' read -r name share; do
		add "$1" "$name" "$share"
		case " $thread_names " in *"|$name|"*) ;; *) thread_names+="|$name|" ;; esac
	done < <(awk -F'\t' -v us="$2" '
		FNR == NR { before[$1] += $2; next }
		{ after[$1] += $2 }
		END {
			for (name in after) {
				share = (after[name] - before[name]) / us / 10
				printf "%s\t%.2f\n", name, (share > 0) ? share : 0
			}
		}' "$work/used.before" "$work/used.after" | sort)
}

# What the kernel says of its memory. The ring is mapped twice, and counts twice in what is resident and what is locked.
add_memory() { # way pid
	local key bytes rest
	while read -r key bytes rest; do
		case $key in VmLck: | VmRSS: | Pss:) add "$1" "$key" $((bytes / 1024)) ;; esac
	done < <(cat "/proc/$2/status" "/proc/$2/smaps_rollup" 2>/dev/null)
}

# Sensors do not wait for other programs; below the cycle, and above all that is ordinary.
steady=(chrt -f 1)
"${steady[@]}" true 2>/dev/null || steady=()

# One run of the way's configuration, its log into $work/turn.mcap; loads are arguments of udp_load.
run_turn() { # way configuration seconds load...
	local way=$1 config=$2 seconds=$3 begun pid start_us workers=0 until loads=() load first status
	shift 3
	rm -f "$work/turn.mcap" "$work/run.json"
	begun=$EPOCHREALTIME
	"$rtloop" run -q --json "$work/run.json" -D $((seconds + 5)) "$config" >"$work/run.out" 2>&1 &
	pid=$!
	until has_cycle_thread $pid; do sleep 0.05; done
	for load in "$@"; do
		# shellcheck disable=SC2086 # a word each
		"${steady[@]}" "$BUILD/tests/bench/udp_load" $load &
		loads+=($!)
	done
	sleep 1
	thread_times $pid >"$work/used.before" 2>/dev/null
	start_us=${EPOCHREALTIME/./}
	until=$((start_us + seconds * 1000000))
	while [ "${EPOCHREALTIME/./}" -lt $until ] && kill -0 $pid 2>/dev/null; do
		sleep 0.5
		workers=$((workers + $(cat "/proc/$pid"/task/*/comm 2>/dev/null | grep -c "^iou-wrk-$cycle_thread")))
	done
	thread_times $pid >"$work/used.after" 2>/dev/null
	until=${EPOCHREALTIME/./}
	add_memory "$way" $pid # at once: a run that ends gives it back
	add_shares "$way" $((until - start_us))
	wait $pid
	status=$?
	if [ ${#loads[@]} -gt 0 ]; then
		kill "${loads[@]}"
		wait "${loads[@]}" 2>/dev/null
	fi
	if [ $status -ne 0 ] || [ ! -s "$work/used.before" ] || [ ! -s "$work/used.after" ]; then
		note "status $status; or it ended before it was looked at"
		tail -n 20 "$work/run.out"
		return 1
	fi
	first=$("$rtloop" dump --csv -c cycle.cycle "$work/turn.mcap" 2>/dev/null | sed -n '2{s/,.*//;p;q}')
	add "$way" start "$(awk -v first="$first" -v begun="$begun" 'BEGIN { printf "%.0f", first / 1e6 - begun * 1e3 }')"
	add "$way" workers $workers
}

add_run() { # way; what it said of itself
	local key
	for key in cycles missed log.cycles_in_gaps log.events_lost log.ring_max_bytes latency.median_ns busy.median_ns; do
		add "$1" $key "$(jq ".$key" "$work/run.json")"
	done
	add "$1" log "$(du -m "$work/turn.mcap" | cut -f1)"
	add "$1" messages "$(jq '([.devices[].counts.frames // 0] | add) / .cycles * 10 | round / 10' "$work/run.json")"
	[ "$(jq -r '"\(.pacer) \(.poller) \(.log.writer)"' "$work/run.json")" = "$1" ] ||
		note "$1: $(jq -r '"\(.pacer_note) \(.poller_note) \(.log.writer_note)"' "$work/run.json")"
}

check_turn() {
	if ! "$rtloop" dump --check "$work/turn.mcap" >"$work/check.out" 2>&1; then
		cat "$work/check.out"
		note "the log is not complete"
		broken+=("$part")
	fi
}

# All ways in turns; sets figures and thread_names.
take_turns() { # rounds configuration-maker load...
	local rounds=$1 maker=$2 seconds=${BENCH_SECONDS:-60} round way
	shift 2
	figures=() thread_names=
	for ((round = 0; round < rounds; round++)); do
		for way in "${ways[@]}"; do
			# shellcheck disable=SC2086 # a word each
			$maker $way >"$work/turn.yaml"
			if ! run_turn "$way" "$work/turn.yaml" "$seconds" "$@"; then
				broken+=("$part")
				return 1
			fi
			add_run "$way"
			check_turn
			rm -f "$work/turn.mcap"
		done
	done
}

# Of each way, the middle of its rounds, or the worst of them where there is a target.
show() { # name what unit [at most]
	local way value
	for way in "${ways[@]}"; do
		value=${figures[$way|$1]:-0}
		way=${way#* } # what of the poller and the writer tells them apart
		if [ -n "${4:-}" ]; then
			value=$(sort -g <<<"${value%$'\n'}" | tail -n 1)
		else
			value=$(median <<<"${value%$'\n'}" | awk -v unit="$3" '{ printf unit == "%" ? "%.2f" : "%.10g", $1 }')
		fi
		row "$2, ${way/ /+}" "$value" "$3" "${4:-}"
	done
}

show_turns() {
	local name
	[ ${#ways[@]} -eq 1 ] || note "epoll+write with the pacer nanosleep, uring+uring with the pacer uring, whose wait does the receiving"
	show cycles "cycles run" cycles
	show missed "releases missed" releases
	show log.cycles_in_gaps "cycles in gaps" cycles 0
	show log.events_lost "events lost" events 0
	[ "$(head -n 1 <<<"${figures[${ways[0]}|messages]}")" = 0 ] || show messages "messages a cycle" frames
	show log log MiB
	show log.ring_max_bytes "the ring, at most" bytes
	show latency.median_ns "release to wake-up, median" ns
	show busy.median_ns "wake-up to the last write, median" ns
	show start "process started to first cycle" ms
	show Pss: "memory, each page counted once" MiB
	show VmRSS: VmRSS MiB
	show VmLck: VmLck MiB
	note "CPU time of each thread, in hundredths of one CPU:"
	while read -r name; do
		show "$name" "$name" %
	done < <(tr '|' '\n' <<<"$thread_names" | grep . | sort)
	[[ ${ways[*]} != *uring* ]] || show workers "io_uring workers of the cycle thread, seen" times 0
}

declare -A figures
thread_names=

gaps_config() { # period channels-of-each-of-four-devices pacer poller writer
	local i channel
	echo "loop: { period: $1, cpu: $cpu, priority: $priority, pacer: $3, poller: $4 }"
	echo "log: { file: turn.mcap, writer: $5 }"
	echo "devices:"
	for i in 0 1 2 3; do
		echo "  s$i:"
		echo "    driver: sim"
		echo "    in:"
		for ((channel = 0; channel < $2; channel++)); do
			echo "      c$channel: { wave: noise, type: float, seed: $((16 * i + channel)) }"
		done
	done
}

# shellcheck disable=SC2317,SC2329 # called by take_turns
gaps_at_10_khz() { gaps_config 100us 4 "$@"; }
# shellcheck disable=SC2317,SC2329
gaps_at_20_khz() { gaps_config 50us 16 "$@"; }

part_gaps() {
	local seconds=${BENCH_SECONDS:-60}
	table gaps "No gaps: a period of 100us, 16 channels that change each cycle, for $seconds s"
	local ways=("nanosleep epoll write")
	take_turns 1 gaps_at_10_khz && show_turns
	table gaps "No gaps: a period of 50us, 64 channels that change each cycle, two turns of $seconds s each"
	ways=("uring uring uring" "nanosleep epoll write")
	take_turns 2 gaps_at_20_khz && show_turns
}

# --- many endpoints --------------------------------------------------------------------------------------

# shellcheck disable=SC2317,SC2329 # called by take_turns
scale_config() { # pacer poller writer
	local i byte
	echo "loop: { period: 1ms, cpu: $cpu, priority: $priority, pacer: $1, poller: $2, guard: on }"
	echo "log: { file: turn.mcap, writer: $3 }"
	echo "devices:"
	for ((i = 0; i < 1024; i++)); do
		echo "  d$i:"
		echo "    driver: udp"
		echo "    listen: \":$((first_port + i))\""
		echo "    in:"
		for byte in 0 2 4 6; do
			echo "      c$byte: { byte: $byte, bytes: 2, type: integer }"
		done
	done
}

# All at once in each cycle are a million datagrams a second, which no sender on a small machine brings.
part_scale() {
	local seconds=${BENCH_SECONDS:-60}
	table scale "1,024 UDP endpoints, 4,096 channels, 1 kHz: 64 that send in each cycle, 960 ten times a second; two turns of $seconds s each"
	take_turns 2 scale_config "$first_port 64 1000" "$((first_port + 64)) 960 100000 100" && show_turns
}

# --- reports from logs -------------------------------------------------------------------------------

# Sets seconds, and peak_kib by what the kernel says of it while it runs.
time_report() { # option...
	local start=$EPOCHREALTIME pid status
	"$rtloop" report "$@" >"$work/report.out" 2>&1 &
	pid=$!
	peak_kib=0
	while status=$(cat /proc/$pid/status 2>/dev/null) && [[ $status =~ VmHWM:[[:space:]]*([0-9]+) ]]; do
		peak_kib=${BASH_REMATCH[1]}
		sleep 0.02
	done
	wait $pid || return 1
	seconds=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }')
}

# The least of three: on a machine that does other things too, the least disturbed.
time_reports() { # option...
	local least='' i
	for i in 1 2 3; do
		time_report "$@" || return 1
		least=$(printf "%s\n" ${least:+"$least"} "$seconds" | sort -n | head -n 1)
	done
	seconds=$least
}

part_report() {
	table report "A report of one hour at 1 kHz, 3.6 million cycles, which the disk's cache holds"
	local file=$work/hour.mcap every what seconds peak_kib
	for every in 1000000 1000; do
		what="an overrun every 8 minutes"
		[ $every -eq 1000000 ] || what="two overruns a second"
		if ! "$BUILD/tests/peers/write_run" "$file" 0 3599999 $every ||
			! time_reports --json "$work/report.json" "$file"; then
			broken+=(report)
			break
		fi
		row "$what" "$seconds" s 2
		row "  memory at most" "$(awk -v k="$peak_kib" 'BEGIN { printf "%.1f", k / 1024 }')" MiB 64
	done
	rm -f "$file"
}

# --- replay ------------------------------------------------------------------------------------------

# The devices of the demo, and a program that uses them all.
replay_config() { # seconds
	cat <<-END
		loop: { period: 1ms, duration: $1s }
		log: { file: replay.mcap }
		devices:
		  probe:
		    driver: serial
		    path: probe.tty
		    on_open: "MODE CSV\\r\\n"
		    request: { send: "M?\\r\\n", every: 10ms }
		    frame: { kind: line, match: "M,", checksum: xor8 }
		    max_age: 500ms
		    in: { temp: { column: 1, scale: 0.1 }, pressure: { column: 2 } }
		  flow:
		    driver: udp
		    listen: "127.0.0.1:47474"
		    frame: { kind: raw, match: "RT", checksum: crc16-ccitt }
		    max_age: 200ms
		    in: { rate: { byte: 8, bytes: 2, order: big, scale: 0.1 } }
		  signal:
		    driver: sim
		    in: { sine: { wave: sine, period: 1s }, square: { wave: square, period: 500ms, type: bool }, noise: { wave: noise } }
		  valve:
		    driver: udp
		    send: { to: "127.0.0.1:47473" }
		    out: { position: { byte: 0, bytes: 2, scale: 0.01, safe: 0 }, open: { byte: 2, type: bool, safe: 0 } }
		params: { target: { value: 100.0 } }
		vars: { duty: 0.0, calm: 0.0, old: 0s }
		program: |
		  duty := pid(sp := target, pv := probe.temp, kp := 1.2, ki := 0.4, min := 0, max := 100)
		  calm := lowpass(signal.sine + signal.noise, 50ms)
		  old := age(flow.rate)
		  valve.open := ton(signal.square and good(probe.temp), 20ms) and pwm(duty, 100ms)
		  valve.position := limit(0.0, duty + calm, 100.0)
	END
}

part_replay() {
	local seconds=${BENCH_SECONDS:-10} peers=() least='' start ms
	table replay "Replay: $seconds s of the demo's devices at 1 kHz, with a program"
	rm -f "$work/replay.mcap" "$work/probe.tty"
	"$BUILD/tests/peers/probe" --duration $((seconds + 20)) "$work/probe.tty" >"$work/peers.out" 2>&1 &
	peers+=($!)
	"$BUILD/tests/peers/sensor" --duration $((seconds + 20)) 127.0.0.1:47474 >"$work/peers.out" 2>&1 &
	peers+=($!)
	until [ -e "$work/probe.tty" ]; do sleep 0.05; done
	replay_config "$seconds" >"$work/replay.yaml"
	"$rtloop" run -q "$work/replay.yaml" >"$work/run.out" 2>&1
	kill "${peers[@]}"
	wait "${peers[@]}" 2>/dev/null
	for _ in 1 2 3 4 5; do
		start=$EPOCHREALTIME
		if ! "$rtloop" replay "$work/replay.mcap" >"$work/replay.out" 2>&1; then
			note "BROKEN: $(tail -n 3 "$work/replay.out")"
			broken+=(replay)
			return
		fi
		ms=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", (b - a) * 1000 }')
		least=$(printf "%s\n" ${least:+"$least"} "$ms" | sort -n | head -n 1)
	done
	row "the whole command, the least of five" "$least" ms $((seconds * 1000 / 500))
	row "  of real time" "$(awk -v s="$seconds" -v ms="$least" 'BEGIN { printf "%.0f", s * 1000 / ms }')" times
}

# --- all of them -------------------------------------------------------------------------------------

parts=(ring writer stall program wake poll cycle gaps scale report replay)
if [ $# -gt 0 ]; then
	parts=("$@")
fi
for name in "${parts[@]}"; do
	if ! declare -F "part_$name" >/dev/null; then
		echo "bench.sh: no part '$name'" >&2
		exit 2
	fi
done

printf '%s on %s, %s, %s CPUs, %s\n' "$("$rtloop" version | head -n 1)" "$(uname -sr)" \
	"$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
	"load $(cut -d' ' -f1 /proc/loadavg)"
for name in "${parts[@]}"; do
	"part_$name"
done

jq -s --arg kernel "$(uname -r)" --arg date "$(date -u +%FT%TZ)" '{$date, $kernel, rows: .}' "$rows" \
	>"$BUILD/bench.json"
echo
missed=$(jq '[.rows[] | select(.met == false)] | length' "$BUILD/bench.json")
echo "$(jq '[.rows[] | select(.met == true)] | length' "$BUILD/bench.json") targets met, $missed missed;" \
	"also in $BUILD/bench.json"
if [ ${#broken[@]} -gt 0 ]; then
	echo "broken: $(printf '%s\n' "${broken[@]}" | sort -u | paste -sd " ")" >&2
	exit 1
fi
