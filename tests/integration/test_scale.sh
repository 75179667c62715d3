#!/bin/bash
# 1,024 endpoints with 4,096 channels: with each poller they all start, each brings what was sent to it, and the run
# ends clean. A process may have 1,024 open files where it does not ask for more.
. "$(dirname "$0")/lib.sh"
cd "$TEST_TMP" || exit 1

count=1024
ulimit -Sn 1024

# an address of this test's own: the ports of other programs are not in the way
address=127.$((RANDOM % 254 + 1)).$((RANDOM % 256)).$((RANDOM % 254 + 1))

config() { # pacer poller writer
	local i
	echo "loop: { period: 1ms, pacer: $1, poller: $2 }"
	echo "log: { file: $1_$2.mcap, writer: $3, ring: 4MiB }"
	echo "devices:"
	for ((i = 0; i < count; i++)); do
		printf '  d%d:\n    driver: udp\n    listen: "%s:%d"\n    bytes: 64\n' $i $address $((10000 + i))
		printf '    in: { a: { column: 0, type: integer }, b: { column: 1, type: integer },'
		printf ' c: { column: 2, type: integer }, d: { column: 3, type: integer } }\n'
	done
}

# To each endpoint a datagram with numbers of its own.
send_to_all() {
	local i
	for ((i = 0; i < count; i++)); do
		echo "$i,$((2 * i)),$((3 * i)),$((i + 7))" >"/dev/udp/$address/$((10000 + i))"
	done
}

# shellcheck disable=SC2329 # called by wait_until
has_all() { # name
	[ "$("$RTLOOP" get "$1" | awk '$3 == "good"' | wc -l)" = $((4 * count)) ]
}

# run_way PACER POLLER WRITER
run_way() {
	local name=${1}_$2 pid status ways note devices silent lost in_gaps
	config "$@" >"$name.yaml"
	"$RTLOOP" run --quiet --json "$TEST_TMP/report.json" "$name.yaml" >run.out 2>run.err &
	pid=$!
	wait_for_cycles "$name.mcap" || return
	send_to_all
	wait_until has_all "$name" || return
	"$RTLOOP" get "$name" >values
	"$RTLOOP" status --json "$name" >status.json
	kill -TERM $pid
	wait $pid
	status=$?
	expect_equal "$name: the exit status ($(grep -v 'NOT REALTIME' run.err | head -n 5))" 0 $status
	# what it says of itself is long: it is read once
	read -r ways note devices silent lost in_gaps < <(report '"\(.pacer)+\(.poller) \(.poller_note | length)
		\(.devices | length) \([.devices[] | select(.counts.frames < 1)] | length)
		\(.log.events_lost) \(.log.cycles_in_gaps)"' | paste -sd " ")
	[ "$ways" = "$1+$2" ] || [ "$note" -gt 0 ] || fail "$name: it ran with $ways, and does not say why"
	expect_equal "$name: devices" $count "$devices"
	expect_equal "$name: devices that brought nothing" 0 "$silent"
	expect_equal "$name: events lost" 0 "$lost"
	expect_equal "$name: cycles in gaps" 0 "$in_gaps"
	check_log "$name.mcap"
	# all of it, of each: the values, the status, the log
	expect_equal "$name: values" "$(for ((i = 0; i < count; i++)); do
		echo "d$i.a $i d$i.b $((2 * i)) d$i.c $((3 * i)) d$i.d $((i + 7))"
	done | md5sum)" "$(awk '{ printf "%s %s%s", $1, $2, NR % 4 ? " " : "\n" }' values | md5sum)"
	expect_equal "$name: devices in the status" $count "$(jq '.devices | length' status.json)"
	expect_equal "$name: devices that the log says were opened" $count \
		"$("$RTLOOP" dump --jsonl -c event "$name.mcap" | grep -c device_opened)"
	expect_equal "$name: endpoints with a value in the log" $count \
		"$("$RTLOOP" dump --jsonl -c '*.a' "$name.mcap" | jq -r .topic | sort -u | grep -c '^/io/d')"
}

run_way nanosleep epoll write
run_way uring uring uring
finish
