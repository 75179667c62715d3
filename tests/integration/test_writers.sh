#!/bin/bash
# The writers of a log: each writes whole ones, through rotations and a disk that refuses; what is not to be had is said, and
# write takes its place.
. "$(dirname "$0")/lib.sh"
look_for_no_leaks

config() { # WRITER
	cat >"$TEST_TMP/$1.yaml" <<-END
		loop: { period: 1ms, priority: 0 }
		log: { dir: $1, writer: $1, rotate: 64KiB, chunk: 16KiB, sync: 100ms }
		devices:
		  wave:
		    driver: sim
		    in: { a: { wave: noise, type: float }, b: { wave: noise, type: float }, c: { wave: noise, type: float } }
	END
}

# As it is with this writer, all files together.
expect_whole() { # WRITER WHAT
	check_log "$TEST_TMP/$1"/*.mcap
	expect_at_least "$2: files" 2 "$(report .log.files)"
	expect_at_least "$2: syncs" 1 "$(report .log.syncs)"
}

can_have() { # WRITER
	[ "$(report .log.writer)" = "$1" ] || [ -n "$(report .log.writer_note)" ]
}

for writer in write uring aio; do
	config $writer
	run_file "$TEST_TMP/$writer.yaml" -l 1500
	expect_equal "$writer: status" 0 "$status"
	can_have $writer || fail "$writer: another writes, and nothing is said: $(report .log.writer)"
	expect_equal "$writer: cycles in gaps" 0 "$(report .log.cycles_in_gaps)"
	expect_whole $writer "$writer"
done

# What a kernel refuses, or does not have.
if ! command -v strace >/dev/null || ! strace -o /dev/null true 2>/dev/null; then
	skip "the refusals are not tested: strace cannot be used here"
fi
for code in EPERM ENOSYS; do
	rm -rf "$TEST_TMP/uring"
	strace -f -o /dev/null -e trace=io_uring_setup -e inject=io_uring_setup:error=$code \
		"$RTLOOP" run -l 1000 --json "$TEST_TMP/report.json" "$TEST_TMP/uring.yaml" >"$TEST_TMP/out" 2>&1
	expect_equal "uring without io_uring ($code): status" 0 $?
	expect_equal "uring without io_uring ($code)" write "$(report .log.writer)"
	grep -q "no writer uring: " "$TEST_TMP/out" || fail "$code: the report does not say it: $(cat "$TEST_TMP/out")"
	check_log "$TEST_TMP/uring"/*.mcap
done

# One that may be made and not be used, which the logger's thread finds out: it is said as soon as anything is, by
# everything that a person looks at while it runs.
is_up() {
	"$RTLOOP" status --json uring >"$TEST_TMP/status.json" 2>/dev/null
}
rm -rf "$TEST_TMP/uring"
strace -D -f -o /dev/null -e trace=io_uring_register -e inject=io_uring_register:error=EACCES \
	"$RTLOOP" run --json "$TEST_TMP/report.json" "$TEST_TMP/uring.yaml" >"$TEST_TMP/out" 2>&1 &
pid=$!
wait_until is_up
"$RTLOOP" status uring >"$TEST_TMP/status" || fail "no status"
note="no writer uring: its io_uring cannot be enabled: Permission denied"
expect_equal "a ring that cannot be used: who writes" write "$(jq -r .log.writer "$TEST_TMP/status.json")"
expect_equal "a ring that cannot be used: why" "$note" "$(jq -r .log.writer_note "$TEST_TMP/status.json")"
grep -q ", writer write; " "$TEST_TMP/status" || fail "status does not say who writes: $(cat "$TEST_TMP/status")"
grep -q "$note" "$TEST_TMP/status" || fail "status does not say why another writes: $(cat "$TEST_TMP/status")"
kill -INT $pid
wait $pid
expect_equal "a ring that cannot be used: status" 0 $?
grep -q "$note" "$TEST_TMP/out" || fail "the report does not say why another writes: $(cat "$TEST_TMP/out")"
expect_equal "a ring that cannot be used: cycles in gaps" 0 "$(report .log.cycles_in_gaps)"
check_log "$TEST_TMP/uring"/*.mcap

# A write of AIO that fails, in the C library's own thread: the file is cut back and closed, and the next one begun.
rm -rf "$TEST_TMP/aio"
strace -f -o /dev/null -e trace=pwrite64 -e inject=pwrite64:error=EIO:when=4 \
	"$RTLOOP" run -q -l 1500 --json "$TEST_TMP/report.json" "$TEST_TMP/aio.yaml" >"$TEST_TMP/out" 2>&1
expect_equal "aio, a write fails: status" 1 $?
expect_at_least "aio, a write fails: failures" 1 "$(report .log.failures)"
check_log "$TEST_TMP/aio"/*.mcap

# Writes that a signal interrupts are gone on with.
rm -rf "$TEST_TMP/write"
strace -f -o /dev/null -e trace=writev -e inject=writev:error=EINTR:when=3+2 \
	"$RTLOOP" run -q -l 1000 --json "$TEST_TMP/report.json" "$TEST_TMP/write.yaml" >"$TEST_TMP/out" 2>&1
expect_equal "write, interrupted: status" 0 $?
check_log "$TEST_TMP/write"/*.mcap
finish
