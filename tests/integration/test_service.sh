#!/bin/bash
# What a service manager hears of a run: that it is ready once, how it goes each second, signs of life for
# as long as cycles go by and not while one is stuck, and that it stops.
. "$(dirname "$0")/lib.sh"
export WAYS= # it looks at the calls of its own configuration

socket=$TEST_TMP/notify
heard=$TEST_TMP/heard

listen() { # SOCKET
	: > "$heard"
	"$peers/manager" "$1" > "$heard" &
	manager=$!
}
hears() { # PATTERN COUNT
	[ "$(grep -c "$1" "$heard")" -ge "$2" ]
}
count() { # PATTERN
	grep -c "$1" "$heard"
}
start() { # PERIOD VARIABLE=VALUE...
	echo "loop: { period: $1, fault: { hang: 0s } }" > "$TEST_TMP/service.yaml"
	shift
	env "$@" "$RTLOOP" run --quiet "$TEST_TMP/service.yaml" > "$TEST_TMP/run.out" 2> "$TEST_TMP/run.err" &
	pid=$!
}
stop() {
	kill -TERM $pid
	wait $pid
	expect_equal "status" 0 $?
}
cycle_thread() {
	grep -lx rtloop-cycle /proc/$pid/task/*/comm 2> /dev/null | cut -d/ -f5
}
# Signs of life between two lines of status that name the same cycle: of such pairs, and of signs.
while_stuck() {
	awk '/^WATCHDOG=1$/ { signs++ }
		/^STATUS=/ {
			match($0, /[0-9]+ cycles/)
			cycle = substr($0, RSTART, RLENGTH)
			if (cycle == last) { pairs++; bad += signs }
			last = cycle
			signs = 0
		}
		END { print pairs + 0, bad + 0 }' "$heard"
}
is_stuck() {
	[ "$(while_stuck | cut -d' ' -f1)" -ge 2 ]
}

# --- an ordinary run, and a cycle that is stuck ----------------------------------------------------------

listen "$socket"
wait_until test -S "$socket"
start 5ms NOTIFY_SOCKET="$socket" WATCHDOG_USEC=400000
wait_until hears '^WATCHDOG=1$' 3
wait_until hears '^STATUS=1 s  [0-9]* cycles  latency max ' 1
expect_equal "first word" "READY=1" "$(head -n 1 "$heard")"

if strace -o /dev/null true 2> /dev/null; then
	strace -qq -o /dev/null -p "$(cycle_thread)" -e trace=clock_nanosleep \
		-e inject=clock_nanosleep:delay_enter=20000000 2> "$TEST_TMP/strace.err" &
	tracer=$!
	wait_until is_stuck
	read -r pairs signs <<< "$(while_stuck)"
	expect_equal "signs of life of a stuck cycle, in $pairs looks" 0 "$signs"
	kill -KILL $tracer
	signs=$(count '^WATCHDOG=1$')
	wait_until hears '^WATCHDOG=1$' $((signs + 2))
else
	echo "not run: a stuck cycle; strace may not trace here"
fi

stop
wait_until hears '^STOPPING=1$' 1
kill $manager
expect_equal "READY=1" 1 "$(count '^READY=1$')"
expect_equal "STOPPING=1" 1 "$(count '^STOPPING=1$')"
expect_equal "last word" "STOPPING=1" "$(tail -n 1 "$heard")"
expect_equal "other words" "" "$(grep -vE '^(READY=1|STOPPING=1|WATCHDOG=1|STATUS=.*)$' "$heard")"
expect_equal "complaints" "" "$(cat "$TEST_TMP/run.err")"

# --- an abstract socket, and no watchdog -----------------------------------------------------------------

listen "@rtloop-test-$$"
wait_until grep -q "@rtloop-test-$$" /proc/net/unix
start 1ms NOTIFY_SOCKET="@rtloop-test-$$"
wait_until hears '^STATUS=' 1
stop
wait_until hears '^STOPPING=1$' 1
kill $manager
expect_equal "READY=1" 1 "$(count '^READY=1$')"
expect_equal "signs of life nobody asked for" 0 "$(count '^WATCHDOG=1$')"

# --- a run that is shorter than a look, and one that fails -----------------------------------------------

rm "$socket"
listen "$socket"
wait_until test -S "$socket"
NOTIFY_SOCKET=$socket "$RTLOOP" run --quiet -l 1 "$TEST_TMP/service.yaml" > "$TEST_TMP/run.out" 2>&1
expect_equal "status of a run of one cycle" 0 $?
wait_until hears '^STOPPING=1$' 1
expect_equal "words of a run of one cycle" "READY=1 STOPPING=1" "$(xargs < "$heard")"
echo "loop: { perod: 1ms }" > "$TEST_TMP/wrong.yaml"
NOTIFY_SOCKET=$socket "$RTLOOP" run --quiet "$TEST_TMP/wrong.yaml" > "$TEST_TMP/run.out" 2>&1
expect_equal "status of a wrong file" 2 $?
expect_equal "words of a wrong file" 2 "$(wc -l < "$heard")"

# --- a manager that cannot be told is no reason not to run -----------------------------------------------

NOTIFY_SOCKET=vsock:2:1 "$RTLOOP" run --quiet -l 5 "$TEST_TMP/service.yaml" > "$TEST_TMP/run.out" \
	2> "$TEST_TMP/run.err"
expect_equal "status with an address of another kind" 0 $?
grep -q "NOTIFY_SOCKET is 'vsock:2:1'" "$TEST_TMP/run.err" || fail "nobody was told of the address"
finish
