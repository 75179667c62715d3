#include "tests/fakes/fake_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rtloop/mcap/cdr.h"

#define CHUNK_BYTES 512
#define CYCLE_NS    1000000

const struct mcap_topic fake_topics[FAKE_TOPICS] = {
	[FAKE_CYCLE] = { "/cycle", "rtloop/msg/Cycle",
			 "uint64 cycle # cycles run before this one\n"
			 "int64 latency_ns # wake-up minus release\n"
			 "uint32 missed\n"
			 "uint32 flags\n" },
	[FAKE_GAP] = { "/gap", "rtloop/msg/Gap",
		       "uint64 first\nuint64 last # inclusive\n" },
	[FAKE_EVENT] = { "/event", "rtloop/msg/Event",
			 "uint64 cycle\nint64 time_ns\nint64 value\nuint8 level\n"
			 "string kind\nstring device\nstring text\n" },
	[FAKE_PROBE] = { "/io/probe", "rtloop/msg/Probe",
			 "uint64 cycle # in which it was read\n"
			 "int64 sample_ns\n"
			 "float64 temp # degC\n"
			 "bool ok\n"
			 "rtloop/ProbeQuality quality # 0 good, 1 stale, 2 bad\n"
			 "========================================"
			 "========================================\n"
			 "MSG: rtloop/ProbeQuality\n"
			 "uint8 temp\n"
			 "uint8 ok\n" },
};

void fake_file_init(struct fake_file *file, const void *data, size_t bytes)
{
	file->fd = memfd_create("log", MFD_CLOEXEC);
	assert_true(file->fd >= 0);
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
	fake_file_set(file, data, bytes);
}

void fake_file_fini(struct fake_file *file)
{
	close(file->fd);
}

void fake_file_set(struct fake_file *file, const void *data, size_t bytes)
{
	assert_int_equal(ftruncate(file->fd, (off_t)bytes), 0);
	fake_file_poke(file, 0, data, bytes);
}

void fake_file_poke(struct fake_file *file, size_t offset, const void *data, size_t bytes)
{
	assert_int_equal(pwrite(file->fd, data, bytes, (off_t)offset), (ssize_t)bytes);
}

static int put(void *context, const void *data, size_t bytes)
{
	struct fake_sink *sink = context;
	uint8_t *grown;

	if (++sink->puts == sink->fail_at) {
		return sink->code;
	}
	/* Not realloc: tests make that one fail. */
	if (sink->bytes + bytes > sink->capacity) {
		sink->capacity = 2 * (sink->bytes + bytes);
		grown = malloc(sink->capacity);
		assert_non_null(grown);
		if (sink->bytes) {
			memcpy(grown, sink->data, sink->bytes);
		}
		free(sink->data);
		sink->data = grown;
	}
	memcpy(sink->data + sink->bytes, data, bytes);
	sink->bytes += bytes;
	return 0;
}

void fake_sink_fini(struct fake_sink *sink)
{
	free(sink->data);
	*sink = (struct fake_sink){ .data = NULL };
}

struct mcap_sink fake_sink_interface(struct fake_sink *sink)
{
	return (struct mcap_sink){ .put = put, .context = sink };
}

static void write_body(struct mcap_writer *writer, uint16_t topic, uint64_t cycle,
		       const struct cdr_writer *body)
{
	size_t bytes = 0;

	assert_int_equal(cdr_writer_end(body, &bytes), 0);
	assert_int_equal(mcap_writer_message(writer, topic,
					     FAKE_START_NS + cycle * CYCLE_NS, body->data,
					     bytes),
			 0);
}

void fake_log_cycle(struct mcap_writer *writer, uint64_t cycle)
{
	struct cdr_writer body;
	uint8_t data[64];

	cdr_writer_init(&body, data, sizeof(data));
	cdr_put_u64(&body, cycle);
	cdr_put_i64(&body, 1000 + (int64_t)(cycle * 7919 % 5000));
	cdr_put_u32(&body, 0);
	cdr_put_u32(&body, 0);
	write_body(writer, FAKE_CYCLE, cycle, &body);
}

void fake_log_gap(struct mcap_writer *writer, uint64_t first, uint64_t last)
{
	struct cdr_writer body;
	uint8_t data[16];

	cdr_writer_init(&body, data, sizeof(data));
	cdr_put_u64(&body, first);
	cdr_put_u64(&body, last);
	write_body(writer, FAKE_GAP, last, &body);
}

void fake_log_event(struct mcap_writer *writer, uint64_t cycle, const char *text)
{
	struct cdr_writer body;
	uint8_t data[256];

	cdr_writer_init(&body, data, sizeof(data));
	cdr_put_u64(&body, cycle);
	cdr_put_i64(&body, (int64_t)cycle * CYCLE_NS);
	cdr_put_i64(&body, -5);
	cdr_put_u8(&body, 1);
	cdr_put_string(&body, "late_wake");
	cdr_put_string(&body, "");
	cdr_put_string(&body, text);
	write_body(writer, FAKE_EVENT, cycle, &body);
}

void fake_log_probe(struct mcap_writer *writer, uint64_t cycle, double temp)
{
	struct cdr_writer body;
	uint8_t data[64];

	cdr_writer_init(&body, data, sizeof(data));
	cdr_put_u64(&body, cycle);
	cdr_put_i64(&body, (int64_t)cycle * CYCLE_NS);
	cdr_put_f64(&body, temp);
	cdr_put_u8(&body, cycle & 1);
	cdr_put_u8(&body, 0);
	cdr_put_u8(&body, (uint8_t)(cycle % 3));
	write_body(writer, FAKE_PROBE, cycle, &body);
}

static void write_cycles(struct mcap_writer *writer, uint64_t first, uint64_t last)
{
	for (uint64_t cycle = first; cycle <= last; cycle++) {
		if (cycle % 10 == 9 && cycle < last) {
			fake_log_gap(writer, cycle, cycle + 1);
			cycle++;
			continue;
		}
		fake_log_cycle(writer, cycle);
		fake_log_probe(writer, cycle, 20.5 + (double)cycle / 8);
		if (cycle % 4 == 0) {
			fake_log_event(writer, cycle, "woke \"late\"");
		}
	}
}

void fake_log_write(struct fake_sink *sink, uint64_t first, uint64_t last)
{
	static const struct mcap_pair pairs[] = { { "host", "oven" },
						  { "boot", "1234" } };
	struct mcap_writer *writer = mcap_writer_create(CHUNK_BYTES);
	struct mcap_sink interface = fake_sink_interface(sink);

	fake_sink_fini(sink);
	assert_non_null(writer);
	assert_int_equal(mcap_writer_begin(writer, &interface, fake_topics, FAKE_TOPICS,
					   "rtloop test"),
			 0);
	assert_int_equal(mcap_writer_attach(writer, "rtloop.yaml", "application/yaml",
					    "loop: {}\n", 9, FAKE_START_NS),
			 0);
	assert_int_equal(mcap_writer_metadata(writer, "rtloop", pairs, 2), 0);
	write_cycles(writer, first, last);
	assert_int_equal(mcap_writer_end(writer), 0);
	mcap_writer_destroy(writer);
}
