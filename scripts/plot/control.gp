# How a value was held at its set point: both over the run, and below what the controller gave.
#
# usage: LC_ALL=C.UTF-8 gnuplot -c control.gp OUTPUT DATA [TITLE [VALUE [GIVEN [FROM TO WHAT]]]]
#
#	OUTPUT	the picture: a name that ends in .png or .svg
#	DATA	a file with a line for each moment, in rising order: SECONDS VALUE SETPOINT GIVEN
#	TITLE	above the plot
#	VALUE	what the first axis shows ("oven.temp, degC")
#	GIVEN	what the second one shows ("oven.power, %")
#	FROM TO	a time in seconds that is marked, and WHAT it was ("unplugged")

if (ARGC < 2) {
	printerr "usage: gnuplot -c control.gp OUTPUT DATA [TITLE [VALUE [GIVEN [FROM TO WHAT]]]]"
	exit status 2
}
output = ARG1
data = ARG2
ending = strlen(output) > 4 ? output[strlen(output) - 3 : strlen(output)] : ""
if (ending ne ".svg" && ending ne ".png") {
	printerr sprintf("control.gp: %s: ends neither in .png nor in .svg", output)
	exit status 2
}
set encoding utf8
if (ending eq ".svg") {
	set terminal svg size 900,560 font "sans,12" background rgb "white"
} else {
	set terminal pngcairo size 1200,750 font "sans,13" background rgb "white"
}
set output output
set multiplot
set border 3 lc rgb "#404040"
set tics nomirror
set grid lc rgb "#dcdcdc" lt 1
set lmargin 9
set rmargin 3
set style line 1 lc rgb "#0072b2" lw 2
set style line 2 lc rgb "#404040" lw 1.5 dt 2
set style line 3 lc rgb "#d55e00" lw 1.5
stats data using 1 nooutput
set xrange [STATS_min:STATS_max]
set offsets 0, 0, graph 0.06, graph 0.06

if (ARGC > 7) {
	set object 1 rectangle from ARG6 + 0, graph 0 to ARG7 + 0, graph 1 behind fc rgb "#e4e4e4" fs solid noborder
	set label 1 ARG8 at 0.5 * (ARG6 + ARG7), graph 0.95 center noenhanced
}

set size 1,0.66
set origin 0,0.34
set title ARGC > 2 ? ARG3 : "" noenhanced
set ylabel ARGC > 3 ? ARG4 : "value" noenhanced
set key bottom right noenhanced
set format x ""
plot data using 1:3 with steps ls 2 title "set point", \
	data using 1:2 with steps ls 1 title ARGC > 3 ? ARG4 : "value"

set size 1,0.36
set origin 0,0
unset title
unset key
unset label 1
set format x "%g"
set xlabel "seconds since the start"
set ylabel ARGC > 4 ? ARG5 : "given" noenhanced
plot data using 1:4 with steps ls 3
unset multiplot
