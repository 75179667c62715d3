# Times of several things beside each other: a bar up to the median, a line on to p99, and a mark at the worst.
#
# usage: LC_ALL=C.UTF-8 gnuplot -c bars.gp OUTPUT DATA [TITLE]
#
#	OUTPUT	the picture: a name that ends in .png or .svg
#	DATA	a file with a line for each of them, drawn from the top down in this order:
#		    NAME<tab>MEDIAN<tab>P99<tab>WORST
#		in us. Lines that begin with # are passed over.
#	TITLE	above the plot
#
# The scale is logarithmic.
#
# In the locale C gnuplot draws the same, but warns of a degree sign.

if (ARGC < 2) {
	printerr "usage: gnuplot -c bars.gp OUTPUT DATA [TITLE]"
	exit status 2
}
output = ARG1
data = ARG2
ending = strlen(output) > 4 ? output[strlen(output) - 3 : strlen(output)] : ""
is_svg = ending eq ".svg"
if (!is_svg && ending ne ".png") {
	printerr sprintf("bars.gp: %s: ends neither in .png nor in .svg", output)
	exit status 2
}
set encoding utf8
set datafile separator "\t"

count = 0
least = 1e12
most = 0
stats data using (count = count + 1, least = $2 < least ? $2 : least, most = $4 > most ? $4 : most, $2) nooutput
if (count == 0) {
	printerr sprintf("bars.gp: %s: has no line", data)
	exit status 1
}

height = 120 + 30 * count
if (is_svg) {
	set terminal svg size 1200,height dynamic font "DejaVu Sans,15" linewidth 1.5 background "#ffffff"
} else {
	set terminal pngcairo size 1200,height font "DejaVu Sans,12" linewidth 1.6
}
set output output

left = 10 ** floor(log10(least > 1e-4 ? least : 1e-4))
right = 10 ** ceil(log10(most * 1.1))
set title ARG3 noenhanced font ",15"
set border 3 linecolor "#444444"
set tics nomirror textcolor "#222222"
set grid xtics linetype 1 linecolor "#dddddd" linewidth 0.6
set key outside top center horizontal Left reverse noenhanced samplen 3
set logscale x
set xrange [left : right]
set format x "%g"
set xlabel "µs (logarithmic)" noenhanced
set yrange [count + 0.5 : 0.5]
set ytics out noenhanced
set lmargin 42
row = 0
plot data using (left):(row = row + 1, row):(left):2:(row - 0.3):(row + 0.3):ytic(1) \
		with boxxyerror fillstyle solid 1.0 noborder linecolor rgb "#56b4e9" title "median", \
	data using 2:(row = row + 1 > count ? 1 : row + 1, row):($3 - $2):(0) \
		with vectors nohead linecolor rgb "#000000" linewidth 1.4 title "p99", \
	data using 4:(row = row + 1 > count ? 1 : row + 1, row) \
		with points pointtype 9 pointsize 1.4 linecolor rgb "#d55e00" title "worst"
