/* Between the process image and the program. */
#include "rtloop/program/ops.h"

static const uint64_t worth_of[] = {
	[QUALITY_GOOD] = WORTH_GOOD,
	[QUALITY_STALE] = WORTH_STALE,
	[QUALITY_BAD] = WORTH_BAD,
};

OP(op_load_bool)
{
	const struct channel *channel = frame->channels[insn->word];

	put_int(DST, *(const uint8_t *)channel->cell != 0, worth_of[*channel->quality]);
}

OP(op_load_int)
{
	const struct channel *channel = frame->channels[insn->word];

	put_int(DST, *(const int64_t *)channel->cell, worth_of[*channel->quality]);
}

OP(op_load_float)
{
	const struct channel *channel = frame->channels[insn->word];

	put_float(DST, *(const double *)channel->cell, worth_of[*channel->quality]);
}

OP(op_age)
{
	int64_t sample_ns = frame->channels[insn->word]->sample_ns;

	/* a sample may be stamped within this very cycle, behind its release */
	put_int(DST,
		sample_ns == 0			? INT64_MAX
		: sample_ns > frame->release_ns ? 0
						: frame->release_ns - sample_ns,
		WORTH_GOOD);
}

OP(op_dt)
{
	put_int(DST, frame->dt_ns, WORTH_GOOD);
}

OP(op_assign)
{
	uint64_t worth = A->worth;

	DST->bits = A->bits;
	DST->worth = worth & WORTH_QUALITY;
	if (UNLIKELY(worth & WORTH_TROUBLE)) {
		program_note(frame, insn, worth & WORTH_TROUBLE);
	}
}

static enum quality quality_of(uint64_t worth)
{
	return worth & WORTH_BAD     ? QUALITY_BAD
	       : worth & WORTH_STALE ? QUALITY_STALE
				     : QUALITY_GOOD;
}

static union value value_of(const struct channel *channel, const struct slot *slot)
{
	union value value = { .as_int = slot->i };

	if (channel->type == VALUE_BOOL) {
		value.as_bool = slot->i != 0;
	} else if (channel->type == VALUE_FLOAT) {
		value.as_float = slot->f;
	}
	return value;
}

OP(op_store)
{
	struct channel *channel = frame->channels[insn->word];

	channel_put(channel, value_of(channel, A), quality_of(A->worth),
		    frame->release_ns);
}
