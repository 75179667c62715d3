# Sourced by the tests of the control socket: a run with something of everything, and what is refused.
# shellcheck shell=bash
# shellcheck source=tests/integration/lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

command -v socat > /dev/null || skip "socat is not installed"

config() { # NAME
	cat > "$TEST_TMP/$1.yaml" << END
loop: { period: 2ms, cpu: ${2:--1} }
log: { file: $1.mcap }
devices:
  wave:
    driver: sim
    in: { a: { wave: sine, amplitude: 2, unit: degC }, b: { wave: square } }
  quiet: { driver: udp, listen: "127.0.0.1:47482", in: { level: { byte: 0 } } }
params:
  target: { value: 180.0, min: 20.0, max: 250.0, unit: degC }
  count: { value: 3, max: 10 }
  hold: { value: 250ms }
vars: { sum: 0.0 }
program: |
  sum := target + wave.a
END
}

start() { # NAME OPTION...
	local name=$1
	shift
	"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$@" "$TEST_TMP/$name.yaml" \
		> "$TEST_TMP/$name.out" 2> "$TEST_TMP/$name.err" &
	pid=$!
	wait_until test -S "$TEST_TMP/$name.sock"
	wait_for_cycles "$TEST_TMP/$name.mcap"
}

stop() {
	kill -INT "$pid"
	wait "$pid"
	expect_equal "status of the run" 0 $?
}

# expect_refused STATUS TEXT COMMAND...
expect_refused() {
	local status=$1 text=$2
	shift 2
	"$@" > "$TEST_TMP/refused.out" 2> "$TEST_TMP/refused.err"
	expect_equal "status of $*" "$status" $?
	grep -qF -- "$text" "$TEST_TMP/refused.err" ||
		fail "$*: no '$text' in: $(cat "$TEST_TMP/refused.err")"
}
