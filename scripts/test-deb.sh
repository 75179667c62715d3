#!/bin/bash
# Install the Debian package into a clean root of this release, look at what it put there, start its service
# under systemd in a container, and purge it again. Needs root, and for the root's packages the mirror that
# apt has. `make test-deb` builds the package first and calls this.
#
# usage: BUILD=<absolute build folder> scripts/test-deb.sh
#
# The service is run twice: on the testbed's PREEMPT_RT kernel, where scripts/vm/kernel.sh has built it, and on
# the kernel that is here. What the containers' consoles said stays in BUILD/deb. The last line is "N passed, N
# failed, N skipped"; the exit status is 1 if any failed. Where no container can be started, or there is no
# testbed, the service is not run there, which counts as skipped.
. "$(dirname "$0")/usage.sh"
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-$PWD/build}
result=$BUILD/deb

if [ "$(id -u)" -ne 0 ]; then
	if sudo -n true 2>/dev/null; then
		exec sudo -n env BUILD="$BUILD" CI="${CI:-}" "$0"
	fi
	echo "test-deb.sh: this needs root: sudo make test-deb" >&2
	exit 1
fi

packages=("$result"/rtloop_*.deb)
if [ ! -e "${packages[0]}" ]; then
	echo "test-deb.sh: no package in $result; make deb builds it" >&2
	exit 1
fi

work=$(mktemp -d)
root=$work/root
clean_up() {
	if mountpoint -q "$root/proc"; then
		umount "$root/proc"
	fi
	rm -rf --one-file-system "$work"
	# control groups that containers leave behind; those in use stay
	find /sys/fs/cgroup -depth -type d \( -path '*/payload*' -o -path '*/supervisor' \) -exec rmdir {} + 2>/dev/null
}
trap clean_up EXIT
trap 'exit 130' INT TERM

passed=0 failed=0 skipped=0
add_counts() { # FILE
	local p f s
	if ! read -r p _ f _ s _ < <(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$1" | tail -n 1); then
		echo "FAIL  deb/$(basename "$1"): it did not come to its end"
		p=0 f=1 s=0
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}
give_up() {
	echo "FAIL  deb/$1"
	echo "$passed passed, $((failed + 1)) failed, $skipped skipped"
	exit 1
}

# --- a clean root ----------------------------------------------------------------------------------------

# Of the release that runs here, from the mirror that apt has, with its updates and backports.
write_sources() { # codename
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(SITE) $(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
		sed -nE "s|^[^ ]+ ($1(-[a-z]+)?) main (.*)|deb \3 \1 main|p" | sort -u
}

# How this machine reaches its mirrors; nothing else of its settings.
write_apt_options() {
	apt-config dump --format '%f "%v";%n' Acquire |
		grep -E '^Acquire::(Retries|ForceIPv4|https?::(Proxy|Timeout|Verify-Peer|CAInfo))' || true
}

make_root() {
	local codename
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	write_sources "$codename" >"$work/sources.list"
	write_apt_options >"$work/apt.conf"
	mmdebstrap --quiet --mode=root --variant=minbase --aptopt="$work/apt.conf" \
		--include=systemd,systemd-sysv,dbus,udev,man-db \
		"$codename" "$root" "$work/sources.list" >"$work/log" 2>&1
}

inside() { # command...
	env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C \
		DEBIAN_FRONTEND=noninteractive chroot "$root" "$@" </dev/null
}

install_package() {
	cp "${packages[0]}" "$root/tmp/rtloop.deb" || return 1
	inside apt-get -q -y update && inside apt-get -q -y install --no-install-recommends /tmp/rtloop.deb
}

started=$SECONDS
if ! make_root; then
	tail -n 30 "$work/log"
	give_up a_clean_root_can_be_made
fi
echo "      a clean root after $((SECONDS - started)) s"
mount -t proc proc "$root/proc"
if ! install_package >"$work/log" 2>&1; then
	tail -n 30 "$work/log"
	give_up the_package_installs
fi
echo "ok    deb/the_package_installs"
passed=$((passed + 1))

# --- as it lies there ------------------------------------------------------------------------------------

mkdir -p "$root/test"
cp -R tests/deb tests/integration "$root/test"
inside /test/deb/installed.sh 2>&1 | tee "$work/installed"
add_counts "$work/installed"
umount "$root/proc"

# --- under systemd ---------------------------------------------------------------------------------------

cat >"$root/etc/systemd/system/rtloop-test.service" <<'END'
[Unit]
Description=tests of rtloop
[Service]
Type=idle
ExecStart=/bin/sh -c 'echo began >/result/began; exec /test/deb/service.sh >/result/service 2>&1'
ExecStopPost=/bin/systemctl --no-block poweroff
[Install]
WantedBy=multi-user.target
END
inside systemctl --quiet enable rtloop-test.service

# A controller's own rights are not more than those of the container's systemd: to lock memory, and to call
# what sets a priority.
container=(timeout --kill-after=20 800 systemd-nspawn --quiet --register=no --keep-unit --machine=rtloop-test
	--private-network --capability=CAP_IPC_LOCK --system-call-filter=@memlock --system-call-filter=@resources
	"--directory=$root" --boot)

# judge_service WHERE: what came of it, from RESULT/WHERE.
judge_service() {
	if [ -e "$work/$1/began" ]; then
		sed -E "s#^(ok|FAIL) +deb/#&$1/#" "$work/$1/service"
		add_counts "$work/$1/service"
	else
		echo "skip  deb/$1: no container with systemd as its first process can be started; it said last:"
		tail -n 5 "$result/console-$1" | sed 's/^/      | /'
		skipped=$((skipped + 1))
	fi
}

# On the testbed's kernel first, where nothing that it does is kept; with a GPIO chip, for the rules.
mkdir "$work/testbed" "$work/here"
# shellcheck disable=SC2016 # for the guest's shell
with_gpio='mkdir -p /sys/kernel/config/gpio-sim/chip/bank && echo 1 >/sys/kernel/config/gpio-sim/chip/live; exec "$@"'
if scripts/vm/kernel.sh --cached >/dev/null 2>&1 && command -v qemu-system-x86_64 >/dev/null; then
	scripts/vm/boot.sh --timeout 900 --writable "$work/testbed" -- \
		bash -c "$with_gpio" bash "${container[@]}" "--bind=$work/testbed:/result" >"$result/console-testbed" 2>&1
	judge_service testbed
else
	echo "skip  deb/testbed: its kernel is not there; scripts/vm/kernel.sh builds it"
	skipped=$((skipped + 1))
fi
"${container[@]}" "--bind=$work/here:/result" </dev/null >"$result/console-here" 2>&1
judge_service here
rm -f "$root"/etc/systemd/system/{,multi-user.target.wants/}rtloop-test.service

# --- and away again --------------------------------------------------------------------------------------

# The account stays, as is the custom of the distribution.
purge_package() {
	local left
	mount -t proc proc "$root/proc"
	inside dpkg --purge rtloop || return 1
	left=$(find "$root" -xdev \( -path "$root/proc" -o -path "$root/tmp" -o -path "$root/test" -o -path "$root/var/log" \
		-o -path "$root/var/cache/man" \) -prune -o -iname '*rtloop*' -print)
	[ -z "$left" ] || echo "left behind: $left"
	[ -z "$left" ] && inside id rtloop
}
if purge_package >"$work/log" 2>&1; then
	echo "ok    deb/nothing_of_it_is_left_after_a_purge"
	passed=$((passed + 1))
else
	echo "FAIL  deb/nothing_of_it_is_left_after_a_purge"
	sed 's/^/      | /' "$work/log"
	failed=$((failed + 1))
fi
echo "time     $((SECONDS - started)) s"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
