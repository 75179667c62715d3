#include "rtloop/mcap/cycles.h"

void mcap_cycles_begin_file(struct mcap_cycles *cycles)
{
	cycles->is_at_file_start = true;
}

static void begin_run(struct mcap_cycles *cycles, uint64_t first)
{
	if (cycles->runs == 0) {
		cycles->first = first;
	}
	cycles->runs++;
	cycles->next = first;
}

/* Cycles first to last, whether logged or in a gap. */
static enum mcap_cycles_verdict take(struct mcap_cycles *cycles, uint64_t first,
				     uint64_t last)
{
	enum mcap_cycles_verdict verdict = MCAP_CYCLES_GOOD;

	if (cycles->runs == 0 || (cycles->is_at_file_start && first == 0)) {
		begin_run(cycles, first);
	}
	cycles->is_at_file_start = false;
	if (first < cycles->next) {
		return MCAP_CYCLES_REPEATED;
	}
	if (first > cycles->next) {
		cycles->missing += first - cycles->next;
		verdict = MCAP_CYCLES_MISSING;
	}
	cycles->next = last + 1;
	return verdict;
}

enum mcap_cycles_verdict mcap_cycles_take(struct mcap_cycles *cycles, uint64_t cycle)
{
	enum mcap_cycles_verdict verdict = take(cycles, cycle, cycle);

	if (verdict != MCAP_CYCLES_REPEATED) {
		cycles->logged++;
	}
	return verdict;
}

/* The new part of a gap that begins among cycles that were there before. */
static void take_rest(struct mcap_cycles *cycles, uint64_t last)
{
	if (last >= cycles->next) {
		cycles->in_gaps += last - cycles->next + 1;
		cycles->gaps++;
		cycles->next = last + 1;
	}
}

enum mcap_cycles_verdict mcap_cycles_take_gap(struct mcap_cycles *cycles, uint64_t first,
					      uint64_t last)
{
	enum mcap_cycles_verdict verdict;

	if (last < first) {
		return MCAP_CYCLES_NONSENSE;
	}
	verdict = take(cycles, first, last);
	if (verdict == MCAP_CYCLES_REPEATED) {
		take_rest(cycles, last);
	} else {
		cycles->in_gaps += last - first + 1;
		cycles->gaps++;
	}
	return verdict;
}
