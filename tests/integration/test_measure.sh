#!/bin/bash
# rtloop-measure, from the source tree and installed: what it leaves behind, whether its figures follow from
# the histograms, the gate, an earlier report, Ctrl-C, devices that are held, and what it says when something is
# missing. How good the figures are is not asked here.
. "$(dirname "$0")/lib.sh"
command -v cyclictest >/dev/null || skip "cyclictest is not installed"
command -v gnuplot >/dev/null || skip "gnuplot is not installed"

scripts=$PWD/scripts
measure=$scripts/measure.sh
cd "$TEST_TMP" || exit 1

# measure STATUS OPTION...: expects that status; what it prints goes to measure.out and measure.err.
measure() {
	local expected=$1
	shift
	"$measure" "$@" >measure.out 2>measure.err
	local status=$?
	[ $status -eq "$expected" ] || fail "status of measure $*: expected $expected, got $status: $(cat measure.err)"
}

said() { # WHAT, on stderr
	grep -qF -- "$1" measure.err || fail "no word of \"$1\" but: $(cat measure.err)"
}

reported() { # FOLDER WHAT, in the text
	grep -qF -- "$2" "$1/report.txt" || fail "$1/report.txt does not say \"$2\": $(head -n 30 "$1/report.txt")"
}

# all_hold FOLDER WHAT JQ-FILTER: of its report, and must be true.
all_hold() {
	jq -e "$3" "$1/report.json" >/dev/null || fail "$1: not so: $2: $(jq -c "$3" "$1/report.json" 2>&1)"
}

# --- the command line --------------------------------------------------------------------------------

measure 0 --help
grep -q -- '--budget TIME' measure.out || fail "--help does not name --budget"
measure 0 --version
grep -q '^rtloop-measure [0-9]' measure.out || fail "--version says: $(cat measure.out)"
# shellcheck disable=SC2043
while IFS='|' read -r words text; do
	# shellcheck disable=SC2086 # words of a command line
	measure 2 $words
	said "$text"
done <<-END
	-D 0|--duration is '0'; expected a number of seconds
	-D 10x|--duration is '10x'
	-i 19|--interval is '19'; expected 20us to 60s
	-i 1m|--interval is '1m'; expected a number of microseconds
	-p 99|--priority is '99'; expected a number from 0 to 98
	-a x|--affinity is 'x'; expected a number from 0 to 1023
	--rounds 0|--rounds is '0'
	--budget 0|--budget is '0'
	--budget|option '--budget' requires an argument
	--lod|unrecognized option '--lod'
	--drive-outputs|--drive-outputs drives those of a FILE
	--compare nowhere|there is no report at nowhere
	--plot nowhere|there is no report.json in nowhere
	nothing.yaml|nothing.yaml: there is no such file
	a.yaml b.yaml|expected one FILE, not 2
END
echo '{"format": "else"}' >else.json
measure 2 --compare else.json
said "else.json is no report of rtloop-measure"
echo 'loop: { perod: 1ms }' >bad.yaml
measure 2 -o bad bad.yaml
said "bad.yaml:1:9: unknown key 'perod'"
[ ! -e bad ] || fail "a folder is left behind where nothing was measured"
measure 1 -a 1023 -o bad
said "on CPU 1023; expected one that"

# --- an empty loop -----------------------------------------------------------------------------------

measure 0 -q -D 1 --rounds 2 -o empty
for file in report.txt report.json latency.png latency.svg timeline.png environment/uname environment/cmdline \
	environment/cpuinfo environment/interrupts-before environment/interrupts-after environment/isolation \
	environment/configuration.yaml environment/version; do
	[ -s empty/$file ] || fail "empty/$file is missing or empty"
done
for file in environment/governor environment/interrupt-affinity; do
	[ -e empty/$file ] || fail "empty/$file is missing"
done
cmp -s measure.out empty/report.txt || fail "it does not print the report"
expect_equal "runs, in turn" "cyclictest 1, rtloop 1, cyclictest 2, rtloop 2" \
	"$(jq -r '[.runs[] | "\(.program) \(.round)"] | join(", ")' empty/report.json)"
if grep -qw PREEMPT_RT <<<"$(uname -v)"; then
	first="PREEMPT_RT kernel $(uname -r): the figures describe this machine as it was set up."
else
	first="NOT PREEMPT_RT: the figures describe this machine, not the board (kernel $(uname -r))."
fi
expect_equal "the first line" "$first" "$(head -n 1 empty/report.txt)"

measure 2 -o empty
said "empty is there already, and a report is never overwritten"

# What jitterdebugger has, under its names.
all_hold empty "it has jitterdebugger's members" '
	.version == 3
	and (.sysinfo | [.sysname, .nodename, .release, .version, .machine | type] | all(. == "string"))
	and .sysinfo.cpus_online >= 1 and .sysinfo.resolution_in_ns == 1000
	and (.cpu["0"] | .count == ([.histogram[]] | add) and .min <= .avg and .avg <= .max)'
all_hold empty "its keys are clean" '[.. | objects | keys[]] | unique | map(select(test("^[a-z0-9_]+$") | not)) == []'

# The figures of the report follow from the runs, and those of the runs from what the programs wrote.
# shellcheck disable=SC2016 # jq's variables
check_figures() { # FOLDER
	local file
	all_hold "$1" "each histogram has as many samples as it says" '
		[.. | objects | select(has("histogram")) | .count == ([.histogram[]] | add // 0) + .overflow] | all'
	all_hold "$1" "totals are the sums of the runs" '
		. as $all | [.totals[] | . as $total
			| [$all.runs[] | select(.program == $total.program and .load == $total.load)]
			| (map(.wakeup.count) | add) == $total.wakeup.count
			and (map(.wakeup.max) | max) == $total.wakeup.max
			and (map(.wakeup.min) | min) == $total.wakeup.min
			and ((map(.wakeup.avg * .wakeup.count) | add) / $total.wakeup.count - $total.wakeup.avg | fabs) < 0.001
			and ([.[].wakeup.histogram | to_entries[]] | group_by(.key)
				| map({key: .[0].key, value: (map(.value) | add)}) | from_entries) == $total.wakeup.histogram] | all'
	all_hold "$1" "what was exceeded is counted in the histogram" '
		[.totals[] | .wakeup | . as $h | .exceeded[]
			| . as $level | .above * .one_in <= $h.count
			and ($level.us == $h.max
				or .above == ([$h.histogram | to_entries[] | select((.key | tonumber) >= $level.us) | .value] | add // 0)
					+ $h.overflow)] | all'
	all_hold "$1" "quarters hold the worst of all and every overrun" '
		[.totals[] | select(.program == "rtloop")
			| ((([.quarters[].wakeup_us] | max) - .wakeup.max | fabs) < 0.001)
			and ([.quarters[].overruns] | add) == .overruns.late_wakes + .overruns.long_works] | all'
	while read -r file; do
		expect_equal "cycles of $file" "$(jq .cycles "$1/$file")" "$(jq --arg file "$file" \
			'.runs[] | select(.file == $file) | .phases.busy.count' "$1/report.json")"
		expect_equal "worst wake-up of $file, ns" "$(jq .latency.max_ns "$1/$file")" "$(jq --arg file "$file" \
			'.runs[] | select(.file == $file) | .wakeup.max * 1000 | round' "$1/report.json")"
	done < <(jq -r '.runs[] | select(.program == "rtloop") | .file' "$1/report.json")
	while read -r file; do
		expect_equal "samples of $file" "$(jq '.thread["0"].cycles' "$1/$file")" "$(jq --arg file "$file" \
			'.runs[] | select(.file == $file) | .wakeup.count' "$1/report.json")"
	done < <(jq -r '.runs[] | select(.program == "cyclictest") | .file' "$1/report.json")
}
check_figures empty
all_hold empty "the two stand beside each other" '.comparison | length == 1 and (.[0].rounds | length == 2)
	and .[0].rtloop.count > 0 and .[0].cyclictest.count > 0 and .[0].ratio.mean > 0'

# Known histograms give known figures: by hand, from 2,000 samples of two runs.
jq -cn '
	def phase: {histogram: {"0": 1000}, count: 1000, min: 0.1, max: 0.9, avg: 0.5, overflow: 0};
	def run($round; $histogram; $max):
		{program: "rtloop", load: "idle", $round, started_s: 0, seconds: 10, is_whole: true, file: "",
			wakeup: {$histogram, count: 1000, min: 5.5, $max, avg: ($round * 10), overflow: 0},
			phases: {busy: phase}, overruns: {late_wakes: 1, long_works: 0, missed: 2, caught_up: 0}, page_faults: 0,
			timeline: {interval_s: 5, cycles: [500, 500], latency_max_us: [$round, $max], busy_max_us: [1, 1], overruns: [1, 0]}};
	run(1; {"5": 500, "10": 489, "1024": 11}; 1030), run(2; {"5": 520, "10": 470, "2048": 9, "4096": 1}; 4100.5)' >runs.jsonl
report_of_known() { # BUDGET
	jq -s --argjson measured '{}' --argjson sysinfo '{}' --argjson interrupts '[[]]' --argjson budget_us "$1" \
		--argjson old null -f "$scripts/measure/report.jq" runs.jsonl >known.json
}
report_of_known 4100
known() { # JQ-FILTER
	jq -c "$1" known.json
}
expect_equal "median" 6 "$(known '.totals[0].wakeup.median')" # 1,020 of 2,000 are in the first bin
expect_equal "p99: the bin of 1024 us is 64 wide" 1088 "$(known '.totals[0].wakeup.p99')"
expect_equal "p99.9: the bin of 2048 us is 128 wide" 2176 "$(known '.totals[0].wakeup.p99_9')"
expect_equal "mean" 15 "$(known '.totals[0].wakeup.avg')"
expect_equal "levels" '[[10,11,21],[100,1088,10],[1000,2176,1]]' \
	"$(known '.totals[0].wakeup.exceeded | map([.one_in, .us, .above])')"
expect_equal "quarters" '[[1,1],[1030,0],[2,1],[4100.5,0]]' "$(known '.totals[0].quarters | map([.wakeup_us, .overruns])')"
expect_equal "over the budget" '["wake-up",4100.5,"idle"]' "$(known '.budget.over[] | [.what, .us, .load]')"
report_of_known 4101
expect_equal "within the budget" '[true,[]]' "$(known '.budget | [.is_met, .over]')"
report_of_known 0.8
expect_equal "both over the budget" '[["wake-up",4100.5],["busy time",0.9]]' "$(known '.budget.over | map([.what, .us])')"

# Interrupts of one CPU or of all, by what came between; one that is new counts in full.
mkdir -p irq/environment
cat >irq/environment/interrupts-before <<-END
	           CPU0       CPU1
	 10:         5          7   IO-APIC  10-fasteoi   eth0
	LOC:       100        200   Local timer interrupts
	ERR:         3
END
cat >irq/environment/interrupts-after <<-END
	           CPU0       CPU1
	 10:         6         17   IO-APIC  10-fasteoi   eth0
	 11:         0          2   IO-APIC  11-edge   uart
	LOC:      1100        204   Local timer interrupts
	ERR:         3
END
interrupts_of() { # CPU
	(
		# shellcheck disable=SC2034 # it is for what is sourced
		out=$PWD/irq used_cpu=$1
		# shellcheck source=scripts/measure/environment.sh disable=SC1091
		. "$scripts/measure/environment.sh"
		interrupts_between
	)
}
expect_equal "interrupts of CPU 1" \
	$'10: IO-APIC 10-fasteoi eth0\t10\nLOC: Local timer interrupts\t4\n11: IO-APIC 11-edge uart\t2' "$(interrupts_of 1)"
expect_equal "interrupts of all CPUs" \
	$'LOC: Local timer interrupts\t1004\n10: IO-APIC 10-fasteoi eth0\t11\n11: IO-APIC 11-edge uart\t2' "$(interrupts_of -1)"

# A big machine has more of them than fit into an argument of a program.
mkdir -p many/environment many/work
number_interrupts() { # COUNT
	echo "           CPU0"
	seq 3000 | sed "s/.*/&: $1 PCI-MSI-0000:3b:00.0 &-edge nvme0q& with a long name/"
}
number_interrupts 0 >many/environment/interrupts-before
number_interrupts 7 >many/environment/interrupts-after
jq -c '.runs[]' empty/report.json >many/work/runs.jsonl
jq .sysinfo empty/report.json >many/work/sysinfo.json
(
	# shellcheck disable=SC2034 # they are for what is sourced
	{
		out=$PWD/many work=$PWD/many/work parts=$scripts/measure used_cpu=-1 used_interval_us=1000 used_priority=0
		begun=$(date -u +%FT%TZ) begun_s=$EPOCHSECONDS seconds=1 rounds=2 runs_planned=4 runs_done=4 budget_us='' old=''
		config='' drives_outputs=false load_text='' stopped_by='' why_no_cyclictest='' other_rtloops=()
	}
	# shellcheck source=scripts/measure/environment.sh disable=SC1091
	. "$scripts/measure/environment.sh"
	# shellcheck source=scripts/measure/report.sh disable=SC1091
	. "$scripts/measure/report.sh"
	draw_pictures() { :; }
	die() { echo "$*" && exit 1; }
	write_report
) || fail "no report with 3,000 interrupts"
expect_equal "interrupts of a big machine" 3000 "$(jq '.interrupts | length' many/report.json)"

# --- a configuration, the gate and an earlier report -------------------------------------------------

cat >wave.yaml <<-END
	loop: { period: 2ms, priority: 10 }
	log: { file: wave.mcap }
	devices:
	  wave: { driver: sim, in: { a: { wave: sine } } }
END
measure 0 -q -D 1 --rounds 1 --budget 60s --compare empty -o wave wave.yaml
check_figures wave
reported wave "BUDGET 60000000 us: met"
reported wave "THE CYCLE, PHASE BY PHASE"
reported wave "period 2 ms"
reported wave "BESIDE THE REPORT OF $(jq -r .measured.started empty/report.json), kernel $(uname -r)"
reported wave "interval_us: was 1000, is 2000"
all_hold wave "the cycle was logged" '.runs[] | select(.program == "rtloop") | .log.cycles_logged > 0'
all_hold wave "both ran every 2 ms" '[.runs[].wakeup.count] | all(. <= 501)'
all_hold wave "then and now" '
	.compared.figures | map([.program, .what]) == [["cyclictest", "wakeup"], ["rtloop", "wakeup"], ["rtloop", "busy"]]'
expect_equal "earlier worst case" "$(jq '.totals[1].wakeup.max' empty/report.json)" \
	"$(jq '.compared.figures[] | select(.program == "rtloop" and .what == "wakeup") | .was.max' wave/report.json)"
[ ! -e wave.mcap ] && [ ! -e wave/log ] || fail "a log is left behind"
cmp -s wave.yaml wave/environment/configuration.yaml || fail "the configuration is not among the environment"

# What reads within its wait is not put beside cyclictest; where there is no io_uring it does not.
echo "loop: { period: 1ms, pacer: uring, poller: uring }" >uring.yaml
measure 0 -q -D 1 --rounds 1 -o uring uring.yaml
if [ "$(jq -r .latency_of uring/report.json)" = "wake + read" ]; then
	all_hold uring "nothing stands beside cyclictest" '.comparison == [] and ([.totals[].program] | index("cyclictest") != null)'
	reported uring "wake + read here, and is not put beside cyclictest."
	! grep -q "HOW FAR APART" uring/report.txt || fail "wake + read stands beside cyclictest"
else
	all_hold uring "they stand beside each other" '.comparison | length == 1'
fi

measure 1 -q -D 1 --rounds 1 --budget 1 --keep-logs -o tight wave.yaml
said "over the budget of 1 us: the worst wake-up, idle: "
reported tight "BUDGET 1 us: EXCEEDED: the worst wake-up idle was"
"$RTLOOP" dump --check tight/log/*.mcap >/dev/null || fail "--keep-logs kept no log that is whole"

# --- Ctrl-C ------------------------------------------------------------------------------------------

# Job control: or the shell would have it ignore SIGINT.
set -m
"$measure" -q -D 1h --rounds 1 --keep-logs -o stopped wave.yaml >measure.out 2>measure.err &
pid=$!
set +m
# its second thread is the one that measures; it is a child of the shell that measures, a child of ours
does_measure() { [ "$(find "/proc/$(pgrep -P "$(pgrep -P $pid -x measure.sh)" -x cyclictest)/task" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)" -ge 2 ]; }
has_begun() { [ -e stopped/runs/01-cyclictest-idle-1.txt ] && does_measure; }
wait_until has_begun
# to all of its group, as a terminal that hangs up does
kill -TERM -- -$pid
wait $pid
expect_equal "status after SIGTERM" 143 $?
reported stopped "ENDED EARLY by SIGTERM, after 1 of 2 runs"

# Before anything was measured: nothing is left behind, neither in the trial (-l 1) nor in the first run.
mkdir silent
cat >silent/cyclictest <<-'END'
	#!/bin/bash
	[ "$1" = --help ] && echo "cyclictest V 9.9 --json" && exit
	[[ " $* " != *" $SILENT "* ]] && exit
	echo "something"
	echo >silent/begun
	exec sleep 1000
END
chmod +x silent/cyclictest
for SILENT in -l -D; do
	export SILENT
	rm -f silent/begun
	PATH=$PWD/silent:$PATH "$measure" -q -D 1h -o nothing >measure.out 2>measure.err &
	pid=$!
	wait_until test -e silent/begun
	kill -TERM $pid
	wait $pid
	expect_equal "status after SIGTERM before anything was measured, $SILENT" 143 $?
	[ ! -e nothing ] || fail "a report of nothing is left behind, $SILENT"
done
said "ended by SIGTERM before anything was measured; there is no report"

# Into a relative folder, with blanks, where cd would say where it goes.
mkdir "with blanks"
cp wave.yaml "with blanks/my wave.yaml"
CDPATH=.:/tmp measure 0 -q -D 1 --rounds 1 -o "with blanks/the report" "with blanks/my wave.yaml"
[ -s "with blanks/the report/latency.png" ] || fail "no picture in a folder with blanks"

# Without cyclictest, rtloop is the first to run.
mkdir bare
ln -s /usr/bin/* /bin/* /usr/sbin/* /sbin/* bare/ 2>/dev/null
rm -f bare/cyclictest bare/gnuplot
set -m
PATH=$PWD/bare "$measure" -q -D 1h --rounds 1 --keep-logs -o ended wave.yaml >measure.out 2>measure.err &
pid=$!
set +m
has_log() { compgen -G "ended/log/*.mcap" >/dev/null; }
wait_until has_log
wait_for_cycles ended/log/*.mcap
kill -INT -- -$pid
wait $pid
expect_equal "status after SIGINT" 130 $?
check_figures ended
reported ended "ENDED EARLY by SIGINT, after 1 of 1 runs"
reported ended "cyclictest was not run: it is not installed: sudo apt install rt-tests"
reported ended "There is no gnuplot here: latency.png, latency.svg and timeline.png are missing."
reported ended "sudo apt install gnuplot-nox && measure --plot"
all_hold ended "it ran some cycles" '.runs | length == 1 and (.[0] | .wakeup.count >= 10 and (.is_whole | not))'
expect_equal "the log has the cycles that were run" "$(jq '.runs[0].phases.busy.count' ended/report.json)" \
	"$(jq '.runs[0].log.cycles_logged + .runs[0].log.cycles_in_gaps' ended/report.json)"

# One that is there, and may not.
mkdir unwilling
cat >unwilling/cyclictest <<-'END'
	#!/bin/bash
	[ "$1" = --help ] && echo "cyclictest V 9.9 --json" && exit
	echo "Unable to change scheduling policy!"
	exit 1
END
chmod +x unwilling/cyclictest
PATH=$PWD/unwilling:$PATH measure 0 -q -D 1 --rounds 1 -o alone
reported alone "cyclictest was not run: it says: Unable to change scheduling policy!"
all_hold alone "rtloop was measured alone" '[.totals[].program] == ["rtloop"] and .comparison == []'

# One that fails when others have been measured.
cat >unwilling/cyclictest <<-END
	#!/bin/bash
	[[ " \$* " != *" -D "* ]] || echo >>"$PWD/runs_begun"
	[ "\$(cat "$PWD/runs_begun" 2>/dev/null | wc -l)" -lt 2 ] || exit 3
	exec "$(command -v cyclictest)" "\$@"
END
PATH=$PWD/unwilling:$PATH measure 1 -q -D 1 --rounds 2 -o failed
said "cyclictest failed, with status 3; what it said is in $PWD/failed/runs/03-cyclictest-idle-2.txt"
reported failed "ENDED EARLY by a failure of cyclictest (status 3; see runs/03-cyclictest-idle-2.txt), after 2 of 4 runs"
check_figures failed

# The pictures can be had later.
measure 0 --plot ended
for picture in latency.png latency.svg timeline.png; do
	[ -s ended/$picture ] || fail "--plot did not draw $picture"
done

# --- what is held ------------------------------------------------------------------------------------

socat pty,raw,echo=0,link=line pty,raw,echo=0,link=other &
wait_until test -e line
tty=$(readlink line)
cat >holder.yaml <<-END
	loop: { period: 10ms, priority: 0 }
	log: { file: holder.mcap }
	devices:
	  probe:
	    driver: serial
	    path: $PWD/line
	    frame: { kind: line }
	    in: { a: { column: 0 } }
	  flow: { driver: udp, listen: "127.0.0.1:47601", in: { a: { byte: 0, bytes: 8, type: integer } } }
END
sed 's/holder.mcap/same.mcap/; s/probe:/gauge:/; /flow:/d' holder.yaml >line.yaml
cat >port.yaml <<-END
	loop: { period: 10ms, priority: 0 }
	devices:
	  meter: { driver: udp, listen: "127.0.0.1:47601", in: { a: { byte: 0, bytes: 8, type: integer } } }
END
"$RTLOOP" run -q holder.yaml >holder.out 2>&1 &
holder=$!
wait_for_cycles holder.mcap

measure 1 -D 1 -o held holder.yaml
said "holder.yaml runs already, and holds its devices: rtloop (process $holder: $RTLOOP run -q holder.yaml; end it with: "
measure 1 -D 1 -o held line.yaml
said "$PWD/line is held by rtloop (process $holder: "
sed -i "s|path: .*|path: \"\\\\x2fdev\\\\x2f${tty#/dev/}\"|" line.yaml # a path that is not seen in the text
measure 1 -D 1 -o held line.yaml
said "device 'gauge' is held: $tty: held by another program: rtloop (process $holder: "
measure 1 -D 1 -o held port.yaml
said "device 'meter' is held: "
said "Address already in use: rtloop (process $holder: "
[ ! -e held ] || fail "a folder is left behind where nothing was measured"
kill -INT $holder
wait $holder

socat -u udp-recv:47601,bind=127.0.0.1 - >/dev/null &
other=$!
is_bound() { grep -q ":$(printf %04X 47601) " /proc/net/udp; }
wait_until is_bound
measure 1 -D 1 -o held port.yaml
said "Address already in use: socat (process $other: "
kill $other
wait $other

# One that is away is no reason not to measure.
sed 's|path: .*|path: /dev/ttyNONE9|' line.yaml >away.yaml
measure 0 -q -D 1 --rounds 1 -o away away.yaml
said "device 'gauge' is away, and is measured so until it comes: "
reported away "device 'gauge': /dev/ttyNONE9"

# --- installed ---------------------------------------------------------------------------------------

make -s -C "$scripts/.." BUILD="$BUILD" DESTDIR="$PWD/root" PREFIX=/usr install >install.out 2>&1 || fail "make install"
measure=$PWD/root/usr/bin/rtloop-measure
unset RTLOOP BUILD
rm -f bare/stress-ng
ln -s "$(command -v cyclictest)" "$(command -v gnuplot)" bare/
PATH=$PWD/bare measure 0 -q -D 1 --rounds 1 --load
installed=$(compgen -G "rtloop-measure-*")
[ -s "$installed/report.txt" ] || fail "no folder with a report: $(ls)"
[ -s "$installed/latency.png" ] && [ -s "$installed/timeline.png" ] || fail "no pictures from an installed tree"
check_figures "$installed"
all_hold "$installed" "idle and under load" '[.totals[] | "\(.program) \(.load)"]
	== ["cyclictest idle", "rtloop idle", "cyclictest load", "rtloop load"]'
reported "$installed" "load           our own: "
[ ! -e "$installed/load.tmp" ] || fail "the load left its files behind"
! pgrep -f "^[^ ]*bash $measure" || fail "the load goes on"
finish
