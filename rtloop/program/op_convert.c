/* Conversions between types; what does not fit saturates, since processors differ there. */
#include "rtloop/base/time.h"
#include "rtloop/program/ops.h"

#define WHOLE_LIMIT 9223372036854775808.0 /* 2 to the power of 63 */

static void put_whole(struct slot *slot, double whole, uint64_t worth)
{
	if (UNLIKELY(!(whole >= -WHOLE_LIMIT && whole < WHOLE_LIMIT))) {
		put_int(slot, whole < 0.0 ? INT64_MIN : INT64_MAX,
			worth | WORTH_OVERFLOW);
		return;
	}
	put_int(slot, (int64_t)whole, worth);
}

OP(op_float_of_int)
{
	put_float(DST, (double)A->i, A->worth);
}

OP(op_round)
{
	put_whole(DST, __builtin_rint(A->f), A->worth);
}

OP(op_trunc)
{
	put_whole(DST, __builtin_trunc(A->f), A->worth);
}

OP(op_floor)
{
	put_whole(DST, __builtin_floor(A->f), A->worth);
}

OP(op_ceil)
{
	put_whole(DST, __builtin_ceil(A->f), A->worth);
}

/* A bool is 0 or 1 already: only its type changes. */
OP(op_int_of_bool)
{
	put_int(DST, A->i, A->worth);
}

OP(op_seconds)
{
	put_float(DST, (double)A->i / (double)NS_PER_SEC, A->worth);
}

OP(op_duration)
{
	put_whole(DST, __builtin_rint(A->f * (double)NS_PER_SEC), A->worth);
}

/* bit(in, n): 0 is the least one. */
OP(op_bit)
{
	uint64_t worth = A->worth | B->worth;

	if (UNLIKELY(B->i < 0 || B->i > 63)) {
		put_int(DST, 0, worth | WORTH_BAD | WORTH_RANGE);
		return;
	}
	put_int(DST, (int64_t)(A->bits >> B->i & 1), worth);
}
