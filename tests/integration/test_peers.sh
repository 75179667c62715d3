#!/bin/bash
# The control socket, whoever is at its other end: peers that mean it harm, runs that were killed, folders that
# cannot be written to, long periods; and that the cycle makes no system call more for any of it.
. "$(dirname "$0")/live.sh"
export WAYS= # it looks at the calls of its own configuration

config oven
start oven
socket=$TEST_TMP/oven.sock

# --- hostile peers -----------------------------------------------------------------------------------

head -c 1000000 /dev/zero | tr '\0' x | socat -t 5 - "UNIX:$socket" > /dev/null 2>&1
head -c 9000 /dev/zero | tr '\0' x | socat -b 16384 -t 5 - "UNIX:$socket" > "$TEST_TMP/long.json"
expect_equal "a line that is too long" false "$(jq .ok "$TEST_TMP/long.json")"
head -c 4096 /dev/urandom | socat -t 5 - "UNIX:$socket" > /dev/null 2>&1
silent=()
for _ in $(seq 200); do
	socat -u "UNIX:$socket" - > /dev/null 2>&1 &
	silent+=($!)
done
# who never reads the reply
for _ in $(seq 8); do
	(echo status; sleep 20) | socat -u - "UNIX:$socket" > /dev/null 2>&1 &
	silent+=($!)
done
wait_until "$RTLOOP" get oven wave.a > "$TEST_TMP/late" 2> /dev/null
expect_equal "get beside 200 silent peers" wave.a "$(awk '{ print $1 }' "$TEST_TMP/late")"
kill "${silent[@]}" 2> /dev/null
kill -0 $pid || fail "the run has not outlived its peers: $(cat "$TEST_TMP/oven.err")"
stop
[ ! -e "$socket" ] || fail "the socket is there still"
check_log "$TEST_TMP/oven.mcap"

# --- left behind, switched off, not to be had --------------------------------------------------------

config left
start left
kill -KILL $pid
wait $pid 2> /dev/null
test -S "$TEST_TMP/left.sock" || fail "a run that was killed took its socket away"
expect_refused 1 "nothing runs" "$RTLOOP" status
rm "$TEST_TMP/left.mcap"
start left
"$RTLOOP" status left > /dev/null || fail "a socket that was left behind is not taken over"
stop

config off
sed -i '1i control: false' "$TEST_TMP/off.yaml"
run_file "$TEST_TMP/off.yaml" -l 50
expect_equal "status without a control socket" 0 "$status"
expect_equal "words of a run without a control socket" "" "$(cat "$TEST_TMP/run.err")"
rm "$TEST_TMP/off.mcap"
sed -i 1d "$TEST_TMP/off.yaml"
RUNTIME_DIRECTORY=/dev/null/none run_file "$TEST_TMP/off.yaml" -l 50
expect_equal "status where no socket can be made" 0 "$status"
grep -q "cannot make a socket in /dev/null/none: Not a directory; it runs without" "$TEST_TMP/run.err" ||
	fail "no word of it: $(cat "$TEST_TMP/run.err")"

# SIGHUP that comes because the terminal has gone away is not one that asks for a reload.
if command -v script > /dev/null; then
	config gone
	script -qefc "exec $RTLOOP run -q $TEST_TMP/gone.yaml" /dev/null > /dev/null 2>&1 < /dev/null &
	terminal=$!
	wait_for_cycles "$TEST_TMP/gone.mcap"
	kill -KILL $terminal
	is_closed() { "$RTLOOP" dump --check "$TEST_TMP/gone.mcap" > /dev/null 2>&1; }
	wait_until is_closed
	grep -q . <<< "$("$RTLOOP" dump --jsonl -c event "$TEST_TMP/gone.mcap" | grep run_ended)" ||
		fail "a run whose terminal has gone away has not ended in order"
fi

# A long period keeps nobody waiting.
config slow
sed -i 's/2ms/5s/' "$TEST_TMP/slow.yaml"
"$RTLOOP" run -q "$TEST_TMP/slow.yaml" > "$TEST_TMP/slow.out" 2>&1 &
pid=$!
wait_until test -S "$TEST_TMP/slow.sock"
has_values() { [ "$("$RTLOOP" get slow --json 2> /dev/null | jq .has_values)" = true ]; }
wait_until has_values
kill -INT $pid
wait $pid

finish
