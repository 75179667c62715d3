/*
 * What it costs to find and read N streams, idle or all ready: a bare recv() of each, the poller epoll, and the
 * poller uring, in turns, each with sockets of its own. What fills them is not timed. Once as a scan alone,
 * and once with the wait before it, for a release that is past: with uring both are one call. Also: an empty
 * system call.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/uring.h"
#include "rtloop/cycle/options.h"
#include "rtloop/cycle/poller.h"
#include "tests/bench/bench.h"

#define STREAMS_MAX 1024
#define BYTES	    64
#define SAMPLES_MAX 4000
#define IDLE_SCANS  32
#define PAST_NS	    1 /* of CLOCK_MONOTONIC */
#define ASLEEP_NS   50000
#define TAIL_NS	    100000

enum way { WAY_BARE, WAY_EPOLL, WAY_URING, WAYS };

static const char *const way_names[] = { "bare", "epoll", "uring" };

/*
 * What is timed; of CYCLE all are ready, and the wait is part of it. Of TAIL all are ready while it waits with a spinning
 * tail, and the time counts from the release: what is read before costs nothing.
 */
enum share { IDLE, READY, CYCLE, TAIL, SHARES };

static const char *const share_names[] = { "idle", "ready", "cycle", "tail" };

struct party {
	struct device device;
	struct device_spec spec;
	struct poller poller;
	struct poll_link *link;
	int far[STREAMS_MAX];
	double samples[SAMPLES_MAX];
	unsigned sample_count;
};

static struct party parties[WAYS];
static unsigned stream_count;
static uint64_t bytes_heard;

static void receive(struct device *device, const struct message *message,
		    const struct cycle_time *now) RT_SAFE;
static void receive(struct device *device, const struct message *message,
		    const struct cycle_time *now)
{
	bytes_heard += message->bytes;
}

static void close_link(const struct device *device, struct link *link)
{
	for (unsigned i = 0; i < link->endpoint_count; i++) {
		close(link->endpoints[i].fd);
	}
	free(link->endpoints);
}

static const struct driver driver = { .name = "bench",
				      .receive = receive,
				      .close = close_link };

static bool make_streams(struct party *party, struct link *ret_link)
{
	*ret_link = (struct link){ .endpoint_count = stream_count };
	ret_link->endpoints = calloc(stream_count, sizeof(*ret_link->endpoints));
	for (unsigned i = 0; ret_link->endpoints && i < stream_count; i++) {
		int fds[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds)) {
			free(ret_link->endpoints);
			return false;
		}
		party->far[i] = fds[1];
		ret_link->endpoints[i] = (struct endpoint){ .fd = fds[0],
							    .op = ENDPOINT_READ,
							    .bytes = BYTES,
							    .budget = 1,
							    .tag = i };
	}
	return ret_link->endpoints != NULL;
}

static bool begin(struct party *party, enum way way)
{
	int kind = way == WAY_URING ? POLLER_URING : POLLER_EPOLL;
	struct link link;

	party->spec = (struct device_spec){ .name = "bench", .every = 1, .budget = 1 };
	party->device = (struct device){ .spec = &party->spec, .driver = &driver };
	party->sample_count = 0;
	if (!make_streams(party, &link)) {
		return false;
	}
	party->link = poll_link_create(&party->device, &link);
	if (!party->link) {
		free(link.endpoints);
		return false;
	}
	if (poller_open(&party->poller, kind, NULL) || poller_begin(&party->poller) ||
	    poller_equip(&party->poller, party->link)) {
		return false;
	}
	party->device.link = &party->link->link;
	return way == WAY_BARE ||
	       party->poller.ops->attach(&party->poller, party->link) == 0;
}

static void end(struct party *party)
{
	poller_detach(&party->poller, party->link);
	poll_link_destroy(party->link);
	poller_close(&party->poller);
	for (unsigned i = 0; i < stream_count; i++) {
		close(party->far[i]);
	}
}

static void receive_each(const struct party *party)
{
	char data[BYTES];

	for (unsigned i = 0; i < stream_count; i++) {
		ssize_t got = recv(party->link->link.endpoints[i].fd, data, sizeof(data),
				   MSG_DONTWAIT);

		bytes_heard += got > 0 ? (uint64_t)got : 0;
	}
}

static void sleep_until(struct party *party, int64_t until_ns)
{
#ifdef HAVE_IO_URING
	struct uring *ring = poller_ring(&party->poller);

	if (ring) {
		(void)uring_sleep(ring, until_ns);
		return;
	}
#endif
	(void)sys_sleep_until(until_ns);
}

/* Returns when the time begins that is measured. */
static int64_t wait_as(struct party *party, enum share share)
{
	int64_t start_ns = bench_now();
	int64_t release_ns = start_ns + ASLEEP_NS + TAIL_NS;

	if (share == CYCLE) {
		sleep_until(party, PAST_NS);
	} else if (share == TAIL) {
		sleep_until(party, release_ns - TAIL_NS);
		do {
			start_ns = bench_now();
		} while (start_ns < release_ns);
		start_ns = release_ns;
	}
	return start_ns;
}

static void find_and_read(struct party *party, enum way way)
{
	const struct cycle_time now = { .cycle = 1 };

	if (way == WAY_BARE) {
		receive_each(party);
	} else {
		party->poller.ops->scan(&party->poller, &now);
	}
}

static void take_sample(struct party *party, enum way way, enum share share)
{
	static const char data[16];
	uint64_t before = bytes_heard;
	unsigned repeats;
	int64_t start_ns;

	poller_pace(&party->poller, share == CYCLE);
	for (unsigned i = 0; share != IDLE && i < stream_count; i++) {
		if (write(party->far[i], data, sizeof(data)) != sizeof(data)) {
			abort();
		}
	}
	/* one scan of nothing is shorter than a look at the clock */
	repeats = share == IDLE ? IDLE_SCANS : 1;
	start_ns = wait_as(party, share);
	for (unsigned i = 0; i < repeats; i++) {
		find_and_read(party, way);
	}
	party->samples[party->sample_count++] =
		(double)(bench_now() - start_ns) / repeats;
	if (bytes_heard - before != (share == IDLE ? 0 : stream_count * sizeof(data))) {
		fprintf(stderr, "poll: %s did not read all\n", way_names[way]);
		abort();
	}
}

static double empty_call_ns(void)
{
	enum { CALLS = 1000, ROUNDS = 101 };
	double samples[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++) {
		int64_t start_ns = bench_now();

		for (unsigned j = 0; j < CALLS; j++) {
			syscall(SYS_getppid);
		}
		samples[i] = (double)(bench_now() - start_ns) / CALLS;
	}
	return bench_median(samples, ROUNDS);
}

static void measure(enum share share, double seconds)
{
	int64_t end_ns = bench_now() + (int64_t)(seconds * 1e9);
	unsigned rounds = 0;

	for (int way = 0; way < WAYS; way++) {
		parties[way].sample_count = 0;
	}
	while (rounds < 20 || (bench_now() < end_ns && rounds < SAMPLES_MAX)) {
		for (int way = 0; way < WAYS; way++) {
			take_sample(&parties[way], (enum way)way, share);
		}
		rounds++;
	}
	printf("%s\"%s\":{", share == IDLE ? "" : ",", share_names[share]);
	for (int way = 0; way < WAYS; way++) {
		printf("%s\"%s_ns\":%.1f", way ? "," : "", way_names[way],
		       bench_median(parties[way].samples, rounds));
	}
	printf("}");
}

int main(void)
{
	static const unsigned counts[] = { 1, 16, 64, 256, 1024 };
	unsigned parts = SHARES * ARRAY_SIZE(counts);
	double seconds = bench_seconds(5.0) / parts;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	bench_pin(bench_cpu(0));
	printf("{\"empty_call_ns\":%.0f", empty_call_ns());
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		stream_count = counts[i];
		for (int way = 0; way < WAYS; way++) {
			if (!begin(&parties[way], (enum way)way)) {
				fprintf(stderr, "poll: %u streams: %s\n", stream_count,
					strerror(errno));
				return 1;
			}
		}
		if (parties[WAY_URING].poller.note.text[0] != '\0') {
			fprintf(stderr, "poll: %s\n",
				parties[WAY_URING].poller.note.text);
			return 77;
		}
		printf(",\"%u\":{", stream_count);
		for (int share = IDLE; share < SHARES; share++) {
			measure((enum share)share, seconds);
		}
		printf("}");
		for (int way = 0; way < WAYS; way++) {
			end(&parties[way]);
		}
	}
	printf("}\n");
	return 0;
}
