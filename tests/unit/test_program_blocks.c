/*
 * Edges, latches, timers and counters against IEC 61131-3 (edition 2: tables 34 to 37 and figure 15; edition 3: tables
 * 43 to 46), the rest against the formulas of docs/program.md. A trace has a character a cycle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/program/function.h"
#include "tests/fakes/logic.h"

#define MS NS_PER_MS

/* Of a bool 0 and 1; of an integer its digit; of a duration its ms. A space holds the last one. */
struct trace {
	unsigned symbol;
	const char *values;
};

static void set_from(struct logic *logic, const struct trace *trace, size_t cycle)
{
	int64_t value = trace->values[cycle] - '0';

	if (logic_symbols[trace->symbol].type == TYPE_BOOL) {
		logic_set_bool(logic, trace->symbol, value != 0);
	} else if (logic_symbols[trace->symbol].type == TYPE_INT) {
		logic_set_int(logic, trace->symbol, value);
	} else {
		logic_set_float(logic, trace->symbol, (double)value);
	}
}

static char seen(const struct logic *logic, unsigned symbol)
{
	switch (logic_symbols[symbol].type) {
	case TYPE_BOOL:
		return logic_bool(logic, symbol) ? '1' : '0';
	case TYPE_TIME:
		return (char)('0' + logic_int(logic, symbol) / MS);
	case TYPE_INT:
		return (char)('0' + logic_int(logic, symbol));
	default:
		return (char)('0' + (int)logic_float(logic, symbol));
	}
}

/* The last trace of both lists has no values. */
static void assert_traces(const char *text, const struct trace *in,
			  const struct trace *expected)
{
	size_t cycles = strlen(expected->values);
	struct logic logic;

	logic_make(&logic, text);
	assert_string_equal(logic.errors, "");
	for (size_t cycle = 0; cycle < cycles; cycle++) {
		for (const struct trace *trace = in; trace->values; trace++) {
			assert_int_equal(strlen(trace->values), cycles);
			set_from(&logic, trace, cycle);
		}
		assert_int_equal(logic_step(&logic, MS), 0);
		for (const struct trace *trace = expected; trace->values; trace++) {
			char got = seen(&logic, trace->symbol);

			if (got != trace->values[cycle]) {
				print_error("%s\n%s: cycle %zu of %s: %c\n", text,
					    logic_symbols[trace->symbol].name, cycle,
					    trace->values, got);
			}
			assert_int_equal(got, trace->values[cycle]);
		}
	}
	logic_end(&logic);
}

#define TRACES(...) ((const struct trace[]){ __VA_ARGS__, { 0, NULL } })

static void r_trig_is_true_for_one_cycle_at_a_rising_edge(void **state)
{
	assert_traces("q := r_trig(in.a)", TRACES({ LOGIC_A, "0110011010" }),
		      TRACES({ LOGIC_Q, "0100010010" }));
	/* Q := CLK and not M, where M begins as false: true from the start is an edge */
	assert_traces("q := r_trig(clk := in.a)", TRACES({ LOGIC_A, "1101" }),
		      TRACES({ LOGIC_Q, "1001" }));
}

static void f_trig_is_true_for_one_cycle_at_a_falling_edge(void **state)
{
	assert_traces("q := f_trig(in.a)", TRACES({ LOGIC_A, "1100110100" }),
		      TRACES({ LOGIC_Q, "0010001010" }));
}

static void f_trig_counts_false_from_the_start_as_an_edge(void **state)
{
	assert_traces("q := f_trig(in.a)", TRACES({ LOGIC_A, "00101" }),
		      TRACES({ LOGIC_Q, "10010" }));
}

/* Every row of the truth tables: before, set, reset, after. */
static void sr_is_set_dominant(void **state)
{
	assert_traces("q := sr(s1 := in.a, r := in.b)",
		      TRACES({ LOGIC_A, "010011000" }, { LOGIC_B, "000101110" }),
		      TRACES({ LOGIC_Q, "011011000" }));
}

static void rs_is_reset_dominant(void **state)
{
	assert_traces("q := rs(s := in.a, r1 := in.b)",
		      TRACES({ LOGIC_A, "010011010" }, { LOGIC_B, "000101100" }),
		      TRACES({ LOGIC_Q, "011010011" }));
}

static void ton_is_true_once_its_input_has_been_so_for_pt(void **state)
{
	assert_traces("q := ton(in.a, 3ms, et => t)",
		      TRACES({ LOGIC_A, "0111111001100111101" }),
		      TRACES({ LOGIC_Q, "0000111000000000100" },
			     { LOGIC_T, "0012333000100012300" }));
}

static void ton_of_no_time_follows_at_once(void **state)
{
	assert_traces("q := ton(in.a, 0s, et => t)", TRACES({ LOGIC_A, "0110" }),
		      TRACES({ LOGIC_Q, "0110" }, { LOGIC_T, "0000" }));
	assert_traces("q := ton(in.a, -1s)", TRACES({ LOGIC_A, "0110" }),
		      TRACES({ LOGIC_Q, "0110" }));
}

static void tof_stays_true_for_pt_after_its_input(void **state)
{
	assert_traces("q := tof(in.a, 3ms, et => t)",
		      TRACES({ LOGIC_A, "0110000001100110000" }),
		      TRACES({ LOGIC_Q, "0111110001111111110" },
			     { LOGIC_T, "0000123330001000123" }));
	assert_traces("q := tof(in.a, 0s)", TRACES({ LOGIC_A, "0110" }),
		      TRACES({ LOGIC_Q, "0110" }));
}

static void tp_gives_a_pulse_of_pt_whatever_its_input_does(void **state)
{
	assert_traces("q := tp(in.a, 3ms, et => t)",
		      TRACES({ LOGIC_A, "0100000111110101010" }),
		      TRACES({ LOGIC_Q, "0111000111000111011" },
			     { LOGIC_T, "0012000012330012001" }));
}

static void a_timer_counts_the_releases_that_were_missed(void **state)
{
	struct logic logic;

	logic_make(&logic, "q := ton(in.a, 1s, et => t)");
	logic_set_bool(&logic, LOGIC_A, true);
	logic_step(&logic, MS);
	logic_step(&logic, 999 * MS);
	assert_false(logic_bool(&logic, LOGIC_Q));
	assert_int_equal(logic_int(&logic, LOGIC_T), 999 * MS);
	logic_step(&logic, 501 * MS);
	assert_true(logic_bool(&logic, LOGIC_Q));
	assert_int_equal(logic_int(&logic, LOGIC_T), NS_PER_SEC);
	logic_end(&logic);
}

static void a_timer_never_wraps(void **state)
{
	struct logic logic;

	logic_make(&logic, "q := ton(in.a, 9223372036854775807ns, et => t)");
	logic_set_bool(&logic, LOGIC_A, true);
	logic_step(&logic, MS);
	for (unsigned i = 0; i < 3; i++) {
		logic.now.release_ns = 0;
		logic_step(&logic, INT64_MAX / 2);
	}
	assert_true(logic_bool(&logic, LOGIC_Q));
	assert_int_equal(logic_int(&logic, LOGIC_T), INT64_MAX);
	logic_end(&logic);
}

static void a_time_may_be_a_param(void **state)
{
	struct logic logic;

	logic_make(&logic, "q := ton(in.a, hold)");
	logic_set_int(&logic, LOGIC_HOLD, 2 * MS);
	logic_set_bool(&logic, LOGIC_A, true);
	logic_step(&logic, MS);
	logic_step(&logic, MS);
	assert_false(logic_bool(&logic, LOGIC_Q));
	logic_step(&logic, MS);
	assert_true(logic_bool(&logic, LOGIC_Q));
	logic_end(&logic);
}

static void ctu_counts_edges_up(void **state)
{
	assert_traces("q := ctu(cu := in.a, r := in.b, pv := 3, cv => n)",
		      TRACES({ LOGIC_A, "0101101010110" }, { LOGIC_B, "0000000000110" }),
		      TRACES({ LOGIC_Q, "0000001111000" }, { LOGIC_N, "0112223344000" }));
}

static void ctd_counts_edges_down(void **state)
{
	assert_traces("q := ctd(cd := in.a, ld := in.b, pv := 2, cv => n)",
		      TRACES({ LOGIC_A, "00010101" }, { LOGIC_B, "01000001" }),
		      TRACES({ LOGIC_Q, "10000110" }, { LOGIC_N, "02211002" }));
}

static void ctud_counts_both_ways(void **state)
{
	assert_traces("q := ctud(in.a, in.b, in.c, in.d, 2, qd => q2, cv => n)",
		      TRACES({ LOGIC_A, "01010010001" }, { LOGIC_B, "00000110000" },
			     { LOGIC_C, "00000000110" }, { LOGIC_D, "00000001100" }),
		      TRACES({ LOGIC_Q, "00011011000" }, { LOGIC_Q2, "10000000110" },
			     { LOGIC_N, "01122122001" }));
}

static void ctud_leaves_two_edges_at_once_alone(void **state)
{
	assert_traces("q := ctud(in.a, in.b, false, false, 2, cv => n)",
		      TRACES({ LOGIC_A, "0101011" }, { LOGIC_B, "0001001" }),
		      TRACES({ LOGIC_Q, "0000010" }, { LOGIC_N, "0111121" }));
}

static void counters_stop_at_the_ends(void **state)
{
	struct logic logic;

	logic_make(&logic,
		   "q := ctd(in.a, in.b, 9223372036854775807, cv => n)\n"
		   "q2 := ctud(in.a, false, false, in.b, 9223372036854775807, cv => n2)");
	logic_set_bool(&logic, LOGIC_B, true);
	logic_step(&logic, MS);
	logic_set_bool(&logic, LOGIC_B, false);
	logic_set_bool(&logic, LOGIC_A, true);
	logic_step(&logic, MS);
	assert_int_equal(logic_int(&logic, LOGIC_N), INT64_MAX - 1);
	assert_int_equal(logic_int(&logic, LOGIC_N2), INT64_MAX);
	logic_end(&logic);
}

static void each_call_has_a_state_of_its_own(void **state)
{
	assert_traces("q := ton(in.a, 1ms)\nq2 := ton(in.b, 2ms)",
		      TRACES({ LOGIC_A, "011110" }, { LOGIC_B, "001111" }),
		      TRACES({ LOGIC_Q, "001110" }, { LOGIC_Q2, "000011" }));
}

static void blocks_run_in_a_branch_that_is_not_taken_too(void **state)
{
	assert_traces("q := if in.b then ton(in.a, 3ms) else false",
		      TRACES({ LOGIC_A, "0111111" }, { LOGIC_B, "0000111" }),
		      TRACES({ LOGIC_Q, "0000111" }));
}

static void a_block_is_worth_what_its_inputs_are(void **state)
{
	struct logic logic;

	logic_make(&logic, "q := sr(in.a, in.b)\nq2 := ton(in.a, 1ms)");
	logic_set_bool(&logic, LOGIC_A, true);
	logic_step(&logic, MS);
	assert_int_equal(logic_quality(&logic, LOGIC_Q), QUALITY_GOOD);
	logic_set_quality(&logic, LOGIC_B, QUALITY_STALE);
	logic_step(&logic, MS);
	assert_int_equal(logic_quality(&logic, LOGIC_Q), QUALITY_STALE);
	assert_int_equal(logic_quality(&logic, LOGIC_Q2), QUALITY_GOOD);
	logic_set_quality(&logic, LOGIC_A, QUALITY_BAD);
	logic_step(&logic, MS);
	assert_int_equal(logic_quality(&logic, LOGIC_Q), QUALITY_BAD);
	assert_int_equal(logic_quality(&logic, LOGIC_Q2), QUALITY_BAD);
	logic_end(&logic);
}

/* A value that suits the argument: floats rise from one to the next, as limits have to. */
static const char *constant_of(const struct function *function, unsigned param,
			       char text[16])
{
	switch (function->params[param].kind) {
	case KIND_BOOL:
		return "true";
	case KIND_TIME:
		return "1s";
	default:
		snprintf(text, 16, "%u", param + 1);
		return text;
	}
}

/* An input or param of its kind. LOGIC_SYMBOLS: it takes constants only. */
static unsigned symbol_of(const struct function *function, unsigned param)
{
	switch (function->params[param].kind) {
	case KIND_BOOL:
		return LOGIC_D;
	case KIND_INT:
		return LOGIC_J;
	case KIND_TIME:
		return LOGIC_HOLD;
	case KIND_COUNT:
		return LOGIC_SYMBOLS;
	default:
		return LOGIC_Z;
	}
}

static void set_suitable(struct logic *logic, unsigned symbol, unsigned param)
{
	if (symbol == LOGIC_D) {
		logic_set_bool(logic, symbol, true);
	} else if (symbol == LOGIC_Z) {
		logic_set_float(logic, symbol, param + 1.0);
	} else {
		logic_set_int(logic, symbol,
			      symbol == LOGIC_HOLD ? NS_PER_SEC : param + 1);
	}
}

/* The call with one argument of a symbol, which is then good, stale and bad. */
static void check_worth(const struct function *function, unsigned param, unsigned symbol)
{
	char text[512], constant[16];
	size_t length =
		(size_t)snprintf(text, sizeof(text), "q := good(%s(", function->name);
	struct logic logic;

	for (unsigned i = 0; function->params[i].name; i++) {
		length += (size_t)snprintf(
			text + length, sizeof(text) - length, "%s%s", i > 0 ? ", " : "",
			i == param ? logic_symbols[symbol].name
				   : constant_of(function, i, constant));
	}
	snprintf(text + length, sizeof(text) - length, "))");
	logic_make(&logic, text);
	assert_string_equal(logic.errors, "");
	for (enum quality quality = QUALITY_GOOD; quality <= QUALITY_BAD; quality++) {
		set_suitable(&logic, symbol, param);
		logic_set_quality(&logic, symbol, quality);
		logic_step(&logic, MS);
		if (logic_bool(&logic, LOGIC_Q) != (quality == QUALITY_GOOD)) {
			fail_msg("%s with '%s' %s", text, function->params[param].name,
				 quality_name(quality));
		}
	}
	logic_end(&logic);
}

static void every_argument_of_every_function_counts_for_its_worth(void **state)
{
	const struct function *function;
	unsigned checked = 0;

	for (unsigned i = 0; (function = function_at(i)); i++) {
		bool is_about_worth = strcmp(function->group, "Quality and time") == 0;

		for (unsigned k = 0; function->params[k].name; k++) {
			unsigned symbol = symbol_of(function, k);

			if (!is_about_worth && !function->repeats_from &&
			    symbol != LOGIC_SYMBOLS) {
				check_worth(function, k, symbol);
				checked++;
			}
		}
	}
	assert_true(checked > 60);
}

static void every_result_of_a_block_has_its_worth(void **state)
{
	static const char *const texts[] = {
		"q2 := ton(in.a, 1s, et => t)",
		"q2 := tof(in.a, 1s, et => t)",
		"q2 := tp(in.a, 1s, et => t)",
		"q2 := ctu(in.a, false, 3, cv => n)",
		"q2 := ctd(in.a, false, 3, cv => n)",
		"q2 := ctud(in.a, false, false, false, 3, qd => q, cv => n)",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct logic logic;

		logic_make(&logic, texts[i]);
		assert_string_equal(logic.errors, "");
		logic_set_quality(&logic, LOGIC_A, QUALITY_STALE);
		logic_step(&logic, MS);
		assert_int_equal(logic_quality(&logic, LOGIC_Q2), QUALITY_STALE);
		assert_int_equal(logic_quality(&logic, i < 3 ? LOGIC_T : LOGIC_N),
				 QUALITY_STALE);
		logic_end(&logic);
	}
}

static void debounce_waits_until_a_value_has_settled(void **state)
{
	assert_traces("q := debounce(in.a, 3ms)",
		      TRACES({ LOGIC_A, "0101101111110011010000" }),
		      TRACES({ LOGIC_Q, "0000000001111111111110" }));
	assert_traces("q := debounce(in.a, 3ms)", TRACES({ LOGIC_A, "1100111" }),
		      TRACES({ LOGIC_Q, "1111111" }));
	assert_traces("q := debounce(in.a, 0s)", TRACES({ LOGIC_A, "0110" }),
		      TRACES({ LOGIC_Q, "0110" }));
}

static void hysteresis_keeps_between_its_two_limits(void **state)
{
	assert_traces("q := hysteresis(in.x, low := 2, high := 4)",
		      TRACES({ LOGIC_X, "3434321345" }),
		      TRACES({ LOGIC_Q, "0111100011" }));
	assert_traces("q := hysteresis(in.x, 3, 3)", TRACES({ LOGIC_X, "2343" }),
		      TRACES({ LOGIC_Q, "0111" }));
}

/* --- what is computed: each value after its cycle --- */

struct response {
	double in;
	double out;
};

static void assert_near(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-12 * (1.0 + fabs(expected)))) {
		print_error("%.17g, not %.17g\n", value, expected);
		fail();
	}
}

static void assert_response(const char *text, const struct response *list, size_t count)
{
	struct logic logic;

	logic_make(&logic, text);
	assert_string_equal(logic.errors, "");
	for (size_t i = 0; i < count; i++) {
		logic_set_float(&logic, LOGIC_X, list[i].in);
		assert_int_equal(logic_step(&logic, 100 * MS), 0);
		assert_near(logic_float(&logic, LOGIC_F), list[i].out);
	}
	logic_end(&logic);
}

#define ASSERT_RESPONSE(text, ...)                                                       \
	do {                                                                             \
		const struct response list[] = { __VA_ARGS__ };                          \
		assert_response(text, list, ARRAY_SIZE(list));                           \
	} while (0)

static void rate_limit_goes_no_faster_than_it_may(void **state)
{
	ASSERT_RESPONSE("f := rate_limit(in.x, up := 20, down := 50)", { 5, 5 },
			{ 20, 7 }, { 20, 9 }, { 9.5, 9.5 }, { 0, 4.5 }, { 0, 0 });
	ASSERT_RESPONSE("f := rate_limit(in.x, 20)", { 0, 0 }, { 9, 2 }, { -9, 0 },
			{ -9, -2 });
}

static void lowpass_answers_a_step_like_one_of_first_order(void **state)
{
	struct logic logic;

	/* y + (x - y) * 100 ms / (900 ms + 100 ms) */
	ASSERT_RESPONSE("f := lowpass(in.x, 900ms)", { 10, 10 }, { 20, 11 }, { 20, 11.9 },
			{ 20, 12.71 });
	ASSERT_RESPONSE("f := lowpass(in.x, 0s)", { 10, 10 }, { 20, 20 });
	/* after one time constant in many small steps: 1 - 1/e, as of R and C */
	logic_make(&logic, "f := lowpass(in.x, 1s)");
	logic_step(&logic, MS);
	logic_set_float(&logic, LOGIC_X, 1.0);
	for (unsigned i = 0; i < 1000; i++) {
		logic_step(&logic, MS);
	}
	assert_true(fabs(logic_float(&logic, LOGIC_F) - 0.632121) < 0.0005);
	logic_end(&logic);
}

static void average_is_the_mean_of_the_last_samples(void **state)
{
	ASSERT_RESPONSE("f := average(in.x, 3)", { 3, 3 }, { 6, 4.5 }, { 9, 6 },
			{ 12, 9 }, { 0, 7 }, { 0, 4 }, { 0, 0 });
	ASSERT_RESPONSE("f := average(in.x, 1)", { 3, 3 }, { 6, 6 });
	/* a huge one leaves nothing behind */
	ASSERT_RESPONSE("f := average(in.x, 2)", { 1e300, 1e300 }, { 1, 5e299 },
			{ 1, 1 });
}

static void derivative_is_the_change_in_a_second(void **state)
{
	ASSERT_RESPONSE("f := derivative(in.x)", { 5, 0 }, { 6, 10 }, { 6, 0 },
			{ 4, -20 });
	ASSERT_RESPONSE("f := derivative(in.x, 100ms)", { 5, 0 }, { 6, 5 }, { 6, 2.5 },
			{ 6, 1.25 });
}

static void integral_sums_up_and_stays_within_its_limits(void **state)
{
	ASSERT_RESPONSE("f := integral(in.x)", { 5, 0.5 }, { 5, 1 }, { -20, -1 });
	ASSERT_RESPONSE("f := integral(in.x, min := 0, max := 2)", { 10, 1 }, { 50, 2 },
			{ 50, 2 }, { -5, 1.5 }, { -50, 0 }, { 5, 0.5 });
	ASSERT_RESPONSE("f := integral(in.x, start := 3)", { 10, 4 }, { 10, 5 });
	ASSERT_RESPONSE("f := integral(in.x, reset := in.x > 90, start := 3)", { 10, 4 },
			{ 99, 3 }, { 10, 4 });
}

/* out = kp e + sum ki e dt - kd d(pv)/dt, of e = 10 - pv, by hand */
static void pid_adds_its_three_parts(void **state)
{
	ASSERT_RESPONSE(
		"f := pid(sp := 10, pv := in.x, kp := 2, min := -100, max := 100)",
		{ 4, 12 }, { 7, 6 }, { 12, -4 });
	ASSERT_RESPONSE("f := pid(sp := 10, pv := in.x, kp := 0, ki := 5, min := -100, "
			"max := 100)",
			{ 4, 3 }, { 4, 6 }, { 8, 7 }, { 12, 6 });
	ASSERT_RESPONSE("f := pid(sp := 10, pv := in.x, kp := 0, kd := 2, min := -100, "
			"max := 100)",
			{ 4, 0 }, { 5, -20 }, { 5, 0 }, { 3, 40 });
	ASSERT_RESPONSE("f := pid(sp := 10, pv := in.x, kp := 2, ki := 5, kd := 0.1, "
			"min := -100, max := 100)",
			{ 4, 15 }, { 5, 10 + 5.5 - 1 });
	ASSERT_RESPONSE("f := pid(sp := 10, pv := in.x, kp := 0, kd := 2, tf := 100ms, "
			"min := -100, max := 100)",
			{ 4, 0 }, { 5, -10 }, { 5, -5 });
	ASSERT_RESPONSE(
		"f := pid(sp := 10, pv := in.x, kp := -2, min := -100, max := 100)",
		{ 12, 4 });
}

static void pid_does_not_wind_up(void **state)
{
	/* at the limit the sum rests where it just reaches it, and leaves it at once */
	ASSERT_RESPONSE(
		"f := pid(sp := 10, pv := in.x, kp := 1, ki := 10, min := 0, max := 20)",
		{ 0, 20 }, { 0, 20 }, { 0, 20 }, { 9, 12 }, { 11, 9 });
	ASSERT_RESPONSE(
		"f := pid(sp := 10, pv := in.x, kp := 1, ki := 10, min := 0, max := 20)",
		{ 30, 0 }, { 30, 0 }, { 9, 2 });
}

static void pid_sums_up_to_its_limits_and_no_further(void **state)
{
	ASSERT_RESPONSE(
		"f := pid(sp := 10, pv := in.x, kp := 0, ki := 10, min := 0, max := 15)",
		{ 0, 10 }, { 0, 15 }, { 0, 15 }, { 11, 14 }, { 30, 0 }, { 30, 0 },
		{ 9, 1 });
}

static void pid_takes_over_from_manual_without_a_bump(void **state)
{
	struct logic logic;

	logic_make(&logic, "f := pid(sp := 10, pv := in.x, kp := 2, ki := 1, min := 0, "
			   "max := 100, auto := in.a, manual := 42.0)");
	logic_set_float(&logic, LOGIC_X, 4.0);
	for (unsigned i = 0; i < 5; i++) {
		logic_step(&logic, 100 * MS);
		assert_near(logic_float(&logic, LOGIC_F), 42.0);
	}
	logic_set_bool(&logic, LOGIC_A, true);
	logic_step(&logic, 100 * MS);
	assert_near(logic_float(&logic, LOGIC_F), 42.0 + 6.0 * 0.1);
	logic_end(&logic);
}

static void pid_takes_new_gains_without_a_bump(void **state)
{
	struct logic logic;
	double before;

	logic_make(&logic, "f := pid(sp := 10, pv := in.x, kp := target, ki := in.y, "
			   "min := 0, max := 100)");
	logic_set_float(&logic, LOGIC_X, 4.0);
	logic_set_float(&logic, LOGIC_TARGET, 2.0);
	logic_set_float(&logic, LOGIC_Y, 1.0);
	logic_step(&logic, 100 * MS);
	logic_step(&logic, 100 * MS);
	before = logic_float(&logic, LOGIC_F);
	assert_near(before, 12.0 + 1.2);
	logic_set_float(&logic, LOGIC_TARGET, 5.0);
	logic_step(&logic, 100 * MS);
	assert_near(logic_float(&logic, LOGIC_F), before + 0.6);
	logic_set_float(&logic, LOGIC_Y, 10.0);
	logic_step(&logic, 100 * MS);
	assert_near(logic_float(&logic, LOGIC_F), before + 0.6 + 6.0);
	logic_end(&logic);
}

static void pid_does_not_kick_when_its_set_point_jumps(void **state)
{
	struct logic logic;

	logic_make(&logic,
		   "f := pid(sp := in.y, pv := in.x, kp := 0, kd := 5, min := -100, "
		   "max := 100)");
	logic_set_float(&logic, LOGIC_X, 4.0);
	logic_step(&logic, 100 * MS);
	logic_set_float(&logic, LOGIC_Y, 50.0);
	logic_step(&logic, 100 * MS);
	assert_near(logic_float(&logic, LOGIC_F), 0.0);
	logic_end(&logic);
}

static void pid_holds_while_a_sensor_is_not_good(void **state)
{
	struct logic logic;

	logic_make(&logic, "f := pid(sp := 10, pv := in.x, kp := 1, ki := 1, kd := 1, "
			   "min := 0, max := 100)");
	logic_set_float(&logic, LOGIC_X, 4.0);
	logic_step(&logic, 100 * MS);
	assert_near(logic_float(&logic, LOGIC_F), 6.6);
	logic_set_float(&logic, LOGIC_X, 9.0);
	logic_set_quality(&logic, LOGIC_X, QUALITY_STALE);
	for (unsigned i = 0; i < 5; i++) {
		logic_step(&logic, 100 * MS);
		assert_near(logic_float(&logic, LOGIC_F), 6.6);
		assert_int_equal(logic_quality(&logic, LOGIC_F), QUALITY_STALE);
	}
	/* it goes on with the sum that it had, and takes the jump for no slope */
	logic_set_float(&logic, LOGIC_X, 9.0);
	logic_step(&logic, 100 * MS);
	assert_near(logic_float(&logic, LOGIC_F), 1.0 + 0.6 + 0.1);
	assert_int_equal(logic_quality(&logic, LOGIC_F), QUALITY_GOOD);
	logic_end(&logic);
}

static void filters_hold_while_their_input_is_not_good(void **state)
{
	static const char *const texts[] = {
		"f := lowpass(in.x, 100ms)",	   "f := average(in.x, 4)",
		"f := rate_limit(in.x, 1, 1)",	   "f := integral(in.x)",
		"f := derivative(in.x) * 0 + 5.0",
	};
	struct logic logic;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		double before;

		logic_make(&logic, texts[i]);
		logic_set_float(&logic, LOGIC_X, 5.0);
		logic_step(&logic, 100 * MS);
		before = logic_float(&logic, LOGIC_F);
		logic_set_float(&logic, LOGIC_X, 99.0);
		logic_set_quality(&logic, LOGIC_X, QUALITY_BAD);
		logic_step(&logic, 100 * MS);
		assert_near(logic_float(&logic, LOGIC_F), before);
		assert_int_equal(logic_quality(&logic, LOGIC_F), QUALITY_BAD);
		logic_set_float(&logic, LOGIC_X, 5.0);
		logic_step(&logic, 100 * MS);
		assert_int_equal(logic_quality(&logic, LOGIC_F), QUALITY_GOOD);
		logic_end(&logic);
	}
}

static void step_with(struct logic *logic, double value, enum quality quality)
{
	logic_set_float(logic, LOGIC_Y, value);
	logic_set_quality(logic, LOGIC_Y, quality);
	logic_step(logic, 100 * MS);
}

static void integral_takes_no_argument_that_is_not_good(void **state)
{
	static const struct {
		const char *text;
		double first, good, bad, sum; /* of in.y; and what comes of it */
	} cases[] = {
		{ "f := integral(in.x, start := in.y)", 0.0, 50.0, 0.0, 50.0 },
		{ "f := integral(in.x, max := in.y, start := 30)", 0.0, 50.0, 0.0, 30.0 },
		{ "f := integral(in.x, min := in.y, start := 30)", 99.0, 5.0, 99.0,
		  30.0 },
		{ "f := integral(in.x, reset := in.y > 90, start := in.y)", 99.0, 50.0,
		  99.0, 50.0 },
	};
	struct logic logic;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		logic_make(&logic, cases[i].text);
		logic_set_float(&logic, LOGIC_X, 0.0);
		step_with(&logic, cases[i].first, QUALITY_BAD);
		assert_int_equal(logic_quality(&logic, LOGIC_F), QUALITY_BAD);
		step_with(&logic, cases[i].good, QUALITY_GOOD);
		assert_near(logic_float(&logic, LOGIC_F), cases[i].sum);
		step_with(&logic, cases[i].bad, QUALITY_BAD);
		assert_near(logic_float(&logic, LOGIC_F), cases[i].sum);
		step_with(&logic, cases[i].good, QUALITY_GOOD);
		assert_near(logic_float(&logic, LOGIC_F), cases[i].sum);
		assert_int_equal(logic_quality(&logic, LOGIC_F), QUALITY_GOOD);
		logic_end(&logic);
	}
}

static void integral_is_reset_though_its_sensor_is_dead(void **state)
{
	struct logic logic;

	logic_make(&logic, "f := integral(in.x, reset := in.a, start := 3)");
	logic_set_float(&logic, LOGIC_X, 10.0);
	logic_step(&logic, 100 * MS);
	assert_near(logic_float(&logic, LOGIC_F), 4.0);
	logic_set_quality(&logic, LOGIC_X, QUALITY_BAD);
	logic_set_bool(&logic, LOGIC_A, true);
	logic_step(&logic, 100 * MS);
	assert_near(logic_float(&logic, LOGIC_F), 3.0);
	assert_int_equal(logic_quality(&logic, LOGIC_F), QUALITY_BAD);
	logic_end(&logic);
}

static void a_derivative_begins_anew_after_a_bad_sample(void **state)
{
	struct logic logic;

	logic_make(&logic, "f := derivative(in.x)");
	logic_set_float(&logic, LOGIC_X, 5.0);
	logic_step(&logic, 100 * MS);
	logic_set_quality(&logic, LOGIC_X, QUALITY_BAD);
	logic_step(&logic, 100 * MS);
	logic_set_float(&logic, LOGIC_X, 50.0);
	logic_step(&logic, 100 * MS);
	assert_near(logic_float(&logic, LOGIC_F), 0.0);
	logic_set_float(&logic, LOGIC_X, 51.0);
	logic_step(&logic, 100 * MS);
	assert_near(logic_float(&logic, LOGIC_F), 10.0);
	logic_end(&logic);
}

static void arguments_that_make_no_sense_are_bad_and_counted(void **state)
{
	static const char *const texts[] = {
		"q := hysteresis(in.x, 3, 2)",
		"f := rate_limit(in.x, -1)",
		"f := integral(in.x, min := 2, max := 1)",
		"f := pid(sp := 1, pv := in.x, kp := 1, min := 2, max := 1)",
		"q := pwm(in.x, 0s)",
	};
	struct logic logic;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		logic_make(&logic, texts[i]);
		assert_int_equal(logic_step(&logic, MS), 1);
		assert_int_equal(
			counter_get(
				&program_trouble(logic.program, TROUBLE_RANGE)->count),
			1);
		assert_int_equal(
			logic_quality(&logic, *texts[i] == 'q' ? LOGIC_Q : LOGIC_F),
			QUALITY_BAD);
		logic_end(&logic);
	}
}

static void pwm_is_on_for_its_share_of_each_period(void **state)
{
	assert_traces("q := pwm(in.x * 10, 8ms)", TRACES({ LOGIC_X, "5555555555555555" }),
		      TRACES({ LOGIC_Q, "1111000011110000" }));
	assert_traces("q := pwm(100, 8ms)", TRACES({ LOGIC_A, "000000000" }),
		      TRACES({ LOGIC_Q, "111111111" }));
	assert_traces("q := pwm(0, 8ms)", TRACES({ LOGIC_A, "000000000" }),
		      TRACES({ LOGIC_Q, "000000000" }));
	/* 2.4 of 8 ms: to the nearest cycle */
	assert_traces("q := pwm(30, 8ms)", TRACES({ LOGIC_A, "0000000000" }),
		      TRACES({ LOGIC_Q, "1100000011" }));
	/* 2.8 */
	assert_traces("q := pwm(35, 8ms)", TRACES({ LOGIC_A, "0000000000" }),
		      TRACES({ LOGIC_Q, "1110000011" }));
	/* a period that is no multiple of the cycle: on all the time all the same */
	assert_traces("q := pwm(100, 2500us)", TRACES({ LOGIC_A, "0000000000" }),
		      TRACES({ LOGIC_Q, "1111111111" }));
}

static void pwm_switches_once_in_a_period(void **state)
{
	/* more duty within the period: not on again; less: off at once; more while on: longer */
	assert_traces("q := pwm(in.x * 10, 8ms)", TRACES({ LOGIC_X, "2229999955511111" }),
		      TRACES({ LOGIC_Q, "1100000011100000" }));
	assert_traces("q := pwm(in.x * 10, 8ms)", TRACES({ LOGIC_X, "25555555" }),
		      TRACES({ LOGIC_Q, "11110000" }));
}

static void pwm_keeps_its_grid_over_missed_releases(void **state)
{
	struct logic logic;

	logic_make(&logic, "q := pwm(50, 8ms)");
	logic_step(&logic, MS);
	logic_step(&logic, 5 * MS);
	assert_false(logic_bool(&logic, LOGIC_Q));
	logic_step(&logic, 13 * MS); /* 18 ms: 2 into the third */
	assert_true(logic_bool(&logic, LOGIC_Q));
	logic_step(&logic, 2 * MS);
	assert_false(logic_bool(&logic, LOGIC_Q));
	logic_end(&logic);
}

static void states_stay_finite_whatever_comes(void **state)
{
	static const char *const texts[] = {
		"f := integral(in.x)",
		"f := lowpass(in.x, 1ns)",
		"f := derivative(in.x)",
		"f := average(in.x, 3)",
		"f := rate_limit(in.x, 1e308)",
		("f := pid(sp := -in.x, pv := in.x, kp := in.x, ki := in.x, kd := in.x, "
		 "min := -1e308, max := 1e308)"),
	};
	struct logic logic;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		logic_make(&logic, texts[i]);
		for (unsigned k = 0; k < 20; k++) {
			logic_set_float(&logic, LOGIC_X, k % 3 ? DBL_MAX : -DBL_MAX);
			logic_step(&logic, MS);
			assert_true(isfinite(logic_float(&logic, LOGIC_F)));
		}
		for (unsigned k = 0; k < 20; k++) {
			logic_set_float(&logic, LOGIC_X, 0.0);
			logic_step(&logic, 10 * NS_PER_SEC);
			assert_true(isfinite(logic_float(&logic, LOGIC_F)));
		}
		logic_end(&logic);
	}
}

/* A replay takes a state from a log, which may hold anything; what a block makes of it is open. */
static void no_state_leads_a_block_out_of_its_memory(void **state)
{
	static const char *const texts[] = {
		"q := sr(in.a, in.b)",
		"q := r_trig(in.a)",
		"q := ton(in.a, 5ms)",
		"q := tof(in.a, 5ms)",
		"q := tp(in.a, 5ms)",
		"q := debounce(in.a, 5ms)",
		"q := ctud(in.a, in.b, in.c, in.d, in.i)",
		"q := hysteresis(in.x, 1, 2)",
		"f := rate_limit(in.x, 1)",
		"f := lowpass(in.x, 10ms)",
		"f := average(in.x, 3)",
		"f := derivative(in.x, 10ms)",
		"f := integral(in.x)",
		"f := pid(sp := 1, pv := in.x, kp := 1, ki := 1, min := 0, max := 9)",
		"q := pwm(in.x, 1s)",
	};
	static const uint8_t patterns[] = { 0x01, 0x40, 0x7f, 0x80, 0xbf, 0xff };
	struct logic logic;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts) * ARRAY_SIZE(patterns); i++) {
		logic_make(&logic, texts[i / ARRAY_SIZE(patterns)]);
		assert_int_equal(logic.code, 0);
		memset(program_state(logic.program), patterns[i % ARRAY_SIZE(patterns)],
		       program_state_bytes(logic.program));
		for (unsigned k = 0; k < 8; k++) {
			logic_set_bool(&logic, LOGIC_A, k & 1);
			logic_step(&logic, MS);
		}
		assert_true(isfinite(logic_float(&logic, LOGIC_F)));
		logic_end(&logic);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r_trig_is_true_for_one_cycle_at_a_rising_edge),
		cmocka_unit_test(f_trig_is_true_for_one_cycle_at_a_falling_edge),
		cmocka_unit_test(f_trig_counts_false_from_the_start_as_an_edge),
		cmocka_unit_test(sr_is_set_dominant),
		cmocka_unit_test(rs_is_reset_dominant),
		cmocka_unit_test(ton_is_true_once_its_input_has_been_so_for_pt),
		cmocka_unit_test(ton_of_no_time_follows_at_once),
		cmocka_unit_test(tof_stays_true_for_pt_after_its_input),
		cmocka_unit_test(tp_gives_a_pulse_of_pt_whatever_its_input_does),
		cmocka_unit_test(a_timer_counts_the_releases_that_were_missed),
		cmocka_unit_test(a_timer_never_wraps),
		cmocka_unit_test(a_time_may_be_a_param),
		cmocka_unit_test(ctu_counts_edges_up),
		cmocka_unit_test(ctd_counts_edges_down),
		cmocka_unit_test(ctud_counts_both_ways),
		cmocka_unit_test(ctud_leaves_two_edges_at_once_alone),
		cmocka_unit_test(counters_stop_at_the_ends),
		cmocka_unit_test(each_call_has_a_state_of_its_own),
		cmocka_unit_test(blocks_run_in_a_branch_that_is_not_taken_too),
		cmocka_unit_test(a_block_is_worth_what_its_inputs_are),
		cmocka_unit_test(every_argument_of_every_function_counts_for_its_worth),
		cmocka_unit_test(every_result_of_a_block_has_its_worth),
		cmocka_unit_test(debounce_waits_until_a_value_has_settled),
		cmocka_unit_test(hysteresis_keeps_between_its_two_limits),
		cmocka_unit_test(rate_limit_goes_no_faster_than_it_may),
		cmocka_unit_test(lowpass_answers_a_step_like_one_of_first_order),
		cmocka_unit_test(average_is_the_mean_of_the_last_samples),
		cmocka_unit_test(derivative_is_the_change_in_a_second),
		cmocka_unit_test(integral_takes_no_argument_that_is_not_good),
		cmocka_unit_test(integral_is_reset_though_its_sensor_is_dead),
		cmocka_unit_test(integral_sums_up_and_stays_within_its_limits),
		cmocka_unit_test(pid_adds_its_three_parts),
		cmocka_unit_test(pid_does_not_wind_up),
		cmocka_unit_test(pid_sums_up_to_its_limits_and_no_further),
		cmocka_unit_test(pid_takes_over_from_manual_without_a_bump),
		cmocka_unit_test(pid_takes_new_gains_without_a_bump),
		cmocka_unit_test(pid_does_not_kick_when_its_set_point_jumps),
		cmocka_unit_test(pid_holds_while_a_sensor_is_not_good),
		cmocka_unit_test(filters_hold_while_their_input_is_not_good),
		cmocka_unit_test(a_derivative_begins_anew_after_a_bad_sample),
		cmocka_unit_test(arguments_that_make_no_sense_are_bad_and_counted),
		cmocka_unit_test(pwm_is_on_for_its_share_of_each_period),
		cmocka_unit_test(pwm_switches_once_in_a_period),
		cmocka_unit_test(pwm_keeps_its_grid_over_missed_releases),
		cmocka_unit_test(states_stay_finite_whatever_comes),
		cmocka_unit_test(no_state_leads_a_block_out_of_its_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
