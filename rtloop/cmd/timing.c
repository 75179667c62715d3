#include "rtloop/cmd/timing.h"

#include <inttypes.h>

#define BAR_WIDTH 50

double timing_us(int64_t ns)
{
	return (double)ns / 1000.0;
}

void timing_print_head(FILE *out)
{
	fprintf(out, "%-*s", TIMING_LABEL_WIDTH, "us");
	fputs("     min   median     mean      p99    p99.9      max\n", out);
}

void timing_print(FILE *out, const char *label, const struct hist *hist)
{
	fprintf(out, "%-*s", TIMING_LABEL_WIDTH, label);
	fprintf(out, "%8.1f %8.1f %8.1f %8.1f %8.1f %8.1f",
		timing_us((int64_t)counter_get(&hist->min_ns)),
		timing_us(hist_quantile(hist, 0.5)), hist_mean(hist) / 1000.0,
		timing_us(hist_quantile(hist, 0.99)),
		timing_us(hist_quantile(hist, 0.999)),
		timing_us((int64_t)counter_get(&hist->max_ns)));
	if (counter_get(&hist->overflow)) {
		fprintf(out, "  %" PRIu64 " past the histogram",
			counter_get(&hist->overflow));
	}
}

/* Rows double: 0 to 1 us, 1 to 2, 2 to 4, and so on. */
static uint64_t count_between(const struct hist *hist, uint64_t from_us, uint64_t end_us)
{
	uint64_t count = 0;

	for (unsigned bin = 0; bin < HIST_BINS; bin++) {
		uint64_t start_us = hist_bin_start(bin);

		if (start_us >= from_us && start_us < end_us) {
			count += counter_get(&hist->bins[bin]);
		}
	}
	return count;
}

/* One mark at least, so that a single bad cycle is seen. */
static void print_bar(FILE *out, uint64_t count, uint64_t all)
{
	unsigned marks = (unsigned)((double)count / (double)all * BAR_WIDTH + 0.5);

	marks = count > 0 && marks == 0 ? 1 : marks;
	for (unsigned i = 0; i < marks; i++) {
		fputc('#', out);
	}
	fputc('\n', out);
}

void timing_print_histogram(FILE *out, const char *title, const struct hist *hist)
{
	uint64_t all = counter_get(&hist->count), seen = 0;
	uint64_t from_us = 0, end_us = 1;

	if (all == 0) {
		return;
	}
	fprintf(out, "\n%s\n", title);
	while (seen < all - counter_get(&hist->overflow) && from_us < HIST_LIMIT_US) {
		uint64_t count = count_between(hist, from_us, end_us);

		seen += count;
		if (count > 0) {
			fprintf(out, "%8" PRIu64 " to %-8" PRIu64 "%10" PRIu64 " ",
				from_us, end_us, count);
			print_bar(out, count, all);
		}
		from_us = end_us;
		end_us *= 2;
	}
}

void timing_put_json(struct json *json, const char *name, const struct hist *hist)
{
	json_begin(json, name, '{');
	json_uint(json, "count", counter_get(&hist->count));
	json_uint(json, "min_ns", counter_get(&hist->min_ns));
	json_float(json, "mean_ns", hist_mean(hist));
	json_uint(json, "max_ns", counter_get(&hist->max_ns));
	json_int(json, "median_ns", hist_quantile(hist, 0.5));
	json_int(json, "p99_ns", hist_quantile(hist, 0.99));
	json_int(json, "p99_9_ns", hist_quantile(hist, 0.999));
	json_uint(json, "overflow", counter_get(&hist->overflow));
	json_begin(json, "bins_us", '{');
	for (unsigned bin = 0; bin < HIST_BINS; bin++) {
		uint64_t count = counter_get(&hist->bins[bin]);
		char start[24];

		if (count > 0) {
			snprintf(start, sizeof(start), "%llu",
				 (unsigned long long)hist_bin_start(bin));
			json_uint(json, start, count);
		}
	}
	json_end(json, '}');
	json_end(json, '}');
}
