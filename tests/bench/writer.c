/*
 * What a megabyte of log costs in CPU time, beside a bare loop of write(64 KiB): each of the writers
 * alone, given the same blocks; and the whole logger, which takes records from the ring, makes MCAP of
 * them (chunk CRCs, message indexes) and has `write` write it. All sync the file once a second and at
 * its end, and all CPU time of that is counted, that of the C library's and the kernel's threads too; of the logger's
 * case, the producer's thread is not.
 *
 * They take turns with files of 32 MB; a ratio is the median of the rounds' ratios.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtloop/base/image.h"
#include "rtloop/log/logger.h"
#include "tests/bench/bench.h"

#define BLOCK_BYTES ((size_t)64 << 10)
#define FILE_BYTES  ((size_t)32 << 20)
#define CHUNK_BYTES ((size_t)256 << 10)
#define SYNC_NS	    INT64_C(1000000000)
#define WAIT_NS	    INT64_C(100000000)
#define ROUNDS_MAX  20
#define CHANNELS    16
#define RING_BYTES  ((size_t)4 << 20)
#define RING_FILL   ((uint64_t)1 << 20)

/* The writers in the order of enum writer_kind. */
enum { WRITER_FIRST, BARE = WRITER_AIO + 1, LOGGER, KINDS };

static const char *const keys[KINDS] = { "write", "uring", "aio", "bare", "logger" };

/* Bytes that look like measurements: some change, some do not. */
static void fill(uint8_t *block, size_t bytes)
{
	uint32_t state = 1;

	for (size_t i = 0; i < bytes; i++) {
		state = state * 1664525u + 1013904223u;
		block[i] = i % 8 < 3 ? (uint8_t)(state >> 24) : 0;
	}
}

static int put_bare(int fd, const void *block)
{
	return write(fd, block, BLOCK_BYTES) == (ssize_t)BLOCK_BYTES ? 0 : -EIO;
}

static int64_t process_cpu(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int write_bare(int fd, const void *block)
{
	int64_t synced_ns = bench_now();
	int code = 0;

	for (size_t done = 0; done < FILE_BYTES && code == 0; done += BLOCK_BYTES) {
		code = put_bare(fd, block);
		if (bench_now() - synced_ns >= SYNC_NS) {
			synced_ns = bench_now();
			code = code ? code : fdatasync(fd);
		}
	}
	return code ? code : fdatasync(fd);
}

/* As fast as there is room. */
static int write_queued(struct writer *writer, int fd, const void *block)
{
	const struct syncer_file file = { .fd = fd, .number = 1 };
	int64_t synced_ns = bench_now();
	int code = 0;

	writer_set_file(writer, fd);
	writer_queue(writer);
	for (size_t done = 0; done < FILE_BYTES && code == 0; done += BLOCK_BYTES) {
		while (!writer_has_room(writer) && writer->code == 0) {
			writer_wait(writer, WAIT_NS);
		}
		code = writer_put(writer, block, BLOCK_BYTES);
		writer_poll(writer);
		if (bench_now() - synced_ns >= SYNC_NS) {
			synced_ns = bench_now();
			writer_sync(writer, file);
		}
	}
	code = code ? code : writer_settle(writer);
	code = code ? code : fdatasync(fd);
	(void)writer_leave(writer);
	return code;
}

static double cost_since(int64_t before_ns)
{
	return (double)(process_cpu() - before_ns) / 1e3 / (FILE_BYTES / 1e6);
}

/* Its memory and its threads are there before: a run has them once. */
static double run_writer(int kind, int fd, const void *block)
{
	static struct syncer syncer;
	struct writer writer;
	double cost = 0.0;
	struct err err;
	int code;

	if (syncer_start(&syncer, &err) ||
	    writer_open(&writer, kind, CHUNK_BYTES, &syncer, &err)) {
		fprintf(stderr, "writer: %s\n", err.text);
		return -1.0;
	}
	code = writer_begin(&writer, &err);
	code = writer.note.text[0] ? -ENOTSUP : code;
	if (code == 0) {
		int64_t before_ns = process_cpu();

		code = write_queued(&writer, fd, block);
		cost = cost_since(before_ns);
	}
	writer_end(&writer);
	writer_close(&writer);
	syncer_stop(&syncer);
	return code == 0 || code == -ENOTSUP ? cost : -1.0;
}

static double run_bare(int fd, const void *block)
{
	int64_t before_ns = process_cpu();
	int code = write_bare(fd, block);

	return code ? -1.0 : cost_since(before_ns);
}

/* us of CPU a MB; 0: there is no such kind here; negative: it failed. */
static double write_blocks(const char *path, int kind, const void *block)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	double cost;

	if (fd < 0) {
		return -1.0;
	}
	cost = kind == BARE ? run_bare(fd, block) : run_writer(kind, fd, block);
	close(fd);
	return cost;
}

/* One device of 16 float channels, as the log knows it. */
struct device {
	char names[CHANNELS][8];
	struct channel channels[CHANNELS];
	struct log_device log;
	uint32_t body_bytes;
};

static void make_device(struct device *device)
{
	for (int i = 0; i < CHANNELS; i++) {
		snprintf(device->names[i], sizeof(device->names[i]), "c%d", i);
		device->channels[i] =
			(struct channel){ .name = device->names[i], .type = VALUE_FLOAT };
	}
	device->log = (struct log_device){
		.name = "probe",
		.channels = device->channels,
		.channel_count = CHANNELS,
	};
	device->body_bytes = image_part_bytes(device->channels, CHANNELS);
}

static void record_cycle(struct recorder *recorder, uint64_t cycle, uint32_t body_bytes,
			 const uint8_t *noise)
{
	struct record_cycle *times;
	uint8_t *body;

	recorder_begin(recorder, cycle, bench_now());
	times = recorder_add(recorder, TOPIC_CYCLE, sizeof(*times));
	if (times != NULL) {
		*times = (struct record_cycle){ .cycle = cycle, .release = cycle };
	}
	body = recorder_add(recorder, TOPIC_DEVICES, body_bytes);
	if (body != NULL) {
		memcpy(body, noise + cycle % 1000, body_bytes);
		memcpy(body, &cycle, sizeof(cycle));
	}
	recorder_end(recorder);
}

/* As fast as the logger takes it, which then finds in its cache what was recorded: as in a real run. */
static void produce(struct logger *logger, struct recorder *recorder, uint32_t body_bytes,
		    const uint8_t *noise)
{
	uint64_t cycle = 0;

	while (counter_get(&logger->bytes) < FILE_BYTES) {
		if (ring_used(&logger->ring) > RING_FILL) {
			usleep(50);
		} else {
			record_cycle(recorder, cycle++, body_bytes, noise);
		}
	}
}

static double run_logger(const char *path, struct device *device, const uint8_t *noise)
{
	const struct log_options options = { .file = path,
					     .sync_ns = SYNC_NS,
					     .chunk_bytes = CHUNK_BYTES };
	const struct log_description description = {
		.loop = "bench", .version = "bench", .kernel = "any", .config_folder = ""
	};
	static struct logger logger;
	struct recorder recorder = { .ring = NULL };
	struct err err;
	int64_t all_ns, mine_ns;
	double megabytes;

	memset(&logger, 0, sizeof(logger));
	all_ns = process_cpu();
	mine_ns = bench_thread_cpu();
	if (logger_set_devices(&logger, &device->log, 1) < 0 ||
	    logger_start(&logger, &options, &description, &recorder, RING_BYTES, &err) <
		    0) {
		fprintf(stderr, "writer: %s\n", err.text);
		return -1.0;
	}
	produce(&logger, &recorder, device->body_bytes, noise);
	if (logger_stop(&logger, &err) < 0 || counter_get(&recorder.cycles_dropped) > 0) {
		fprintf(stderr, "writer: the log is not complete\n");
		return -1.0;
	}
	all_ns = process_cpu() - all_ns;
	mine_ns = bench_thread_cpu() - mine_ns;
	megabytes = (double)counter_get(&logger.bytes) / 1e6;
	logger_fini(&logger);
	return (double)(all_ns - mine_ns) / 1e3 / megabytes;
}

/* One file of each kind, beginning with another kind each time; negative where one failed. */
static double run_round(size_t round, const char *path, struct device *device,
			const uint8_t *noise, double figures[KINDS])
{
	for (size_t i = 0; i < KINDS; i++) {
		size_t kind = (i + round) % KINDS;

		unlink(path);
		figures[kind] = kind == LOGGER ? run_logger(path, device, noise)
					       : write_blocks(path, (int)kind, noise);
		unlink(path);
		if (figures[kind] < 0.0) {
			return figures[kind];
		}
	}
	return 0.0;
}

int main(int argc, char **argv)
{
	static uint8_t noise[BLOCK_BYTES];
	static double costs[KINDS][ROUNDS_MAX];
	static double ratios[KINDS][ROUNDS_MAX];
	static struct device device;
	int64_t end_ns = bench_now() + (int64_t)(bench_seconds(15.0) * 1e9);
	const char *path = argc > 1 ? argv[1] : "bench-writer.tmp";
	size_t rounds = 0;

	fill(noise, sizeof(noise));
	make_device(&device);
	while (rounds < KINDS || (bench_now() < end_ns && rounds < ROUNDS_MAX)) {
		double figures[KINDS] = { 0.0 };

		if (run_round(rounds, path, &device, noise, figures) < 0.0) {
			return bench_fail("writer");
		}
		for (int kind = 0; kind < KINDS; kind++) {
			costs[kind][rounds] = figures[kind];
			ratios[kind][rounds] = figures[kind] / figures[BARE];
		}
		rounds++;
	}
	printf("{\"rounds\":%zu", rounds);
	for (int kind = 0; kind < KINDS; kind++) {
		printf(",\"%s_us_per_mb\":%.1f,\"%s_ratio\":%.3f", keys[kind],
		       bench_median(costs[kind], rounds), keys[kind],
		       bench_median(ratios[kind], rounds));
	}
	printf("}\n");
	return 0;
}
