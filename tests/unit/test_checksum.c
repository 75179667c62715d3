#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/checksum.h"

static uint32_t sum_of(enum checksum_kind kind, const char *text)
{
	return checksum_of(kind, (const uint8_t *)text, (uint32_t)strlen(text));
}

/* The catalogue of parametrised CRC algorithms gives a check value over these nine digits. */
static void the_check_string_gives_the_published_values(void **state)
{
	assert_int_equal(sum_of(CHECKSUM_XOR8, "123456789"), 0x31);
	assert_int_equal(sum_of(CHECKSUM_SUM8, "123456789"), 0xdd);
	assert_int_equal(sum_of(CHECKSUM_CRC16_MODBUS, "123456789"), 0x4b37);
	assert_int_equal(sum_of(CHECKSUM_CRC16_CCITT, "123456789"), 0x29b1);
	assert_int_equal(sum_of(CHECKSUM_CRC32, "123456789"), 0xcbf43926);
	assert_int_equal(sum_of(CHECKSUM_NONE, "123456789"), 0);
}

static void nothing_gives_the_initial_value(void **state)
{
	assert_int_equal(sum_of(CHECKSUM_XOR8, ""), 0);
	assert_int_equal(sum_of(CHECKSUM_SUM8, ""), 0);
	assert_int_equal(sum_of(CHECKSUM_CRC16_MODBUS, ""), 0xffff);
	assert_int_equal(sum_of(CHECKSUM_CRC16_CCITT, ""), 0xffff);
	assert_int_equal(sum_of(CHECKSUM_CRC32, ""), 0);
}

static uint32_t bit_by_bit(uint32_t polynomial, uint32_t crc, const uint8_t *data,
			   uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++) {
			crc = crc & 1 ? crc >> 1 ^ polynomial : crc >> 1;
		}
	}
	return crc;
}

static void the_tables_agree_with_the_polynomials_for_every_byte(void **state)
{
	for (unsigned value = 0; value < 256; value++) {
		const uint8_t data[3] = { 0xa5, (uint8_t)value, 0x5a };

		assert_int_equal(checksum_of(CHECKSUM_CRC16_MODBUS, data, 3),
				 bit_by_bit(0xa001, 0xffff, data, 3));
		assert_int_equal(checksum_of(CHECKSUM_CRC32, data, 3),
				 ~bit_by_bit(0xedb88320, UINT32_MAX, data, 3));
	}
}

static int verify(const struct checksum_rule *rule, const char *frame,
		  uint32_t *ret_bytes)
{
	return checksum_verify(rule, (const uint8_t *)frame, (uint32_t)strlen(frame),
			       ret_bytes);
}

static void an_nmea_sentence_is_covered_between_dollar_and_star(void **state)
{
	const struct checksum_rule rule = { .kind = CHECKSUM_NMEA };
	uint32_t bytes = 0;

	assert_int_equal(
		verify(&rule, "$GPGLL,4916.45,N,12311.12,W,225444,A,*1D", &bytes), 0);
	assert_int_equal(bytes, strlen("$GPGLL,4916.45,N,12311.12,W,225444,A,"));
	assert_int_equal(verify(&rule, "!A*41", &bytes), 0);
	assert_int_equal(verify(&rule, "#A*41", &bytes), -EBADMSG);
	assert_int_equal(verify(&rule, "$A*42", &bytes), -EBADMSG);
	assert_int_equal(verify(&rule, "$*0", &bytes), -EMSGSIZE);
}

static void hex_digits_after_the_star_are_taken_in_either_case(void **state)
{
	const struct checksum_rule rule = { CHECKSUM_CRC16_CCITT, CHECKSUM_AS_HEX, false,
					    0 };
	uint32_t bytes = 0;

	assert_int_equal(verify(&rule, "123456789*29B1", &bytes), 0);
	assert_int_equal(bytes, 9);
	assert_int_equal(verify(&rule, "123456789*29b1", &bytes), 0);
	assert_int_equal(verify(&rule, "123456789*29b0", &bytes), -EBADMSG);
}

static void a_frame_without_star_or_digits_is_bad(void **state)
{
	const struct checksum_rule rule = { CHECKSUM_XOR8, CHECKSUM_AS_HEX, false, 0 };
	uint32_t bytes = 77;

	assert_int_equal(verify(&rule, "12345678931", &bytes), -EBADMSG);
	assert_int_equal(verify(&rule, "123456789*3g", &bytes), -EBADMSG);
	assert_int_equal(verify(&rule, "123456789*031", &bytes), -EBADMSG);
	assert_int_equal(verify(&rule, "31", &bytes), -EMSGSIZE);
	assert_int_equal(verify(&rule, "", &bytes), -EMSGSIZE);
	assert_int_equal(bytes, 77);
}

static void trailing_bytes_are_read_in_the_stated_order(void **state)
{
	struct checksum_rule rule = { CHECKSUM_CRC16_MODBUS, CHECKSUM_AS_BYTES, false,
				      0 };
	uint32_t bytes = 0;

	assert_int_equal(verify(&rule, "123456789\x37\x4b", &bytes), 0);
	assert_int_equal(bytes, 9);
	assert_int_equal(verify(&rule, "123456789\x4b\x37", &bytes), -EBADMSG);
	rule.is_big_endian = true;
	assert_int_equal(verify(&rule, "123456789\x4b\x37", &bytes), 0);
	rule = (struct checksum_rule){ CHECKSUM_CRC32, CHECKSUM_AS_BYTES, true, 0 };
	assert_int_equal(verify(&rule, "123456789\xcb\xf4\x39\x26", &bytes), 0);
	assert_int_equal(verify(&rule, "\xcb\xf4\x39", &bytes), -EMSGSIZE);
}

static void bytes_before_the_first_covered_one_do_not_count(void **state)
{
	const struct checksum_rule binary = { CHECKSUM_SUM8, CHECKSUM_AS_BYTES, false,
					      2 };
	const struct checksum_rule text = { CHECKSUM_XOR8, CHECKSUM_AS_HEX, false, 1 };
	uint32_t bytes = 0;

	assert_int_equal(verify(&binary, "\xaa\x55\x01\x02\x03", &bytes), 0);
	assert_int_equal(bytes, 4);
	assert_int_equal(verify(&binary, "\xaa\x55", &bytes), -EMSGSIZE);
	assert_int_equal(verify(&text, "x123456789*31", &bytes), 0);
}

static void no_checksum_takes_every_frame_whole(void **state)
{
	const struct checksum_rule rule = { .kind = CHECKSUM_NONE };
	uint32_t bytes = 0;

	assert_int_equal(verify(&rule, "anything", &bytes), 0);
	assert_int_equal(bytes, 8);
}

/* Every kind in every form: what was appended is what verifying finds. */
static void what_is_appended_is_verified(void **state)
{
	for (int kind = CHECKSUM_NONE; kind <= CHECKSUM_NMEA; kind++) {
		for (unsigned i = 0; i < 4; i++) {
			const struct checksum_rule rule = {
				.kind = (enum checksum_kind)kind,
				.form = i & 1 ? CHECKSUM_AS_HEX : CHECKSUM_AS_BYTES,
				.is_big_endian = i & 2,
				.from = 2,
			};
			uint8_t frame[32] = "$RT,184.2";
			uint32_t bytes = 9, found = 0;

			bytes += checksum_append(&rule, frame, bytes);
			assert_in_range(bytes, 9, 9 + CHECKSUM_APPEND_MAX);
			assert_int_equal(checksum_verify(&rule, frame, bytes, &found), 0);
			assert_int_equal(found, 9);
		}
	}
}

static void a_checksum_in_text_is_of_upper_case_digits(void **state)
{
	const struct checksum_rule rule = { .kind = CHECKSUM_CRC16_MODBUS,
					    .form = CHECKSUM_AS_HEX };
	uint8_t frame[16] = "123456789";

	assert_int_equal(checksum_append(&rule, frame, 9), 5);
	assert_memory_equal(frame, "123456789*4B37", 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_appended_is_verified),
		cmocka_unit_test(a_checksum_in_text_is_of_upper_case_digits),
		cmocka_unit_test(the_check_string_gives_the_published_values),
		cmocka_unit_test(nothing_gives_the_initial_value),
		cmocka_unit_test(the_tables_agree_with_the_polynomials_for_every_byte),
		cmocka_unit_test(an_nmea_sentence_is_covered_between_dollar_and_star),
		cmocka_unit_test(hex_digits_after_the_star_are_taken_in_either_case),
		cmocka_unit_test(a_frame_without_star_or_digits_is_bad),
		cmocka_unit_test(trailing_bytes_are_read_in_the_stated_order),
		cmocka_unit_test(bytes_before_the_first_covered_one_do_not_count),
		cmocka_unit_test(no_checksum_takes_every_frame_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
