/*
 * Timers of IEC 61131-3, table 46 and its timing diagrams. ET is 0 in the cycle in which the input
 * changes, and grows by dt in each one after it; whole ns, so nothing is ever rounded. A negative time
 * counts as 0.
 */
#include "rtloop/program/block.h"

static int64_t time_of(const struct slot *slot)
{
	return slot->i > 0 ? slot->i : 0;
}

static void put_timer(struct slot *dst, bool q, int64_t et_ns, uint64_t worth)
{
	put_int(&dst[0], q, worth);
	put_int(&dst[1], et_ns, worth);
}

/* ET, from where it was, after another cycle. */
static int64_t grow(const struct frame *frame, uint64_t et_ns, int64_t pt_ns)
{
	int64_t grown_ns = add_ns((int64_t)et_ns, frame->dt_ns);

	return grown_ns < pt_ns ? grown_ns : pt_ns;
}

/* ton(in, pt): words: ET, whether it runs */
OP(block_ton)
{
	const struct slot *in = ARG(0), *pt = ARG(1);
	int64_t et_ns = 0;

	if (in->i && WORD(1)) {
		et_ns = grow(frame, WORD(0), time_of(pt));
	}
	WORD(0) = (uint64_t)et_ns;
	WORD(1) = (uint64_t)in->i;
	put_timer(DST, in->i && et_ns >= time_of(pt), et_ns, in->worth | pt->worth);
}

/* tof(in, pt): words: ET, state */
OP(block_tof)
{
	enum { IDLE, ON, FALLING };
	const struct slot *in = ARG(0), *pt = ARG(1);
	int64_t et_ns = 0;

	if (in->i) {
		WORD(1) = ON;
	} else if (WORD(1) == ON) {
		WORD(1) = FALLING;
	} else if (WORD(1) == FALLING) {
		et_ns = grow(frame, WORD(0), time_of(pt));
	}
	WORD(0) = (uint64_t)et_ns;
	put_timer(DST, in->i || (WORD(1) == FALLING && et_ns < time_of(pt)), et_ns,
		  in->worth | pt->worth);
}

/* tp(in, pt): words: ET, state */
OP(block_tp)
{
	enum { IDLE, PULSE, OVER };
	const struct slot *in = ARG(0), *pt = ARG(1);
	int64_t et_ns = (int64_t)WORD(0);

	if (WORD(1) == IDLE && in->i) {
		WORD(1) = PULSE;
	} else if (WORD(1) == PULSE) {
		et_ns = grow(frame, WORD(0), time_of(pt));
	}
	if (WORD(1) == PULSE && et_ns >= time_of(pt)) {
		WORD(1) = OVER;
	}
	if (WORD(1) == OVER && !in->i) {
		WORD(1) = IDLE;
		et_ns = 0;
	}
	WORD(0) = (uint64_t)et_ns;
	put_timer(DST, WORD(1) == PULSE, et_ns, in->worth | pt->worth);
}

/* debounce(in, time): words: whether it began, output, whether another value waits, for how long */
OP(block_debounce)
{
	const struct slot *in = ARG(0), *time = ARG(1);

	if (!WORD(0)) {
		WORD(0) = 1;
		WORD(1) = (uint64_t)in->i;
	}
	if ((int64_t)WORD(1) == in->i) {
		WORD(2) = 0;
	} else if (!WORD(2)) {
		WORD(2) = 1;
		WORD(3) = 0;
	} else {
		WORD(3) = (uint64_t)add_ns((int64_t)WORD(3), frame->dt_ns);
	}
	if (WORD(2) && (int64_t)WORD(3) >= time_of(time)) {
		WORD(1) = (uint64_t)in->i;
		WORD(2) = 0;
	}
	put_int(DST, (int64_t)WORD(1), in->worth | time->worth);
}
