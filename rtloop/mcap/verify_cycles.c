#include <inttypes.h>

#include "rtloop/mcap/verifier.h"

static void tell_cycles(struct verifier *verifier, uint64_t offset, uint64_t expected,
			uint64_t first, enum mcap_cycles_verdict verdict)
{
	verifier->result.cycle_problems += verdict != MCAP_CYCLES_GOOD;
	switch (verdict) {
	case MCAP_CYCLES_GOOD:
		break;
	case MCAP_CYCLES_MISSING:
		verifier_problem(verifier, offset,
				 "cycles %" PRIu64 " to %" PRIu64
				 " are missing: neither logged nor in a gap",
				 expected, first - 1);
		break;
	case MCAP_CYCLES_REPEATED:
		verifier_problem(verifier, offset,
				 "cycle %" PRIu64 " comes again or out of order", first);
		break;
	case MCAP_CYCLES_NONSENSE:
		verifier_problem(verifier, offset, "a gap ends before it begins");
		break;
	}
}

void verifier_take_cycles(struct verifier *verifier, const struct mcap_stream *stream,
			  const struct mcap_message *message, uint64_t offset)
{
	uint64_t expected = verifier->cycles->next;
	uint64_t first, last;

	switch (mcap_cycle_fields_get(&verifier->fields, stream, message, &first,
				      &last)) {
	case MCAP_CYCLE_NONE:
		break;
	case MCAP_CYCLE_ONE:
		tell_cycles(verifier, offset, expected, first,
			    mcap_cycles_take(verifier->cycles, first));
		break;
	case MCAP_CYCLE_GAP:
		tell_cycles(verifier, offset, expected, first,
			    mcap_cycles_take_gap(verifier->cycles, first, last));
		break;
	case MCAP_CYCLE_SHORT:
		verifier->result.cycle_problems++;
		verifier_problem(verifier, offset, "a message of %s is too short",
				 stream->name);
		break;
	}
}
