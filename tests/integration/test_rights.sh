#!/bin/bash
# What a run may do, and what others may do with what it leaves: capabilities of each thread, modes of logs and of
# the control socket, links that somebody has put in their place, and addresses that it listens at.
. "$(dirname "$0")/lib.sh"
trust_folder
cd "$TEST_TMP" || exit 1

cat > plain.yaml << END
loop: { period: 2ms }
log: { dir: log, rotate: 64KiB, chunk: 16KiB }
devices:
  flow: { driver: udp, listen: ":47484", in: { a: { byte: 0 } } }
  server: { driver: tcp, listen: ":47485", frame: { kind: line }, in: { b: { column: 0 } } }
END

# start COMMAND...: a run of plain.yaml by it; sets pid.
start() {
	rm -rf log
	"$@" run -q --json report.json plain.yaml > run.out 2> run.err &
	pid=$!
	wait_until has_run
}
has_rotated() {
	[ "$(find log -name "*.mcap" | wc -l)" -ge 2 ]
}
has_run() {
	local cycles
	cycles=$("$RTLOOP" status --json plain 2> /dev/null | jq .cycles)
	[ "${cycles:-0}" -ge 10 ]
}
stop() {
	kill -INT $pid
	wait $pid
	expect_equal "status of the run" 0 $?
}

of_thread() { # NAME FIELD
	local task
	for task in /proc/"$pid"/task/*; do
		if [ "$(cat "$task/comm")" = "$1" ]; then
			awk -v field="$2:" '$1 == field { print $2 }' "$task/status"
		fi
	done
}

# Capabilities by their numbers: DAC_OVERRIDE 1, IPC_LOCK 14, of which the latter stays where memory has a limit.
files=$((1 << 1))
memory=0
[ "$(ulimit -l)" = unlimited ] || memory=$((1 << 14))
mine=$((0x$(awk '$1 == "CapPrm:" { print $2 }' /proc/self/status)))

expect_rights() { # THREAD CAPABILITIES
	expect_equal "capabilities of $1" $((mine & $2)) $((0x$(of_thread "$1" CapPrm)))
	expect_equal "capabilities in force of $1" $((mine & $2)) $((0x$(of_thread "$1" CapEff)))
	expect_equal "capabilities to hand on of $1" "0 0" "$((0x$(of_thread "$1" CapInh))) $((0x$(of_thread "$1" CapAmb)))"
	expect_equal "no_new_privs of $1" 1 "$(of_thread "$1" NoNewPrivs)"
}
start "$RTLOOP"
# the supervisor gives its own up when all runs, which is just before it serves who asks
expect_rights rtloop $((files | memory))
expect_rights rtloop-logger $((files | memory))
expect_rights rtloop-cycle $memory
expect_rights rtloop-syncer $memory

# --- what it leaves ----------------------------------------------------------------------------------

expect_equal "mode of the control socket" 660 "$(stat -c %a plain.sock)"
expect_equal "modes of logs" 640 "$(stat -c %a log/*.mcap | sort -u)"
expect_equal "mode of their folder" 750 "$(stat -c %a log)"

# In hexadecimal, as the kernel shows 127.0.0.1 (in the order of this machine's bytes), with the port.
if [ "$(printf '\1' | od -An -td2 -N2 | tr -d ' ')" != 0 ]; then
	grep -qE "^ *[0-9]+: 0100007F:B97C " /proc/net/udp || fail "udp does not listen at 127.0.0.1"
	grep -qE "^ *[0-9]+: 0100007F:B97D " /proc/net/tcp || fail "tcp does not listen at 127.0.0.1"
	grep -hE "00000000:(B97C|B97D) .* 0A " /proc/net/tcp && fail "something listens at every address"
fi
stop

# A umask that would open it further, or close it altogether, changes nothing that matters.
umask 000
start "$RTLOOP"
expect_equal "mode of the control socket, with umask 000" 660 "$(stat -c %a plain.sock)"
expect_equal "modes of logs, with umask 000" 640 "$(stat -c %a log/*.mcap | sort -u)"
stop
umask 022

# --- links that were put there -----------------------------------------------------------------------

echo precious > precious
cat > one.yaml << END
loop: { period: 2ms, cycles: 20 }
log: { file: one.mcap }
END
ln -s precious one.mcap
run_file one.yaml
expect_equal "status where the log is a link" 1 "$status"
grep -q 'is already there, and is never overwritten' run.err || fail "it says: $(cat run.err)"
rm one.mcap
ln -s nothing-yet one.mcap
run_file one.yaml
expect_equal "status where the log is a link to nothing" 1 "$status"
[ ! -e nothing-yet ] || fail "the link was followed"
rm one.mcap
ln -s precious one.sock
run_file one.yaml
no_socket="^rtloop: control socket $TEST_TMP/one.sock: File exists; it runs without 'rtloop status' and its like$"
grep -q "$no_socket" run.err || fail "where the control socket is a link it says: $(cat run.err)"
[ -L one.sock ] || fail "the link in the place of the control socket is gone"
ln -sf nowhere one.sock
run_file one.yaml --log-dir other
grep -q "$no_socket" run.err || fail "where it is a link to nothing it says: $(cat run.err)"
[ -L one.sock ] && [ ! -e nowhere ] || fail "the link in the place of the control socket was followed"
rm one.sock
expect_equal "what the links led to" precious "$(cat precious)"

# --- another user ------------------------------------------------------------------------------------

if [ "$(id -u)" != 0 ] || ! command -v setpriv > /dev/null; then
	echo "not run as another user: this takes root and setpriv"
	finish
	exit
fi
cp "$RTLOOP" rtloop
chmod 755 rtloop .
mkdir user
chown 12345:12345 user
sed "s|dir: log|dir: $TEST_TMP/user/log|" plain.yaml > user/plain.yaml
cd user || exit 1
export RUNTIME_DIRECTORY=$TEST_TMP/user
other=(setpriv --reuid 12345 --regid 12345 --clear-groups --inh-caps=-all)
start "${other[@]}" ../rtloop
mine=0
for thread in rtloop rtloop-logger rtloop-cycle rtloop-syncer; do
	expect_rights $thread $((files | memory))
done
expect_equal "owner and mode of the logs" "12345 640" "$(stat -c '%u %a' log/*.mcap | sort -u)"
setpriv --reuid 54321 --regid 54321 --clear-groups ../rtloop status "$TEST_TMP/user/plain.sock" > status.out 2>&1 &&
	fail "a user of no right may ask: $(head -1 status.out)"
setpriv --reuid 54321 --regid 12345 --clear-groups ../rtloop status "$TEST_TMP/user/plain.sock" > status.out 2>&1 ||
	fail "a member of the group may not ask: $(cat status.out)"
stop

# root's run keeps what it takes to go on in that user's folder.
mine=$((0x$(awk '$1 == "CapPrm:" { print $2 }' /proc/self/status)))
rm -rf log
start ../rtloop
expect_rights rtloop $((files | memory))
wait_until has_rotated
stop
finish
