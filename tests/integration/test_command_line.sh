#!/bin/bash
# What people type at rtloop, well and badly: the exit status, and which stream answers.
. "$(dirname "$0")/lib.sh"

# Runs rtloop; sets $status, $out and $err.
run() {
	"$RTLOOP" "$@" >"$TEST_TMP/out" 2>"$TEST_TMP/err" </dev/null
	status=$?
	out=$(<"$TEST_TMP/out")
	err=$(<"$TEST_TMP/err")
}

expect_answer() { # words...: exit 0, something on stdout, nothing on stderr
	run "$@"
	if [ $status -ne 0 ]; then
		fail "rtloop $*: exit status $status: $err"
	elif [ -z "$out" ]; then
		fail "rtloop $*: said nothing"
	elif [ -n "$err" ]; then
		fail "rtloop $*: wrote to stderr: $err"
	fi
}

expect_mistake() { # message words...: exit 2, the message on stderr, nothing on stdout
	local message=$1
	shift
	run "$@"
	if [ $status -ne 2 ]; then
		fail "rtloop $*: exit status $status, not 2: $err"
	elif [ -n "$out" ]; then
		fail "rtloop $*: wrote to stdout: $out"
	elif [[ $err != *"$message"* ]]; then
		fail "rtloop $*: said '$err', not '$message'"
	fi
}

expect_refusal() { # message command words...: exit 2, the message whole on stderr, and how to get help
	local expected="rtloop $2: $1"$'\n'"Try 'rtloop help $2'."
	shift
	run "$@"
	if [ $status -ne 2 ] || [ -n "$out" ] || [ "$err" != "$expected" ]; then
		fail "rtloop $*: exit status $status, stdout '$out', stderr '$err'; expected 2, '$expected'"
	fi
}

commands=$("$RTLOOP" help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | grep -vx rtloop)
for command in run check dump recover report drivers version help; do
	grep -qx "$command" <<<"$commands" || fail "rtloop help does not list $command"
done

for command in $commands; do
	expect_answer help "$command"
	by_help=$out
	for option in -h --help; do
		expect_answer "$command" "$option"
		[ "$out" = "$by_help" ] || fail "rtloop $command $option is not rtloop help $command"
	done
	[[ $out == "rtloop $command: "* ]] || fail "rtloop help $command begins with '$out'"
	expect_mistake "unknown option '--xyzzy'" "$command" --xyzzy
	expect_mistake "did you mean '--help'?" "$command" --hlep
done

for option in help -h --help; do
	expect_answer $option
done
for option in version -V --version; do
	expect_answer $option
	[[ $out == "rtloop "[0-9]* ]] || fail "rtloop $option begins with '$out'"
done

expect_mistake "Usage: rtloop COMMAND"
expect_mistake "unknown command 'runn'; did you mean 'run'?" runn
expect_mistake "unknown option '--hlep'; did you mean '--help'?" --hlep
expect_mistake "unknown option '-version'; did you mean '--version'?" -version
expect_mistake "unknown option '-q'; expected a command, and its options behind it" -q run a.yaml
expect_mistake "unknown command 'progam'"$'\n'"Try 'rtloop help'." progam
expect_mistake "unknown command 'chekc'; did you mean 'check'?" help chekc
expect_mistake "unknown command 'progam'; did you mean 'program'?" help progam
expect_refusal "one command at a time, not 'check' as well" help run check
expect_refusal "no completion for 'fish', only for bash" help --completion fish
expect_refusal "a command, --man or --completion, not several" help --man run
expect_refusal "a command, --man or --completion, not several" help --completion bash run
expect_refusal "a command, --man or --completion, not several" help --man --completion bash
expect_refusal "takes no 'extra'" version extra

# What the options of a command do not take: nothing is run, read or asked.
priority="a SCHED_FIFO priority, 1 to 98, or 0 for none"
interval="20us to 60s: a number of microseconds, or with a unit: 250us, 1ms"
expect_refusal "'--p' could be '--priority', '--pacer' or '--poller'" run --p 1 a.yaml
expect_refusal "'--lo' could be '--loops' or '--log-dir'" run --lo=7 a.yaml
expect_refusal "needs FILE, the configuration" run
expect_refusal "takes one FILE, not 'b.yaml' too" run a.yaml b.yaml
expect_refusal "--priority is '99'; expected $priority" run -p 99 a.yaml
expect_refusal "--interval is 'soon'; expected $interval" run -i soon a.yaml
expect_refusal "--interval is '10us'; expected $interval" run -i 10us a.yaml
expect_refusal "--interval is '60001ms'; expected $interval" run -i 60001ms a.yaml
expect_refusal "--loops is '0'; expected a number of cycles, 1 or more" run -l 0 a.yaml
expect_refusal "--duration is '2d3h'; expected a number of seconds, or with a unit: 500ms, 10m, 2h, 1d" run -D 2d3h a.yaml
expect_refusal "--affinity is '-1'; expected the number of a CPU, 0 to 1023" run -a -1 a.yaml
expect_refusal "--affinity is '1024'; expected the number of a CPU, 0 to 1023" run -a 1024 a.yaml
expect_refusal "--pacer is 'sundial'; expected nanosleep, timerfd or uring" run --pacer sundial a.yaml
expect_refusal "--pacer is 'timefd'; expected nanosleep, timerfd or uring; did you mean 'timerfd'?" run --pacer timefd a.yaml
expect_refusal "--poller is 'select'; expected epoll or uring" run --poller select a.yaml
expect_refusal "--poller is 'epol'; expected epoll or uring; did you mean 'epoll'?" run --poller epol a.yaml
expect_refusal "takes one FILE, not 'b.yaml' too" bench a.yaml b.yaml
duration="100ms to 24h: a number of seconds, or with a unit: 500ms, 10m"
expect_refusal "--priority is 'high'; expected $priority" bench -p high a.yaml
expect_refusal "--interval is '1'; expected $interval" bench -i 1 a.yaml
expect_refusal "--duration is '1ms'; expected $duration" bench -D 1ms a.yaml
expect_refusal "--duration is '25h'; expected $duration" bench -D 25h a.yaml
expect_refusal "--affinity is 'x'; expected the number of a CPU, 0 to 1023" bench -a x a.yaml
expect_refusal "needs FILE, the configuration" check
expect_refusal "takes one FILE, not 'b.yaml' too" check a.yaml b.yaml
expect_refusal "takes at least one FILE" dump
expect_refusal "--channels needs --csv or --jsonl" dump -c probe a.mcap
expect_refusal "--quality needs --csv or --jsonl" dump --check -q a.mcap
expect_refusal "--from needs --csv or --jsonl" dump --from 1s a.mcap
expect_refusal "--to needs --csv or --jsonl" dump --attachment config.yaml --to 1s a.mcap
expect_refusal "--every needs --csv or --jsonl" dump --every 10 a.mcap
expect_refusal "--every is '0'; expected a number of messages, 1 or more" dump --csv --every 0 a.mcap
expect_refusal "--every is '9x'; expected a number of messages, 1 or more" dump --csv --every 9x a.mcap
expect_refusal "takes one of --csv, --jsonl, --check and --attachment" dump --csv --jsonl a.mcap
expect_refusal "--output needs --csv, --jsonl or --attachment" dump -o out a.mcap
expect_refusal "--attachment takes one FILE" dump --attachment config.yaml a.mcap b.mcap
expect_refusal "needs LOG, the log to read" recover -o out.mcap
expect_refusal "takes one LOG, not 'b.mcap' too" recover -o out.mcap a.mcap b.mcap
expect_refusal "needs -o OUT, the file to write" recover a.mcap
expect_refusal "takes at least one LOG" report
for overruns in -1 1001 many; do
	expect_refusal "--overruns is '$overruns'; expected 0 to 1000, or all" report --overruns $overruns a.mcap
done
expect_refusal "takes at least one LOG" replay
expect_refusal "no driver 'seriel'; did you mean 'serial'?" drivers seriel
expect_refusal "no driver 'xyzzy'; 'rtloop drivers' lists them" drivers xyzzy
expect_refusal "takes one NAME, not 'udp' too" drivers tcp udp
expect_refusal "--man is all of it, without NAME or --markdown" drivers --man tcp
expect_refusal "--man is all of it, without NAME or --markdown" drivers --man --markdown
expect_refusal "expected PARAM=VALUE..." set
expect_refusal "expected PARAM=VALUE..." set plant
expect_refusal "expected CHANNEL=VALUE..." force
expect_refusal "expected CHANNEL=VALUE..." force plant
expect_refusal "expected CHANNEL... or all" force --clear
expect_refusal "takes one NAME, not 'b' too" status a b
expect_refusal "takes one NAME, not 'b' too" reload a b
expect_refusal "takes one NAME, not 'b' too" top a b
expect_refusal "--interval is '1ms'; expected 50ms to 60s" top --interval 1ms
expect_refusal "--interval is '61s'; expected 50ms to 60s" top -i 61s
expect_refusal "takes one NAME, not 'b' too" guard a b
expect_refusal "expected --release or --json, not both" guard --release --json

# What is read is not written over.
echo "loop: { period: 10ms }" >"$TEST_TMP/machine.yaml"
ln "$TEST_TMP/machine.yaml" "$TEST_TMP/link.yaml"
expect_refusal "'$TEST_TMP/link.yaml' is the configuration" \
	run -l 1 --json "$TEST_TMP/link.yaml" "$TEST_TMP/machine.yaml"
expect_equal "the configuration" "loop: { period: 10ms }" "$(<"$TEST_TMP/machine.yaml")"

expect_answer version --json
jq -e '.version and .compiler and .libraries' <<<"$out" >/dev/null || fail "version --json: $out"

# A full disk is not passed over.
"$RTLOOP" version >/dev/full 2>"$TEST_TMP/err"
[ $? -eq 1 ] || fail "rtloop version >/dev/full did not exit with 1"
grep -q 'No space left' "$TEST_TMP/err" || fail "rtloop version >/dev/full gave no reason"

# The completion, asked as bash asks it.
"$RTLOOP" help --completion bash >"$TEST_TMP/completion"
complete_words() { # words...: prints what is offered for the last one
	bash --norc -c '
		source "$1"
		shift
		compopt() { :; }
		COMP_WORDS=(rtloop "$@")
		COMP_CWORD=$#
		_rtloop
		echo "${COMPREPLY[*]}"' bash "$TEST_TMP/completion" "$@"
}
[ "$(complete_words ver)" = version ] || fail "completing 'ver' gives '$(complete_words ver)'"
[ "$(complete_words help dru)" = "" ] || fail "completing 'help dru' gives something"
[ "$(complete_words help dri)" = drivers ] || fail "completing 'help dri' gives no drivers"
[ "$(complete_words version --j)" = --json ] || fail "completing 'version --j' gives no --json"
for command in $commands; do
	[[ " $(complete_words "$command" --) " == *" --help "* ]] || fail "$command completes no --help"
done

# Every option of every command is in the manual page.
"$RTLOOP" help --man >"$TEST_TMP/rtloop.1"
for command in $commands; do
	grep -qF "rtloop $command" "$TEST_TMP/rtloop.1" || fail "the manual page lacks $command"
	while read -r option; do
		grep -qF -- "${option//-/\\-}" "$TEST_TMP/rtloop.1" ||
			fail "the manual page lacks $option of $command"
	done < <("$RTLOOP" help "$command" | grep -oE '^ .{5}--[a-z-]+' | grep -oE -- '--[a-z-]+')
done
finish
