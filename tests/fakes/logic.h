/* A program on channels of its own, for tests: compiled, bound, and stepped by hand. */
#ifndef TESTS_FAKES_LOGIC_H
#define TESTS_FAKES_LOGIC_H

#include "rtloop/base/image.h"
#include "rtloop/program/program.h"

/* The symbols that there are, in this order. */
enum {
	LOGIC_A,      /* in.a, bool */
	LOGIC_B,      /* in.b, bool */
	LOGIC_C,      /* in.c, bool */
	LOGIC_D,      /* in.d, bool */
	LOGIC_I,      /* in.i, integer */
	LOGIC_J,      /* in.j, integer */
	LOGIC_X,      /* in.x, float */
	LOGIC_Y,      /* in.y, float */
	LOGIC_Z,      /* in.z, float */
	LOGIC_TARGET, /* target, a param: float */
	LOGIC_HOLD,   /* hold, a param: duration */
	LOGIC_Q,      /* q, q2: bool vars */
	LOGIC_Q2,
	LOGIC_N, /* n, n2: integers */
	LOGIC_N2,
	LOGIC_F, /* f, f2: floats */
	LOGIC_F2,
	LOGIC_T, /* t, t2: durations */
	LOGIC_T2,
	LOGIC_LAMP,  /* out.lamp, an output: bool */
	LOGIC_VALVE, /* out.valve, an output: float */
	LOGIC_SYMBOLS
};

struct logic {
	struct program *program; /* NULL: there were mistakes */
	int code;
	char *errors; /* owned: "line:column: text" and a line end, of each mistake */
	struct image *image;
	struct image_part part;
	struct channel channels[LOGIC_SYMBOLS];
	struct program_time now;
};

/** logic_make - compile a text, and bind it; all inputs are 0 and good, dt is 1 ms. */
void logic_make(struct logic *logic, const char *text);

/** logic_make_shared - likewise, where others may write the vars that the program does not. */
void logic_make_shared(struct logic *logic, const char *text);
void logic_end(struct logic *logic);

void logic_set_bool(struct logic *logic, unsigned symbol, bool value);
void logic_set_int(struct logic *logic, unsigned symbol, int64_t value);
void logic_set_float(struct logic *logic, unsigned symbol, double value);
void logic_set_quality(struct logic *logic, unsigned symbol, enum quality quality);

/** logic_step - one step, @dt_ns after the one before; what program_step() returned. */
unsigned logic_step(struct logic *logic, int64_t dt_ns);

bool logic_bool(const struct logic *logic, unsigned symbol);
int64_t logic_int(const struct logic *logic, unsigned symbol);
double logic_float(const struct logic *logic, unsigned symbol);
enum quality logic_quality(const struct logic *logic, unsigned symbol);

extern const struct program_symbol logic_symbols[LOGIC_SYMBOLS];

#endif
