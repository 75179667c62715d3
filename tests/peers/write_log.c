/*
 * Writes a log whose every value can be foretold, without running a loop: for tests of
 * what reads logs.
 *
 * usage: write_log FILE FIRST LAST
 *
 * Cycle k is logged at 2023-11-14T22:13:20Z + k ms. Each tenth cycle begins a gap of two.
 * The device probe has temp = 20.5 + k / 8, but not a number in each seventh cycle and
 * infinite in each eleventh; count = -k; ok = k odd; their qualities are 0, k modulo 3,
 * and 0. Each fourth cycle has an event.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "rtloop/base/sys.h"
#include "rtloop/mcap/cdr.h"
#include "rtloop/mcap/writer.h"

#define START_NS    UINT64_C(1700000000000000000)
#define CYCLE_NS    UINT64_C(1000000)
#define CHUNK_BYTES 4096

enum { CYCLE, GAP, EVENT, PROBE, TOPICS };

static const struct mcap_topic topics[TOPICS] = {
	[CYCLE] = { "/cycle", "rtloop/msg/Cycle",
		    "uint64 cycle # cycles run before this one\n"
		    "int64 latency_ns # wake-up minus release\n" },
	[GAP] = { "/gap", "rtloop/msg/Gap", "uint64 first\nuint64 last # inclusive\n" },
	[EVENT] = { "/event", "rtloop/msg/Event",
		    "uint64 cycle\nint64 value\nuint8 level\nstring kind\nstring "
		    "text\n" },
	[PROBE] = { "/io/probe", "rtloop/msg/Probe",
		    "uint64 cycle # in which it was read\n"
		    "int64 sample_ns\n"
		    "float64 temp # degC\n"
		    "int64 count\n"
		    "bool ok\n"
		    "rtloop/ProbeQuality quality # 0 good, 1 stale, 2 bad\n"
		    "========================================"
		    "========================================\n"
		    "MSG: rtloop/ProbeQuality\n"
		    "uint8 temp\n"
		    "uint8 count\n"
		    "uint8 ok\n" },
};

struct log {
	struct mcap_writer *writer;
	uint64_t cycle;
	uint8_t data[256];
	struct cdr_writer body;
	int code; /* the first failure */
};

static int put(void *context, const void *data, size_t bytes)
{
	struct iovec part = { .iov_base = (void *)data, .iov_len = bytes };

	return sys_writev_all(*(const int *)context, &part, 1);
}

static struct cdr_writer *begin(struct log *log)
{
	cdr_writer_init(&log->body, log->data, sizeof(log->data));
	return &log->body;
}

static void end(struct log *log, uint16_t topic)
{
	size_t bytes;
	int code = cdr_writer_end(&log->body, &bytes);

	if (!code) {
		code = mcap_writer_message(log->writer, topic,
					   START_NS + log->cycle * CYCLE_NS, log->data,
					   bytes);
	}
	log->code = log->code ? log->code : code;
}

static void put_cycle(struct log *log)
{
	struct cdr_writer *body = begin(log);

	cdr_put_u64(body, log->cycle);
	cdr_put_i64(body, 1000 + (int64_t)(log->cycle % 50));
	end(log, CYCLE);
}

static void put_gap(struct log *log)
{
	struct cdr_writer *body = begin(log);

	cdr_put_u64(body, log->cycle);
	cdr_put_u64(body, log->cycle + 1);
	end(log, GAP);
	log->cycle++;
}

static void put_event(struct log *log)
{
	struct cdr_writer *body = begin(log);

	cdr_put_u64(body, log->cycle);
	cdr_put_i64(body, -5);
	cdr_put_u8(body, 1);
	cdr_put_string(body, "late_wake");
	cdr_put_string(body, "woke \"late\", by 5 \xc2\xb5s\nand again");
	end(log, EVENT);
}

static double temp(uint64_t cycle)
{
	if (cycle % 7 == 6) {
		return NAN;
	}
	if (cycle % 11 == 10) {
		return cycle % 2 ? INFINITY : -INFINITY;
	}
	return 20.5 + (double)cycle / 8;
}

static void put_probe(struct log *log)
{
	struct cdr_writer *body = begin(log);

	cdr_put_u64(body, log->cycle);
	cdr_put_u64(body, log->cycle * CYCLE_NS);
	cdr_put_f64(body, temp(log->cycle));
	cdr_put_i64(body, -(int64_t)log->cycle);
	cdr_put_u8(body, log->cycle & 1);
	cdr_put_u8(body, 0);
	cdr_put_u8(body, (uint8_t)(log->cycle % 3));
	cdr_put_u8(body, 0);
	end(log, PROBE);
}

static int write_log(struct log *log, const struct mcap_sink *sink, uint64_t first,
		     uint64_t last)
{
	static const struct mcap_pair pairs[] = { { "loop", "loop" },
						  { "host", "oven" } };
	static const char config[] = "loop: { period: 1ms }\n";
	int code = mcap_writer_begin(log->writer, sink, topics, TOPICS, "write_log");

	if (!code) {
		code = mcap_writer_attach(log->writer, "config.yaml", "application/yaml",
					  config, sizeof(config) - 1, START_NS);
	}
	if (!code) {
		code = mcap_writer_metadata(log->writer, "rtloop", pairs, 2);
	}
	for (log->cycle = first; !code && log->cycle <= last; log->cycle++) {
		if (log->cycle % 10 == 9 && log->cycle < last) {
			put_gap(log);
			continue;
		}
		put_cycle(log);
		put_probe(log);
		if (log->cycle % 4 == 0) {
			put_event(log);
		}
		code = log->code;
	}
	return code ? code : mcap_writer_end(log->writer);
}

int main(int argc, char **argv)
{
	struct log log = { .code = 0 };
	struct mcap_sink sink = { .put = put };
	int code, fd;

	if (argc != 4) {
		fprintf(stderr, "usage: write_log FILE FIRST LAST\n");
		return 2;
	}
	fd = sys_open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0644);
	log.writer = mcap_writer_create(CHUNK_BYTES);
	if (fd < 0 || !log.writer) {
		perror(argv[1]);
		return 1;
	}
	sink.context = &fd;
	code = write_log(&log, &sink, strtoull(argv[2], NULL, 10),
			 strtoull(argv[3], NULL, 10));
	mcap_writer_destroy(log.writer);
	sys_close(fd);
	if (code) {
		fprintf(stderr, "%s: cannot be written (%d)\n", argv[1], code);
	}
	return code ? 1 : 0;
}
