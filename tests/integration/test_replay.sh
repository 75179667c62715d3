#!/bin/bash
# Replay: the logic does the same again on what a log holds, whatever happened in the run; what is changed
# shows; what cannot be compared is counted; and what is written anew is a log like any other.
. "$(dirname "$0")/lib.sh"

# replay ARGUMENT...: sets status; what it prints goes to replay.out and replay.err.
replay() {
	"$RTLOOP" replay "$@" > "$TEST_TMP/replay.out" 2> "$TEST_TMP/replay.err"
	status=$?
}

expect_status() { # WHAT STATUS
	[ "$status" = "$2" ] ||
		fail "$1: expected status $2, got $status: $(cat "$TEST_TMP/replay.out" "$TEST_TMP/replay.err")"
}

expect_said() { # WHAT PATTERN
	grep -qE "$2" "$TEST_TMP/replay.out" "$TEST_TMP/replay.err" ||
		fail "$1: expected /$2/: $(cat "$TEST_TMP/replay.out" "$TEST_TMP/replay.err")"
}

# of the summary: a number of cycles
compared() {
	sed -n 's/^compared *\([0-9]*\) cycles.*/\1/p' "$TEST_TMP/replay.out"
}

not_compared() { # WHY
	sed -n "s/^not compared *\([0-9]*\) cycles $1/\1/p" "$TEST_TMP/replay.out"
}

messages() { # LOG: all of them, without what differs between two files of one content
	"$RTLOOP" dump --jsonl "$1"
}

# --- a run with real peers, which is stopped and goes on

program='
vars: { n: 0, duty: 0.0, warm: false, old: 0s, longest: 0s, mean: 0.0, seen: 0 }
params: { target: { value: 20.0, min: 0, max: 50 } }
program: |
  n := n + 1
  duty := pid(sp := target, pv := probe.temp, kp := 1.2, ki := 0.4, min := 0, max := 100)
  warm := ton(probe.temp > 10.0 and good(probe.temp), 20ms)
  old := age(flow.rate)
  longest := max(longest, dt())
  mean := average(wave.a, 50)
  seen := if r_trig(wave.b) then seen + 1 else seen
  valve.position := limit(0.0, duty, 90.0)
  valve.open := warm and pwm(duty, 100ms)
'
cat > "$TEST_TMP/plant.yaml" << END
loop: { period: 1ms }
log: { file: plant.mcap, sync: 100ms }
devices:
  probe:
    driver: serial
    path: probe.tty
    frame: { kind: line, match: "M,", checksum: xor8 }
    max_age: 40ms
    in: { temp: { column: 1, scale: 0.01 } }
  flow:
    driver: udp
    listen: "127.0.0.1:47495"
    frame: { kind: raw, match: "RT", checksum: crc16-ccitt }
    max_age: 30ms
    in:
      rate: { byte: 8, bytes: 2, order: big, on_bad: -1 }
  wave:
    driver: sim
    every: 3
    in: { a: { wave: noise }, b: { wave: square, period: 70ms, type: bool } }
  valve:
    driver: udp
    send: { to: "127.0.0.1:47496", head: "V" }
    out:
      position: { byte: 1, bytes: 2, order: big, scale: 0.1, safe: 12.5 }
      open:     { byte: 3, bit: 7, type: bool, safe: 1 }
$program
END
"$peers/probe" --rate 100 --garbage "$TEST_TMP/probe.tty" &
probe=$!
wait_until test -e "$TEST_TMP/probe.tty"
"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/plant.yaml" > "$TEST_TMP/run.out" 2>&1 &
pid=$!
wait_for_cycles "$TEST_TMP/plant.mcap"
"$peers/sensor" --rate 200 --count 100 47495
"$RTLOOP" force plant valve.position=42.5 probe.temp=33.5 > "$TEST_TMP/force.out" || fail "force is refused"
kill -STOP $pid
sleep 0.2
kill -CONT $pid
"$peers/sensor" --rate 200 --count 20 47495
"$RTLOOP" set plant target=23.75 > "$TEST_TMP/set.out" || fail "set is refused"
"$RTLOOP" force plant valve.open=true > "$TEST_TMP/force.out" || fail "force is refused"
"$RTLOOP" force --clear plant valve.position probe.temp > "$TEST_TMP/force.out" || fail "clearing is refused"
kill $probe
wait $probe
sed -i 's/target: { value: 20.0/target: { value: 31.0/' "$TEST_TMP/plant.yaml"
"$RTLOOP" reload plant > "$TEST_TMP/reload.out" || fail "reload is refused"
sed -i 's/target: { value: 31.0/target: { value: 20.0/' "$TEST_TMP/plant.yaml"
"$peers/sensor" --rate 200 --count 100 47495
kill -INT $pid
wait $pid
expect_equal "status of the run" 0 $?
check_log "$TEST_TMP/plant.mcap"

replay "$TEST_TMP/plant.mcap"
expect_status "the run" 0
expect_said "the run" "all outputs and vars are the same"
expect_equal "cycles compared" "$(report .log.cycles_logged)" "$(compared)"
"$RTLOOP" dump --csv -c valve.position "$TEST_TMP/plant.mcap" | grep -q ',42.5$' ||
	fail "the forced value was not driven"
expect_equal "values of the param that were set" "20 23.75 31" \
	"$("$RTLOOP" dump --csv -c param.target "$TEST_TMP/plant.mcap" | tail -n +2 | cut -d, -f3 | sed '/^$/d' | uniq | xargs)"
expect_at_least "releases missed" 1 "$(report .missed)"
longest=$("$RTLOOP" dump --csv -c var.longest "$TEST_TMP/plant.mcap" | tail -1 | cut -d, -f3)
expect_at_least "the longest dt" 2000000 "$longest"

replay --out "$TEST_TMP/again.mcap" "$TEST_TMP/plant.mcap"
expect_status "writing the same again" 0
"$RTLOOP" dump --check "$TEST_TMP/again.mcap" > "$TEST_TMP/check.out" 2>&1 ||
	fail "what was written is not right: $(cat "$TEST_TMP/check.out")"
messages "$TEST_TMP/plant.mcap" > "$TEST_TMP/plant.jsonl"
messages "$TEST_TMP/again.mcap" | cmp - "$TEST_TMP/plant.jsonl" ||
	fail "what the same program writes differs"

# --- a changed program

sed 's/ 20ms)/ 25ms)/' "$TEST_TMP/plant.yaml" > "$TEST_TMP/changed.yaml"
replay --config "$TEST_TMP/changed.yaml" --out "$TEST_TMP/changed.mcap" "$TEST_TMP/plant.mcap"
expect_status "a changed program" 1
expect_said "a changed program" "^cycle [0-9]+: warm: logged true \(good\), replayed false \(good\)"
expect_said "a changed program" "^compared .* [1-9][0-9]* differ"
replay "$TEST_TMP/changed.mcap"
expect_status "what the changed program wrote" 0
replay --config "$TEST_TMP/plant.yaml" "$TEST_TMP/changed.mcap"
expect_status "back to the first program" 1
replay --config "$TEST_TMP/changed.yaml" --out "$TEST_TMP/changed.mcap" "$TEST_TMP/plant.mcap"
expect_status "a file that exists" 2
expect_said "a file that exists" "changed.mcap: File exists"

replay --all --config "$TEST_TMP/changed.yaml" "$TEST_TMP/plant.mcap"
shown=$(grep -c "^cycle " "$TEST_TMP/replay.out")
expect_equal "differences shown" "$shown" \
	"$(sed -n 's/^compared.* in \([0-9]*\) values$/\1/p' "$TEST_TMP/replay.out")"

sed 's/target: { value: 20.0/target: { value: 20.5/' "$TEST_TMP/plant.yaml" > "$TEST_TMP/param.yaml"
replay --config "$TEST_TMP/param.yaml" "$TEST_TMP/plant.mcap"
expect_status "another value of a param" 1
expect_said "another value of a param" "^cycle [0-9]+: duty: "

# --- what a changed program would have done is what it does, on the same inputs

signal() { # NAME FACTOR
	cat > "$TEST_TMP/$1.yaml" << END
loop: { period: 2ms, cycles: 1000 }
log: { file: $1.mcap }
devices:
  wave: { driver: sim, in: { a: { wave: sine, period: 300ms }, b: { wave: square, period: 70ms, type: bool } } }
  valve:
    driver: udp
    send: { to: "127.0.0.1:47496" }
    out: { position: { byte: 0, bytes: 2, scale: 0.01, safe: 0 } }
vars: { y: 0.0 }
program: |
  y := if wave.b then $2 * wave.a else -wave.a / $2
  valve.position := abs(y) + sqrt(abs(wave.a))
END
}
signal first 3.0
signal second 7.0
run_file "$TEST_TMP/first.yaml"
run_file "$TEST_TMP/second.yaml"
replay --config "$TEST_TMP/second.yaml" --out "$TEST_TMP/would.mcap" "$TEST_TMP/first.mcap"
expect_status "the second program on the inputs of the first" 1

# By release: some may be missed. A value that stays is not logged again.
by_release() {
	"$RTLOOP" dump --csv -c cycle.release,var.y,valve.position "$1" | tail -n +2 |
		awk -F, '{ y = $4 != "" ? $4 : y; p = $5 != "" ? $5 : p; if ($3 != "") print $3, y, p }' |
		sort -k1,1
}
by_release "$TEST_TMP/would.mcap" > "$TEST_TMP/would"
by_release "$TEST_TMP/second.mcap" > "$TEST_TMP/does"
join "$TEST_TMP/would" "$TEST_TMP/does" > "$TEST_TMP/both"
expect_at_least "releases of both" 100 "$(wc -l < "$TEST_TMP/both")"
awk '$2 != $4 || $3 != $5' "$TEST_TMP/both" > "$TEST_TMP/unlike"
expect_equal "releases at which they differ" 0 "$(wc -l < "$TEST_TMP/unlike")"

# --- a log that is cut off, and one that is damaged

bytes=$(stat -c %s "$TEST_TMP/plant.mcap")
head -c $((bytes * 2 / 3)) "$TEST_TMP/plant.mcap" > "$TEST_TMP/cut.mcap"
replay "$TEST_TMP/cut.mcap"
expect_status "a log that is cut off" 0
expect_said "a log that is cut off" "cut.mcap: at [0-9]+: the file ends"
expect_at_least "cycles compared of it" 50 "$(compared)"

cat > "$TEST_TMP/short.yaml" << 'END'
loop: { period: 200us, cycles: 12000 }
log: { dir: short, rotate: 256KiB, chunk: 16KiB }
devices:
  wave: { driver: sim, in: { a: { wave: noise } } }
vars: { n: 0, mean: 0.0 }
program: |
  n := n + 1
  mean := average(wave.a, 50)
END
run_file "$TEST_TMP/short.yaml"
files=("$TEST_TMP"/short/*.mcap)
expect_at_least "files" 4 ${#files[@]}
check_log "${files[@]}"

cp "${files[0]}" "$TEST_TMP/damaged.mcap"
for at in 100000 108000 116000; do # one of them is not in an index
	printf 'xxxx' | dd of="$TEST_TMP/damaged.mcap" bs=1 seek=$at conv=notrunc 2> /dev/null
done
replay "$TEST_TMP/damaged.mcap" "${files[1]}"
expect_status "a damaged log" 0
expect_said "a damaged log" "a chunk is damaged"
expect_at_least "cycles left out for that" 10 "$(not_compared "where the log is damaged")"
expect_at_least "cycles compared behind it" 100 "$(compared)"

# --- rotated files: each begins with a state, and all are one run

replay "${files[@]}"
expect_status "all files" 0
expect_equal "cycles compared of all files" 12000 "$(compared)"
# A file that is full before the state comes does not wait for it: that is for a machine that stands still. It may
# come as late as in the next file.
sum=0
whole=0
for file in "${files[@]}"; do
	replay "$file"
	if [ "$(compared)" = 0 ]; then
		expect_status "$file" 2
		expect_said "$file" "no state of the program came before one"
	else
		expect_status "$file" 0
	fi
	before=$(not_compared "before the first state in the log")
	sum=$((sum + $(compared) + ${before:-0}))
	whole=$((whole + (${before:-0} == 0)))
done
expect_equal "cycles file by file" 12000 "$sum"
expect_at_least "files that begin with a state" 2 "$whole"
replay "${files[1]}" "${files[0]}"
expect_status "files in the wrong order" 2
expect_said "files in the wrong order" "of another run, or was given twice"
replay "${files[0]}" "${files[2]}"
expect_status "a file left out" 0
expect_said "a file left out" "^not compared +[0-9]+ cycles where the log is damaged"
replay "${files[0]}" "$TEST_TMP/plant.mcap"
expect_status "files of two runs" 2
expect_said "files of two runs" "is not of the run"

# --- a run that was reloaded: the files that follow have another configuration

cat > "$TEST_TMP/tuned.yaml" << 'END'
loop: { period: 1ms }
log: { dir: tuned, rotate: 64KiB, chunk: 16KiB }
devices:
  wave: { driver: sim, in: { a: { wave: noise } } }
params: { gain: { value: 2.0 } }
vars: { y: 0.0, sum: 0.0 }
program: |
  y := gain * wave.a
  sum := sum + y
END
has_files() { # COUNT
	local found=("$TEST_TMP"/tuned/*.mcap)
	[ ${#found[@]} -ge "$1" ]
}
"$RTLOOP" run -q --json "$TEST_TMP/report.json" "$TEST_TMP/tuned.yaml" > "$TEST_TMP/run.out" 2>&1 &
pid=$!
wait_until has_files 3
sed -i 's/value: 2.0/value: 5.0/' "$TEST_TMP/tuned.yaml"
"$RTLOOP" reload tuned > "$TEST_TMP/reload.out" || fail "reload is refused"
# the next one may have been begun before
tuned=("$TEST_TMP"/tuned/*.mcap)
wait_until has_files $((${#tuned[@]} + 3))
kill -INT $pid
wait $pid
tuned=("$TEST_TMP"/tuned/*.mcap)
replay "${tuned[@]}"
expect_status "all files of it" 0
expect_equal "all cycles of it" "$(report .cycles)" "$(compared)"
"$RTLOOP" dump --attachment config.yaml "${tuned[-1]}" | grep -q "value: 5.0" ||
	fail "the last file has not the configuration that was reloaded"
# Each by itself, but for those at whose beginning the cycle gave no state in time: on a machine that is late, the
# logger fills more than one with what waited in the ring.
alone=0
for file in "${tuned[@]}"; do
	replay "$file"
	if [ "$status" = 2 ]; then
		expect_said "$file" "no state of the program came before one"
	else
		expect_status "$file" 0
		alone=$((alone + 1))
	fi
done
expect_at_least "files that can be replayed by themselves" 2 $alone

# --- gaps: the disk stalls, and the ring is too small for that

if strace -o /dev/null true 2> /dev/null; then
	sed 's/dir: short, rotate: 256KiB,/file: gaps.mcap, ring: 64KiB,/' "$TEST_TMP/short.yaml" > "$TEST_TMP/gaps.yaml"
	strace -f --seccomp-bpf -o /dev/null -e trace=writev -e inject=writev:delay_enter=1000000:when=8+16 \
		"$RTLOOP" run --quiet --json "$TEST_TMP/report.json" "$TEST_TMP/gaps.yaml" > "$TEST_TMP/run.out" 2>&1
	check_log "$TEST_TMP/gaps.mcap"
	expect_at_least "gaps" 1 "$(report .log.gaps)"
	replay --out "$TEST_TMP/gaps2.mcap" "$TEST_TMP/gaps.mcap"
	expect_status "a log with gaps" 0
	expect_equal "cycles in gaps" "$(report .log.cycles_in_gaps)" "$(not_compared "in gaps of the log")"
	expect_equal "cycles around them" "$(report .log.cycles_logged)" "$(compared)"
	"$RTLOOP" dump --check "$TEST_TMP/gaps2.mcap" > "$TEST_TMP/check.out" 2>&1 ||
		fail "with gaps: $(cat "$TEST_TMP/check.out")"
else
	echo "gaps: not tried, strace may not trace here"
fi

# --- what cannot be replayed

echo "no log" > "$TEST_TMP/text"
replay "$TEST_TMP/text"
expect_status "what is no log" 2
expect_said "what is no log" "text: .*MCAP"
replay "$TEST_TMP/nowhere.mcap"
expect_status "a file that is not there" 2

sed '/^vars:/,$d; s/dir: short.*/file: plain.mcap }/; s/12000/300/' "$TEST_TMP/short.yaml" > "$TEST_TMP/plain.yaml"
run_file "$TEST_TMP/plain.yaml"
replay "$TEST_TMP/plain.mcap"
expect_status "a log without a program" 2
expect_said "a log without a program" "has no program to replay"
replay --config "$TEST_TMP/plant.yaml" "$TEST_TMP/plain.mcap"
expect_status "a program whose inputs are not there" 2
expect_said "a program whose inputs are not there" "the log has no probe.temp of type float, which the program reads"
replay --config "$TEST_TMP/short.yaml" --out "$TEST_TMP/tried.mcap" "$TEST_TMP/plain.mcap"
expect_status "a program tried on a log that had none" 0
expect_equal "cycles of it" 300 "$(compared)"
"$RTLOOP" dump --csv -c var.n "$TEST_TMP/tried.mcap" | tail -1 | grep -q ',300$' ||
	fail "the program that was tried did not count 300 cycles"

replay --config "$TEST_TMP/nowhere.yaml" "$TEST_TMP/plant.mcap"
expect_status "a configuration that is not there" 2
replay
expect_status "no log at all" 2
finish
