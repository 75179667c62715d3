#!/bin/bash
# Let the compiler prove the real-time tags: an RT_SAFE function calls RT_SAFE ones only, allocates
# nothing and takes no lock. clang 20 and later can (-Wfunction-effects); nothing is built.
#
# usage: check-rt.sh [--find]	(--find: only print the compiler that would be used)
. "$(dirname "$0")/usage.sh"
set -u
cd "$(dirname "$0")/.." || exit 1

find_compiler() {
	local name
	for name in clang-29 clang-28 clang-27 clang-26 clang-25 clang-24 clang-23 clang-22 clang-21 \
		clang-20 clang; do
		if command -v "$name" >/dev/null &&
			echo 'int x;' | "$name" -Wfunction-effects -Werror -fsyntax-only -x c - 2>/dev/null; then
			echo "$name"
			return 0
		fi
	done
	return 1
}

if ! compiler=$(find_compiler); then
	echo "check-rt.sh: no clang 20 or later is installed (Debian 12: clang-22, from bookworm-security)" >&2
	exit 1
fi
if [ "${1:-}" = --find ]; then
	echo "$compiler"
	exit 0
fi

build=${BUILD:-build}/check-rt
make -s BUILD="$build" "$build/gen/rtloop/cmd/build_info.h" || exit 1
read -ra flags <<<"-std=gnu11 -D_GNU_SOURCE -I. -I$build/gen \
	$(make -s print-library-flags)"
shopt -s nullglob
failed=0
count=0
for source in rtloop/*.c rtloop/*/*.c config/*.c drivers/*.c; do
	"$compiler" "${flags[@]}" -fsyntax-only \
		-Werror=function-effects "$source" || failed=$((failed + 1))
	count=$((count + 1))
done
echo "check-rt.sh: $count files by $compiler, $failed with faults"
[ $failed -eq 0 ]
