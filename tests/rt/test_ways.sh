#!/bin/bash
# What another test finds of a UART, with the pacer and the poller uring in place of nanosleep and epoll.
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)

export BUILD RTLOOP="$here/../ways.sh" WAYS=uring+uring
bash "$here/test_uart.sh" >"$TEST_TMP/uart.out" 2>&1 || fail "test_uart with $WAYS: $(cat "$TEST_TMP/uart.out")"
finish
