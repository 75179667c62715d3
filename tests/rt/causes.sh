# Sourced by test_evidence.sh and test_evidence_traced.sh: causes of an overrun, planted, and the sentence
# that rtloop report must make of each.
#
# The emulator stands still now and then, which is an overrun of its own and of no cause that the guest can
# know. So the overrun that is looked at is the one that the cause is to have made, each cause has several
# attempts, and no sentence is ever accepted that names another cause for it.
# shellcheck shell=bash
# shellcheck source=tests/rt/lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

trouble=$peers/trouble
attempts=8
[ -x "$trouble" ] || fail "there is no $trouble"

# config NAME PERIOD TRACE [DEVICES]
config() {
	cat >"$TEST_TMP/$1.yaml" <<END2
loop: { period: $2, cpu: 1, priority: 80, trace: $3 }
log: { file: $1.mcap, sync: 100ms }
${4:-}
END2
}

# start NAME [COMMAND...]: runs NAME.yaml, by COMMAND where one is given; sets pid.
start() {
	local name=$1
	shift
	rm -f "$TEST_TMP/$name.mcap" "$TEST_TMP/$name".*.trace
	"$@" "$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/$name.yaml" >"$TEST_TMP/run.out" 2>&1 &
	pid=$!
	wait_for_cycles "$TEST_TMP/$name.mcap" || cat "$TEST_TMP/run.out"
	# evidence is held against a look that is up to a second old
	sleep 1.2
}

# stop NAME: ends it, and reads what its log tells into NAME.report.
stop() {
	sleep 0.3
	stop_loop
	check_log "$TEST_TMP/$1.mcap"
	"$RTLOOP" report --json "$TEST_TMP/$1.report" "$TEST_TMP/$1.mcap" >"$TEST_TMP/$1.text" ||
		fail "no report on $1: $(tail -n 3 "$TEST_TMP/$1.text")"
}

# sentences NAME: of all overruns, the worst first.
sentences() {
	jq -r '.runs[0].overruns | map(. + {ns: (.cycles[] as $c | select($c.cycle == .cycle) |
		$c.latency_ns + $c.busy_ns)}) | sort_by(-.ns)[] | "\(.why)"' "$TEST_TMP/$1.report"
}

# expect_worst NAME PATTERN WHAT: what the worst overrun of the run is explained by.
expect_worst() {
	local worst
	worst=$(sentences "$1" | head -n 1)
	echo "$1: $worst"
	[[ "$worst" =~ $2 ]]
}

# expect_any NAME PATTERN: one of the overruns is explained so.
expect_any() {
	local found
	found=$(sentences "$1" | grep -m 1 -E "$2")
	echo "$1: ${found:-not found in: $(sentences "$1" | sort | uniq -c | sort -rn | head -n 4)}"
	[ -n "$found" ]
}

# try WHAT COMMAND...: until it succeeds.
try() {
	local what=$1
	shift
	for ((i = 0; i < attempts; i++)); do
		"$@" && return
	done
	fail "$what was not named"
}

# --- a program of higher priority -------------------------------------------------------------------

plant_hog() { # TRACE PATTERN
	config hog 100ms "$1"
	start hog
	"$trouble" hog 1 90 800 >"$TEST_TMP/begun" &
	local hog=$!
	sleep 1.5
	stop hog
	kill $hog
	wait $hog 2>/dev/null
	expect_worst hog "^program 'trouble' \(pid $hog, SCHED_FIFO 90\) ran [0-9.]+ ms on CPU 1$2"
}
# --- a stopped process ------------------------------------------------------------------------------

plant_stop() { # TRACE
	config stop 100ms "$1"
	start stop
	kill -STOP "$pid"
	sleep 1
	kill -CONT "$pid"
	stop stop
	expect_worst stop "^the process was stopped for [0-9.]+ m?s \(process $$ let it go on\)$"
}
# --- a page fault -----------------------------------------------------------------------------------

# Locked memory cannot be taken away: it must not be locked. The step faults its own program in again.
plant_fault() { # TRACE PATTERN
	config fault 20ms "$1" 'devices: { wave: { driver: sim, in: { a: { wave: sine } } } }'
	start fault setpriv --bounding-set=-ipc_lock --inh-caps=-ipc_lock prlimit --memlock=0:0
	"$trouble" pageout "$pid" 1000 >"$TEST_TMP/begun" || fail "no page can be taken away"
	stop fault
	expect_any fault "$2"
}
# --- no cause that the evidence knows of ------------------------------------------------------------

# The hardware latency detector holds all interrupts off, and nobody counts that.
detector=$tracing/hwlat_detector
plant_unknown() { # TRACE PATTERN
	config unknown 100ms "$1"
	trace_reset
	start unknown
	echo 4000000 >$detector/window
	echo 700000 >$detector/width
	echo 2 >$tracing/tracing_cpumask
	echo hwlat >$tracing/current_tracer
	echo 1 >$tracing/tracing_on
	sleep 2
	trace_reset
	echo 3 >$tracing/tracing_cpumask
	stop unknown
	expect_worst unknown "$2"
}
