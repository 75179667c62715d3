#include "rtloop/program/function.h"

#include <float.h>
#include <string.h>

#include "rtloop/program/ops.h"

#define OPTIONAL(value) .is_optional = true, .fallback = (value)

static const struct function functions[] = {
	/* clang-format off */
	{ "r_trig", "Edges", "true for one cycle when clk has become true",
	  { { .name = "clk", .kind = KIND_BOOL } }, 0, { { .name = "q", .kind = KIND_BOOL } },
	  1, true, NUMBER(block_r_trig), OP_NONE },
	{ "f_trig", "Edges", "true for one cycle when clk has become false",
	  { { .name = "clk", .kind = KIND_BOOL } }, 0, { { .name = "q", .kind = KIND_BOOL } },
	  1, true, NUMBER(block_f_trig), OP_NONE },

	{ "sr", "Latches", "set by s1, reset by r; s1 wins",
	  { { .name = "s1", .kind = KIND_BOOL }, { .name = "r", .kind = KIND_BOOL } }, 0, { { .name = "q1", .kind = KIND_BOOL } },
	  1, true, NUMBER(block_sr), OP_NONE },
	{ "rs", "Latches", "set by s, reset by r1; r1 wins",
	  { { .name = "s", .kind = KIND_BOOL }, { .name = "r1", .kind = KIND_BOOL } }, 0, { { .name = "q1", .kind = KIND_BOOL } },
	  1, true, NUMBER(block_rs), OP_NONE },

	{ "ton", "Timers", "on-delay: true once in has been true for pt",
	  { { .name = "in", .kind = KIND_BOOL }, { .name = "pt", .kind = KIND_TIME } }, 0,
	  { { .name = "q", .kind = KIND_BOOL }, { .name = "et", .kind = KIND_TIME } },
	  2, true, NUMBER(block_ton), OP_NONE },
	{ "tof", "Timers", "off-delay: false once in has been false for pt",
	  { { .name = "in", .kind = KIND_BOOL }, { .name = "pt", .kind = KIND_TIME } }, 0,
	  { { .name = "q", .kind = KIND_BOOL }, { .name = "et", .kind = KIND_TIME } },
	  2, true, NUMBER(block_tof), OP_NONE },
	{ "tp", "Timers", "pulse: true for pt when in has become true",
	  { { .name = "in", .kind = KIND_BOOL }, { .name = "pt", .kind = KIND_TIME } }, 0,
	  { { .name = "q", .kind = KIND_BOOL }, { .name = "et", .kind = KIND_TIME } },
	  2, true, NUMBER(block_tp), OP_NONE },
	{ "debounce", "Timers", "follows in once that has kept its new value for time",
	  { { .name = "in", .kind = KIND_BOOL }, { .name = "time", .kind = KIND_TIME } }, 0, { { .name = "q", .kind = KIND_BOOL } },
	  4, true, NUMBER(block_debounce), OP_NONE },

	{ "ctu", "Counters", "counts up edges of cu; true from pv on; r sets it to 0",
	  { { .name = "cu", .kind = KIND_BOOL }, { .name = "r", .kind = KIND_BOOL }, { .name = "pv", .kind = KIND_INT } }, 0,
	  { { .name = "q", .kind = KIND_BOOL }, { .name = "cv", .kind = KIND_INT } },
	  2, true, NUMBER(block_ctu), OP_NONE },
	{ "ctd", "Counters", "counts down edges of cd; true from 0 down; ld sets it to pv",
	  { { .name = "cd", .kind = KIND_BOOL }, { .name = "ld", .kind = KIND_BOOL }, { .name = "pv", .kind = KIND_INT } }, 0,
	  { { .name = "q", .kind = KIND_BOOL }, { .name = "cv", .kind = KIND_INT } },
	  2, true, NUMBER(block_ctd), OP_NONE },
	{ "ctud", "Counters", "counts up edges of cu and down those of cd; qu from pv on, qd from 0 down",
	  { { .name = "cu", .kind = KIND_BOOL }, { .name = "cd", .kind = KIND_BOOL }, { .name = "r", .kind = KIND_BOOL }, { .name = "ld", .kind = KIND_BOOL },
	    { .name = "pv", .kind = KIND_INT } }, 0,
	  { { .name = "qu", .kind = KIND_BOOL }, { .name = "qd", .kind = KIND_BOOL }, { .name = "cv", .kind = KIND_INT } },
	  3, true, NUMBER(block_ctud), OP_NONE },

	{ "hysteresis", "Signals", "true from high on, false from low down, and as before in between",
	  { { .name = "in", .kind = KIND_FLOAT }, { .name = "low", .kind = KIND_FLOAT }, { .name = "high", .kind = KIND_FLOAT } }, 0,
	  { { .name = "q", .kind = KIND_BOOL } },
	  1, true, NUMBER(block_hysteresis), OP_NONE },
	{ "rate_limit", "Signals", "follows in by at most up a second, and down a second",
	  { { .name = "in", .kind = KIND_FLOAT }, { .name = "up", .kind = KIND_FLOAT },
	    { .name = "down", .kind = KIND_FLOAT, .is_optional = true, .same_as = 2 } }, 0,
	  { { .name = "out", .kind = KIND_FLOAT } },
	  2, true, NUMBER(block_rate_limit), OP_NONE },
	{ "lowpass", "Signals", "first-order low-pass with the time constant time",
	  { { .name = "in", .kind = KIND_FLOAT }, { .name = "time", .kind = KIND_TIME } }, 0, { { .name = "out", .kind = KIND_FLOAT } },
	  2, true, NUMBER(block_lowpass), OP_NONE },
	{ "average", "Signals", "mean of the last n samples",
	  { { .name = "in", .kind = KIND_FLOAT }, { .name = "n", .kind = KIND_COUNT } }, 0, { { .name = "out", .kind = KIND_FLOAT } },
	  3, true, NUMBER(block_average), OP_NONE },
	{ "derivative", "Signals", "change of in a second, smoothed with the time constant time",
	  { { .name = "in", .kind = KIND_FLOAT }, { .name = "time", .kind = KIND_TIME, OPTIONAL(0) } }, 0,
	  { { .name = "out", .kind = KIND_FLOAT } },
	  3, true, NUMBER(block_derivative), OP_NONE },

	{ "integral", "Control", "sum of in times seconds, kept from min to max; reset sets it to start",
	  { { .name = "in", .kind = KIND_FLOAT }, { .name = "min", .kind = KIND_FLOAT, OPTIONAL(-DBL_MAX) },
	    { .name = "max", .kind = KIND_FLOAT, OPTIONAL(DBL_MAX) }, { .name = "reset", .kind = KIND_BOOL, OPTIONAL(0) },
	    { .name = "start", .kind = KIND_FLOAT, OPTIONAL(0) } }, 0, { { .name = "out", .kind = KIND_FLOAT } },
	  2, true, NUMBER(block_integral), OP_NONE },
	{ "pid", "Control", "controller that brings pv to sp",
	  { { .name = "sp", .kind = KIND_FLOAT }, { .name = "pv", .kind = KIND_FLOAT }, { .name = "kp", .kind = KIND_FLOAT },
	    { .name = "ki", .kind = KIND_FLOAT, OPTIONAL(0) }, { .name = "kd", .kind = KIND_FLOAT, OPTIONAL(0) },
	    { .name = "min", .kind = KIND_FLOAT }, { .name = "max", .kind = KIND_FLOAT }, { .name = "auto", .kind = KIND_BOOL, OPTIONAL(1) },
	    { .name = "manual", .kind = KIND_FLOAT, OPTIONAL(0) }, { .name = "tf", .kind = KIND_TIME, OPTIONAL(0) } }, 0,
	  { { .name = "out", .kind = KIND_FLOAT } },
	  8, true, NUMBER(block_pid), OP_NONE },
	{ "pwm", "Control", "true for duty percent of each period",
	  { { .name = "duty", .kind = KIND_FLOAT }, { .name = "period", .kind = KIND_TIME } }, 0, { { .name = "q", .kind = KIND_BOOL } },
	  4, true, NUMBER(block_pwm), OP_NONE },

	{ "limit", "Numbers", "in, but at least mn and at most mx",
	  { { .name = "mn", .kind = KIND_ORDERED }, { .name = "in", .kind = KIND_ORDERED }, { .name = "mx", .kind = KIND_ORDERED } }, 0,
	  { { .name = "out", .kind = KIND_SAME } },
	  0, false, NUMBER(op_limit_float), NUMBER(op_limit_int) },
	{ "min", "Numbers", "the least of two or more",
	  { { .name = "in", .kind = KIND_ORDERED } }, 2, { { .name = "out", .kind = KIND_SAME } },
	  0, false, NUMBER(op_min_float), NUMBER(op_min_int) },
	{ "max", "Numbers", "the greatest of two or more",
	  { { .name = "in", .kind = KIND_ORDERED } }, 2, { { .name = "out", .kind = KIND_SAME } },
	  0, false, NUMBER(op_max_float), NUMBER(op_max_int) },
	{ "abs", "Numbers", "without its sign",
	  { { .name = "in", .kind = KIND_NUMBER } }, 0, { { .name = "out", .kind = KIND_SAME } },
	  0, false, NUMBER(op_abs_float), NUMBER(op_abs_int) },
	{ "sqrt", "Numbers", "square root",
	  { { .name = "in", .kind = KIND_FLOAT } }, 0, { { .name = "out", .kind = KIND_FLOAT } },
	  0, false, NUMBER(op_sqrt), OP_NONE },
	{ "scale", "Numbers", "the line through (in_low, out_low) and (in_high, out_high)",
	  { { .name = "in", .kind = KIND_FLOAT }, { .name = "in_low", .kind = KIND_FLOAT }, { .name = "in_high", .kind = KIND_FLOAT },
	    { .name = "out_low", .kind = KIND_FLOAT }, { .name = "out_high", .kind = KIND_FLOAT } }, 0,
	  { { .name = "out", .kind = KIND_FLOAT } },
	  0, false, NUMBER(block_scale), OP_NONE },
	{ "lookup", "Numbers", "through two or more points [x, y] in straight lines; beyond them, the outermost y",
	  { { .name = "in", .kind = KIND_FLOAT }, { .name = "point", .kind = KIND_POINT } }, 5, { { .name = "out", .kind = KIND_FLOAT } },
	  0, false, NUMBER(block_lookup), OP_NONE },
	{ "select", "Numbers", "the k-th of what follows, from 0",
	  { { .name = "k", .kind = KIND_INT }, { .name = "in", .kind = KIND_ANY } }, 3, { { .name = "out", .kind = KIND_SAME } },
	  0, false, NUMBER(op_select), OP_NONE },
	{ "bit", "Numbers", "bit n of an integer, from 0 for the least to 63",
	  { { .name = "in", .kind = KIND_INT }, { .name = "n", .kind = KIND_INT } }, 0, { { .name = "q", .kind = KIND_BOOL } },
	  0, false, NUMBER(op_bit), OP_NONE },

	{ "round", "Types", "the nearest integer, ties to even",
	  { { .name = "in", .kind = KIND_FLOAT } }, 0, { { .name = "out", .kind = KIND_INT } },
	  0, false, NUMBER(op_round), OP_NONE },
	{ "trunc", "Types", "the integer toward zero",
	  { { .name = "in", .kind = KIND_FLOAT } }, 0, { { .name = "out", .kind = KIND_INT } },
	  0, false, NUMBER(op_trunc), OP_NONE },
	{ "floor", "Types", "the integer at or below",
	  { { .name = "in", .kind = KIND_FLOAT } }, 0, { { .name = "out", .kind = KIND_INT } },
	  0, false, NUMBER(op_floor), OP_NONE },
	{ "ceil", "Types", "the integer at or above",
	  { { .name = "in", .kind = KIND_FLOAT } }, 0, { { .name = "out", .kind = KIND_INT } },
	  0, false, NUMBER(op_ceil), OP_NONE },
	{ "int", "Types", "0 for false, 1 for true",
	  { { .name = "in", .kind = KIND_BOOL } }, 0, { { .name = "out", .kind = KIND_INT } },
	  0, false, NUMBER(op_int_of_bool), OP_NONE },
	{ "float", "Types", "the nearest float of an integer",
	  { { .name = "in", .kind = KIND_INT } }, 0, { { .name = "out", .kind = KIND_FLOAT } },
	  0, false, NUMBER(op_float_of_int), OP_NONE },
	{ "seconds", "Types", "a duration as a number of seconds",
	  { { .name = "in", .kind = KIND_TIME } }, 0, { { .name = "out", .kind = KIND_FLOAT } },
	  0, false, NUMBER(op_seconds), OP_NONE },
	{ "duration", "Types", "a number of seconds as a duration",
	  { { .name = "in", .kind = KIND_FLOAT } }, 0, { { .name = "out", .kind = KIND_TIME } },
	  0, false, NUMBER(op_duration), OP_NONE },

	{ "good", "Quality and time", "whether the value is good; always good itself",
	  { { .name = "in", .kind = KIND_VALUE } }, 0, { { .name = "q", .kind = KIND_BOOL } },
	  0, false, NUMBER(op_good), OP_NONE },
	{ "age", "Quality and time", "time since the last sample of an input channel; always good itself",
	  { { .name = "in", .kind = KIND_INPUT } }, 0, { { .name = "out", .kind = KIND_TIME } },
	  0, true, NUMBER(op_age), OP_NONE },
	{ "dt", "Quality and time", "time since the cycle before, missed releases included",
	  { { .name = NULL } }, 0, { { .name = "out", .kind = KIND_TIME } },
	  0, true, NUMBER(op_dt), OP_NONE },
	/* clang-format on */
};

const struct function *function_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		if (strcmp(functions[i].name, name) == 0) {
			return &functions[i];
		}
	}
	return NULL;
}

const struct function *function_at(unsigned index)
{
	return index < ARRAY_SIZE(functions) ? &functions[index] : NULL;
}

unsigned function_params(const struct function *function)
{
	unsigned count = 0;

	while (function->params[count].name) {
		count++;
	}
	return count;
}

const char *function_kind_name(enum kind kind)
{
	static const char *const names[] = {
		[KIND_BOOL] = "a bool",
		[KIND_INT] = "an integer",
		[KIND_FLOAT] = "a number",
		[KIND_TIME] = "a duration such as 2s",
		[KIND_NUMBER] = "a number",
		[KIND_ORDERED] = "a number or a duration",
		[KIND_ANY] = "a value",
		[KIND_VALUE] = "a value",
		[KIND_COUNT] = "a constant from 1 to 1000",
		[KIND_INPUT] = "an input channel",
		[KIND_POINT] = "a point [x, y]",
		[KIND_SAME] = "the same",
	};

	return names[kind];
}
