/* Comparisons; bools and durations are compared as integers. */
#include "rtloop/program/ops.h"

OP(op_eq_int)
{
	put_int(DST, A->i == B->i, A->worth | B->worth);
}

OP(op_ne_int)
{
	put_int(DST, A->i != B->i, A->worth | B->worth);
}

OP(op_lt_int)
{
	put_int(DST, A->i < B->i, A->worth | B->worth);
}

OP(op_le_int)
{
	put_int(DST, A->i <= B->i, A->worth | B->worth);
}

OP(op_gt_int)
{
	put_int(DST, A->i > B->i, A->worth | B->worth);
}

OP(op_ge_int)
{
	put_int(DST, A->i >= B->i, A->worth | B->worth);
}

OP(op_eq_float)
{
	put_int(DST, A->f == B->f, A->worth | B->worth);
}

OP(op_ne_float)
{
	put_int(DST, A->f != B->f, A->worth | B->worth);
}

OP(op_lt_float)
{
	put_int(DST, A->f < B->f, A->worth | B->worth);
}

OP(op_le_float)
{
	put_int(DST, A->f <= B->f, A->worth | B->worth);
}

OP(op_gt_float)
{
	put_int(DST, A->f > B->f, A->worth | B->worth);
}

OP(op_ge_float)
{
	put_int(DST, A->f >= B->f, A->worth | B->worth);
}
