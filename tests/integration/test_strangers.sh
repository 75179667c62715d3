#!/bin/bash
# Peers over TCP and UNIX that hang up, reset, end one side only, say nothing, refuse, or whose queue is full: a device
# of each sort in one run, as client and as server. None of it costs another device a cycle, raises a signal,
# or keeps the run from answering and from ending.
. "$(dirname "$0")/lib.sh"

log=$TEST_TMP/strangers.mcap
rest='max_age: 100ms, frame: { kind: line }, in: { a: { column: 1 } }'
# Clients say something in every few cycles, so that they write to whoever is gone.
send='send: { every: 3ms, text: "{wave.w}\n" }'
config() {
	local port=47561 manner kind timeout
	echo "name: strangers"
	echo "loop: { period: 1ms }"
	echo "log: { file: strangers.mcap, sync: 100ms }"
	echo "devices:"
	echo "  wave: { driver: sim, in: { w: { wave: ramp } } }"
	echo "  calm: { driver: udp, listen: \"127.0.0.1:47560\", in: { n: { byte: 2, bytes: 4, order: big, type: integer } } }"
	# who does not read for so long is lost, too: a slow machine may take minutes for all of this
	silence="silence: 1h"
	for manner in close reset half silent once refuse deaf; do
		# an emulated machine that stands still for as long has lost the others, too
		timeout=$([ $manner != deaf ] || echo "timeout: 300ms,")
		echo "  tcp_$manner: { driver: tcp, connect: \"127.0.0.1:$port\", $timeout $silence, $rest, $send }"
		port=$((port + 1))
		for kind in stream seqpacket; do
			echo "  ${kind}_$manner: { driver: unix, kind: $kind, connect: $kind.$manner, $rest, $send }"
		done
	done
	echo "  tcp_server: { driver: tcp, listen: \"127.0.0.1:47570\", clients: 8, $rest, $send }"
	for kind in stream seqpacket; do
		echo "  ${kind}_server: { driver: unix, kind: $kind, listen: $kind.server, clients: 8, $rest, $send }"
	done
}
config > "$TEST_TMP/strangers.yaml"

events() { # KIND DEVICE
	"$RTLOOP" dump --jsonl -c event "$log" 2> /dev/null | grep -c "\"kind\":\"$1\",\"device\":\"$2\""
}
has_events() { # KIND DEVICE COUNT
	[ "$(events "$1" "$2")" -ge "$3" ]
}
has_connected() { # FILE COUNT
	[ "$(grep -c connected "$TEST_TMP/$1")" -ge "$2" ]
}
# start NAME OPTION...: a stranger, and what it prints in a file of that name.
start() {
	local name=$1
	shift
	"$peers/stranger" "$@" > "$TEST_TMP/$name" 2>&1 &
}
# listen_all NAME MANNER PORT: one of each kind.
listen_all() {
	start "tcp_$1" -l -m "$2" "tcp:$3"
	start "stream_$1" -l -m "$2" "unix:$TEST_TMP/stream.$1"
	start "seqpacket_$1" -l -m "$2" "packet:$TEST_TMP/seqpacket.$1"
}

port=47561
for manner in close reset half silent once; do
	listen_all $manner $manner $port
	port=$((port + 1))
done
listen_all deaf deaf 47567
for kind in tcp stream seqpacket; do
	wait_until grep -q listening "$TEST_TMP/${kind}_deaf"
done

"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/strangers.yaml" > "$TEST_TMP/run.out" \
	2> "$TEST_TMP/run.err" &
pid=$!
wait_until test -S "$TEST_TMP/seqpacket.server"
# clients of the servers, of each manner; they come again and again
for manner in close reset half silent once; do
	start "tcp_to_$manner" -m $manner tcp:47570
	start "stream_to_$manner" -m $manner unix:"$TEST_TMP/stream.server"
	start "seqpacket_to_$manner" -m $manner packet:"$TEST_TMP/seqpacket.server"
done
"$peers/sensor" --rate 200 --count 400 47560

for kind in tcp stream seqpacket; do
	for manner in close reset half; do
		wait_until has_events device_lost ${kind}_$manner 2
		wait_until has_connected ${kind}_$manner 3
		wait_until has_connected ${kind}_to_$manner 3
	done
	for manner in silent once; do
		wait_until has_connected ${kind}_$manner 1
		wait_until has_connected ${kind}_to_$manner 1
	done
	wait_until has_events open_failed ${kind}_refuse 1
	wait_until has_events open_failed ${kind}_deaf 1
	wait_until has_events device_stale ${kind}_once 1
done

# It answers meanwhile; and who refused for a while is found as soon as it does not.
"$RTLOOP" status strangers > "$TEST_TMP/status" 2>&1 || fail "no status: $(cat "$TEST_TMP/status")"
listen_all refuse silent 47566
for kind in tcp stream seqpacket; do
	wait_until has_events device_opened ${kind}_refuse 1
done
kill -INT $pid
wait $pid
expect_equal "status" 0 $?
check_log "$log"

count() { # DEVICE COUNTER
	report ".devices[] | select(.name == \"$1\").counts.$2"
}
last_quality() { # DEVICE
	"$RTLOOP" dump --jsonl -q -c "$1" "$log" | jq -r 'select(.topic | startswith("/io/")).data.quality.a' | tail -n 1
}
for kind in tcp stream seqpacket; do
	for manner in close reset half; do
		# not polled after it: each loss is one event
		expect_equal "losses of ${kind}_$manner and their events" "$(count ${kind}_$manner lost)" \
			"$(events device_lost ${kind}_$manner)"
	done
	for name in silent once server; do
		expect_equal "losses of ${kind}_$name" 0 "$(count ${kind}_$name lost)"
	done
	expect_equal "values of ${kind}_silent, which never said one" "" "$(last_quality ${kind}_silent)"
	expect_equal "quality of ${kind}_once in the end" 1 "$(last_quality ${kind}_once)"
	expect_at_least "what reached ${kind}_server" 1 "$(count ${kind}_server frames)"
	expect_equal "tries of ${kind}_deaf that are told" 1 "$(events open_failed ${kind}_deaf)"
	expect_equal "openings of ${kind}_deaf" 0 "$(events device_opened ${kind}_deaf)"
done
grep -q "device 'tcp_deaf': cannot connect to 127.0.0.1:47567: Connection timed out" "$TEST_TMP/run.err" ||
	fail "the deaf: $(grep deaf "$TEST_TMP/run.err")"
expect_equal "samples of the device beside them" "$(report .log.cycles_logged)" \
	"$("$RTLOOP" dump --csv -c wave.w "$log" | tail -n +2 | wc -l)"
expect_equal "datagrams of the calm sensor" 400 "$(count calm frames)"
finish
