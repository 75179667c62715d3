/* From one range of numbers to another. */
#include "rtloop/program/block.h"

/* The line through two points. Exact at both of them. */
static double line(double x, double x0, double y0, double x1, double y1)
{
	return x == x1 ? y1 : y0 + (x - x0) * ((y1 - y0) / (x1 - x0));
}

/* scale(in, in_low, in_high, out_low, out_high) */
OP(block_scale)
{
	const struct slot *in = ARG(0), *in_low = ARG(1), *in_high = ARG(2);
	uint64_t worth = worth_of_args(frame, insn);

	if (UNLIKELY(in_low->f == in_high->f)) {
		put_float(DST, 0.0, worth | WORTH_BAD | WORTH_DIVISION);
		return;
	}
	put_float(DST, line(in->f, in_low->f, ARG(3)->f, in_high->f, ARG(4)->f), worth);
}

/* The last point that lies at or before x; x is within the table. */
static unsigned find_point(const struct frame *frame, const struct insn *insn, double x)
{
	unsigned from = 0, to = (insn->count - 1u) / 2 - 1;

	while (to - from > 1) {
		unsigned middle = (from + to) / 2;

		if (ARG(1 + 2 * middle)->f <= x) {
			from = middle;
		} else {
			to = middle;
		}
	}
	return from;
}

/* lookup(in, [x, y], ...): the points' x rise, which was checked when it was compiled. */
OP(block_lookup)
{
	const struct slot *in = ARG(0);
	unsigned at, last = insn->count - 2u;

	if (in->f <= ARG(1)->f) {
		put_float(DST, ARG(2)->f, in->worth);
	} else if (in->f >= ARG(last)->f) {
		put_float(DST, ARG(last + 1)->f, in->worth);
	} else {
		at = 1 + 2 * find_point(frame, insn, in->f);
		put_float(DST,
			  line(in->f, ARG(at)->f, ARG(at + 1)->f, ARG(at + 2)->f,
			       ARG(at + 3)->f),
			  in->worth);
	}
}
