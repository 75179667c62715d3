#include "rtloop/base/hist.h"

#include "rtloop/base/time.h"

unsigned hist_bin(uint64_t us)
{
	unsigned octave;

	if (us < HIST_LINEAR_US) {
		return (unsigned)us;
	}
	if (us >= HIST_LIMIT_US) {
		return HIST_BINS;
	}
	octave = 63u - (unsigned)__builtin_clzll(us / HIST_LINEAR_US);
	/* the step within the octave: the bits behind the leading one */
	us = (us >> octave) - HIST_LINEAR_US;
	return HIST_LINEAR_US + octave * HIST_OCTAVE +
	       (unsigned)(us * HIST_OCTAVE / HIST_LINEAR_US);
}

uint64_t hist_bin_start(unsigned bin)
{
	unsigned octave, step;

	if (bin < HIST_LINEAR_US) {
		return bin;
	}
	octave = (bin - HIST_LINEAR_US) / HIST_OCTAVE;
	step = (bin - HIST_LINEAR_US) % HIST_OCTAVE;
	return (HIST_LINEAR_US + step * (uint64_t)(HIST_LINEAR_US / HIST_OCTAVE))
	       << octave;
}

void hist_record(struct hist *hist, int64_t ns)
{
	uint64_t time_ns = ns < 0 ? 0 : (uint64_t)ns;
	unsigned bin = hist_bin(time_ns / NS_PER_US);

	counter_add(bin < HIST_BINS ? &hist->bins[bin] : &hist->overflow, 1);
	if (counter_get(&hist->count) == 0 || time_ns < counter_get(&hist->min_ns)) {
		counter_set(&hist->min_ns, time_ns);
	}
	if (time_ns > counter_get(&hist->max_ns)) {
		counter_set(&hist->max_ns, time_ns);
	}
	counter_add(&hist->sum_ns, time_ns);
	counter_add(&hist->count, 1);
}

void hist_merge(struct hist *into, const struct hist *from)
{
	uint64_t min_ns = counter_get(&from->min_ns);
	uint64_t max_ns = counter_get(&from->max_ns);

	if (counter_get(&from->count) == 0) {
		return;
	}
	for (unsigned bin = 0; bin < HIST_BINS; bin++) {
		counter_add(&into->bins[bin], counter_get(&from->bins[bin]));
	}
	if (counter_get(&into->count) == 0 || min_ns < counter_get(&into->min_ns)) {
		counter_set(&into->min_ns, min_ns);
	}
	if (max_ns > counter_get(&into->max_ns)) {
		counter_set(&into->max_ns, max_ns);
	}
	counter_add(&into->overflow, counter_get(&from->overflow));
	counter_add(&into->sum_ns, counter_get(&from->sum_ns));
	counter_add(&into->count, counter_get(&from->count));
}

int64_t hist_quantile(const struct hist *hist, double share)
{
	uint64_t count = counter_get(&hist->count);
	uint64_t max_ns = counter_get(&hist->max_ns);
	uint64_t seen = 0;

	if (count == 0) {
		return 0;
	}
	for (unsigned bin = 0; bin < HIST_BINS; bin++) {
		seen += counter_get(&hist->bins[bin]);
		if ((double)seen >= share * (double)count && seen > 0) {
			uint64_t edge_ns = hist_bin_start(bin + 1) * NS_PER_US;

			return (int64_t)(edge_ns < max_ns ? edge_ns : max_ns);
		}
	}
	return (int64_t)max_ns;
}

double hist_mean(const struct hist *hist)
{
	uint64_t count = counter_get(&hist->count);

	return count ? (double)counter_get(&hist->sum_ns) / (double)count : 0.0;
}
