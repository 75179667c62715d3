#!/bin/bash
# CLOCK_REALTIME is set an hour back and an hour on while a loop runs: an event each, and nothing else. No release is
# missed because of it, and the log's times go on as if nothing had been.
. "$(dirname "$0")/lib.sh"

cat >"$TEST_TMP/step.yaml" <<'END'
loop: { period: 20ms }
log: { file: step.mcap, sync: 100ms }
devices: { wave: { driver: sim, in: { a: { wave: sine } } } }
END

stepped() { # how many such events there are
	[ "$("$RTLOOP" dump --jsonl -c event "$TEST_TMP/step.mcap" 2>/dev/null | grep -c '"clock_stepped"')" -eq "$1" ]
}

# Whatever becomes of this test, others find the clock as it was.
uptime_s() {
	cut -d. -f1 /proc/uptime
}
booted_s=$(($(date +%s) - $(uptime_s)))
# shellcheck disable=SC2329 # called by the trap
put_back() {
	date -s "@$((booted_s + $(uptime_s)))" >/dev/null
	end_jobs
}
trap put_back EXIT

start_loop "$TEST_TMP/step.yaml" || exit 1
start_s=$(date +%s)
date -s "@$((start_s - 3600))" >/dev/null || fail "the clock cannot be set"
wait_until stepped 1
date -s "@$(($(date +%s) + 7200))" >/dev/null
wait_until stepped 2
date -s "@$(($(date +%s) - 3600))" >/dev/null
wait_until stepped 3
stop_loop
check_log "$TEST_TMP/step.mcap"

"$RTLOOP" dump --jsonl "$TEST_TMP/step.mcap" >"$TEST_TMP/all"
steps=$(jq -s -c 'map(select(.data.kind? == "clock_stepped").data.value / 3.6e12 * 10 | round / 10)' "$TEST_TMP/all")
expect_equal "hours by which it was set" "[-1,2,-1]" "$steps"
# Between two cycles the log's time goes on by what CLOCK_MONOTONIC does: releases say so.
expect_equal "cycles whose time in the log has jumped against their release" 0 \
	"$(jq -s '[map(select(.topic == "/cycle")) | [., .[1:]] | transpose[] | select(.[1] != null) |
		((.[1].log_time - .[1].data.release_ns - .[1].data.latency_ns) -
		 (.[0].log_time - .[0].data.release_ns - .[0].data.latency_ns)) | fabs | select(. > 1e6)] | length' "$TEST_TMP/all")"
expect_equal "cycles that are missing" "0 0" "$(report '"\(.log.cycles_in_gaps) \(.log.gaps)"')"
# Overruns are the machine's; of an hour they would be 180,000 releases.
[ "$(report .missed)" -lt 90000 ] || fail "releases missed: $(report .missed)"
end=$("$RTLOOP" report --json - "$TEST_TMP/step.mcap" 2>/dev/null | jq -r '[.. | .seconds? // empty][0]')
awk -v s="$end" 'BEGIN { exit !(s > 0 && s < 1800) }' || fail "the log is $end s long"
finish
