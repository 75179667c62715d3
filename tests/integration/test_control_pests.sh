#!/bin/bash
# Peers that nobody wants at the control socket: silent ones, deaf ones, garbage, a line without an end, half a line,
# those that leave; a thousand at once. Whoever asks properly is answered all the while, memory stays bounded, and
# the cycle makes no call more for it.
. "$(dirname "$0")/lib.sh"
command -v strace > /dev/null || skip "strace is not installed"
strace -o /dev/null true 2> /dev/null || skip "strace may not trace here"
keep_nothing_freed

cat > "$TEST_TMP/oven.yaml" << END
# whom strace holds up is not to be told from one that hangs, where strace gets no CPU for a second
loop: { period: 5ms, fault: { hang: 60s } }
devices: { wave: { driver: sim, in: { a: { wave: sine } } } }
END
socket=$TEST_TMP/oven.sock
"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/oven.yaml" > "$TEST_TMP/run.out" 2>&1 &
pid=$!
answers() {
	"$RTLOOP" status --json oven 2> /dev/null | jq -e '.cycles > 0' > /dev/null
}
wait_until answers

# Only the cycle thread is traced: the others are to be as quick as they are.
for task in /proc/"$pid"/task/*; do
	[ "$(cat "$task/comm")" != rtloop-cycle ] || thread=${task##*/}
done
strace -o "$TEST_TMP/calls" -p "$thread" 2> "$TEST_TMP/strace.err" &
tracer=$!
wait_until test -s "$TEST_TMP/calls"

memory() {
	awk '$1 == "VmData:" { print $2 }' /proc/$pid/status
}
descriptors() {
	find /proc/$pid/fd -mindepth 1 | wc -l
}
before_kib=$(memory)
before_fds=$(descriptors)

# pest KIND COUNT CONNECTED ANSWERED: those that come and go; who asks properly is answered afterwards.
pest() {
	expect_equal "what came of $2 of kind $1" "$3 connected, $4 answered" "$("$peers/pest" "$1" "$2" "$socket")"
	wait_until answers
}
# A line of nonsense is refused with a reply; what has no end is, too, when it is too long.
pest garbage 200 200 200
pest half 200 200 200
pest leave 500 500 0
"$peers/pest" endless 4096 "$socket" > "$TEST_TMP/endless" || fail "endless lines: $(cat "$TEST_TMP/endless")"
wait_until answers
expect_equal "the reply to a line without an end" \
	"the request is too long; expected a line of less than 8192 bytes" \
	"$(head -c 8191 /dev/zero | tr '\0' x | socat -t 30 - "UNIX:$socket" 2> /dev/null | jq -r .error)"
expect_equal "the reply to half a line" "the request is cut off; expected a newline at its end" \
	"$(printf stat | socat -t 30 - "UNIX:$socket" | jq -r .error)"

# hold KIND COUNT: as many at once, until they are let go.
hold() {
	mkfifo "$TEST_TMP/$1.end"
	"$peers/pest" "$1" "$2" "$socket" < "$TEST_TMP/$1.end" > "$TEST_TMP/$1" &
	local holder=$!
	exec 8> "$TEST_TMP/$1.end"
	# between them, while they come
	wait_until answers
	wait_until grep -q "^$2 are there$" "$TEST_TMP/$1"
	wait_until answers
	[ "$(descriptors)" -le $((before_fds + 16)) ] || fail "$1: $(descriptors) descriptors; there were $before_fds"
	exec 8>&-
	wait $holder
}
hold silent 1000
hold deaf 1000
wait_until answers

# Sixteen peers of 8 KiB, their answers and what the heap keeps of them: not a thousand times that.
[ "$(memory)" -le $((before_kib + 8192)) ] || fail "it has $(memory) KiB of memory; before, $before_kib"

kill -INT $pid
wait $pid
expect_equal "status of the run" 0 $?
wait $tracer

# From the first whole cycle on to the last wait: one a cycle, and nothing else.
expect_at_least "cycles that were traced" 50 "$(grep -c '^clock_nanosleep(' "$TEST_TMP/calls")"
others=$(sed -n '/^clock_nanosleep(/,$p' "$TEST_TMP/calls" | tac | sed -n '/^clock_nanosleep(/,$p' |
	grep -v '^--- SIGUSR2' | sed 's/(.*//' | sort -u | xargs)
expect_equal "calls of the cycle" clock_nanosleep "${others/ rt_sigreturn/}"
finish
