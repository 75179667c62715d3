/*
 * The ring beside Concurrency Kit's: what a 64-byte record costs its producer, who writes 32 of them
 * every 10 us while a consumer on another CPU takes them out. Two consumers: one that looks every
 * millisecond, as the logger does, and one that never stops looking, which is the worst case: then every line
 * has to be fetched from the other CPU's cache. Both rings hold 64 Ki records; the kinds alternate,
 * and the figure of each is the median of its rounds' medians.
 */
#include <ck_ring.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/base/ring.h"
#include "tests/bench/bench.h"

#define BURST	    32u
#define BURST_EVERY 10000 /* ns */
#define SLOTS	    65536u
#define ROUNDS	    5
#define BURSTS_MAX  200000

struct item {
	uint64_t words[8];
};

CK_RING_PROTOTYPE(item, item)

struct pair {
	struct ring ring;
	struct ck_ring ck;
	struct item *ck_items;
	_Atomic int is_over;
	unsigned pause_us; /* of a consumer that found nothing; 0: none */
	int consumer_cpu;
	uint64_t sum; /* of what the consumer read: so that it does read */
	double *burst_ns;
};

struct kind {
	const char *key;
	void (*produce)(struct pair *pair, const struct item *item);
	void *(*consume)(void *arg);
	unsigned pause_us;
};

static void produce_32_a_commit(struct pair *pair, const struct item *item)
{
	for (unsigned i = 0; i < BURST; i++) {
		void *place = ring_reserve(&pair->ring, sizeof(*item), 0);

		if (place != NULL) {
			memcpy(place, item, sizeof(*item));
		}
	}
	ring_commit(&pair->ring);
}

static void produce_1_a_commit(struct pair *pair, const struct item *item)
{
	for (unsigned i = 0; i < BURST; i++) {
		void *place = ring_reserve(&pair->ring, sizeof(*item), 0);

		if (place != NULL) {
			memcpy(place, item, sizeof(*item));
		}
		ring_commit(&pair->ring);
	}
}

static void produce_ck(struct pair *pair, const struct item *item)
{
	struct item copy = *item;

	for (unsigned i = 0; i < BURST; i++) {
		ck_ring_enqueue_spsc_item(&pair->ck, pair->ck_items, &copy);
	}
}

static void rest(const struct pair *pair)
{
	if (pair->pause_us > 0) {
		usleep(pair->pause_us);
	}
}

static void *consume_ring(void *arg)
{
	struct pair *pair = arg;
	uint64_t bytes;

	bench_pin(pair->consumer_cpu);
	while (!atomic_load(&pair->is_over)) {
		const struct item *items = ring_peek(&pair->ring, &bytes);

		if (items == NULL) {
			rest(pair);
			continue;
		}
		for (uint64_t i = 0; i < bytes / sizeof(*items); i++) {
			for (int word = 0; word < 8; word++) {
				pair->sum += items[i].words[word];
			}
		}
		ring_take(&pair->ring, bytes);
	}
	return NULL;
}

static void *consume_ck(void *arg)
{
	struct pair *pair = arg;
	struct item item;

	bench_pin(pair->consumer_cpu);
	while (!atomic_load(&pair->is_over)) {
		if (ck_ring_dequeue_spsc_item(&pair->ck, pair->ck_items, &item)) {
			for (int word = 0; word < 8; word++) {
				pair->sum += item.words[word];
			}
		} else {
			rest(pair);
		}
	}
	return NULL;
}

static const struct kind kinds[] = {
	{ "ring_ns", produce_32_a_commit, consume_ring, 1000 },
	{ "ck_ring_ns", produce_ck, consume_ck, 1000 },
	{ "ring_commit_each_ns", produce_1_a_commit, consume_ring, 1000 },
	{ "ring_polled_ns", produce_32_a_commit, consume_ring, 0 },
	{ "ck_ring_polled_ns", produce_ck, consume_ck, 0 },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* What reading the clock twice costs: it is in every figure. */
static double clock_ns(void)
{
	static double samples[1001];

	for (size_t i = 0; i < 1001; i++) {
		int64_t before = bench_now();

		samples[i] = (double)(bench_now() - before);
	}
	return bench_median(samples, 1001);
}

static double run_round(struct pair *pair, const struct kind *kind, int64_t length_ns)
{
	struct item item = { .words = { 1, 2, 3, 4, 5, 6, 7, 8 } };
	int64_t end_ns = bench_now() + length_ns;
	int64_t due_ns = bench_now();
	size_t count = 0;
	pthread_t consumer;

	pair->pause_us = kind->pause_us;
	atomic_store(&pair->is_over, 0);
	if (pthread_create(&consumer, NULL, kind->consume, pair) != 0) {
		exit(bench_fail("pthread_create"));
	}
	while (due_ns < end_ns && count < BURSTS_MAX) {
		int64_t before;

		do {
			before = bench_now();
		} while (before < due_ns);
		kind->produce(pair, &item);
		pair->burst_ns[count++] = (double)(bench_now() - before);
		item.words[0]++;
		due_ns = before + BURST_EVERY;
	}
	atomic_store(&pair->is_over, 1);
	pthread_join(consumer, NULL);
	return bench_median(pair->burst_ns, count);
}

static int open_pair(struct pair *pair)
{
	memset(pair, 0, sizeof(*pair));
	if (ring_init(&pair->ring, SLOTS * sizeof(struct item), NULL) < 0) {
		return -1;
	}
	ck_ring_init(&pair->ck, SLOTS);
	pair->ck_items = aligned_alloc(64, SLOTS * sizeof(struct item));
	pair->burst_ns = malloc(BURSTS_MAX * sizeof(*pair->burst_ns));
	if (pair->ck_items == NULL || pair->burst_ns == NULL) {
		return -1;
	}
	memset(pair->ck_items, 1, SLOTS * sizeof(struct item));
	memset(pair->burst_ns, 1, BURSTS_MAX * sizeof(*pair->burst_ns));
	return 0;
}

int main(void)
{
	static struct pair pair;
	double medians[KINDS][ROUNDS];
	int64_t round_ns =
		(int64_t)(bench_seconds(6.0) * 1e9) / (int64_t)(KINDS * ROUNDS);
	double overhead_ns;
	int cpu = bench_cpu(1);

	if (cpu < 0) {
		fprintf(stderr, "ring: needs two CPUs\n");
		return 77;
	}
	if (open_pair(&pair) < 0) {
		return bench_fail("ring");
	}
	pair.consumer_cpu = bench_cpu(0);
	bench_pin(cpu);
	overhead_ns = clock_ns();
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t kind = 0; kind < KINDS; kind++) {
			medians[kind][round] = run_round(&pair, &kinds[kind], round_ns);
		}
	}
	printf("{\"clock_ns\":%.0f", overhead_ns);
	for (size_t kind = 0; kind < KINDS; kind++) {
		double burst_ns = bench_median(medians[kind], ROUNDS) - overhead_ns;

		printf(",\"%s\":%.2f", kinds[kind].key, burst_ns / BURST);
	}
	printf("}\n");
	ring_fini(&pair.ring);
	free(pair.ck_items);
	free(pair.burst_ns);
	return 0;
}
