#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/log/present.h"

/* wraps: mcap_writer_message */

struct message {
	uint16_t topic;
	uint64_t log_time;
	uint64_t body[2];
	size_t bytes;
};

static struct message written[8];
static unsigned count;
static int code;

int __wrap_mcap_writer_message(struct mcap_writer *writer, uint16_t topic,
			       uint64_t log_time, const void *body, size_t bytes);
int __wrap_mcap_writer_message(struct mcap_writer *writer, uint16_t topic,
			       uint64_t log_time, const void *body, size_t bytes)
{
	struct message *message = &written[count++];

	assert_null(writer);
	assert_true(bytes <= sizeof(message->body));
	message->topic = topic;
	message->log_time = log_time;
	message->bytes = bytes;
	memcpy(message->body, body, bytes);
	return code;
}

static void note(struct present *present, uint16_t topic, uint64_t value)
{
	struct {
		struct record head;
		uint64_t body[2];
	} record = { .head = { .bytes = sizeof(record.body), .topic = topic },
		     .body = { value, ~value } };

	present_note(present, &record.head);
}

static int begin(void **state)
{
	memset(written, 0, sizeof(written));
	count = 0;
	code = 0;
	return 0;
}

static void the_last_of_each_topic_that_is_kept_is_written(void **state)
{
	struct present present;

	assert_int_equal(present_init(&present, 3, 6), 0);
	note(&present, 0, 1);
	note(&present, 2, 2);
	note(&present, 5, 3);
	note(&present, 3, 4);
	note(&present, 5, 5);
	assert_int_equal(present_write(&present, NULL, 77), 0);
	assert_int_equal(count, 2);
	assert_int_equal(written[0].topic, 3);
	assert_int_equal(written[0].body[0], 4);
	assert_int_equal(written[1].topic, 5);
	assert_int_equal(written[1].body[0], 5);
	assert_true(written[1].body[1] == ~UINT64_C(5));
	assert_int_equal(written[1].bytes, 16);
	assert_int_equal(written[1].log_time, 77);
	present_fini(&present);
}

static void before_anything_was_recorded_nothing_is_written(void **state)
{
	struct present present;

	assert_int_equal(present_init(&present, 3, 6), 0);
	assert_int_equal(present_write(&present, NULL, 77), 0);
	assert_int_equal(count, 0);
	present_fini(&present);
}

static void a_topic_that_is_not_of_the_log_is_left_alone(void **state)
{
	struct present present;

	assert_int_equal(present_init(&present, 3, 4), 0);
	note(&present, 4, 1);
	note(&present, UINT16_MAX, 1);
	assert_int_equal(present_write(&present, NULL, 77), 0);
	assert_int_equal(count, 0);
	present_fini(&present);
}

static void what_the_writer_says_is_passed_on(void **state)
{
	struct present present;

	assert_int_equal(present_init(&present, 3, 6), 0);
	note(&present, 3, 1);
	note(&present, 4, 2);
	code = -ENOSPC;
	assert_int_equal(present_write(&present, NULL, 77), -ENOSPC);
	assert_int_equal(count, 1);
	present_fini(&present);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_last_of_each_topic_that_is_kept_is_written,
				       begin),
		cmocka_unit_test_setup(before_anything_was_recorded_nothing_is_written,
				       begin),
		cmocka_unit_test_setup(a_topic_that_is_not_of_the_log_is_left_alone,
				       begin),
		cmocka_unit_test_setup(what_the_writer_says_is_passed_on, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
