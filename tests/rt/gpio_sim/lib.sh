# Sourced by the tests of GPIO: chips of gpio-sim, whose lines are wired to nothing. Inputs are pulled, and
# outputs looked at, by its own attributes.
# shellcheck shell=bash
simulator=/sys/kernel/config/gpio-sim
driver=/sys/bus/platform/drivers/gpio-sim

# make_chip NAME LABEL LINES [OFFSET=LINE]...: sets chip[NAME], device[NAME] and lines[NAME], where the
# attributes are.
declare -A chip device lines
make_chip() {
	local bank=$simulator/$1/bank name=$1 line
	mkdir -p "$bank"
	echo "$2" >"$bank/label"
	echo "$3" >"$bank/num_lines"
	shift 3
	for line in "$@"; do
		mkdir "$bank/line${line%%=*}"
		echo "${line#*=}" >"$bank/line${line%%=*}/name"
	done
	echo 1 >"$simulator/$name/live"
	chip[$name]=$(cat "$bank/chip_name")
	device[$name]=$(cat "$simulator/$name/dev_name")
	lines[$name]=/sys/devices/platform/${device[$name]}/${chip[$name]}
}

remove_chip() { # NAME
	echo 0 >"$simulator/$1/live"
	find "$simulator/$1" -mindepth 1 -depth -type d -exec rmdir {} +
	rmdir "$simulator/$1"
}

pull() { # NAME OFFSET up|down
	echo "pull-$3" >"${lines[$1]}/sim_gpio$2/pull"
}

pulse() { # NAME OFFSET
	pull "$1" "$2" up
	pull "$1" "$2" down
}

# What the attributes say of the lines, from 0 on, as a word of 0 and 1.
levels_of() { # NAME LINES
	local i value
	for ((i = 0; i < $2; i++)); do
		read -r value <"${lines[$1]}/sim_gpio$i/value"
		printf %s "$value"
	done
}

is_held_by() { # NAME LINE HOLDER
	gpioinfo -c "${chip[$1]}" "$2" | grep -q "consumer=.*$3"
}
