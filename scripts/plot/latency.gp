# How often each time was seen: microseconds across, samples up on a logarithmic scale, one step line a
# series, and its greatest time in the legend.
#
# usage: LC_ALL=C.UTF-8 gnuplot -c latency.gp OUTPUT SERIES [TITLE [TIME]]
#
#	OUTPUT	the picture: a name that ends in .png or .svg
#	SERIES	a file with a line for each series, any number of them, drawn in this order:
#		    FILE<tab>NAME[<tab>MAX]
#		FILE as seen from the folder where gnuplot runs; NAME in the legend; MAX the greatest
#		time in us, shown as it is written ("43"; without it: where the last bin starts)
#	TITLE	above the plot
#	TIME	what the times are: "wake-up latency" if not given
#
# FILE holds a histogram, a line a bin, in rising order; bins that are empty may be left out:
#	START COUNT [WIDTH]
# START and WIDTH in us. Without WIDTH, 1 us up to 1024 us and 16 bins to each doubling from there, as
# rtloop has them; for cyclictest's histograms give 1. Lines that begin with # are passed over.
#
# Where no time is beyond 1024 us, the scale across is linear and a step stands for each bin. Else it is
# logarithmic, bins are put together to 16 for each doubling, and drawn as their mean for 1 us, so that a
# line does not leap where bins become wider.
#
# In the locale C gnuplot draws the same, but warns of a degree sign.

if (ARGC < 2) {
	printerr "usage: gnuplot -c latency.gp OUTPUT SERIES [TITLE [TIME]]"
	exit status 2
}
output = ARG1
list = ARG2
ending = strlen(output) > 4 ? output[strlen(output) - 3 : strlen(output)] : ""
is_svg = ending eq ".svg"
if (!is_svg && ending ne ".png") {
	printerr sprintf("latency.gp: %s: ends neither in .png nor in .svg", output)
	exit status 2
}
set encoding utf8

# --- the series

set datafile separator "\t"
count = 0
stats list using (count = count + 1) nooutput
if (count == 0) {
	printerr sprintf("latency.gp: %s: names no series", list)
	exit status 1
}
array file[count]
array name[count]
array greatest[count]
array at[count]
i = 0
stats list using (i = i + 1, file[i] = strcol(1), name[i] = strcol(2), \
	greatest[i] = valid(3) ? strcol(3) : "", i) nooutput
set datafile separator whitespace

# --- how far they go

octave_step(us) = 2 ** (floor(log(us) / log(2) + 1e-9) - 4)
width(us) = us < 1024 ? 1 : octave_step(us)
edge = 1.0
first = 1e9
do for [i = 1:count] {
	at[i] = -1.0
	stats file[i] using (at[i] = $2 > 0 && $1 > at[i] ? $1 : at[i], \
		first = $2 > 0 && $1 < first ? $1 : first, \
		edge = $2 > 0 && $1 + (valid(3) ? $3 : width($1)) > edge ? \
			$1 + (valid(3) ? $3 : width($1)) : edge, $1) nooutput
	if (at[i] >= 0 && greatest[i] ne "") {
		at[i] = real(greatest[i])
		edge = at[i] > edge ? at[i] : edge
	}
	if (greatest[i] eq "" && at[i] >= 0) {
		greatest[i] = sprintf("%g", at[i])
	}
}
is_wide = edge > 1024

# --- lines, which fall to the bottom where a bin is empty

BOTTOM = 1e-9
joined_width(us, wide) = is_wide && us >= 16 && octave_step(us) > wide ? octave_step(us) : wide
joined_start(us, wide) = floor(us / joined_width(us, wide)) * joined_width(us, wide)
most = 1.0
least = 1.0
set print $lines
do for [i = 1:count] {
	print ""
	print ""
	bins = 0
	stats file[i] using (bins = bins + 1) nooutput
	if (at[i] >= 0) {
		array start[bins]
		array samples[bins]
		array wide[bins]
		k = 0
		stats file[i] using (k = k + 1, start[k] = $1, samples[k] = real($2), \
			wide[k] = valid(3) ? $3 : width($1), k) nooutput
		end = -1.0
		sum = 0.0
		from = -1.0
		do for [k = 1:bins + 1] {
			is_next = k > bins ? 1 : joined_start(start[k], wide[k]) != from
			if (is_next && sum > 0) {
				if (from > end) {
					if (end >= 0) {
						print sprintf("%.10g %g", end, BOTTOM)
					}
					print sprintf("%.10g %g", from, BOTTOM)
				}
				end = from + across
				height = sum / across
				print sprintf("%.10g %.10g", from, height)
				print sprintf("%.10g %.10g", end, height)
				most = height > most ? height : most
				least = height < least ? height : least
			}
			if (is_next && k <= bins) {
				from = joined_start(start[k], wide[k])
				across = joined_width(start[k], wide[k])
				sum = 0.0
			}
			if (k <= bins) {
				sum = sum + samples[k]
			}
		}
		print sprintf("%.10g %g", end, BOTTOM)
		undefine start samples wide
	} else {
		print sprintf("0 %g", BOTTOM)
	}
}
unset print

# --- the plot

if (is_svg) {
	set terminal svg size 1200,720 dynamic font "DejaVu Sans,15" linewidth 1.5 background "#ffffff"
} else {
	set terminal pngcairo size 1200,720 font "DejaVu Sans,12" linewidth 1.6
}
set output output

# Okabe and Ito's colours, told apart by the colour-blind, dark and light in turn for print; where they
# come round again the line is dashed. The greatest time is marked by a shape of its own.
array colour[8] = [ "#0072b2", "#e69f00", "#000000", "#d55e00", "#56b4e9", "#cc79a7", "#009e73", "#999999" ]
array shape[8] = [ 7, 9, 5, 13, 11, 6, 8, 4 ]
of(i) = (i - 1) % 8 + 1
do for [i = 1:count] {
	dash = i > 8 ? 2 : 1
	set style line i linecolor rgb colour[of(i)] linewidth 1.2 dashtype dash \
		pointtype shape[of(i)] pointsize 1.6
}

set title ARG3 noenhanced font ",15"
set border 3 linecolor "#444444"
set tics nomirror textcolor "#222222"
set grid xtics ytics linetype 1 linecolor "#dddddd" linewidth 0.6
set key outside top center horizontal Left reverse noenhanced samplen 3 maxcols 2
what = (ARG4 eq "" ? "wake-up latency" : ARG4) . ", µs"
bottom = is_wide && least < 1 ? 10 ** floor(log10(least) + 1e-9) / 2 : 0.5
set logscale y
set yrange [bottom : 10 ** ceil(log10(most * 1.2))]
set ytics 10
set format y "10^{%L}"
set ylabel is_wide ? "samples per µs" : "samples"
if (is_wide) {
	set logscale x
	left = first < 1 ? 0.8 : first * 0.8
	set xrange [left : edge * 1.2]
	set xlabel what . " (logarithmic; 1 µs bins, from 16 µs on 16 for each doubling)" noenhanced
	set xtics ("1" 1)
	do for [decade = 0:9] {
		do for [step in "1 2 5"] {
			set xtics add (sprintf("%d", step * 10 ** decade) step * 10 ** decade)
		}
	}
	x(us) = us < left ? left : us
} else {
	set xrange [0 : edge + (edge * 0.04 > 1 ? edge * 0.04 : 1)]
	set xlabel what . " (1 µs bins)" noenhanced
	x(us) = us
}
legend(i) = name[i] . ": " . (at[i] < 0 ? "no samples" : "max " . greatest[i] . " µs")
plot for [i = 1:count] $lines index i - 1 using (x($1)):($2 < bottom ? bottom : $2) \
		with lines linestyle i notitle, \
	for [i = 1:count] "+" using (at[i] < 0 ? NaN : x(at[i])):(bottom) every ::0::0 \
		with points linestyle i notitle, \
	for [i = 1:count] NaN with linespoints linestyle i title legend(i)
