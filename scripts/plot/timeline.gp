# How a run went: the greatest wake-up latency and busy time of each interval over the run, and where
# releases were missed.
#
# usage: LC_ALL=C.UTF-8 gnuplot -c timeline.gp OUTPUT DATA [TITLE]
#
#	OUTPUT	the picture: a name that ends in .png or .svg
#	DATA	a file with a line for each interval, in rising order:
#		    SECONDS LATENCY BUSY OVERRUNS
#		SECONDS from the start of the run to the start of the interval; LATENCY and BUSY the
#		greatest of the interval in us, nan where there is none; OVERRUNS how many there were.
#		Lines that begin with # are passed over. At most some thousands of them are of use.
#	TITLE	above the plot
#
# The scale up is linear, or logarithmic where the greatest time is more than twenty times the usual.
#
# In the locale C gnuplot draws the same, but warns of a degree sign.

if (ARGC < 2) {
	printerr "usage: gnuplot -c timeline.gp OUTPUT DATA [TITLE]"
	exit status 2
}
output = ARG1
data = ARG2
ending = strlen(output) > 4 ? output[strlen(output) - 3 : strlen(output)] : ""
is_svg = ending eq ".svg"
if (!is_svg && ending ne ".png") {
	printerr sprintf("timeline.gp: %s: ends neither in .png nor in .svg", output)
	exit status 2
}
set encoding utf8

# --- what is in it

overruns = 0
intervals = 0
first = 1e300
last = -1e300
step = 1e300
previous = NaN
stats data using (intervals = intervals + 1, overruns = overruns + $4, \
	step = $1 - previous > 0 && $1 - previous < step ? $1 - previous : step, previous = $1, \
	first = $1 < first ? $1 : first, last = $1 > last ? $1 : last, $1) nooutput
if (intervals == 0) {
	printerr sprintf("timeline.gp: %s: has no intervals", data)
	exit status 1
}
step = step < 1e300 ? step : 1
array start[intervals]
array latency[intervals]
array busy[intervals]
i = 0
latency_max = 0.0
busy_max = 0.0
least = 1e300
stats data using (i = i + 1, start[i] = $1, latency[i] = $2, busy[i] = $3, \
	latency_max = $2 > latency_max ? $2 : latency_max, \
	busy_max = $3 > busy_max ? $3 : busy_max, \
	least = $2 > 0 && $2 < least ? $2 : least, least = $3 > 0 && $3 < least ? $3 : least, $2 >= 0 ? $2 : $3) nooutput name "usual"
top = latency_max > busy_max ? latency_max : busy_max
top = top > 0 ? top : 1

# From the start of an interval to its end; an empty line where the next does not join on.
set print $lines
do for [i = 1:intervals] {
	print sprintf("%.10g %.10g %.10g", start[i], latency[i], busy[i])
	print sprintf("%.10g %.10g %.10g", start[i] + step, latency[i], busy[i])
	if (i < intervals && start[i + (i < intervals)] > start[i] + 1.5 * step) {
		print ""
	}
}
unset print

last = last + step
unit = last > 4 * 3600 ? 3600.0 : last > 600 ? 60.0 : 1.0
each = step >= 60 ? sprintf("%g min", step / 60) : sprintf("%g s", step)
unit_name = unit == 3600 ? "hours" : unit == 60 ? "minutes" : "seconds"

# --- the plot

if (is_svg) {
	set terminal svg size 1200,560 dynamic font "DejaVu Sans,15" linewidth 1.5 background "#ffffff"
} else {
	set terminal pngcairo size 1200,560 font "DejaVu Sans,12" linewidth 1.6
}
set output output

set title ARG3 noenhanced font ",15"
set border 3 linecolor "#444444"
set tics nomirror textcolor "#222222"
set grid xtics ytics linetype 1 linecolor "#dddddd" linewidth 0.6
set key outside top center horizontal Left reverse noenhanced samplen 3 maxcols 3
set xlabel unit_name . " since the start"
set ylabel "greatest of each " . each . ", µs"
set xrange [first / unit : last / unit]
is_log = top > 20 * usual_median && usual_median > 0
if (is_log) {
	set logscale y
	set ytics 10
	set yrange [10 ** floor(log10(least > 0.1 ? least : 0.1)) : top * 2]
	mark = top * 1.5
	set ylabel "greatest of each " . each . ", µs (logarithmic)"
} else {
	set yrange [0 : top * 1.15]
	mark = top * 1.1
}
set format y "%g"

set style line 1 linecolor rgb "#0072b2" linewidth 1.2
set style line 2 linecolor rgb "#e69f00" linewidth 1.2
set style line 3 linecolor rgb "#d55e00" linewidth 0.8 dashtype 3 pointtype 11 pointsize 1.3
maximum(us) = sprintf(us < 10 ? "max %.1f µs" : "max %.0f µs", us)
floor_of(us) = is_log && us < 0.1 ? 0.1 : us
plot $lines using ($1 / unit):(floor_of($3)) with lines linestyle 2 title "busy time: " . maximum(busy_max), \
	$lines using ($1 / unit):(floor_of($2)) with lines linestyle 1 \
		title "wake-up latency: " . maximum(latency_max), \
	data using ($1 / unit):($4 > 0 ? mark : NaN) with impulses linestyle 3 notitle, \
	data using ($1 / unit):($4 > 0 ? mark : NaN) with points linestyle 3 \
		title overruns == 0 ? "no overruns" : sprintf("%d overrun%s", overruns, overruns == 1 ? "" : "s")
