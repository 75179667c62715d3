#!/bin/bash
# What a run lacks to be real-time is said, with the command that mends it; it runs on all the same, or refuses to with
# --require-rt. Each lack is a real one, made for a child of this test that is run as an ordinary user.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "only root can take rights away, and give some"
command -v setpriv >/dev/null && command -v prlimit >/dev/null || skip "setpriv and prlimit are not installed"
command -v jq >/dev/null || skip "jq is not installed"

# Not below the tree: a home is for its owner alone.
public=$(mktemp -d /tmp/rtloop-privilege.XXXXXX)
trap 'end_jobs; rm -rf "$public"' EXIT
chmod 755 "$public"
mkdir -m 777 "$public/work"
cp "$RTLOOP" "$public/rtloop"
RTLOOP=$public/rtloop
export RUNTIME_DIRECTORY=$public/work
cat >"$public/work/rt.yaml" <<'END'
loop: { period: 10ms, priority: 80, cycles: 5 }
END
setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all \
	"$RTLOOP" check "$public/work/rt.yaml" >/dev/null 2>&1 || skip "an ordinary user cannot run what is in $public"

# run_as RTPRIO MEMLOCK OPTION...: as nobody, with these limits; sets status.
run_as() {
	local rtprio=$1 memlock=$2
	shift 2
	prlimit --rtprio="$rtprio:$rtprio" --memlock="$memlock:$memlock" \
		setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all \
		"$RTLOOP" run -q --json "$public/work/report.json" "$@" "$public/work/rt.yaml" \
		>"$TEST_TMP/run.out" 2>"$TEST_TMP/run.err"
	status=$?
}
report() {
	jq -r "$1" "$public/work/report.json"
}
# problem WORDS FILTER: of the problem that has these words
problem() {
	report "[.realtime.problems[] | select(.why | contains(\"$1\"))][0] | $2"
}
# By the limits alone; a container has limits that even its root may not raise.
can_raise_limits() {
	prlimit --rtprio=99:99 --memlock=unlimited:unlimited \
		setpriv --reuid=65534 --regid=65534 --clear-groups chrt -f 81 true 2>/dev/null
}

# AddressSanitizer and ThreadSanitizer answer mlockall() themselves, and lock nothing.
is_lockable=true
if has_sanitizer address || has_sanitizer thread; then
	is_lockable=false
	echo "not run: what is said of locked memory; this build locks none"
fi

# --- no right at all: it runs on, or refuses ----------------------------------------------------------

run_as 0 65536
expect_equal "no right: status" 0 "$status"
expect_equal "no right: cycles" 5 "$(report .cycles)"
expect_equal "no right: fifo" false "$(report .realtime.is_fifo)"
expect_equal "no right: the fix of the priority" "sudo setcap cap_sys_nice,cap_ipc_lock=ep $RTLOOP" \
	"$(problem 'SCHED_FIFO priority 80 was refused' .fix)"
if $is_lockable; then
	expect_equal "no right: locked" false "$(report .realtime.is_locked)"
	expect_equal "no right: the fix of the memory" "sudo setcap cap_sys_nice,cap_ipc_lock=ep $RTLOOP" \
		"$(problem 'memory could not be locked' .fix)"
	problem 'memory could not be locked' .why | grep -q 'the limit (RLIMIT_MEMLOCK) is 64 KiB' ||
		fail "the limit is not named: $(problem 'memory could not be locked' .why)"
fi
run_as 0 65536 --require-rt
expect_equal "no right, --require-rt: status" 5 "$status"
grep -q 'NOT REALTIME: .*; mend it with: ' "$TEST_TMP/run.err" || fail "--require-rt: $(cat "$TEST_TMP/run.err")"

# --- limits that allow something ------------------------------------------------------------------------

if can_raise_limits; then
	if $is_lockable; then
		run_as 0 $((256 << 20))
		expect_equal "256 MiB: locked" true "$(report .realtime.is_locked)"
		expect_equal "256 MiB: is it fatal" false "$(problem 'memory asked for after the start' .is_fatal)"
	fi
	run_as 50 unlimited
	expect_equal "50: fifo" false "$(report .realtime.is_fifo)"
	problem 'priority 80 was refused' .fix | grep -q -- 'prlimit --pid \$\$ --rtprio=80' ||
		fail "50: the fix is $(problem 'priority 80 was refused' .fix)"
	run_as 80 unlimited
	expect_equal "80: fifo" true "$(report .realtime.is_fifo)"
	expect_equal "80: is it fatal" true "$(problem 'watchdog was refused SCHED_FIFO priority 81' .is_fatal)"
	problem 'watchdog was refused' .fix | grep -q -- '--rtprio=81' || fail "80: $(problem 'watchdog was refused' .fix)"
	run_as 81 unlimited
	expect_equal "81: priority, and what is still wrong with it" "80 []" \
		"$(report '"\(.realtime.priority) \([.realtime.problems[].why | select(test("priority|memory"))])"')"
else
	echo "not run: no limit may be raised here"
fi

# --- root of a user namespace, as of a container --------------------------------------------------------

if unshare -Ur true 2>/dev/null; then
	prlimit --rtprio=0:0 --memlock=65536:65536 unshare -Ur "$RTLOOP" run -q \
		--json "$public/work/contained.json" "$public/work/rt.yaml" >"$TEST_TMP/run.out" 2>&1
	expect_equal "namespace: status" 0 $?
	grep -q -- '--ulimit rtprio=80' "$public/work/contained.json" ||
		fail "namespace: $(jq -c .realtime.problems "$public/work/contained.json")"
	! $is_lockable || grep -q -- '--ulimit memlock=-1' "$public/work/contained.json" ||
		fail "namespace: $(jq -c .realtime.problems "$public/work/contained.json")"
else
	echo "not run: no user namespace is to be had here"
fi

# --- a control group without a budget (CONFIG_RT_GROUP_SCHED) -------------------------------------------

group=/sys/fs/cgroup/cpu/rtloop_test_$$
if [ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ] && mkdir "$group" 2>/dev/null; then
	in_group() {
		sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$group" \
			"$RTLOOP" run -q --json "$public/work/report.json" "$public/work/rt.yaml" >"$TEST_TMP/run.out" 2>&1
	}
	in_group || fail "control group: $(cat "$TEST_TMP/run.out")"
	expect_equal "control group: fifo" false "$(report .realtime.is_fifo)"
	fix=$(problem 'priority 80 was refused' .fix)
	expect_equal "control group: the fix" "echo 900000 | sudo tee $group/cpu.rt_runtime_us" "${fix%%,*}"
	# the command itself, as root without sudo
	mend=${fix%%,*}
	if sh -c "${mend/sudo /}" >/dev/null 2>&1; then
		in_group
		expect_equal "control group with a budget: fifo" true "$(report .realtime.is_fifo)"
	else
		echo "not run: the groups above have no budget to give"
	fi
	while ! rmdir "$group" 2>/dev/null; do
		sleep 0.05
	done
else
	echo "not run: there are no control groups with a budget here"
fi
finish
