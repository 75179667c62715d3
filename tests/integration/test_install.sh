#!/bin/bash
# make install puts down the program, its manual page, the completion, the header for plugins, the examples, the documents and
# the licence, under DESTDIR only; make uninstall takes all of it away again.
set -u

fail() {
	echo "FAIL: $*"
	exit 1
}

run_make() {
	make -s BUILD="$BUILD" DESTDIR="$TEST_TMP/root" PREFIX=/usr "$@" >"$TEST_TMP/out" 2>&1 || {
		cat "$TEST_TMP/out"
		fail "make $*"
	}
}

run_make install
cd "$TEST_TMP/root/usr" || fail "nothing was installed"

[ -x bin/rtloop ] || fail "no program"
bin/rtloop version >/dev/null || fail "the installed program does not run"
bin/rtloop-measure --version | grep -q '^rtloop-measure [0-9]' || fail "the installed rtloop-measure does not run"
grep -q '^\.TH RTLOOP 1' share/man/man1/rtloop.1 || fail "no manual page"
grep -q '^\.TH RTLOOP.YAML 5' share/man/man5/rtloop.yaml.5 || fail "no manual page of the configuration"
bash -n share/bash-completion/completions/rtloop || fail "the completion is not for bash"
grep -q 'complete .*rtloop' share/bash-completion/completions/rtloop || fail "no completion"
grep -q 'MIT License' share/doc/rtloop/LICENSE || fail "no licence"
[ -d share/doc/rtloop/docs ] || fail "no documents"
[ -e share/doc/rtloop/examples/demo.yaml ] || fail "no example"
[ -e share/rtloop/plot/latency.gp ] || fail "no script that plots latencies"
[ -e share/rtloop/plot/timeline.gp ] || fail "no script that plots a run over time"
bin/rtloop check share/doc/rtloop/examples/demo.yaml >/dev/null || fail "the installed example is wrong"

[ -e include/rtloop_plugin.h ] || fail "no header for plugins"
[ -e share/pkgconfig/rtloop-plugin.pc ] || fail "no pkg-config file for plugins"
[ -e share/doc/rtloop/examples/plugin/voter.c ] || fail "no example of a plugin"

if find . -type f ! -perm -a+r | grep .; then
	fail "files that others may not read"
fi
other=$(find "$TEST_TMP/root" -type f ! -path "$TEST_TMP/root/usr/bin/rtloop" \
	! -path "$TEST_TMP/root/usr/bin/rtloop-measure" ! -path "$TEST_TMP/root/usr/include/rtloop_plugin.h" ! -path "$TEST_TMP/root/usr/share/*")
[ -z "$other" ] || fail "files in other places: $other"

cd - >/dev/null || exit 1

# The service goes where systemd looks, only when asked for; its unit runs the program that was installed.
run_make install-service
unit=$(find "$TEST_TMP/root" -name rtloop@.service)
grep -q '^ExecStart=/usr/bin/rtloop run ' "$unit" || fail "the unit runs another program"
for file in sysusers.d/rtloop.conf tmpfiles.d/rtloop.conf rules.d/60-rtloop.rules; do
	find "$TEST_TMP/root" -path "*/$file" | grep -q . || fail "install-service leaves out $file"
done
run_make PREFIX=/usr/local install-service
local_unit=$TEST_TMP/root/usr/local/lib/systemd/system/rtloop@.service
grep -q '^ExecStart=/usr/local/bin/rtloop run ' "$local_unit" || fail "the unit below /usr/local is wrong"
grep -q 'file:///usr/local/share/doc/rtloop/docs/deploy.md' "$local_unit" || fail "its documentation is elsewhere"
run_make PREFIX=/usr/local uninstall
run_make uninstall
left=$(find "$TEST_TMP/root" -type f)
[ -z "$left" ] || fail "left behind by uninstall: $left"
