#!/bin/bash
# Check who includes whom: the table of docs and design as a script. Prints file:line of each breach.
#
# usage: check-layers.sh [FILE]...	(by default every source and header of the project)
. "$(dirname "$0")/usage.sh"
set -u
cd "$(dirname "$0")/.." || exit 1

# The rooms that each room may include, besides itself. base, the lowest, includes nobody. A room with
# options of its own declares them in config's terms, so log stands above config too.
declare -A may_include=(
	[base]=""
	[config]="base"
	[mcap]="base"
	[report]="base mcap"
	[program]="base"
	[plugin]="base"
	[guard]="base"
	[drivers]="base config"
	[cycle]="base config drivers program plugin"
	[log]="base config mcap"
	[bench]="base config cycle log"
	[super]="base config drivers program plugin cycle mcap log guard"
	[app]="base config drivers program plugin cycle mcap log super guard"
	[replay]="base config drivers program plugin cycle mcap log app"
	[cmd]="base config drivers program plugin cycle mcap log report super guard app replay bench"
	[main]="base app cmd"
)

room_of() { # path
	case $1 in
	rtloop/main.c) echo main ;;
	rtloop/app*.[ch] | rtloop/logic*.[ch] | rtloop/setup.[ch]) echo app ;;
	rtloop/*/*) echo "$1" | cut -d/ -f2 ;;
	config/* | drivers/* | tests/*) echo "${1%%/*}" ;;
	*) echo "" ;;
	esac
}

# A driver is a file that defines one; what drivers share defines none.
is_driver() { # path without its ending
	grep -qE '^const struct driver [a-z]' "$1.c" 2>/dev/null
}

# What is wrong with one include line, or nothing.
breach() { # file included
	local file=$1 included=$2 from to
	from=$(room_of "$file")
	to=$(room_of "$included")
	if [ -z "$to" ]; then
		echo "\"$included\" does not name its room from the root"
	elif [ "$from" = tests ]; then
		return
	elif [ -z "$from" ] || [ -z "${may_include[$from]+known}" ]; then
		echo "this file is in no room that the table knows"
	elif [ "$to" != "$from" ]; then
		[[ " ${may_include[$from]} " == *" $to "* ]] ||
			echo "$from may not include $to (\"$included\")"
	elif [ "$from" = drivers ] && [ "${included%.h}" != "${file%.[ch]}" ]; then
		! is_driver "${included%.h}" ||
			echo "a driver includes another driver (\"$included\")"
	fi
}

if [ $# -eq 0 ]; then
	mapfile -t files < <(find rtloop config drivers tests -name '*.[ch]' | sort)
else
	files=("$@")
fi

failed=0
while IFS=: read -r file line text; do
	included=${text#*\"}
	included=${included%%\"*}
	why=$(breach "$file" "$included")
	if [ -n "$why" ]; then
		echo "$file:$line: $why" >&2
		failed=$((failed + 1))
	fi
done < <(grep -nHE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "${files[@]}")

echo "check-layers.sh: ${#files[@]} files, $failed breaches"
[ $failed -eq 0 ]
