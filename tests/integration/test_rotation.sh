#!/bin/bash
# A log in a folder: full files are followed by new ones, old ones go, none is ever overwritten, and
# over all files of a run every cycle is accounted for.
. "$(dirname "$0")/lib.sh"

config() { # KEEP
	cat > "$TEST_TMP/rotation.yaml" << END
loop: { period: 200us }
log: { dir: logs, rotate: 64KiB, keep: $1, chunk: 16KiB }
devices:
  wave: { driver: sim, in: { a: { wave: sine }, b: { wave: noise }, c: { wave: ramp } } }
END
}

config 0
run_file "$TEST_TMP/rotation.yaml" -l 5000
expect_equal "status" 0 "$status"
files=("$TEST_TMP"/logs/rotation-0*.mcap)
expect_at_least "files" 5 ${#files[@]}
expect_equal "files, as the report counts them" ${#files[@]} "$(report .log.files)"
check_log "${files[@]}"
sum=$(sha256sum "${files[@]}" | sha256sum)

run_file "$TEST_TMP/rotation.yaml" -l 1000
expect_equal "files of the first run after a second" "$sum" "$(sha256sum "${files[@]}" | sha256sum)"
all=("$TEST_TMP"/logs/rotation-0*.mcap)
expect_at_least "files after a second run" $((${#files[@]} + 1)) ${#all[@]}

touch "$TEST_TMP/logs/other.txt" "$TEST_TMP/logs/rotation-other.mcap"
config 256KiB
run_file "$TEST_TMP/rotation.yaml" -l 5000
left=("$TEST_TMP"/logs/rotation-0*.mcap)
bytes=$(cat "${left[@]}" | wc -c)
[ "$bytes" -le $((320 * 1024)) ] || fail "keep: 256KiB left $bytes bytes"
expect_at_least "files left" 2 ${#left[@]}
[ ! -e "${files[0]}" ] || fail "the oldest file is still there"
[ -e "$TEST_TMP/logs/other.txt" ] && [ -e "$TEST_TMP/logs/rotation-other.mcap" ] ||
	fail "a file that is not of this log is gone"
finish
