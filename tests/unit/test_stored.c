#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "rtloop/replay/stored.h"

struct body {
	uint8_t data[256];
	size_t bytes;
};

static void add_head(struct body *body, uint32_t data_bytes)
{
	const struct record_state head = {
		.cycle = 3, .dt_ns = 4, .hash = 5, .bytes = data_bytes
	};

	memcpy(body->data, &head, sizeof(head));
	body->bytes = sizeof(head);
}

static void add_part(struct body *body, uint32_t bytes, uint16_t kind)
{
	const struct state_part_head head = { .bytes = bytes, .kind = kind, .index = 9 };

	memcpy(body->data + body->bytes, &head, sizeof(head));
	memset(body->data + body->bytes + sizeof(head), kind, bytes);
	body->bytes += sizeof(head) + (bytes + 7) / 8 * 8;
}

static void a_state_is_taken_apart_part_by_part(void **state)
{
	struct body body = { .bytes = 0 };
	struct state_part_head head;
	struct stored stored;
	const uint8_t *data;

	(void)state;
	add_head(&body, 8 + 8 + 8 + 16);
	add_part(&body, 5, STATE_PROGRAM);
	add_part(&body, 16, STATE_TOPIC);
	assert_int_equal(stored_open(&stored, body.data, body.bytes), 0);
	assert_int_equal(stored.head.cycle, 3);
	assert_int_equal(stored.head.dt_ns, 4);
	assert_int_equal(stored.head.hash, 5);
	assert_int_equal(stored_next(&stored, &head, &data), 1);
	assert_int_equal(head.bytes, 5);
	assert_int_equal(head.kind, STATE_PROGRAM);
	assert_int_equal(head.index, 9);
	assert_int_equal(data[4], STATE_PROGRAM);
	assert_int_equal(stored_next(&stored, &head, &data), 1);
	assert_int_equal(head.kind, STATE_TOPIC);
	assert_int_equal(data[15], STATE_TOPIC);
	assert_int_equal(stored_next(&stored, &head, &data), 0);
}

static void a_body_without_a_whole_head_is_refused(void **state)
{
	struct body body = { .bytes = 0 };
	struct stored stored;

	(void)state;
	add_head(&body, 0);
	assert_int_equal(stored_open(&stored, body.data, body.bytes - 1), -EBADMSG);
	assert_int_equal(stored_open(&stored, body.data, body.bytes), 0);
}

static void a_body_shorter_than_it_says_is_refused(void **state)
{
	struct body body = { .bytes = 0 };
	struct stored stored;

	(void)state;
	add_head(&body, 17);
	add_part(&body, 8, STATE_PROGRAM);
	assert_int_equal(stored_open(&stored, body.data, body.bytes), -EBADMSG);
}

static void a_part_longer_than_the_rest_is_refused(void **state)
{
	static const uint32_t lengths[] = { 9, 17, 0x7fffffff, UINT32_MAX };
	struct state_part_head head;
	struct stored stored;
	const uint8_t *data;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct body body = { .bytes = 0 };

		add_head(&body, 16);
		add_part(&body, 8, STATE_PROGRAM);
		memcpy(body.data + sizeof(struct record_state), &lengths[i], 4);
		assert_int_equal(stored_open(&stored, body.data, body.bytes), 0);
		assert_int_equal(stored_next(&stored, &head, &data), -EBADMSG);
	}
}

static void the_head_of_a_part_may_not_be_cut_off(void **state)
{
	struct body body = { .bytes = 0 };
	struct state_part_head head;
	struct stored stored;
	const uint8_t *data;

	(void)state;
	add_head(&body, 7);
	add_part(&body, 0, STATE_PROGRAM);
	assert_int_equal(stored_open(&stored, body.data, body.bytes), 0);
	assert_int_equal(stored_next(&stored, &head, &data), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_state_is_taken_apart_part_by_part),
		cmocka_unit_test(a_body_without_a_whole_head_is_refused),
		cmocka_unit_test(a_body_shorter_than_it_says_is_refused),
		cmocka_unit_test(a_part_longer_than_the_rest_is_refused),
		cmocka_unit_test(the_head_of_a_part_may_not_be_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
