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
#include "tests/fakes/sweep.h"

#define RUNS	  500
#define BYTES_MAX 65536

struct fuzz {
	uint64_t state;
	uint8_t data[BYTES_MAX];
	size_t bytes;
	uint64_t messages;
	uint64_t message_bytes;
};

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static uint32_t next(struct fuzz *fuzz, uint32_t below)
{
	fuzz->state = fuzz->state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return below ? (uint32_t)(fuzz->state >> 33) % below : 0;
}

static void flip(struct fuzz *fuzz, size_t at)
{
	fuzz->data[at] ^= (uint8_t)(1 << next(fuzz, 8));
}

static void put_length(struct fuzz *fuzz, size_t at)
{
	uint64_t length = UINT64_MAX >> next(fuzz, 64);

	if (at + sizeof(length) <= fuzz->bytes) {
		le_store64(fuzz->data + at, length);
	}
}

static void fill(struct fuzz *fuzz, size_t at)
{
	size_t bytes = next(fuzz, 700);

	if (at + bytes <= fuzz->bytes) {
		memset(fuzz->data + at, next(fuzz, 2) ? 0 : (int)next(fuzz, 256), bytes);
	}
}

/* A piece of the log over another, or in between. */
static void splice(struct fuzz *fuzz, size_t at)
{
	size_t from = next(fuzz, (uint32_t)fuzz->bytes);
	size_t bytes = next(fuzz, 900);

	if (from + bytes > fuzz->bytes || at + bytes > fuzz->bytes) {
		return;
	}
	if (next(fuzz, 2) && fuzz->bytes + bytes <= BYTES_MAX) {
		memmove(fuzz->data + at + bytes, fuzz->data + at, fuzz->bytes - at);
		fuzz->bytes += bytes;
	}
	memmove(fuzz->data + at, fuzz->data + from, bytes);
}

static void spoil(struct fuzz *fuzz)
{
	size_t at = next(fuzz, (uint32_t)fuzz->bytes);

	switch (next(fuzz, 5)) {
	case 0:
		flip(fuzz, at);
		break;
	case 1:
		put_length(fuzz, at);
		break;
	case 2:
		fill(fuzz, at);
		break;
	case 3:
		splice(fuzz, at);
		break;
	default:
		fuzz->bytes = next(fuzz, 8) ? fuzz->bytes : at + 1;
	}
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

	assert_true(offset <= fuzz->bytes);
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
	fake_file_set(file, fuzz->data, fuzz->bytes);
	code = mcap_salvage(file->path, &streams, &listener, &first, &err);
	assert_true(code == 0 || code == -EBADMSG);
	if (code == 0) {
		assert_int_equal(first.messages, fuzz->messages);
		assert_true(first.left_out_bytes <= fuzz->bytes);
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
		fuzz.state = seed;
		fuzz.bytes = sink.bytes;
		memcpy(fuzz.data, sink.data, sink.bytes);
		for (uint32_t left = next(&fuzz, 12) + 1; left > 0; left--) {
			spoil(&fuzz);
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
