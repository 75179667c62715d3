# The report: from the runs, one a line (-s), to report.json. Every statistic is computed from the histograms
# of all runs of one kind put together, never from other statistics.
#
# Arguments: $measured (how it was measured), $sysinfo, $interrupts (a file's one value), $budget_us or null, $old or null.

# --- histograms --------------------------------------------------------------------------------------

def bin_width($program):
	if $program == "cyclictest" or . < 1024 then 1
	else (. / 1024 | log2 | floor) as $octave | 64 * pow(2; $octave) end;

def add_histograms:
	reduce (.[] | to_entries[]) as $bin ({}; .[$bin.key] += $bin.value);

def sorted_bins:
	to_entries | map({start: (.key | tonumber), n: .value}) | sort_by(.start);

# What so many of the samples do not exceed: the upper edge of a bin, and never more than the greatest; so it
# is never flattered.
def edge_of($bins; $wanted; $max; $program):
	(first(
		foreach $bins[] as $bin (0; . + $bin.n;
			if . >= $wanted and . > 0 then $bin.start + ($bin.start | bin_width($program)) else empty end)
	) // $max)
	| if . < $max then . else $max end;

def quantile($bins; $count; $max; $share; $program): edge_of($bins; $share * $count; $max; $program);

# 1 in 10, 1 in 100 and so on: what it did not exceed, and how many exceeded that, as far as there are
# samples to tell.
def levels($bins; $count; $max; $program):
	[range(1; 10) | pow(10; .) | select(. <= $count)]
	| map(. as $in
		| edge_of($bins; $count - ($count / $in | floor); $max; $program) as $us
		| {one_in: $in, us: $us,
			above: (if $us == $max then 0 else $count - ([$bins[] | select(.start < $us) | .n] | add // 0) end)});

def merged($program):
	map(select(.count > 0))
	| if length == 0 then {histogram: {}, count: 0, min: null, max: null, avg: null, overflow: 0}
	else
		(map(.histogram) | add_histograms) as $histogram
		| ($histogram | sorted_bins) as $bins
		| (map(.count) | add) as $count
		| (map(.max) | max) as $max
		| {
			histogram: ($bins | map({key: (.start | tostring), value: .n}) | from_entries),
			count: $count,
			min: (map(.min) | min),
			max: $max,
			avg: ((map(.avg * .count) | add) / $count),
			overflow: (map(.overflow) | add),
			median: quantile($bins; $count; $max; 0.5; $program),
			p99: quantile($bins; $count; $max; 0.99; $program),
			p99_9: quantile($bins; $count; $max; 0.999; $program),
			exceeded: levels($bins; $count; $max; $program)
		}
	end;

# --- the trend ---------------------------------------------------------------------------------------

# The worst of each quarter of the time that rtloop ran, all its runs in a row.
def quarters($runs):
	[$runs[].timeline | .interval_s as $s | range(.cycles | length) as $i
		| {s: $s, wakeup_us: .latency_max_us[$i], busy_us: .busy_max_us[$i], overruns: .overruns[$i]}]
	| (map(.s) | add // 0) as $all
	| if length < 4 then null
	else
		reduce .[] as $at ({s: 0, quarters: [range(4) | {wakeup_us: 0, busy_us: 0, overruns: 0}]};
			([(.s / $all * 4 | floor), 3] | min) as $q
			| .quarters[$q] |= {
				wakeup_us: ([.wakeup_us, $at.wakeup_us] | max),
				busy_us: ([.busy_us, $at.busy_us] | max),
				overruns: (.overruns + $at.overruns)
			}
			| .s += $at.s)
		| .quarters
	end;

# --- of one program, idle or under load --------------------------------------------------------------

def total($program; $load):
	map(select(.program == $program and .load == $load)) as $runs
	| {
		$program, $load,
		runs: ($runs | length),
		seconds: ($runs | map(.seconds) | add),
		wakeup: ($runs | map(.wakeup) | merged($program)),
		worst_round: ($runs | max_by(.wakeup.max) | .round)
	}
	+ if $program == "rtloop" then {
		phases: (["busy", "read", "step", "write", "record"]
			| map(. as $phase | [$runs[].phases[$phase] | select(.)] | select(length > 0)
				| {key: $phase, value: merged($program)})
			| from_entries),
		overruns: (["late_wakes", "long_works", "missed", "caught_up"]
			| map(. as $kind | {key: $kind, value: ([$runs[].overruns[$kind]] | add)}) | from_entries),
		page_faults: ([$runs[].page_faults] | add),
		quarters: quarters($runs)
	} else {} end;

def totals:
	. as $runs
	| [("idle", "load") as $load | ("cyclictest", "rtloop") as $program
		| select($runs | any(.program == $program and .load == $load))
		| $runs | total($program; $load)];

# --- how far apart the two are -----------------------------------------------------------------------

# cyclictest cuts each sample off to whole microseconds before it adds them up: half of one is given back.
def true_mean($program):
	if . == null then null elif $program == "cyclictest" then . + 0.5 else . end;

def figures($program):
	.wakeup | {median, mean: (.avg | true_mean($program)), p99, p99_9, max, count};

def ratio($a; $b):
	if $a == null or $b == null or $b == 0 then null else $a / $b end;

# With pacer and poller uring rtloop reads within its wait: what it measures then is not what cyclictest does.
def reads_in_wait($runs): $runs | any(.latency_of == "wake + read");

def comparison($runs):
	. as $totals
	| if reads_in_wait($runs) then [] else
	[("idle", "load") as $load
		| [$totals[] | select(.load == $load and .wakeup.count > 0)]
		| select(length == 2)
		| (.[0] | figures("cyclictest")) as $theirs
		| (.[1] | figures("rtloop")) as $ours
		| [$runs[] | select(.load == $load)] as $of_load
		| {
			$load,
			cyclictest: $theirs,
			rtloop: $ours,
			ratio: ($ours | del(.count) | with_entries(.value = ratio(.value; $theirs[.key]))),
			mean_difference_us: ($ours.mean - $theirs.mean),
			rounds: [$of_load | group_by(.round)[]
				| {round: .[0].round} + (map({key: .program, value: (.program as $p | .wakeup | {mean: (.avg | true_mean($p)), max})})
					| from_entries)
				| select(.cyclictest.mean and .rtloop.mean)
				| .ratio = ratio(.rtloop.mean; .cyclictest.mean)]
		}]
	end;

# --- the gate ----------------------------------------------------------------------------------------

def over_budget($budget_us):
	[.[] | select(.program == "rtloop") | .load as $load
		| ({what: "wake-up", us: .wakeup.max}, {what: "busy time", us: .phases.busy.max})
		| select(.us > $budget_us)
		| . + {$load}];

def budget($runs):
	if $budget_us == null then null
	else
		([$runs[] | select(.program == "rtloop") | .wakeup.count] | add // 0) as $cycles
		| over_budget($budget_us) as $over
		| {us: $budget_us, $cycles, $over, is_met: ($cycles > 0 and ($over | length == 0))}
	end;

# --- beside an earlier report ------------------------------------------------------------------------

def beside_old:
	if $old == null then null
	else
		. as $totals
		| {
			started: $old.measured.started,
			kernel: $old.sysinfo.release,
			changed: [($sysinfo + {
					interval_us: $measured.interval_us, priority: $measured.priority, cpu: $measured.cpu,
					load: $measured.load, configuration: $measured.configuration
				}) | to_entries[]
				| ($old.measured + $old.sysinfo)[.key] as $was
				| select($was != .value) | {what: .key, $was, is: .value}],
			figures: [$totals[] | . as $new | $old.totals[]
				| select(.program == $new.program and .load == $new.load and .wakeup.count > 0 and $new.wakeup.count > 0)
				| (("wakeup", "busy") as $what
					| [., $new | if $what == "busy" then .phases.busy else .wakeup end]
					| select(all(.[]; . != null))
					| {program: $new.program, load: $new.load, $what}
					+ ({was: .[0], is: .[1]} | map_values({count, median, p99_9, max})))]
		}
	end;

# -----------------------------------------------------------------------------------------------------

. as $runs
| totals as $totals
| ($totals | map(select(.program == "rtloop")) | first) as $ours
| {
	format: "rtloop-measure",
	format_version: 1,
	version: 3,
	sysinfo: $sysinfo,
	cpu: (if $ours == null then {} else {"0": ($ours.wakeup | {histogram, count, min, max, avg})} end),
	measured: $measured,
	budget: ($totals | budget($runs)),
	totals: $totals,
	comparison: ($totals | comparison($runs)),
	latency_of: (if reads_in_wait($runs) then "wake + read" else "wake" end),
	interrupts: $interrupts[0],
	compared: ($totals | beside_old),
	runs: $runs
}
