/* Counters of IEC 61131-3, table 45. They count rising edges, and stop at the ends of an integer. */
#include "rtloop/program/block.h"

/* A rising edge; true from the start is one, as with r_trig. */
static bool take_edge(uint64_t *seen, const struct slot *slot)
{
	bool is_edge = slot->i && !*seen;

	*seen = (uint64_t)slot->i;
	return is_edge;
}

/* ctu(cu, r, pv): words: CV, the last CU */
OP(block_ctu)
{
	const struct slot *cu = ARG(0), *r = ARG(1), *pv = ARG(2);
	uint64_t worth = cu->worth | r->worth | pv->worth;
	int64_t cv = (int64_t)WORD(0);
	bool is_up = take_edge(&WORD(1), cu);

	if (r->i) {
		cv = 0;
	} else if (is_up && cv < INT64_MAX) {
		cv++;
	}
	WORD(0) = (uint64_t)cv;
	put_int(&DST[0], cv >= pv->i, worth);
	put_int(&DST[1], cv, worth);
}

/* ctd(cd, ld, pv): words: CV, the last CD */
OP(block_ctd)
{
	const struct slot *cd = ARG(0), *ld = ARG(1), *pv = ARG(2);
	uint64_t worth = cd->worth | ld->worth | pv->worth;
	int64_t cv = (int64_t)WORD(0);
	bool is_down = take_edge(&WORD(1), cd);

	if (ld->i) {
		cv = pv->i;
	} else if (is_down && cv > INT64_MIN) {
		cv--;
	}
	WORD(0) = (uint64_t)cv;
	put_int(&DST[0], cv <= 0, worth);
	put_int(&DST[1], cv, worth);
}

static int64_t count_both(int64_t cv, bool is_up, bool is_down)
{
	if (is_up && !is_down && cv < INT64_MAX) {
		return cv + 1;
	}
	if (is_down && !is_up && cv > INT64_MIN) {
		return cv - 1;
	}
	return cv;
}

/* ctud(cu, cd, r, ld, pv): words: CV, the last CU, the last CD */
OP(block_ctud)
{
	const struct slot *r = ARG(2), *ld = ARG(3), *pv = ARG(4);
	uint64_t worth = worth_of_args(frame, insn);
	bool is_up = take_edge(&WORD(1), ARG(0));
	bool is_down = take_edge(&WORD(2), ARG(1));
	int64_t cv = count_both((int64_t)WORD(0), is_up, is_down);

	if (r->i) {
		cv = 0;
	} else if (ld->i) {
		cv = pv->i;
	}
	WORD(0) = (uint64_t)cv;
	put_int(&DST[0], cv >= pv->i, worth);
	put_int(&DST[1], cv <= 0, worth);
	put_int(&DST[2], cv, worth);
}
