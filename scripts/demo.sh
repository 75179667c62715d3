#!/usr/bin/env bash
# The demonstration: a real process on a real pty, a real process that sends UDP, and rtloop sampling
# both, and a signal generator, a thousand times a second for ten seconds. Needs no root, no hardware
# and no network but loopback. Leaves build/demo/demo.mcap.
# usage: [BUILD=DIR] demo.sh
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-$PWD/build}
rtloop=$build/rtloop
demo=$PWD/build/demo # where config/examples/demo.yaml expects it
peers=()
export RUNTIME_DIRECTORY=$demo # of its control socket

end_peers() {
	for peer in "${peers[@]}"; do
		kill "$peer" 2>/dev/null || true
	done
	wait
}
trap end_peers EXIT

start_peer() {
	"$@" &
	peers+=($!)
}

wait_for() {
	for _ in $(seq 100); do
		[ -e "$1" ] && return
		sleep 0.05
	done
	echo "demo: $1 did not appear" >&2
	exit 1
}

rm -rf "$demo"
mkdir -p "$demo"
start_peer "$build/tests/peers/probe" --sent "$demo/probe.sent" --duration 50 "$demo/probe.tty"
start_peer "$build/tests/peers/sensor" --sent "$demo/flow.sent" --duration 50 127.0.0.1:47474
wait_for "$demo/probe.tty"

cat <<EOF
rtloop demo: for ten seconds, a thousand times a second, one thread
  asks an instrument on a serial line for its temperature    (tests/peers/probe, on a pty)
  takes what a flow sensor sends over UDP                     (tests/peers/sensor, on loopback)
  computes three test signals                                 (driver sim)
and hands every sample to a logger. The configuration is config/examples/demo.yaml.
EOF

"$rtloop" run --json "$demo/report.json" config/examples/demo.yaml

cat <<EOF

What this says
  latency   how long after its planned time the cycle woke: the figure that cyclictest gives
  busy      how long it then took to read and write all devices
  overruns  cycles that were not done when the next one was due; missed releases are dropped, counted
            and logged, and the grid of releases stays where it was
  gaps      cycles that ran but are not in the log: cycles in the log + in gaps = cycles run
NOT REALTIME is no fault of the demo: on a board with a PREEMPT_RT kernel, and with the right to
SCHED_FIFO and locked memory, the same run says REALTIME.

The log, as "rtloop dump build/demo/demo.mcap" lists it:

EOF
"$rtloop" dump build/demo/demo.mcap
printf '\nand as "rtloop dump --check" proves it:\n\n'
"$rtloop" dump --check build/demo/demo.mcap
printf '\nFive of its moments, as a spreadsheet would get them (rtloop dump --csv):\n\n'
"$rtloop" dump --csv --channels probe.temp,probe.pressure --from 1 --to 2 --every 20 \
	build/demo/demo.mcap | head -6

cat <<EOF

What to try next
  build/rtloop check config/examples/demo.yaml     then misspell a word in it, and try again
  build/rtloop drivers serial                      every option that a serial line has
  build/rtloop dump --jsonl build/demo/demo.mcap | head
  open build/demo/demo.mcap in Foxglove or PlotJuggler
  write a configuration for your own sensor: README.md shows how
EOF
