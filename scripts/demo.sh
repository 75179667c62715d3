#!/usr/bin/env bash
# The demonstration: an oven, which is a real process on a real pty with physics of its own, held at its set
# point for ten seconds; a real process that sends UDP; and a signal generator: all sampled a thousand times a
# second. Half way through the set point is changed, and then the oven's plug is pulled and put back. Needs no
# root, no hardware and no network but loopback. Leaves build/demo/demo.mcap, and a plot made from it.
# usage: [BUILD=DIR] demo.sh
. "$(dirname "$0")/usage.sh"
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
start_peer "$build/tests/peers/probe" --oven --sent "$demo/oven.sent" --duration 50 "$demo/oven.tty"
oven=$!
start_peer "$build/tests/peers/sensor" --sent "$demo/flow.sent" --duration 50 127.0.0.1:47474
wait_for "$demo/oven.tty"

cat <<EOF
rtloop demo: for ten seconds, a thousand times a second, one thread
  asks an oven on a serial line for its temperature      (tests/peers/probe --oven, on a pty)
  computes with a PID controller how much it is to heat  (program: in the configuration)
  and tells it so
  takes what a flow sensor sends over UDP                (tests/peers/sensor, on loopback)
  makes up three test signals                            (driver sim)
and hands every sample to a logger. The configuration is config/examples/demo.yaml.
After five seconds the set point is raised from 120 to 150 degC: rtloop set demo target=150
After seven seconds the oven's plug is pulled, and put back soon after.
EOF

interfere() {
	sleep 5
	"$rtloop" set demo target=150 >"$demo/set.out" 2>&1 || true
	sleep 2
	kill -USR1 "$oven" # the plug is pulled
	sleep 0.6
	kill -USR1 "$oven" # and put back
}

# From the log: a line for each time that the oven went away or came back, in seconds since the log began.
oven_events() {
	"$rtloop" dump --csv -c event.kind,event.device build/demo/demo.mcap |
		awk -F, '$4 == "oven" && $3 ~ /^device_(opened|lost)$/ { print $2, $3 }'
}

# From the log: what was driven while the oven was away.
power_while_away() {
	"$rtloop" dump --csv -q -c oven.power,oven.temp build/demo/demo.mcap | awk -F, '
		NR == 1 {
			for (i = 3; i <= NF; i++) {
				column[$i] = i
			}
			next
		}
		$column["oven.temp.quality"] != "" { is_bad = $column["oven.temp.quality"] == 2 }
		$column["oven.power"] != "" { power = $column["oven.power"] }
		is_bad && !was_bad { before = power_before; n++ }
		is_bad { away = power }
		{ was_bad = is_bad; power_before = power }
		END { printf "%.1f %% before, %.1f %% while it was away\n", before, away }'
}

# From the log: a line for each moment at which temperature, set point or power became another.
plot() {
	"$rtloop" dump --csv -c oven.temp,oven.power,param.target build/demo/demo.mcap | awk -F, '
		NR == 1 {
			for (i = 3; i <= NF; i++) {
				name[i] = $i
			}
			next
		}
		{
			for (i = 3; i <= NF; i++) {
				if ($i != "") {
					value[name[i]] = $i
				}
			}
			now = value["oven.temp"] " " value["param.target"] " " value["oven.power"]
			if (value["oven.temp"] != "" && now != before) {
				print $2, now
			}
			before = now
		}' >"$demo/demo.dat"
	LC_ALL=C.UTF-8 gnuplot -c scripts/plot/control.gp "$demo/demo.png" "$demo/demo.dat" \
		"demo: an oven held at its set point" "oven.temp, degC" "oven.power, %" \
		"$(oven_events | awk '$2 == "device_lost" { print $1; exit }')" \
		"$(oven_events | awk '$2 == "device_opened" { at = $1 } END { print at }')" "unplugged"
}

start_peer interfere
"$rtloop" run --json "$demo/report.json" config/examples/demo.yaml

cat <<EOF

What this says
  latency   how long after its planned time the cycle woke: the figure that cyclictest gives
  busy      how long it then took to read all devices, compute, and write
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
"$rtloop" dump --csv --channels oven.temp,oven.pressure --from 1 --to 2 --every 20 \
	build/demo/demo.mcap | head -6

printf '\nHalf way through the set point was changed; what "rtloop set" said:\n\n  '
cat "$demo/set.out"
printf '\nThen the plug was pulled; what the log has of it, in seconds, and what the heater was given:\n\n'
oven_events | sed 's/^/  /'
printf '  power: '
power_while_away
printf '\n'
plot
echo "How the oven followed it, plotted from the log: build/demo/demo.png"

cat <<EOF

What to try next
  build/rtloop check config/examples/demo.yaml     then misspell a word in it, and try again
  build/rtloop top build/demo/demo.sock            in another terminal, while make demo runs
  build/rtloop report build/demo/demo.mcap         how good the timing was, and why not where it was not
  build/rtloop replay build/demo/demo.mcap         the logic again, compared bit for bit
  build/rtloop drivers serial                      every option that a serial line has
  build/rtloop dump --jsonl build/demo/demo.mcap | head
  open build/demo/demo.mcap in Foxglove or PlotJuggler
  write a configuration for your own sensor: README.md shows how
EOF
