#!/bin/bash
# What other tests find of devices, with the pacer and the poller uring in place of nanosleep and epoll, and with
# nanosleep beside uring: sockets, lines and messages come and go as they do otherwise.
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)

# as tests/run.sh does it, whatever this run of it has been asked for
export BUILD RTLOOP="$here/../ways.sh"
ran=0
with() { # PACER+POLLER TEST...
	local name
	export WAYS=$1
	shift
	for name in "$@"; do
		mkdir -p "$TEST_TMP/$WAYS/$name"
		TEST_TMP=$TEST_TMP/$WAYS/$name bash "$here/$name.sh" > "$TEST_TMP/$name.out" 2>&1
		case $? in
		0) ran=$((ran + 1)) ;;
		77) echo "not run with $WAYS: $name: $(tail -n 1 "$TEST_TMP/$name.out")" ;;
		*) fail "$name with $WAYS: $(cat "$TEST_TMP/$name.out")" ;;
		esac
	done
}

with uring+uring test_sockets test_send test_vanish test_mqueue
with nanosleep+uring test_sockets
expect_at_least "tests that ran" 1 $ran
finish
