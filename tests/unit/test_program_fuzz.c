/*
 * Random programs against a reference: expressions grow from the leaves up, and each one is computed as it is made, by
 * other means than those of the program (128-bit integers, long doubles, one rule a line). The seed is fixed.
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
#include "tests/fakes/logic.h"
#include "tests/fakes/sweep.h"

#define PROGRAMS   3000
#define NODES_MAX  60
#define TEXT_BYTES 900

#define STATE_HASH UINT64_C(0xabcb9db83ca2ea64)

/* An expression and what it gives. */
struct node {
	char text[TEXT_BYTES];
	enum program_type type;
	int64_t i; /* bool, integer, duration */
	double f;
	unsigned quality; /* 0 good, 1 stale, 2 bad */
	unsigned trouble; /* bits by enum trouble */
	bool is_const;
};

struct forest {
	struct node nodes[NODES_MAX];
	unsigned count;
	struct logic *logic;
};

static uint64_t seed;

/* xorshift64* */
static unsigned draw(unsigned below)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (unsigned)((seed * UINT64_C(2685821657736338717)) >> 33) % below;
}

static int64_t draw_int(void)
{
	static const int64_t edges[] = {
		0,
		1,
		-1,
		2,
		3,
		7,
		10,
		-7,
		100,
		INT64_MAX,
		INT64_MIN,
		INT64_MAX - 1,
		(INT64_C(1) << 53) + 1,
	};

	return draw(3) ? edges[draw(ARRAY_SIZE(edges))] : (int64_t)draw(1000) - 500;
}

static double draw_float(void)
{
	static const double edges[] = {
		0.0,	-0.0,	 1.0, -1.0, 0.5,  1e-308, 5e-324,  1e308,
		-1e308, DBL_MAX, 2.5, 3.5,  -2.5, 9.3e18, -9.3e18, 0.1,
	};

	return draw(3) ? edges[draw(ARRAY_SIZE(edges))] : ((double)draw(2000) - 1000) / 8;
}

static unsigned worse(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* --- what each operator gives --- */

/* @value: modulo 2^64, where @overflows; then @is_negative tells to which side. */
static void set_int(struct node *node, bool overflows, bool is_negative, int64_t value)
{
	if (overflows) {
		node->trouble |= 1u << TROUBLE_OVERFLOW;
		value = is_negative ? INT64_MIN : INT64_MAX;
	}
	node->i = value;
}

static void set_sum(struct node *node, int64_t x, int64_t y)
{
	bool overflows = (x > 0 && y > INT64_MAX - x) || (x < 0 && y < INT64_MIN - x);

	set_int(node, overflows, x < 0, (int64_t)((uint64_t)x + (uint64_t)y));
}

static void set_difference(struct node *node, int64_t x, int64_t y)
{
	bool overflows = (y < 0 && x > INT64_MAX + y) || (y > 0 && x < INT64_MIN + y);

	set_int(node, overflows, x < 0, (int64_t)((uint64_t)x - (uint64_t)y));
}

/* By dividing back. */
static void set_product(struct node *node, int64_t x, int64_t y)
{
	int64_t product = (int64_t)((uint64_t)x * (uint64_t)y);
	bool overflows =
		x != 0 && ((x == -1 && y == INT64_MIN) || (x != -1 && product / x != y));

	set_int(node, overflows, (x < 0) != (y < 0), product);
}

static void set_float(struct node *node, double value)
{
	if (isnan(value)) {
		node->trouble |= 1u << TROUBLE_INVALID;
		node->quality = 2;
		value = 0.0;
	} else if (isinf(value)) {
		node->trouble |= 1u << TROUBLE_OVERFLOW;
		value = copysign(DBL_MAX, value);
	}
	node->f = value;
}

static void no_quotient(struct node *node)
{
	node->trouble |= 1u << TROUBLE_DIVISION;
	node->quality = 2;
	node->i = 0;
	node->f = 0.0;
}

static double as_float(const struct node *node)
{
	return node->type == TYPE_INT ? (double)node->i : node->f;
}

static bool is_number(const struct node *node)
{
	return node->type == TYPE_INT || node->type == TYPE_FLOAT;
}

static void merge(struct node *node, const struct node *a, const struct node *b)
{
	node->quality = worse(a->quality, b->quality);
	node->trouble = a->trouble | b->trouble;
	node->is_const = a->is_const && b->is_const;
}

static void take(struct node *node, const struct node *chosen)
{
	node->i = chosen->i;
	node->f = chosen->type == TYPE_INT && node->type == TYPE_FLOAT ? (double)chosen->i
								       : chosen->f;
}

static bool write_text(struct node *node, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(node->text, sizeof(node->text), format, args);
	va_end(args);
	return length < (int)sizeof(node->text);
}

static bool make_sum(struct node *node, const struct node *a, const struct node *b)
{
	static const char *const signs[] = { "+", "-", "*" };
	unsigned which = draw(3);

	if (!is_number(a) || !is_number(b)) {
		return false;
	}
	merge(node, a, b);
	if (a->type == TYPE_INT && b->type == TYPE_INT) {
		node->type = TYPE_INT;
		if (which == 0) {
			set_sum(node, a->i, b->i);
		} else if (which == 1) {
			set_difference(node, a->i, b->i);
		} else {
			set_product(node, a->i, b->i);
		}
	} else {
		double x = as_float(a), y = as_float(b);

		node->type = TYPE_FLOAT;
		set_float(node, which == 0 ? x + y : which == 1 ? x - y : x * y);
	}
	return write_text(node, "(%s %s %s)", a->text, signs[which], b->text);
}

static bool make_quotient(struct node *node, const struct node *a, const struct node *b)
{
	unsigned which = draw(3);

	if (!is_number(a) || !is_number(b)) {
		return false;
	}
	merge(node, a, b);
	if (which == 0 || a->type == TYPE_FLOAT || b->type == TYPE_FLOAT) {
		node->type = TYPE_FLOAT;
		if (as_float(b) == 0.0) {
			no_quotient(node);
		} else {
			set_float(node, as_float(a) / as_float(b));
		}
		return write_text(node, "(%s / %s)", a->text, b->text);
	}
	node->type = TYPE_INT;
	if (b->i == 0) {
		no_quotient(node);
	} else if (b->i == -1) {
		/* what a processor traps at, where a is the least number */
		if (which == 1) {
			set_difference(node, 0, a->i);
		} else {
			node->i = 0;
		}
	} else {
		node->i = which == 1 ? a->i / b->i : a->i % b->i;
	}
	return write_text(node, "(%s %s %s)", a->text, which == 1 ? "div" : "mod",
			  b->text);
}

static bool make_comparison(struct node *node, const struct node *a, const struct node *b)
{
	static const char *const signs[] = { "<", "<=", ">", ">=", "=", "<>" };
	unsigned which = draw(6);
	int order;

	if ((!is_number(a) || !is_number(b)) && a->type != b->type) {
		return false;
	}
	if (a->type == TYPE_BOOL && which < 4) {
		return false;
	}
	merge(node, a, b);
	if (a->type == TYPE_FLOAT || b->type == TYPE_FLOAT) {
		order = (as_float(a) > as_float(b)) - (as_float(a) < as_float(b));
	} else {
		order = (a->i > b->i) - (a->i < b->i);
	}
	node->type = TYPE_BOOL;
	node->i = which == 0   ? order < 0
		  : which == 1 ? order <= 0
		  : which == 2 ? order > 0
		  : which == 3 ? order >= 0
		  : which == 4 ? order == 0
			       : order != 0;
	return write_text(node, "(%s %s %s)", a->text, signs[which], b->text);
}

/* The operand that decides alone, where there is one: the better of two. */
static const struct node *decider(const struct node *a, const struct node *b,
				  int64_t value)
{
	const struct node *chosen = a->i == value ? a : NULL;

	if (b->i == value &&
	    (!chosen || b->quality + 4 * b->trouble < a->quality + 4 * a->trouble)) {
		chosen = b;
	}
	return chosen;
}

static bool make_logic(struct node *node, const struct node *a, const struct node *b)
{
	static const char *const signs[] = { "and", "or", "xor" };
	unsigned which = draw(3);
	const struct node *alone;

	if (a->type != TYPE_BOOL || b->type != TYPE_BOOL) {
		return false;
	}
	merge(node, a, b);
	node->type = TYPE_BOOL;
	node->i = which == 0 ? a->i && b->i : which == 1 ? a->i || b->i : a->i != b->i;
	alone = which < 2 ? decider(a, b, which) : NULL;
	if (alone) {
		node->quality = alone->quality;
		node->trouble = alone->trouble;
	}
	return write_text(node, "(%s %s %s)", a->text, signs[which], b->text);
}

static bool make_if(struct node *node, const struct node *c, const struct node *a,
		    const struct node *b)
{
	const struct node *taken = c->i ? a : b;

	if (c->type != TYPE_BOOL ||
	    (a->type != b->type && !(is_number(a) && is_number(b)))) {
		return false;
	}
	merge(node, c, taken);
	node->is_const = c->is_const && a->is_const && b->is_const;
	node->type = a->type == b->type ? a->type : TYPE_FLOAT;
	take(node, taken);
	return write_text(node, "(if %s then %s else %s)", c->text, a->text, b->text);
}

static bool make_extreme(struct node *node, const struct node *a, const struct node *b)
{
	bool is_max = draw(2);

	if ((!is_number(a) || !is_number(b)) &&
	    (a->type != TYPE_TIME || b->type != TYPE_TIME)) {
		return false;
	}
	merge(node, a, b);
	node->type = a->type == b->type ? a->type : TYPE_FLOAT;
	if (node->type == TYPE_FLOAT) {
		bool takes_b =
			is_max ? as_float(b) > as_float(a) : as_float(b) < as_float(a);

		take(node, takes_b ? b : a);
	} else {
		node->i = (is_max ? b->i > a->i : b->i < a->i) ? b->i : a->i;
	}
	return write_text(node, "%s(%s, %s)", is_max ? "max" : "min", a->text, b->text);
}

static bool make_unary(struct node *node, const struct node *a)
{
	merge(node, a, a);
	node->type = a->type;
	if (a->type == TYPE_BOOL) {
		node->i = !a->i;
		return write_text(node, "not %s", a->text);
	}
	if (a->type == TYPE_FLOAT) {
		node->f = -a->f;
	} else {
		set_difference(node, 0, a->i);
	}
	return write_text(node, "(-%s)", a->text);
}

#define WHOLE_LIMIT 9223372036854775808.0 /* 2 to the power of 63 */

static void set_whole(struct node *node, double whole)
{
	bool fits = whole >= -WHOLE_LIMIT && whole < WHOLE_LIMIT;

	set_int(node, !fits, !(whole > 0), fits ? (int64_t)whole : 0);
}

static bool make_whole(struct node *node, const struct node *a)
{
	static const char *const names[] = { "round", "trunc", "floor", "ceil" };
	unsigned which = draw(4);
	double x = as_float(a);

	if (!is_number(a)) {
		return false;
	}
	merge(node, a, a);
	node->type = TYPE_INT;
	set_whole(node, which == 0   ? nearbyint(x)
			: which == 1 ? trunc(x)
			: which == 2 ? floor(x)
				     : ceil(x));
	return write_text(node, "%s(%s)", names[which], a->text);
}

static bool make_good(struct node *node, const struct node *a)
{
	merge(node, a, a);
	node->type = TYPE_BOOL;
	node->i = a->quality == 0;
	node->quality = 0;
	node->trouble = 0;
	return write_text(node, "good(%s)", a->text);
}

static bool make_time(struct node *node, const struct node *a, const struct node *b)
{
	if (a->type == TYPE_TIME && b->type == TYPE_TIME) {
		merge(node, a, b);
		node->type = TYPE_TIME;
		set_sum(node, a->i, b->i);
		return write_text(node, "(%s + %s)", a->text, b->text);
	}
	if (a->type == TYPE_TIME && b->type == TYPE_INT) {
		merge(node, a, b);
		node->type = TYPE_TIME;
		set_product(node, a->i, b->i);
		return write_text(node, "(%s * %s)", a->text, b->text);
	}
	return false;
}

/* --- the forest --- */

static void add_input(struct forest *forest, unsigned symbol)
{
	struct node *node = &forest->nodes[forest->count++];

	memset(node, 0, sizeof(*node));
	node->type = logic_symbols[symbol].type;
	node->i = node->type == TYPE_BOOL ? draw(2) : draw_int();
	node->f = draw_float();
	node->quality = draw(3) ? 0 : draw(3);
	snprintf(node->text, sizeof(node->text), "%s", logic_symbols[symbol].name);
	if (node->type == TYPE_BOOL) {
		logic_set_bool(forest->logic, symbol, node->i != 0);
	} else if (node->type == TYPE_FLOAT) {
		logic_set_float(forest->logic, symbol, node->f);
	} else {
		logic_set_int(forest->logic, symbol, node->i);
	}
	logic_set_quality(forest->logic, symbol, (enum quality)node->quality);
}

static void add_constant(struct forest *forest, const char *text, enum program_type type,
			 double value)
{
	struct node *node = &forest->nodes[forest->count++];

	memset(node, 0, sizeof(*node));
	node->type = type;
	node->i = (int64_t)value;
	node->f = value;
	node->is_const = true;
	snprintf(node->text, sizeof(node->text), "%s", text);
}

static void plant(struct forest *forest)
{
	forest->count = 0;
	for (unsigned symbol = LOGIC_A; symbol <= LOGIC_HOLD; symbol++) {
		add_input(forest, symbol);
	}
	add_constant(forest, "2", TYPE_INT, 2);
	add_constant(forest, "0", TYPE_INT, 0);
	add_constant(forest, "1.5", TYPE_FLOAT, 1.5);
	add_constant(forest, "true", TYPE_BOOL, 1);
	add_constant(forest, "2s", TYPE_TIME, 2e9);
}

static const struct node *pick(const struct forest *forest)
{
	return &forest->nodes[draw(forest->count)];
}

static bool make_node(const struct forest *forest, struct node *node)
{
	const struct node *a = pick(forest), *b = pick(forest), *c = pick(forest);

	memset(node, 0, sizeof(*node));
	switch (draw(10)) {
	case 0:
		return make_sum(node, a, b);
	case 1:
		return make_quotient(node, a, b);
	case 2:
		return make_comparison(node, a, b);
	case 3:
		return make_logic(node, a, b);
	case 4:
		return make_if(node, a, b, c);
	case 5:
		return make_extreme(node, a, b);
	case 6:
		return make_unary(node, a);
	case 7:
		return make_whole(node, a);
	case 8:
		return make_good(node, a);
	default:
		return make_time(node, a, b);
	}
}

static void grow(struct forest *forest)
{
	for (unsigned tries = 0; tries < 400 && forest->count < NODES_MAX; tries++) {
		struct node node;

		/* trouble among constants is a mistake at start, and tested elsewhere */
		if (make_node(forest, &node) && !(node.is_const && node.trouble)) {
			forest->nodes[forest->count++] = node;
		}
	}
}

/* --- comparing --- */

static const struct {
	enum program_type type;
	const char *target;
	unsigned symbol;
} targets[] = {
	{ TYPE_BOOL, "q", LOGIC_Q },
	{ TYPE_INT, "n", LOGIC_N },
	{ TYPE_FLOAT, "f", LOGIC_F },
	{ TYPE_TIME, "t", LOGIC_T },
};

/* The last expression of each type: the largest. */
static const struct node *last_of(const struct forest *forest, enum program_type type)
{
	const struct node *last = NULL;

	for (unsigned i = 0; i < forest->count; i++) {
		last = forest->nodes[i].type == type ? &forest->nodes[i] : last;
	}
	return last;
}

static uint64_t bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static bool is_same(const struct logic *logic, unsigned symbol, const struct node *node)
{
	if (logic_quality(logic, symbol) != (enum quality)node->quality) {
		return false;
	}
	if (node->type == TYPE_FLOAT) {
		return bits_of(logic_float(logic, symbol)) == bits_of(node->f);
	}
	return (node->type == TYPE_BOOL ? logic_bool(logic, symbol)
					: logic_int(logic, symbol)) == node->i;
}

static void compare(const struct logic *logic, const struct node *const nodes[])
{
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		if (!is_same(logic, targets[i].symbol, nodes[i])) {
			fail_msg("%s: got %lld, %.17g, quality %d; expected %lld, %.17g, "
				 "%u",
				 nodes[i]->text,
				 (long long)logic_int(logic, targets[i].symbol),
				 logic_float(logic, targets[i].symbol),
				 logic_quality(logic, targets[i].symbol),
				 (long long)nodes[i]->i, nodes[i]->f, nodes[i]->quality);
		}
	}
	for (unsigned kind = 0; kind < TROUBLE_KINDS; kind++) {
		uint64_t expected = 0;

		for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
			expected += nodes[i]->trouble >> kind & 1;
		}
		if (counter_get(&program_trouble(logic->program, (enum trouble)kind)
					 ->count) != expected) {
			fail_msg("%s of: %s; %s; %s; %s",
				 program_trouble_name((enum trouble)kind), nodes[0]->text,
				 nodes[1]->text, nodes[2]->text, nodes[3]->text);
		}
	}
}

static void copy_inputs(const struct logic *from, struct logic *to)
{
	for (unsigned symbol = LOGIC_A; symbol <= LOGIC_HOLD; symbol++) {
		channel_put(&to->channels[symbol], channel_value(&from->channels[symbol]),
			    logic_quality(from, symbol), NS_PER_SEC);
	}
}

static void random_programs_give_what_a_reference_gives(void **state)
{
	static struct forest forest;
	const struct node *nodes[ARRAY_SIZE(targets)];
	char text[ARRAY_SIZE(targets) * (TEXT_BYTES + 16)];
	struct logic inputs;
	unsigned troubles = 0, bad = 0;

	seed = UINT64_C(20261125);
	logic_make(&inputs, "");
	forest.logic = &inputs;
	for (unsigned program = 0; program < PROGRAMS; program++) {
		struct logic logic;
		size_t length = 0;

		plant(&forest);
		grow(&forest);
		for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
			nodes[i] = last_of(&forest, targets[i].type);
			if (!nodes[i]) {
				fail();
				return;
			}
			length += (size_t)snprintf(text + length, sizeof(text) - length,
						   "%s := %s\n", targets[i].target,
						   nodes[i]->text);
			troubles += nodes[i]->trouble != 0;
			bad += nodes[i]->quality != 0;
		}
		logic_make(&logic, text);
		if (*logic.errors) {
			fail_msg("%s%s", text, logic.errors);
		}
		copy_inputs(&inputs, &logic);
		logic_step(&logic, NS_PER_MS);
		compare(&logic, nodes);
		logic_end(&logic);
	}
	logic_end(&inputs);
	/* it was about something */
	assert_true(troubles > PROGRAMS / 4);
	assert_true(bad > PROGRAMS / 2);
}

/* What comes of bytes without sense: an error or a program, never more. */
static void random_bytes_are_refused_or_run(void **state)
{
	static const char *const pieces[] = {
		"q",	":=", "in.a",	  "(",	   ")",	   ",",	      "if",   "then",
		"else", "1",  "+",	  "-",	   "2s",   "ton(",    "min(", "lookup(",
		"[",	"]",  "not",	  "and",   "\n",   "#",	      "=>",   "et",
		"in.x", "f",  ";",	  "elsif", "0x",   "good(",   "<",    "=",
		"pt",	"*",  "\xc3\xa4", "age(",  "in.i", "select(", "t",    "n",
	};
	unsigned programs = 0;

	seed = UINT64_C(4711);
	for (unsigned i = 0; i < sweep_count(20000); i++) {
		char text[512];
		size_t length = (size_t)snprintf(text, sizeof(text), "q := ");
		struct logic logic;

		for (unsigned k = draw(20) + 1; k > 0; k--) {
			length += (size_t)snprintf(
				text + length, sizeof(text) - length, "%s%s",
				pieces[draw(ARRAY_SIZE(pieces))], draw(3) ? " " : "");
		}
		logic_make(&logic, text);
		assert_true((logic.program != NULL) == (logic.errors[0] == '\0'));
		if (logic.program) {
			logic_step(&logic, NS_PER_MS);
			programs++;
		}
		logic_end(&logic);
	}
	assert_true(programs > 0);
}

/* --- other machines --- */

static const char everything[] =
	"f := pid(sp := target, pv := in.x, kp := 1.2, ki := 0.4, kd := 0.3, tf := "
	"20ms,\n"
	"         min := -100, max := 100, auto := in.a, manual := in.y)\n"
	"f2 := lowpass(in.x, 37ms) + average(in.y, 17) * derivative(in.z, 5ms) +\n"
	"      rate_limit(in.x, 3.3) + integral(in.z / in.y, -1e6, 1e6) + sqrt(in.x) +\n"
	"      scale(in.y, 1, 3, 0, 7) + lookup(in.z, [-3, 1.1], [0, 7.7], [9, -2.3])\n"
	"n := round(in.x * 1e17) + trunc(in.y) mod 7 + in.i * in.j div 3\n"
	"q := ton(in.a, 3ms, et => t) xor pwm(in.x, 20ms) or tp(in.b, 7ms)\n"
	"n2 := int(ctud(in.a, in.b, in.c, in.d, 5)) + int(hysteresis(in.x, -1, 1))\n"
	"out.valve := f * f2 + n\n"
	"q2 := debounce(in.c, 2ms)\n"
	"t2 := duration(in.x)\n";

/* Any bits at all now and then: not numbers and infinities among them. */
static double draw_bits(void)
{
	uint64_t bits = (uint64_t)draw(UINT32_MAX) << 32 | draw(UINT32_MAX);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static void draw_inputs(struct logic *logic)
{
	for (unsigned symbol = LOGIC_A; symbol <= LOGIC_D; symbol++) {
		logic_set_bool(logic, symbol, draw(2));
	}
	logic_set_int(logic, LOGIC_I, draw_int());
	logic_set_int(logic, LOGIC_J, draw_int());
	for (unsigned symbol = LOGIC_X; symbol <= LOGIC_TARGET; symbol++) {
		logic_set_float(logic, symbol,
				draw(50) ? (double)draw(1 << 24) / 1e5 - 80
					 : draw_bits());
		logic_set_quality(logic, symbol,
				  draw(20) ? QUALITY_GOOD : (enum quality)draw(3));
	}
}

/*
 * The figure is what x86-64 gave; where this runs on Arm it is another machine that must give it. A change
 * of what a block computes changes it, and then logs of before cannot be replayed.
 */
static void every_machine_computes_the_same_bits(void **state)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	struct logic logic;

	seed = UINT64_C(88172645463325252);
	logic_make(&logic, everything);
	assert_string_equal(logic.errors, "");
	for (unsigned step = 0; step < 20000; step++) {
		const uint8_t *bytes = program_state(logic.program);

		draw_inputs(&logic);
		logic_step(&logic, (int64_t)(1 + draw(3)) * NS_PER_MS);
		for (size_t i = 0; i < program_state_bytes(logic.program); i++) {
			hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
		}
	}
	assert_true(isfinite(logic_float(&logic, LOGIC_VALVE)));
	if (hash != STATE_HASH) {
		print_error("0x%016llx\n", (unsigned long long)hash);
	}
	assert_true(hash == STATE_HASH);
	logic_end(&logic);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_programs_give_what_a_reference_gives),
		cmocka_unit_test(random_bytes_are_refused_or_run),
		cmocka_unit_test(every_machine_computes_the_same_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
