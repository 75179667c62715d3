/*
 * Writes the log of a run of which every figure can be foretold, without running a loop: for tests of
 * what reports on logs, and to measure how fast that is. Its topics are rtloop's own, but for /cycle,
 * whose fields are fixed here.
 *
 * usage: write_run FILE FIRST LAST [EVERY [START]]
 *
 * Releases are 1 ms apart; release 0 is at START (1000) s of CLOCK_MONOTONIC, which is
 * 2023-11-14T22:13:20Z. Cycle k has latency 5000 + 100 (k mod 50) ns, read 10000 + 10 (k mod 100),
 * step 500, write 2000, record 1500. Among each EVERY (1000) cycles, by k mod EVERY:
 *
 *   500   late wake: latency 2.4 ms, 2 releases are missed, and the cycle after has 0.4 ms
 *   750   long work: read takes 1.2 ms, 1 release is missed
 *   900   begins a gap of 5 cycles
 *
 * The device probe brings a sample, 200 us old, each 10 cycles, but none from 301 to 349; at 320 it
 * turns stale, with an event device_stale.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "rtloop/base/event.h"
#include "rtloop/base/record.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/log/topics.h"
#include "rtloop/mcap/cdr.h"
#include "rtloop/mcap/writer.h"

#define LOG_START_NS UINT64_C(1700000000000000000)
#define PERIOD_NS    NS_PER_MS
#define CHUNK_BYTES  (64 << 10)

static const char cycle_schema[] = "uint64 cycle\n"
				   "uint64 release\n"
				   "int64 release_ns\n"
				   "int64 latency_ns\n"
				   "int64 read_ns\n"
				   "int64 step_ns\n"
				   "int64 write_ns\n"
				   "int64 record_ns\n"
				   "uint32 missed\n"
				   "uint32 flags\n";

/* Just as CDR has them. */
struct cycle {
	uint64_t cycle;
	uint64_t release;
	int64_t release_ns;
	int64_t latency_ns;
	int64_t read_ns;
	int64_t step_ns;
	int64_t write_ns;
	int64_t record_ns;
	uint32_t missed;
	uint32_t flags;
};

struct run {
	struct mcap_writer *writer;
	uint64_t every;
	int64_t start_ns;
	uint64_t release;
	int64_t sample_ns;
	int code; /* the first failure */
};

static int put(void *context, const void *data, size_t bytes)
{
	struct iovec part = { .iov_base = (void *)data, .iov_len = bytes };

	return sys_writev_all(*(const int *)context, &part, 1);
}

static uint64_t log_time(const struct run *run, int64_t time_ns)
{
	return LOG_START_NS + (uint64_t)(time_ns - run->start_ns);
}

static void write_message(struct run *run, uint16_t topic, int64_t time_ns,
			  const void *body, size_t bytes)
{
	int code = mcap_writer_message(run->writer, topic, log_time(run, time_ns), body,
				       bytes);

	run->code = run->code ? run->code : code;
}

static void write_event(struct run *run, uint64_t cycle, int64_t time_ns,
			enum event_code code, const char *device, int64_t value)
{
	const struct event_kind *kind = event_kind(code);
	struct cdr_writer cdr;
	uint8_t body[256];
	size_t bytes;

	cdr_writer_init(&cdr, body, sizeof(body));
	cdr_put_u64(&cdr, cycle);
	cdr_put_i64(&cdr, time_ns);
	cdr_put_i64(&cdr, value);
	cdr_put_u8(&cdr, (uint8_t)kind->level);
	cdr_put_string(&cdr, kind->name);
	cdr_put_string(&cdr, device);
	cdr_put_string(&cdr, kind->text);
	if (cdr_writer_end(&cdr, &bytes) == 0) {
		write_message(run, TOPIC_EVENT, time_ns, body, bytes);
	}
}

static void write_probe(struct run *run, uint64_t cycle, int64_t wake_ns, uint8_t quality)
{
	struct cdr_writer cdr;
	uint8_t body[64];
	size_t bytes;

	cdr_writer_init(&cdr, body, sizeof(body));
	cdr_put_u64(&cdr, cycle);
	cdr_put_i64(&cdr, run->sample_ns);
	cdr_put_f64(&cdr, 20.5);
	cdr_put_u8(&cdr, quality);
	if (cdr_writer_end(&cdr, &bytes) == 0) {
		write_message(run, TOPIC_DEVICES, wake_ns, body, bytes);
	}
}

static void sample_probe(struct run *run, uint64_t cycle, int64_t wake_ns)
{
	uint64_t at = cycle % run->every;

	if (cycle % 10 == 0 && (at <= 300 || at >= 350)) {
		run->sample_ns = wake_ns - 200 * NS_PER_US;
		write_probe(run, cycle, wake_ns, 0);
	} else if (at == 320) {
		write_probe(run, cycle, wake_ns, 1);
		write_event(run, cycle, wake_ns, EVENT_DEVICE_STALE, "probe", 1);
	}
}

static void set_times(const struct run *run, struct cycle *cycle)
{
	uint64_t at = cycle->cycle % run->every;

	cycle->latency_ns = 5000 + 100 * (int64_t)(cycle->cycle % 50);
	cycle->read_ns = 10000 + 10 * (int64_t)(cycle->cycle % 100);
	cycle->step_ns = 500;
	cycle->write_ns = 2000;
	cycle->record_ns = 1500;
	if (at == 500) {
		cycle->latency_ns = 2400 * NS_PER_US;
		cycle->flags = RECORD_LATE_WAKE;
		cycle->missed = 2;
	} else if (at == 501) {
		cycle->latency_ns = 400 * NS_PER_US;
	} else if (at == 750) {
		cycle->read_ns = 1200 * NS_PER_US;
		cycle->flags = RECORD_LONG_WORK;
		cycle->missed = 1;
	}
}

static void write_cycle(struct run *run, uint64_t number)
{
	struct cycle cycle = {
		.cycle = number,
		.release = run->release,
		.release_ns = run->start_ns + (int64_t)run->release * PERIOD_NS,
	};
	int64_t wake_ns;

	set_times(run, &cycle);
	wake_ns = cycle.release_ns + cycle.latency_ns;
	sample_probe(run, number, wake_ns);
	write_message(run, TOPIC_CYCLE, wake_ns, &cycle, sizeof(cycle));
	if (cycle.flags) {
		write_event(run, number, wake_ns,
			    cycle.flags & RECORD_LATE_WAKE ? EVENT_LATE_WAKE
							   : EVENT_LONG_WORK,
			    "", cycle.missed);
	}
	run->release += 1 + cycle.missed;
}

static void write_gap(struct run *run, uint64_t first)
{
	const struct record_gap gap = { .first = first, .last = first + 4 };

	write_message(run, TOPIC_GAP,
		      run->start_ns + (int64_t)(run->release + 5) * PERIOD_NS, &gap,
		      sizeof(gap));
	run->release += 5;
}

static void write_cycles(struct run *run, uint64_t first, uint64_t last)
{
	run->release = first + first / run->every * 3 +
		       (first % run->every > 500 ? 2 : 0) +
		       (first % run->every > 750 ? 1 : 0);
	for (uint64_t cycle = first; cycle <= last && !run->code; cycle++) {
		if (cycle % run->every == 900 && cycle + 5 <= last) {
			write_gap(run, cycle);
			cycle += 4;
		} else {
			write_cycle(run, cycle);
		}
	}
}

static int write_head(struct run *run, const struct mcap_sink *sink,
		      const struct topics *topics)
{
	char offset[32];
	const struct mcap_pair pairs[] = {
		{ "loop", "oven" },	    { "version", "1.2.3" },
		{ "kernel", "6.12-rt" },    { "boot", "b007" },
		{ "period_ns", "1000000" }, { "monotonic_to_log_time_ns", offset },
	};
	int code = mcap_writer_begin(run->writer, sink, topics->topics, topics->count,
				     "write_run");

	snprintf(offset, sizeof(offset), "%lld",
		 (long long)(LOG_START_NS - (uint64_t)run->start_ns));
	return code ? code
		    : mcap_writer_metadata(run->writer, "rtloop", pairs,
					   ARRAY_SIZE(pairs));
}

static int write_run(struct run *run, int fd, uint64_t first, uint64_t last)
{
	static const struct channel temp = { .name = "temp",
					     .type = VALUE_FLOAT,
					     .unit = "degC" };
	const struct log_device device = { .name = "probe",
					   .channels = &temp,
					   .channel_count = 1 };
	const struct mcap_sink sink = { .put = put, .context = &fd };
	struct topics topics;
	int code = topics_create(&topics, &device, 1);

	if (!code) {
		topics.topics[TOPIC_CYCLE].schema_text = cycle_schema;
		code = write_head(run, &sink, &topics);
	}
	if (!code) {
		write_cycles(run, first, last);
		code = run->code ? run->code : mcap_writer_end(run->writer);
	}
	topics_destroy(&topics);
	return code;
}

static uint64_t argument(int argc, char **argv, int i, uint64_t otherwise)
{
	return i < argc ? strtoull(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	struct run run = { .every = argument(argc, argv, 4, 1000),
			   .start_ns =
				   (int64_t)argument(argc, argv, 5, 1000) * NS_PER_SEC };
	int code, fd;

	if (argc < 4 || run.every < 1000) {
		fprintf(stderr, "usage: write_run FILE FIRST LAST [EVERY [START]]; EVERY "
				"at least 1000\n");
		return 2;
	}
	fd = sys_open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0644);
	run.writer = mcap_writer_create(CHUNK_BYTES);
	if (fd < 0 || !run.writer) {
		perror(argv[1]);
		return 1;
	}
	code = write_run(&run, fd, argument(argc, argv, 2, 0),
			 argument(argc, argv, 3, 0));
	mcap_writer_destroy(run.writer);
	sys_close(fd);
	if (code) {
		fprintf(stderr, "%s: cannot be written (%d)\n", argv[1], code);
	}
	return code ? 1 : 0;
}
