#!/bin/bash
# Measure rtloop beside what it is to be measured by, and print each figure with its target. Figures of
# one table come from one run, in which the things compared take turns (A B A B ...): so their ratio is worth
# something on a machine that does other things too, and a figure alone is not.
#
# usage: BUILD=<absolute build folder> scripts/bench.sh [PART]...
#        PART: ring writer stall program wake poll cycle gaps report replay (default: all). BENCH_SECONDS=2 makes each part that short.
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
	for n in 0 1 16 64 256; do
		udp_config $n 1ms >"$work/idle.yaml"
		if ! per_cycle "$work/idle.yaml" 100 600; then
			cat "$work/run.out"
			broken+=(cycle)
			return
		fi
		row "$n idle" "$instructions" instr
		[ $n -ne 1 ] || idle_1=$instructions
	done
	row "256 idle / 1 idle" "$(ratio "$instructions" "$idle_1")" x 1.05
	for n in 16 256; do
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

# --- no gaps -------------------------------------------------------------------------------------------

# run_gaps WRITER PERIOD CHANNELS: of each of four devices; into $json.
run_gaps() {
	local seconds=${BENCH_SECONDS:-60} i channel
	{
		echo "loop: { period: $2, cpu: $cpu, priority: $priority }"
		echo "log: { file: gaps.mcap, writer: $1 }"
		echo "devices:"
		for i in 0 1 2 3; do
			echo "  s$i:"
			echo "    driver: sim"
			echo "    in:"
			for ((channel = 0; channel < $3; channel++)); do
				echo "      c$channel: { wave: noise, type: float, seed: $((16 * i + channel)) }"
			done
		done
	} >"$work/gaps.yaml"
	rm -f "$work/gaps.mcap"
	json=$(run_loop "$work/gaps.yaml" -D "$seconds")
}

check_gaps() {
	if ! "$rtloop" dump --check "$work/gaps.mcap" >"$work/check.out" 2>&1; then
		cat "$work/check.out"
		note "the log is not complete"
		broken+=(gaps)
	fi
}

part_gaps() {
	local kind json title writer period channels
	for kind in "write 100us 4" "uring 50us 16"; do
		read -r writer period channels <<<"$kind"
		title="a period of $period, $((4 * channels)) channels that change each cycle, writer $writer"
		table gaps "No gaps: $title, for ${BENCH_SECONDS:-60} s"
		if ! run_gaps "$writer" "$period" "$channels"; then
			broken+=(gaps)
			return
		fi
		row "$writer: cycles run" "$(field "$json" cycles)" cycles
		row "$writer: releases missed" "$(field "$json" missed)" releases
		row "$writer: cycles in gaps" "$(field "$json" log.cycles_in_gaps)" cycles 0
		row "$writer: log" "$(du -m "$work/gaps.mcap" | cut -f1)" MiB
		[ "$(field "$json" log.writer)" = "$writer" ] || note "$(field "$json" log.writer_note)"
		check_gaps
		rm -f "$work/gaps.mcap"
	done
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

parts=(ring writer stall program wake poll cycle gaps report replay)
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
