/* Logs spoilt at random, from a seed: RTLOOP_FUZZ_RUNS=200000 goes on for longer, and RTLOOP_FUZZ_SEED=N begins at a run
 * that failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/mcap/salvage.h"
#include "tests/fakes/fake_log.h"
#include "tests/fakes/spoil.h"
#include "tests/fakes/sweep.h"

#define RUNS	  500
#define BYTES_MAX 65536

struct fuzz {
	struct spoil spoil;
	uint8_t data[BYTES_MAX];
	uint64_t messages;
	uint64_t message_bytes;
};

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static int take_message(void *context, struct mcap_stream *stream,
			const struct mcap_message *message)
{
	struct fuzz *fuzz = context;

	assert_non_null(stream->name);
	for (size_t i = 0; i < message->bytes; i++) {
		fuzz->message_bytes += message->data[i] != 0;
	}
	fuzz->messages++;
	return 0;
}

static void take_problem(void *context, uint64_t offset, const char *text)
{
	const struct fuzz *fuzz = context;

	assert_true(offset <= fuzz->spoil.bytes);
	assert_true(text[0] != '\0');
}

static void salvage(struct fuzz *fuzz, struct fake_file *file)
{
	const struct mcap_salvage_listener listener = { .message = take_message,
							.problem = take_problem,
							.context = fuzz };
	struct mcap_streams streams = { .count = 0 };
	struct mcap_salvage_result first, second;
	struct err err;
	int code;

	fuzz->messages = 0;
	fake_file_set(file, fuzz->data, fuzz->spoil.bytes);
	code = mcap_salvage(file->path, &streams, &listener, &first, &err);
	assert_true(code == 0 || code == -EBADMSG);
	if (code == 0) {
		assert_int_equal(first.messages, fuzz->messages);
		assert_true(first.left_out_bytes <= fuzz->spoil.bytes);
		assert_int_equal(
			mcap_salvage(file->path, &streams, &listener, &second, &err), 0);
		assert_int_equal(second.messages, fuzz->messages - first.messages);
	}
	mcap_streams_fini(&streams);
}

static void a_log_spoilt_at_random_is_gone_through(void **state)
{
	uint64_t first = number("RTLOOP_FUZZ_SEED", 1);
	uint64_t runs = number("RTLOOP_FUZZ_RUNS", sweep_count(RUNS));
	struct fake_sink sink = { .data = NULL };
	static struct fuzz fuzz;
	struct fake_file file;

	fake_log_write(&sink, 0, 60);
	assert_true(sink.bytes < BYTES_MAX);
	fake_file_init(&file, sink.data, sink.bytes);
	for (uint64_t seed = first; seed < first + runs; seed++) {
		fuzz.spoil = (struct spoil){ .state = seed,
					     .data = fuzz.data,
					     .bytes = sink.bytes,
					     .bytes_max = BYTES_MAX };
		memcpy(fuzz.data, sink.data, sink.bytes);
		for (uint32_t left = spoil_next(&fuzz.spoil, 12) + 1; left > 0; left--) {
			spoil_once(&fuzz.spoil);
		}
		salvage(&fuzz, &file);
	}
	fake_file_fini(&file);
	fake_sink_fini(&sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_spoilt_at_random_is_gone_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
