/* Arithmetic. Integers saturate; what has no result gives 0, and says so. */
#include "rtloop/program/ops.h"

/* The end that an overflowing sum lies behind has the sign of its terms. */
static void put_saturated(struct slot *slot, bool is_negative, uint64_t worth)
{
	put_int(slot, is_negative ? INT64_MIN : INT64_MAX, worth | WORTH_OVERFLOW);
}

OP(op_add_int)
{
	uint64_t worth = A->worth | B->worth;
	int64_t sum;

	if (UNLIKELY(__builtin_add_overflow(A->i, B->i, &sum))) {
		put_saturated(DST, A->i < 0, worth);
		return;
	}
	put_int(DST, sum, worth);
}

OP(op_sub_int)
{
	uint64_t worth = A->worth | B->worth;
	int64_t difference;

	if (UNLIKELY(__builtin_sub_overflow(A->i, B->i, &difference))) {
		put_saturated(DST, A->i < 0, worth);
		return;
	}
	put_int(DST, difference, worth);
}

OP(op_mul_int)
{
	uint64_t worth = A->worth | B->worth;
	int64_t product;

	if (UNLIKELY(__builtin_mul_overflow(A->i, B->i, &product))) {
		put_saturated(DST, (A->i < 0) != (B->i < 0), worth);
		return;
	}
	put_int(DST, product, worth);
}

OP(op_div_int)
{
	uint64_t worth = A->worth | B->worth;

	if (UNLIKELY(B->i == 0)) {
		put_int(DST, 0, worth | WORTH_BAD | WORTH_DIVISION);
	} else if (UNLIKELY(B->i == -1 && A->i == INT64_MIN)) {
		put_saturated(DST, false, worth);
	} else {
		put_int(DST, A->i / B->i, worth);
	}
}

OP(op_mod_int)
{
	uint64_t worth = A->worth | B->worth;

	if (UNLIKELY(B->i == 0)) {
		put_int(DST, 0, worth | WORTH_BAD | WORTH_DIVISION);
	} else {
		/* the processor traps on INT64_MIN mod -1 */
		put_int(DST, B->i == -1 ? 0 : A->i % B->i, worth);
	}
}

OP(op_neg_int)
{
	if (UNLIKELY(A->i == INT64_MIN)) {
		put_saturated(DST, false, A->worth);
		return;
	}
	put_int(DST, -A->i, A->worth);
}

OP(op_abs_int)
{
	if (UNLIKELY(A->i == INT64_MIN)) {
		put_saturated(DST, false, A->worth);
		return;
	}
	put_int(DST, A->i < 0 ? -A->i : A->i, A->worth);
}

OP(op_add_float)
{
	put_float(DST, A->f + B->f, A->worth | B->worth);
}

OP(op_sub_float)
{
	put_float(DST, A->f - B->f, A->worth | B->worth);
}

OP(op_mul_float)
{
	put_float(DST, A->f * B->f, A->worth | B->worth);
}

OP(op_div_float)
{
	uint64_t worth = A->worth | B->worth;

	if (UNLIKELY(B->f == 0.0)) {
		put_float(DST, 0.0, worth | WORTH_BAD | WORTH_DIVISION);
		return;
	}
	put_float(DST, A->f / B->f, worth);
}

OP(op_neg_float)
{
	put_float(DST, -A->f, A->worth);
}

OP(op_abs_float)
{
	put_float(DST, fabs(A->f), A->worth);
}

OP(op_sqrt)
{
	if (UNLIKELY(A->f < 0.0)) {
		put_float(DST, 0.0, A->worth | WORTH_BAD | WORTH_INVALID);
		return;
	}
	put_float(DST, __builtin_sqrt(A->f), A->worth);
}

/* The ratio of two durations. */
OP(op_div_time)
{
	uint64_t worth = A->worth | B->worth;

	if (UNLIKELY(B->i == 0)) {
		put_float(DST, 0.0, worth | WORTH_BAD | WORTH_DIVISION);
		return;
	}
	put_float(DST, (double)A->i / (double)B->i, worth);
}

static uint64_t worth_of_all(const struct frame *frame, const struct insn *insn)
{
	uint64_t worth = WORTH_GOOD;

	for (unsigned i = 0; i < insn->count; i++) {
		worth |= ARG(i)->worth;
	}
	return worth;
}

OP(op_min_int)
{
	int64_t least = ARG(0)->i;

	for (unsigned i = 1; i < insn->count; i++) {
		least = ARG(i)->i < least ? ARG(i)->i : least;
	}
	put_int(DST, least, worth_of_all(frame, insn));
}

OP(op_max_int)
{
	int64_t most = ARG(0)->i;

	for (unsigned i = 1; i < insn->count; i++) {
		most = ARG(i)->i > most ? ARG(i)->i : most;
	}
	put_int(DST, most, worth_of_all(frame, insn));
}

OP(op_min_float)
{
	double least = ARG(0)->f;

	for (unsigned i = 1; i < insn->count; i++) {
		least = ARG(i)->f < least ? ARG(i)->f : least;
	}
	put_float(DST, least, worth_of_all(frame, insn));
}

OP(op_max_float)
{
	double most = ARG(0)->f;

	for (unsigned i = 1; i < insn->count; i++) {
		most = ARG(i)->f > most ? ARG(i)->f : most;
	}
	put_float(DST, most, worth_of_all(frame, insn));
}

/* limit(mn, in, mx): the standard's MIN(MAX(IN, MN), MX). */
OP(op_limit_int)
{
	const struct slot *mn = ARG(0), *in = ARG(1), *mx = ARG(2);
	uint64_t worth = mn->worth | in->worth | mx->worth;
	int64_t value = in->i > mn->i ? in->i : mn->i;

	if (UNLIKELY(mn->i > mx->i)) {
		worth |= WORTH_BAD | WORTH_RANGE;
	}
	put_int(DST, value < mx->i ? value : mx->i, worth);
}

OP(op_limit_float)
{
	const struct slot *mn = ARG(0), *in = ARG(1), *mx = ARG(2);
	uint64_t worth = mn->worth | in->worth | mx->worth;
	double value = in->f > mn->f ? in->f : mn->f;

	if (UNLIKELY(mn->f > mx->f)) {
		worth |= WORTH_BAD | WORTH_RANGE;
	}
	put_float(DST, value < mx->f ? value : mx->f, worth);
}
