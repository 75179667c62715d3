#include "tests/fakes/fake_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/mcap/cdr.h"

#define CHUNK_BYTES 2048
#define START_NS    NS_PER_SEC

int64_t fake_run_release_ns(uint64_t release)
{
	return START_NS + (int64_t)release * FAKE_PERIOD_NS;
}

static void write_metadata(struct fake_run *run, const struct fake_run_options *options)
{
	char period[32], offset[32];
	const struct mcap_pair pairs[] = {
		{ "loop", options->loop }, { "boot", options->boot },
		{ "version", "1.2.3" },	   { "kernel", "6.12-rt" },
		{ "period_ns", period },   { "monotonic_to_log_time_ns", offset }
	};

	snprintf(period, sizeof(period), "%lld", (long long)FAKE_PERIOD_NS);
	snprintf(offset, sizeof(offset), "%lld", (long long)run->offset_ns);
	assert_int_equal(
		mcap_writer_metadata(run->writer, "rtloop", pairs, ARRAY_SIZE(pairs)), 0);
}

void fake_run_begin(struct fake_run *run, const struct fake_run_options *options)
{
	static const struct channel temp = { .name = "temp", .type = VALUE_FLOAT };
	const struct log_device probe = { .name = "probe",
					  .channels = &temp,
					  .channel_count = 1 };
	struct mcap_sink sink;

	*run = (struct fake_run){ .writer = mcap_writer_create(CHUNK_BYTES),
				  .offset_ns = FAKE_OFFSET_NS + options->stepped_ns };
	sink = fake_sink_interface(&run->sink);
	assert_non_null(run->writer);
	assert_int_equal(topics_create(&run->topics, &probe, 1), 0);
	if (options->cycle_schema) {
		run->topics.topics[TOPIC_CYCLE].schema_text = options->cycle_schema;
	}
	assert_int_equal(mcap_writer_begin(run->writer, &sink, run->topics.topics,
					   run->topics.count, "fake"),
			 0);
	if (options->loop) {
		write_metadata(run, options);
	}
}

void fake_run_end(struct fake_run *run, struct fake_file *file)
{
	assert_int_equal(mcap_writer_end(run->writer), 0);
	mcap_writer_destroy(run->writer);
	topics_destroy(&run->topics);
	fake_file_init(file, run->sink.data, run->sink.bytes);
	fake_sink_fini(&run->sink);
}

static void write_message(struct fake_run *run, uint16_t topic, int64_t time_ns,
			  const void *body, size_t bytes)
{
	assert_int_equal(mcap_writer_message(run->writer, topic,
					     (uint64_t)(time_ns + run->offset_ns), body,
					     bytes),
			 0);
}

static void write_body(struct fake_run *run, uint16_t topic, int64_t time_ns,
		       const struct cdr_writer *cdr)
{
	size_t bytes = 0;

	assert_int_equal(cdr_writer_end(cdr, &bytes), 0);
	write_message(run, topic, time_ns, cdr->data, bytes);
}

void fake_run_cycle(struct fake_run *run, struct record_cycle cycle)
{
	cycle.release_ns =
		cycle.release_ns ? cycle.release_ns : fake_run_release_ns(cycle.release);
	write_message(run, TOPIC_CYCLE, cycle.release_ns + cycle.latency_ns, &cycle,
		      sizeof(cycle));
	run->cycle = cycle.cycle + 1;
}

void fake_run_cycles(struct fake_run *run, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		fake_run_cycle(run, (struct record_cycle){ .cycle = run->cycle,
							   .release = run->cycle,
							   .latency_ns = 10000,
							   .read_ns = 3000,
							   .write_ns = 2000,
							   .record_ns = 1000 });
	}
}

void fake_run_numbers(struct fake_run *run, int64_t time_ns, const uint64_t *numbers,
		      unsigned count)
{
	write_message(run, TOPIC_CYCLE, time_ns, numbers, count * sizeof(*numbers));
}

void fake_run_gap(struct fake_run *run, uint64_t first, uint64_t last)
{
	const struct record_gap gap = { .first = first, .last = last };

	write_message(run, TOPIC_GAP, fake_run_release_ns(last), &gap, sizeof(gap));
	run->cycle = last + 1;
}

void fake_run_event(struct fake_run *run, uint64_t cycle, int64_t time_ns,
		    const char *kind, const char *text)
{
	struct cdr_writer cdr;
	uint8_t body[512];

	cdr_writer_init(&cdr, body, sizeof(body));
	cdr_put_u64(&cdr, cycle);
	cdr_put_i64(&cdr, time_ns);
	cdr_put_i64(&cdr, -7);
	cdr_put_u8(&cdr, 1);
	cdr_put_string(&cdr, kind);
	cdr_put_string(&cdr, "probe");
	cdr_put_string(&cdr, text);
	write_body(run, TOPIC_EVENT, time_ns, &cdr);
}

void fake_run_probe(struct fake_run *run, int64_t time_ns, int64_t sample_ns,
		    uint8_t quality)
{
	struct cdr_writer cdr;
	uint8_t body[64];

	cdr_writer_init(&cdr, body, sizeof(body));
	cdr_put_u64(&cdr, 0);
	cdr_put_i64(&cdr, sample_ns);
	cdr_put_f64(&cdr, 20.5);
	cdr_put_u8(&cdr, quality);
	write_body(run, TOPIC_DEVICES, time_ns, &cdr);
}
