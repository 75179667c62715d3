#!/bin/bash
# Let each system call and each allocation off the cycle's path fail once, with each errno of its manual page, in
# runs of rtloop and of its commands, under the address and undefined-behaviour sanitizers.
#
# usage: tests/sites/run.sh [OPTION]...
#        The options of build/asan/tests/sites/sites; -1 tries one errno a site, -s 10 each tenth failure.
set -u
export LC_ALL=C
cd "$(dirname "$0")/../.." || exit 2
build=$PWD/build/asan
make -s -j"$(nproc)" SANITIZE=address,undefined CC="${CC:-gcc}" sites || exit 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
start=$SECONDS

# Ports and queues of its own, where that may be had.
alone=()
if unshare -rn true 2>/dev/null; then
	alone=(unshare -rn sh -c 'ip link set lo up 2>/dev/null; exec "$@"' sh)
fi

# The callers of a call that failed, by name.
name_callers() {
	while IFS= read -r line; do
		printf '%s\n' "$line"
		if [[ $line =~ ^FAIL.*\ from((\ 0x[0-9a-f]+)+): ]]; then
			# shellcheck disable=SC2086 # one word an address
			addr2line -spfe "$build/tests/sites/sites" ${BASH_REMATCH[1]} | sed 's/^/      : /'
		fi
	done
}

"${alone[@]}" "$build/tests/sites/sites" "$@" "$folder" "$build/tests/plugins/slow.so" 2>&1 | name_callers
status=${PIPESTATUS[0]}
echo "sites: status $status after $((SECONDS - start)) s"
exit "$status"
