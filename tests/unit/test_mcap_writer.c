/* wraps: realloc */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/mcap/crc.h"
#include "rtloop/mcap/reader.h"
#include "rtloop/mcap/verify.h"
#include "tests/fakes/fake_log.h"

void *__real_realloc(void *data, size_t bytes);
void *__wrap_realloc(void *data, size_t bytes);

/* How many more calls of realloc succeed; negative: all. */
static int reallocs_left = -1;
static bool was_refused;

void *__wrap_realloc(void *data, size_t bytes)
{
	if (reallocs_left == 0) {
		was_refused = true;
		return NULL;
	}
	if (reallocs_left > 0) {
		reallocs_left--;
	}
	return __real_realloc(data, bytes);
}

static struct mcap_writer *begin(struct fake_sink *sink, size_t chunk_bytes)
{
	struct mcap_writer *writer = mcap_writer_create(chunk_bytes);
	struct mcap_sink interface = fake_sink_interface(sink);

	assert_non_null(writer);
	assert_int_equal(mcap_writer_begin(writer, &interface, fake_topics, FAKE_TOPICS,
					   "rtloop test"),
			 0);
	return writer;
}

static void tell_problem(void *context, uint64_t offset, const char *text)
{
	print_message("byte %llu: %s\n", (unsigned long long)offset, text);
}

/* What a check finds wrong with the sink's file. */
static uint64_t count_problems(const struct fake_sink *sink,
			       struct mcap_verify_result *result)
{
	const struct mcap_verify_listener listener = { .problem = tell_problem };
	struct mcap_cycles cycles = { .runs = 0 };
	struct fake_file file;
	struct err err;

	fake_file_init(&file, sink->data, sink->bytes);
	assert_int_equal(mcap_verify(file.path, &listener, &cycles, result, &err), 0);
	fake_file_fini(&file);
	return result->problems;
}

static struct mcap_reader *read_sink(const struct fake_sink *sink, struct fake_file *file)
{
	struct mcap_reader *reader = NULL;
	struct err err;

	fake_file_init(file, sink->data, sink->bytes);
	assert_int_equal(mcap_reader_open(file->path, &reader, &err), 0);
	return reader;
}

static void an_empty_log_is_whole(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_writer *writer = begin(&sink, 4096);
	struct mcap_verify_result result;

	assert_int_equal(mcap_writer_flush(writer), 0);
	assert_int_equal(mcap_writer_end(writer), 0);
	assert_memory_equal(sink.data, MCAP_MAGIC, 8);
	assert_memory_equal(sink.data + sink.bytes - 8, MCAP_MAGIC, 8);
	assert_int_equal(count_problems(&sink, &result), 0);
	assert_int_equal(result.messages, 0);
	assert_int_equal(result.chunks, 0);
	mcap_writer_destroy(writer);
	fake_sink_fini(&sink);
}

static void a_log_of_every_kind_of_record_is_whole(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_verify_result result;

	fake_log_write(&sink, 0, 200);
	assert_int_equal(count_problems(&sink, &result), 0);
	assert_true(result.chunks > 10);
	fake_sink_fini(&sink);
}

static void header_and_topics_stand_at_the_head(void **state)
{
	static const uint8_t ops[] = { MCAP_HEADER,  MCAP_SCHEMA,  MCAP_SCHEMA,
				       MCAP_SCHEMA,  MCAP_SCHEMA,  MCAP_CHANNEL,
				       MCAP_CHANNEL, MCAP_CHANNEL, MCAP_CHANNEL };
	struct fake_sink sink = { .data = NULL };
	struct mcap_writer *writer = begin(&sink, 4096);
	struct mcap_reader *reader;
	struct mcap_record record;
	struct mcap_header header;
	struct mcap_schema schema;
	struct mcap_channel channel;
	struct fake_file file;
	uint16_t id = 0;

	reader = read_sink(&sink, &file);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		assert_int_equal(mcap_reader_next(reader, &record), 1);
		assert_int_equal(record.op, ops[i]);
		if (record.op == MCAP_HEADER) {
			assert_int_equal(mcap_parse_header(&record, &header), 0);
			assert_true(mcap_text_is(header.profile, "ros2"));
			assert_true(mcap_text_is(header.library, "rtloop test"));
		} else if (record.op == MCAP_SCHEMA) {
			assert_int_equal(mcap_parse_schema(&record, &schema), 0);
			assert_int_equal(schema.id, ++id);
			assert_true(mcap_text_is(schema.encoding, "ros2msg"));
			assert_true(mcap_text_is(schema.name,
						 fake_topics[id - 1].schema_name));
			assert_true(mcap_text_is(schema.text,
						 fake_topics[id - 1].schema_text));
		} else {
			assert_int_equal(mcap_parse_channel(&record, &channel), 0);
			id = (uint16_t)(i - 5);
			assert_int_equal(channel.id, id);
			assert_int_equal(channel.schema_id, id + 1);
			assert_true(mcap_text_is(channel.encoding, "cdr"));
			assert_true(mcap_text_is(channel.topic, fake_topics[id].name));
		}
	}
	mcap_reader_close(reader);
	fake_file_fini(&file);
	mcap_writer_destroy(writer);
	fake_sink_fini(&sink);
}

static void messages_come_back_in_order_with_head_and_body(void **state)
{
	static const uint8_t cdr_head[] = { 0, 1, 0, 0 };
	struct fake_sink sink = { .data = NULL };
	struct mcap_writer *writer = begin(&sink, 300);
	struct mcap_message message;
	struct mcap_reader *reader;
	struct mcap_record record;
	struct fake_file file;
	uint8_t body[100] = { 0 };
	uint32_t count = 0;

	for (uint8_t i = 0; i < 50; i++) {
		body[0] = i;
		assert_int_equal(mcap_writer_message(writer, i % 2, 1000u + i, body,
						     (size_t)i * 2),
				 0);
	}
	assert_int_equal(mcap_writer_end(writer), 0);
	reader = read_sink(&sink, &file);
	while (mcap_reader_next(reader, &record) > 0) {
		if (record.op != MCAP_MESSAGE) {
			continue;
		}
		assert_int_equal(mcap_parse_message(&record, &message), 0);
		assert_int_equal(message.channel_id, count % 2);
		assert_int_equal(message.sequence, count / 2);
		assert_true(message.log_time_ns == 1000 + count);
		assert_true(message.publish_time_ns == 1000 + count);
		assert_int_equal(message.bytes, 4 + count * 2);
		assert_memory_equal(message.data, cdr_head, 4);
		assert_true(message.bytes == 4 || message.data[4] == count);
		count++;
	}
	assert_int_equal(count, 50);
	mcap_reader_close(reader);
	fake_file_fini(&file);
	mcap_writer_destroy(writer);
	fake_sink_fini(&sink);
}

static void a_chunk_is_one_put_and_never_longer_than_it_may_be(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_writer *writer = begin(&sink, 1000);
	struct mcap_reader *reader;
	struct mcap_record record;
	struct mcap_chunk chunk;
	struct fake_file file;
	unsigned chunks = 0;
	uint8_t body[65] = { 0 };

	/* 100 bytes each, with all that stands around them: ten make a chunk. */
	for (unsigned i = 0; i < 95; i++) {
		assert_int_equal(mcap_writer_message(writer, 0, i, body, sizeof(body)),
				 0);
	}
	assert_int_equal(sink.puts, 1 + 9);
	assert_int_equal(mcap_writer_end(writer), 0);
	assert_int_equal(sink.puts, 1 + 10 + 1);
	reader = read_sink(&sink, &file);
	while (mcap_reader_next(reader, &record) > 0) {
		if (record.op == MCAP_CHUNK) {
			assert_int_equal(mcap_parse_chunk(&record, &chunk), 0);
			assert_int_equal(chunk.records_bytes, chunks == 9 ? 500 : 1000);
			assert_int_equal(chunk.start_ns, chunks * 10);
			assert_int_equal(chunk.end_ns,
					 chunks == 9 ? 94 : chunks * 10 + 9);
			chunks++;
		}
	}
	assert_int_equal(chunks, 10);
	mcap_reader_close(reader);
	fake_file_fini(&file);
	mcap_writer_destroy(writer);
	fake_sink_fini(&sink);
}

static void a_longer_message_makes_a_chunk_of_its_own(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_writer *writer = begin(&sink, 256);
	struct mcap_verify_result result;
	uint8_t body[5000] = { 0 };

	assert_int_equal(mcap_writer_message(writer, FAKE_EVENT, 1, body, 10), 0);
	assert_int_equal(mcap_writer_message(writer, FAKE_EVENT, 2, body, sizeof(body)),
			 0);
	assert_int_equal(mcap_writer_message(writer, FAKE_EVENT, 3, body, 10), 0);
	assert_int_equal(mcap_writer_end(writer), 0);
	assert_int_equal(count_problems(&sink, &result), 0);
	assert_int_equal(result.chunks, 3);
	assert_int_equal(result.messages, 3);
	mcap_writer_destroy(writer);
	fake_sink_fini(&sink);
}

static void times_out_of_order_are_put_in_the_chunks_bounds(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_writer *writer = begin(&sink, 4096);
	struct mcap_verify_result result;

	for (uint64_t i = 0; i < 10; i++) {
		assert_int_equal(
			mcap_writer_message(writer, FAKE_EVENT, i * 7 % 10, "x", 1), 0);
	}
	assert_int_equal(mcap_writer_end(writer), 0);
	assert_int_equal(count_problems(&sink, &result), 0);
	mcap_writer_destroy(writer);
	fake_sink_fini(&sink);
}

static void bytes_counts_the_open_chunk(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_writer *writer = begin(&sink, 4096);
	uint64_t before = mcap_writer_bytes(writer);

	assert_true(before == sink.bytes);
	assert_int_equal(mcap_writer_message(writer, 0, 1, "12345", 5), 0);
	assert_true(mcap_writer_bytes(writer) == before + 49 + 40);
	assert_int_equal(mcap_writer_flush(writer), 0);
	assert_true(mcap_writer_bytes(writer) == sink.bytes);
	assert_int_equal(mcap_writer_end(writer), 0);
	assert_true(mcap_writer_bytes(writer) == sink.bytes);
	mcap_writer_destroy(writer);
	fake_sink_fini(&sink);
}

static void a_topic_that_is_not_there_is_refused(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_writer *writer = begin(&sink, 4096);

	assert_int_equal(mcap_writer_message(writer, FAKE_TOPICS, 1, "x", 1), -EINVAL);
	mcap_writer_destroy(writer);
	fake_sink_fini(&sink);
}

static void more_topics_than_ids_are_refused(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_sink interface = fake_sink_interface(&sink);
	struct mcap_writer *writer = mcap_writer_create(4096);

	assert_int_equal(mcap_writer_begin(writer, &interface, NULL, 65535, "x"),
			 -EINVAL);
	mcap_writer_destroy(writer);
}

/* Whether a call worked; where it failed for memory, memory is there again. */
static bool works(int code)
{
	assert_true(code == 0 || code == -ENOSPC || code == -ENOMEM);
	if (code == -ENOMEM) {
		reallocs_left = -1;
	}
	return code == 0;
}

/* Always the same log: each call is repeated until it works. */
static void write_stubbornly(struct mcap_writer *writer, struct fake_sink *sink)
{
	struct mcap_sink interface = fake_sink_interface(sink);
	const struct mcap_pair pair = { "host", "oven" };

	while (!works(
		mcap_writer_begin(writer, &interface, fake_topics, FAKE_TOPICS, "x"))) {
	}
	while (!works(
		mcap_writer_attach(writer, "a.yaml", "text/plain", "a: 1\n", 5, 77))) {
	}
	while (!works(mcap_writer_metadata(writer, "m", &pair, 1))) {
	}
	for (uint64_t i = 0; i < 300; i++) {
		uint16_t topic = (uint16_t)(i % 3);

		while (!works(
			mcap_writer_message(writer, topic, 1000 + i, &i, sizeof(i)))) {
		}
	}
	while (!works(mcap_writer_end(writer))) {
	}
}

/* --- a sink that says later that it has not taken a chunk -------------------------------------- */

#define KEPT_PUTS 7

struct late_sink {
	struct fake_sink kept;
	struct mcap_sink interface;
	struct mcap_writer *writer;
	uint64_t messages[FAKE_TOPICS];
	struct mcap_point point; /* before the put after KEPT_PUTS */
	size_t bytes;		 /* up to it */
};

static int put_late(void *context, const void *data, size_t bytes)
{
	struct late_sink *sink = context;

	if (sink->kept.puts == KEPT_PUTS) {
		mcap_writer_save(sink->writer, &sink->point);
		sink->bytes = sink->kept.bytes;
	}
	return sink->interface.put(sink->interface.context, data, bytes);
}

static void after_going_back_the_log_is_as_if_nothing_had_been_put(void **state)
{
	struct late_sink sink = { .kept = { .data = NULL } };
	const struct mcap_sink late = { .put = put_late, .context = &sink };
	struct mcap_verify_result result;
	uint64_t cycle;

	sink.interface = fake_sink_interface(&sink.kept);
	sink.point.topic_messages = sink.messages;
	sink.writer = mcap_writer_create(1000);
	assert_int_equal(
		mcap_writer_begin(sink.writer, &late, fake_topics, FAKE_TOPICS, "x"), 0);
	for (cycle = 0; sink.kept.puts < KEPT_PUTS + 5; cycle++) {
		fake_log_cycle(sink.writer, cycle);
		fake_log_probe(sink.writer, cycle, 1.5);
	}
	sink.kept.bytes = sink.bytes;
	mcap_writer_restore(sink.writer, &sink.point);
	assert_true(mcap_writer_bytes(sink.writer) == sink.bytes);
	fake_log_event(sink.writer, cycle, "goes on");
	assert_int_equal(mcap_writer_end(sink.writer), 0);
	assert_int_equal(count_problems(&sink.kept, &result), 0);
	mcap_writer_destroy(sink.writer);
	fake_sink_fini(&sink.kept);
}

static void a_failed_put_changes_nothing_and_may_be_repeated(void **state)
{
	struct fake_sink good = { .data = NULL };
	struct mcap_writer *writer = mcap_writer_create(1024);
	unsigned puts;

	write_stubbornly(writer, &good);
	puts = good.puts;
	assert_true(puts > 10);
	for (unsigned fail_at = 1; fail_at <= puts; fail_at++) {
		struct fake_sink sink = { .fail_at = fail_at, .code = -ENOSPC };

		write_stubbornly(writer, &sink);
		assert_int_equal(sink.puts, puts + 1);
		assert_int_equal(sink.bytes, good.bytes);
		assert_memory_equal(sink.data, good.data, good.bytes);
		fake_sink_fini(&sink);
	}
	mcap_writer_destroy(writer);
	fake_sink_fini(&good);
}

static void running_out_of_memory_changes_nothing_and_may_be_repeated(void **state)
{
	struct fake_sink good = { .data = NULL };
	struct mcap_writer *writer = mcap_writer_create(1024);

	write_stubbornly(writer, &good);
	mcap_writer_destroy(writer);
	was_refused = true;
	for (int left = 0; was_refused; left++) {
		struct fake_sink sink = { .data = NULL };

		writer = mcap_writer_create(1024);
		was_refused = false;
		reallocs_left = left;
		write_stubbornly(writer, &sink);
		reallocs_left = -1;
		assert_int_equal(sink.bytes, good.bytes);
		assert_memory_equal(sink.data, good.data, good.bytes);
		mcap_writer_destroy(writer);
		fake_sink_fini(&sink);
		assert_true(left < 1000);
	}
	fake_sink_fini(&good);
}

static void without_memory_there_is_no_writer(void **state)
{
	reallocs_left = 0;
	assert_null(mcap_writer_create(1024));
	reallocs_left = -1;
}

static void a_writer_writes_one_file_after_another(void **state)
{
	struct fake_sink first = { .data = NULL }, second = { .data = NULL };
	struct mcap_writer *writer = mcap_writer_create(1024);

	write_stubbornly(writer, &first);
	write_stubbornly(writer, &second);
	assert_int_equal(first.bytes, second.bytes);
	assert_memory_equal(first.data, second.data, first.bytes);
	mcap_writer_destroy(writer);
	fake_sink_fini(&first);
	fake_sink_fini(&second);
}

static void a_file_given_up_leaves_nothing_in_the_next(void **state)
{
	struct fake_sink first = { .data = NULL }, second = { .data = NULL };
	struct mcap_writer *writer = mcap_writer_create(1024);
	struct fake_sink lost = { .data = NULL };
	struct mcap_sink interface = fake_sink_interface(&lost);

	write_stubbornly(writer, &first);
	assert_int_equal(mcap_writer_begin(writer, &interface, fake_topics, 2, "other"),
			 0);
	assert_int_equal(mcap_writer_message(writer, 1, 5, "x", 1), 0);
	write_stubbornly(writer, &second);
	assert_int_equal(first.bytes, second.bytes);
	assert_memory_equal(first.data, second.data, first.bytes);
	mcap_writer_destroy(writer);
	fake_sink_fini(&first);
	fake_sink_fini(&second);
	fake_sink_fini(&lost);
}

static void the_crc_of_two_pieces_is_that_of_both_in_a_row(void **state)
{
	uint8_t data[1000];
	uint32_t whole, first, second;

	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = (uint8_t)(i * 31 + i / 7);
	}
	whole = libdeflate_crc32(0, data, sizeof(data));
	for (size_t split = 0; split <= sizeof(data); split++) {
		first = libdeflate_crc32(0, data, split);
		second = libdeflate_crc32(0, data + split, sizeof(data) - split);
		assert_true(crc_combine(first, second, sizeof(data) - split) == whole);
	}
}

static void destroying_nothing_is_nothing(void **state)
{
	mcap_writer_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_log_is_whole),
		cmocka_unit_test(a_log_of_every_kind_of_record_is_whole),
		cmocka_unit_test(header_and_topics_stand_at_the_head),
		cmocka_unit_test(messages_come_back_in_order_with_head_and_body),
		cmocka_unit_test(a_chunk_is_one_put_and_never_longer_than_it_may_be),
		cmocka_unit_test(a_longer_message_makes_a_chunk_of_its_own),
		cmocka_unit_test(times_out_of_order_are_put_in_the_chunks_bounds),
		cmocka_unit_test(bytes_counts_the_open_chunk),
		cmocka_unit_test(a_topic_that_is_not_there_is_refused),
		cmocka_unit_test(more_topics_than_ids_are_refused),
		cmocka_unit_test(a_failed_put_changes_nothing_and_may_be_repeated),
		cmocka_unit_test(after_going_back_the_log_is_as_if_nothing_had_been_put),
		cmocka_unit_test(
			running_out_of_memory_changes_nothing_and_may_be_repeated),
		cmocka_unit_test(without_memory_there_is_no_writer),
		cmocka_unit_test(a_writer_writes_one_file_after_another),
		cmocka_unit_test(a_file_given_up_leaves_nothing_in_the_next),
		cmocka_unit_test(the_crc_of_two_pieces_is_that_of_both_in_a_row),
		cmocka_unit_test(destroying_nothing_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
