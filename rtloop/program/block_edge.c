/*
 * Edges and latches of IEC 61131-3, tables 43 and 44. They work with the value that they see; their
 * result is worth what that is.
 */
#include "rtloop/program/ops.h"

/* r_trig(clk): Q := CLK and not M; M := CLK. True from the start is an edge: M begins as false. */
OP(block_r_trig)
{
	const struct slot *clk = ARG(0);

	put_int(DST, clk->i && !WORD(0), clk->worth);
	WORD(0) = (uint64_t)clk->i;
}

/* f_trig(clk): Q := not CLK and not M; M := not CLK. */
OP(block_f_trig)
{
	const struct slot *clk = ARG(0);

	put_int(DST, !clk->i && !WORD(0), clk->worth);
	WORD(0) = !clk->i;
}

/* sr(s1, r): Q1 := S1 or (not R and Q1) */
OP(block_sr)
{
	const struct slot *s1 = ARG(0), *r = ARG(1);

	WORD(0) = s1->i || (!r->i && WORD(0));
	put_int(DST, (int64_t)WORD(0), s1->worth | r->worth);
}

/* rs(s, r1): Q1 := not R1 and (S or Q1) */
OP(block_rs)
{
	const struct slot *s = ARG(0), *r1 = ARG(1);

	WORD(0) = !r1->i && (s->i || WORD(0));
	put_int(DST, (int64_t)WORD(0), s->worth | r1->worth);
}
