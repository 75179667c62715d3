#!/bin/bash
# The seal of the cycle thread: every example runs under "seal: kill"; it is on the cycle thread alone; a call
# that the configuration does not need is named with its place, and goes on ("log") or ends the run ("kill").
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.." || exit 1
trust_folder

# sealed FILE KIND: a copy of it, sealed.
sealed() {
	# of a CPU that this machine need not have, and on a machine that may be busy: being late is no fault
	sed -E "s/cpu: *[0-9]+/cpu: -1/; s/overruns: *[0-9]+/overruns: 1000/; s/hang: *[0-9]+m?s/hang: 60s/" "$1" | awk -v kind="$2" '
		/^loop: *\{/ { sub(/\{/, "{ seal: " kind ","); done = 1 }
		{ print }
		/^loop: *(#.*)?$/ { print "  seal: " kind; done = 1 }
		END { if (!done) print "loop: { seal: " kind " }" }
	'
}

# --- the examples ------------------------------------------------------------------------------------

# Without their peers most devices are away; what comes and goes by wire is sealed in the tests of the drivers.
cp -r config/examples "$TEST_TMP/examples"
lacking=
count=0
for file in config/examples/*.yaml; do
	name=$(basename "$file" .yaml)
	sealed "$file" kill > "$TEST_TMP/examples/$name.yaml"
	if ! "$RTLOOP" check "$TEST_TMP/examples/$name.yaml" > "$TEST_TMP/check.out" 2>&1; then
		grep -q "this rtloop was built without" "$TEST_TMP/check.out" || fail "$name: $(cat "$TEST_TMP/check.out")"
		lacking+=" $name"
		continue
	fi
	run_file "$TEST_TMP/examples/$name.yaml" -l 50 -i 1000 --log-dir "$TEST_TMP/log"
	expect_equal "status of $name, sealed" 0 "$status"
	expect_equal "seal of $name" '{"kind":"kill","caught":0,"calls":[]}' "$(report '.seal | tojson')"
	[ "$status" = 0 ] || cat "$TEST_TMP/run.err"
	count=$((count + 1))
done
expect_at_least "examples that ran sealed" 6 "$count"
[ -z "$lacking" ] || echo "not in this build:$lacking"

# --- whose it is -------------------------------------------------------------------------------------

cat > "$TEST_TMP/plain.yaml" << END
loop: { period: 1ms, seal: kill }
log: { file: plain.mcap }
devices: { wave: { driver: sim, in: { a: { wave: sine } } } }
END
"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/plain.yaml" > "$TEST_TMP/run.out" 2>&1 &
pid=$!
wait_for_cycles "$TEST_TMP/plain.mcap"
for task in /proc/"$pid"/task/*; do
	name=$(cat "$task/comm")
	expect_equal "seal of thread $name" "$([ "$name" = rtloop-cycle ] && echo 2 || echo 0)" \
		"$(awk '$1 == "Seccomp:" { print $2 }' "$task/status")"
	expect_equal "no_new_privs of thread $name" 1 "$(awk '$1 == "NoNewPrivs:" { print $2 }' "$task/status")"
done
kill -INT $pid
wait $pid
expect_equal "status when a sealed run is interrupted" 0 $?
check_log "$TEST_TMP/plain.mcap"
grep -q '^seal      kill; 0 system calls that the configuration does not need$' "$TEST_TMP/run.out" ||
	fail "the report does not tell of the seal: $(cat "$TEST_TMP/run.out")"

# --- a plugin that asks the kernel -------------------------------------------------------------------

command -v cc > /dev/null || skip "cc is not installed"
cat > "$TEST_TMP/asker.c" << 'END'
#include <fcntl.h>
#include <rtloop_plugin.h>
#include <stdio.h>
#include <unistd.h>

static int asker_init(struct rtloop_host *host, void *instance)
{
	*(int64_t *)instance = rtloop_option_int(host, "what", 0, 0, 2);
	return 0;
}

static void asker_step(const void *instance, void *state, const struct rtloop_now *now)
{
	int64_t what = *(const int64_t *)instance;

	(void)state;
	if (now->cycle < 20 || now->cycle >= 30) {
		return;
	}
	if (what == 0 && getppid() <= 0) {
		rtloop_report(now, 1, 0);
	} else if (what == 1) {
		int fd = open("/dev/null", O_WRONLY);

		if (fd < 0 || write(fd, "x", 1) != 1 || close(fd)) {
			rtloop_report(now, 2, fd);
		}
	} else if (what == 2) {
		printf("cycle %d\n", (int)now->cycle);
		fflush(stdout);
	}
}

const struct rtloop_plugin rtloop_plugin = { .bytes = sizeof(struct rtloop_plugin),
					     .abi = RTLOOP_PLUGIN_ABI,
					     .name = "asker",
					     .version = "1",
					     .instance_bytes = sizeof(int64_t),
					     .init = asker_init,
					     .step = asker_step };
END
cc -std=c11 -D_GNU_SOURCE -O1 -fPIC -shared -Irtloop/plugin -o "$TEST_TMP/asker.so" "$TEST_TMP/asker.c" ||
	fail "cannot build the plugin"

ask() { # KIND WHAT
	rm -f "$TEST_TMP/ask.mcap"
	cat > "$TEST_TMP/ask.yaml" << END
loop: { period: 2ms, seal: $1, cycles: 200 }
log: { file: ask.mcap }
devices: { wave: { driver: sim, in: { a: { wave: sine } } } }
plugins: { asker: { path: asker.so, options: { what: $2 } } }
END
	run_file "$TEST_TMP/ask.yaml"
}
place='at asker\.so\+0x[0-9a-f]+'
reason=', which its configuration does not need'

ask off 0
expect_equal "status without a seal" 0 "$status"
expect_equal "seal of it" null "$(report .seal)"

# Logged: each is made after all, told once on stderr and in the log, and counted in the report.
ask log 0
expect_equal "status when getppid() is logged" 0 "$status"
expect_equal "calls" 10 "$(report .seal.caught)"
expect_equal "what is told" 1 "$(grep -cE "^rtloop: loop: seal: the cycle thread called getppid \([0-9]+\) $place$reason$" \
	"$TEST_TMP/run.err")"
expect_equal "reports of the plugin, which got no answer" 0 "$(report '.plugins[0].reports')"
expect_equal "events of it" 1 "$("$RTLOOP" dump --jsonl "$TEST_TMP/ask.mcap" | grep -c '"call_caught"')"
grep -qE "^seal      log; 10 system calls that the configuration does not need: 10 of getppid \([0-9]+\) $place$" \
	"$TEST_TMP/run.out" || fail "the report says: $(grep '^seal' "$TEST_TMP/run.out")"
check_log "$TEST_TMP/ask.mcap"

ask log 1
expect_equal "status when a file is opened" 0 "$status"
# writing and closing are what others need: write() is not needed here, close() is, at the end
expect_equal "calls of opening a file" "openat:10 write:10" \
	"$(report '[.seal.calls[] | (.text | split(" ")[0]) + ":" + (.count | tostring)] | sort | join(" ")')"
expect_equal "reports of the plugin" 0 "$(report '.plugins[0].reports')"

# The end of it.
ask kill 0
expect_equal "status when getppid() is called" $((128 + 31)) "$status"
grep -qE "^rtloop: loop: seal: the cycle thread called getppid \([0-9]+\) $place$reason: the process is killed$" \
	"$TEST_TMP/run.err" || fail "nothing says what killed it: $(cat "$TEST_TMP/run.err")"
ask kill 2
expect_equal "status when something is printed" $((128 + 31)) "$status"
grep -q '^cycle 20$' "$TEST_TMP/run.out" && fail "what a sealed thread prints is seen"

# A run whose standard error nobody reads is killed all the same, and does not wait to say so.
mkfifo "$TEST_TMP/deaf"
exec 9<> "$TEST_TMP/deaf"
timeout 1 head -c 10000000 /dev/zero >&9 2> /dev/null
timeout 60 "$RTLOOP" run --quiet "$TEST_TMP/ask.yaml" --log-dir "$TEST_TMP/log" > /dev/null 2>&9
expect_equal "status with a standard error that is full" $((128 + 31)) $?
finish
