#!/bin/bash
# Plugins in C: the example is built against an installed rtloop, by several compilers, and computes what the log
# of its inputs says it must; what runs in which order; steps over their budget; and every mistake is an error at
# the start, at its place in the file.
. "$(dirname "$0")/lib.sh"
for tool in cc make pkg-config jq; do
	command -v "$tool" > /dev/null || skip "$tool is not installed"
done

trust_folder
# What make was told of this tree is not meant for the example.
unset MAKEFLAGS MFLAGS MAKELEVEL
cd "$(dirname "$0")/../.." || exit 1
make -s BUILD="$BUILD" DESTDIR="$TEST_TMP/root" PREFIX=/usr install > "$TEST_TMP/install.out" 2>&1 ||
	fail "make install: $(cat "$TEST_TMP/install.out")"
cd "$TEST_TMP" || exit 1
export PKG_CONFIG_PATH=$TEST_TMP/root/usr/share/pkgconfig
read -ra flags <<< "$(pkg-config --cflags rtloop-plugin)"
header=$TEST_TMP/root/usr/include/rtloop_plugin.h
expect_equal "ABI in the pkg-config file" \
	"$(sed -n 's/^#define RTLOOP_PLUGIN_ABI //p' "$header")" "$(pkg-config --variable=abi rtloop-plugin)"

# --- the header --------------------------------------------------------------------------------------

strict=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fsyntax-only)
echo '#include <rtloop_plugin.h>' > include.c
cp include.c include.cc
for standard in c99 c11; do
	cc -std=$standard "${strict[@]}" "${flags[@]}" include.c || fail "the header is not $standard"
done
for compiler in g++ clang++; do
	! command -v $compiler > /dev/null ||
		$compiler -std=c++11 "${strict[@]}" -Wno-unused-function "${flags[@]}" include.cc ||
		fail "the header is not C++11 by $compiler"
done

# --- the example, as it is installed -----------------------------------------------------------------

# vote NAME: the values of the voter are those that the logged inputs give; the log is replayed by it.
vote() {
	cp -r "$TEST_TMP/root/usr/share/doc/rtloop/examples/plugin" "$1"
	make -s -C "$1" "CC=$1" > "$1.out" 2>&1 || fail "the example does not build: $(cat "$1.out")"
	[ ! -s "$1.out" ] || fail "warnings of the example: $(cat "$1.out")"
	run_file "$1/voter.yaml" -l 1500
	expect_equal "status" 0 "$status"
	check_log "$1/voter.mcap"
	"$RTLOOP" dump --jsonl "$1/voter.mcap" > "$1.jsonl"
	wrong=$(jq -cs '
		def by(t): map(select(.topic == t).data | { (.cycle | tostring): . }) | add;
		by("/io/first") as $a | by("/io/second") as $b | by("/io/third") as $c |
		map(select(.topic == "/var").data) | map((.cycle | tostring) as $k | select(
			[$a[$k].temp, $b[$k].temp, $c[$k].temp] as $s | .temp != (
				if .sensors_used == 3 then $s | sort[1]
				else $s[:2] | sort | .[0] + (.[1] - .[0]) / 2 end))) | .[:3]' "$1.jsonl")
	expect_equal "votes that are not what their inputs give" "[]" "$wrong"
	expect_equal "numbers of sensors used" "[3,2]" \
		"$(jq -cs 'map(select(.topic == "/var").data.sensors_used) | [.[0], (map(select(. != 3))[0])]' "$1.jsonl")"
	expect_equal "what the voter reports" \
		'["voter","plugin_report",3,"a sensor disagrees and is left out; value: which, from 1 (code 0)"]' \
		"$(jq -c 'select(.topic == "/event").data | select(.kind == "plugin_report") |
			[.device, .kind, .value, .text]' "$1.jsonl" | head -1)"
	"$RTLOOP" replay --config "$1/voter.yaml" "$1/voter.mcap" > "$1.out" || fail "replay: $(cat "$1.out")"
	grep -q '^compared *1500 cycles: all' "$1.out" || fail "replay compared otherwise: $(cat "$1.out")"
}
for compiler in gcc clang; do
	if command -v $compiler > /dev/null; then
		vote $compiler
	fi
done

"$RTLOOP" check --plugins gcc/voter.yaml > check.out || fail "it is refused: $(cat check.out)"
grep -q ', 1 plugin$' check.out || fail "check says: $(cat check.out)"

# --- plugins to try with -----------------------------------------------------------------------------

# build NAME FLAG...: plugin.c, with the parts that the flags choose.
cat > plugin.c << 'END'
#include <errno.h>
#include <rtloop_plugin.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef ABI
#define ABI RTLOOP_PLUGIN_ABI
#endif
#ifndef BYTES
#define BYTES sizeof(struct rtloop_plugin)
#endif
#ifndef INSTANCE
#define INSTANCE sizeof(struct adder)
#endif
#ifndef STEP
#define STEP adder_step
#endif

struct adder {
	const struct rtloop_input *from;
	const struct rtloop_output *to;
	int64_t by;
};

static void mark(const char *text)
{
	FILE *file = fopen(getenv("MARKS") ? getenv("MARKS") : "/dev/null", "a");

	if (file) {
		fprintf(file, "%s\n", text);
		fclose(file);
	}
}

static int adder_init(struct rtloop_host *host, void *instance)
{
	struct adder *adder = (struct adder *)instance;
	void *state;

	mark("init");
	adder->from = rtloop_bind_input(host, rtloop_option_text(host, "from", "a"), RTLOOP_INT, 0);
	adder->to = rtloop_bind_output(host, rtloop_option_text(host, "to", "b"), RTLOOP_INT);
	adder->by = rtloop_option_int(host, "by", 1, -100, 100);
	state = rtloop_state(host, sizeof(int64_t));
#ifdef TWICE
	state = rtloop_state(host, sizeof(int64_t));
#endif
#ifdef REFUSES
	rtloop_fail(host, "the moon is not right; expected a full one");
#endif
#ifdef FAILS
	return -ENODEV;
#endif
	return state ? 0 : -ENOMEM;
}

static void adder_step(const void *instance, void *state, const struct rtloop_now *now) RTLOOP_RT_SAFE;
static void adder_step(const void *instance, void *state, const struct rtloop_now *now)
{
	const struct adder *adder = (const struct adder *)instance;
	int64_t value = rtloop_get_int(adder->from) + adder->by;

#ifdef DIFFERS
	value += now->cycle >= 100;
#endif
	*(int64_t *)state += 1;
	rtloop_set_int(adder->to, value, *(int64_t *)state > 150 ? RTLOOP_BAD : RTLOOP_GOOD);
	rtloop_report(now, 7, value);
}

static void adder_exit(void *instance)
{
	(void)instance;
	mark("exit");
}

#ifndef NO_SYMBOL
const struct rtloop_plugin rtloop_plugin = { (uint32_t)BYTES,
					     ABI,
					     "adder",
					     "1",
					     INSTANCE,
					     NULL,
					     0,
					     adder_init,
					     STEP,
					     adder_exit };
#else
void *unused[] = { (void *)adder_init, (void *)adder_step, (void *)adder_exit };
#endif
#ifdef UNDEFINED
extern int there_is_no_such_function(void);
int calls(void)
{
	return there_is_no_such_function();
}
#endif
END
build() {
	cc -std=c11 -fPIC -shared -ffp-contract=off "${flags[@]}" "${@:2}" -o "$1" plugin.c || fail "cannot build $1"
}
build adder.so

# config NAME PLUGINS-AND-LOGIC: a is what the program makes of b.
config() {
	cat > "$1.yaml" << END
loop: { period: 1ms, cycles: 200 }
log: { file: $1.mcap }
devices:
  wave: { driver: sim, in: { n: { wave: ramp, type: integer }, x: { wave: sine } } }
  valve:
    driver: udp
    send: { to: "127.0.0.1:9", every: 1h }
    out: { position: { byte: 0, bytes: 4, type: integer, safe: -1 } }
params: { bound: { value: 5 } }
vars: { a: 0, b: 0, c: 0 }
$2
END
}

# --- the order ---------------------------------------------------------------------------------------

# What a minus b is in each cycle: a is always b + 1, of this cycle or of the one before.
expect_order() { # NAME DIFFERENCE
	run_file "$1.yaml"
	expect_equal "status of $1" 0 "$status"
	expect_equal "differences with the order of $1" "[$2]" "$("$RTLOOP" dump --jsonl "$1.mcap" |
		jq -cs 'map(select(.topic == "/var").data | .a - .b) | unique')"
	"$RTLOOP" replay --plugins "$1.mcap" > replay.out || fail "replay of $1: $(cat replay.out)"
}
adder='plugins: { adder: { path: adder.so } }'
config before "$adder
logic: [adder, program]
program: |
  a := b + 1"
config after "$adder
logic: [program, adder]
program: |
  a := b + 1"
expect_order before 1
expect_order after -1
expect_equal "the adder is before the program" true "$(jq '.plugins[0].is_before_program' <(
	run_file before.yaml --log-dir . > /dev/null
	cat report.json))"

# Several instances of one file, each with an instance and a state of its own; without a program.
config chain 'plugins:
  last:  { path: adder.so, options: { from: b, to: c, by: 100 } }
  first: { path: adder.so, options: { from: wave.n, to: b } }
logic: [first, last]'
MARKS=marks run_file chain.yaml
expect_equal "status of the chain" 0 "$status"
"$RTLOOP" dump --jsonl chain.mcap > chain.jsonl
expect_equal "cycles that the chain had wrong" 0 "$(jq -s '
	(map(select(.topic == "/io/wave").data | { (.cycle | tostring): .n }) | add) as $n |
	map(select(.topic == "/var").data | select(
		.b != $n[.cycle | tostring] + 1 or .c != .b + 100 or
		.quality.c != (if .cycle < 150 then 0 else 2 end))) | length' chain.jsonl)"
expect_equal "plugins in the report, in their order" '["first","last"]' "$(report '[.plugins[].name] | @json')"
expect_equal "steps that were timed" '[200,200]' "$(report '[.plugins[].step.count] | @json')"
expect_equal "starts and ends" "exit exit init init" "$(sort marks | tr '\n' ' ' | sed 's/ $//')"
"$RTLOOP" replay --plugins chain.mcap > replay.out || fail "replay of the chain: $(cat replay.out)"

# Reports of every cycle are counted, and few are in the log.
expect_equal "reports" 200 "$(report '.plugins[0].reports')"
expect_equal "reports and those in the log" 200 "$(($(report '.plugins[0].reports_held') + $(jq -c '
	select(.topic == "/event").data | select(.kind == "plugin_report" and .device == "first" and
		.text == "the plugin reports (code 7)")' chain.jsonl | wc -l)))"
expect_equal "reports in the log" 8 "$((200 - $(report '.plugins[0].reports_held')))"

# A replay tells the reports anew, and no old ones.
"$RTLOOP" replay --plugins --out chain2.mcap chain.mcap > replay.out || fail "replay --out: $(cat replay.out)"
reports_of() { # LOG
	"$RTLOOP" dump --jsonl "$1" | jq -c 'select(.topic == "/event").data | select(.kind == "plugin_report") |
		[.cycle, .device, .value, .text]'
}
expect_equal "reports of a replay" "$(reports_of chain.mcap)" "$(reports_of chain2.mcap)"

# A state in the middle of a run has what the plugins remember: here, how many steps there were.
sed 's/file: chain.mcap/dir: files, rotate: 64KiB, chunk: 16KiB/' chain.yaml > files.yaml
run_file files.yaml -l 1000
expect_at_least "files of the run" 2 "$(find files -name '*.mcap' | wc -l)"
last=$(find files -name '*.mcap' | sort | tail -n 1)
"$RTLOOP" replay --plugins "$last" > replay.out || fail "replay from the last file on: $(cat replay.out)"
grep -q '^compared .*: all outputs and vars are the same$' replay.out || fail "nothing was compared: $(cat replay.out)"

# An output: while it is good it is driven, and then its safe value.
config out 'plugins: { driver: { path: adder.so, options: { from: wave.n, to: valve.position } } }'
run_file out.yaml
"$RTLOOP" dump --jsonl out.mcap > out.jsonl
expect_equal "outputs that are wrong" 0 "$(jq -s '
	(map(select(.topic == "/io/wave").data | { (.cycle | tostring): .n }) | add) as $n |
	map(select(.topic == "/out/valve").data | select(
		.position != (if .cycle < 150 then $n[.cycle | tostring] + 1 else -1 end))) | length' out.jsonl)"
expect_at_least "messages of outputs" 2 "$(grep -c '"/out/valve"' out.jsonl)"
"$RTLOOP" replay --plugins out.mcap > replay.out || fail "replay of outputs: $(cat replay.out)"

# In C++, too.
if command -v g++ > /dev/null; then
	cp plugin.c plugin.cc
	g++ -std=c++11 -fPIC -shared "${flags[@]}" -o cpp.so plugin.cc || fail "it is not built as C++"
	config cpp "${adder/adder.so/cpp.so}"
	run_file cpp.yaml
	expect_equal "status of the plugin in C++" 0 "$status"
	expect_equal "its value" 1 "$("$RTLOOP" dump --jsonl cpp.mcap | jq -s 'map(select(.topic == "/var").data.b)[-1]')"
fi
# Its step is real-time as far as clang can see.
for clang in clang-22 clang; do
	if command -v $clang > /dev/null; then
		$clang -std=c11 -Wfunction-effects -Werror -fsyntax-only "${flags[@]}" gcc/voter.c 2> clang.out ||
			grep -q 'unknown warning option' clang.out || fail "the example's step: $(cat clang.out)"
	fi
done

# --- budget ------------------------------------------------------------------------------------------

config budget 'plugins: { slow: { path: adder.so, budget: 1ns }, free: { path: adder.so, options: { to: c } } }
logic: [slow, free]'
run_file budget.yaml
expect_equal "steps over the budget" '[["slow",1,200],["free",0,0]]' \
	"$(report '[.plugins[] | [.name, .budget_ns, .over_budget]] | @json')"
grep -q "plugin 'slow'; OVER BUDGET: 200 times over its budget of 1ns" run.out ||
	fail "the report does not name it: $(grep -n plugin run.out)"
expect_equal "events of it" '["slow"]' "$("$RTLOOP" dump --jsonl budget.mcap |
	jq -cs 'map(select(.topic == "/event").data | select(.kind == "plugin_over_budget" and .value > 1).device)')"

# --- replay finds another step ------------------------------------------------------------------------

build other.so -DDIFFERS
config same "$adder
logic: [adder, program]
program: |
  a := b + 1"
run_file same.yaml
sed 's|adder.so|other.so|' same.yaml > other.yaml
"$RTLOOP" replay --config same.yaml same.mcap > replay.out || fail "the same step differs: $(cat replay.out)"
"$RTLOOP" replay --config other.yaml same.mcap > replay.out && fail "another step gives the same"
grep -q 'cycle 100.*b' replay.out || fail "the difference is not shown: $(cat replay.out)"

# --- what is executed, and when ----------------------------------------------------------------------

rm -f marks
export MARKS=$TEST_TMP/marks
"$RTLOOP" check chain.yaml > check.out || fail "check: $(cat check.out)"
grep -q ', 2 plugins not loaded$' check.out || fail "check says: $(cat check.out)"
"$RTLOOP" replay chain.mcap > replay.out 2> replay.err && fail "a log's plugins are loaded without being asked for"
grep -q 'expected --plugins, or your own configuration with --config FILE$' replay.err || fail "it says: $(cat replay.err)"
[ ! -e marks ] || fail "check or replay have executed a plugin"
"$RTLOOP" check --plugins chain.yaml > check.out || fail "check --plugins: $(cat check.out)"
expect_equal "what check --plugins has executed" "exit exit init init" "$(sort marks | tr '\n' ' ' | sed 's/ $//')"
unset MARKS

# --- mistakes ----------------------------------------------------------------------------------------

# refuse NAME LINE...: "rtloop run" ends with status 2 before a log is begun; what it says is these lines, in
# which FILE stands for the configuration and HERE for its folder.
refuse() {
	run_file "$1.yaml"
	expect_equal "status of $1" 2 "$status"
	expect_equal "what is said of $1" "$(printf '%s\n' "${@:2}")" \
		"$(sed "s|^$1.yaml|FILE|; s|$TEST_TMP|HERE|g" run.err)"
	[ ! -e "$1.mcap" ] || fail "$1 has begun a log"
}

build abi.so -DABI=99
config abi "${adder/adder.so/abi.so}"
refuse abi "FILE:11:27: plugin 'adder': HERE/abi.so is made for ABI 99 of plugins; expected 1: compile it with the header of this rtloop"

struct_bytes=$(printf %d "0x$(nm -S adder.so | awk '$4 == "rtloop_plugin" { print $2 }')")
build short.so -DBYTES=8
config short "${adder/adder.so/short.so}"
refuse short "$(printf "FILE:11:27: plugin 'adder': HERE/short.so says that its struct rtloop_plugin has 8 bytes; %s" \
	"expected at least $struct_bytes, by RTLOOP_PLUGIN_HEAD")"

build still.so -DSTEP=NULL
config still "${adder/adder.so/still.so}"
refuse still "FILE:11:27: plugin 'adder': HERE/still.so lacks 'step'; expected name, version, init and step"

build huge.so -DINSTANCE=16777217
config huge "${adder/adder.so/huge.so}"
refuse huge "$(printf "FILE:11:27: plugin 'adder': HERE/huge.so asks for an instance of 16777217 bytes and has 0 reports%s; %s" \
	" without texts" "expected at most 16 MiB, and a text for each")"

build nothing.so -DNO_SYMBOL
config nothing "${adder/adder.so/nothing.so}"
refuse nothing "FILE:11:27: plugin 'adder': HERE/nothing.so has no symbol 'rtloop_plugin'; expected 'const struct rtloop_plugin rtloop_plugin', not static, and extern \"C\" in C++"

build undefined.so -DUNDEFINED
config undefined "${adder/adder.so/undefined.so}"
refuse undefined "FILE:11:27: plugin 'adder': cannot be loaded: HERE/undefined.so: undefined symbol: there_is_no_such_function; expected a shared object for this machine, with all that it needs"

echo "no shared object" > text.so
config text "${adder/adder.so/text.so}"
refuse text "FILE:11:27: plugin 'adder': cannot be loaded: HERE/text.so: file too short; expected a shared object for this machine, with all that it needs"

config missing "${adder/adder.so/missing.so}"
refuse missing "FILE:11:27: 'path': HERE/missing.so cannot be opened: No such file or directory"

mkdir -p open
cp adder.so open/adder.so
chmod o+w open/adder.so
config writable "${adder/adder.so/open\/adder.so}"
refuse writable "FILE:11:27: 'path': everybody may write to HERE/open/adder.so; expected 'chmod o-w', for it is code that rtloop runs"
chmod o-w open/adder.so
chmod o+w open
refuse writable "FILE:11:27: 'path': everybody may write to its folder HERE/open, and so may put other code there; expected 'chmod o-w'"
chmod o-w,g+w open
refuse writable "FILE:11:27: 'path': its group may write to its folder HERE/open, and so may put other code there; expected 'chmod g-w'"
chmod g-w open
if [ "$(id -u)" = 0 ]; then
	chown 12345 open
	refuse writable "FILE:11:27: 'path': HERE/open belongs to user 12345, who may put other code there; expected 'chown root', or the user that runs rtloop"
	chown 0 open
fi
# A link to a file elsewhere is followed, and what it leads to is held to the same.
ln -s open/adder.so link.so
chmod g+w open/adder.so
sed 's|open/adder.so|link.so|' writable.yaml > linked.yaml
refuse linked "FILE:11:27: 'path': its group may write to HERE/open/adder.so; expected 'chmod g-w', for it is code that rtloop runs"

wrong() { # NAME OPTIONS LINE
	config "$1" "plugins: { adder: { path: adder.so, options: { $2 } } }"
	refuse "$1" "$3"
}
wrong channel 'from: wave.m' "FILE:11:54: plugin 'adder': there is no 'wave.m'; did you mean 'wave.n'?"
wrong type 'from: wave.x' "FILE:11:54: plugin 'adder': 'wave.x' is of type float; expected integer"
wrong input 'to: wave.n' "FILE:11:52: plugin 'adder': 'wave.n' is an input; expected an output or a var to write"
wrong param 'to: bound' "FILE:11:52: plugin 'adder': 'bound' is a param; expected an output or a var to write"
wrong option 'form: a' "FILE:11:48: plugin 'adder' knows no option 'form'; did you mean 'from'?"
wrong range 'by: 101' "FILE:11:52: 'by' is out of range; expected -100 to 100"
wrong number 'by: ten' "FILE:11:52: 'by' is ten; expected a whole number"

config own "vars2: {}"
sed -i 's/^vars2.*/plugins: { adder: { path: adder.so } }/; s/b: 0, //' own.yaml
refuse own "FILE:11:12: plugin 'adder': there is no 'b'; did you mean 'a'?"

config both "$adder
logic: [adder, program]
program: |
  b := 1"
refuse both "FILE:11:12: plugin 'adder': 'b' is assigned by the program already; expected one writer"

config two 'plugins: { one: { path: adder.so }, two: { path: adder.so } }
logic: [two, one]'
refuse two "FILE:11:12: plugin 'one': 'b' is written by plugin 'two' already; expected one writer"

build fails.so -DFAILS
config fails "${adder/adder.so/fails.so}"
refuse fails "FILE:11:12: plugin 'adder': its init() failed: No such device"

build refuses.so -DREFUSES -DFAILS
config refuses "${adder/adder.so/refuses.so}"
refuse refuses "FILE:11:12: plugin 'adder': the moon is not right; expected a full one"

build twice.so -DTWICE
config twice "${adder/adder.so/twice.so}"
refuse twice "FILE:11:12: plugin 'adder': asks for a state of 8 bytes when it has one already; expected it once"

# The file alone is wrong: "rtloop check" sees it too.
config unstated "$adder
program: |
  a := b"
refuse unstated "FILE:11:1: the order in which the program and plugins run is not stated; expected 'logic: [program, adder]', or another order"
config order "$adder
logic: [ader, program, program]
program: |
  a := b"
refuse order "FILE:12:1: 'logic' lacks 'adder'; expected all that runs, in its order" \
	"FILE:12:9: ader is no plugin, nor 'program'; expected each plugin once, and 'program'; did you mean 'adder'?" \
	"FILE:12:24: 'program' is there a second time; expected it once"
config names 'plugins: { program: { path: adder.so }, wave: { path: adder.so, options: { from: [a] } } }
logic: [program, wave]'
refuse names "FILE:11:12: a plugin cannot be called 'program', which stands for the program in 'logic'; expected another name" \
	"FILE:11:41: 'wave' is a device already, and events name both; expected another name" \
	"FILE:11:76: 'from' is a list; expected one value, for a plugin's options are plain"

finish
