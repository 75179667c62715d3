#!/bin/bash
# The service under systemd: it starts, logs, is watched, stops in order, and is not started again after a
# fault. Run by scripts/test-deb.sh in a container whose first process is systemd, as root.
. "$(dirname "$0")/lib.sh"

property() { # UNIT NAME
	systemctl show --property="$2" --value "$1"
}
is() { # UNIT NAME VALUE
	[ "$(property "$1" "$2")" = "$3" ]
}
is_not() { # UNIT NAME VALUE
	! is "$@"
}
write_loop() { # NAME LOOP
	cat >"/etc/rtloop/$1.yaml" <<-END
		loop: { $2 }
		log: { dir: /var/lib/rtloop }
		devices:
		  wave: { driver: sim, in: { a: { wave: sine } } }
	END
}
newest_log() { # NAME
	find /var/lib/rtloop -name "$1-*.mcap" | sort | tail -n 1
}
log_bytes() { # NAME
	stat -c %s "$(newest_log "$1")"
}
has_grown() { # NAME BYTES
	[ "$(log_bytes "$1")" -gt "$2" ]
}
journal() { # UNIT
	journalctl --unit "$1" --output cat --no-pager
}
cycle_thread() { # PID
	grep -lx rtloop-cycle /proc/"$1"/task/*/comm | cut -d/ -f5
}
status_field() { # PID NAME
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

case_the_system_has_come_up() {
	echo "      $(uname -srv)"
	systemctl is-system-running --wait >/tmp/state || systemctl --failed --no-legend
	expect_equal "cycles of units in their order" "" \
		"$(journalctl --boot --output cat --grep 'ordering cycle' --no-pager 2>/dev/null | grep rtloop)"
}

case_it_starts_and_is_ready() {
	write_loop oven "period: 1ms, priority: 80"
	systemctl start rtloop@oven || journal rtloop@oven
	expect_equal "state" active "$(property rtloop@oven ActiveState)"
	wait_until grep_status ' cycles  latency max '
}
grep_status() {
	property rtloop@oven StatusText | grep -q "$1"
}

case_it_runs_without_any_privilege() {
	local pid
	pid=$(property rtloop@oven MainPID)
	expect_equal "user" rtloop "$(stat -c %U "/proc/$pid")"
	expect_equal "capabilities in force" 0000000000000000 "$(status_field "$pid" CapEff)"
	expect_equal "capabilities to be had" 0000000000000000 "$(status_field "$pid" CapBnd)"
	expect_equal "NoNewPrivs" 1 "$(status_field "$pid" NoNewPrivs)"
}

# Where the container's own rights allow no limits to be raised, there is nothing that a unit could do.
limits_are_raised() { # PID
	grep -q '^Max realtime priority *99 ' "/proc/$1/limits"
}

case_its_cycle_is_real_time_and_its_memory_locked() {
	local pid
	pid=$(property rtloop@oven MainPID)
	expect_equal "policy of the main thread" "SCHED_OTHER 0" \
		"$(chrt --pid "$pid" | sed 's/.*: //' | xargs)"
	if ! limits_are_raised "$pid"; then
		echo "      not run: the container may not raise limits (CAP_SYS_RESOURCE), so there is no SCHED_FIFO"
		return
	fi
	expect_equal "policy of the cycle's thread" "SCHED_FIFO 80" \
		"$(chrt --pid "$(cycle_thread "$pid")" | sed 's/.*: //' | xargs)"
	expect_at_least "locked memory, KiB" 1000 "$(status_field "$pid" VmLck | cut -d' ' -f1)"
	expects_realtime=true
}
expects_realtime=false

case_its_log_grows() {
	local bytes
	wait_until test -s "$(newest_log oven)"
	bytes=$(log_bytes oven)
	wait_until has_grown oven "$bytes"
	expect_equal "owner and mode of the log" "rtloop:rtloop 640" "$(stat -c '%U:%G %a' "$(newest_log oven)")"
}

case_its_control_socket_is_for_its_group() {
	wait_until test -S /run/rtloop/oven.sock
	expect_equal "owner and mode" "rtloop:rtloop 660" "$(stat -c '%U:%G %a' /run/rtloop/oven.sock)"
	rtloop status oven | grep -q '^cycles ' || fail "rtloop status: $(rtloop status oven 2>&1)"
	setpriv --reuid=nobody --regid=rtloop --clear-groups rtloop get oven wave.a >/tmp/value ||
		fail "a member of the group may not ask"
	grep -q 'wave.a' /tmp/value || fail "rtloop get: $(cat /tmp/value)"
	if setpriv --reuid=nobody --regid=nogroup --clear-groups rtloop status oven >/tmp/value 2>&1; then
		fail "somebody else may ask"
	fi
}

case_its_signs_of_life_are_heard() {
	local first
	expect_equal "watchdog" 10s "$(property rtloop@oven WatchdogUSec)"
	first=$(property rtloop@oven WatchdogTimestampMonotonic)
	wait_until is_not rtloop@oven WatchdogTimestampMonotonic "$first"
}

case_it_stops_in_order() {
	systemctl stop rtloop@oven
	expect_equal "state" inactive "$(property rtloop@oven ActiveState)"
	expect_equal "result" success "$(property rtloop@oven Result)"
	expect_equal "exit status" 0 "$(property rtloop@oven ExecMainStatus)"
	journal rtloop@oven >/tmp/journal
	grep -q 'oven: it was asked to stop' /tmp/journal || fail "no report in the journal"
	grep -E '^(NOT )?REALTIME|^  because' /tmp/journal | sed 's/^/      /'
	if $expects_realtime; then
		expect_equal "reasons against it, besides the kernel" "" \
			"$(grep '^  because' /tmp/journal | grep -v 'the kernel is not PREEMPT_RT')"
	fi
	if $expects_realtime && uname -v | grep -q PREEMPT_RT; then
		grep -q '^REALTIME' /tmp/journal || fail "it was not real-time"
	fi
	rtloop dump --check "$(newest_log oven)" >/tmp/check || fail "the log is not right: $(cat /tmp/check)"
}

case_one_that_stops_leaves_the_others_their_folder() {
	write_loop one "period: 1ms"
	write_loop two "period: 1ms"
	systemctl start rtloop@one rtloop@two
	systemctl stop rtloop@one
	[ -d /run/rtloop ] || fail "/run/rtloop is gone"
	expect_equal "state of the other" active "$(property rtloop@two ActiveState)"
	systemctl stop rtloop@two
}

# stays_ended UNIT: no start follows, nor is one to come.
stays_ended() {
	wait_until is "$1" ActiveState failed
	expect_equal "starts after it" 0 "$(property "$1" NRestarts)"
	expect_equal "what is to come" failed "$(property "$1" SubState)"
}

case_one_that_is_killed_stays_ended() {
	local signal
	write_loop victim "period: 1ms"
	for signal in KILL SEGV; do
		systemctl start rtloop@victim
		kill -"$signal" "$(property rtloop@victim MainPID)"
		stays_ended rtloop@victim
		systemctl reset-failed rtloop@victim
	done
}

# As docs/deploy.md has it, for a loop that drives nothing.
case_one_that_may_be_started_again_is() {
	write_loop reader "period: 1ms"
	mkdir -p /etc/systemd/system/rtloop@reader.service.d
	printf '[Service]\nRestartPreventExitStatus=\nRestartPreventExitStatus=2 5\n' \
		>/etc/systemd/system/rtloop@reader.service.d/again.conf
	systemctl daemon-reload
	systemctl start rtloop@reader
	kill -KILL "$(property rtloop@reader MainPID)"
	wait_until is rtloop@reader NRestarts 1
	wait_until is rtloop@reader ActiveState active
	systemctl stop rtloop@reader
	rm -r /etc/systemd/system/rtloop@reader.service.d
}

# One that is stopped meanwhile has nothing done before it can be killed, too.
case_its_guardian_is_not_killed_with_it() {
	local pid guardian
	write_loop ward "period: 1ms, guard: on"
	systemctl start rtloop@ward
	pid=$(property rtloop@ward MainPID)
	guardian=$(rtloop guard --json ward | sed -n 's/.*"guardian": *\([0-9]*\).*/\1/p' | head -n 1)
	expect_equal "its name" rtloop-guardian "$(cat "/proc/$guardian/comm")"
	kill -STOP "$guardian"
	kill -KILL "$pid"
	wait_until is rtloop@ward ActiveState failed
	[ -e "/proc/$guardian" ] || fail "it was killed"
	kill -CONT "$guardian"
	wait_until guardian_has_said "the run (process $pid) died"
	systemctl reset-failed rtloop@ward
	systemctl start rtloop@ward
	systemctl stop rtloop@ward
	expect_equal "processes after the end in order" "" "$(grep -lx rtloop-guardian /proc/[0-9]*/comm 2>/dev/null)"
}
guardian_has_said() {
	journalctl --identifier rtloop-guardian --output cat --no-pager | grep -qF "$1"
}

case_one_that_is_stuck_is_ended_by_the_watchdog() {
	local pid
	write_loop stuck "period: 1ms"
	mkdir -p /etc/systemd/system/rtloop@stuck.service.d
	printf '[Service]\nWatchdogSec=2\n' >/etc/systemd/system/rtloop@stuck.service.d/quick.conf
	systemctl daemon-reload
	systemctl start rtloop@stuck
	pid=$(property rtloop@stuck MainPID)
	kill -STOP "$pid"
	stays_ended rtloop@stuck
	journal rtloop@stuck | grep -q 'Watchdog timeout' || fail "it was not the watchdog"
	rm -r /etc/systemd/system/rtloop@stuck.service.d
}

# A process that is stopped for a while misses releases. On a slow machine it has missed one before.
case_a_fault_is_not_followed_by_a_start() {
	local pid
	write_loop fault "period: 100ms, overrun: stop"
	systemctl start rtloop@fault
	pid=$(property rtloop@fault MainPID)
	if [ "$pid" != 0 ] && kill -STOP "$pid"; then
		sleep 0.5
		kill -CONT "$pid"
	fi
	stays_ended rtloop@fault
	expect_equal "exit status" 4 "$(property rtloop@fault ExecMainStatus)"
}

overruns_again() {
	local pid
	pid=$(property rtloop@often MainPID)
	if [ "$pid" != 0 ] && kill -STOP "$pid"; then
		sleep 0.3
		kill -CONT "$pid"
	fi
	is rtloop@often ActiveState failed
}
case_too_many_overruns_are_not_followed_by_a_start() {
	write_loop often "period: 100ms, fault: { overruns: 2, within: 1h }"
	systemctl start rtloop@often
	wait_until overruns_again
	stays_ended rtloop@often
	expect_equal "exit status" 6 "$(property rtloop@often ExecMainStatus)"
}

case_a_wrong_configuration_is_not_tried_again() {
	write_loop wrong "perod: 1ms"
	systemctl start rtloop@wrong 2>/dev/null && fail "it started"
	expect_equal "exit status" 2 "$(property rtloop@wrong ExecMainStatus)"
	expect_equal "starts after it" 0 "$(property rtloop@wrong NRestarts)"
	journal rtloop@wrong | grep -q "wrong.yaml:1:9: unknown key 'perod'; did you mean 'period'?" ||
		fail "the journal does not say what is wrong: $(journal rtloop@wrong)"
}

case_it_starts_with_the_machine() {
	systemctl --quiet enable rtloop@oven 2>/dev/null
	[ -L /etc/systemd/system/multi-user.target.wants/rtloop@oven.service ] || fail "it is not enabled"
	systemctl --quiet disable rtloop@oven 2>/dev/null
}

# gives_to GROUP DEVICE: what the rules say of a device that has just come.
gives_to() {
	local said
	if [ ! -e "$2" ]; then
		echo "      not run: there is no ${2##*/} here"
		return
	fi
	said=$(udevadm test --action=add "$2" 2>&1)
	grep -q "60-rtloop.rules:.* GROUP $(getent group "$1" | cut -d: -f3)$" <<<"$said" ||
		fail "the rules do not give ${2##*/} to $1: $said"
}

case_devices_are_given_to_their_groups() {
	gives_to rtloop /sys/class/misc/cpu_dma_latency
	gives_to dialout /sys/class/tty/ttyS1
	gives_to gpio /sys/bus/gpio/devices/gpiochip0
}

case_removing_the_package_stops_it_in_order() {
	systemctl start rtloop@oven
	dpkg --remove rtloop >/tmp/remove 2>&1 || fail "dpkg --remove: $(cat /tmp/remove)"
	expect_equal "processes" 0 "$(cat /proc/[0-9]*/comm 2>/dev/null | grep -cx rtloop)"
	journal rtloop@oven | grep -c 'oven: it was asked to stop' >/tmp/stops
	expect_equal "ends in order" 2 "$(cat /tmp/stops)"
	[ -e /etc/rtloop/oven.yaml ] || fail "the configuration was removed without a purge"
	[ -n "$(newest_log oven)" ] || fail "the logs were removed without a purge"
}

run_cases "$0"
