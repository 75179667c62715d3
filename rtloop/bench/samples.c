#include "rtloop/bench/samples.h"

#include <math.h>
#include <stdlib.h>

static uint32_t draw(uint32_t *seed)
{
	uint32_t x = *seed ? *seed : UINT32_C(2463534242);

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*seed = x;
	return x;
}

void samples_add(struct samples *samples, double ns)
{
	uint64_t at = samples->count++;

	/* as it is kept, so that the extremes are the ends of the quantiles */
	ns = (double)(float)ns;
	samples->least_ns = at == 0 || ns < samples->least_ns ? ns : samples->least_ns;
	samples->worst_ns = at == 0 || ns > samples->worst_ns ? ns : samples->worst_ns;
	if (at >= SAMPLES_KEPT) {
		at = draw(&samples->seed) % samples->count;
	}
	if (at < SAMPLES_KEPT) {
		samples->kept_ns[at] = (float)ns;
	}
}

static int compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static double quantile(const struct samples *samples, size_t kept, double share)
{
	size_t rank = (size_t)ceil(share * (double)kept);

	return (double)samples->kept_ns[rank > 0 ? rank - 1 : 0];
}

struct figure samples_figure(struct samples *samples)
{
	size_t kept =
		samples->count < SAMPLES_KEPT ? (size_t)samples->count : SAMPLES_KEPT;

	if (kept == 0) {
		return (struct figure){ .samples = 0 };
	}
	qsort(samples->kept_ns, kept, sizeof(*samples->kept_ns), compare);
	return (struct figure){
		.samples = samples->count,
		.least_ns = samples->least_ns,
		.median_ns = quantile(samples, kept, 0.5),
		.p99_ns = quantile(samples, kept, 0.99),
		.worst_ns = samples->worst_ns,
	};
}
