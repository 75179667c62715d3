/* wraps: fsync */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/mcap/log.h"
#include "rtloop/mcap/recover.h"
#include "rtloop/mcap/verify.h"
#include "tests/fakes/fake_log.h"
#include "tests/fakes/folder.h"
#include "tests/fakes/sweep.h"

#define LAST_CYCLE 30

static int fsync_code;

int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	errno = fsync_code;
	return fsync_code ? -1 : 0;
}

/* A message of the log as it was written. */
struct known {
	size_t offset;
	char topic[16];
	uint32_t sequence;
	const uint8_t *data;
	size_t bytes;
};

struct bench {
	struct fake_sink sink; /* the log as it was written */
	struct known known[256];
	unsigned known_count;
	struct fake_file file; /* what is recovered */
	struct folder folder;
	char out[512];
	struct mcap_recover_result result;
	struct err err;
	uint64_t problems;
	uint64_t told; /* of a new file */
	uint64_t told_cycles;
};

static void count_problem(void *context, uint64_t offset, const char *text)
{
	struct bench *bench = context;

	assert_true(text[0] != '\0');
	bench->problems++;
}

static int recover_to(struct bench *bench, bool replaces,
		      enum mcap_recover_failure *ret_failure)
{
	const struct mcap_recover_request request = {
		.log = bench->file.path,
		.out = bench->out,
		.replaces = replaces,
		.version = "test",
		.problem = count_problem,
		.context = bench,
	};

	bench->problems = 0;
	return mcap_recover(&request, &bench->result, ret_failure, &bench->err);
}

static int recover(struct bench *bench)
{
	enum mcap_recover_failure failure;

	return recover_to(bench, true, &failure);
}

static void list_known(struct bench *bench)
{
	struct mcap_log_message message;
	struct mcap_log log;

	bench->known_count = 0;
	assert_int_equal(
		mcap_log_open(&log, bench->file.path, &MCAP_LOG_ALL, &bench->err), 0);
	while (mcap_log_next(&log, &message) > 0) {
		assert_true(bench->known_count < ARRAY_SIZE(bench->known));
		struct known *known = &bench->known[bench->known_count++];

		*known = (struct known){
			.offset = (size_t)message.offset,
			.sequence = message.message.sequence,
			.data = bench->sink.data + message.offset + MCAP_HEAD_BYTES +
				MCAP_MESSAGE_BYTES,
			.bytes = message.message.bytes,
		};
		snprintf(known->topic, sizeof(known->topic), "%s", message.stream->name);
	}
	mcap_log_close(&log);
}

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	fsync_code = 0;
	fake_log_write(&bench->sink, 0, LAST_CYCLE);
	fake_file_init(&bench->file, bench->sink.data, bench->sink.bytes);
	folder_init_in_memory(&bench->folder);
	snprintf(bench->out, sizeof(bench->out), "%s",
		 folder_file(&bench->folder, "out.mcap"));
	list_known(bench);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	fake_file_fini(&bench->file);
	fake_sink_fini(&bench->sink);
	folder_fini(&bench->folder);
	free(bench);
	return 0;
}

static const struct known *find_known(const struct bench *bench,
				      const struct mcap_log_message *message)
{
	for (unsigned i = 0; i < bench->known_count; i++) {
		if (strcmp(bench->known[i].topic, message->stream->name) == 0 &&
		    bench->known[i].sequence == message->message.sequence) {
			return &bench->known[i];
		}
	}
	return NULL;
}

static void count_told(void *context, uint64_t offset, const char *text)
{
	struct bench *bench = context;

	bench->told++;
}

/* The new file stands up to every check, and no message in it differs from one that was written; returns
 * how many there are. */
static unsigned check_out(struct bench *bench)
{
	const struct mcap_verify_listener listener = { .problem = count_told,
						       .context = bench };
	struct mcap_cycles cycles = { .runs = 0 };
	struct mcap_verify_result verified;
	struct mcap_log_message message;
	struct mcap_log log;
	unsigned count = 0;

	bench->told = 0;
	assert_int_equal(
		mcap_verify(bench->out, &listener, &cycles, &verified, &bench->err), 0);
	assert_int_equal(bench->told, verified.cycle_problems);
	assert_int_equal(mcap_log_open(&log, bench->out, &MCAP_LOG_ALL, &bench->err), 0);
	while (mcap_log_next(&log, &message) > 0) {
		const struct known *known = find_known(bench, &message);

		assert_non_null(known);
		assert_int_equal(message.message.bytes, known->bytes);
		assert_memory_equal(message.message.data, known->data, known->bytes);
		count++;
	}
	mcap_log_close(&log);
	return count;
}

static unsigned known_before(const struct bench *bench, size_t cut)
{
	unsigned count = 0;

	for (unsigned i = 0; i < bench->known_count; i++) {
		const struct known *known = &bench->known[i];

		count += known->offset + MCAP_HEAD_BYTES + MCAP_MESSAGE_BYTES +
				 known->bytes <=
			 cut;
	}
	return count;
}

/* Where the header ends. */
static size_t header_end(const struct bench *bench)
{
	return MCAP_MAGIC_BYTES + MCAP_HEAD_BYTES +
	       (size_t)le_load64(bench->sink.data + MCAP_MAGIC_BYTES + 1);
}

static void an_intact_log_is_copied_byte_for_byte(void **state)
{
	struct bench *bench = *state;
	uint8_t *data = malloc(bench->sink.bytes + 1);
	FILE *file;

	assert_non_null(data);
	assert_int_equal(recover(bench), 0);
	assert_true(bench->result.is_intact);
	assert_int_equal(bench->problems, 0);
	assert_int_equal(bench->result.cycles.next, LAST_CYCLE + 1);
	file = fopen(bench->out, "r");
	assert_non_null(file);
	assert_int_equal(fread(data, 1, bench->sink.bytes + 1, file), bench->sink.bytes);
	assert_memory_equal(data, bench->sink.data, bench->sink.bytes);
	fclose(file);
	free(data);
}

static void a_log_cut_at_any_byte_gives_every_whole_message(void **state)
{
	struct bench *bench = *state;

	for (size_t cut = bench->sink.bytes - 1; cut >= header_end(bench);
	     cut -= sweep_step()) {
		assert_int_equal(ftruncate(bench->file.fd, (off_t)cut), 0);
		assert_int_equal(recover(bench), 0);
		assert_false(bench->result.is_intact);
		assert_int_equal(check_out(bench), known_before(bench, cut));
		assert_int_equal(bench->result.written_messages,
				 known_before(bench, cut));
		assert_true(bench->problems > 0 || bench->result.salvage.is_closed);
		assert_int_equal(bench->result.cycles.missing, 0);
	}
}

static void without_a_header_there_is_nothing(void **state)
{
	struct bench *bench = *state;
	enum mcap_recover_failure failure;

	for (size_t cut = 0; cut < header_end(bench); cut += sweep_step()) {
		assert_int_equal(ftruncate(bench->file.fd, (off_t)cut), 0);
		assert_int_equal(recover_to(bench, false, &failure), -EBADMSG);
		assert_int_equal(failure, MCAP_RECOVER_LOG);
		assert_non_null(strstr(bench->err.text,
				       cut == 0 ? "is empty" : "not even the header"));
		assert_int_equal(folder_list(&bench->folder), 0);
		fake_file_set(&bench->file, bench->sink.data, bench->sink.bytes);
	}
}

/* The most messages that one chunk holds. */
#define CHUNK_MESSAGES 10

static void a_flipped_bit_anywhere_costs_one_chunk_and_spoils_no_message(void **state)
{
	struct bench *bench = *state;

	for (size_t i = 0; i < bench->sink.bytes; i += sweep_step()) {
		uint8_t byte = bench->sink.data[i] ^ (uint8_t)(1 << (i % 8));

		fake_file_poke(&bench->file, i, &byte, 1);
		assert_int_equal(recover(bench), 0);
		assert_true(check_out(bench) + CHUNK_MESSAGES >= bench->known_count);
		fake_file_poke(&bench->file, i, &bench->sink.data[i], 1);
	}
}

static void a_block_that_was_never_written_spoils_no_message(void **state)
{
	static const uint8_t zeros[64];
	struct bench *bench = *state;

	for (size_t i = header_end(bench); i + sizeof(zeros) <= bench->sink.bytes;
	     i += sweep_step()) {
		fake_file_poke(&bench->file, i, zeros, sizeof(zeros));
		assert_int_equal(recover(bench), 0);
		assert_true(check_out(bench) + CHUNK_MESSAGES + 2 >= bench->known_count);
		fake_file_poke(&bench->file, i, bench->sink.data + i, sizeof(zeros));
	}
}

/* What a power cut leaves where the file had grown, but its blocks had not been written. */
static void a_tail_of_zeros_is_left_out(void **state)
{
	static const uint8_t zeros[4096];
	struct bench *bench = *state;

	for (size_t cut = header_end(bench); cut < bench->sink.bytes - 64;
	     cut += sweep_step()) {
		unsigned before = known_before(bench, cut), found;

		fake_file_set(&bench->file, bench->sink.data, cut);
		fake_file_poke(&bench->file, cut, zeros, sizeof(zeros));
		assert_int_equal(recover(bench), 0);
		found = check_out(bench);
		/*
		 * The last message may have lost its own end to them, or may end in such
		 * zeros: nothing tells.
		 */
		assert_true(found <= before + 1 && found + 1 >= before);
	}
}

/* With so many bytes of noise in between. */
static void put_with_noise(struct bench *bench, size_t at, size_t bytes)
{
	uint8_t noise[512];
	uint32_t seed = (uint32_t)at + 1;

	assert_true(bytes <= sizeof(noise));
	for (size_t i = 0; i < bytes; i++) {
		seed = seed * 1664525 + 1013904223;
		noise[i] = (uint8_t)(seed >> 24);
	}
	fake_file_set(&bench->file, bench->sink.data, at);
	fake_file_poke(&bench->file, at, noise, bytes);
	fake_file_poke(&bench->file, at + bytes, bench->sink.data + at,
		       bench->sink.bytes - at);
}

static void noise_between_records_costs_no_message(void **state)
{
	struct bench *bench = *state;
	struct mcap_reader *reader;
	struct mcap_record record;
	struct fake_file whole;

	fake_file_init(&whole, bench->sink.data, bench->sink.bytes);
	assert_int_equal(mcap_reader_open(whole.path, &reader, &bench->err), 0);
	while (mcap_reader_next(reader, &record) > 0 && record.op != MCAP_DATA_END) {
		if (record.is_in_chunk || record.op == MCAP_HEADER) {
			continue;
		}
		put_with_noise(bench, (size_t)record.offset,
			       (size_t)(record.offset % 300) + 1);
		assert_int_equal(recover(bench), 0);
		assert_int_equal(check_out(bench), bench->known_count);
		assert_int_equal(bench->result.salvage.places, 1);
		assert_int_equal(bench->result.salvage.left_out_bytes,
				 record.offset % 300 + 1);
		assert_int_equal(bench->result.salvage.attachments, 1);
		assert_int_equal(bench->result.salvage.metadata, 1);
	}
	mcap_reader_close(reader);
	fake_file_fini(&whole);
}

static void noise_inside_a_chunk_costs_no_more_than_a_chunk(void **state)
{
	struct bench *bench = *state;

	for (unsigned i = 0; i < bench->known_count; i++) {
		put_with_noise(bench, bench->known[i].offset + i % 40, i % 37 + 1);
		assert_int_equal(recover(bench), 0);
		assert_true(check_out(bench) + CHUNK_MESSAGES >= bench->known_count);
	}
}

static void a_chunk_whose_damage_shows_gives_its_other_messages(void **state)
{
	static const uint8_t channel[2] = { 0xff, 0xff };
	struct bench *bench = *state;

	for (unsigned i = 0; i < bench->known_count; i++) {
		fake_file_poke(&bench->file, bench->known[i].offset + MCAP_HEAD_BYTES,
			       channel, 2);
		assert_int_equal(recover(bench), 0);
		assert_int_equal(bench->result.salvage.damaged_chunks, 1);
		/* that one, and the one before it, whose end nothing bears witness of */
		assert_true(check_out(bench) + 2 >= bench->known_count);
		fake_file_set(&bench->file, bench->sink.data, bench->sink.bytes);
	}
}

static void a_chunk_whose_damage_does_not_show_is_left_out(void **state)
{
	struct bench *bench = *state;
	const struct known *known = &bench->known[0];
	uint8_t byte = known->data[known->bytes - 12] ^ 1;

	fake_file_poke(&bench->file,
		       (size_t)(known->data - bench->sink.data) + known->bytes - 12,
		       &byte, 1);
	assert_int_equal(recover(bench), 0);
	assert_int_equal(bench->result.salvage.damaged_chunks, 1);
	assert_true(bench->result.salvage.left_out_messages > 1);
	assert_int_equal(check_out(bench) + bench->result.salvage.left_out_messages,
			 bench->known_count);
	assert_true(bench->result.cycles.first > 0 || bench->result.cycles.missing > 0);
}

/* As it would be if what stands there had been meant. */
static void renew_chunk_crc(struct bench *bench, size_t inside)
{
	const uint8_t *data = bench->sink.data;
	size_t chunk = 0, end = 0, at = MCAP_MAGIC_BYTES;
	uint8_t crc[4];

	while (end <= inside) {
		chunk = at;
		at += MCAP_HEAD_BYTES + (size_t)le_load64(data + at + 1);
		end = data[chunk] == MCAP_CHUNK ? at : 0;
	}
	chunk += MCAP_HEAD_BYTES + MCAP_CHUNK_BYTES;
	le_store32(crc, libdeflate_crc32(0, data + chunk, end - chunk));
	fake_file_poke(&bench->file, chunk - 16, crc, sizeof(crc));
}

static void a_record_of_an_unknown_kind_in_a_whole_chunk_is_told(void **state)
{
	struct bench *bench = *state;
	const struct known *known = &bench->known[5];

	bench->sink.data[known->offset] = 0x80;
	fake_file_set(&bench->file, bench->sink.data, bench->sink.bytes);
	renew_chunk_crc(bench, known->offset);
	assert_int_equal(recover(bench), 0);
	assert_false(bench->result.is_intact);
	assert_int_equal(bench->result.salvage.damaged_chunks, 0);
	assert_int_equal(check_out(bench) + 1, bench->known_count);
	assert_int_equal(bench->result.salvage.places, 1);
	assert_int_equal(bench->result.salvage.left_out_bytes,
			 MCAP_HEAD_BYTES + MCAP_MESSAGE_BYTES + known->bytes);
	assert_int_equal(bench->problems, 2);
}

static void what_stands_behind_the_end_is_told(void **state)
{
	struct bench *bench = *state;

	fake_file_poke(&bench->file, bench->sink.bytes, bench->sink.data,
		       bench->sink.bytes);
	assert_int_equal(recover(bench), 0);
	assert_false(bench->result.is_intact);
	assert_int_equal(check_out(bench), bench->known_count);
	assert_int_equal(bench->result.salvage.places, 1);
	assert_int_equal(bench->result.salvage.left_out_bytes, bench->sink.bytes);
	assert_int_equal(bench->problems, 1);
}

/* A range, and then single cycles, which take less room. */
static void missing_cycles_that_there_is_no_room_to_name_are_not_hidden(void **state)
{
	struct bench *bench = *state;
	struct mcap_sink sink = fake_sink_interface(&bench->sink);
	struct mcap_writer *writer = mcap_writer_create(4096);
	const char *missing = bench->result.missing;

	assert_non_null(writer);
	bench->sink.bytes = 0;
	assert_int_equal(
		mcap_writer_begin(writer, &sink, fake_topics, FAKE_TOPICS, "rtloop"), 0);
	for (uint64_t cycle = 0; cycle < 100; cycle += 2) {
		fake_log_cycle(writer, cycle);
	}
	fake_log_cycle(writer, 5000000000);
	fake_log_cycle(writer, 6000000000);
	for (uint64_t cycle = 1; cycle < 30; cycle++) {
		fake_log_cycle(writer, 6000000000 + 3 * cycle);
	}
	fake_log_cycle(writer, 7000000000);
	fake_log_cycle(writer, 7000000002);
	assert_int_equal(mcap_writer_end(writer), 0);
	mcap_writer_destroy(writer);
	fake_file_set(&bench->file, bench->sink.data, bench->sink.bytes - 5);
	assert_int_equal(recover(bench), 0);
	assert_true(strncmp(missing, "1 3 5 7 ", 8) == 0);
	assert_non_null(strstr(missing, " 99-4999999999 5000000001-5999999999 "));
	assert_string_equal(missing + strlen(missing) - strlen("-6000000008 ..."),
			    "-6000000008 ...");
}

static void lengths_are_never_believed(void **state)
{
	static const uint64_t lengths[] = { 0,
					    1,
					    39,
					    40,
					    1000000,
					    UINT64_C(1) << 40,
					    INT64_MAX,
					    UINT64_MAX,
					    UINT64_MAX - 48,
					    UINT64_MAX - 8 };
	struct bench *bench = *state;

	for (size_t at = header_end(bench); at + 9 <= bench->sink.bytes;
	     at += sweep_step()) {
		uint8_t bytes[8];

		le_store64(bytes, lengths[at % ARRAY_SIZE(lengths)]);
		fake_file_poke(&bench->file, at + 1, bytes, sizeof(bytes));
		assert_int_equal(recover(bench), 0);
		check_out(bench);
		fake_file_set(&bench->file, bench->sink.data, bench->sink.bytes);
	}
}

static void the_new_file_tells_of_itself(void **state)
{
	struct bench *bench = *state;
	struct mcap_metadata metadata;
	struct mcap_text key, value;
	struct mcap_reader *reader;
	struct mcap_record record;
	unsigned seen = 0;

	assert_int_equal(ftruncate(bench->file.fd, (off_t)bench->known[20].offset + 5),
			 0);
	assert_int_equal(recover(bench), 0);
	assert_int_equal(mcap_reader_open(bench->out, &reader, &bench->err), 0);
	while (mcap_reader_next(reader, &record) > 0) {
		if (record.op != MCAP_METADATA ||
		    mcap_parse_metadata(&record, &metadata) ||
		    !mcap_text_is(metadata.name, "recovered")) {
			continue;
		}
		while (mcap_next_pair(&metadata.pairs, &key, &value)) {
			if (mcap_text_is(key, "from")) {
				assert_true(mcap_text_is(value, bench->file.path));
				seen++;
			} else if (mcap_text_is(key, "by")) {
				assert_true(mcap_text_is(value, "test"));
				seen++;
			} else if (mcap_text_is(key, "torn_chunks")) {
				assert_true(mcap_text_is(value, "1"));
				seen++;
			}
		}
	}
	assert_int_equal(seen, 3);
	mcap_reader_close(reader);
}

static void copy_file(const char *from, struct fake_file *to)
{
	uint8_t data[65536];
	FILE *file = fopen(from, "r");
	size_t bytes;

	assert_non_null(file);
	bytes = fread(data, 1, sizeof(data), file);
	fclose(file);
	fake_file_set(to, data, bytes);
}

static void what_was_recovered_can_be_recovered_again(void **state)
{
	static const uint8_t zeros[64];
	struct bench *bench = *state;
	unsigned before;
	FILE *file;
	long size;

	fake_file_poke(&bench->file, bench->known[20].offset, zeros, sizeof(zeros));
	assert_int_equal(recover(bench), 0);
	before = check_out(bench);
	file = fopen(bench->out, "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	fclose(file);
	assert_int_equal(truncate(bench->out, size - 100), 0);
	fake_file_set(&bench->file, "", 0);
	copy_file(bench->out, &bench->file);
	snprintf(bench->out, sizeof(bench->out), "%s",
		 folder_file(&bench->folder, "again.mcap"));
	assert_int_equal(recover(bench), 0);
	assert_int_equal(check_out(bench), before);
}

static void a_file_that_is_there_is_replaced_only_where_asked(void **state)
{
	struct bench *bench = *state;
	enum mcap_recover_failure failure;

	folder_put(&bench->folder, "out.mcap", 5);
	assert_int_equal(recover_to(bench, false, &failure), -EEXIST);
	assert_int_equal(failure, MCAP_RECOVER_OUT);
	assert_int_equal(folder_list(&bench->folder), 1);
	assert_int_equal(recover_to(bench, true, &failure), 0);
	assert_int_equal(check_out(bench), bench->known_count);
	assert_int_equal(folder_list(&bench->folder), 1);
}

static void a_disk_that_refuses_leaves_no_file(void **state)
{
	struct bench *bench = *state;
	enum mcap_recover_failure failure;

	fsync_code = EIO;
	assert_int_equal(recover_to(bench, false, &failure), -EIO);
	assert_int_equal(failure, MCAP_RECOVER_OUT);
	assert_int_equal(folder_list(&bench->folder), 0);
}

static int stop_at_once(void *context, uint64_t done_bytes, uint64_t all_bytes)
{
	return -EINTR;
}

static void one_who_ends_it_gets_no_file(void **state)
{
	struct bench *bench = *state;
	const struct mcap_recover_request request = { .log = bench->file.path,
						      .out = bench->out,
						      .version = "test",
						      .progress = stop_at_once };
	enum mcap_recover_failure failure;

	assert_int_equal(mcap_recover(&request, &bench->result, &failure, &bench->err),
			 -EINTR);
	assert_int_equal(failure, MCAP_RECOVER_OVER);
	assert_int_equal(folder_list(&bench->folder), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_intact_log_is_copied_byte_for_byte),
		TEST(a_log_cut_at_any_byte_gives_every_whole_message),
		TEST(without_a_header_there_is_nothing),
		TEST(a_flipped_bit_anywhere_costs_one_chunk_and_spoils_no_message),
		TEST(a_block_that_was_never_written_spoils_no_message),
		TEST(a_tail_of_zeros_is_left_out),
		TEST(noise_between_records_costs_no_message),
		TEST(noise_inside_a_chunk_costs_no_more_than_a_chunk),
		TEST(a_chunk_whose_damage_shows_gives_its_other_messages),
		TEST(a_chunk_whose_damage_does_not_show_is_left_out),
		TEST(a_record_of_an_unknown_kind_in_a_whole_chunk_is_told),
		TEST(what_stands_behind_the_end_is_told),
		TEST(missing_cycles_that_there_is_no_room_to_name_are_not_hidden),
		TEST(lengths_are_never_believed),
		TEST(the_new_file_tells_of_itself),
		TEST(what_was_recovered_can_be_recovered_again),
		TEST(a_file_that_is_there_is_replaced_only_where_asked),
		TEST(a_disk_that_refuses_leaves_no_file),
		TEST(one_who_ends_it_gets_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
