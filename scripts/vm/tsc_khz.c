/* Prints how many kHz the host's time stamp counter has, which an emulated CPU hands on; nothing where there is none. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>

#define TRIES	25
#define SPAN_NS 100000000

struct moment {
	uint64_t ticks;
	int64_t ns;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Two clocks cannot be read at once: of some readings the quickest one. */
static struct moment look(void)
{
	struct moment best = { 0, 0 };
	uint64_t best_took = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc();
		int64_t ns = now_ns();
		uint64_t took = __rdtsc() - before;

		if (took < best_took) {
			best_took = took;
			best = (struct moment){ before + took / 2, ns };
		}
	}
	return best;
}

int main(void)
{
	const struct timespec span = { 0, SPAN_NS };
	struct moment first = look();
	struct moment last;

	nanosleep(&span, NULL);
	last = look();
	printf("%.0f\n",
	       (double)(last.ticks - first.ticks) * 1e6 / (double)(last.ns - first.ns));
	return 0;
}
#else
int main(void)
{
	return 0;
}
#endif
