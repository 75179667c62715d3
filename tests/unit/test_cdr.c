#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "rtloop/mcap/cdr.h"

static const uint8_t little[] = { 0, 1, 0, 0 };

static void every_field_is_aligned_to_its_size_from_the_body_on(void **state)
{
	static const uint8_t expected[] = {
		7, 0, 0x34, 0x12, 0x78, 0x56, 0x34, 0x12, 8, 0, 0, 0, 0, 0, 0,	  0,
		1, 2, 3,    4,	  5,	6,    7,    8,	  0, 0, 0, 0, 0, 0, 0xf0, 0x3f,
	};
	struct cdr_writer writer;
	uint8_t data[64];
	size_t bytes;

	memset(data, 0xaa, sizeof(data));
	cdr_writer_init(&writer, data, sizeof(data));
	cdr_put_u8(&writer, 7);
	cdr_put_u16(&writer, 0x1234);
	cdr_put_u32(&writer, 0x12345678);
	cdr_put_u8(&writer, 8);
	cdr_put_u64(&writer, UINT64_C(0x0807060504030201));
	cdr_put_f64(&writer, 1.0);
	assert_int_equal(cdr_writer_end(&writer, &bytes), 0);
	assert_int_equal(bytes, sizeof(expected));
	assert_memory_equal(data, expected, sizeof(expected));
}

static void a_string_counts_its_nul(void **state)
{
	static const uint8_t expected[] = { 3, 0, 0, 0, 'o', 'k', 0, 0, 1, 0, 0,
					    0, 0, 0, 0, 0,   1,	  0, 0, 0, 0 };
	struct cdr_writer writer;
	uint8_t data[64];
	size_t bytes;

	cdr_writer_init(&writer, data, sizeof(data));
	cdr_put_string(&writer, "ok");
	cdr_put_string(&writer, "");
	cdr_put_string(&writer, NULL);
	assert_int_equal(cdr_writer_end(&writer, &bytes), 0);
	assert_int_equal(bytes, sizeof(expected));
	assert_memory_equal(data, expected, sizeof(expected));
}

static void what_does_not_fit_is_told_and_nothing_is_written_beyond(void **state)
{
	struct cdr_writer writer;
	uint8_t data[64];
	size_t bytes = 99;

	for (size_t capacity = 0; capacity < 22; capacity++) {
		memset(data, 0xaa, sizeof(data));
		cdr_writer_init(&writer, data, capacity);
		cdr_put_u8(&writer, 1);
		cdr_put_u64(&writer, 2);
		cdr_put_string(&writer, "");
		cdr_put_u8(&writer, 3);
		assert_int_equal(cdr_writer_end(&writer, &bytes), -ENOBUFS);
		assert_int_equal(bytes, 99);
		for (size_t i = capacity; i < sizeof(data); i++) {
			assert_int_equal(data[i], 0xaa);
		}
	}
}

static void after_something_did_not_fit_nothing_smaller_is_put(void **state)
{
	struct cdr_writer writer;
	uint8_t data[4] = { 0 };
	size_t bytes;

	cdr_writer_init(&writer, data, sizeof(data));
	cdr_put_u64(&writer, 1);
	cdr_put_u8(&writer, 1);
	assert_int_equal(cdr_writer_end(&writer, &bytes), -ENOBUFS);
	assert_int_equal(data[0], 0);
}

static void what_was_written_is_read_back(void **state)
{
	struct cdr_writer writer;
	struct cdr_reader reader;
	uint8_t data[68];
	size_t bytes, length;

	memcpy(data, little, sizeof(little));
	cdr_writer_init(&writer, data + 4, sizeof(data) - 4);
	cdr_put_u8(&writer, 200);
	cdr_put_i64(&writer, INT64_MIN);
	cdr_put_string(&writer, "degC");
	cdr_put_u16(&writer, 65535);
	cdr_put_u32(&writer, 1u << 31);
	assert_int_equal(cdr_writer_end(&writer, &bytes), 0);

	assert_int_equal(cdr_reader_init(&reader, data, bytes + 4), 0);
	assert_int_equal(cdr_get_u8(&reader), 200);
	assert_true(cdr_get_u64(&reader) == (uint64_t)INT64_MIN);
	assert_memory_equal(cdr_get_string(&reader, &length), "degC", 4);
	assert_int_equal(length, 4);
	assert_int_equal(cdr_get_u16(&reader), 65535);
	assert_int_equal(cdr_get_u32(&reader), 1u << 31);
	assert_false(reader.is_short);
	assert_int_equal(reader.at, bytes);
}

static void big_endian_is_read_too(void **state)
{
	static const uint8_t data[] = { 0, 0, 0, 0, 0x12, 0x34, 0, 0, 0,   0,
					0, 2, 0, 0, 0,	  0,	0, 0, 0,   0,
					0, 0, 0, 3, 0,	  0,	0, 2, 'a', 0 };
	struct cdr_reader reader;
	size_t length;

	assert_int_equal(cdr_reader_init(&reader, data, sizeof(data)), 0);
	assert_int_equal(cdr_get_u16(&reader), 0x1234);
	assert_int_equal(cdr_get_u32(&reader), 2);
	assert_int_equal(cdr_get_u64(&reader), 0);
	assert_int_equal(cdr_get_u32(&reader), 3);
	assert_memory_equal(cdr_get_string(&reader, &length), "a", 1);
	assert_int_equal(length, 1);
	assert_false(reader.is_short);
}

static void other_encodings_and_no_encoding_are_refused(void **state)
{
	static const uint8_t parameter_list[] = { 0, 3, 0, 0, 1 };
	static const uint8_t xcdr2[] = { 0, 7, 0, 0, 1 };
	struct cdr_reader reader;

	assert_int_equal(cdr_reader_init(&reader, parameter_list, 5), -ENOTSUP);
	assert_int_equal(cdr_reader_init(&reader, xcdr2, 5), -ENOTSUP);
	assert_int_equal(cdr_reader_init(&reader, little, 3), -EBADMSG);
	assert_int_equal(cdr_reader_init(&reader, little, 0), -EBADMSG);
}

static void behind_the_end_every_answer_is_zero(void **state)
{
	static const uint8_t data[] = { 0, 1, 0, 0, 9, 9, 9 };
	struct cdr_reader reader;
	size_t length = 7;

	assert_int_equal(cdr_reader_init(&reader, data, sizeof(data)), 0);
	assert_int_equal(cdr_get_u32(&reader), 0);
	assert_true(reader.is_short);
	assert_int_equal(cdr_get_u8(&reader), 0);
	assert_int_equal(cdr_get_u16(&reader), 0);
	assert_true(cdr_get_u64(&reader) == 0);
	assert_string_equal(cdr_get_string(&reader, &length), "");
	assert_int_equal(length, 0);
}

static void a_string_longer_than_its_message_is_not_read(void **state)
{
	static const uint8_t data[] = { 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 'a', 'b' };
	struct cdr_reader reader;
	size_t length = 7;

	assert_int_equal(cdr_reader_init(&reader, data, sizeof(data)), 0);
	assert_string_equal(cdr_get_string(&reader, &length), "");
	assert_int_equal(length, 0);
	assert_true(reader.is_short);
}

static void strings_of_other_writers_are_read(void **state)
{
	/* A length of 0, and a string without its NUL. */
	static const uint8_t data[] = { 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 'o', 'k' };
	struct cdr_reader reader;
	size_t length = 7;

	assert_int_equal(cdr_reader_init(&reader, data, sizeof(data)), 0);
	cdr_get_string(&reader, &length);
	assert_int_equal(length, 0);
	assert_memory_equal(cdr_get_string(&reader, &length), "ok", 2);
	assert_int_equal(length, 2);
	assert_false(reader.is_short);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_aligned_to_its_size_from_the_body_on),
		cmocka_unit_test(a_string_counts_its_nul),
		cmocka_unit_test(what_does_not_fit_is_told_and_nothing_is_written_beyond),
		cmocka_unit_test(after_something_did_not_fit_nothing_smaller_is_put),
		cmocka_unit_test(what_was_written_is_read_back),
		cmocka_unit_test(big_endian_is_read_too),
		cmocka_unit_test(other_encodings_and_no_encoding_are_refused),
		cmocka_unit_test(behind_the_end_every_answer_is_zero),
		cmocka_unit_test(a_string_longer_than_its_message_is_not_read),
		cmocka_unit_test(strings_of_other_writers_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
