#!/bin/bash
# Let each system call and each allocation off the cycle's path fail once, with each errno of its manual page, in
# runs of rtloop and of its commands, under the address, undefined-behaviour and leak sanitizers.
#
# usage: [BUILD=FOLDER] tests/sites/run.sh [OPTION]...
#        The options are those of FOLDER/sanitize/tests/sites/sites: -1 tries one errno a site, -s 10 each tenth
#        failure. The last line is "N passed, N failed, N skipped". Threads come to their calls in one order here, in
#        another there: the line above it says how many runs did not come to theirs. They are not counted.
. "$(dirname "$0")/../../scripts/usage.sh"
set -u
export LC_ALL=C
cd "$(dirname "$0")/../.." || exit 2
build=${BUILD:-$PWD/build}/sanitize
"${MAKE:-make}" -s -j"$(nproc)" SANITIZE=address,undefined BUILD="$build" sites || exit 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Ports and queues of its own, where that may be had.
alone=()
if unshare -rn true 2>/dev/null; then
	alone=(unshare -rn sh -c 'ip link set lo up 2>/dev/null; exec "$@"' sh)
fi

# The callers of a call that failed, by name; and what all workers say, in one line.
tell() {
	local line done=0 unreached=0 wrong=0
	while IFS= read -r line; do
		printf '%s\n' "$line"
		if [[ $line =~ ^FAIL.*\ from((\ 0x[0-9a-f]+)+): ]]; then
			# shellcheck disable=SC2086 # one word an address
			addr2line -spfe "$build/tests/sites/sites" ${BASH_REMATCH[1]} | sed 's/^/      : /'
		elif [[ $line =~ ^worker\ [0-9]+:\ ([0-9]+)\ runs.*,\ ([0-9]+)\ of\ which.*,\ ([0-9]+)\ wrong$ ]]; then
			done=$((done + BASH_REMATCH[1]))
			unreached=$((unreached + BASH_REMATCH[2]))
			wrong=$((wrong + BASH_REMATCH[3]))
		fi
	done
	echo "$unreached more did not come to the call that was to fail"
	echo "$((done - unreached - wrong)) passed, $wrong failed, 0 skipped"
}

"${alone[@]}" "$build/tests/sites/sites" "$@" "$folder" "$build/tests/plugins/slow.so" 2>&1 | tell
exit "${PIPESTATUS[0]}"
