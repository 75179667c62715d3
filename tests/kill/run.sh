#!/bin/bash
# kill -9 at random moments: what rtloop recover makes of the logs is whole, and holds every whole message that the
# kernel was given.
#
# usage: BUILD=<absolute build folder> tests/kill/run.sh [COUNT [SEED [FIRST]]]		(default: 1000, any, 0)
#
# Runs of several configurations are killed, COUNT of them, from before their log's first byte up to its last; those
# that had ended before are not counted. SEED and a number say which configuration it is and when it is killed; what the
# kernel does meanwhile they do not say. A failure prints the command that runs that number again. KILL_JOBS runs so many
# at a time (twice the CPUs), KILL_FOLDER is where the logs are (/dev/shm, where it can be written: a machine has other
# tests for its disk).
#
# Each newest log is recovered a second time after it was cut off at a random byte, as a write that was cut short leaves it.
#
# The writers (write, uring, aio) take turns.
#
# The bound: of a log that was killed nothing is lost that the kernel has taken. So each whole
# message in LOG, counted by a program that shares no code with rtloop, must be in OUT, bit for bit, and no other. What is
# lost is what was not written yet: at most what fits into the ring, the writer's queue and one chunk, and nothing that is older
# than half of log: sync:, as long as the logger gets to run.
. "$(dirname "$0")/../../scripts/usage.sh"
set -u
export LC_ALL=C
cd "$(dirname "$0")/../.." || exit 1

count=${1:-1000}
seed=${2:-$((SRANDOM % 1000000))}
first=${3:-0}
BUILD=${BUILD:-$PWD/build}
RTLOOP=${RTLOOP:-$BUILD/rtloop}
peers=$BUILD/tests/peers
jobs=${KILL_JOBS:-$((2 * $(nproc)))}
[ "$jobs" -le "$count" ] || jobs=$count

if [ -z "${KILL_FOLDER:-}" ]; then
	KILL_FOLDER=/dev/shm
	[ -w /dev/shm ] || KILL_FOLDER=${TMPDIR:-/tmp}
fi
folder=$(mktemp -d "$KILL_FOLDER/rtloop-kill.XXXXXX") || exit 1
workers=()
# shellcheck disable=SC2329 # called by the trap
clean_up() {
	[ ${#workers[@]} -eq 0 ] || kill "${workers[@]}" 2>/dev/null
	wait
	rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# --- the configurations -------------------------------------------------------------------------------

kinds=(small timed rotated logic wide)

# channels COUNT
channels() {
	local i
	for ((i = 0; i < $1; i++)); do
		echo "      c$i: { wave: noise, amplitude: 5, type: float }"
	done
}

# write_config KIND: KIND.yaml; sets the number of cycles that a whole run has.
write_config() {
	local log logic='' width=4
	cycles=400
	case $1 in
	small) log="file: small.mcap, chunk: 4KiB, sync: 10ms" ;;
	# a chunk that never fills: only time brings it to the disk
	timed) log="file: timed.mcap, chunk: 4MiB, sync: 20ms" ;;
	rotated)
		log="dir: rotated, chunk: 4KiB, rotate: 64KiB, keep: 256KiB, sync: 20ms"
		width=16
		;;
	logic)
		log="dir: logic, chunk: 16KiB, rotate: 64KiB, sync: 40ms"
		logic=$'params: { k: { value: 2.0 } }\nvars: { sum: 0.0 }\nprogram: |\n  sum := sum + k * oven.c0\n'
		width=8
		;;
	# what one write brings is long: these are killed inside of it
	wide)
		log="file: wide.mcap, chunk: 512KiB, ring: 4MiB"
		width=200
		cycles=1500
		;;
	esac
	{
		echo "loop: { period: 250us, priority: 0 }"
		echo "log: { $log, writer: write }"
		printf 'devices:\n  oven:\n    driver: sim\n    in:\n'
		channels $width
		printf '%s' "$logic"
	} >"$1.yaml"
}

# --- one of them --------------------------------------------------------------------------------------

fail() { # TEXT
	local kept=$BUILD/tests/kill
	echo "FAILED: number $number ($kind): $*"
	echo "again: tests/kill/run.sh 1 $seed $number"
	mkdir -p "$kept"
	rm -rf "${kept:?}/$number-$BASHPID"
	cp -r . "$kept/$number-$BASHPID"
	echo "its files: $kept/$number-$BASHPID"
	touch "$folder/failed"
}

logs_of_kind() {
	find . -path "./$kind*.mcap" | sort
}

remove_logs() {
	rm -rf "$kind" ./*.mcap ./*.out
}

# recover_one LOG: adds to outs what became of it.
recover_one() {
	local log=$1 status expected said state
	rm -f one.out
	"$RTLOOP" recover "$log" -o one.out >recover.txt 2>&1
	status=$?
	if [ -e one.out ]; then
		said=$("$peers/same_messages" "$log" one.out 2>compare.txt) ||
			fail "OUT of $log is another log: $(cat compare.txt)"
	else
		said=$("$peers/same_messages" "$log")
	fi
	state=${said% *}
	case $state in
	none) expected=1 ;;
	whole) expected=0 ;;
	*) expected=3 ;;
	esac
	[ $status -eq $expected ] || fail "recover $log ($said): exit status $status, not $expected: $(tail -n 3 recover.txt)"
	echo "$state" >>states
	[ "$kind" != timed ] || [ "${said#* }" = 0 ] || echo timed_messages >>states
	if [ -e one.out ]; then
		mv one.out ${#outs[@]}.out
		outs+=(${#outs[@]}.out)
	fi
}

# The kernel is rarely in the middle of a write. So the newest log is cut off besides, somewhere in what was written last.
cut_off() { # LOG
	local bytes span
	bytes=$(stat -c %s "$1")
	span=$((bytes < 65536 ? bytes : 65536))
	truncate -s $((bytes - (RANDOM * 32768 + RANDOM) % (span + 1))) "$1"
}

check_logs() {
	local log outs=() logs=()
	mapfile -t logs < <(logs_of_kind)
	[ ${#logs[@]} -gt 0 ] || echo before >>states
	for log in "${logs[@]}"; do
		recover_one "$log"
	done
	[ ${#outs[@]} -eq 0 ] || "$RTLOOP" dump --check "${outs[@]}" >check.txt 2>&1 ||
		fail "what was recovered is not right: $(cat check.txt)"
	if [ ${#logs[@]} -gt 0 ]; then
		cut_off "${logs[-1]}"
		outs=()
		recover_one "${logs[-1]}"
		[ ${#outs[@]} -eq 0 ] || "$RTLOOP" dump --check "${outs[@]}" >check.txt 2>&1 ||
			fail "what was recovered of a log cut off is not right: $(cat check.txt)"
	fi
}

run_and_kill() { # MOMENT
	RUNTIME_DIRECTORY=$PWD "$peers/kill_at" "$1" "$RTLOOP" run -q -l "${cycles_of[$kind]}" "$kind.yaml"
}

# How long a whole run takes, from its start to its end, is measured first.
declare -A cycles_of span_us_of
prepare() {
	for kind in "${kinds[@]}"; do
		write_config "$kind"
		cycles_of[$kind]=$cycles
		span_us_of[$kind]=$(run_and_kill 120000000)
		[ $? -eq 3 ] || fail "a run that nobody kills does not end well"
		check_logs
		remove_logs
	done
	rm -f states
}

# Of the same kind, each writer in its turn.
set_writer() { # NUMBER
	local writers=(write uring aio)
	sed -i "s/writer: [a-z]*/writer: ${writers[$1 / ${#kinds[@]} % 3]}/" "$kind.yaml"
}

# When number NUMBER dies, by the seed alone: a part of the run's time, or of what it writes.
moment_of() { # NUMBER
	RANDOM=$((seed * 31 + $1 * 1009))
	local part=$((RANDOM * 32768 + RANDOM))
	if [ "$kind" = wide ]; then
		echo "$((part * 2000000 / 1073741824)):wide.mcap"
	else
		echo $((span_us_of[$kind] * 11 * part / 10737418240))
	fi
}

work() { # WORKER
	local killed=0 number share=$(((count - $1 - 1) / jobs + 1))
	mkdir "$folder/$1" && cd "$folder/$1" || exit 1
	number=prepare
	prepare
	for ((number = first + $1; killed < share && number < first + $1 + 10 * count * jobs; number += jobs)); do
		[ ! -e "$folder/failed" ] || return
		kind=${kinds[number % ${#kinds[@]}]}
		set_writer $number
		if run_and_kill "$(moment_of $number)" >/dev/null 2>run.txt; then
			killed=$((killed + 1))
			check_logs
			[ -e "$folder/failed" ] || echo killed >>states
		elif [ -s run.txt ]; then
			fail "$(cat run.txt)"
		fi
		remove_logs
	done
}

started=$SECONDS
echo "kill -9: $count times, seed $seed, $jobs at a time, in $KILL_FOLDER"
for ((worker = 0; worker < jobs; worker++)); do
	work $worker &
	workers+=($!)
done
wait
workers=()
states=$(cat "$folder"/*/states 2>/dev/null)
of() { # STATE
	grep -cx "$1" <<<"$states"
}
echo "$(of killed) runs killed in $((SECONDS - started)) s: $(of before) before there was a log; of the logs" \
	"$(of none) without a header, $(of open) between two records, $(of torn) inside a chunk, $(of whole) whole"
failed=0
[ ! -e "$folder/failed" ] || failed=1
if [ $failed -eq 0 ] && [ "$(of killed)" -lt "$count" ]; then
	echo "FAILED: only $(of killed) runs could be killed before their end"
	failed=1
fi
# Of a chunk that never fills, only time brings anything to the disk: in none of many, it does not.
if [ $failed -eq 0 ] && [ "$count" -ge 100 ] && [ "$(of timed_messages)" -eq 0 ]; then
	echo "FAILED: nothing was written on account of log: sync:"
	failed=1
fi
echo "$(of killed) passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
