#!/bin/bash
# rtloop dump over logs whose every value is known: the list, both exports, and the check.
. "$(dirname "$0")/lib.sh"
export TZ=UTC
cd "$TEST_TMP" || exit 1

"$peers/write_log" a.mcap 0 999 || skip "no log could be written"
"$peers/write_log" b.mcap 1000 1499
"$peers/write_log" c.mcap 1600 1999
size=$(stat -c %s a.mcap)

# expect_dump WHAT STATUS OPTION...
expect_dump() {
	expect_rtloop dump "$@"
}

# expect_text WHAT FILE: the file's text is that on standard input.
expect_text() {
	diff -u - "$2" || fail "$1: not as expected"
}

# expect_line WHAT FILE LINE
expect_line() {
	grep -qxF -- "$3" "$2" || fail "$1: no line '$3' in: $(cat "$2")"
}

# --- the list

expect_dump "the list" 0 a.mcap
expect_line "the list" out "  closed    yes"
expect_line "the list" out "  written   by write_log"
expect_line "the list" out "  start     2023-11-14T22:13:20.000000000+00:00"
expect_line "the list" out "  end       2023-11-14T22:13:20.999000000+00:00"
expect_line "the list" out "  duration  0.999 s"
expect_line "the list" out "  /cycle             802     802.8  rtloop/msg/Cycle"
expect_line "the list" out "  /gap                99      99.1  rtloop/msg/Gap"
expect_line "the list" out "  /io/probe          802     802.8  temp (degC), count, ok"
expect_line "the list" out "  attachment config.yaml (application/yaml, 22 bytes)"
expect_line "the list" out "    host: oven"

head -c $((size - 1)) a.mcap >cut.mcap
expect_dump "the list of a log that was not closed" 0 cut.mcap
grep -q "^  closed    no: byte [0-9]*: the file ends inside its last 8 bytes$" out ||
	fail "not said to be cut: $(cat out)"
expect_line "the list of it" out "  /cycle             802     802.8  rtloop/msg/Cycle"

# Neither a summary, nor whole up to its end: the record behind the header begins with a zero.
cp cut.mcap broken.mcap
behind=$((8 + 9 + $(od -An -tu8 -j9 -N8 a.mcap)))
printf '\0' | dd of=broken.mcap bs=1 seek=$behind conv=notrunc status=none
expect_dump "the list of a damaged log" 1 broken.mcap
expect_line "the list of a damaged log" out "  closed    no: byte $behind: no record begins here"

expect_dump "an attachment" 0 --attachment config.yaml -o config.yaml a.mcap
expect_text "an attachment" config.yaml <<<"loop: { period: 1ms }"
expect_dump "no such attachment" 1 --attachment x a.mcap
expect_dump "an attachment for which there is no room" 1 --attachment config.yaml -o /dev/full a.mcap
grep -q "/dev/full: No space left" err || fail "not said where there is no room: $(cat err)"
expect_dump "an attachment of no log" 1 --attachment config.yaml config.yaml
at=$(grep -abo "period: 1ms" a.mcap | head -n 1 | cut -d: -f1)
{ head -c "$at" a.mcap && printf P && tail -c +$((at + 2)) a.mcap; } >spoiled.mcap
expect_dump "an attachment with a wrong byte" 1 --attachment config.yaml spoiled.mcap
expect_equal "what is printed of it" "" "$(cat out)"
grep -q "the attachment is damaged: its CRC is wrong" err || fail "not said what is wrong: $(cat err)"

# --- the table

expect_dump "the table" 0 --csv --to 8ms a.mcap
expect_text "the table" out <<'END'
time_ns,time_s,probe.temp,probe.count,probe.ok
1700000000000000000,0.000000000,20.5,0,0
1700000000001000000,0.001000000,20.625,-1,1
1700000000002000000,0.002000000,20.75,-2,0
1700000000003000000,0.003000000,20.875,-3,1
1700000000004000000,0.004000000,21,-4,0
1700000000005000000,0.005000000,21.125,-5,1
1700000000006000000,0.006000000,nan,-6,0
1700000000007000000,0.007000000,21.375,-7,1
END

expect_dump "chosen channels" 0 --csv -q -c 'probe.te*,cycle.latency_ns,gap,event.text' \
	--from 2023-11-14T22:13:20.008Z --to 0.013 a.mcap
expect_text "chosen channels" out <<'END'
time_ns,time_s,cycle.latency_ns,gap.first,gap.last,event.text,probe.temp,probe.temp.quality
1700000000008000000,0.008000000,1008,,,"woke ""late"", by 5 µs
and again",21.5,0
1700000000009000000,0.009000000,,9,10,,,
1700000000011000000,0.011000000,1011,,,,21.875,0
1700000000012000000,0.012000000,1012,,,"woke ""late"", by 5 µs
and again",22,0
END

expect_dump "infinity" 0 --csv -c probe.temp --from 20ms --to 33ms a.mcap
expect_line "infinity" out "1700000000032000000,0.032000000,-inf"
expect_dump "qualities alone" 0 --csv -c '*.count.quality' --to 3ms a.mcap
expect_text "qualities alone" out <<'END'
time_ns,time_s,probe.count.quality
1700000000000000000,0.000000000,0
1700000000001000000,0.001000000,1
1700000000002000000,0.002000000,2
END

expect_dump "each hundredth of two files" 0 --csv --every 100 -o table.csv a.mcap b.mcap
expect_equal "its rows" 14 "$(wc -l <table.csv)"
expect_equal "its last row" 1700000001496000000,1.496000000 "$(tail -n 1 table.csv | cut -d, -f1,2)"
expect_dump "events, none left out" 0 --csv --every 100 -c event.value a.mcap
expect_equal "events" "$("$RTLOOP" dump a.mcap | awk '$1 == "/event" { print $2 + 1 }')" \
	"$(wc -l <out)"

# --- lines of JSON

expect_dump "JSON" 0 --jsonl --from 4ms --to 7ms a.mcap
expect_text "JSON" out <<'END'
{"topic":"/cycle","log_time":1700000000004000000,"data":{"cycle":4,"latency_ns":1004}}
{"topic":"/io/probe","log_time":1700000000004000000,"data":{"cycle":4,"sample_ns":4000000,"temp":21,"count":-4,"ok":false,"quality":{"temp":0,"count":1,"ok":0}}}
{"topic":"/event","log_time":1700000000004000000,"data":{"cycle":4,"value":-5,"level":1,"kind":"late_wake","text":"woke \"late\", by 5 µs\nand again"}}
{"topic":"/cycle","log_time":1700000000005000000,"data":{"cycle":5,"latency_ns":1005}}
{"topic":"/io/probe","log_time":1700000000005000000,"data":{"cycle":5,"sample_ns":5000000,"temp":21.125,"count":-5,"ok":true,"quality":{"temp":0,"count":2,"ok":0}}}
{"topic":"/cycle","log_time":1700000000006000000,"data":{"cycle":6,"latency_ns":1006}}
{"topic":"/io/probe","log_time":1700000000006000000,"data":{"cycle":6,"sample_ns":6000000,"temp":"NaN","count":-6,"ok":false,"quality":{"temp":0,"count":0,"ok":0}}}
END
expect_dump "all of it as JSON" 0 --jsonl a.mcap b.mcap
if command -v jq >/dev/null; then
	expect_equal "objects of JSON" "$(wc -l <out)" "$(jq -c .data <out | wc -l)"
fi
expect_equal "numbers that are none" "$(grep -c '"temp":"' out)" \
	"$(grep -cE '"temp":"(NaN|Infinity|-Infinity)"' out)"

# --- what is refused

expect_dump "a channel that is not there" 2 --csv -c prob.temp a.mcap
grep -q "did you mean 'probe.temp'?" err || fail "no suggestion: $(cat err)"
expected="expected seconds since the log's start, such as 12.5, 500ms or 2min, or a date, such as 2026-02-01T12:00:00Z"
expect_dump "no time to begin" 2 --csv --from yesterday a.mcap
expect_line "no time to begin" err "rtloop dump: --from is 'yesterday'; $expected"
expect_dump "no time to end" 2 --csv --to 1y a.mcap
expect_line "no time to end" err "rtloop dump: --to is '1y'; $expected"
expect_dump "an end before the beginning" 2 --csv --from 2s --to 1s a.mcap
expect_line "an end before the beginning" err "rtloop dump: --to is before --from"
expect_dump "a log as output" 2 --csv -o ./a.mcap a.mcap
expect_line "a log as output" err "rtloop dump: './a.mcap' is one of the logs"
expect_dump "a log as the attachment's output" 2 --attachment config.yaml -o ./a.mcap a.mcap
expect_line "a log as the attachment's output" err "rtloop dump: './a.mcap' is one of the logs"
expect_equal "the log that was to be written over" "$size" "$(stat -c %s a.mcap)"
expect_dump "no such file" 1 nothing.mcap
grep -qx "nothing.mcap: No such file or directory" err || fail "no reason: $(cat err)"
expect_dump "no log" 1 table.csv
expect_dump "an output that cannot be" 1 --csv -o nowhere/x.csv a.mcap
if [ -w /dev/full ]; then
	expect_dump "a full disk" 1 --csv -o /dev/full a.mcap
	grep -q "No space left" err || fail "no word of the full disk: $(cat err)"
fi

# --- the check

expect_dump "a check" 0 --check a.mcap b.mcap
expect_text "a check" out <<'END'
ok: 2 files, 47 chunks, 2858 messages, cycles 0 to 1499 (1204 logged, 296 in 148 gaps, 0 missing)
END
expect_dump "a check with a file missing" 1 --check a.mcap b.mcap c.mcap
grep -q "^c.mcap: byte [0-9]*: cycles 1500 to 1599 are missing: neither logged nor in a gap$" out ||
	fail "the missing cycles are not named: $(cat out)"
expect_dump "a check in the wrong order" 1 --check c.mcap b.mcap
grep -q "^b.mcap: byte [0-9]*: cycle 1000 comes again or out of order$" out || fail "the order is not named: $(cat out)"
expect_dump "a check of one log twice" 2 --check a.mcap ./a.mcap
expect_line "a check of one log twice" err "rtloop dump: './a.mcap' is given twice"
expect_dump "an export of one log twice" 2 --csv a.mcap b.mcap a.mcap
expect_equal "what is exported of it" "" "$(cat out)"
expect_dump "a list of one log twice" 0 a.mcap a.mcap
expect_dump "a check of a cut log" 1 --check cut.mcap
grep -q "^NOT OK: 1 problem, " out || fail "more or less than one problem: $(cat out)"

# One byte in the middle: the check names the chunk, an export goes without it.
cp a.mcap bad.mcap
printf '\xff' | dd of=bad.mcap bs=1 seek=$((size / 2)) conv=notrunc status=none
expect_dump "a check of a damaged log" 1 --check bad.mcap
grep -q "^bad.mcap: byte [0-9]*: the chunk's CRC is wrong" out || fail "not found: $(cat out)"
expect_dump "an export of a damaged log" 1 --csv -c cycle.cycle bad.mcap
grep -q "^bad.mcap: byte [0-9]*: a chunk is damaged" err || fail "not told: $(cat err)"
"$RTLOOP" dump --csv -c cycle.cycle a.mcap | comm -13 - out | grep -q . &&
	fail "the export of a damaged log has rows that the whole one has not"
[ "$(wc -l <out)" -gt 700 ] || fail "only $(wc -l <out) rows of a log with one bad chunk"

finish
