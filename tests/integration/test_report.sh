#!/bin/bash
# rtloop report over logs whose every cycle is known: exact figures as text and as JSON, several files
# and runs, damage, and pictures.
. "$(dirname "$0")/lib.sh"
export TZ=UTC
cd "$TEST_TMP" || exit 1

"$peers/write_run" whole.mcap 0 9999 || skip "no log could be written"
"$peers/write_run" first.mcap 0 3999
"$peers/write_run" second.mcap 4000 5999
"$peers/write_run" third.mcap 6000 9999
"$peers/write_run" other.mcap 0 1999 1000 2000
size=$(stat -c %s whole.mcap)

# expect_report WHAT STATUS OPTION...
expect_report() {
	expect_rtloop report "$@"
}

# expect_line WHAT LINE: of what was printed.
expect_line() {
	grep -qxF -- "$2" out || fail "$1: no line '$2' in: $(cat out)"
}

# expect_json WHAT EXPECTED FILTER: of the JSON of the only run, or of .runs[N] by FILTER.
expect_json() {
	expect_equal "$1" "$2" "$(jq -c ".runs[0] | $3" report.json)"
}

# --- exact figures

expect_report "a report" 0 --json report.json whole.mcap
expect_equal "what it says besides" "" "$(cat err)"
expect_line "the head" "oven, 10.0 s from 2023-11-14T22:13:20.000005000+00:00"
expect_line "the period" "period    1ms"
expect_line "cycles" "cycles    9950 in the log, 50 in 10 gaps, 0 missing"
expect_line "overruns" \
	"overruns  20 cycles (10 late wakes, 10 long works), 30 releases missed, 0 caught up"
expect_line "a gap" "gaps      cycles 900 to 904 (5) before +0.907995 s"
expect_line "latency" "latency        5.0      8.0     10.3     10.0   2400.0   2400.0  \
wake-up after the release; worst in cycle 500, +0.502395 s"
expect_line "busy" "busy          12.5     14.0     14.2     14.0   1202.5   1202.5  \
wake-up to last write; worst in cycle 750, +0.752000 s"
expect_line "a phase" "  read        10.0     11.0     11.7     11.0   1200.0   1200.0"
expect_line "the phase of the logic" \
	"  step         0.5      0.5      0.5      0.5      0.5      0.5"
expect_line "a bar" "    2048 to 4096            10 #"
expect_line "how sure" \
	"          at most 1 in 10 over 10.0 us, 1 in 100 over 10.0 us, 1 in 1000 over 2400.0 us"
expect_line "an event" \
	"      10 warning device_stale of probe: from +0.320002 s to +9.347002 s, last value 1"
grep -q "^  probe  *960 messages, 94.7 samples/s, longest pause 50.0 ms, last 9.2 ms before the end;\
 age when read: median 0.200, at most 0.200 ms; channels turned stale 10, bad 0 times$" out ||
	fail "the device: $(grep probe out)"
expect_line "an overrun" \
	"  +0.502395 s, 2023-11-14T22:13:20.502400000+00:00: cycle 500, late wake, 2 releases missed"
expect_line "the cycle before" \
	"             499        9.9       13.5     11.0      0.5      2.0      1.5       0"
expect_line "its cycle" \
	"  >          500     2400.0       12.5     10.0      0.5      2.0      1.5       2 late wake"
expect_equal "overruns shown" 10 "$(grep -c '^  >' out)"
expect_equal "the worst of them: late wakes" 10 "$(grep -c '^  > .* late wake$' out)"

expect_json "cycles in JSON" "[9950,50,0,10]" "[.cycles, .cycles_in_gaps, .cycles_missing, .gap_count]"
expect_json "overruns in JSON" "[10,10,20,30,0]" \
	"[.late_wakes, .long_works, .overrun_cycles, .missed, .caught_up]"
expect_json "latency in JSON" "[9950,5000,2400000,10]" \
	'[.latency | .count, .min_ns, .max_ns, .bins_us["400"]]'
expect_json "the worst cycles" "[500,750]" "[.worst_latency.cycle, .worst_busy.cycle]"
expect_json "phases" '["read","record","step","write"]' ".phases | keys"
expect_json "a phase" "[9950,10000,1200000]" "[.phases.read | .count, .min_ns, .max_ns]"
expect_json "a gap in JSON" "[900,904]" "[.gaps[0] | .first, .last]"
expect_json "how sure" '[{"one_in":1000,"over_ns":2400000}]' \
	"[.worst_case.latency.exceeded[] | select(.one_in == 1000)]"
expect_json "worse than the worst" "[3316,\"steady\"]" "[.worst_case.latency | .worse_one_in, .trend]"
expect_json "overruns, all of them" 20 ".overruns | length"
expect_json "the cycles around one" "[497,498,499,500,501,502,503]" "[.overruns[0].cycles[].cycle]"
expect_json "one of both kinds" "[true,false,500,2]" \
	"[.overruns[0] | .is_late_wake, .is_long_work, .cycle, .missed]"
expect_json "the other kind" "[false,true,750,1202500]" \
	"[.overruns[1] | .is_late_wake, .is_long_work, .cycle, .cycles[3].busy_ns]"
expect_json "the device" '["probe",960,950,10,0,50000000]' \
	"[.devices[0] | .name, .messages, .samples, .stale_turns, .bad_turns, .pause_max_ns]"
expect_json "its age" "[950,200000,200000]" "[.devices[0].age | .count, .min_ns, .max_ns]"
expect_json "events" '[["device_stale","probe",10],["late_wake","",10],["long_work","",10]]' \
	"[.events[] | [.kind, .device, .count]] | sort"
expect_json "overruns over time" 20 ".timeline.overruns | add"
expect_json "cycles over time" 9950 ".timeline.cycles | add"
expect_json "wholeness" "[true,0]" "[.is_whole, .problems]"

expect_report "every overrun" 0 --overruns all whole.mcap
expect_equal "overruns shown" 20 "$(grep -c '^  >' out)"
expect_report "two overruns" 0 --overruns 2 whole.mcap
expect_equal "overruns shown" 2 "$(grep -c '^  >' out)"
expect_report "no overrun" 0 --overruns 0 whole.mcap
expect_equal "overruns shown" 0 "$(grep -c '^  >' out)"
expect_report "JSON alone" 0 --json - whole.mcap
expect_equal "its runs" 1 "$(jq '.runs | length' out)"

# --- a part of it

expect_report "a part" 0 --from 3s --to 4s --json report.json whole.mcap
expect_json "its overruns" "[3500,3750]" "[.overruns[].cycle]"
expect_json "its cycles" "[992,5,0]" "[.cycles, .cycles_in_gaps, .cycles_missing]"
expect_report "nothing of it" 0 --from 1h whole.mcap
expect_line "cycles of nothing" "cycles    0 in the log, 0 in 0 gaps, 0 missing"

# --- several files

expect_report "a rotated run, in any order" 0 --json rotated.json third.mcap first.mcap second.mcap
"$RTLOOP" report --json report.json whole.mcap >/dev/null
expect_equal "a rotated run" "$(jq -S 'del(.runs[].logs)' report.json)" \
	"$(jq -S 'del(.runs[].logs)' rotated.json)"
expect_equal "its files" '["first.mcap","second.mcap","third.mcap"]' \
	"$(jq -c '[.runs[0].logs[].path]' rotated.json)"

expect_report "two runs" 0 --json report.json other.mcap whole.mcap
expect_equal "their cycles" "[9950,1990]" "$(jq -c '[.runs[].cycles] | sort | reverse' report.json)"
grep -q "^run 2 of 2: oven, " out || fail "the runs are not told apart: $(grep ^run out)"

expect_report "a file missing" 1 --json report.json first.mcap third.mcap
grep -q "^third.mcap: byte [0-9]*: cycles 4000 to 5999 are missing: neither logged nor in a gap$" err ||
	fail "the missing cycles are not named: $(cat err)"
expect_line "the missing cycles" "NOT WHOLE: 1 problem with the logs; the figures are of what is there"
expect_json "the missing cycles" "[false,2000,7960]" "[.is_whole, .cycles_missing, .cycles]"

# --- logs of other makers, and older ones

"$peers/write_log" plain.mcap 0 999
expect_report "a log without phases" 0 --json report.json plain.mcap
expect_json "its figures" "[802,{},1049]" "[.cycles, .phases, .latency.max_ns]"
expect_line "its overruns" "overruns  the log does not tell"

# --- damage

head -c $((size * 2 / 3)) whole.mcap >cut.mcap
expect_report "a log that was cut" 1 --json report.json cut.mcap
grep -q "^cut.mcap: byte [0-9]*: the file ends inside " err || fail "not said to be cut: $(cat err)"
grep -q "^log  *cut.mcap, .* not closed: the file ends inside " out || fail "not said to be cut: $(cat out)"
expect_json "what is there" "[true,false,false]" "[.cycles > 5000, .is_whole, .logs[0].is_closed]"

cp whole.mcap bad.mcap
printf '\xff' | dd of=bad.mcap bs=1 seek=$((size / 2)) conv=notrunc status=none
expect_report "a damaged log" 1 --json report.json bad.mcap
grep -q "^bad.mcap: byte [0-9]*: a chunk is damaged" err || fail "not said to be damaged: $(cat err)"
expect_json "what is there" "[true,true]" "[.cycles > 8000, .cycles_missing > 100]"

# --- what is refused

expect_report "a log given twice" 2 whole.mcap ./whole.mcap
grep -q "'./whole.mcap' is given twice" err || fail "no reason: $(cat err)"
expect_report "no time" 2 --from yesterday whole.mcap
grep -q "^rtloop report: --from is 'yesterday'; expected seconds since the log's start" err ||
	fail "no reason: $(cat err)"
expect_report "an end before the beginning" 2 --from 2s --to 1s whole.mcap
grep -qx "rtloop report: --to is before --from" err || fail "no word of the order: $(cat err)"
expect_report "a log as output" 2 --json ./whole.mcap whole.mcap
expect_equal "the log that was to be written over" "$size" "$(stat -c %s whole.mcap)"
expect_report "no such file" 1 nothing.mcap
grep -qx "rtloop report: nothing.mcap: No such file or directory" err || fail "no reason: $(cat err)"
expect_report "no log" 1 report.json
expect_report "an output that cannot be" 1 --json nowhere/x.json whole.mcap
if [ -w /dev/full ]; then
	expect_report "a full disk" 1 --json /dev/full whole.mcap
	grep -q "No space left" err || fail "no word of the full disk: $(cat err)"
fi

# --- pictures

mkdir empty
PATH=$PWD/empty "$RTLOOP" report --plot without whole.mcap >out 2>err
expect_equal "status without gnuplot" 1 $?
grep -q "gnuplot is not installed.* the data are in without.*apt-get install gnuplot-nox" err ||
	fail "no word of gnuplot: $(cat err)"
for file in latency.dat latency.series busy.dat busy.series timeline.dat; do
	[ -s "without/$file" ] || fail "without gnuplot no $file"
done
grep -q "^cycles" out || fail "without gnuplot no report"

if command -v gnuplot >/dev/null; then
	expect_report "pictures" 0 --plot plots whole.mcap
	expect_equal "what gnuplot says" "" "$(cat err)"
	for name in latency busy timeline; do
		expect_at_least "bytes of $name.png" 10000 "$(stat -c %s "plots/$name.png")"
		expect_equal "the kind of $name.png" "89 50 4e 47" \
			"$(od -An -tx1 -N 4 "plots/$name.png" | xargs)"
		grep -qF "oven: 9950 cycles in 10.0 s, period 1ms" "plots/$name.svg" || fail "no title: $name.svg"
	done
	grep -qF "oven: max 2400.0 µs" plots/latency.svg || fail "no greatest latency in its picture"
	grep -qF "busy time: max 1202.5 µs" plots/busy.svg || fail "no greatest busy time in its picture"
	grep -qF "write: max 2.0 µs" plots/busy.svg || fail "no phase in the picture of the busy time"
	grep -qF "20 overruns" plots/timeline.svg || fail "no overruns in the course of the run"
	expect_equal "the bins of the latency" "400 10" "$(grep '^400 ' plots/latency.dat)"

	expect_report "pictures of two runs" 0 --plot plots whole.mcap other.mcap
	expect_equal "the latencies in one picture" 2 \
		"$(grep -o 'run [12], oven: max 2400.0 µs' plots/latency.svg | sort -u | wc -l)"
	[ -s plots/timeline-2.svg ] || fail "no picture of the second run"
	expect_report "a folder that cannot be" 1 --plot nowhere/plots whole.mcap
fi

finish
