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
#include "tests/fakes/logic.h"

#define NO_TROUBLE TROUBLE_KINDS

/* What one step of one statement gives. */
struct outcome {
	union value value;
	enum quality quality;
	enum trouble trouble; /* of the statement; NO_TROUBLE: none */
};

/* Inputs, as they are when a test does not say otherwise. */
struct given {
	bool a, b;
	int64_t i, j;
	double x, y;
};

static struct given given;
static enum quality quality_a, quality_b, quality_x, quality_y;

static void set_inputs(struct logic *logic)
{
	logic_set_bool(logic, LOGIC_A, given.a);
	logic_set_bool(logic, LOGIC_B, given.b);
	logic_set_int(logic, LOGIC_I, given.i);
	logic_set_int(logic, LOGIC_J, given.j);
	logic_set_float(logic, LOGIC_X, given.x);
	logic_set_float(logic, LOGIC_Y, given.y);
	logic_set_quality(logic, LOGIC_A, quality_a);
	logic_set_quality(logic, LOGIC_B, quality_b);
	logic_set_quality(logic, LOGIC_X, quality_x);
	logic_set_quality(logic, LOGIC_Y, quality_y);
}

static enum trouble trouble_of(const struct logic *logic)
{
	for (unsigned kind = 0; kind < TROUBLE_KINDS; kind++) {
		if (counter_get(&program_trouble(logic->program, (enum trouble)kind)
					 ->count)) {
			return (enum trouble)kind;
		}
	}
	return NO_TROUBLE;
}

static struct outcome run(const char *target, unsigned symbol, const char *expression)
{
	struct outcome outcome;
	struct logic logic;
	char text[512];
	unsigned line;

	snprintf(text, sizeof(text), "%s := %s", target, expression);
	logic_make(&logic, text);
	assert_string_equal(logic.errors, "");
	set_inputs(&logic);
	line = logic_step(&logic, NS_PER_MS);
	outcome.value = channel_value(&logic.channels[symbol]);
	outcome.quality = logic_quality(&logic, symbol);
	outcome.trouble = trouble_of(&logic);
	assert_int_equal(line, outcome.trouble == NO_TROUBLE ? 0 : 1);
	logic_end(&logic);
	return outcome;
}

static void assert_bool(const char *expression, bool value)
{
	struct outcome outcome = run("q", LOGIC_Q, expression);

	if (outcome.value.as_bool != value) {
		print_error("%s\n", expression);
	}
	assert_int_equal(outcome.value.as_bool, value);
	assert_int_equal(outcome.quality, QUALITY_GOOD);
	assert_int_equal(outcome.trouble, NO_TROUBLE);
}

static void assert_int(const char *expression, int64_t value)
{
	struct outcome outcome = run("n", LOGIC_N, expression);

	if (outcome.value.as_int != value) {
		print_error("%s\n", expression);
	}
	assert_int_equal(outcome.value.as_int, value);
	assert_int_equal(outcome.quality, QUALITY_GOOD);
	assert_int_equal(outcome.trouble, NO_TROUBLE);
}

static void assert_time(const char *expression, int64_t ns)
{
	struct outcome outcome = run("t", LOGIC_T, expression);

	assert_int_equal(outcome.value.as_int, ns);
	assert_int_equal(outcome.quality, QUALITY_GOOD);
}

static void assert_float(const char *expression, double value)
{
	struct outcome outcome = run("f", LOGIC_F, expression);

	if (outcome.value.as_float != value) {
		print_error("%s: %.17g\n", expression, outcome.value.as_float);
	}
	assert_true(outcome.value.as_float == value);
	assert_int_equal(outcome.quality, QUALITY_GOOD);
	assert_int_equal(outcome.trouble, NO_TROUBLE);
}

static void assert_int_trouble(const char *expression, int64_t value,
			       enum quality quality, enum trouble trouble)
{
	struct outcome outcome = run("n", LOGIC_N, expression);

	assert_int_equal(outcome.value.as_int, value);
	assert_int_equal(outcome.quality, quality);
	assert_int_equal(outcome.trouble, trouble);
}

static void assert_float_trouble(const char *expression, double value,
				 enum quality quality, enum trouble trouble)
{
	struct outcome outcome = run("f", LOGIC_F, expression);

	assert_true(outcome.value.as_float == value);
	assert_int_equal(outcome.quality, quality);
	assert_int_equal(outcome.trouble, trouble);
}

static int reset(void **state)
{
	given = (struct given){ 0 };
	quality_a = quality_b = quality_x = quality_y = QUALITY_GOOD;
	return 0;
}

static void numbers_are_read_as_they_are_written(void **state)
{
	assert_int("42", 42);
	assert_int("0x1F", 31);
	assert_int("9223372036854775807", INT64_MAX);
	assert_int("-9223372036854775807 - 1", INT64_MIN);
	assert_float("1.5", 1.5);
	assert_float("1e-3", 0.001);
	assert_float("2.5E2", 250.0);
	assert_float(".5", 0.5);
	assert_float("7", 7.0);
	assert_time("2s", 2 * NS_PER_SEC);
	assert_time("100ms", 100 * NS_PER_MS);
	assert_time("1.5us", 1500);
	assert_time("2h", 7200 * NS_PER_SEC);
	assert_time("3min", 180 * NS_PER_SEC);
	assert_bool("TRUE", true);
	assert_bool("False", false);
}

static void operators_bind_as_in_structured_text(void **state)
{
	assert_float("1 + 2 * 3", 7.0);
	assert_float("(1 + 2) * 3", 9.0);
	assert_float("10 - 4 - 3", 3.0);
	assert_float("100 / 10 / 2", 5.0);
	assert_float("-2 * -3", 6.0);
	assert_float("- - 2", 2.0);
	assert_int("7 mod 4 * 2", 6);
	assert_int("-7 div 2", -3);
	assert_bool("true or false and false", true);
	assert_bool("true or true xor true", true);
	assert_bool("true xor true and false", true);
	assert_bool("not false and false", false);
	assert_bool("not true = false", true);
	assert_bool("1 + 1 = 2 and 3 > 2", true);
	assert_bool("1 < 2 = true", true);
	assert_float("1 + if true then 2 else 3 * 10", 3.0);
	assert_float("if false then 1 else 3 * 10", 30.0);
	assert_float("if true then if false then 1 else 2 else 3", 2.0);
	assert_float("if false then 1 elsif true then 2 else 3", 2.0);
	assert_float("if false then 1 elsif false then 2 else 3", 3.0);
}

static void integers_are_computed_exactly_and_saturate(void **state)
{
	given.i = INT64_MAX;
	given.j = INT64_MIN;
	assert_int("in.i - 1 + 1", INT64_MAX);
	assert_int("in.i + in.j", -1);
	assert_int_trouble("in.i + 1", INT64_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
	assert_int_trouble("in.j + (-1)", INT64_MIN, QUALITY_GOOD, TROUBLE_OVERFLOW);
	assert_int_trouble("in.j - 1", INT64_MIN, QUALITY_GOOD, TROUBLE_OVERFLOW);
	assert_int_trouble("in.i - (-1)", INT64_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
	assert_int_trouble("0 - in.j", INT64_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
	assert_int_trouble("-in.j", INT64_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
	assert_int_trouble("abs(in.j)", INT64_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
	assert_int_trouble("in.i * 2", INT64_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
	assert_int_trouble("in.i * -2", INT64_MIN, QUALITY_GOOD, TROUBLE_OVERFLOW);
	assert_int_trouble("in.j * in.j", INT64_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
	assert_int_trouble("in.j div -1", INT64_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
	assert_int("in.j mod -1", 0);
	given.i = -7;
	given.j = 2;
	assert_int("in.i div in.j", -3);
	assert_int("in.i mod in.j", -1);
	assert_int("7 mod -in.j", 1);
	assert_int("-in.i", 7);
	assert_int("abs(in.i)", 7);
	assert_int("abs(in.j)", 2);
}

static void a_division_by_zero_is_zero_and_bad(void **state)
{
	given.i = 5;
	given.x = 5.0;
	assert_int_trouble("in.i div in.j", 0, QUALITY_BAD, TROUBLE_DIVISION);
	assert_int_trouble("in.i mod in.j", 0, QUALITY_BAD, TROUBLE_DIVISION);
	assert_float_trouble("in.x / in.y", 0.0, QUALITY_BAD, TROUBLE_DIVISION);
	assert_float_trouble("in.y / in.y", 0.0, QUALITY_BAD, TROUBLE_DIVISION);
	assert_float_trouble("in.i / in.j", 0.0, QUALITY_BAD, TROUBLE_DIVISION);
	assert_float_trouble("2s / t", 0.0, QUALITY_BAD, TROUBLE_DIVISION);
	assert_float_trouble("scale(in.x, in.y, in.y, 1, 2)", 0.0, QUALITY_BAD,
			     TROUBLE_DIVISION);
	given.y = -0.0;
	assert_float_trouble("in.x / in.y", 0.0, QUALITY_BAD, TROUBLE_DIVISION);
}

static void floats_stay_finite(void **state)
{
	given.x = DBL_MAX;
	given.y = 10.0;
	assert_float_trouble("in.x * in.y", DBL_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
	assert_float_trouble("-in.x * in.y", -DBL_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
	assert_float_trouble("in.x + in.x", DBL_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
	assert_float_trouble("-in.x - in.x", -DBL_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
	assert_float_trouble("in.x / 0.5", DBL_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
	given.y = -4.0;
	assert_float_trouble("sqrt(in.y)", 0.0, QUALITY_BAD, TROUBLE_INVALID);
	given.y = 4.0;
	assert_float("sqrt(in.y)", 2.0);
	given.y = 0.0;
	assert_float("sqrt(in.y)", 0.0);
}

static void an_input_that_is_no_number_is_zero_and_bad(void **state)
{
	given.x = NAN;
	assert_float_trouble("in.x + 1", 1.0, QUALITY_BAD, TROUBLE_INVALID);
	given.x = INFINITY;
	assert_float_trouble("in.x", DBL_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
	given.x = -INFINITY;
	assert_float_trouble("in.x", -DBL_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
}

static void comparisons_take_every_order(void **state)
{
	given.i = 1;
	given.j = 2;
	given.x = 1.5;
	given.y = 1.5;
	assert_bool("in.i < in.j", true);
	assert_bool("in.j < in.i", false);
	assert_bool("in.i < in.i", false);
	assert_bool("in.i <= in.i", true);
	assert_bool("in.j <= in.i", false);
	assert_bool("in.j > in.i", true);
	assert_bool("in.i > in.i", false);
	assert_bool("in.i >= in.i", true);
	assert_bool("in.i >= in.j", false);
	assert_bool("in.i = in.j", false);
	assert_bool("in.i <> in.j", true);
	assert_bool("in.x < in.y", false);
	assert_bool("in.x <= in.y", true);
	assert_bool("in.x > in.y", false);
	assert_bool("in.x >= in.y", true);
	assert_bool("in.x = in.y", true);
	assert_bool("in.x <> in.y", false);
	assert_bool("in.x < in.j", true);
	assert_bool("in.i >= in.x", false);
	assert_bool("0.0 = -0.0", true);
	assert_bool("2s < 2000001us", true);
	assert_bool("60s = 1min", true);
	assert_bool("true <> false", true);
	assert_bool("in.a = in.b", true);
}

static void conversions_are_asked_for_and_saturate(void **state)
{
	given.x = 2.5;
	given.y = -2.5;
	assert_int("round(in.x)", 2);
	assert_int("round(3.5)", 4);
	assert_int("round(in.y)", -2);
	assert_int("trunc(in.x)", 2);
	assert_int("trunc(in.y)", -2);
	assert_int("floor(in.y)", -3);
	assert_int("ceil(in.x)", 3);
	assert_int("int(true)", 1);
	assert_int("int(in.a)", 0);
	given.i = (INT64_C(1) << 53) + 1;
	assert_float("float(in.i)", 9007199254740992.0);
	assert_float("in.i", 9007199254740992.0);
	assert_float("seconds(1500ms)", 1.5);
	assert_time("duration(in.x)", 2500 * NS_PER_MS);
	given.x = 0x1p63;
	assert_int_trouble("round(in.x)", INT64_MAX, QUALITY_GOOD, TROUBLE_OVERFLOW);
	given.x = -0x1p63;
	assert_int("trunc(in.x)", INT64_MIN);
	given.x = -0x1.0000000000001p63;
	assert_int_trouble("floor(in.x)", INT64_MIN, QUALITY_GOOD, TROUBLE_OVERFLOW);
}

static void durations_are_whole_nanoseconds(void **state)
{
	given.i = 3;
	assert_time("2s + 500ms", 2500 * NS_PER_MS);
	assert_time("2s - 3s", -NS_PER_SEC);
	assert_time("2s * in.i", 6 * NS_PER_SEC);
	assert_time("in.i * 2s", 6 * NS_PER_SEC);
	assert_time("-2s", -2 * NS_PER_SEC);
	assert_float("3s / 2s", 1.5);
	assert_time("max(2s, 500ms)", 2 * NS_PER_SEC);
	assert_time("limit(1s, 500ms, 2s)", NS_PER_SEC);
	assert_time("dt()", NS_PER_MS);
}

static void numbers_are_chosen_and_limited(void **state)
{
	given.i = 5;
	given.x = 5.5;
	assert_int("min(in.i, 7, 3)", 3);
	assert_int("max(in.i, 7, 3)", 7);
	assert_float("min(in.i, in.x)", 5.0);
	assert_float("max(in.i, in.x, -1)", 5.5);
	assert_int("limit(0, in.i, 4)", 4);
	assert_int("limit(6, in.i, 9)", 6);
	assert_int("limit(mx := 9, mn := 0, in := in.i)", 5);
	assert_float("limit(0, in.x, 4.5)", 4.5);
	assert_float_trouble("limit(in.x, 1, 0)", 0.0, QUALITY_BAD, TROUBLE_RANGE);
	assert_int_trouble("limit(in.i, 1, 0)", 0, QUALITY_BAD, TROUBLE_RANGE);
	given.i = 1;
	assert_float("select(in.i, 10, 20.5, 30)", 20.5);
	assert_bool("select(in.i, in.x > 0, false)", false);
	assert_time("select(in.i, 1s, 2s)", 2 * NS_PER_SEC);
	given.i = 3;
	assert_int_trouble("select(in.i, 10, 20, 30)", 30, QUALITY_BAD, TROUBLE_RANGE);
	given.i = -1;
	assert_int_trouble("select(in.i, 10, 20, 30)", 10, QUALITY_BAD, TROUBLE_RANGE);
	assert_float("abs(-in.x)", 5.5);
}

static void bits_are_counted_from_the_least(void **state)
{
	given.i = 5;
	assert_bool("bit(in.i, 0)", true);
	assert_bool("bit(in.i, 1)", false);
	assert_bool("bit(in.i, 2)", true);
	given.i = -1;
	assert_bool("bit(in.i, 63)", true);
	assert_int_trouble("int(bit(in.i, 64))", 0, QUALITY_BAD, TROUBLE_RANGE);
	assert_int_trouble("int(bit(in.i, -1))", 0, QUALITY_BAD, TROUBLE_RANGE);
}

static void a_line_goes_through_its_two_points(void **state)
{
	given.x = 12.0;
	assert_float("scale(in.x, 4, 20, 0, 100)", 50.0);
	assert_float("scale(in.x, 20, 4, 0, 100)", 50.0);
	given.x = 20.0;
	assert_float("scale(in.x, 4, 20, 0, 0.1)", 0.1);
	given.x = 2.0;
	assert_float("scale(in.x, 4, 20, 0, 100)", -12.5);
}

static void a_table_is_followed_in_straight_lines(void **state)
{
	static const char table[] = "lookup(in.x, [0, 4], [10, 5], [20, 25], [40, 5.5])";
	static const double pairs[][2] = {
		{ -5, 4 },  { 0, 4 },	   { 5, 4.5 },	{ 10, 5 },	{ 15, 15 },
		{ 20, 25 }, { 30, 15.25 }, { 40, 5.5 }, { 1e300, 5.5 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		given.x = pairs[i][0];
		assert_float(table, pairs[i][1]);
	}
}

/* --- quality --- */

static enum quality quality_of(const char *expression)
{
	struct outcome outcome = run("q", LOGIC_Q, expression);

	assert_int_equal(outcome.trouble, NO_TROUBLE);
	return outcome.quality;
}

static void a_result_is_as_good_as_the_worst_of_what_it_is_made_of(void **state)
{
	quality_x = QUALITY_STALE;
	quality_y = QUALITY_BAD;
	assert_int_equal(quality_of("in.x > 1"), QUALITY_STALE);
	assert_int_equal(quality_of("in.x > in.y"), QUALITY_BAD);
	assert_int_equal(quality_of("in.i > 1"), QUALITY_GOOD);
	assert_int_equal(quality_of("in.i + in.x * 2 > 1"), QUALITY_STALE);
	assert_int_equal(quality_of("min(1, in.x, 2) > 1"), QUALITY_STALE);
	assert_int_equal(quality_of("limit(0, 1, in.y) > 1"), QUALITY_BAD);
	assert_int_equal(quality_of("round(in.x) > 1"), QUALITY_STALE);
	assert_int_equal(quality_of("lookup(in.y, [0, 1], [2, 3]) > 1"), QUALITY_BAD);
}

static void one_operand_that_decides_alone_is_enough(void **state)
{
	static const enum quality g = QUALITY_GOOD, s = QUALITY_STALE, b = QUALITY_BAD;
	static const struct {
		bool a;
		enum quality qa;
		bool b;
		enum quality qb;
		enum quality of_and;
		enum quality of_or;
	} rows[] = {
		{ false, g, false, g, g, g }, { false, g, false, b, g, b },
		{ false, g, true, b, g, b },  { true, g, false, b, b, g },
		{ true, g, true, b, b, g },   { false, b, false, g, g, b },
		{ false, b, true, g, b, g },  { true, b, false, g, g, b },
		{ true, b, true, g, b, g },   { false, s, false, b, s, b },
		{ false, s, true, b, s, b },  { true, s, true, b, b, s },
		{ true, s, false, g, g, s },  { false, b, true, s, b, s },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		given.a = rows[i].a;
		given.b = rows[i].b;
		quality_a = rows[i].qa;
		quality_b = rows[i].qb;
		assert_int_equal(quality_of("in.a and in.b"), rows[i].of_and);
		assert_int_equal(quality_of("in.a or in.b"), rows[i].of_or);
		assert_int_equal(quality_of("in.a xor in.b"),
				 rows[i].qa > rows[i].qb ? rows[i].qa : rows[i].qb);
		assert_int_equal(quality_of("not in.a"), rows[i].qa);
	}
}

static void only_the_branch_taken_counts(void **state)
{
	quality_x = QUALITY_BAD;
	assert_int_equal(quality_of("(if true then 1.0 else in.x) > 0"), QUALITY_GOOD);
	given.a = true;
	assert_int_equal(quality_of("(if in.a then 1.0 else in.x) > 0"), QUALITY_GOOD);
	assert_int_equal(quality_of("(if in.a then in.x else 1.0) > 0"), QUALITY_BAD);
	quality_a = QUALITY_STALE;
	assert_int_equal(quality_of("(if in.a then 1.0 else in.x) > 0"), QUALITY_STALE);
	assert_int_equal(quality_of("select(0, 1.0, in.x) > 0"), QUALITY_GOOD);
	assert_int_equal(quality_of("select(1, 1.0, in.x) > 0"), QUALITY_BAD);
}

static void trouble_in_a_branch_that_is_not_taken_is_none(void **state)
{
	given.x = 3.0;
	assert_float("if in.y <> 0 then in.x / in.y else 7.5", 7.5);
	assert_float("if in.y = 0 then 7.5 else in.x / in.y", 7.5);
	assert_bool("in.y <> 0 and in.x / in.y > 1", false);
	assert_bool("in.y = 0 or in.x / in.y > 1", true);
	assert_float("select(1, in.x / in.y, 2)", 2.0);
	assert_float_trouble("if in.y = 0 then in.x / in.y else 7.5", 0.0, QUALITY_BAD,
			     TROUBLE_DIVISION);
}

static void good_and_age_are_always_good(void **state)
{
	quality_x = QUALITY_BAD;
	quality_y = QUALITY_STALE;
	assert_bool("good(in.x)", false);
	assert_bool("good(in.y)", false);
	assert_bool("good(in.i)", true);
	assert_bool("good(in.x + in.i)", false);
	assert_bool("good(if in.a then in.x else 1.0)", true);
	assert_bool("not good(in.x) and not good(in.y)", true);
	assert_bool("age(in.x) = 1ms", true);
}

static void an_age_counts_from_the_last_sample(void **state)
{
	struct logic logic;

	logic_make(&logic, "t := age(in.x)");
	logic_step(&logic, NS_PER_MS);
	assert_int_equal(logic_int(&logic, LOGIC_T), NS_PER_MS);
	logic_step(&logic, 3 * NS_PER_MS);
	assert_int_equal(logic_int(&logic, LOGIC_T), 4 * NS_PER_MS);
	logic.channels[LOGIC_X].sample_ns = logic.now.release_ns + 5 * NS_PER_SEC;
	logic_step(&logic, NS_PER_MS);
	assert_int_equal(logic_int(&logic, LOGIC_T), 0);
	logic.channels[LOGIC_X].sample_ns = 0;
	logic_step(&logic, NS_PER_MS);
	assert_int_equal(logic_int(&logic, LOGIC_T), INT64_MAX);
	logic_end(&logic);
}

/* --- statements --- */

static void a_var_that_is_read_before_its_line_is_of_the_cycle_before(void **state)
{
	struct logic logic;

	logic_make(&logic, "n := n2 * 10\nn2 := n2 + 1\nf := n2");
	for (int64_t i = 0; i < 5; i++) {
		logic_step(&logic, NS_PER_MS);
		assert_int_equal(logic_int(&logic, LOGIC_N), i * 10);
		assert_true(logic_float(&logic, LOGIC_F) == (double)(i + 1));
	}
	logic_end(&logic);
}

static void a_var_keeps_its_quality_and_forgets_its_trouble(void **state)
{
	struct logic logic;

	logic_make(&logic, "f := f2 + 1\nf2 := in.x / in.y");
	logic_set_float(&logic, LOGIC_X, 6.0);
	assert_int_equal(logic_step(&logic, NS_PER_MS), 2);
	assert_int_equal(logic_quality(&logic, LOGIC_F), QUALITY_GOOD);
	assert_int_equal(logic_quality(&logic, LOGIC_F2), QUALITY_BAD);
	logic_set_float(&logic, LOGIC_Y, 2.0);
	assert_int_equal(logic_step(&logic, NS_PER_MS), 0);
	assert_int_equal(logic_quality(&logic, LOGIC_F), QUALITY_BAD);
	assert_int_equal(
		counter_get(&program_trouble(logic.program, TROUBLE_DIVISION)->count), 1);
	logic_step(&logic, NS_PER_MS);
	assert_int_equal(logic_quality(&logic, LOGIC_F), QUALITY_GOOD);
	assert_true(logic_float(&logic, LOGIC_F) == 4.0);
	logic_end(&logic);
}

static void trouble_is_counted_by_kind_with_its_first_line(void **state)
{
	const struct program_trouble *division, *overflow;
	struct logic logic;

	logic_make(&logic,
		   "# one\nn := in.i div in.j\n\nf := in.x * in.x\nf2 := in.x / in.y");
	logic_set_float(&logic, LOGIC_X, 1e300);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(logic_step(&logic, NS_PER_MS), 2);
	}
	division = program_trouble(logic.program, TROUBLE_DIVISION);
	overflow = program_trouble(logic.program, TROUBLE_OVERFLOW);
	assert_int_equal(counter_get(&division->count), 6);
	assert_int_equal(counter_get(&division->line), 2);
	assert_int_equal(counter_get(&overflow->count), 3);
	assert_int_equal(counter_get(&overflow->line), 4);
	assert_int_equal(
		counter_get(&program_trouble(logic.program, TROUBLE_RANGE)->count), 0);
	assert_string_equal(program_trouble_name(TROUBLE_DIVISION), "a division by zero");
	assert_string_equal(program_trouble_key(TROUBLE_RANGE), "range");
	logic_end(&logic);
}

static void outputs_take_value_quality_and_can_be_read_back(void **state)
{
	struct logic logic;

	logic_make(&logic, "out.lamp := in.a or out.lamp\nout.valve := in.x * 2");
	logic_set_float(&logic, LOGIC_X, 1.25);
	logic_set_quality(&logic, LOGIC_X, QUALITY_STALE);
	logic_step(&logic, NS_PER_MS);
	assert_false(logic_bool(&logic, LOGIC_LAMP));
	assert_true(logic_float(&logic, LOGIC_VALVE) == 2.5);
	assert_int_equal(logic_quality(&logic, LOGIC_VALVE), QUALITY_STALE);
	logic_set_bool(&logic, LOGIC_A, true);
	logic_step(&logic, NS_PER_MS);
	logic_set_bool(&logic, LOGIC_A, false);
	logic_step(&logic, NS_PER_MS);
	assert_true(logic_bool(&logic, LOGIC_LAMP));
	assert_true(program_writes(logic.program, LOGIC_LAMP));
	assert_true(program_reads(logic.program, LOGIC_LAMP));
	assert_false(program_writes(logic.program, LOGIC_Q));
	assert_false(program_reads(logic.program, LOGIC_VALVE));
	logic_end(&logic);
}

static void params_are_read_in_every_step(void **state)
{
	struct logic logic;

	logic_make(&logic, "f := target + 1\nt := hold * 2");
	logic_step(&logic, NS_PER_MS);
	assert_true(logic_float(&logic, LOGIC_F) == 1.0);
	logic_set_float(&logic, LOGIC_TARGET, 180.0);
	logic_set_int(&logic, LOGIC_HOLD, NS_PER_SEC);
	logic_step(&logic, NS_PER_MS);
	assert_true(logic_float(&logic, LOGIC_F) == 181.0);
	assert_int_equal(logic_int(&logic, LOGIC_T), 2 * NS_PER_SEC);
	logic_end(&logic);
}

static unsigned operations_of(const char *text)
{
	struct logic logic;
	unsigned operations;

	logic_make(&logic, text);
	assert_string_equal(logic.errors, "");
	operations = program_operations(logic.program);
	logic_end(&logic);
	return operations;
}

static void operations_are_loads_computations_assignments_and_stores(void **state)
{
	assert_int_equal(operations_of(""), 0);
	assert_int_equal(operations_of("q := true"), 2);
	assert_int_equal(operations_of("f := 2 * 3.14 + sqrt(2)"), 2);
	assert_int_equal(operations_of("f := in.x"), 3);
	assert_int_equal(operations_of("f := in.x + in.x"), 4);
	assert_int_equal(operations_of("f := in.i"), 4);
	assert_int_equal(operations_of("f := average(in.x, 100)"), 104);
	assert_int_equal(operations_of("q := ton(in.a, 1s, et => t)"), 6);
}

/* --- state --- */

static void a_state_that_is_put_back_continues_exactly(void **state)
{
	static const char text[] =
		"q := ton(in.a, 5ms, et => t)\n"
		"f := lowpass(in.x, 10ms) + f * 0.5\n"
		"n := n + 1\n"
		"out.valve := pid(sp := 1, pv := in.x, kp := 1, ki := 2, "
		"min := 0, max := 10)\n";
	struct logic first, second;
	size_t bytes;

	logic_make(&first, text);
	logic_make(&second, text);
	logic_set_bool(&first, LOGIC_A, true);
	logic_set_bool(&second, LOGIC_A, true);
	bytes = program_state_bytes(first.program);
	assert_int_equal(bytes, program_state_bytes(second.program));
	assert_true(bytes >= 5 * 16 + (2 + 2 + 8) * 8);
	for (unsigned i = 0; i < 10; i++) {
		logic_set_float(&first, LOGIC_X, (double)i * 0.37);
		logic_step(&first, NS_PER_MS);
		if (i == 3) {
			memcpy(program_state(second.program),
			       program_state(first.program), bytes);
			second.now = first.now;
		} else if (i > 3) {
			logic_set_float(&second, LOGIC_X, (double)i * 0.37);
			logic_step(&second, NS_PER_MS);
			assert_memory_equal(program_state(second.program),
					    program_state(first.program), bytes);
			assert_memory_equal(second.part.block, first.part.block,
					    first.part.bytes);
		}
	}
	assert_true(logic_bool(&second, LOGIC_Q));
	logic_end(&first);
	logic_end(&second);
}

static uint64_t hash_of(const char *text)
{
	struct logic logic;
	uint64_t hash;

	logic_make(&logic, text);
	hash = program_hash(logic.program);
	logic_end(&logic);
	return hash;
}

static void the_hash_tells_programs_apart_not_their_looks(void **state)
{
	uint64_t hash = hash_of("f := in.x * 2 + f2");

	assert_true(hash == hash_of("# first\n\nF := (in.x * 2)\n   + f2"));
	assert_true(hash != hash_of("f := in.x * 3 + f2"));
	assert_true(hash != hash_of("f := in.y * 2 + f2"));
	assert_true(hash != hash_of("f2 := in.x * 2 + f"));
	assert_true(hash != hash_of("f := in.x * 2 - f2"));
	assert_true(hash_of("q := ton(in.a, 1s)") != hash_of("q := tof(in.a, 1s)"));
}

static void whose_ages_are_asked_for_is_known(void **state)
{
	struct logic logic;

	(void)state;
	logic_make(&logic, "t := age(in.x)\nf := in.y");
	assert_true(program_ages(logic.program, LOGIC_X));
	assert_false(program_ages(logic.program, LOGIC_Y));
	assert_false(program_ages(logic.program, LOGIC_A));
	logic_end(&logic);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(numbers_are_read_as_they_are_written, reset),
		cmocka_unit_test_setup(whose_ages_are_asked_for_is_known, reset),
		cmocka_unit_test_setup(operators_bind_as_in_structured_text, reset),
		cmocka_unit_test_setup(integers_are_computed_exactly_and_saturate, reset),
		cmocka_unit_test_setup(a_division_by_zero_is_zero_and_bad, reset),
		cmocka_unit_test_setup(floats_stay_finite, reset),
		cmocka_unit_test_setup(an_input_that_is_no_number_is_zero_and_bad, reset),
		cmocka_unit_test_setup(comparisons_take_every_order, reset),
		cmocka_unit_test_setup(conversions_are_asked_for_and_saturate, reset),
		cmocka_unit_test_setup(durations_are_whole_nanoseconds, reset),
		cmocka_unit_test_setup(numbers_are_chosen_and_limited, reset),
		cmocka_unit_test_setup(bits_are_counted_from_the_least, reset),
		cmocka_unit_test_setup(a_line_goes_through_its_two_points, reset),
		cmocka_unit_test_setup(a_table_is_followed_in_straight_lines, reset),
		cmocka_unit_test_setup(
			a_result_is_as_good_as_the_worst_of_what_it_is_made_of, reset),
		cmocka_unit_test_setup(one_operand_that_decides_alone_is_enough, reset),
		cmocka_unit_test_setup(only_the_branch_taken_counts, reset),
		cmocka_unit_test_setup(trouble_in_a_branch_that_is_not_taken_is_none,
				       reset),
		cmocka_unit_test_setup(good_and_age_are_always_good, reset),
		cmocka_unit_test_setup(an_age_counts_from_the_last_sample, reset),
		cmocka_unit_test_setup(
			a_var_that_is_read_before_its_line_is_of_the_cycle_before, reset),
		cmocka_unit_test_setup(a_var_keeps_its_quality_and_forgets_its_trouble,
				       reset),
		cmocka_unit_test_setup(trouble_is_counted_by_kind_with_its_first_line,
				       reset),
		cmocka_unit_test_setup(outputs_take_value_quality_and_can_be_read_back,
				       reset),
		cmocka_unit_test_setup(params_are_read_in_every_step, reset),
		cmocka_unit_test_setup(
			operations_are_loads_computations_assignments_and_stores, reset),
		cmocka_unit_test_setup(a_state_that_is_put_back_continues_exactly, reset),
		cmocka_unit_test_setup(the_hash_tells_programs_apart_not_their_looks,
				       reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
