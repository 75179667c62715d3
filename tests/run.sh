#!/bin/bash
# Run the tests that are built and count them one by one.
#
# usage: BUILD=<absolute build folder> tests/run.sh unit|integration|rt...
#        TESTS="test_ring test_dump" runs only these, EXCEPT="test_ring rt/test_fault" all but these, where
#        a name without its kind means all of that name; TEST_TIMEOUT_S=120 is one program's limit;
#        TEST_ROOT=FOLDER is where each gets its TEST_TMP, TEST_OUTPUT=FOLDER where what they print is kept.
#        TEST_CLAIMS=FOLDER: shared with another run, each test goes to the first to claim it;
#        TEST_ORDER=reverse begins at the other end. TEST_AGAIN=3: so many tests that fail may be run once more, at
#        once; those that pass then are named at the end. WAYS=uring+uring: every run of a script has this pacer and
#        this poller, whatever its configuration says.
#
# A unit program is a cmocka program: it is run with TAP output, so that each of its tests counts. One
# that skips prints the reason as the line before skip(). An integration test is a script
# tests/integration/test_*.sh and counts once: exit 0 passed, 77 skipped with the reason as its last
# line, anything else failed. It is given RTLOOP, BUILD, TEST_TMP (an empty folder) and TEST_DATA. So is
# one of tests/rt, which is for the testbed: `make test-rt` runs it there.
#
# The last line is "N passed, N failed, N skipped"; the exit status is 1 if any failed.
. "$(dirname "$0")/../scripts/usage.sh"
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1

BUILD=${BUILD:-$PWD/build}
export BUILD
export RTLOOP=$BUILD/rtloop
if [ -n "${WAYS:-}" ]; then
	export WAYS RTLOOP=$PWD/tests/ways.sh
fi
export TEST_DATA=$PWD/tests/data
limit_s=${TEST_TIMEOUT_S:-120}
read -ra runner <<<"${TEST_RUNNER:-}" # what runs a unit program that is not for this machine
tmp_root=${TEST_ROOT:-$BUILD/tests/tmp}
output_root=${TEST_OUTPUT:-$BUILD/tests/output}
times_file=$output_root/times

passed=0 failed=0 skipped=0
skip_lines=()
fail_lines=()
again_lines=()
again_left=${TEST_AGAIN:-0}

red='' green='' yellow='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' plain=$'\e[0m'
fi

now_ms() {
	local now=${EPOCHREALTIME/./}
	echo $((now / 1000))
}

# --- what to run -------------------------------------------------------------------------------------

names=()
declare -A file_of kind_of last_ms

add_tests() { # kind file...
	local kind=$1 file name
	shift
	for file in "$@"; do
		name=$(basename "$file" .sh)
		name=$(basename "$name" .c)
		if [ -n "${TESTS:-}" ] && [[ " $TESTS " != *" $name "* ]]; then
			continue
		fi
		if [[ " ${EXCEPT:-} " == *" $name "* || " ${EXCEPT:-} " == *" $kind/$name "* ]]; then
			continue
		fi
		names+=("$kind/$name")
		kind_of[$kind/$name]=$kind
		file_of[$kind/$name]=$file
	done
}

shopt -s nullglob
for kind in "$@"; do
	case $kind in
	unit)
		add_tests unit tests/unit/test_*.c
		;;
	integration)
		add_tests integration tests/integration/test_*.sh
		;;
	rt)
		add_tests rt tests/rt/test_*.sh
		;;
	*)
		echo "tests/run.sh: '$kind' is neither unit, integration nor rt" >&2
		exit 2
		;;
	esac
done
if [ ${#names[@]} -eq 0 ]; then
	echo "tests/run.sh: no test to run" >&2
	exit 2
fi

mkdir -p "$output_root"
rm -rf "$tmp_root"
if [ -r "$times_file" ]; then
	while read -r name ms; do
		last_ms[$name]=$ms
	done <"$times_file"
fi

# --- the progress line: on a terminal, once two seconds have passed ----------------------------------

start_ms=$(now_ms)

# Time left, from how long each took the last time; 500 ms where that is not known.
left_s() { # index of the first test that is not done
	local i sum=0
	for ((i = $1; i < ${#names[@]}; i++)); do
		sum=$((sum + ${last_ms[${names[i]}]:-500}))
	done
	echo $(((sum + 999) / 1000))
}

progress() { # index
	if [ -t 1 ] && [ $(($(now_ms) - start_ms)) -ge 2000 ]; then
		printf '\r\e[K%d of %d  %s  about %d s left' \
			"$1" "${#names[@]}" "${names[$1]}" "$(left_s "$1")"
	fi
}

progress_clear() {
	if [ -t 1 ]; then
		printf '\r\e[K'
	fi
}

# --- one test ----------------------------------------------------------------------------------------

report() { # colour word name text
	progress_clear
	printf '%s%-4s%s  %-38s  %s\n' "$1" "$2" "$plain" "$3" "$4"
}

# No input, so that nothing waits for a person. timeout makes a process group of it, so that the end
# reaches its children too, which Ctrl-C then does not: hence interrupted().
running=
run_limited() { # output command...
	local output=$1
	shift
	timeout --kill-after=5 "$limit_s" "$@" >"$output" 2>&1 </dev/null &
	running=$!
	{ wait "$running"; } 2>/dev/null
}

interrupted() {
	progress_clear
	if [ -n "$running" ]; then
		kill "$running" 2>/dev/null
	fi
	exit 130
}

why_it_ended() { # status ms
	if [ "$2" -ge $((limit_s * 1000)) ]; then
		echo "timed out after $limit_s s"
		return
	fi
	case $1 in
	13[0-9] | 14[0-9] | 15[0-9]) echo "killed by signal $(($1 - 128))" ;;
	*) echo "exit status $1" ;;
	esac
}

record_failure() { # name output why ms
	report "$red" FAIL "$1" "$3, $4 ms"
	fail_lines+=("$1: $3")
	sed 's/^/      | /' "$2"
}

run_unit() { # name
	local name=$1 output=$output_root/${1##*/}.txt before status
	local plan bad skip good lost ms why reason='' line
	local program=$BUILD/tests/unit/${name##*/}

	before=$(now_ms)
	CMOCKA_MESSAGE_OUTPUT=TAP run_limited "$output" "${runner[@]}" "$program"
	status=$?
	ms=$(($(now_ms) - before))
	last_ms[$name]=$ms

	plan=$(sed -n 's/^1\.\.\([0-9]\{1,\}\)$/\1/p' "$output" | awk '{ n += $1 } END { print n + 0 }')
	bad=$(grep -cE 'not ok [1-9][0-9]* - ' "$output")
	skip=$(grep -cE 'not ok [1-9][0-9]* # SKIP ' "$output")
	good=$(($(grep -cE 'ok [1-9][0-9]* - ' "$output") - bad))
	# What was announced and never came counts as failed: the program died, or a group's set-up did.
	lost=$((plan - good - bad - skip))
	bad=$((bad + (lost > 0 ? lost : 0)))
	why="$bad failed of $plan, $(why_it_ended $status $ms)"
	if [ "$bad" -eq 0 ] && { [ $status -ne 0 ] || [ "$plan" -eq 0 ]; }; then
		bad=1
		why="$plan tests announced, $(why_it_ended $status $ms)"
	fi
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
	if [ "$bad" -gt 0 ]; then
		record_failure "$name" "$output" "$why" $ms
	else
		report "$green" ok "$name" "$good tests, $ms ms"
	fi
	while IFS= read -r line; do
		if [[ $line =~ not\ ok\ [0-9]+\ \#\ SKIP\ (.*) ]]; then
			skip_lines+=("$name: ${BASH_REMATCH[1]}: ${reason:-no reason given}")
		fi
		reason=$line
	done <"$output"
}

run_script() { # name
	local name=$1 output=$output_root/${1##*/}.txt before status ms

	export TEST_TMP=$tmp_root/${name##*/}
	mkdir -p "$TEST_TMP"
	before=$(now_ms)
	run_limited "$output" bash "${file_of[$name]}"
	status=$?
	ms=$(($(now_ms) - before))
	last_ms[$name]=$ms

	case $status in
	0)
		passed=$((passed + 1))
		report "$green" ok "$name" "$ms ms"
		;;
	77)
		skipped=$((skipped + 1))
		report "$yellow" skip "$name" "$(tail -n 1 "$output")"
		skip_lines+=("$name: $(tail -n 1 "$output")")
		;;
	*)
		failed=$((failed + 1))
		record_failure "$name" "$output" "$(why_it_ended $status $ms)" $ms
		return
		;;
	esac
	rm -rf "$TEST_TMP"
}

# --- all of them -------------------------------------------------------------------------------------

if [ "${TEST_ORDER:-}" = reverse ]; then
	mapfile -t names < <(printf '%s\n' "${names[@]}" | tac)
fi
is_taken() { # name
	[ -n "${TEST_CLAIMS:-}" ] && ! mkdir "$TEST_CLAIMS/${1/\//-}" 2>/dev/null
}

run_test() { # name
	case ${kind_of[$1]} in
	unit) run_unit "$1" ;;
	*) run_script "$1" ;;
	esac
}

# As if it had not been run yet.
run_test_again() { # name passed failed skipped skip-lines
	local why=${fail_lines[-1]}
	passed=$2 failed=$3 skipped=$4
	skip_lines=("${skip_lines[@]:0:$5}")
	unset 'fail_lines[-1]'
	again_left=$((again_left - 1))
	rm -rf "${tmp_root:?}/${1##*/}"
	run_test "$1"
	if [ "$failed" -eq "$3" ]; then
		again_lines+=("$why")
	fi
}

trap interrupted INT TERM
for i in "${!names[@]}"; do
	if is_taken "${names[i]}"; then
		continue
	fi
	progress "$i"
	counts=("$passed" "$failed" "$skipped" "${#skip_lines[@]}")
	run_test "${names[i]}"
	if [ "$failed" -gt "${counts[1]}" ] && [ "$again_left" -gt 0 ]; then
		run_test_again "${names[i]}" "${counts[@]}"
	fi
done

for name in "${!last_ms[@]}"; do
	echo "$name ${last_ms[$name]}"
done >"$times_file"

echo
for line in "${skip_lines[@]}"; do
	echo "${yellow}skipped$plain  $line"
done
for line in "${again_lines[@]}"; do
	echo "${yellow}again$plain    $line; it passed when it was run again"
done
for line in "${fail_lines[@]}"; do
	echo "${red}failed$plain   $line"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
