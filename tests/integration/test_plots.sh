#!/bin/bash
# The scripts that gnuplot draws with: every series is there, its legend tells the greatest time, and a
# wrong call is answered.
. "$(dirname "$0")/lib.sh"
plot=$PWD/scripts/plot
cd "$TEST_TMP" || exit 1
command -v gnuplot >/dev/null || skip "gnuplot is not installed"

# expect_draw SCRIPT ARGUMENT...
expect_draw() {
	local script=$1
	shift
	LC_ALL=C.UTF-8 gnuplot -c "$plot/$script.gp" "$@" 2>draw.err || fail "$script $*: $(cat draw.err)"
	[ ! -s draw.err ] || fail "$script $* says: $(cat draw.err)"
}

# expect_refused SCRIPT TEXT ARGUMENT...
expect_refused() {
	local script=$1 text=$2
	shift 2
	if LC_ALL=C.UTF-8 gnuplot -c "$plot/$script.gp" "$@" 2>draw.err; then
		fail "$script $* was not refused"
	fi
	grep -q -- "$text" draw.err || fail "$script $*: not '$text': $(cat draw.err)"
}

expect_text() { # FILE TEXT
	grep -qF -- "$2" "$1" || fail "$1 does not say '$2'"
}

# The points of the first line in the first series' colour.
points_of() { # SVG
	sed -n "/<path stroke='rgb(  0, 114, 178)'/,/'\/>/{p;/'\/>/q}" "$1" | grep -oE '[ML][0-9]' | wc -l
}

# A PNG of 1200 pixels across with more in it than a white page.
expect_picture() { # FILE
	expect_equal "the width of $1" "00 00 04 b0" "$(od -An -tx1 -j 16 -N 4 "$1" | xargs)"
	expect_at_least "the bytes of $1" 10000 "$(stat -c %s "$1")"
}

# --- latency: times all within the 1 us bins

printf '%s\n' "# a comment" "3 10" "4 2000" "5 300" "9 1" >idle
printf '%s\n' "4 900" "5 1200" "30 7 1" "43 1 1" >load
printf 'idle\tcyclictest, idle\t9\nload\trt_loop, load\t43.4\n' >both.series
expect_draw latency latency.svg both.series "a_title"
expect_text latency.svg ">a_title<"
expect_text latency.svg "cyclictest, idle: max 9 µs"
expect_text latency.svg "rt_loop, load: max 43.4 µs"
expect_text latency.svg "wake-up latency, µs (1 µs bins)"
expect_draw latency latency.png both.series
expect_picture latency.png

printf 'idle\tone\n' >one.series
expect_draw latency one.svg one.series "" "busy time"
expect_text one.svg "one: max 9 µs"
expect_text one.svg "busy time, µs"
expect_equal "corners of a line over four bins, one of them apart" 12 "$(points_of one.svg)"

for i in $(seq 12); do
	printf 'load\tseries %d\t%d\n' "$i" "$((43 + i))"
done >many.series
expect_draw latency many.svg many.series
for i in $(seq 12); do
	expect_text many.svg "series $i: max $((43 + i)) µs"
done

# --- latency: a tail in wider bins

printf '%s\n' "4 900" "5 1200" "1024 64" "5120 256" >tail.hist
printf 'tail.hist\trtloop\t5300\n' >tail.series
expect_draw latency tail.svg tail.series
expect_text tail.svg "samples per µs"
expect_text tail.svg "logarithmic"
expect_text tail.svg ">5000<"
expect_equal "corners of a line over four bins in three places" 14 "$(points_of tail.svg)"
expect_draw latency tail.png tail.series
expect_picture tail.png

# --- over time

printf '%s\n' "0 12 20 0" "1 14.5 22 0" "2 nan nan 2" "3 40 25 1" >run.dat
expect_draw timeline timeline.svg run.dat "a run"
expect_text timeline.svg ">a run<"
expect_text timeline.svg "wake-up latency: max 40 µs"
expect_text timeline.svg "busy time: max 25 µs"
expect_text timeline.svg "3 overruns"
expect_text timeline.svg "greatest of each 1 s, µs"
expect_text timeline.svg "seconds since the start"
expect_draw timeline timeline.png run.dat
expect_picture timeline.png

for i in $(seq 0 300); do
	echo "$((i * 60)) $((i == 100 ? 5000 : 10)) 9 0"
done >long.dat
expect_draw timeline long.svg long.dat
expect_text long.svg "no overruns"
expect_text long.svg "hours since the start"
expect_text long.svg "greatest of each 1 min, µs (logarithmic)"

# --- what is refused

expect_refused latency "usage: gnuplot -c latency.gp" only.png
expect_refused latency "x.pdf: ends neither in .png nor in .svg" x.pdf both.series
expect_refused latency "nowhere" x.png nowhere.series
expect_refused timeline "usage: gnuplot -c timeline.gp" only.png
expect_refused timeline "x.pdf: ends neither in .png nor in .svg" x.pdf run.dat
expect_refused timeline "nowhere" x.png nowhere.dat

# --- bars and lines, of rtloop bench

printf '%s\n' "# a comment" >bars.dat
printf 'one_way\t1.5\t20\t3000\nanother\t0.01\t0.02\t0.03\n' >>bars.dat
expect_draw bars bars.svg bars.dat "a_title"
expect_text bars.svg ">a_title<"
expect_text bars.svg "one_way"
expect_text bars.svg "another"
expect_draw bars bars.png bars.dat
expect_picture bars.png
expect_refused bars "ends neither in .png nor in .svg" bars.gif bars.dat
expect_refused bars "usage:" bars.svg

printf 'one_way\t1\t1.5\none_way\t16\t2\none_way\t256\t90\nanother\t1\t0.004\n' >lines.dat
expect_draw lines lines.svg lines.dat "a_title"
expect_text lines.svg ">a_title<"
expect_text lines.svg "one_way"
expect_text lines.svg "another"
expect_equal "corners of the first line, and of its sample in the legend" 5 "$(points_of lines.svg)"
expect_draw lines lines.png lines.dat
expect_picture lines.png
expect_refused lines "ends neither in .png nor in .svg" lines.gif lines.dat
expect_refused lines "usage:" lines.svg

finish
