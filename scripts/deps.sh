#!/bin/bash
# Install what the build, the tests, the checks and the benchmarks need: on Debian and its kin, as root
# or by sudo, without a question. Says nothing and changes nothing when all is there.
#
# usage: deps.sh [build|test|check|bench]...	(all of them by default)
set -eu

# What is looked for, how, and the Debian package that brings it. A command that is there already is
# good, wherever it came from: this is why packages are not asked for.
#	group  kind  what  package
table='
build	command	gcc		gcc
build	header	stdio.h		libc6-dev
build	command	make		make
build	command	pkg-config	pkg-config
build	module	yaml-0.1	libyaml-dev
build	module	libdeflate	libdeflate-dev
test	module	cmocka		libcmocka-dev
test	command	strace		strace
test	command	jq		jq
test	command	node		nodejs
test	command	npm		npm
test	file	/etc/ssl/certs/ca-certificates.crt	ca-certificates
check	command	git		git
check	command	clang		clang
check	command	clang-format	clang-format
check	command	clang-tidy	clang-tidy
check	command	cppcheck	cppcheck
check	command	shellcheck	shellcheck
check	module	ck		libck-dev
check	effects	clang		clang-22
bench	command	cyclictest	rt-tests
bench	command	valgrind	valgrind
bench	command	jq		jq
bench	module	ck		libck-dev
'

# What each group takes along.
groups_of() {
	case $1 in
	build) echo build ;;
	test) echo build test ;;
	check) echo build test check ;;
	bench) echo build bench ;;
	*)
		echo "deps.sh: no group '$1'; there are build, test, check and bench" >&2
		return 1
		;;
	esac
}

# clang 20 and later knows the attribute behind RT_SAFE; which one, check-rt.sh finds.
is_there() { # kind what
	case $1 in
	command) command -v "$2" >/dev/null ;;
	module) pkg-config --exists "$2" 2>/dev/null ;;
	file) [ -e "$2" ] ;;
	header) echo "#include <$2>" | gcc -E -x c - >/dev/null 2>&1 ;;
	effects) "$(dirname "$0")/check-rt.sh" --find >/dev/null 2>&1 ;;
	esac
}

packages=()
wanted=()
find_missing() { # group...
	local group kind what package
	while read -r group kind what package; do
		if [[ " $* " != *" $group "* ]] || is_there "$kind" "$what"; then
			continue
		fi
		if [[ " ${packages[*]-} " != *" $package "* ]]; then
			packages+=("$package")
			wanted+=("$kind $what (Debian: $package)")
		fi
	done <<<"$(grep . <<<"$table")"
}

as_root=()
find_root() {
	if [ "$(id -u)" -eq 0 ]; then
		return
	fi
	if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
		as_root=(sudo -n)
		return
	fi
	echo "deps.sh: this needs root. Run this as root, then try again:" >&2
	echo "  apt-get update && apt-get install -y --no-install-recommends ${packages[*]}" >&2
	exit 1
}

apt() {
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
		apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null
}

is_known() { # package
	LC_ALL=C apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'
}

all_known() {
	local package
	for package in "${packages[@]}"; do
		is_known "$package" || return 1
	done
}

install_all() {
	all_known || apt update || return 1
	# A mirror drops old versions: lists that are out of date show only now.
	apt install --no-install-recommends "${packages[@]}" ||
		{ apt update && apt install --no-install-recommends "${packages[@]}"; }
}

groups=()
for name in "${@:-build test check bench}"; do
	for group in $name; do
		more=$(groups_of "$group") || exit 2
		groups+=("$more")
	done
done
find_missing "${groups[*]}"
if [ ${#packages[@]} -eq 0 ]; then
	exit 0
fi

if ! command -v apt-get >/dev/null; then
	{
		echo "deps.sh: installs on Debian and its kin only; please install these yourself:"
		printf '  %s\n' "${wanted[@]}"
	} >&2
	exit 1
fi
find_root
echo "deps.sh: installing, which can take minutes: ${packages[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! install_all; then
	tail -n 30 "$log" >&2
	echo "deps.sh: apt-get could not install: ${packages[*]}" >&2
	exit 1
fi
packages=()
wanted=()
find_missing "${groups[*]}"
if [ ${#packages[@]} -ne 0 ]; then
	echo "deps.sh: still missing after installing:" >&2
	printf '  %s\n' "${wanted[@]}" >&2
	exit 1
fi
echo "deps.sh: installed in $SECONDS s"
