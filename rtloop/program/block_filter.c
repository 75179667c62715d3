/*
 * Filters of one signal. While an argument is not good they hold: neither do they take it in, nor do they
 * forget what they knew. The first good sample is where they begin.
 */
#include "rtloop/program/block.h"

/* hysteresis(in, low, high): words: output */
OP(block_hysteresis)
{
	const struct slot *in = ARG(0), *low = ARG(1), *high = ARG(2);
	uint64_t worth = worth_of_args(frame, insn);

	if (UNLIKELY(low->f > high->f)) {
		worth |= WORTH_BAD | WORTH_RANGE;
	} else if (is_good(worth)) {
		WORD(0) = in->f >= high->f || (in->f > low->f && WORD(0));
	}
	put_int(DST, (int64_t)WORD(0), worth);
}

/* What stands where a filter holds: its last output, or before the first good sample the input. */
static void put_held(struct slot *dst, uint64_t has_begun, uint64_t word,
		     const struct slot *in, uint64_t worth)
{
	put_float(dst, has_begun ? word_float(word) : in->f, worth);
}

/* rate_limit(in, up, down): words: whether it began, output */
OP(block_rate_limit)
{
	const struct slot *in = ARG(0), *up = ARG(1), *down = ARG(2);
	uint64_t worth = worth_of_args(frame, insn);
	double from, to;

	if (UNLIKELY(up->f < 0.0 || down->f < 0.0)) {
		worth |= WORTH_BAD | WORTH_RANGE;
	}
	if (!is_good(worth)) {
		put_held(DST, WORD(0), WORD(1), in, worth);
		return;
	}
	from = WORD(0) ? word_float(WORD(1)) : in->f;
	to = clamp(in->f, from - down->f * frame->dt_s, from + up->f * frame->dt_s);
	WORD(0) = 1;
	WORD(1) = float_word(to);
	put_float(DST, to, worth);
}

/* lowpass(in, time): words: whether it began, output */
OP(block_lowpass)
{
	const struct slot *in = ARG(0), *time = ARG(1);
	uint64_t worth = in->worth | time->worth;
	double y;

	if (!is_good(worth)) {
		put_held(DST, WORD(0), WORD(1), in, worth);
		return;
	}
	y = WORD(0) ? smooth(frame, word_float(WORD(1)), in->f, time->i) : in->f;
	y = to_finite(y, &worth);
	WORD(0) = 1;
	WORD(1) = float_word(y);
	put_float(DST, y, worth);
}

/*
 * average(in, n): words: how many samples there are, where the next one goes, the output, n samples. The sum is
 * made anew each time: a running one would keep the rounding errors of all that has left it.
 */
OP(block_average)
{
	const struct slot *in = ARG(0);
	uint64_t n = (uint64_t)ARG(1)->i;
	uint64_t worth = in->worth;
	double sum = 0.0;
	uint64_t at;

	if (!is_good(worth)) {
		put_held(DST, WORD(0), WORD(2), in, worth);
		return;
	}
	/* the state may come from a log, where anything can stand */
	at = WORD(1) < n ? WORD(1) : 0;
	WORD(3 + at) = float_word(in->f);
	WORD(1) = at + 1 == n ? 0 : at + 1;
	WORD(0) = WORD(0) < n ? WORD(0) + 1 : n;
	for (uint64_t i = 0; i < WORD(0); i++) {
		sum += word_float(WORD(3 + i));
	}
	put_float(DST, sum / (double)WORD(0), worth);
	WORD(2) = DST->bits;
}

/* derivative(in, time): words: whether there is a sample before, that sample, output */
OP(block_derivative)
{
	const struct slot *in = ARG(0), *time = ARG(1);
	uint64_t worth = in->worth | time->worth;
	double slope = 0.0;

	if (!is_good(worth)) {
		WORD(0) = 0;
		put_float(DST, word_float(WORD(2)), worth);
		return;
	}
	if (WORD(0)) {
		slope = to_finite((in->f - word_float(WORD(1))) / frame->dt_s, &worth);
		slope = to_finite(smooth(frame, word_float(WORD(2)), slope, time->i),
				  &worth);
	}
	WORD(0) = 1;
	WORD(1) = float_word(in->f);
	WORD(2) = float_word(slope);
	put_float(DST, slope, worth);
}
