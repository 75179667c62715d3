#!/bin/bash
# What the package put into a root where no systemd runs. Run in it by scripts/test-deb.sh.
. "$(dirname "$0")/lib.sh"
unit=/lib/systemd/system/rtloop@.service
[ -e $unit ] || unit=/usr$unit

owner_and_mode() {
	stat -c '%U:%G %a' "$1"
}

case_the_program_runs_and_is_of_the_packages_version() {
	expect_equal "version" "rtloop $(dpkg-query -W -f '${Version}' rtloop)" "$(rtloop version | head -n 1)"
	[ ! -u "$(command -v rtloop)" ] || fail "it is setuid"
}

case_its_files_are_as_they_were_packed() {
	expect_equal "files that differ" "" "$(dpkg --verify rtloop)"
}

case_the_examples_are_right() {
	local file count=0
	for file in /usr/share/doc/rtloop/examples/*.yaml; do
		rtloop check "$file" >/dev/null || fail "$file is wrong"
		count=$((count + 1))
	done
	expect_at_least "examples" 5 $count
}

case_the_user_is_there_and_may_use_devices() {
	local shell
	shell=$(getent passwd rtloop | cut -d: -f7)
	[[ $shell == */nologin ]] || fail "the user's shell is '$shell'"
	expect_equal "its groups" "dialout gpio rtloop" "$(id -Gn rtloop | xargs -n 1 | sort | xargs)"
}

case_the_folders_are_there() {
	expect_equal "/etc/rtloop" "root:root 755" "$(owner_and_mode /etc/rtloop)"
	expect_equal "/var/lib/rtloop" "rtloop:rtloop 750" "$(owner_and_mode /var/lib/rtloop)"
	expect_equal "/run/rtloop" "rtloop:rtloop 755" "$(owner_and_mode /run/rtloop)"
}

case_the_unit_is_right() {
	local said
	said=$(systemd-analyze verify rtloop@oven.service 2>&1) || fail "systemd-analyze verify fails"
	expect_equal "what verify says" "" "$said"
}

# In tenths: 20 is 2.0.
case_the_unit_is_confined() {
	systemd-analyze security --offline=true --threshold=20 --no-pager $unit >/tmp/security ||
		fail "it is too exposed: $(tail -n 1 /tmp/security)"
	tail -n 1 /tmp/security
}

case_the_manual_pages_can_be_read() {
	local page said
	for page in rtloop.1 rtloop.yaml.5 rtloop-measure.1; do
		said=$(MANWIDTH=80 man --warnings "${page##*.}" "${page%.*}" 2>&1 >/tmp/page) ||
			fail "man ${page##*.} ${page%.*} fails"
		expect_equal "warnings of $page" "" "$said"
		expect_at_least "lines of $page" 40 "$(wc -l </tmp/page)"
	done
	expect_equal "what apropos finds" "rtloop rtloop-measure rtloop.yaml" \
		"$(apropos rtloop 2>/dev/null | cut -d' ' -f1 | sort | xargs)"
}

case_the_completion_completes() {
	local offered
	# shellcheck disable=SC2016 # for the inner shell
	offered=$(bash --norc -c '. /usr/share/bash-completion/completions/rtloop
		COMP_WORDS=(rtloop ver) COMP_CWORD=1; _rtloop; echo "${COMPREPLY[*]}"')
	expect_equal "what 'ver' is completed to" version "$offered"
}

run_cases "$0"
