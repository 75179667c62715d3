#include "rtloop/cycle/peaks.h"

static uint64_t greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void peak_fold(struct peak *into, const struct peak *from)
{
	into->cycles += from->cycles;
	into->overruns += from->overruns;
	into->latency_max_ns = greater(into->latency_max_ns, from->latency_max_ns);
	into->busy_max_ns = greater(into->busy_max_ns, from->busy_max_ns);
}

/* Returns whether there was a slot for it. */
static bool leave(struct peaks *peaks)
{
	uint64_t head = atomic_load_explicit(&peaks->head, memory_order_relaxed);

	/* pairs with the release in peaks_take(): the slot has been read */
	if (head - atomic_load_explicit(&peaks->tail, memory_order_acquire) ==
	    PEAKS_SLOTS) {
		return false;
	}
	peaks->slots[head % PEAKS_SLOTS] = peaks->current;
	atomic_store_explicit(&peaks->head, head + 1, memory_order_release);
	return true;
}

static void begin_step(struct peaks *peaks, int64_t at_ns)
{
	int64_t step = at_ns / PEAKS_STEP_NS;

	peaks->current = (struct peak){ .step = (uint64_t)step };
	peaks->ends_ns = (step + 1) * PEAKS_STEP_NS;
}

void peaks_record(struct peaks *peaks, int64_t at_ns, const struct peak *cycle)
{
	if (at_ns >= peaks->ends_ns && (peaks->current.cycles == 0 || leave(peaks))) {
		begin_step(peaks, at_ns);
	}
	peak_fold(&peaks->current, cycle);
}

bool peaks_take(struct peaks *peaks, struct peak *ret_peak)
{
	uint64_t tail = atomic_load_explicit(&peaks->tail, memory_order_relaxed);

	/* pairs with the release in leave(): the slot has been written */
	if (tail == atomic_load_explicit(&peaks->head, memory_order_acquire)) {
		return false;
	}
	*ret_peak = peaks->slots[tail % PEAKS_SLOTS];
	atomic_store_explicit(&peaks->tail, tail + 1, memory_order_release);
	return true;
}

bool peaks_take_last(struct peaks *peaks, struct peak *ret_peak)
{
	if (peaks->current.cycles == 0) {
		return false;
	}
	*ret_peak = peaks->current;
	peaks->current = (struct peak){ 0 };
	return true;
}
