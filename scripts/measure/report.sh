# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with measure.sh
# Sourced by measure.sh: report.json and report.txt, the pictures, and the exit status.

find_old_report() {
	[ ! -d "$old" ] || old=$old/report.json
	[ -r "$old" ] || wrong "--compare: there is no report at $old"
	jq -e '.format == "rtloop-measure" and .format_version == 1' "$old" >/dev/null 2>&1 ||
		wrong "--compare: $old is no report of rtloop-measure"
	old=$(readlink -f "$old")
}

# Without the histograms: a program's argument may not be long.
read_old() {
	if [ -z "$old" ]; then
		echo null
	else
		jq 'del(.runs, .cpu, .interrupts, .compared) | del(.totals[] | .. | .histogram?)' "$old"
	fi
}

write_measured() {
	# shellcheck disable=SC2016 # jq's variables
	jq -n \
		--arg started "$begun" --argjson elapsed_s $((EPOCHSECONDS - begun_s)) \
		--argjson seconds "$seconds" --argjson rounds "$rounds" \
		--argjson runs_planned "$runs_planned" --argjson runs_done "$runs_done" \
		--argjson interval_us "$used_interval_us" --argjson priority "$used_priority" \
		--argjson cpu "$used_cpu" --arg configuration "$config" \
		--argjson drives_outputs "$drives_outputs" --arg load "$load_text" \
		--arg stopped_by "$stopped_by" --arg no_cyclictest "$why_no_cyclictest" \
		'$ARGS.named + {other_rtloops: $ARGS.positional}' --args "${other_rtloops[@]}"
}

write_interrupts() {
	interrupts_between | jq -Rn '[inputs | split("\t") | {name: .[0], count: (.[1] | tonumber)}]'
}

write_report() {
	touch "$work/runs.jsonl"
	# a machine may have thousands of interrupts: more than an argument holds
	write_interrupts >"$work/interrupts.json"
	# shellcheck disable=SC2016 # jq's variables
	jq -s --argjson measured "$(write_measured)" --argjson sysinfo "$(<"$work/sysinfo.json")" \
		--slurpfile interrupts "$work/interrupts.json" --argjson budget_us "${budget_us:-null}" \
		--argjson old "$(read_old)" \
		-f "$parts/report.jq" "$work/runs.jsonl" >"$out/report.json" ||
		die "the report could not be written; the runs are in $out/runs"
	{
		jq -r -f "$parts/text.jq" "$out/report.json" &&
		draw_pictures "$out"
	} >"$out/report.txt" || die "the report could not be written; the figures are in $out/report.json"
}

# --- pictures ----------------------------------------------------------------------------------------

# A file for each program, idle and under load, and the list of them.
write_series() { # REPORT FOLDER
	local index=0 program load max name
	: >"$2/series"
	while IFS=$'\t' read -r program load max; do
		name=$program
		[ "$load" = idle ] || name="$program, under load"
		jq -r --argjson index $index '.totals[$index] | (if .program == "cyclictest" then " 1" else "" end) as $width
			| .wakeup.histogram | to_entries | sort_by(.key | tonumber)[] | "\(.key) \(.value)\($width)"' \
			"$1" >"$2/series-$index"
		printf '%s\t%s\t%s\n' "$2/series-$index" "$name" "$max" >>"$2/series"
		index=$((index + 1))
	done < <(jq -r '.totals[] | [.program, .load, (.wakeup.max // 0 | . * 10 | round / 10)] | @tsv' "$1")
}

# Of rtloop's runs, at the time at which they were.
write_timeline() { # REPORT
	jq -r '.runs[] | select(.program == "rtloop") | .started_s as $from
		| .timeline | .interval_s as $s | range(.cycles | length) as $i
		| if .cycles[$i] > 0
		then "\($from + $i * $s) \(.latency_max_us[$i]) \(.busy_max_us[$i]) \(.overruns[$i])"
		else "\($from + $i * $s) nan nan 0" end' "$1"
}

picture_title() { # REPORT
	jq -r '[.sysinfo.nodename, "Linux \(.sysinfo.release)",
		(if .measured.priority > 0 then "FIFO \(.measured.priority)" else "SCHED_OTHER" end),
		(select(.measured.cpu >= 0) | "CPU \(.measured.cpu)"), "period \(.measured.interval_us) us",
		(select(.sysinfo.is_virtual) | "a virtual machine")] | join(", ")' "$1"
}

timeline_title() { # REPORT
	jq -r '"rtloop\(if .measured.load == "" then "" else ", idle, then under load" end)"
		+ ": \(.sysinfo.nodename), Linux \(.sysinfo.release), from \(.measured.started)"' "$1"
}

draw() { # PICTURE SCRIPT DATA TITLE
	LC_ALL=C.UTF-8 gnuplot -c "$plots/$2" "$1" "$3" "$4" >"$work/gnuplot.txt" 2>&1 && [ -s "$1" ]
}

# Says which pictures could not be drawn.
draw_pictures() { # FOLDER
	local title missing=() picture why
	if ! command -v gnuplot >/dev/null; then
		printf '\nThere is no gnuplot here: latency.png, latency.svg and timeline.png are missing. To have them:\n'
		printf '  sudo apt install gnuplot-nox && %s --plot %q\n' "$program" "$1"
		return 0
	fi
	title=$(picture_title "$1/report.json")
	write_series "$1/report.json" "$work"
	write_timeline "$1/report.json" >"$work/timeline"
	for picture in latency.png latency.svg; do
		draw "$1/$picture" latency.gp "$work/series" "$title" || missing+=("$picture")
	done
	draw "$1/timeline.png" timeline.gp "$work/timeline" "$(timeline_title "$1/report.json")" || missing+=(timeline.png)
	if [ ${#missing[@]} -gt 0 ]; then
		why=$(head -n 3 "$work/gnuplot.txt")
		printf '\nNot drawn: %s. gnuplot says: %s\n' "${missing[*]}" "$why"
	fi
}

plot_again() { # FOLDER
	[ -r "$1/report.json" ] || wrong "--plot: there is no report.json in $1"
	draw_pictures "$1" >"$work/plot.txt"
	if [ -s "$work/plot.txt" ]; then
		grep . "$work/plot.txt" >&2
		exit "$EXIT_BAD"
	fi
}

# --- the end -----------------------------------------------------------------------------------------

# Of a budget that is met in part of the time nobody is to conclude that it is met.
finish() {
	local is_met
	cat "$out/report.txt"
	say "The report is in $out."
	is_met=$(jq '.budget | . == null or .is_met' "$out/report.json")
	if [ "$is_met" = false ]; then
		jq -r '.budget | if .cycles == 0 then "no cycle was run, so the budget of \(.us) us was not judged"
			else .us as $budget | .over[] | "over the budget of \($budget) us: the worst \(.what), \(if .load == "idle" then "idle" else "under load" end): \(.us) us" end' \
			"$out/report.json" | sed "s/^/$program: /" >&2
		exit "$EXIT_BAD"
	fi
	exit "${stopped:-0}"
}
