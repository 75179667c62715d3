# report.json as a person reads it: the worst case, how sure it is, then the rest. One line an output (-r).

# --- how things are written --------------------------------------------------------------------------

def spaces($n): if $n > 0 then " " * $n else "" end;
def right($n): tostring | spaces($n - length) + .;
def left($n): tostring | . + spaces($n - length);

# One decimal.
def us:
	if . == null then "-"
	else (. * 10 | round) as $tenths | "\($tenths / 10 | floor).\($tenths % 10)" end;

def later_or_earlier: if . < 0 then "\(-. | us) us earlier" else "\(us) us later" end;

def fixed2: (. * 100 | round) as $n | "\($n / 100 | floor).\(($n % 100) | tostring | if length < 2 then "0" + . else . end)";

# 1,234,567
def grouped:
	tostring | [range(length; 0; -3) as $to | .[([$to - 3, 0] | max):$to]] | reverse | join(",");

def plural($n; $word): "\($n | grouped) \($word)\(if $n == 1 then "" else "s" end)";

def duration:
	round | if . < 120 then "\(.) s"
	elif . < 7200 then "\(. / 60 | floor) min \(. % 60) s"
	else "\(. / 3600 | floor) h \(. % 3600 / 60 | floor) min" end;

def period: if . >= 1000 and . % 1000 == 0 then "\(. / 1000) ms" else "\(.) us" end;

# Words in lines of at most 90 characters, the first behind a label.
def wrapped($before; $text):
	($before | length) as $indent
	| reduce ($text | splits(" ")) as $word ({lines: [], line: $before, is_empty: true};
		if .is_empty then .line += $word | .is_empty = false
		elif (.line | length) + 1 + ($word | length) > 90
		then .lines += [.line] | .line = spaces($indent) + $word
		else .line += " " + $word end)
	| .lines[], .line;

def heading: "", ., (. | gsub("."; "-"));

def of_load: if . == "idle" then "idle" else "under load" end;
def rtloop_totals: [.totals[] | select(.program == "rtloop")];

# --- what it is a report of --------------------------------------------------------------------------

def first_lines:
	if .sysinfo.is_preempt_rt
	then "PREEMPT_RT kernel \(.sysinfo.release): the figures describe this machine as it was set up."
	else "NOT PREEMPT_RT: the figures describe this machine, not the board (kernel \(.sysinfo.release))." end,
	(if .sysinfo.is_virtual then "This is a virtual machine: what its host did besides is in every figure." else empty end),
	([.runs[] | select(.program == "rtloop") | .realtime.problems[]] | unique_by(.why)[]
		| select(.why | startswith("the kernel is not PREEMPT_RT") | not)
		| wrapped((if .is_fatal then "not real-time: " else "note: " end); "\(.why); mend it with: \(.fix)")),
	(.measured | select(.stopped_by != "")
		| "ENDED EARLY by \(.stopped_by), after \(.runs_done) of \(.runs_planned) runs: the report is of what was measured until then."),
	(.measured | select(.no_cyclictest != "") | wrapped("cyclictest was not run: "; .no_cyclictest)),
	([.runs[] | select(.program == "rtloop" and .end != "its time was over" and .is_whole)][]
		| "rtloop's run \(.round) \(.load | of_load) ended early, after \(.seconds | us) s: \(.end)."),
	([.runs[] | select(.status != 0)][]
		| "\(.program)'s run \(.round) \(.load | of_load) ended with status \(.status); what it said is beside \(.file)."),
	([.runs[] | select(.load_died)] | select(length > 0)
		| "THE LOAD ENDED before the run did: what is called \"under load\" was not, all the time.");

def setting:
	.measured as $m
	| "",
	wrapped("measured       "; "\($m.started), \($m.elapsed_s | duration): \(if $m.no_cyclictest == "" then "cyclictest and rtloop in turn" else "rtloop" end), \(plural($m.rounds; "round")) of \($m.seconds | duration)\(if $m.load != "" then ", idle and under load" else "" end)"),
	wrapped("machine        "; [.sysinfo.model, .sysinfo.cpu_model, "\(.sysinfo.cpus_online) CPUs", .sysinfo.os] | map(select(. != "")) | join(", ")),
	wrapped("kernel         "; "\(.sysinfo.release) \(.sysinfo.version)"),
	wrapped("thread         "; "\(if $m.priority > 0 then "SCHED_FIFO priority \($m.priority)" else "SCHED_OTHER" end), \(if $m.cpu < 0 then "any CPU" else "CPU \($m.cpu)" end), period \($m.interval_us | period)"),
	wrapped("isolated CPUs  "; "\(if .sysinfo.isolated_cpus == "" then "none" else .sysinfo.isolated_cpus end); governor \(if .sysinfo.governor == "" then "not known" else .sysinfo.governor end)"),
	wrapped("configuration  "; if $m.configuration == "" then "an empty loop" else $m.configuration + (if $m.drives_outputs then "; its OUTPUTS WERE DRIVEN" else "; outputs were not driven" end) end),
	(if $m.load != "" then wrapped("load           "; $m.load) else empty end),
	($m.other_rtloops[] | wrapped("beside         "; .)),
	([.runs[] | select(.program == "rtloop") | .devices[] | select(.is_open | not)] | unique_by(.name)[]
		| wrapped("away           "; "device '\(.name)': \(.away)")),
	wrapped("rtloop         "; "\(.sysinfo.rtloop)\(if .sysinfo.cyclictest != "" then "; cyclictest \(.sysinfo.cyclictest)" else "" end)");

# --- the worst case ----------------------------------------------------------------------------------

def worst_row($totals; $name; value):
	"  \($name | left(12))" + ([$totals[] | value | right(14)] | join(""));

def worst:
	rtloop_totals as $totals
	| (.latency_of != "wake + read") as $one_thing
	| ("THE WORST CASE, rtloop" | heading),
	(if $totals | length == 0 then "  nothing was measured"
	else
		"  us          " + ([$totals[].load | of_load | right(14)] | join("")),
		worst_row($totals; "wake-up"; .wakeup.max | us) + "   after the release",
		worst_row($totals; "busy"; .phases.busy.max | us) + "   from wake-up to the last write",
		worst_row($totals; "overruns"; .overruns.late_wakes + .overruns.long_works | grouped)
			+ "   \([$totals[].overruns.missed] | add | plural(.; "release")) missed",
		(.comparison | select(length > 0) | "  \("cyclictest" | left(12))" + (map(.cyclictest.max | us | right(14)) | join(""))
			+ "   its worst wake-up, for comparison"),
		worst_row($totals; "page faults"; .page_faults | grouped) + "   in the cycle thread"
	end),
	(select(.latency_of == "wake + read")
		| wrapped("  note: "; "with pacer and poller uring the messages are read within the wait: \"wake-up\" is wake + read here, and is not put beside cyclictest.")),
	([.totals[] | select($one_thing and .program == "cyclictest" and .wakeup.max != null)] as $theirs
		| $totals[] | . as $ours | $theirs[] | select(.load == $ours.load and .wakeup.max > 1.1 * $ours.wakeup.max + 1)
		| wrapped("  note: "; "\(.load | of_load), cyclictest once woke \(.wakeup.max) us late, later than rtloop ever did. It is the same machine: expect it of rtloop, too."));

def verdict:
	.budget | select(. != null)
	| "",
	(if .cycles == 0 then "  BUDGET \(.us) us: NOT JUDGED, no cycle was run"
	elif .is_met then "  BUDGET \(.us) us: met"
	else "  BUDGET \(.us) us: EXCEEDED: \([.over[] | "the worst \(.what) \(.load | of_load) was \(.us | us) us"] | join("; "))" end);

# --- how sure ----------------------------------------------------------------------------------------

# Up to the median a table of what is exceeded tells nothing.
def sure_of($what):
	. as $h
	| "\(.count | grouped) cycles, and no \($what) over \(.max | us) us.",
	(.exceeded[] | select(.one_in >= 100 and .above > 0)
		| "  at most 1 in \(.one_in | grouped | left(12)) over \(.us | us | right(8)) us  (\(.above | grouped) of them)");

def trend:
	.quarters | select(. != null)
	| map(.wakeup_us) as $worst
	| ($worst | index(max)) as $at
	| "worst wake-up in each quarter of the time: \($worst | map(us) | join("  ")) us;",
	(if $at == 3 then "the worst came in the last quarter: a longer measurement may well find a worse one."
	else "none was worse after the \(["first", "second", "third"][$at]) quarter." end),
	(map(.overruns) | select(add > 0) | "overruns in each quarter: \(map(tostring) | join("  "))");

def sure:
	select(any(rtloop_totals[]; .wakeup.count > 0))
	| ("HOW SURE" | heading),
	(rtloop_totals[] | select(.wakeup.count > 0)
		| "  \(.load | of_load)",
		((.wakeup | sure_of("wake-up")) | "    " + .),
		((.phases.busy | sure_of("busy time")) | "    " + .),
		(trend | "    " + .),
		wrapped("    "; "With 95 % confidence, less than 1 cycle in \(.wakeup.count / 3 | floor | grouped) wakes later than \(.wakeup.max | us) us (three in the number of cycles that were run).")),
	wrapped("  "; "That bound holds if cycles are late independently of each other, and if the machine goes on as it did while it was measured: with the same load, devices, temperature and kernel. Lateness often comes in bursts: then it is less certain than this. A maximum that was measured is no proof of a maximum.");

# --- the rest ----------------------------------------------------------------------------------------

def row_of_times($name):
	"  \($name | left(24))" + ([.min, .median, .avg, .p99, .p99_9, .max] | map(us | right(10)) | join(""));

def times_head($name): "  \($name | left(24))" + (["min", "median", "mean", "p99", "p99.9", "max"] | map(right(10)) | join(""));

def phases:
	select(any(rtloop_totals[]; .wakeup.count > 0))
	| (if .measured.configuration == "" then "THE CYCLE, empty" else "THE CYCLE, PHASE BY PHASE" end | heading),
	(rtloop_totals[] | select(.wakeup.count > 0)
		| times_head("us, \(.load | of_load)"),
		(.wakeup | row_of_times("wake-up")),
		(.phases | to_entries[]
			| .key as $name
			| .value | row_of_times(if $name == "busy" or $name == "record" then $name else "  " + $name end))),
	"  busy is from the wake-up to the last write; record, handing the records to the logger, comes after.";

def side($program):
	"  \($program | left(24))" + ([.median, .mean, .p99, .p99_9, .max] | map(us | right(10)) | join(""));

def beside_cyclictest:
	select(.comparison | length > 0)
	| ("HOW FAR APART: rtloop beside cyclictest" | heading),
	(.comparison[]
		| "  \("us, \(.load | of_load)" | left(24))" + (["median", "mean", "p99", "p99.9", "max"] | map(right(10)) | join("")),
		(.cyclictest | side("cyclictest")),
		(.rtloop | side("rtloop")),
		"  \("rtloop / cyclictest" | left(24))" + ([.ratio | .median, .mean, .p99, .p99_9, .max] | map(if . == null then "-" else fixed2 end | right(10)) | join("")),
		"  On average rtloop wakes \(.mean_difference_us | later_or_earlier) than cyclictest.",
		(.rounds | select(length > 1)
			| "  mean by round: cyclictest \(map(.cyclictest.mean | us) | join("  ")), rtloop \(map(.rtloop.mean | us) | join("  "))",
			"  ratio by round: \(map(.ratio | fixed2) | join("  ")); what they differ by is what the ratio above is uncertain by.")),
	wrapped("  "; "Quantiles are the upper edge of a 1 us step. cyclictest cuts its samples off to whole microseconds; its mean is given half of one back.");

def interrupts:
	select(.interrupts | length > 0)
	| ("INTERRUPTS \(if .measured.cpu < 0 then "on all CPUs" else "on CPU \(.measured.cpu)" end), while it was measured" | heading),
	(.interrupts[:8][] | "  \(.count | grouped | right(14))  \(.name)"),
	(if .interrupts | length > 8 then "  and \(.interrupts | length - 8) more, in environment/" else empty end);

def compared_figures:
	"  \(.program | left(12))\(.load | of_load | left(12))\((if .what == "wakeup" then "wake-up" else .what end) | left(10))"
	+ ([.was.median, .is.median, .was.p99_9, .is.p99_9, .was.max, .is.max] | map(us | right(9)) | join(""))
	+ "  \(.was.count | grouped) / \(.is.count | grouped)";

def compared:
	.compared | select(. != null)
	| ("BESIDE THE REPORT OF \(.started), kernel \(.kernel)" | heading),
	"  us, then and now                      " + (["median", "now", "p99.9", "now", "max", "now"] | map(right(9)) | join("")) + "  cycles",
	(.figures[] | compared_figures),
	(if .figures == [] then "  the two have no figures of one kind" else empty end),
	(if .changed == [] then "  Of kernel, machine and setting nothing has changed."
	else "  What has changed:", (.changed[] | wrapped("    "; "\(.what): was \(.was | tojson), is \(.is | tojson)")) end),
	"  A maximum of more cycles is greater by that alone: compare those of like numbers of cycles.";

first_lines, setting, worst, verdict, sure, phases, beside_cyclictest, compared, interrupts
