# How times grow with a number: a line for each series, both scales logarithmic.
#
# usage: LC_ALL=C.UTF-8 gnuplot -c lines.gp OUTPUT DATA [TITLE]
#
#	OUTPUT	the picture: a name that ends in .png or .svg
#	DATA	a file with a line for each point, those of a series one after the other:
#		    NAME<tab>NUMBER<tab>TIME
#		NAME in the legend, TIME in us. Lines that begin with # are passed over.
#	TITLE	above the plot
#
# In the locale C gnuplot draws the same, but warns of a degree sign.

if (ARGC < 2) {
	printerr "usage: gnuplot -c lines.gp OUTPUT DATA [TITLE]"
	exit status 2
}
output = ARG1
data = ARG2
ending = strlen(output) > 4 ? output[strlen(output) - 3 : strlen(output)] : ""
is_svg = ending eq ".svg"
if (!is_svg && ending ne ".png") {
	printerr sprintf("lines.gp: %s: ends neither in .png nor in .svg", output)
	exit status 2
}
set encoding utf8
set datafile separator "\t"

# --- the series

SERIES_MAX = 16
array name[SERIES_MAX]
count = 0
least = 1e12
most = 0
is_new(text) = count == 0 ? 1 : name[count] ne text
stats data using (is_new(strcol(1)) && count < SERIES_MAX ? (count = count + 1, name[count] = strcol(1), 0) : 0, \
	least = $3 < least ? $3 : least, most = $3 > most ? $3 : most, $3) nooutput
if (count == 0) {
	printerr sprintf("lines.gp: %s: has no line", data)
	exit status 1
}

# --- the plot

if (is_svg) {
	set terminal svg size 1200,720 dynamic font "DejaVu Sans,15" linewidth 1.5 background "#ffffff"
} else {
	set terminal pngcairo size 1200,720 font "DejaVu Sans,12" linewidth 1.6
}
set output output

# Okabe and Ito's colours, as in latency.gp
array colour[8] = [ "#0072b2", "#e69f00", "#000000", "#d55e00", "#56b4e9", "#cc79a7", "#009e73", "#999999" ]
array shape[8] = [ 7, 9, 5, 13, 11, 6, 8, 4 ]
of(i) = (i - 1) % 8 + 1
do for [i = 1:count] {
	dash = i > 8 ? 2 : 1
	set style line i linecolor rgb colour[of(i)] linewidth 1.4 dashtype dash \
		pointtype shape[of(i)] pointsize 1.4
}
set title ARG3 noenhanced font ",15"
set border 3 linecolor "#444444"
set tics nomirror textcolor "#222222"
set grid xtics ytics linetype 1 linecolor "#dddddd" linewidth 0.6
set key outside right top vertical Left reverse noenhanced samplen 3
set logscale xy
set format y "%g"
set xtics ("1" 1, "4" 4, "16" 16, "64" 64, "256" 256, "1024" 1024)
set xrange [0.8 : *]
set yrange [10 ** floor(log10(least > 1e-4 ? least : 1e-4)) : 10 ** ceil(log10(most * 1.1))]
set xlabel "endpoints" noenhanced
set ylabel "µs" noenhanced
plot for [i = 1:count] data using (strcol(1) eq name[i] ? $2 : NaN):3 \
	with linespoints linestyle i title name[i]
