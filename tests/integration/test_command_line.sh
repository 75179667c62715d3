#!/bin/bash
# What people type at rtloop, well and badly: the exit status, and which stream answers.
set -u

fail() {
	echo "FAIL: $*"
	exit 1
}

# Runs rtloop; sets $status, $out and $err.
run() {
	"$RTLOOP" "$@" >"$TEST_TMP/out" 2>"$TEST_TMP/err" </dev/null
	status=$?
	out=$(<"$TEST_TMP/out")
	err=$(<"$TEST_TMP/err")
}

expect_answer() { # words...: exit 0, something on stdout, nothing on stderr
	run "$@"
	[ $status -eq 0 ] || fail "rtloop $*: exit status $status: $err"
	[ -n "$out" ] || fail "rtloop $*: said nothing"
	[ -z "$err" ] || fail "rtloop $*: wrote to stderr: $err"
}

expect_mistake() { # message words...: exit 2, the message on stderr, nothing on stdout
	local message=$1
	shift
	run "$@"
	[ $status -eq 2 ] || fail "rtloop $*: exit status $status, not 2"
	[ -z "$out" ] || fail "rtloop $*: wrote to stdout: $out"
	[[ $err == *"$message"* ]] || fail "rtloop $*: said '$err', not '$message'"
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
expect_mistake "unknown command 'chekc'; did you mean 'check'?" help chekc
expect_mistake "one command at a time" help run check
expect_mistake "no completion for 'fish'" help --completion fish
expect_mistake "not several" help --man run
expect_mistake "takes no 'extra'" version extra

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
