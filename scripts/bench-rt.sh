#!/bin/bash
# Measure rtloop on the testbed's PREEMPT_RT kernel by counting: the guest has one CPU, and its clock moves
# 2 ns with each instruction and not otherwise (QEMU's -icount). Nothing that the host does shows, and a
# second run gives the same table but for a per cent or so. It says how many instructions lie between a
# release and the cycle, and how many a cycle takes, kernel and all; of caches, buses and interrupts of
# hardware it knows nothing. All figures come from one boot.
#
# usage: BUILD=<absolute build folder> scripts/bench-rt.sh
. "$(dirname "$0")/usage.sh"
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1

BUILD=${BUILD:-$PWD/build}
root=$PWD
rtloop=$BUILD/rtloop
ns_per_instruction=2

if [ "${1:-}" != --inside ]; then
	exec scripts/vm/boot.sh --icount --timeout 900 -- env BUILD="$BUILD" scripts/bench-rt.sh --inside
fi

# --- in the guest -------------------------------------------------------------------------------------

work=/run/bench
mkdir -p $work
cd $work || exit 1
broken=0
period_us=1000
loops=5000
rounds=5

row() { # name value...
	local name=$1
	shift
	printf '  %-46s' "$name"
	printf ' %12s' "$@"
	printf '\n'
}

broken() {
	echo "  BROKEN: $*"
	broken=1
}

ratio() { # a b
	awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.3f", a / b; else print "-" }'
}

middle() { # numbers, an odd count of lines
	sort -g | awk '{ v[NR] = $1 } END { print v[(NR + 1) / 2] }'
}

# --- the pacers ---------------------------------------------------------------------------------------

loop_line() { # more options
	echo "loop: { period: ${period_us}us, cpu: 0, priority: 80$* }"
}

wake_cyclictest() {
	cyclictest -q -m -N -t1 -p80 -i$period_us -a0 -l $loops -h 1000000 |
		sed -n 's/^# Avg Latencies: 0*//p'
}

wake_pacer() { # pacer
	loop_line ", pacer: $1" >wake.yaml
	"$rtloop" run -q --require-rt --json run.json -l $loops wake.yaml >run.out 2>&1 || return 1
	jq '.latency.mean_ns | round' run.json
}

bench_wake() {
	local kinds=(cyclictest) kind value round verdict
	mapfile -t -O 1 kinds < <("$rtloop" drivers loop |
		sed -n 's/^ *pacer *\(.*\); default.*/\1/p' | sed 's/, \| or /\n/g')
	echo
	echo "Average wake-up latency: ${period_us} us, FIFO 80, the middle of $rounds rounds of $loops cycles"
	row "" ns "x cyclictest" target
	for ((round = 0; round < rounds; round++)); do
		for kind in "${kinds[@]}"; do
			case $kind in
			cyclictest) value=$(wake_cyclictest) ;;
			*) value=$(wake_pacer "$kind") ;;
			esac || broken "$kind: $(cat run.out)"
			echo "$value" >>"wake.$kind"
		done
	done
	for kind in "${kinds[@]}"; do
		value=$(middle <"wake.$kind")
		verdict=$(ratio "$value" "$(middle <wake.cyclictest)")
		case $kind in
		cyclictest) row "$kind" "$value" ;;
		nanosleep)
			row "$kind" "$value" "$verdict" "$(awk -v r="$verdict" \
				'BEGIN { print (r <= 1.05) ? "<= 1.05 met" : "<= 1.05 MISSED" }')"
			;;
		*) row "$kind" "$value" "$verdict" ;;
		esac
	done
}

# --- instructions ---------------------------------------------------------------------------------------

# "NS US": what the cycle thread has used so far, and when this was; nothing is started between the two.
usage_of() { # PID THREAD
	local used rest
	read -r used rest <"/proc/$1/task/$2/schedstat"
	echo "$used ${EPOCHREALTIME/./}"
}

# While the guest waits for the host, for a page of a file, its clock leaps: so what has to be there is
# waited for, and never for a time.
wait_for() { # command...
	local i
	for ((i = 0; i < 1000; i++)); do
		"$@" && return 0
		sleep 0.1
	done
	broken "waited in vain for: $*"
	return 1
}

# shellcheck disable=SC2317,SC2329 # called by wait_for
find_thread() { # PID; sets thread
	local task
	for task in /proc/"$1"/task/*; do
		if [ "$(cat "$task/comm" 2>/dev/null)" = rtloop-cycle ]; then
			thread=${task##*/}
			return 0
		fi
	done
	! kill -0 "$1" 2>/dev/null # it ended
}

# In which context the timer that the thread starts most often expires, by the kernel's own tracepoints: "hard" or "soft".
tracing=/sys/kernel/tracing
timer_of() { # THREAD
	echo "common_pid == $1" >$tracing/events/timer/hrtimer_start/filter
	echo 1 >$tracing/events/timer/hrtimer_start/enable
	echo 1 >$tracing/events/timer/hrtimer_expire_entry/enable
	echo 1 >$tracing/tracing_on
	sleep 0.2
	echo 0 >$tracing/tracing_on
	echo 0 >$tracing/events/timer/enable
	awk -v thread="$1" -f "$root/tests/rt/timer_context.awk" $tracing/trace |
		sort -rn | awk 'NR == 1 { print $2 }'
	echo >$tracing/trace
}

# Runs FILE for a while; sets in_cycle, from wake-up to the end of the record, in_all, with the wait: all that the
# thread is charged for; and timer, where that of its wait expires.
count_instructions() { # FILE
	local pid thread='' before after
	in_cycle=- in_all=- timer=-
	"$rtloop" run -q --json run.json "$1" >run.out 2>&1 &
	pid=$!
	wait_for find_thread $pid
	if [ -z "$thread" ]; then
		broken "$1: $(cat run.out)"
		return 1
	fi
	sleep 1
	before=$(usage_of $pid "$thread")
	sleep 5
	after=$(usage_of $pid "$thread")
	timer=$(timer_of "$thread")
	kill -INT $pid
	wait $pid || broken "$1: $(cat run.out)"
	in_all=$(echo "$before $after" | awk -v per=$ns_per_instruction -v period="$(jq .period_ns run.json)" \
		'{ printf "%.0f", ($3 - $1) / (($4 - $2) * 1000 / period) / per }')
	in_cycle=$(jq --argjson per $ns_per_instruction '(.busy.mean_ns + .record.mean_ns) / $per | round' run.json)
}

count_row() { # name FILE
	if count_instructions "$2"; then
		row "$1" "$in_cycle" "$in_all"
	fi
}

first_port=21000
udp_config() { # endpoints period
	local i
	period_us=$2 loop_line
	echo "devices:"
	for ((i = 0; i < $1; i++)); do
		echo "  d$i:"
		echo "    driver: udp"
		echo "    listen: \"127.0.0.1:$((first_port + i))\""
		echo "    in: { value: { byte: 0, bytes: 8, type: integer } }"
	done
	if [ "$1" -eq 0 ]; then
		echo "  {}"
	fi
}

datagrams_sent() {
	awk '/^Udp: [0-9]/ { print $5 }' /proc/net/snmp
}

# shellcheck disable=SC2317,SC2329 # called by wait_for
has_sent() { # count
	[ "$(datagrams_sent)" -ge "$1" ]
}

bench_endpoints() {
	local n load before
	echo
	echo "Instructions a cycle, kernel and all: N UDP endpoints, no log"
	row "" "the cycle" "with its wait"
	for n in 0 16 64; do
		udp_config $n 1000 >idle.yaml
		count_row "$n idle" idle.yaml
	done
	for n in 16 64; do
		udp_config $n 20000 >ready.yaml
		before=$(datagrams_sent)
		"$BUILD/tests/bench/udp_load" $first_port $n 20000 &
		load=$!
		wait_for has_sent $((before + n))
		count_row "$n with a datagram each" ready.yaml
		jq -r '"    that is \([.devices[].counts.frames] | add / $cycles * 100 | round / 100) datagrams a cycle"' \
			--argjson cycles "$(jq .cycles run.json)" run.json
		kill $load
		wait $load 2>/dev/null
	done
}

# --- each pacer with each poller --------------------------------------------------------------------------

pair_config() { # endpoints period pacer poller
	udp_config "$1" "$2" | sed "1s/ }/, pacer: $3, poller: $4 }/"
}

pair_row() { # PACER POLLER
	local idle load before where
	pair_config 16 1000 "$1" "$2" >pair.yaml
	count_instructions pair.yaml || return
	where=$timer
	idle=("$in_cycle" "$in_all")
	[ "$(jq -r '.pacer + "+" + .poller' run.json)" = "$1+$2" ] ||
		broken "$1 and $2: $(jq -r '.pacer_note + " " + .poller_note' run.json)"
	pair_config 16 20000 "$1" "$2" >pair.yaml
	before=$(datagrams_sent)
	"$BUILD/tests/bench/udp_load" $first_port 16 20000 &
	load=$!
	wait_for has_sent $((before + 16))
	count_instructions pair.yaml
	kill $load
	wait $load 2>/dev/null
	row "$1 + $2" "${idle[@]}" "$in_cycle" "$in_all" "$(jq -r .latency_of run.json | tr -d ' ')" "$where"
}

# With pacer and poller uring what arrives is received within the wait: only "with its wait" counts all.
bench_pairs() {
	local pacer poller
	echo
	echo "Instructions a cycle, kernel and all: 16 UDP endpoints, no log, and where the timer of the wait expires"
	row "" "idle: cycle" "with wait" "ready: cycle" "with wait" "latency of" "timer"
	for pacer in nanosleep timerfd uring; do
		for poller in epoll uring; do
			pair_row $pacer $poller
		done
	done
}

# --- a flood ----------------------------------------------------------------------------------------------

flood_port=21900
flood_config() { # budget
	loop_line
	echo "devices:"
	echo "  flood:"
	echo "    driver: udp"
	echo "    listen: \"127.0.0.1:$flood_port\""
	echo "    budget: $1"
	echo "    in: { sequence: { byte: 2, bytes: 4, order: big, type: integer } }"
}

flood_row() { # name budget
	flood_config "$2" >flood.yaml
	if ! "$rtloop" run -q --require-rt --json run.json -l $loops flood.yaml >run.out 2>&1; then
		broken "flood: $(cat run.out)"
		return
	fi
	mapfile -t figures < <(jq '.latency.mean_ns, .latency.max_ns, .read.mean_ns, .read.max_ns | round' run.json)
	row "$1" "${figures[@]}"
}

# What receiving shares with the network's softirq: on PREEMPT_RT a lock for each CPU, whose holder is
# boosted and has to be waited for.
bench_flood() {
	local before sensor
	echo
	echo "A UDP flood sent on the cycle's own CPU, $loops cycles: ns"
	row "" latency "at most" read "at most"
	flood_row "no flood" 1
	before=$(datagrams_sent)
	"$BUILD/tests/peers/sensor" --flood --duration 1000 $flood_port &
	sensor=$!
	wait_for has_sent $((before + 100))
	flood_row "flood, 1 datagram a cycle taken" 1
	flood_row "flood, 16 datagrams a cycle taken" 16
	kill $sensor
	wait $sensor 2>/dev/null
}

# --- lines of a gpio-sim chip ---------------------------------------------------------------------------

gpio_config() { # lines each|all
	local i
	loop_line
	echo "devices:"
	echo "  panel:"
	echo "    driver: gpio"
	echo "    chip: $chip"
	echo "    read: $2"
	echo "    in:"
	for ((i = 0; i < $1; i++)); do
		echo "      l$i: { line: $i }"
	done
}

bench_gpio() {
	local n how sim=/sys/kernel/config/gpio-sim/bench
	echo
	echo "Instructions a cycle, kernel and all: N levels of a gpio-sim chip, no log"
	if ! "$rtloop" drivers gpio >/dev/null 2>&1; then
		echo "  not measured: this rtloop is built without libgpiod"
		return
	fi
	mkdir -p $sim/bank
	echo 64 >$sim/bank/num_lines
	echo 1 >$sim/live
	chip=$(cat $sim/bank/chip_name)
	row "" "the cycle" "with its wait"
	for n in 8 64; do
		for how in each all; do
			gpio_config $n $how >gpio.yaml
			count_row "$n lines, read: $how" gpio.yaml
		done
	done
	echo 0 >$sim/live
}

echo "$("$rtloop" version | head -n 1) on $(uname -srv), counting instructions"
bench_wake
bench_endpoints
bench_pairs
bench_flood
bench_gpio
exit $broken
