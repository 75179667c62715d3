#!/bin/bash
# The integration suite with clang's RealtimeSanitizer: what the compiler cannot see of a call, the sanitizer stops
# at run time. Whatever a function marked RT_SAFE calls may not allocate, lock or block; the few calls of the kernel that
# the cycle makes are let through by name, in rtloop/base/sys.c. Before that faults are planted: each must be found.
#
# usage: rtsan.sh [--find]	(--find: only print the compiler that would be used)
#        TESTS="..." runs only these; the last line is "N passed, N failed, N skipped".
. "$(dirname "$0")/usage.sh"
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1

# Those in which no cycle runs but such as run in others, or that ask nothing of the cycle; test_seal, whose
# plugin does on purpose what is stopped here; and test_simulator, whose kernel is a part of the program, and allocates.
without="test_bad_configs test_command_line test_dump test_install test_manual_pages test_mcap_reference"
without+=" test_measure test_plots test_recover test_reference test_replay test_report test_rotation test_seal"
without+=" test_simulator test_usage"

find_compiler() {
	local name
	name=$(scripts/check-rt.sh --find) || return 1
	if ! echo 'int main(void) { return 0; }' |
		"$name" -fsanitize=realtime -x c -o /dev/null - 2>/dev/null; then
		echo "rtsan.sh: $name has no RealtimeSanitizer (Debian 12: libclang-rt-22-dev)" >&2
		return 1
	fi
	echo "$name"
}

compiler=$(find_compiler) || exit 1
if [ "${1:-}" = --find ]; then
	echo "$compiler"
	exit 0
fi

build=${BUILD:-build}
build=$(realpath -m "$build")/rtsan
# Some tests call make by themselves: they are to find nothing that has to be built anew.
if command -v ccache >/dev/null; then
	compiler="ccache $compiler"
fi
export CC=$compiler SANITIZE=realtime
make -s -j"$(nproc)" BUILD="$build" all peers sites "$build/librtloop.a" || exit 1

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
found=0 missed=0

# --- planted faults ----------------------------------------------------------------------------------

# A program with a statement in the udp driver's receive(). The first definition that is linked is taken.
plant() { # NAME STATEMENT
	local flags libraries
	awk -v statement="$2" '
		/^#include/ && !done { print "#include <fcntl.h>\n#include <pthread.h>\n#include <unistd.h>"; done = 1 }
		/^static void udp_receive\(/ { on = 1 }
		{ print }
		on && /^{/ { print "\t" statement; on = 0 }
	' drivers/udp.c >"$scratch/$1.c"
	grep -qF "$2" "$scratch/$1.c" || return 1
	read -ra flags <<<"-std=gnu11 -D_GNU_SOURCE -I. -fPIE -O1 -g $(make -s print-library-flags)"
	read -ra libraries <<<"$(make -s print-libraries)"
	# shellcheck disable=SC2086 # the compiler is words
	$compiler "${flags[@]}" -fsanitize=realtime -c -o "$scratch/$1.o" "$scratch/$1.c" &&
		$compiler -fsanitize=realtime -pthread -pie -o "$scratch/$1" "$build/obj/rtloop/main.o" \
			"$scratch/$1.o" "$build/librtloop.a" "${libraries[@]}"
}

cat >"$scratch/planted.yaml" <<END
loop: { period: 2ms, duration: 60s }
control: false
devices: { flow: { driver: udp, listen: "127.0.0.1:47490", in: { a: { byte: 2, bytes: 4 } } } }
END

# The functions of a report, which has addresses where no symbolizer is installed.
functions() { # NAME
	grep -oE "/$1\+0x[0-9a-f]+" "$scratch/output" | sed 's/.*+//' | addr2line -f -e "$scratch/$1"
}

# It must end at the first datagram, with the sanitizer's status, and say what was called from where; and the compiler
# must see it too.
expect_found() { # NAME CALL STATEMENT
	local sensor status compiler_flags
	if ! plant "$1" "$3"; then
		echo "FAIL  planted/$1: cannot be built"
		missed=$((missed + 1))
		return
	fi
	"$build/tests/peers/sensor" --rate 100 47490 &
	sensor=$!
	RTSAN_OPTIONS=halt_on_error=1:exitcode=43 timeout 100 "$scratch/$1" run -q "$scratch/planted.yaml" \
		>"$scratch/output" 2>&1
	status=$?
	kill $sensor
	wait $sensor 2>/dev/null
	read -ra compiler_flags <<<"-std=gnu11 -D_GNU_SOURCE -I. $(make -s print-library-flags)"
	# shellcheck disable=SC2086
	if [ $status -ne 43 ] || ! grep -q "unsafe-library-call" "$scratch/output" ||
		! grep -q "$2" "$scratch/output" || ! functions "$1" | grep -qx udp_receive; then
		echo "FAIL  planted/$1: status $status; not found by the sanitizer"
		sed 's/^/      | /' "$scratch/output"
		missed=$((missed + 1))
	elif $compiler "${compiler_flags[@]}" -fsyntax-only -Werror=function-effects "$scratch/$1.c" 2>/dev/null; then
		echo "FAIL  planted/$1: the compiler sees nothing wrong in it"
		missed=$((missed + 1))
	else
		echo "ok    planted/$1: found by the compiler, and in a run"
		found=$((found + 1))
	fi
}

plant_all() {
	expect_found malloc malloc 'void *volatile block = malloc(64); free(block);'
	expect_found lock pthread_mutex_lock \
		'static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; pthread_mutex_lock(&lock); pthread_mutex_unlock(&lock);'
	expect_found open open 'close(open("/dev/null", O_RDONLY));'
}

# --- the suite ---------------------------------------------------------------------------------------

# A network of its own, where that may be had: some tests use fixed ports.
alone=()
if unshare -n true 2>/dev/null; then
	alone=(unshare -n sh -c 'ip link set lo up 2>/dev/null; exec "$@"' sh)
fi

run_tests() { # NUMBER
	local output=$scratch/tests.$1
	BUILD=$build EXCEPT=$without TEST_ROOT=$build/tests/tmp.$1 TEST_OUTPUT=$build/tests/output.$1 \
		TEST_CLAIMS=$scratch/claims TEST_ORDER=$([ "$1" = 1 ] || echo reverse) \
		TEST_TIMEOUT_S=${TEST_TIMEOUT_S:-300} WAIT_S=${WAIT_S:-150} \
		RTSAN_OPTIONS=halt_on_error=1:exitcode=43:log_path=$scratch/reports/found \
		"${alone[@]}" tests/run.sh integration 2>&1 | tee "$output" | grep --line-buffered -v '^[0-9]* passed, '
}

mkdir "$scratch/claims" "$scratch/reports"
if [ -z "${TESTS:-}" ]; then
	plant_all
fi
if [ ${#alone[@]} -gt 0 ]; then
	run_tests 1 &
	run_tests 2
	wait
else
	run_tests 1
fi

passed=$found failed=$missed skipped=0
for file in "$scratch"/tests.*; do
	if [[ $(tail -n 1 "$file") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
		skipped=$((skipped + BASH_REMATCH[3]))
	else
		failed=$((failed + 1))
	fi
done
# A test that did not look at the status of its run has not hidden it.
for file in "$scratch"/reports/*; do
	if [ -s "$file" ]; then
		failed=$((failed + 1))
		cat "$file"
	fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
