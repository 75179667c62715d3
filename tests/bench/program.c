/*
 * What an operation of a program costs, beside the same logic in C, compiled as the rest is (-O2). Prints JSON:
 * for each of three programs its operations, ns a step of both, ns an operation and the ratio; medians of rounds
 * in which the two take turns.
 */
#include <math.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/program/program.h"
#include "tests/bench/bench.h"

#define STEPS_A_ROUND 2000
#define ROUNDS_MAX    4000
#define VALUES	      8

/* In the order of the symbols. */
struct values {
	double x[VALUES];
	bool b[VALUES];
	double f[VALUES];
	bool q[VALUES];
};

static const struct program_symbol symbols[] = {
	{ "in.x0", SYMBOL_INPUT, TYPE_FLOAT, { 0 } },
	{ "in.x1", SYMBOL_INPUT, TYPE_FLOAT, { 0 } },
	{ "in.x2", SYMBOL_INPUT, TYPE_FLOAT, { 0 } },
	{ "in.x3", SYMBOL_INPUT, TYPE_FLOAT, { 0 } },
	{ "in.b0", SYMBOL_INPUT, TYPE_BOOL, { 0 } },
	{ "in.b1", SYMBOL_INPUT, TYPE_BOOL, { 0 } },
	{ "in.b2", SYMBOL_INPUT, TYPE_BOOL, { 0 } },
	{ "in.b3", SYMBOL_INPUT, TYPE_BOOL, { 0 } },
	{ "f0", SYMBOL_VAR, TYPE_FLOAT, { 0 } },
	{ "f1", SYMBOL_VAR, TYPE_FLOAT, { 0 } },
	{ "f2", SYMBOL_VAR, TYPE_FLOAT, { 0 } },
	{ "q0", SYMBOL_VAR, TYPE_BOOL, { 0 } },
	{ "q1", SYMBOL_VAR, TYPE_BOOL, { 0 } },
	{ "q2", SYMBOL_VAR, TYPE_BOOL, { 0 } },
};

#define SYMBOLS ARRAY_SIZE(symbols)

static const char arithmetic[] =
	"f0 := in.x0 * 1.5 + in.x1 * 2.5 - in.x2 / (in.x3 + 3.0) + (in.x0 - in.x1) * "
	"(in.x2 - in.x3)\n"
	"f1 := f0 * 0.5 + f1 * 0.5 + in.x0 * in.x0 - in.x1 * in.x1\n"
	"f2 := (f0 + f1) * (f0 - f1) * 0.001 + in.x2 * 4.0 + in.x3 * 5.0\n";

static const char logic[] =
	"q0 := (in.b0 or q0) and in.b1 and not in.b2 or in.b3 and in.x0 > in.x1\n"
	"q1 := q0 xor in.b0 and (in.x2 < in.x3 or in.x0 >= 5.0) and not (in.b1 and "
	"in.b2)\n"
	"q2 := q0 and q1 or in.b3 and not q2 or in.x1 <= in.x2 and in.b0\n"
	"f0 := if q0 then in.x0 elsif q1 then in.x1 else in.x2\n";

static const char control[] =
	"q0 := (in.b0 or q0) and in.b1\n"
	"f0 := pid(sp := 180, pv := in.x0, kp := 1.2, ki := 0.4, min := 0, max := 100)\n"
	"q1 := q0 and pwm(f0, 2s)\n"
	"q2 := ton(not good(in.x1), 2s)\n"
	"f1 := lowpass(in.x2, 100ms)\n";

static void c_arithmetic(struct values *v, double dt_s)
{
	const double *x = v->x;

	(void)dt_s;
	v->f[0] = x[0] * 1.5 + x[1] * 2.5 - x[2] / (x[3] + 3.0) +
		  (x[0] - x[1]) * (x[2] - x[3]);
	v->f[1] = v->f[0] * 0.5 + v->f[1] * 0.5 + x[0] * x[0] - x[1] * x[1];
	v->f[2] = (v->f[0] + v->f[1]) * (v->f[0] - v->f[1]) * 0.001 + x[2] * 4.0 +
		  x[3] * 5.0;
}

static void c_logic(struct values *v, double dt_s)
{
	const double *x = v->x;
	const bool *b = v->b;

	(void)dt_s;
	v->q[0] = ((b[0] || v->q[0]) && b[1] && !b[2]) || (b[3] && x[0] > x[1]);
	v->q[1] = v->q[0] != (b[0] && (x[2] < x[3] || x[0] >= 5.0) && !(b[1] && b[2]));
	v->q[2] = (v->q[0] && v->q[1]) || (b[3] && !v->q[2]) || (x[1] <= x[2] && b[0]);
	v->f[0] = v->q[0] ? x[0] : v->q[1] ? x[1] : x[2];
}

/* As a programmer would write it who needs none of the checks. */
static void c_control(struct values *v, double dt_s)
{
	static double integral, phase, bad_s;
	double error = 180.0 - v->x[0];

	v->q[0] = (v->b[0] || v->q[0]) && v->b[1];
	integral = fmin(fmax(integral + 0.4 * error * dt_s, 0.0), 100.0);
	v->f[0] = fmin(fmax(1.2 * error + integral, 0.0), 100.0);
	phase = phase + dt_s >= 2.0 ? 0.0 : phase + dt_s;
	v->q[1] = v->q[0] && phase < v->f[0] / 100.0 * 2.0;
	bad_s = v->b[3] ? bad_s + dt_s : 0.0;
	v->q[2] = bad_s >= 2.0;
	v->f[1] += (v->x[2] - v->f[1]) * (dt_s / (0.1 + dt_s));
}

struct pair {
	const char *name;
	const char *text;
	void (*in_c)(struct values *v, double dt_s);
	struct program *program;
	double ours_ns[ROUNDS_MAX];
	double c_ns[ROUNDS_MAX];
};

static struct pair pairs[] = {
	{ .name = "arithmetic", .text = arithmetic, .in_c = c_arithmetic },
	{ .name = "logic", .text = logic, .in_c = c_logic },
	{ .name = "control", .text = control, .in_c = c_control },
};

static void report(void *context, const struct program_error *error)
{
	(void)context;
	fprintf(stderr, "%zu: %s\n", error->offset, error->text);
}

static int make_program(struct pair *pair, struct channel *const *channels)
{
	const struct program_source source = { .text = pair->text,
					       .bytes = strlen(pair->text),
					       .line = 1,
					       .symbols = symbols,
					       .symbol_count = SYMBOLS,
					       .report = report };

	if (program_compile(&source, &pair->program)) {
		return -1;
	}
	program_bind(pair->program, channels);
	return 0;
}

static double time_ours(struct pair *pair, struct channel *inputs)
{
	struct program_time now = { .release_ns = NS_PER_SEC, .dt_ns = NS_PER_MS };
	int64_t start_ns = bench_now();

	for (unsigned i = 0; i < STEPS_A_ROUND; i++) {
		*(double *)inputs[0].cell = (double)(i & 255);
		now.release_ns += NS_PER_MS;
		program_step(pair->program, &now);
	}
	return (double)(bench_now() - start_ns) / STEPS_A_ROUND;
}

static double time_c(struct pair *pair, struct values *values)
{
	void (*volatile in_c)(struct values * v, double dt_s) = pair->in_c;
	int64_t start_ns = bench_now();

	for (unsigned i = 0; i < STEPS_A_ROUND; i++) {
		values->x[0] = (double)(i & 255);
		in_c(values, 0.001);
	}
	return (double)(bench_now() - start_ns) / STEPS_A_ROUND;
}

static void print_pair(struct pair *pair, unsigned rounds, const char *separator)
{
	unsigned operations = program_operations(pair->program);
	double ours_ns = bench_median(pair->ours_ns, rounds);
	double c_ns = bench_median(pair->c_ns, rounds);

	printf("%s\"%s\":{\"operations\":%u,\"step_ns\":%.1f,\"c_step_ns\":%.1f,"
	       "\"operation_ns\":%.2f,\"ratio\":%.1f}",
	       separator, pair->name, operations, ours_ns, c_ns, ours_ns / operations,
	       ours_ns / c_ns);
}

int main(void)
{
	struct channel table[SYMBOLS] = { 0 };
	struct channel *channels[SYMBOLS];
	struct values values = { .x = { 1.0, 2.0, 3.0, 4.0 }, .b = { true, true } };
	struct image *image = image_create();
	struct image_part part;
	int64_t end_ns = bench_now() + (int64_t)(bench_seconds(2.0) * 1e9);
	unsigned rounds = 0;

	for (size_t i = 0; i < SYMBOLS; i++) {
		table[i].type = symbols[i].type == TYPE_BOOL ? VALUE_BOOL : VALUE_FLOAT;
		channels[i] = &table[i];
	}
	if (!image || image_add(image, &part, table, SYMBOLS) || image_seal(image)) {
		return bench_fail("image");
	}
	for (size_t i = 0; i < 8; i++) {
		channel_put_float(&table[i], i < 4 ? values.x[i] : values.b[i - 4], 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (make_program(&pairs[i], channels)) {
			return EXIT_FAILURE;
		}
	}
	bench_pin(bench_cpu(0));
	while (rounds < ROUNDS_MAX && bench_now() < end_ns) {
		for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
			pairs[i].ours_ns[rounds] = time_ours(&pairs[i], table);
			pairs[i].c_ns[rounds] = time_c(&pairs[i], &values);
		}
		rounds++;
	}
	printf("{");
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		print_pair(&pairs[i], rounds, i > 0 ? "," : "");
		program_destroy(pairs[i].program);
	}
	printf("}\n");
	image_destroy(image);
	return EXIT_SUCCESS;
}
