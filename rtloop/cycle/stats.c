#include "rtloop/cycle/stats.h"

/* Remember which cycle set the greatest time. */
static void note_worst(const struct hist *hist, struct counter *worst, int64_t ns,
		       uint64_t cycle)
{
	if (ns > 0 && (uint64_t)ns > counter_get(&hist->max_ns)) {
		counter_set(worst, cycle);
	}
}

void stats_record(struct stats *stats, uint64_t cycle, const struct cycle_times *times,
		  bool is_caught_up)
{
	int64_t busy_ns = cycle_times_busy_ns(times);

	if (!is_caught_up) {
		note_worst(&stats->latency, &stats->worst_latency_cycle,
			   times->latency_ns, cycle);
		hist_record(&stats->latency, times->latency_ns);
	}
	note_worst(&stats->busy, &stats->worst_busy_cycle, busy_ns, cycle);
	hist_record(&stats->busy, busy_ns);
	hist_record(&stats->read, times->read_ns);
	if (times->step_ns > 0) {
		note_worst(&stats->step, &stats->worst_step_cycle, times->step_ns, cycle);
		hist_record(&stats->step, times->step_ns);
	}
	hist_record(&stats->write, times->write_ns);
	hist_record(&stats->record, times->record_ns);
	counter_add(&stats->cycles, 1);
}
