#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/mcap/cycles.h"
#include "rtloop/mcap/log.h"
#include "rtloop/mcap/survey.h"
#include "rtloop/mcap/verify.h"
#include "tests/fakes/fake_log.h"
#include "tests/fakes/sweep.h"

static struct err err;

static struct mcap_reader *open_file(const struct fake_file *file)
{
	struct mcap_reader *reader = NULL;

	assert_int_equal(mcap_reader_open(file->path, &reader, &err), 0);
	return reader;
}

static void expect_stop(struct mcap_reader *reader, int code, uint64_t offset,
			const char *text)
{
	struct mcap_record record;
	int answer;

	while ((answer = mcap_reader_next(reader, &record)) > 0) {
	}
	assert_int_equal(answer, code);
	assert_string_equal(mcap_reader_stop(reader)->text, text);
	assert_true(mcap_reader_stop(reader)->offset == offset);
	assert_int_equal(mcap_reader_next(reader, &record), code);
}

/* Where a record of that kind stands, the n-th of them from 0 on; 0: there are not so many. */
static size_t find_record(const struct fake_sink *sink, uint8_t op, unsigned n)
{
	struct mcap_record record;
	struct mcap_reader *reader;
	struct fake_file file;
	size_t offset = 0;

	fake_file_init(&file, sink->data, sink->bytes);
	reader = open_file(&file);
	while (!offset && mcap_reader_next(reader, &record) > 0) {
		if (record.op == op && n-- == 0) {
			offset = (size_t)record.offset;
		}
	}
	mcap_reader_close(reader);
	fake_file_fini(&file);
	return offset;
}

static void records_of_every_kind_come_in_the_files_order(void **state)
{
	static const uint8_t expected[] = {
		MCAP_HEADER,	     MCAP_SCHEMA,	  MCAP_SCHEMA,
		MCAP_SCHEMA,	     MCAP_SCHEMA,	  MCAP_CHANNEL,
		MCAP_CHANNEL,	     MCAP_CHANNEL,	  MCAP_CHANNEL,
		MCAP_ATTACHMENT,     MCAP_METADATA,	  MCAP_CHUNK,
		MCAP_MESSAGE,	     MCAP_MESSAGE,	  MCAP_MESSAGE,
		MCAP_MESSAGE_INDEX,  MCAP_MESSAGE_INDEX,  MCAP_MESSAGE_INDEX,
		MCAP_DATA_END,	     MCAP_SCHEMA,	  MCAP_SCHEMA,
		MCAP_SCHEMA,	     MCAP_SCHEMA,	  MCAP_CHANNEL,
		MCAP_CHANNEL,	     MCAP_CHANNEL,	  MCAP_CHANNEL,
		MCAP_STATISTICS,     MCAP_CHUNK_INDEX,	  MCAP_ATTACHMENT_INDEX,
		MCAP_METADATA_INDEX, MCAP_SUMMARY_OFFSET, MCAP_SUMMARY_OFFSET,
		MCAP_SUMMARY_OFFSET, MCAP_SUMMARY_OFFSET, MCAP_SUMMARY_OFFSET,
		MCAP_SUMMARY_OFFSET, MCAP_FOOTER,
	};
	struct fake_sink sink = { .data = NULL };
	struct mcap_record record;
	struct mcap_reader *reader;
	struct fake_file file;

	fake_log_write(&sink, 0, 0);
	fake_file_init(&file, sink.data, sink.bytes);
	reader = open_file(&file);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(mcap_reader_next(reader, &record), 1);
		assert_int_equal(record.op, expected[i]);
		assert_int_equal(record.op, sink.data[record.offset]);
		assert_int_equal(record.is_in_chunk, record.op == MCAP_MESSAGE);
		assert_memory_equal(record.data, sink.data + record.offset + 9,
				    record.op == MCAP_CHUNK ? 40 : (size_t)record.bytes);
	}
	expect_stop(reader, 0, sink.bytes - 8, "the log was closed");
	mcap_reader_close(reader);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

static void every_record_says_what_was_written(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_attachment attachment;
	struct mcap_metadata metadata;
	struct mcap_text key, value;
	struct mcap_record record;
	struct mcap_reader *reader;
	struct fake_file file;

	fake_log_write(&sink, 0, 0);
	fake_file_init(&file, sink.data, sink.bytes);
	reader = open_file(&file);
	while (mcap_reader_next(reader, &record) > 0) {
		if (record.op == MCAP_ATTACHMENT) {
			assert_int_equal(mcap_parse_attachment(&record, &attachment), 0);
			assert_true(mcap_text_is(attachment.name, "rtloop.yaml"));
			assert_true(
				mcap_text_is(attachment.media_type, "application/yaml"));
			assert_int_equal(attachment.bytes, 9);
			assert_memory_equal(attachment.data, "loop: {}\n", 9);
			assert_true(attachment.log_time_ns == FAKE_START_NS);
		} else if (record.op == MCAP_METADATA) {
			assert_int_equal(mcap_parse_metadata(&record, &metadata), 0);
			assert_true(mcap_text_is(metadata.name, "rtloop"));
			assert_true(mcap_next_pair(&metadata.pairs, &key, &value));
			assert_true(mcap_text_is(key, "host"));
			assert_true(mcap_text_is(value, "oven"));
			assert_true(mcap_next_pair(&metadata.pairs, &key, &value));
			assert_true(mcap_text_is(key, "boot"));
			assert_true(mcap_text_is(value, "1234"));
			assert_false(mcap_next_pair(&metadata.pairs, &key, &value));
		}
	}
	mcap_reader_close(reader);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

/* Every whole message that ends before the cut, in order. */
static unsigned messages_before(const struct fake_sink *sink, size_t cut)
{
	struct mcap_record record;
	struct mcap_reader *reader;
	struct fake_file file;
	unsigned count = 0;

	fake_file_init(&file, sink->data, sink->bytes);
	reader = open_file(&file);
	while (mcap_reader_next(reader, &record) > 0) {
		count += record.op == MCAP_MESSAGE &&
			 record.offset + 9 + record.bytes <= cut;
	}
	mcap_reader_close(reader);
	fake_file_fini(&file);
	return count;
}

static void a_log_cut_anywhere_gives_every_whole_message(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_log_message message;
	struct fake_file file;
	struct mcap_log log;

	fake_log_write(&sink, 0, 24);
	fake_file_init(&file, sink.data, sink.bytes);
	for (size_t cut = sink.bytes - 1; cut >= MCAP_MAGIC_BYTES && cut < sink.bytes;
	     cut -= sweep_step()) {
		unsigned count = 0;
		int code;

		assert_int_equal(ftruncate(file.fd, (off_t)cut), 0);
		assert_int_equal(mcap_log_open(&log, file.path, &MCAP_LOG_ALL, &err), 0);
		while ((code = mcap_log_next(&log, &message)) > 0) {
			assert_memory_equal(message.message.data,
					    sink.data + message.offset + 9 + 22,
					    message.message.bytes);
			count++;
		}
		assert_int_equal(code, -ENODATA);
		assert_true(log.problems == 0);
		assert_int_equal(count, messages_before(&sink, cut));
		mcap_log_close(&log);
	}
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

static void what_is_no_log_is_refused(void **state)
{
	static const char text[] = "hello, world\n";
	struct mcap_reader *reader = NULL;
	struct fake_file file;

	fake_file_init(&file, text, sizeof(text));
	assert_int_equal(mcap_reader_open(file.path, &reader, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "is not an MCAP file"));
	for (size_t bytes = 0; bytes < MCAP_MAGIC_BYTES; bytes++) {
		fake_file_set(&file, MCAP_MAGIC, bytes);
		assert_int_equal(mcap_reader_open(file.path, &reader, &err), -EBADMSG);
		assert_non_null(
			strstr(err.text, bytes == 0 ? "is empty" : "is not an MCAP"));
	}
	fake_file_fini(&file);
	assert_int_equal(mcap_reader_open("/proc/self", &reader, &err), -EISDIR);
	assert_int_equal(mcap_reader_open("/dev/null", &reader, &err), -EINVAL);
	assert_int_equal(mcap_reader_open("/no/such/file", &reader, &err), -ENOENT);
	assert_string_equal(err.text, "/no/such/file: No such file or directory");
	assert_null(reader);
	mcap_reader_close(NULL);
}

static void a_compressed_chunk_is_named_and_not_read(void **state)
{
	static const uint8_t chunk[] = {
		MCAP_CHUNK, 44 + 3, 0,	 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0,
		0,	    0,	    0,	 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0,
		0,	    0,	    0,	 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 'z',
		's',	    't',    'd', 3, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3,
	};
	struct fake_file file;
	struct mcap_reader *reader;

	fake_file_init(&file, MCAP_MAGIC, 8);
	fake_file_poke(&file, 8, chunk, sizeof(chunk));
	reader = open_file(&file);
	expect_stop(reader, -ENOTSUP, 8, "a chunk is compressed with \"zstd\"");
	mcap_reader_close(reader);
	fake_file_fini(&file);
}

static void a_tail_of_zeros_is_a_log_that_was_not_closed(void **state)
{
	static const uint8_t zeros[5000];
	struct fake_sink sink = { .data = NULL };
	struct mcap_reader *reader;
	struct fake_file file;
	size_t end;

	fake_log_write(&sink, 0, 24);
	end = find_record(&sink, MCAP_CHUNK, 1);
	fake_file_init(&file, sink.data, end);
	fake_file_poke(&file, end, zeros, sizeof(zeros));
	reader = open_file(&file);
	expect_stop(reader, -ENODATA, end,
		    "only zeros from here on: the log was not closed");
	mcap_reader_close(reader);
	/* Something behind the zeros: then this is damage. */
	fake_file_poke(&file, end + 4000, "x", 1);
	reader = open_file(&file);
	expect_stop(reader, -EBADMSG, end, "no record begins here");
	mcap_reader_close(reader);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

/* A log of one chunk with eight bytes at an offset in its n-th record of a kind overwritten. */
static void expect_spoilt_stop(uint8_t op, size_t at, uint64_t value, int code,
			       const char *text)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_reader *reader;
	struct fake_file file;
	uint8_t bytes[8];
	size_t offset;

	fake_log_write(&sink, 0, 0);
	offset = find_record(&sink, op, 0);
	le_store64(bytes, value);
	fake_file_init(&file, sink.data, sink.bytes);
	fake_file_poke(&file, offset + at, bytes, sizeof(bytes));
	reader = open_file(&file);
	expect_stop(reader, code, offset, text);
	mcap_reader_close(reader);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

static void lengths_that_cannot_be_stop_the_reader(void **state)
{
	expect_spoilt_stop(MCAP_ATTACHMENT, 1, UINT64_MAX, -ENODATA,
			   "the file ends inside a record (attachment)");
	expect_spoilt_stop(MCAP_MESSAGE, 1, UINT64_MAX, -EBADMSG,
			   "the chunk ends inside a record (message)");
	expect_spoilt_stop(MCAP_CHUNK, 1, 39, -EBADMSG, "a chunk's head makes no sense");
	expect_spoilt_stop(MCAP_CHUNK, 1, UINT64_MAX, -EBADMSG,
			   "a chunk's two lengths contradict each other");
	expect_spoilt_stop(MCAP_CHUNK, 41, UINT64_MAX, -EBADMSG,
			   "a chunk's two lengths contradict each other");
	expect_spoilt_stop(MCAP_FOOTER, 1, 19, -EBADMSG, "a footer of 19 bytes");
	expect_spoilt_stop(MCAP_FOOTER, 29, 0, -EBADMSG,
			   "the footer is not the file's end");
}

static void bytes_behind_the_end_are_damage(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_reader *reader;
	struct fake_file file;

	fake_log_write(&sink, 0, 0);
	fake_file_init(&file, sink.data, sink.bytes);
	fake_file_poke(&file, sink.bytes, "x", 1);
	reader = open_file(&file);
	expect_stop(reader, -EBADMSG, find_record(&sink, MCAP_FOOTER, 0),
		    "the footer is not the file's end");
	mcap_reader_close(reader);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

/* On 32 bits too, where the upper half of a length is easily lost. */
static void an_attachment_longer_than_its_record_is_an_error(void **state)
{
	uint8_t content[8 + 8 + 4 + 4 + 8 + 4] = { 0 };
	const struct mcap_record record = { .op = MCAP_ATTACHMENT,
					    .bytes = sizeof(content),
					    .data = content };
	struct mcap_attachment attachment;

	assert_int_equal(mcap_parse_attachment(&record, &attachment), 0);
	le_store64(content + 24, UINT64_C(1) << 32);
	assert_int_equal(mcap_parse_attachment(&record, &attachment), -EBADMSG);
}

static void a_log_inside_a_chunk_is_refused(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_reader *reader;
	struct fake_file file;
	size_t offset;

	fake_log_write(&sink, 0, 0);
	offset = find_record(&sink, MCAP_MESSAGE, 1);
	fake_file_init(&file, sink.data, sink.bytes);
	fake_file_poke(&file, offset, "\x06", 1);
	reader = open_file(&file);
	expect_stop(reader, -EBADMSG, offset,
		    "a record inside a chunk that must not be there (chunk)");
	mcap_reader_close(reader);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

static void a_file_cut_short_while_it_is_read_is_an_error(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_record record;
	struct mcap_reader *reader;
	struct fake_file file;
	size_t offset;

	/* Longer than what the reader holds in memory. */
	fake_log_write(&sink, 0, 4000);
	offset = find_record(&sink, MCAP_DATA_END, 0);
	fake_file_init(&file, sink.data, sink.bytes);
	reader = open_file(&file);
	assert_int_equal(mcap_reader_next(reader, &record), 1);
	mcap_reader_seek(reader, offset);
	assert_int_equal(ftruncate(file.fd, (off_t)offset), 0);
	expect_stop(reader, -ENODATA, offset,
		    "the file became shorter while it was read");
	mcap_reader_seek(reader, UINT64_MAX);
	assert_true(mcap_reader_at(reader) == sink.bytes);
	mcap_reader_close(reader);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

static void the_summary_is_found_and_checked(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_footer footer = { .summary_start = 0 };
	struct mcap_record record;
	struct mcap_reader *reader;
	struct fake_file file;
	size_t statistics_at;

	fake_log_write(&sink, 0, 24);
	statistics_at = find_record(&sink, MCAP_STATISTICS, 0);
	fake_file_init(&file, sink.data, sink.bytes);
	reader = open_file(&file);
	assert_int_equal(mcap_reader_seek_summary(reader, &footer), 0);
	assert_int_equal(mcap_reader_next(reader, &record), 1);
	assert_int_equal(record.op, MCAP_SCHEMA);
	assert_true(record.offset == footer.summary_start);
	mcap_reader_close(reader);

	fake_file_poke(&file, statistics_at + 9, "\xff", 1);
	reader = open_file(&file);
	assert_int_equal(mcap_reader_seek_summary(reader, &footer), -EBADMSG);
	/* Nothing has changed: it still stands at the beginning. */
	assert_int_equal(mcap_reader_next(reader, &record), 1);
	assert_int_equal(record.op, MCAP_HEADER);
	mcap_reader_close(reader);

	assert_int_equal(ftruncate(file.fd, (off_t)sink.bytes - 1), 0);
	reader = open_file(&file);
	assert_int_equal(mcap_reader_seek_summary(reader, &footer), -ENODATA);
	mcap_reader_close(reader);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

static void next_chunk(struct mcap_reader *reader)
{
	struct mcap_record record;

	do {
		assert_int_equal(mcap_reader_next(reader, &record), 1);
	} while (record.op != MCAP_CHUNK);
}

static void a_chunk_can_be_checked_and_skipped(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_record record;
	struct mcap_reader *reader;
	struct fake_file file;
	size_t message_at;

	fake_log_write(&sink, 0, 0);
	message_at = find_record(&sink, MCAP_MESSAGE, 0);
	fake_file_init(&file, sink.data, sink.bytes);
	reader = open_file(&file);
	next_chunk(reader);
	assert_int_equal(mcap_reader_check_chunk(reader), 0);
	mcap_reader_skip_chunk(reader);
	assert_int_equal(mcap_reader_next(reader, &record), 1);
	assert_int_equal(record.op, MCAP_MESSAGE_INDEX);
	mcap_reader_close(reader);

	fake_file_poke(&file, message_at + 40, "\xff", 1);
	reader = open_file(&file);
	next_chunk(reader);
	assert_int_equal(mcap_reader_check_chunk(reader), -EBADMSG);
	mcap_reader_close(reader);

	assert_int_equal(ftruncate(file.fd, (off_t)message_at + 40), 0);
	reader = open_file(&file);
	next_chunk(reader);
	assert_int_equal(mcap_reader_check_chunk(reader), -ENODATA);
	mcap_reader_close(reader);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

static void remember_problem(void *context, uint64_t offset, const char *text)
{
	snprintf(context, 200, "%" PRIu64 ": %s", offset, text);
}

static void messages_of_a_damaged_chunk_are_left_out_and_told(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_log_options options = MCAP_LOG_ALL;
	struct mcap_log_message message;
	char text[200] = "", expected[200];
	struct fake_file file;
	struct mcap_log log;
	size_t first, second, third;
	unsigned count = 0;

	fake_log_write(&sink, 0, 24);
	first = find_record(&sink, MCAP_CHUNK, 0);
	second = find_record(&sink, MCAP_CHUNK, 1);
	third = find_record(&sink, MCAP_CHUNK, 2);
	fake_file_init(&file, sink.data, sink.bytes);
	fake_file_poke(&file, second + 100, "\xff", 1);
	options.problem = remember_problem;
	options.context = text;
	assert_int_equal(mcap_log_open(&log, file.path, &options, &err), 0);
	while (mcap_log_next(&log, &message) > 0) {
		assert_false(message.offset > second && message.offset < third);
		count++;
	}
	assert_int_equal(count, messages_before(&sink, sink.bytes) -
					messages_before(&sink, third) +
					messages_before(&sink, second));
	assert_true(first < second);
	snprintf(expected, sizeof(expected),
		 "%zu: a chunk is damaged (its CRC is wrong): its messages are left out",
		 second);
	assert_string_equal(text, expected);
	assert_true(log.problems == 1);
	mcap_log_close(&log);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

static void messages_can_be_had_of_some_time_only(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_log_options options = MCAP_LOG_ALL;
	struct mcap_log_message message;
	struct fake_file file;
	struct mcap_log log;
	unsigned count = 0;

	fake_log_write(&sink, 0, 24);
	fake_file_init(&file, sink.data, sink.bytes);
	options.from_ns = FAKE_START_NS + 3000000;
	options.to_ns = FAKE_START_NS + 6000000;
	assert_int_equal(mcap_log_open(&log, file.path, &options, &err), 0);
	while (mcap_log_next(&log, &message) > 0) {
		assert_true(message.message.log_time_ns >= options.from_ns);
		assert_true(message.message.log_time_ns < options.to_ns);
		count++;
	}
	/* Cycles 3, 4 and 5, each with its probe, and the event of cycle 4. */
	assert_int_equal(count, 7);
	mcap_log_close(&log);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

/* The times of the only chunk that is wanted. */
struct wanted {
	uint64_t time_ns;
	uint64_t start_ns;
	uint64_t end_ns;
};

static bool wants_chunk(void *context, uint64_t start_ns, uint64_t end_ns)
{
	struct wanted *wanted = context;

	if (start_ns > wanted->time_ns || end_ns < wanted->time_ns) {
		return false;
	}
	wanted->start_ns = start_ns;
	wanted->end_ns = end_ns;
	return true;
}

static void chunks_that_are_not_wanted_are_passed_over(void **state)
{
	struct wanted wanted = { .time_ns = FAKE_START_NS + 13000000 };
	struct mcap_log_options options = MCAP_LOG_ALL;
	struct fake_sink sink = { .data = NULL };
	struct mcap_log_message message;
	struct fake_file file;
	struct mcap_log log;
	unsigned count = 0;

	fake_log_write(&sink, 0, 24);
	fake_file_init(&file, sink.data, sink.bytes);
	/* what is passed over is not checked either */
	fake_file_poke(&file, find_record(&sink, MCAP_CHUNK, 0) + 100, "\xff", 1);
	options.wants = wants_chunk;
	options.context = &wanted;
	assert_int_equal(mcap_log_open(&log, file.path, &options, &err), 0);
	while (mcap_log_next(&log, &message) > 0) {
		assert_true(message.message.log_time_ns >= wanted.start_ns);
		assert_true(message.message.log_time_ns <= wanted.end_ns);
		count++;
	}
	assert_true(count > 0);
	assert_true(wanted.start_ns > FAKE_START_NS);
	assert_true(log.problems == 0);
	mcap_log_close(&log);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

static void expect_survey(const struct fake_file *file, bool is_closed)
{
	struct mcap_reader *reader = open_file(file);
	struct mcap_survey survey;

	assert_int_equal(mcap_survey_init(&survey, reader), 0);
	assert_int_equal(survey.is_closed, is_closed);
	assert_int_equal(survey.is_from_summary, is_closed);
	assert_string_equal(survey.library, "rtloop test");
	assert_true(survey.start_ns == FAKE_START_NS);
	assert_true(survey.end_ns == FAKE_START_NS + 24000000);
	assert_int_equal(survey.streams.count, FAKE_TOPICS);
	assert_true(mcap_streams_find(&survey.streams, FAKE_CYCLE)->messages == 21);
	assert_true(mcap_streams_find(&survey.streams, FAKE_GAP)->messages == 2);
	assert_true(survey.messages == 21 + 2 + 21 + 6);
	assert_non_null(survey.items);
	assert_string_equal(survey.items->name, "rtloop.yaml");
	assert_string_equal(survey.items->media_type, "application/yaml");
	assert_int_equal(survey.items->bytes, 9);
	assert_string_equal(survey.items->next->name, "rtloop");
	assert_null(survey.items->next->media_type);
	assert_null(survey.items->next->next);
	if (!is_closed) {
		assert_int_equal(survey.stop_code, -ENODATA);
	}
	mcap_survey_fini(&survey);
	mcap_reader_close(reader);
}

static void the_summary_and_going_through_say_the_same(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct fake_file file;

	fake_log_write(&sink, 0, 24);
	fake_file_init(&file, sink.data, sink.bytes);
	expect_survey(&file, true);
	assert_int_equal(ftruncate(file.fd, (off_t)sink.bytes - 1), 0);
	expect_survey(&file, false);
	assert_int_equal(ftruncate(file.fd, (off_t)find_record(&sink, MCAP_DATA_END, 0)),
			 0);
	expect_survey(&file, false);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

/* MCAP lets a summary leave out schemas, channels and indexes. */
static void a_summary_that_leaves_something_out_is_not_believed_to_tell_all(void **state)
{
	struct fake_sink sink = { .data = NULL };
	uint8_t footer[MCAP_END_BYTES] = { MCAP_FOOTER, MCAP_FOOTER_BYTES };
	struct mcap_reader *reader;
	struct mcap_survey survey;
	struct fake_file file;
	size_t end, from, bytes;

	fake_log_write(&sink, 0, 24);
	end = find_record(&sink, MCAP_DATA_END, 0) + MCAP_HEAD_BYTES +
	      MCAP_DATA_END_BYTES;
	from = find_record(&sink, MCAP_STATISTICS, 0);
	bytes = MCAP_HEAD_BYTES + (size_t)le_load64(sink.data + from + 1);
	le_store64(footer + MCAP_HEAD_BYTES, end);
	memcpy(footer + sizeof(footer) - MCAP_MAGIC_BYTES, MCAP_MAGIC, MCAP_MAGIC_BYTES);
	fake_file_init(&file, sink.data, end);
	fake_file_poke(&file, end, sink.data + from, bytes);
	fake_file_poke(&file, end + bytes, footer, sizeof(footer));
	reader = open_file(&file);
	assert_int_equal(mcap_survey_init(&survey, reader), 0);
	assert_true(survey.is_closed);
	assert_int_equal(survey.streams.count, FAKE_TOPICS);
	assert_true(survey.messages == 21 + 2 + 21 + 6);
	assert_non_null(survey.items);
	assert_non_null(survey.items->next);
	mcap_survey_fini(&survey);
	mcap_reader_close(reader);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

static void count_problem(void *context, uint64_t offset, const char *text)
{
	unsigned *count = context;

	++*count;
}

/* Problems that a check tells of; opening it at all is one of the things that can go wrong. */
static unsigned count_problems(const struct fake_file *file, struct mcap_cycles *cycles)
{
	unsigned count = 0;
	const struct mcap_verify_listener listener = { .problem = count_problem,
						       .context = &count };
	struct mcap_verify_result result = { .problems = 0 };

	if (mcap_verify(file->path, &listener, cycles, &result, &err)) {
		return 1;
	}
	assert_true(result.problems == count);
	return count;
}

static void a_check_finds_every_single_wrong_byte(void **state)
{
	static const uint8_t flips[] = { 0x01, 0x80, 0xff };
	struct fake_sink sink = { .data = NULL };
	struct fake_file file;

	fake_log_write(&sink, 0, 12);
	fake_file_init(&file, sink.data, sink.bytes);
	for (size_t at = 0; at < sink.bytes; at += sweep_step()) {
		struct mcap_cycles cycles = { .runs = 0 };
		uint8_t byte = sink.data[at] ^ flips[at % ARRAY_SIZE(flips)];

		fake_file_poke(&file, at, &byte, 1);
		if (count_problems(&file, &cycles) == 0) {
			fail_msg("byte %zu of %zu", at, sink.bytes);
		}
		fake_file_poke(&file, at, &sink.data[at], 1);
	}
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

/* As a_check_finds..., without the CRCs that would find everything: what the rest still finds. */
static void a_check_without_crcs_finds_wrong_indexes_and_statistics(void **state)
{
	static const struct {
		uint8_t op;
		size_t at; /* in the record */
	} places[] = {
		{ MCAP_CHUNK, 9 },	       /* the first time */
		{ MCAP_CHUNK, 25 },	       /* the size before compression */
		{ MCAP_MESSAGE_INDEX, 9 },     /* the channel */
		{ MCAP_MESSAGE_INDEX, 15 },    /* a time */
		{ MCAP_MESSAGE_INDEX, 23 },    /* an offset */
		{ MCAP_CHUNK_INDEX, 9 },       /* the first time */
		{ MCAP_CHUNK_INDEX, 17 },      /* the last time */
		{ MCAP_CHUNK_INDEX, 25 },      /* the chunk's offset */
		{ MCAP_CHUNK_INDEX, 33 },      /* its length */
		{ MCAP_CHUNK_INDEX, 45 },      /* a channel */
		{ MCAP_CHUNK_INDEX, 47 },      /* the offset of its message index */
		{ MCAP_ATTACHMENT_INDEX, 9 },  /* offset */
		{ MCAP_ATTACHMENT_INDEX, 17 }, /* length */
		{ MCAP_ATTACHMENT_INDEX, 41 }, /* bytes */
		{ MCAP_ATTACHMENT_INDEX, 53 }, /* name */
		{ MCAP_METADATA_INDEX, 9 },    /* offset */
		{ MCAP_METADATA_INDEX, 29 },   /* name */
		{ MCAP_STATISTICS, 9 },	       /* messages */
		{ MCAP_STATISTICS, 17 },       /* schemas */
		{ MCAP_STATISTICS, 19 },       /* channels */
		{ MCAP_STATISTICS, 23 },       /* attachments */
		{ MCAP_STATISTICS, 27 },       /* metadata */
		{ MCAP_STATISTICS, 31 },       /* chunks */
		{ MCAP_STATISTICS, 35 },       /* first time */
		{ MCAP_STATISTICS, 43 },       /* last time */
		{ MCAP_STATISTICS, 57 },       /* messages of a channel */
		{ MCAP_SUMMARY_OFFSET, 9 },    /* opcode */
		{ MCAP_SUMMARY_OFFSET, 10 },   /* start */
		{ MCAP_SUMMARY_OFFSET, 18 },   /* length */
		{ MCAP_FOOTER, 9 },	       /* summary */
		{ MCAP_FOOTER, 17 },	       /* summary offsets */
	};
	static const uint8_t no_crc[4];
	struct fake_sink sink = { .data = NULL };
	struct mcap_cycles cycles = { .runs = 0 };
	struct fake_file file;

	fake_log_write(&sink, 0, 12);
	memcpy(sink.data + find_record(&sink, MCAP_DATA_END, 0) + 9, no_crc, 4);
	memcpy(sink.data + find_record(&sink, MCAP_FOOTER, 0) + 25, no_crc, 4);
	fake_file_init(&file, sink.data, sink.bytes);
	assert_int_equal(count_problems(&file, &cycles), 0);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		size_t at = find_record(&sink, places[i].op, 0) + places[i].at;
		uint8_t byte = sink.data[at] ^ 1;

		cycles = (struct mcap_cycles){ .runs = 0 };
		fake_file_poke(&file, at, &byte, 1);
		if (count_problems(&file, &cycles) == 0) {
			fail_msg("place %zu of the %s is not checked", places[i].at,
				 mcap_op_name(places[i].op));
		}
		fake_file_poke(&file, at, &sink.data[at], 1);
	}
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

/* All that reads logs, over one file. */
static void read_in_every_way(const struct fake_file *file)
{
	struct mcap_cycles cycles = { .runs = 0 };
	struct mcap_log_message message;
	struct mcap_reader *reader;
	struct mcap_survey survey;
	struct schema_value value;
	struct schema_walk walk;
	const struct schema *schema;
	struct mcap_log log;
	const char *why;

	count_problems(file, &cycles);
	if (mcap_log_open(&log, file->path, &MCAP_LOG_ALL, &err)) {
		return;
	}
	while (mcap_log_next(&log, &message) > 0) {
		schema = mcap_streams_schema(&log.streams, message.stream, &why);
		if (!schema || schema_walk_begin(&walk, schema, message.message.data,
						 message.message.bytes)) {
			continue;
		}
		while (schema_walk_next(&walk, &value) > 0) {
		}
	}
	mcap_log_close(&log);
	reader = open_file(file);
	assert_int_equal(mcap_survey_init(&survey, reader), 0);
	mcap_survey_fini(&survey);
	mcap_reader_close(reader);
}

static void no_length_anywhere_can_be_made_to_hurt(void **state)
{
	static const uint8_t values[][8] = {
		{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		{ 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0 },
		{ 0xf7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		{ 0 },
	};
	struct fake_sink sink = { .data = NULL };
	struct fake_file file;

	fake_log_write(&sink, 0, 4);
	fake_file_init(&file, sink.data, sink.bytes);
	for (size_t at = MCAP_MAGIC_BYTES; at + 8 <= sink.bytes; at += sweep_step()) {
		fake_file_poke(&file, at, values[at % ARRAY_SIZE(values)], 8);
		read_in_every_way(&file);
		fake_file_poke(&file, at, values[at % ARRAY_SIZE(values)], 4);
		fake_file_poke(&file, at + 4, &sink.data[at + 4], 4);
		read_in_every_way(&file);
		fake_file_poke(&file, at, &sink.data[at], 4);
	}
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

static int parse_any(const struct mcap_record *record)
{
	union {
		struct mcap_header header;
		struct mcap_footer footer;
		struct mcap_schema schema;
		struct mcap_channel channel;
		struct mcap_message message;
		struct mcap_chunk chunk;
		struct mcap_message_index message_index;
		struct mcap_chunk_index chunk_index;
		struct mcap_attachment attachment;
		struct mcap_attachment_index attachment_index;
		struct mcap_metadata metadata;
		struct mcap_metadata_index metadata_index;
		struct mcap_statistics statistics;
		struct mcap_summary_offset summary_offset;
		struct mcap_data_end data_end;
	} to;

	switch (record->op) {
	case MCAP_HEADER:
		return mcap_parse_header(record, &to.header);
	case MCAP_FOOTER:
		return mcap_parse_footer(record, &to.footer);
	case MCAP_SCHEMA:
		return mcap_parse_schema(record, &to.schema);
	case MCAP_CHANNEL:
		return mcap_parse_channel(record, &to.channel);
	case MCAP_MESSAGE:
		return mcap_parse_message(record, &to.message);
	case MCAP_CHUNK:
		return mcap_parse_chunk(record, &to.chunk);
	case MCAP_MESSAGE_INDEX:
		return mcap_parse_message_index(record, &to.message_index);
	case MCAP_CHUNK_INDEX:
		return mcap_parse_chunk_index(record, &to.chunk_index);
	case MCAP_ATTACHMENT:
		return mcap_parse_attachment(record, &to.attachment);
	case MCAP_ATTACHMENT_INDEX:
		return mcap_parse_attachment_index(record, &to.attachment_index);
	case MCAP_METADATA:
		return mcap_parse_metadata(record, &to.metadata);
	case MCAP_METADATA_INDEX:
		return mcap_parse_metadata_index(record, &to.metadata_index);
	case MCAP_STATISTICS:
		return mcap_parse_statistics(record, &to.statistics);
	case MCAP_SUMMARY_OFFSET:
		return mcap_parse_summary_offset(record, &to.summary_offset);
	case MCAP_DATA_END:
		return mcap_parse_data_end(record, &to.data_end);
	default:
		return -ENOSYS;
	}
}

/* How much of the record must be there; the rest is of any length. */
static size_t needed_bytes(const struct mcap_record *record)
{
	switch (record->op) {
	case MCAP_MESSAGE:
		return MCAP_MESSAGE_BYTES;
	case MCAP_CHUNK:
		return MCAP_CHUNK_BYTES;
	default:
		return (size_t)record->bytes;
	}
}

static void every_record_cut_short_makes_no_sense(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_record record, cut;
	struct mcap_reader *reader;
	struct fake_file file;
	uint8_t *copy;

	fake_log_write(&sink, 0, 0);
	fake_file_init(&file, sink.data, sink.bytes);
	reader = open_file(&file);
	while (mcap_reader_next(reader, &record) > 0) {
		assert_int_equal(parse_any(&record), 0);
		for (size_t bytes = 0; bytes < needed_bytes(&record); bytes++) {
			/* Memory of its own, so that a sanitizer sees what is read behind. */
			copy = malloc(bytes ? bytes : 1);
			memcpy(copy, record.data, bytes);
			cut = record;
			cut.data = copy;
			cut.bytes = bytes;
			assert_int_equal(parse_any(&cut), -EBADMSG);
			free(copy);
		}
		cut = record;
		cut.data = NULL;
		assert_int_equal(parse_any(&cut), -EBADMSG);
	}
	mcap_reader_close(reader);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

static void kinds_of_records_have_names(void **state)
{
	assert_string_equal(mcap_op_name(MCAP_CHUNK), "chunk");
	assert_string_equal(mcap_op_name(0), "unknown");
	assert_string_equal(mcap_op_name(0x10), "unknown");
	assert_string_equal(mcap_op_name(0x80), "private");
}

static void cycles_over_several_files_are_complete(void **state)
{
	struct fake_sink sink = { .data = NULL };
	struct mcap_cycles cycles = { .runs = 0 };
	struct fake_file file;

	fake_log_write(&sink, 5, 24);
	fake_file_init(&file, sink.data, sink.bytes);
	assert_int_equal(count_problems(&file, &cycles), 0);
	fake_log_write(&sink, 25, 44);
	fake_file_set(&file, sink.data, sink.bytes);
	assert_int_equal(count_problems(&file, &cycles), 0);
	assert_true(cycles.runs == 1 && cycles.first == 5 && cycles.next == 45);
	assert_true(cycles.logged == 32 && cycles.in_gaps == 8 && cycles.gaps == 4);
	/* One file is missing, then one comes again. */
	fake_log_write(&sink, 50, 54);
	fake_file_set(&file, sink.data, sink.bytes);
	assert_int_equal(count_problems(&file, &cycles), 1);
	assert_true(cycles.missing == 5);
	assert_int_equal(count_problems(&file, &cycles), 5);
	/* Another run. */
	fake_log_write(&sink, 0, 4);
	fake_file_set(&file, sink.data, sink.bytes);
	assert_int_equal(count_problems(&file, &cycles), 0);
	assert_true(cycles.runs == 2);
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

static void cycles_are_counted_and_judged(void **state)
{
	struct mcap_cycles cycles = { .runs = 0 };

	assert_int_equal(mcap_cycles_take(&cycles, 7), MCAP_CYCLES_GOOD);
	assert_int_equal(mcap_cycles_take(&cycles, 8), MCAP_CYCLES_GOOD);
	assert_int_equal(mcap_cycles_take(&cycles, 8), MCAP_CYCLES_REPEATED);
	assert_int_equal(mcap_cycles_take_gap(&cycles, 9, 12), MCAP_CYCLES_GOOD);
	assert_int_equal(mcap_cycles_take_gap(&cycles, 14, 13), MCAP_CYCLES_NONSENSE);
	assert_int_equal(mcap_cycles_take(&cycles, 15), MCAP_CYCLES_MISSING);
	assert_int_equal(mcap_cycles_take_gap(&cycles, 14, 15), MCAP_CYCLES_REPEATED);
	assert_true(cycles.next == 16 && cycles.in_gaps == 4 && cycles.gaps == 1);
	/* what is behind the cycles that were there is not missing */
	assert_int_equal(mcap_cycles_take_gap(&cycles, 14, 18), MCAP_CYCLES_REPEATED);
	assert_int_equal(mcap_cycles_take(&cycles, 19), MCAP_CYCLES_GOOD);
	/* 0 begins a run at the start of a file only. */
	assert_int_equal(mcap_cycles_take(&cycles, 0), MCAP_CYCLES_REPEATED);
	mcap_cycles_begin_file(&cycles);
	assert_int_equal(mcap_cycles_take(&cycles, 20), MCAP_CYCLES_GOOD);
	mcap_cycles_begin_file(&cycles);
	assert_int_equal(mcap_cycles_take_gap(&cycles, 0, 3), MCAP_CYCLES_GOOD);
	assert_true(cycles.runs == 2 && cycles.first == 7 && cycles.next == 4);
	assert_true(cycles.logged == 5 && cycles.in_gaps == 11 && cycles.gaps == 3);
	assert_true(cycles.missing == 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_every_kind_come_in_the_files_order),
		cmocka_unit_test(every_record_says_what_was_written),
		cmocka_unit_test(a_log_cut_anywhere_gives_every_whole_message),
		cmocka_unit_test(what_is_no_log_is_refused),
		cmocka_unit_test(a_compressed_chunk_is_named_and_not_read),
		cmocka_unit_test(a_tail_of_zeros_is_a_log_that_was_not_closed),
		cmocka_unit_test(lengths_that_cannot_be_stop_the_reader),
		cmocka_unit_test(bytes_behind_the_end_are_damage),
		cmocka_unit_test(an_attachment_longer_than_its_record_is_an_error),
		cmocka_unit_test(a_log_inside_a_chunk_is_refused),
		cmocka_unit_test(a_file_cut_short_while_it_is_read_is_an_error),
		cmocka_unit_test(the_summary_is_found_and_checked),
		cmocka_unit_test(a_chunk_can_be_checked_and_skipped),
		cmocka_unit_test(messages_of_a_damaged_chunk_are_left_out_and_told),
		cmocka_unit_test(messages_can_be_had_of_some_time_only),
		cmocka_unit_test(chunks_that_are_not_wanted_are_passed_over),
		cmocka_unit_test(the_summary_and_going_through_say_the_same),
		cmocka_unit_test(
			a_summary_that_leaves_something_out_is_not_believed_to_tell_all),
		cmocka_unit_test(a_check_finds_every_single_wrong_byte),
		cmocka_unit_test(a_check_without_crcs_finds_wrong_indexes_and_statistics),
		cmocka_unit_test(no_length_anywhere_can_be_made_to_hurt),
		cmocka_unit_test(every_record_cut_short_makes_no_sense),
		cmocka_unit_test(kinds_of_records_have_names),
		cmocka_unit_test(cycles_over_several_files_are_complete),
		cmocka_unit_test(cycles_are_counted_and_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
