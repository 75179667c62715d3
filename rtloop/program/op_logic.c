/*
 * Logic and choice. Where one operand alone decides, only its worth counts: false and a dead sensor is
 * false, and good.
 */
#include "rtloop/program/ops.h"

/* Both decide: the better of them is enough. */
static uint64_t better(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

OP(op_and)
{
	const struct slot *a = A, *b = B;
	uint64_t worth = a->worth | b->worth;

	if (worth != WORTH_GOOD) {
		worth = !a->i && !b->i ? better(a->worth, b->worth)
			: !a->i	       ? a->worth
			: !b->i	       ? b->worth
				       : worth;
	}
	put_int(DST, a->i & b->i, worth);
}

OP(op_or)
{
	const struct slot *a = A, *b = B;
	uint64_t worth = a->worth | b->worth;

	if (worth != WORTH_GOOD) {
		worth = a->i && b->i ? better(a->worth, b->worth)
			: a->i	     ? a->worth
			: b->i	     ? b->worth
				     : worth;
	}
	put_int(DST, a->i | b->i, worth);
}

OP(op_xor)
{
	put_int(DST, A->i ^ B->i, A->worth | B->worth);
}

OP(op_not)
{
	put_int(DST, !A->i, A->worth);
}

OP(op_if)
{
	const struct slot *taken = A->i ? B : C;
	uint64_t worth = A->worth | taken->worth;

	DST->bits = taken->bits;
	DST->worth = worth;
}

/* select(k, in0, in1, ...) */
OP(op_select)
{
	const struct slot *k = ARG(0), *taken;
	int64_t last = (int64_t)insn->count - 2;
	int64_t index = k->i;
	uint64_t worth = k->worth;

	if (UNLIKELY(index < 0 || index > last)) {
		index = index < 0 ? 0 : last;
		worth |= WORTH_BAD | WORTH_RANGE;
	}
	taken = ARG((uint32_t)index + 1);
	DST->bits = taken->bits;
	DST->worth = worth | taken->worth;
}

OP(op_good)
{
	put_int(DST, is_good(A->worth), WORTH_GOOD);
}
