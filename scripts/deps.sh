#!/bin/bash
# Install what the build, the tests, the checks and the benchmarks need: on Debian and its kin, as root
# or by sudo, without a question. Says nothing and changes nothing when all is there.
#
# usage: deps.sh [build|demo|test|long|check|bench|rt|arm|deb]...	(all of them by default)
. "$(dirname "$0")/usage.sh"
set -eu

# What is looked for, how, and the Debian package that brings it. A command that is there already is
# good, wherever it came from: this is why packages are not asked for. NAME>=VERSION is taken from the
# release's backports where the release itself has no such version. What is marked as optional is missed
# with a word, not with an error. module:TRIPLET and header:TRIPLET are what a cross compiler finds;
# PACKAGE:ARCHITECTURE is one of another architecture, of which dpkg is told where it is missing.
#	group  kind  what  package  [optional]
table='
build	command	gcc		gcc
build	header	stdio.h		libc6-dev
build	command	make		make
build	command	pkg-config	pkg-config
build	module	yaml-0.1	libyaml-dev
build	module	libdeflate	libdeflate-dev
build	module	libgpiod>=2	libgpiod-dev>=2	optional
test	module	cmocka		libcmocka-dev
test	module	libmodbus	libmodbus-dev
test	command	socat		socat
test	command	strace		strace
test	file	/bin/kill	procps
test	command	jq		jq
test	command	g++		g++
test	command	cyclictest	rt-tests
demo	command	gnuplot		gnuplot-nox
test	command	gnuplot		gnuplot-nox
test	command	node		nodejs
test	command	npm		npm
test	file	/etc/ssl/certs/ca-certificates.crt	ca-certificates
long	command	clang		clang
long	fuzzer	clang		libclang-rt-dev
long	command	spin		spin
check	command	git		git
check	command	clang		clang
check	command	clang-format	clang-format
check	command	clang-tidy	clang-tidy
check	command	cppcheck	cppcheck
check	command	shellcheck	shellcheck
check	module	ck		libck-dev
check	effects	clang		clang-22
check	realtime	clang		libclang-rt-22-dev
bench	command	cyclictest	rt-tests
bench	command	valgrind	valgrind
bench	command	jq		jq
bench	command	gnuplot		gnuplot-nox
bench	module	ck		libck-dev
rt	command	qemu-system-x86_64	qemu-system-x86
rt	command	busybox		busybox-static
rt	command	dmsetup		dmsetup
rt	command	flex		flex
rt	command	bison		bison
rt	command	bc		bc
rt	command	cpio		cpio
rt	command	xz		xz-utils
rt	module	libelf		libelf-dev
rt	header	openssl/ssl.h	libssl-dev
rt	file	/usr/src/linux-source-6.12.tar.xz	linux-source-6.12>=6.12
rt	command	cyclictest	rt-tests
rt	command	gpioget		gpiod>=2
rt	command	cansend		can-utils
rt	command	evemu-event	evemu-tools
arm	command	aarch64-linux-gnu-gcc	gcc-aarch64-linux-gnu
arm	header:aarch64-linux-gnu	stdio.h	libc6-dev-arm64-cross
arm	module:aarch64-linux-gnu	yaml-0.1	libyaml-dev:arm64
arm	module:aarch64-linux-gnu	libdeflate	libdeflate-dev:arm64
arm	module:aarch64-linux-gnu	cmocka	libcmocka-dev:arm64
arm	module:aarch64-linux-gnu	libgpiod>=2	libgpiod-dev:arm64>=2	optional
arm	command	arm-linux-gnueabihf-gcc	gcc-arm-linux-gnueabihf
arm	header:arm-linux-gnueabihf	stdio.h	libc6-dev-armhf-cross
arm	module:arm-linux-gnueabihf	yaml-0.1	libyaml-dev:armhf
arm	module:arm-linux-gnueabihf	libdeflate	libdeflate-dev:armhf
arm	module:arm-linux-gnueabihf	cmocka	libcmocka-dev:armhf
arm	module:arm-linux-gnueabihf	libgpiod>=2	libgpiod-dev:armhf>=2	optional
arm	command	qemu-aarch64	qemu-user
arm	command	qemu-arm	qemu-user
arm	command	readelf	binutils
deb	command	dpkg-buildpackage	dpkg-dev
deb	command	dh	debhelper
deb	command	lintian	lintian
deb	module	systemd	systemd
deb	command	mmdebstrap	mmdebstrap
deb	command	systemd-nspawn	systemd-container
deb	command	systemd-analyze	systemd
deb	command	man	man-db
deb	command	mandoc	mandoc
'

# What each group takes along.
groups_of() {
	case $1 in
	build) echo build ;;
	demo) echo build demo ;;
	test) echo build test ;;
	long) echo build test long ;;
	check) echo build test check ;;
	bench) echo build bench ;;
	rt) echo build test rt ;;
	arm) echo build arm ;;
	deb) echo build deb ;;
	*)
		echo "deps.sh: no group '$1'; there are build, demo, test, long, check, bench, rt, arm and deb" >&2
		return 1
		;;
	esac
}

# clang 20 and later knows the attribute behind RT_SAFE; which one, check-rt.sh finds. rtsan.sh needs its runtime, too.
is_there() { # kind what
	case $1 in
	command) command -v "$2" >/dev/null ;;
	module) pkg-config --exists "${2/>=/ >= }" 2>/dev/null ;;
	module:*)
		PKG_CONFIG_LIBDIR=/usr/lib/${1#*:}/pkgconfig pkg-config --exists "${2/>=/ >= }" 2>/dev/null
		;;
	file) [ -e "$2" ] ;;
	header) echo "#include <$2>" | gcc -E -x c - >/dev/null 2>&1 ;;
	header:*) echo "#include <$2>" | "${1#*:}-gcc" -E -x c - >/dev/null 2>&1 ;;
	fuzzer)
		echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n < 0; }' |
			clang -fsanitize=fuzzer -x c -o /dev/null - >/dev/null 2>&1
		;;
	effects) "$(dirname "$0")/check-rt.sh" --find >/dev/null 2>&1 ;;
	realtime) "$(dirname "$0")/rtsan.sh" --find >/dev/null 2>&1 ;;
	esac
}

packages=()
optional=()
wanted=()
find_missing() { # group...
	local group kind what package kept
	while read -r group kind what package kept; do
		if [[ " $* " != *" $group "* ]] || is_there "$kind" "$what"; then
			continue
		fi
		if [[ " ${packages[*]-} ${optional[*]-} " == *" $package "* ]]; then
			continue
		fi
		if [ "$kept" = optional ]; then
			optional+=("$package")
		else
			packages+=("$package")
			wanted+=("$kind $what (Debian: $package)")
		fi
	done <<<"$(grep . <<<"$table")"
}

# Those of the missing packages that dpkg has not been told of.
new_architectures() {
	local package known
	known=" $(dpkg --print-architecture) $(dpkg --print-foreign-architectures | xargs) "
	for package in "${packages[@]%%>=*}" "${optional[@]%%>=*}"; do
		if [[ $package == *:* && $known != *" ${package#*:} "* ]]; then
			known+="${package#*:} "
			echo "${package#*:}"
		fi
	done
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
	if [ ${#packages[@]} -eq 0 ]; then
		exit 0 # nobody is bothered for what is optional
	fi
	echo "deps.sh: this needs root. Run this as root, then try again:" >&2
	echo "  $(for arch in $(new_architectures); do echo -n "dpkg --add-architecture $arch && "; done)\
apt-get update && apt-get install -y --no-install-recommends ${packages[*]%%>=*}" >&2
	exit 1
}

apt() {
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
		apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null
}

is_known() { # package[>=version]
	local candidate
	candidate=$(LC_ALL=C apt-cache policy "${1%%>=*}" 2>/dev/null | sed -n 's/^  Candidate: //p')
	[[ $candidate =~ ^[0-9] ]] || return 1
	[[ $1 != *">="* ]] || dpkg --compare-versions "$candidate" ge "${1#*>=}"
}

# Sets unknown.
find_unknown() {
	local package
	unknown=()
	for package in "${packages[@]}" "${optional[@]}"; do
		if ! is_known "$package"; then
			unknown+=("$package")
		fi
	done
	[ ${#unknown[@]} -eq 0 ]
}

write_as_root() { # file
	"${as_root[@]}" tee "$1" >/dev/null
}

# The addresses that apt has: a line of codename, component, address for each.
apt_sources() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages'
}

backports_pin=/etc/apt/preferences.d/rtloop-backports
# From the mirror that the release itself comes from. Only the packages named are ever taken from there,
# and what only they need.
add_backports() { # package...
	local codename suite address names key=/usr/share/keyrings/debian-archive-keyring.gpg
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	suite=$codename-backports
	if ! apt_sources | grep -q "^$suite main "; then
		address=$(apt_sources | sed -n "s/^$codename main //p" | head -n 1)
		if [ -z "$address" ]; then
			echo "deps.sh: apt has no source of '$codename' to find its backports by" >>"$log"
			return 1
		fi
		write_as_root /etc/apt/sources.list.d/rtloop-backports.sources <<-END
			Types: deb
			URIs: $address
			Suites: $suite
			Components: main
			$([ ! -e $key ] || echo "Signed-By: $key")
		END
	fi
	names="$(sed -n '1s/^Package: //p' $backports_pin 2>/dev/null) ${*%%>=*}"
	write_as_root $backports_pin <<-END
		Package: $(xargs -n 1 <<<"$names" | sort -u | xargs)
		Pin: release n=$suite
		Pin-Priority: 500

		Package: *
		Pin: release n=$suite
		Pin-Priority: 50
	END
	apt update
}

install_names() { # package...
	apt install --no-install-recommends "${@%%>=*}"
}

install_all() {
	local package arch
	for arch in $(new_architectures); do
		"${as_root[@]}" dpkg --add-architecture "$arch" >>"$log" 2>&1 || return 1
	done
	find_unknown || apt update || true
	find_unknown || add_backports "${unknown[@]}" || true
	# A mirror drops old versions: lists that are out of date show only now.
	if [ ${#packages[@]} -gt 0 ]; then
		install_names "${packages[@]}" || { apt update && install_names "${packages[@]}"; } || return 1
	fi
	for package in "${optional[@]}"; do
		if ! is_known "$package" || ! install_names "$package"; then
			echo "deps.sh: not to be had here, and done without: $package" >&2
		fi
	done
}

# What is optional is asked for in vain only once: it is among the names in the pin then.
forget_optional() {
	local package kept=()
	for package in "${optional[@]}"; do
		if ! grep -qsw -- "${package%%>=*}" $backports_pin; then
			kept+=("$package")
		fi
	done
	optional=("${kept[@]}")
}

groups=()
for name in "${@:-build demo test long check bench rt arm deb}"; do
	for group in $name; do
		more=$(groups_of "$group") || exit 2
		groups+=("$more")
	done
done
find_missing "${groups[*]}"
if [ ${#packages[@]} -eq 0 ]; then
	forget_optional
	if [ ${#optional[@]} -eq 0 ]; then
		exit 0
	fi
fi

if ! command -v apt-get >/dev/null; then
	{
		echo "deps.sh: installs on Debian and its kin only; please install these yourself:"
		printf '  %s\n' "${wanted[@]}"
	} >&2
	exit 1
fi
find_root
echo "deps.sh: installing, which can take minutes: ${packages[*]} ${optional[*]}"
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
