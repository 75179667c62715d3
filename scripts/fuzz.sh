#!/bin/bash
# Let libFuzzer make up inputs for the targets that are built: tests/fuzz/fuzz_X.c is the target X.
#
# usage: BUILD=<absolute build folder> fuzz.sh short|long|merge
#        short: the inputs that are kept in tests/fuzz/corpus, then FUZZ_SECONDS (4) of new ones
#        long:  new ones for FUZZ_SECONDS (600) a target, on from where the last time ended
#        merge: put into tests/fuzz/corpus what of the new ones reaches something that the kept ones do not
#        FUZZ_TARGETS="frame log": only these; RTLOOP_FUZZ_RUNS=N: so many inputs, in place of seconds;
#        FUZZ_JOBS=N: so many targets at a time, as many as there are CPUs by default
#
# Broken is a target that crashes, breaks a promise of its own, leaks, takes a minute for one input or more than
# 512 MiB. The input is left in BUILD/found, and goes into the corpus with what mends it. The last line is
# "N passed, N failed, N skipped", one a target.
. "$(dirname "$0")/usage.sh"
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1

BUILD=${BUILD:-$PWD/build/fuzz}
mode=${1:-short}
case $mode in
short) seconds=${FUZZ_SECONDS:-4} ;;
long) seconds=${FUZZ_SECONDS:-600} ;;
merge) seconds=0 ;;
*)
	echo "fuzz.sh: '$mode' is none of short, long and merge" >&2
	exit 2
	;;
esac
found=$BUILD/found
grown=$BUILD/corpus
logs=$BUILD/logs
mkdir -p "$found" "$grown" "$logs"
limits=(-timeout=60 -rss_limit_mb=512 -malloc_limit_mb=256 -close_fd_mask=3 -print_final_stats=1 -verbosity=1)
amount=(-max_total_time="$seconds")
if [ -n "${RTLOOP_FUZZ_RUNS:-}" ]; then
	amount=(-runs="$RTLOOP_FUZZ_RUNS")
fi

targets=()
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	name=${name#fuzz_}
	if [ -z "${FUZZ_TARGETS:-}" ] || [[ " $FUZZ_TARGETS " == *" $name "* ]]; then
		targets+=("$name")
	fi
done
if [ ${#targets[@]} -eq 0 ]; then
	echo "fuzz.sh: no target is called '$FUZZ_TARGETS'" >&2
	exit 2
fi

# What is kept is run first, as it is: an input that once broke something is a test.
run_target() { # target
	local program=$BUILD/tests/fuzz/fuzz_$1 kept=tests/fuzz/corpus/$1
	local options=("${limits[@]}" -artifact_prefix="$found/$1-")

	"$program" "${options[@]}" -runs=0 "$kept" || return 1
	mkdir -p "$grown/$1"
	if [ "$mode" = short ]; then
		"$program" "${options[@]}" "${amount[@]}" -reduce_inputs=0 "$kept"
	else
		"$program" "${options[@]}" "${amount[@]}" "$grown/$1" "$kept"
	fi
}

executions() { # target
	awk '/stat::number_of_executed_units/ { n += $2 } END { print n + 0 }' "$logs/$1.log"
}

tell() { # target status seconds
	local count
	count=$(executions "$1")
	echo "$(date +%F) $1 $count" >>"$BUILD/executions"
	if [ "$2" -eq 0 ]; then
		printf 'ok    fuzz/%-10s %10d executions, %d s\n' "$1" "$count" "$3"
		return 0
	fi
	printf 'FAIL  fuzz/%-10s after %d executions; the input is in %s\n' "$1" "$count" "$found"
	sed -n '/ERROR\|runtime error\|broken:/,$p' "$logs/$1.log" | head -n 40 | sed 's/^/      | /'
	return 1
}

one() { # target
	local before=$SECONDS status

	run_target "$1" >"$logs/$1.log" 2>&1
	status=$?
	tell "$1" $status $((SECONDS - before))
}

merge() { # target
	local program=$BUILD/tests/fuzz/fuzz_$1 kept=tests/fuzz/corpus/$1

	mkdir -p "$kept" "$grown/$1"
	"$program" "${limits[@]}" -merge=1 "$kept" "$grown/$1" >"$logs/$1.log" 2>&1
	echo "$1: $(find "$kept" -type f | wc -l) inputs, $(du -bs "$kept" | cut -f 1) bytes"
}

if [ "$mode" = merge ]; then
	for target in "${targets[@]}"; do
		merge "$target"
	done
	exit
fi

# On a terminal: how many of each so far, every few seconds.
progress() {
	while sleep 5; do
		printf '\r\e[K%s' "$(for log in "$logs"/*.log; do
			printf '%s %s  ' "$(basename "$log" .log)" "$(grep -oE '^#[0-9]+' "$log" | tail -n 1)"
		done)"
	done
}
watcher=
if [ -t 1 ]; then
	rm -f "$logs"/*.log
	progress &
	watcher=$!
fi
end() {
	if [ -n "$watcher" ]; then
		kill "$watcher" 2>/dev/null
		printf '\r\e[K'
	fi
}
trap end EXIT
trap 'exit 130' INT TERM

passed=0 failed=0
jobs=${FUZZ_JOBS:-$(nproc)}
results=$(mktemp)
for target in "${targets[@]}"; do
	while [ "$(jobs -rp | grep -vcx "${watcher:-none}")" -ge "$jobs" ]; do
		wait -n
	done
	{
		one "$target"
		echo $? >>"$results"
	} &
done
for pid in $(jobs -rp); do
	if [ "$pid" != "$watcher" ]; then
		wait "$pid"
	fi
done
passed=$(grep -cx 0 "$results")
failed=$((${#targets[@]} - passed))
rm -f "$results"
echo
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
