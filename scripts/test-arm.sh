#!/bin/bash
# Build for 64-bit and 32-bit Arm, and run under qemu's user emulation: each unit test, and the program
# on a small job, whose log this machine's own rtloop then reads.
#
# usage: BUILD=<absolute build folder> scripts/test-arm.sh [arm64|armhf]...	(both by default)
#
# The emulator hands system calls to this machine's kernel; a test of what it does not hand on says so
# and is skipped. What is checked beside the unit tests counts as a test each. The last line is
# "N passed, N failed, N skipped" of all, the exit status 1 if any failed.
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1

host=${BUILD:-$PWD/build}
passed=0 failed=0 skipped=0

# Sets triplet, runner and what a program for it must say of itself.
choose() { # architecture
	case $1 in
	arm64) triplet=aarch64-linux-gnu runner=qemu-aarch64 machine=AArch64 name=aarch64 ;;
	armhf) triplet=arm-linux-gnueabihf runner=qemu-arm machine=ARM name=arm ;;
	*)
		echo "test-arm.sh: no architecture '$1'; there are arm64 and armhf" >&2
		exit 2
		;;
	esac
	build=$host/$1
	folder=$build/tests/program
}

check() { # what command...
	local what=$1 output
	shift
	if output=$("$@" 2>&1); then
		passed=$((passed + 1))
		echo "ok    $what"
	else
		failed=$((failed + 1))
		echo "FAIL  $what"
		while IFS= read -r line; do echo "      | $line"; done <<<"$output"
	fi
}

it_is_for_the_machine() {
	local header said
	header=$(readelf -h "$build/rtloop" | sed -n 's/^ *Machine: *//p')
	said=$("$runner" "$build/rtloop" version | sed -n 's/^ *architecture *//p')
	echo "the file is for '$header', the program says '$said'"
	[ "$header" = "$machine" ] && [ "$said" = "$name" ]
}

# Neither libatomic nor libgcc's calls into the kernel: both may take a lock.
no_atomic_is_a_call() {
	local symbols
	symbols=$("$triplet-nm" "$build/rtloop") || return 1
	! grep -E ' (__atomic_|__sync_|__kuser_)' <<<"$symbols"
}

it_runs_a_job() {
	mkdir -p "$folder" && rm -f "$folder"/* && cat >"$folder/job.yaml" <<-'END' || return 1
		loop: { period: 2ms, cycles: 250 }
		log:  { file: job.mcap }
		devices:
		  wave:
		    driver: sim
		    in:
		      a: { wave: sine, period: 100ms }
		      b: { wave: square, period: 50ms, type: bool }
		      c: { wave: ramp, period: 1s, amplitude: 100000, type: integer }
	END
	RUNTIME_DIRECTORY=$folder timeout 60 "$runner" "$build/rtloop" run "$folder/job.yaml"
}

its_log_is_whole() {
	"$host/rtloop" dump --check "$folder/job.mcap" &&
		"$runner" "$build/rtloop" dump --check "$folder/job.mcap"
}

both_read_the_same() {
	local format
	for format in csv jsonl; do
		"$host/rtloop" dump "--$format" "$folder/job.mcap" >"$folder/host.$format" &&
			"$runner" "$build/rtloop" dump "--$format" "$folder/job.mcap" >"$folder/arm.$format" &&
			[ -s "$folder/host.$format" ] && cmp "$folder/host.$format" "$folder/arm.$format" ||
			return 1
	done
}

test_one() { # architecture
	local counts
	choose "$1"
	echo "== $1: $(file_kind), under $("$runner" --version | head -n 1)"
	check "$1: it is built for the machine, and runs as it" it_is_for_the_machine
	check "$1: no atomic is a call" no_atomic_is_a_call
	check "$1: it runs a job" it_runs_a_job
	check "$1: its log is whole" its_log_is_whole
	check "$1: both read the same in its log" both_read_the_same

	counts=$(mktemp)
	BUILD=$build TEST_RUNNER=$runner tests/run.sh unit | tee "$counts"
	if [[ $(tail -n 1 "$counts") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
		skipped=$((skipped + BASH_REMATCH[3]))
	else
		echo "FAIL  $1: the unit tests gave no count"
		failed=$((failed + 1))
	fi
	rm -f "$counts"
}

file_kind() {
	readelf -h "$build/rtloop" | sed -n 's/^ *\(Class\|Machine\|Flags\): *//p' | paste -s -d ' '
}

[ $# -gt 0 ] || set -- arm64 armhf
for architecture in "$@"; do
	choose "$architecture"
	make -j"$(nproc)" -s --no-print-directory SANITIZE= BUILD="$build" CROSS_COMPILE="$triplet-" \
		WERROR=1 all test-programs || exit 1
done
for architecture in "$@"; do
	test_one "$architecture"
done
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
