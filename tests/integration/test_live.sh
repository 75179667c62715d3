#!/bin/bash
# A run that is asked and told: status, get, force, set, reload, SIGHUP, top; and what the log has of it.
. "$(dirname "$0")/live.sh"

socket=$TEST_TMP/oven.sock
expect_refused 1 "nothing runs; looked in $TEST_TMP" "$RTLOOP" status
config oven
start oven

# --- what is answered --------------------------------------------------------------------------------

expect_equal "mode of the socket" "660" "$(stat -c %a "$socket")"
"$RTLOOP" status > "$TEST_TMP/status" || fail "status is refused"
head -1 "$TEST_TMP/status" | grep -q "^oven: runs, for" || fail "status begins with: $(head -1 "$TEST_TMP/status")"
grep -q "^latency" "$TEST_TMP/status" || fail "no timing in the status"
"$RTLOOP" status --json "$socket" > "$TEST_TMP/status.json"
expect_equal "loop in the status" oven "$(jq -r .loop "$TEST_TMP/status.json")"
expect_at_least "cycles in the status" 10 "$(jq .cycles "$TEST_TMP/status.json")"
expect_equal "channels in the status" "wave.a wave.b quiet.level target count hold sum" \
	"$(jq -r '[.channels[].name] | join(" ")' "$TEST_TMP/status.json")"

"$RTLOOP" get oven > "$TEST_TMP/get"
expect_equal "lines of get" 7 "$(wc -l < "$TEST_TMP/get")"
expect_equal "wave.a" "degC good" "$(awk '$1 == "wave.a" { print $3, $4 }' "$TEST_TMP/get")"
expect_equal "quiet.level" "0 bad" "$(awk '$1 == "quiet.level" { print $2, $3 }' "$TEST_TMP/get")"
expect_equal "channels by name" "quiet.level wave.b" \
	"$("$RTLOOP" get oven wave.b quiet | awk '{ print $1 }' | sort | xargs)"
"$RTLOOP" get --json wave.a > "$TEST_TMP/a.json"
first=$(jq .cycle "$TEST_TMP/a.json")
"$RTLOOP" get --json wave.a > "$TEST_TMP/a.json"
expect_at_least "cycle of a later value" $((first + 1)) "$(jq .cycle "$TEST_TMP/a.json")"
expect_equal "the value is in its range" true "$(jq '.channels[0].value | . >= -2 and . <= 2' "$TEST_TMP/a.json")"
# a value that can only be of a view newer than the request
value=$(echo "get wave.a" | socat -t 5 - "UNIX:$socket" | jq .ok)
expect_equal "ok of a request by hand" true "$value"

expect_equal "a param of the only run" "180 degC good" "$("$RTLOOP" get target | awk '{ print $2, $3, $4 }')"
expect_refused 1 "no run 'ovem'; did you mean 'oven'?" "$RTLOOP" status ovem
expect_refused 2 "no channel 'wave.c'; did you mean 'wave.a'?" "$RTLOOP" get oven wave.c
expect_refused 2 "takes one NAME" "$RTLOOP" status oven other
expect_refused 1 "$TEST_TMP/none: cannot ask" "$RTLOOP" status "$TEST_TMP/none"
expect_equal "an unknown request" "unknown request 'stauts'; did you mean 'status'?" \
	"$(echo stauts | socat -t 5 - "UNIX:$socket" | jq -r .error)"

# A second run of the name, and one with a name of its own.
expect_refused 1 "a run of this name is served at $socket" "$RTLOOP" run -q "$TEST_TMP/oven.yaml"
config kiln
first_pid=$pid
start kiln
expect_refused 2 "which one? " "$RTLOOP" get wave.a
expect_equal "a run by its name" kiln "$("$RTLOOP" status --json kiln | jq -r .loop)"
stop

# More than one batch holds.
{
	printf 'name: kiln\nloop: { period: 10ms }\ndevices:\n  wave:\n    driver: sim\n    in:\n'
	printf '      c%d: { wave: sine, amplitude: 1, period: 1s }\n' {1..40}
} >"$TEST_TMP/kiln.yaml"
start kiln
"$RTLOOP" force kiln wave.c{1..30}=1 >/dev/null || fail "30 cannot be forced"
"$RTLOOP" force kiln wave.c{31..40}=1 >/dev/null || fail "10 more cannot be forced"
expect_equal "changed by clearing all of 40" "40 0" \
	"$("$RTLOOP" force --clear --json kiln all | jq -r '"\(.changed) \(.forced)"')"
stop
pid=$first_pid

# --- what is forced ----------------------------------------------------------------------------------

"$RTLOOP" force --json oven wave.a=12.5 quiet.level=7 > "$TEST_TMP/force.json" || fail "force is refused"
forced_from=$(jq .cycle "$TEST_TMP/force.json")
expect_equal "channels that are forced" 2 "$(jq .forced "$TEST_TMP/force.json")"
forced() { # CHANNEL
	"$RTLOOP" get oven "$1" | awk '{ print $2, $NF }'
}
expect_equal "a forced input" "12.5 FORCED" "$(forced wave.a)"
expect_equal "a forced input of a silent device" "7 FORCED" "$(forced quiet.level)"
"$RTLOOP" status > "$TEST_TMP/status"
head -1 "$TEST_TMP/status" | grep -q "^FORCED    wave.a = 12.5 degC, for .* by user $(id -u), process" ||
	fail "the status does not begin with what is forced: $(head -1 "$TEST_TMP/status")"
expect_equal "forces in the status" "wave.a quiet.level" \
	"$("$RTLOOP" status --json | jq -r '[.forces[].name] | join(" ")')"
expect_refused 2 "'wave.b' cannot be 'high'; expected a number" "$RTLOOP" force wave.b=high
expect_refused 2 "no channel 'wave.d'; did you mean" "$RTLOOP" force wave.a=1 wave.d=2
expect_equal "nothing of a command that is refused" "12.5 FORCED" "$(forced wave.a)"
expect_refused 2 "expected CHANNEL=VALUE" "$RTLOOP" force oven
"$RTLOOP" force wave.a= > "$TEST_TMP/force.out" || fail "wave.a= is refused"
grep -q "; 1 FORCED$" "$TEST_TMP/force.out" || fail "one is not left: $(cat "$TEST_TMP/force.out")"
"$RTLOOP" force --clear all > /dev/null || fail "--clear all is refused"
expect_equal "clearing what is not forced" "oven: nothing to change" "$("$RTLOOP" force --clear all)"
expect_equal "quality of an input that is forced no longer" bad "$("$RTLOOP" get quiet.level | awk '{ print $NF }')"
expect_equal "forces that are left" 0 "$("$RTLOOP" status --json | jq '.forces | length')"

# --- what is set -------------------------------------------------------------------------------------

value() { # CHANNEL
	"$RTLOOP" get oven "$1" --json | jq '.channels[0].value'
}
"$RTLOOP" set --json oven target=175 hold=1s > "$TEST_TMP/set.json" || fail "set is refused"
set_from=$(jq .cycle "$TEST_TMP/set.json")
expect_equal "params that were changed" 2 "$(jq .changed "$TEST_TMP/set.json")"
expect_equal "a param that was set" 175 "$(value target)"
expect_equal "a duration that was set" 1000000000 "$(value hold)"
expect_equal "the logic sees it" true "$("$RTLOOP" get sum --json | jq '.channels[0].value | . >= 173 and . <= 177')"
expect_refused 2 "'target' cannot be 300, which is out of range; expected 20 to 250" "$RTLOOP" set target=300
expect_refused 2 "'count' cannot be '2.5'; expected a whole number, 10 or less" "$RTLOOP" set target=30 count=2.5
expect_equal "nothing of a command that is refused" 175 "$(value target)"
expect_refused 2 "no param 'targt'; did you mean 'target'?" "$RTLOOP" set targt=3
expect_refused 2 "'sum' is no param: the program sets it" "$RTLOOP" set sum=3
expect_refused 2 "'wave.a' is no param; use 'rtloop force'" "$RTLOOP" set wave.a=3
expect_refused 2 "'target' is no input and no output; use 'rtloop set'" "$RTLOOP" force target=3
expect_refused 2 "no value for 'target'" "$RTLOOP" set target=

# --- reload ------------------------------------------------------------------------------------------

oven=$TEST_TMP/oven.yaml
change() { # SED-SCRIPT: as an editor does, which makes a new file of it
	sed "$1" "$oven" > "$oven.new" && mv "$oven.new" "$oven"
}
has_line() { # TEXT FILE
	grep -qF -- "$1" "$2"
}
expect_equal "reload of the same file" "oven: nothing to change" "$("$RTLOOP" reload)"
change 's/# of the oven//; s/value: 3/value: 4/; s/250.0/200.0/'
wait_until has_line "$oven has changed; 'rtloop reload oven', or a restart, applies it" "$TEST_TMP/oven.err"
expect_equal "a file that has only changed is not applied" 3 "$(value count)"
"$RTLOOP" status | head -1 | grep -q "^CHANGED   $oven is not what runs" || fail "the status says nothing of the file"
"$RTLOOP" reload --json > "$TEST_TMP/reload.json" || fail "reload is refused"
expect_equal "params that a reload changed" 1 "$(jq .changed "$TEST_TMP/reload.json")"
expect_equal "a param of the new file" 4 "$(value count)"
expect_equal "a param that was set, and is the same in the file" 175 "$(value target)"
expect_equal "the file is what runs" false "$("$RTLOOP" status --json | jq .config_has_changed)"
expect_refused 2 "expected 20 to 200" "$RTLOOP" set target=220

change 's/period: 2ms/period: 3ms/; s/value: 4/value: 5/; s/  quiet:.*//'
expect_refused 1 "$oven:1:17: 'loop.period' was 2ms and is 3ms; only a restart applies that" "$RTLOOP" reload
has_line "'devices.quiet' is gone; only a restart applies that" "$TEST_TMP/refused.err" ||
	fail "no word of the device: $(cat "$TEST_TMP/refused.err")"
expect_equal "nothing of a file that needs a restart" 4 "$(value count)"
config oven
for i in 1 2 3 4 5 6; do
	change "s/^devices:/&\n  more_$i: { driver: sim, in: { a: { wave: sine } } }/"
done
expect_refused 1 "'devices.more_6' is new; only a restart applies that" "$RTLOOP" reload
has_line "'devices.more_1' is new; only a restart applies that" "$TEST_TMP/refused.err" ||
	fail "not all places are listed: $(cat "$TEST_TMP/refused.err")"
config oven
change 's/wave: sine/wave: sin/'
expect_refused 1 "expected" "$RTLOOP" reload
config oven
change 's/max: 250.0/max: 170.0/; s/value: 180.0/value: 160.0/'
"$RTLOOP" set target=30 > /dev/null
change 's/value: 160.0/value: 180.0/'
expect_refused 1 "$oven" "$RTLOOP" reload
config oven
change 's/max: 250.0/max: 190.0/; s/min: 20.0/min: 50.0/'
expect_refused 1 "'target' was set to 30, which is out of its new range; expected 50 to 190: set it first" "$RTLOOP" reload
change 's/sum := target + wave.a/sum := wave.a + target/; s/50.0/20.0/'
expect_refused 1 "'program' has changed; only a restart applies that" "$RTLOOP" reload

config oven
change 's/sum := /sum  :=  /; s/value: 180.0/value: 181.5/'
kill -HUP $pid
wait_until has_line "SIGHUP: loaded, 2 new values" "$TEST_TMP/oven.err"
expect_equal "a param after SIGHUP" 181.5 "$(value target)"
change 's/period: 2ms/period: 3ms/'
kill -HUP $pid
wait_until has_line "SIGHUP: the file is refused:" "$TEST_TMP/oven.err"
wait_until has_line "'loop.period' was 2ms and is 3ms" "$TEST_TMP/oven.err"

# --- top, on a terminal ------------------------------------------------------------------------------

expect_refused 2 "there is no terminal" "$RTLOOP" top oven
expect_refused 2 "--interval is '10ms'" "$RTLOOP" top -i 10ms oven
if command -v script > /dev/null; then
	mkfifo "$TEST_TMP/keys"
	TERM=xterm script -qefc "$RTLOOP top -i 100ms oven" "$TEST_TMP/screen" < "$TEST_TMP/keys" > /dev/null &
	top=$!
	exec 4> "$TEST_TMP/keys"
	wait_until grep -qs "wave.a" "$TEST_TMP/screen"
	grep -q "overruns" "$TEST_TMP/screen" || fail "no overruns on the screen"
	printf q >&4
	wait $top
	expect_equal "status of top" 0 $?
	exec 4>&-
	# the other screen is left, and the cursor is there again
	grep -q "$(printf '\033\[?25h\033\[?1049l')" "$TEST_TMP/screen" || fail "top has not given the terminal back"
fi

stop
[ ! -e "$socket" ] || fail "the socket is there still"
check_log "$TEST_TMP/oven.mcap"
# the log has what the logic saw, who it was, and nothing else of it
"$RTLOOP" dump --csv -c wave.a "$TEST_TMP/oven.mcap" > "$TEST_TMP/a.csv"
expect_at_least "cycles with the forced value" 1 "$(grep -c ',12.5$' "$TEST_TMP/a.csv")"
"$RTLOOP" dump --jsonl -c event "$TEST_TMP/oven.mcap" > "$TEST_TMP/events"
expect_equal "events of what was forced" "quiet $forced_from wave $forced_from" \
	"$(jq -r 'select(.data.kind == "forced") | "\(.data.device) \(.data.cycle)"' "$TEST_TMP/events" | sort | xargs)"
expect_equal "events of what was released" 2 "$(grep -c '"kind":"released"' "$TEST_TMP/events")"
grep -q "user $(id -u), process [0-9]*: force wave.a = 12.5\"" "$TEST_TMP/events" || fail "the log does not say who forced"

grep -q "user $(id -u), process [0-9]*: set target = 175, was 180\"" "$TEST_TMP/events" || fail "the log does not say who set"
grep -q "user $(id -u), process [0-9]*: reload count = 4, was 3\"" "$TEST_TMP/events" || fail "the log does not say who reloaded"
grep -q "SIGHUP: reload target = 181.5, was 30\"" "$TEST_TMP/events" || fail "the log does not know of SIGHUP"
grep -q "reload is refused: " "$TEST_TMP/events" || fail "the log does not know of what was refused"
"$RTLOOP" dump --csv -c param.cycle,param.target "$TEST_TMP/oven.mcap" > "$TEST_TMP/params.csv"
expect_equal "the cycle from which on a param has its value" "$set_from,175" \
	"$(cut -d, -f3- "$TEST_TMP/params.csv" | sed -n 3p)"

# A run that ends before anybody has looked what became of its orders.
config hup
start hup
sed -i 's/value: 180.0/value: 181.5/' "$TEST_TMP/hup.yaml"
kill -HUP $pid
has_new_value() {
	"$RTLOOP" dump --csv -c param.target "$TEST_TMP/hup.mcap" | grep -q ',181.5$'
}
wait_until has_new_value
stop
"$RTLOOP" dump --jsonl -c event "$TEST_TMP/hup.mcap" | grep -q 'SIGHUP: reload target = 181.5, was 180"' ||
	fail "the log does not know of SIGHUP shortly before its end"
grep -A1 "SIGHUP: loaded" "$TEST_TMP/hup.err" | grep "has changed" && fail "what was just loaded is said to have changed"

finish
