#!/bin/bash
# All that can be judged without running the program: every step runs, the summary says which failed,
# and a missing tool is a failure.
#
# usage: check.sh [STEP]...	STEP: format gcc clang layers rt cppcheck tidy shell (default: all)
. "$(dirname "$0")/usage.sh"
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1

build=${BUILD:-build}
jobs=$(nproc)

need() { # command
	if ! command -v "$1" >/dev/null; then
		echo "$1 is not installed; scripts/deps.sh check installs it" >&2
		return 1
	fi
}

# The files under version control; in a tarball, which has none, all that are there. Fails where it
# finds none: a check of nothing has checked nothing.
list_files() { # pattern...
	find_files "$@" | grep . || {
		echo "no files like $*" >&2
		return 1
	}
}

find_files() { # pattern...
	if [ -e .git ]; then
		git -c safe.directory='*' ls-files -z --cached --others --exclude-standard -- "$@" | while IFS= read -r -d '' file; do
			if [ -e "$file" ]; then
				echo "$file"
			fi
		done
	else
		local pattern
		for pattern in "$@"; do
			find . -path ./build -prune -o -path "./$pattern" -print
		done
	fi
}

step_format() {
	need clang-format && list_files '*.c' '*.h' | xargs -r clang-format --dry-run -Werror
}

build_with() { # compiler
	need "$1" && make -s -j"$jobs" BUILD="$build/check-$1" CC="$1" WERROR=1 all test-programs benches
}

step_gcc() {
	build_with gcc
}

step_clang() {
	build_with clang
}

step_layers() {
	scripts/check-layers.sh
}

step_rt() {
	BUILD="$build" scripts/check-rt.sh
}

# What it is told to overlook stands beside the line, as "cppcheck-suppress", with the reason. In tests
# version 2.10 takes an array whose address is handed on for one that is read; clang-tidy looks there.
step_cppcheck() {
	need cppcheck && list_files '*.c' | xargs -r cppcheck --quiet -j"$jobs" --std=c11 \
		--enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		--suppress='uninitvar:tests/unit/*' \
		-I. -D_GNU_SOURCE -D__linux__
}

# tidy_file FILE: what clang-tidy says of it. What it had nothing to say of is remembered by the checksum of
# all that goes in: the tool, its rules, the flags and every file that is read, the system's too.
tidy_file() {
	local read_files key
	# shellcheck disable=SC2086 # words
	if read_files=$(clang -M $TIDY_FLAGS "$1" 2>/dev/null); then
		key=$(read_files=${read_files#*:}
			{
				echo "$TIDY_VERSION $TIDY_FLAGS $1"
				cat .clang-tidy ${read_files//\\/}
			} | sha256sum | cut -d' ' -f1)
		if [ -e "$TIDY_CACHE/$key" ]; then
			return 0
		fi
	fi
	# What it prints on stderr is how many warnings of system headers it left out.
	# shellcheck disable=SC2086
	clang-tidy --quiet "$1" -- $TIDY_FLAGS 2>/dev/null || return 1
	[ -z "${key:-}" ] || : >"$TIDY_CACHE/$key"
}

step_tidy() {
	need clang-tidy || return 1
	local generated=$build/check-tidy
	make -s BUILD="$generated" "$generated/gen/rtloop/cmd/build_info.h" || return 1
	TIDY_FLAGS="-std=gnu11 -D_GNU_SOURCE -I. -Irtloop/plugin -I$generated/gen"
	TIDY_FLAGS+=" $(make -s print-library-flags) $(pkg-config --cflags cmocka ck)"
	TIDY_VERSION=$(clang-tidy --version)
	TIDY_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/rtloop/tidy
	export TIDY_FLAGS TIDY_VERSION TIDY_CACHE
	export -f tidy_file
	mkdir -p "$TIDY_CACHE"
	find "$TIDY_CACHE" -type f -mtime +30 -delete
	# shellcheck disable=SC2016 # the inner shell expands it
	# One file a run: clang-tidy 14 reports every va_start() of a second file.
	if ! list_files '*.c' | xargs -r -P "$jobs" -n 1 bash -c 'tidy_file "$1"' bash >"$generated/output"; then
		grep -E ': (error|warning): ' "$generated/output"
		echo "how it gets there: $generated/output"
		return 1
	fi
}

# A variable that a lib.sh sets is used where it is sourced.
step_shell() {
	need shellcheck || return 1
	local libraries status=0
	libraries=$(find_files '*/lib.sh')
	if [ -n "$libraries" ]; then
		xargs shellcheck --exclude=SC2034 <<<"$libraries" || status=1
	fi
	list_files '*.sh' .ci/run | grep -v '/lib\.sh$' | xargs -r shellcheck --external-sources ||
		status=1
	return $status
}

steps=(format gcc clang layers rt cppcheck tidy shell)
if [ $# -gt 0 ]; then
	steps=("$@")
fi

failed=()
for step in "${steps[@]}"; do
	if ! declare -F "step_$step" >/dev/null; then
		echo "check.sh: no step '$step'" >&2
		exit 2
	fi
	start=$SECONDS
	echo "== $step"
	if "step_$step"; then
		echo "   ok, $((SECONDS - start)) s"
	else
		echo "   FAILED, $((SECONDS - start)) s"
		failed+=("$step")
	fi
done

if [ ${#failed[@]} -gt 0 ]; then
	echo "check: failed: ${failed[*]}"
	exit 1
fi
echo "check: all ${#steps[@]} steps passed"
