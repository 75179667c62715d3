#!/bin/bash
# Let SPIN go through every state of the ring's model, and of the model broken in each of the ways below, which
# it must find: a model in which nothing can go wrong shows nothing.
#
# usage: run.sh	(BUILD: an absolute folder; SPIN_CYCLES: cycles of the whole model, 4 by default)
. "$(dirname "$0")/../../scripts/usage.sh"
set -u
export LC_ALL=C
cd "$(dirname "$0")" || exit 1

folder=${BUILD:-$PWD/../../build}/model
model=$PWD/ring.pml
cycles=${SPIN_CYCLES:-4}
mkdir -p "$folder"

passed=0 failed=0
told() { # ok|FAIL name text
	printf '%-4s  model/%-20s  %s\n' "$1" "$2" "$3"
	if [ "$1" = ok ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
}

# search NAME OPTION...: leaves what the verifier says in $folder/NAME/out.
search() {
	local name=$1
	shift
	rm -rf "${folder:?}/$name"
	mkdir -p "$folder/$name"
	(
		cd "$folder/$name" && cp "$model" . && spin "$@" -a ring.pml &&
			gcc -O2 -w -DSAFETY -DCOLLAPSE -DMEMLIM=2000 -o pan pan.c && ./pan -m100000 -w22
	) >"$folder/$name/out" 2>&1
}

# What the search found: "none", an error, or that it was not done.
found() { # name
	local out=$folder/$1/out
	if ! grep -q '^State-vector' "$out" || grep -qE 'not completed|max search depth too small' "$out"; then
		if ! grep -q '^pan:1:' "$out"; then
			echo "not done: $(tail -n 1 "$out")"
			return
		fi
	fi
	grep -m 1 '^pan:1:' "$out" || echo none
}

states() { # name
	sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$folder/$1/out"
}

whole() {
	search whole -DCYCLES="$cycles"
	local what
	what=$(found whole)
	if [ "$what" = none ]; then
		told ok whole "$(states whole) states of $cycles cycles, no error"
	else
		told FAIL whole "$what"
		sed 's/^/      | /' "$folder/whole/out"
	fi
}

broken() { # name what
	search "$1" -D"$1" -DCYCLES=4
	local what
	what=$(found "$1")
	if [[ $what == pan:1:* ]]; then
		told ok "$1" "$2: found"
	else
		told FAIL "$1" "$2: not found ($what)"
	fi
}

if ! command -v spin >/dev/null; then
	echo "spin is not installed; scripts/deps.sh long installs it" >&2
	exit 1
fi
whole
broken NO_RELEASE "the commit does not wait for the records"
broken NO_ACQUIRE "records are read before the index that covers them"
broken NO_ROOM "a record goes where the logger still reads"
broken TAKE_FIRST "room is given back before it was read"
broken ABORT_KEEPS "half a dropped cycle stays in the ring"
broken GAP_SHORT "a gap ends before the last dropped cycle"
broken GAP_FORGOTTEN "a gap is not told"
broken WAKE_PLAIN "no barrier between the commit and the look whether the logger sleeps"
broken SLEEP_PLAIN "no barrier between falling asleep and the look into the ring"
broken NO_LOOK "no look into the ring before sleeping"
broken CLEAR_LATE "the flag is taken back after the eventfd was written"
broken CLEAR_BEFORE_SLEEP "the eventfd is read after falling asleep"

echo
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
