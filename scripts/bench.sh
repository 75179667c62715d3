#!/bin/bash
# Measure rtloop beside what it is to be measured by, and print each figure with its target. Figures of
# one table come from one run, in which the things compared take turns (A B A B ...): so their ratio is worth
# something on a machine that does other things too, and a figure alone is not.
#
# usage: BUILD=<absolute build folder> scripts/bench.sh [PART]...
#        PART: ring writer wake cycle gaps (default: all). BENCH_SECONDS=2 makes each part that short.
#
# Writes BUILD/bench.json as well. A target that is missed is said, and is no failure: it may be the
# machine's. A benchmark that cannot run here says why; one that breaks makes the exit status 1.
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1

BUILD=${BUILD:-$PWD/build}
export BUILD
rtloop=$BUILD/rtloop
work=$BUILD/bench
mkdir -p "$work"
rows=$work/rows.jsonl
: >"$rows"
broken=()

bold='' green='' yellow='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$'\e[1m' green=$'\e[32m' yellow=$'\e[33m' plain=$'\e[0m'
fi

# --- the tables --------------------------------------------------------------------------------------

part=
table() { # part title
	part=$1
	printf '\n%s%s%s\n' "$bold" "$2" "$plain"
}

# One figure; "at most" is the target, or empty.
row() { # name value unit [at most]
	local name=$1 value=$2 unit=$3 most=${4:-} verdict='' met=null
	if [ -n "$most" ]; then
		if awk -v a="$value" -v b="$most" 'BEGIN { exit !(a + 0 <= b + 0) }'; then
			met=true
			verdict="target <= $most  ${green}met$plain"
		else
			met=false
			verdict="target <= $most  ${yellow}missed$plain"
		fi
	fi
	printf '  %-52s %10s %-8s %s\n' "$name" "$value" "$unit" "$verdict"
	jq -cn --arg part "$part" --arg name "$name" --arg unit "$unit" --argjson value "$value" \
		--argjson target "${most:-null}" --argjson met $met \
		'{$part, $name, $value, $unit, $target, $met}' >>"$rows"
}

ratio() { # a b
	awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "0" }'
}

field() { # json key
	jq -r ".$2" <<<"$1"
}

note() {
	printf '  %s\n' "$*"
}

# Runs a benchmark program, its JSON into $result. 77: it cannot run here, and has said why.
measure() { # program...
	result=$("$@")
	case $? in
	0) return 0 ;;
	77) note "not measured here" ;;
	*)
		note "BROKEN: $*"
		broken+=("$part")
		;;
	esac
	return 1
}

# --- the ring ----------------------------------------------------------------------------------------

part_ring() {
	table ring "The ring: what a 64-byte record costs its producer, 32 of them every 10 us"
	measure "$BUILD/tests/bench/ring" || return
	local ours ck polled ck_polled
	ours=$(field "$result" ring_ns)
	ck=$(field "$result" ck_ring_ns)
	polled=$(field "$result" ring_polled_ns)
	ck_polled=$(field "$result" ck_ring_polled_ns)
	row "rtloop, a commit per 32 records" "$ours" ns 10
	row "rtloop, a commit per record" "$(field "$result" ring_commit_each_ns)" ns
	row "ck_ring (a commit per record)" "$ck" ns
	row "rtloop / ck_ring" "$(ratio "$ours" "$ck")" x
	note "a consumer that polls without a pause, the worst case (caches bounce):"
	row "rtloop, a commit per 32 records" "$polled" ns
	row "ck_ring" "$ck_polled" ns
	row "rtloop / ck_ring, polled" "$(ratio "$polled" "$ck_polled")" x
}

# --- all of them -------------------------------------------------------------------------------------

parts=(ring)
if [ $# -gt 0 ]; then
	parts=("$@")
fi
for name in "${parts[@]}"; do
	if ! declare -F "part_$name" >/dev/null; then
		echo "bench.sh: no part '$name'" >&2
		exit 2
	fi
done

printf '%s on %s, %s, %s CPUs, %s\n' "$("$rtloop" version | head -n 1)" "$(uname -sr)" \
	"$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
	"load $(cut -d' ' -f1 /proc/loadavg)"
for name in "${parts[@]}"; do
	"part_$name"
done

jq -s --arg kernel "$(uname -r)" --arg date "$(date -u +%FT%TZ)" '{$date, $kernel, rows: .}' "$rows" \
	>"$BUILD/bench.json"
echo
missed=$(jq '[.rows[] | select(.met == false)] | length' "$BUILD/bench.json")
echo "$(jq '[.rows[] | select(.met == true)] | length' "$BUILD/bench.json") targets met, $missed missed;" \
	"also in $BUILD/bench.json"
if [ ${#broken[@]} -gt 0 ]; then
	echo "broken: ${broken[*]}" >&2
	exit 1
fi
