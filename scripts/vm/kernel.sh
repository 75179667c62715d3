#!/bin/bash
# The testbed's kernel: prints the path of its image, which is taken from the cache or built now. Progress
# goes to standard error.
#
# usage: kernel.sh [--cached]	--cached: never builds; exit status 1 if it is not there
#
# It is built from Debian's package of kernel sources (scripts/deps.sh rt) with kernel.config beside this
# script, and kept in ${XDG_CACHE_HOME:-~/.cache}/rtloop/kernel, named by the package's version and the
# configuration: another version or configuration is another kernel. Nothing else of the build is kept.
. "$(dirname "$0")/../usage.sh"
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
source_package=linux-source-6.12
tarball=/usr/src/$source_package.tar.xz
config=$here/kernel.config
# How many lines the build prints, for the progress: counted with 6.12.117.
steps=1560

say() {
	echo "kernel.sh: $*" >&2
}

die() {
	say "$@"
	exit 1
}

version=$(dpkg-query -W -f '${Version}' $source_package 2>/dev/null) || version=
if [ -z "$version" ] || [ ! -r $tarball ]; then
	die "the package $source_package is not installed: scripts/deps.sh rt installs it"
fi
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rtloop/kernel
key=$version-$(sha256sum <"$config" | cut -c 1-12)
image=$cache/$key/bzImage

if [ -r "$image" ]; then
	echo "$image"
	exit 0
fi
if [ "${1:-}" = --cached ]; then
	exit 1
fi

# --- one build at a time; who waited finds it done ----------------------------------------------------

mkdir -p "$cache"
exec 9>"$cache/lock"
if ! flock -n 9; then
	say "waiting for another build of a kernel"
	flock 9
fi
if [ -r "$image" ]; then
	echo "$image"
	exit 0
fi

build=$(mktemp -d "$cache/build.XXXXXX")
running=
# shellcheck disable=SC2317,SC2329 # called by the trap
clean_up() {
	if [ -n "$running" ]; then
		kill "$running" 2>/dev/null || true
	fi
	rm -rf "$build"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
log=$build/log

say "building $key, once: about 8 minutes on two idle CPUs"
(
	mkdir "$build/linux"
	tar -x -f $tarball -C "$build/linux" --strip-components=1 9>&-
	cd "$build/linux"
	make tinyconfig
	scripts/kconfig/merge_config.sh -m .config "$config"
	make olddefconfig
) >"$log" 2>&1 </dev/null || {
	tail -n 20 "$log" >&2
	die "the sources could not be configured"
}

# Options that do not exist, or whose needs are not met, vanish without a word.
lost=
while read -r line; do
	case $line in
	CONFIG_*=n) grep -q "^${line%n}" "$build/linux/.config" && lost+=" $line" ;;
	CONFIG_*) grep -qxF "$line" "$build/linux/.config" || lost+=" $line" ;;
	esac
done <"$config"
if [ -n "$lost" ]; then
	die "not possible with these sources:$lost"
fi

# Lines of the log are steps; on a terminal the progress stays on one line.
progress() {
	local done_steps percent
	done_steps=$(wc -l <"$log")
	percent=$((done_steps * 100 / steps))
	if [ $percent -gt 99 ]; then
		percent=99
	fi
	if [ -t 2 ]; then
		printf '\r\e[Kkernel.sh: %d s, about %d %%' $SECONDS $percent >&2
	elif [ $((SECONDS - shown)) -ge 30 ]; then
		say "$SECONDS s, about $percent %"
		shown=$SECONDS
	fi
}

: >"$log"
shown=$SECONDS
make -C "$build/linux" -j"$(nproc)" KBUILD_BUILD_USER=rtloop KBUILD_BUILD_HOST=testbed bzImage \
	>"$log" 2>&1 </dev/null 9>&- &
running=$!
while kill -0 $running 2>/dev/null; do
	progress
	sleep 1
done
if [ -t 2 ]; then
	printf '\r\e[K' >&2
fi
if ! wait $running; then
	running=
	tail -n 30 "$log" >&2
	die "the build failed"
fi
running=

# In one step, so that nobody sees half of it.
mkdir "$build/done"
cp "$build/linux/arch/x86/boot/bzImage" "$build/done/bzImage"
cp "$build/linux/.config" "$build/done/config"
rm -rf "${cache:?}/$key"
mv "$build/done" "$cache/$key"
say "built in $SECONDS s, $(wc -l <"$log") steps"
echo "$image"
