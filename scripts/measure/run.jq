# What a program wrote of one run, in the form that the report has: times in us.
#
# A histogram is {histogram: {"<us>": count}, count, min, max, avg, overflow}: the names are jitterdebugger's.
# Keys are where a bin starts; the bins of rtloop are 1 us wide up to 1024 us, and 16 to each doubling from
# there, those of cyclictest are 1 us wide.

def of_rtloop:
	{histogram: .bins_us, count, min: (.min_ns / 1000), max: (.max_ns / 1000), avg: (.mean_ns / 1000), overflow}
	| if .count == 0 then .min = null | .max = null | .avg = null else . end;

def of_cyclictest:
	{histogram, count: .cycles, min, max, avg, overflow: (.cycles - ([.histogram[]] | add // 0))}
	| if .count == 0 then .min = null | .max = null | .avg = null else . end;

def from_rtloop:
	. as $run
	| {
		seconds,
		"end": .end,
		cpu: .realtime.cpu,
		priority: .realtime.priority,
		interval_us: (.period_ns / 1000),
		wakeup: (.latency | of_rtloop),
		latency_of,
		phases: (["busy", "read", "step", "write", "record"]
			| map(. as $name | select($run[$name]) | {key: $name, value: ($run[$name] | of_rtloop)})
			| from_entries),
		overruns: {late_wakes, long_works, missed, caught_up},
		page_faults: (.minor_faults + .major_faults),
		involuntary_switches,
		realtime,
		devices: [.devices[] | {name, driver, is_open}
			+ if .away then {away} else {} end
			+ if has("outputs_driven") then {outputs_driven} else {} end],
		log: (.log // null),
		timeline: (.timeline | {
			interval_s,
			cycles,
			latency_max_us: [.latency_max_ns[] / 1000],
			busy_max_us: [.busy_max_ns[] / 1000],
			overruns
		})
	};

def seconds_between($from; $to):
	[$from, $to] | map(strptime("%a, %d %b %Y %H:%M:%S %z") | mktime) | .[1] - .[0];

def from_cyclictest:
	{
		seconds: seconds_between(.start_time; .end_time),
		cpu: .thread["0"].cpu,
		wakeup: (.thread["0"] | of_cyclictest)
	};

{$program, $load, $round, $started_s, $status, $is_whole, $load_died, $file}
+ if $program == "rtloop" then from_rtloop else from_cyclictest end
