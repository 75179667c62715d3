#!/bin/bash
# Build for 64-bit and 32-bit Arm, and run under qemu's user emulation: each unit test, and the program
# on a small job, whose log this machine's own rtloop then reads.
#
# usage: BUILD=<absolute build folder> scripts/test-arm.sh [arm64|armhf]...	(both by default)
#
# The emulator hands system calls to this machine's kernel; a test of what it does not hand on says so
# and is skipped. What is checked beside the unit tests counts as a test each. The last line is
# "N passed, N failed, N skipped" of all, the exit status 1 if any failed.
. "$(dirname "$0")/usage.sh"
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

# A job with a program, made of what machines could differ in: all kinds of numbers, their ends, and the blocks.
logic_job() { # name target
	cat >"$folder/$1.yaml" <<-END
		loop: { period: 2ms, cycles: 400 }
		log:  { file: $1.mcap }
		devices:
		  wave:
		    driver: sim
		    every: 3
		    in:
		      a: { wave: sine, period: 100ms }
		      b: { wave: square, period: 50ms, type: bool }
		      c: { wave: ramp, period: 300ms, amplitude: 100000, type: integer }
		      d: { wave: noise }
		  valve:
		    driver: udp
		    send: { to: "127.0.0.1:47499" }
		    out: { position: { byte: 0, bytes: 2, scale: 0.01, safe: 12.5 }, open: { byte: 2, type: bool, safe: 1 } }
		params: { target: { value: $2 } }
		vars:
		  x: 0.0
		  y: 0.0
		  z: 0.0
		  huge: 1.0
		  none: 0.0
		  n: 0
		  m: 0
		  old: 0s
		  on: false
		  up: false
		  high: false
		  count: 0
		program: |
		  x := pid(sp := target, pv := wave.a, kp := 1.2, ki := 0.4, kd := 0.01, min := -5, max := 100)
		  y := lowpass(wave.d, 30ms) + average(wave.a, 7) / 3.0 - derivative(wave.a)
		  z := sqrt(abs(y)) * 0.1 + integral(wave.d) + rate_limit(wave.a, 3.0)
		  huge := huge * 1.0e9 * (1.5 + wave.d)
		  none := (huge - huge) / (wave.a - wave.a)
		  n := round(huge * wave.a) + trunc(y * 1000.0)
		  m := m * 3 + wave.c
		  old := age(wave.d) + dt()
		  on := ton(wave.b, 15ms) or tp(wave.a > 0.5, 9ms)
		  high := ctu(on, wave.c > 90000, 3, cv => count)
		  up := hysteresis(wave.a, -0.3, 0.3)
		  valve.position := scale(z, -5.0, 5.0, 0.0, 300.0)
		  valve.open := on xor up xor high
	END
}

# The same bytes come of it, whichever machine computes.
both_write_the_same() { # log option...
	local log=$1
	shift
	rm -f "$folder"/host.mcap "$folder"/arm.mcap
	"$host/rtloop" replay "$@" --out "$folder/host.mcap" "$log"
	local host_status=$?
	"$runner" "$build/rtloop" replay "$@" --out "$folder/arm.mcap" "$log"
	local arm_status=$?
	echo "status $host_status here, $arm_status there"
	[ $host_status = $arm_status ] && [ $host_status -le 1 ] &&
		cmp "$folder/host.mcap" "$folder/arm.mcap" && "$host/rtloop" dump --check "$folder/arm.mcap"
}

it_replays_the_log_of_this_machine() {
	logic_job logic 0.5 && RUNTIME_DIRECTORY=$folder timeout 60 "$host/rtloop" run -q "$folder/logic.yaml" &&
		"$runner" "$build/rtloop" replay "$folder/logic.mcap" &&
		both_write_the_same "$folder/logic.mcap"
}

this_machine_replays_its_log() {
	logic_job there 0.5 && RUNTIME_DIRECTORY=$folder timeout 60 "$runner" "$build/rtloop" run -q "$folder/there.yaml" &&
		"$host/rtloop" replay "$folder/there.mcap"
}

both_do_the_same_with_a_changed_program() {
	logic_job changed 0.75 && both_write_the_same "$folder/logic.mcap" --config "$folder/changed.yaml"
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
	check "$1: it replays the log of this machine" it_replays_the_log_of_this_machine
	check "$1: both do the same with a changed program" both_do_the_same_with_a_changed_program
	check "$1: this machine replays its log" this_machine_replays_its_log

	counts=$(mktemp)
	# sweeps take larger steps: what they look for does not come from the machine
	BUILD=$build TEST_RUNNER=$runner TEST_STRIDE=13 tests/run.sh unit | tee "$counts"
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
