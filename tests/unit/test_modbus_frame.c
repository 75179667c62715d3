#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "drivers/modbus_frame.h"

/* "11 03 00": bytes in hexadecimal; returns how many. */
static uint32_t parse(const char *text, uint8_t *bytes)
{
	uint32_t count = 0;
	char *rest;

	for (; *text; text = rest) {
		bytes[count++] = (uint8_t)strtoul(text, &rest, 16);
	}
	return count;
}

static void assert_rtu(const struct modbus_request *request, const char *expected)
{
	uint8_t out[MODBUS_REQUEST_BYTES_MAX], wanted[MODBUS_REQUEST_BYTES_MAX];
	uint32_t bytes = modbus_encode_rtu(request, out);

	assert_int_equal(bytes, parse(expected, wanted));
	assert_memory_equal(out, wanted, bytes);
}

static void requests_are_as_the_specification_has_them(void **state)
{
	const struct modbus_request coils = { 0x11, MODBUS_READ_COILS, 0x13, 0x25, NULL };
	const struct modbus_request inputs = { 0x11, MODBUS_READ_DISCRETE, 0xc4, 0x16,
					       NULL };
	const struct modbus_request holding = { 0x11, MODBUS_READ_HOLDING, 0x6b, 3,
						NULL };
	const struct modbus_request input = { 0x11, MODBUS_READ_INPUT, 8, 1, NULL };
	const struct modbus_request refused = { 0x0a, MODBUS_READ_COILS, 0x4a1, 1, NULL };

	assert_rtu(&coils, "11 01 00 13 00 25 0e 84");
	assert_rtu(&inputs, "11 02 00 c4 00 16 ba a9");
	assert_rtu(&holding, "11 03 00 6b 00 03 76 87");
	assert_rtu(&input, "11 04 00 08 00 01 b2 98");
	assert_rtu(&refused, "0a 01 04 a1 00 01 ac 63");
}

static void a_request_over_tcp_carries_its_transaction(void **state)
{
	const struct modbus_request request = { 0xff, MODBUS_READ_HOLDING, 4, 1, NULL };
	uint8_t out[MODBUS_REQUEST_BYTES_MAX], wanted[MODBUS_REQUEST_BYTES_MAX];
	uint32_t bytes = modbus_encode_tcp(&request, 0x1501, out);

	assert_int_equal(bytes, parse("15 01 00 00 00 06 ff 03 00 04 00 01", wanted));
	assert_memory_equal(out, wanted, bytes);
}

static void values_take_two_bytes_a_register_and_one_for_eight_bits(void **state)
{
	const struct {
		uint8_t function;
		uint16_t count;
		uint32_t bytes;
	} cases[] = {
		{ MODBUS_READ_COILS, 1, 1 },	  { MODBUS_READ_COILS, 8, 1 },
		{ MODBUS_READ_COILS, 9, 2 },	  { MODBUS_READ_DISCRETE, 22, 3 },
		{ MODBUS_READ_COILS, 2000, 250 }, { MODBUS_READ_HOLDING, 1, 2 },
		{ MODBUS_READ_INPUT, 125, 250 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct modbus_request request = { .function = cases[i].function,
							.count = cases[i].count };

		assert_int_equal(modbus_data_bytes(&request), cases[i].bytes);
	}
}

/* What is found in @text, with all but the last bytes of it MORE. */
static enum modbus_finding find_rtu(const struct modbus_request *request,
				    const char *text, struct modbus_answer *answer)
{
	uint8_t in[MODBUS_ANSWER_BYTES_MAX];
	uint32_t bytes = parse(text, in);

	for (uint32_t i = 1; i < bytes; i++) {
		assert_int_equal(modbus_find_rtu(request, in, i, answer), MODBUS_MORE);
		assert_int_equal(answer->bytes, 0);
	}
	return modbus_find_rtu(request, in, bytes, answer);
}

static void answers_of_the_specification_are_found_byte_by_byte(void **state)
{
	static const struct {
		struct modbus_request request;
		const char *text;
		uint32_t bytes;
	} cases[] = {
		{ { 0x11, 1, 0x13, 0x25, NULL }, "11 01 05 cd 6b b2 0e 1b 45 e6", 10 },
		{ { 0x11, 2, 0xc4, 0x16, NULL }, "11 02 03 ac db 35 20 18", 8 },
		{ { 0x11, 3, 0x6b, 3, NULL }, "11 03 06 ae 41 56 52 43 40 49 ad", 11 },
		{ { 0x11, 4, 8, 1, NULL }, "11 04 02 00 0a f8 f4", 7 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct modbus_answer answer;

		assert_int_equal(find_rtu(&cases[i].request, cases[i].text, &answer),
				 MODBUS_ANSWER);
		assert_int_equal(answer.bytes, cases[i].bytes);
		assert_int_equal(answer.data, 3);
	}
}

static void an_exception_is_found_with_its_code(void **state)
{
	const struct modbus_request request = { 0x0a, MODBUS_READ_COILS, 0x4a1, 1, NULL };
	struct modbus_answer answer;

	assert_int_equal(find_rtu(&request, "0a 81 02 b0 53", &answer), MODBUS_EXCEPTION);
	assert_int_equal(answer.code, 2);
	assert_int_equal(answer.bytes, 5);
}

static void what_follows_an_answer_stays(void **state)
{
	const struct modbus_request request = { 0x11, MODBUS_READ_INPUT, 8, 1, NULL };
	uint8_t in[16];
	uint32_t bytes = parse("11 04 02 00 0a f8 f4 11 04", in);
	struct modbus_answer answer;

	assert_int_equal(modbus_find_rtu(&request, in, bytes, &answer), MODBUS_ANSWER);
	assert_int_equal(answer.bytes, 7);
}

/* Not the answer: and its first byte alone is passed over. */
static void assert_wrong(const char *text, enum modbus_finding finding)
{
	const struct modbus_request request = { 0x11, MODBUS_READ_INPUT, 8, 1, NULL };
	uint8_t in[MODBUS_ANSWER_BYTES_MAX];
	uint32_t bytes = parse(text, in);
	struct modbus_answer answer;

	assert_int_equal(modbus_find_rtu(&request, in, bytes, &answer), finding);
	assert_int_equal(answer.bytes, 1);
}

static void each_fault_of_an_answer_is_told_as_soon_as_it_shows(void **state)
{
	assert_wrong("12", MODBUS_WRONG_MATCH);
	assert_wrong("11 03", MODBUS_WRONG_MATCH);
	assert_wrong("11 83", MODBUS_WRONG_MATCH);
	assert_wrong("11 04 04", MODBUS_WRONG_LENGTH);
	assert_wrong("11 04 02 00 0b f8 f4", MODBUS_WRONG_CHECKSUM);
	assert_wrong("11 04 02 00 0a f4 f8", MODBUS_WRONG_CHECKSUM);
	assert_wrong("11 84 02 00 00", MODBUS_WRONG_CHECKSUM);
}

static void every_single_bit_that_is_wrong_is_noticed(void **state)
{
	const struct modbus_request request = { 0x11, MODBUS_READ_HOLDING, 0x6b, 3,
						NULL };
	uint8_t in[16];
	uint32_t bytes = parse("11 03 06 ae 41 56 52 43 40 49 ad", in);

	for (uint32_t bit = 0; bit < 8 * bytes; bit++) {
		struct modbus_answer answer;
		enum modbus_finding finding;

		in[bit / 8] ^= (uint8_t)(1 << bit % 8);
		finding = modbus_find_rtu(&request, in, bytes, &answer);
		assert_true(finding != MODBUS_ANSWER && finding != MODBUS_EXCEPTION &&
			    finding != MODBUS_MORE);
		in[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void bytes_that_nobody_asked_for_are_passed_over(void **state)
{
	uint8_t in[16];
	uint32_t bytes = parse("11 04 02 00 0a f8 f4", in);
	struct modbus_answer answer;

	assert_int_equal(modbus_find_rtu(NULL, in, bytes, &answer), MODBUS_WRONG_MATCH);
	assert_int_equal(answer.bytes, 7);
}

static void the_longest_answer_is_within_the_limit(void **state)
{
	const struct modbus_request registers = { 1, MODBUS_READ_HOLDING, 0, 125, NULL };
	const struct modbus_request coils = { 1, MODBUS_READ_COILS, 0, 2000, NULL };
	uint8_t in[MODBUS_ANSWER_BYTES_MAX] = { 1, 3, 250 };
	struct modbus_answer answer;

	assert_int_equal(modbus_find_rtu(&registers, in, 254, &answer), MODBUS_MORE);
	assert_int_equal(modbus_find_rtu(&registers, in, 255, &answer),
			 MODBUS_WRONG_CHECKSUM);
	in[1] = 1;
	assert_int_equal(modbus_find_rtu(&coils, in, 254, &answer), MODBUS_MORE);
	assert_int_equal(modbus_find_rtu(&coils, in, 255, &answer),
			 MODBUS_WRONG_CHECKSUM);
	/* of TCP the limit itself: 6 bytes and as many as the length may say */
	memset(in, 0, sizeof(in));
	in[5] = 254;
	assert_int_equal(modbus_find_tcp(&registers, 0, in, 259, &answer), MODBUS_MORE);
	assert_int_equal(modbus_find_tcp(&registers, 0, in, 260, &answer),
			 MODBUS_WRONG_MATCH);
	assert_int_equal(answer.bytes, MODBUS_ANSWER_BYTES_MAX);
}

/* For unit 0xff, register 4, in transaction 0x1501. */
static enum modbus_finding find_tcp(const char *text, struct modbus_answer *answer)
{
	const struct modbus_request request = { 0xff, MODBUS_READ_HOLDING, 4, 1, NULL };
	uint8_t in[MODBUS_ANSWER_BYTES_MAX];
	uint32_t bytes = parse(text, in);

	for (uint32_t i = 1; i < bytes; i++) {
		enum modbus_finding finding =
			modbus_find_tcp(&request, 0x1501, in, i, answer);

		if (finding == MODBUS_BROKEN) {
			return finding;
		}
		assert_int_equal(finding, MODBUS_MORE);
		assert_int_equal(answer->bytes, 0);
	}
	return modbus_find_tcp(&request, 0x1501, in, bytes, answer);
}

static void an_answer_over_tcp_is_found_byte_by_byte(void **state)
{
	struct modbus_answer answer;

	assert_int_equal(find_tcp("15 01 00 00 00 05 ff 03 02 00 05", &answer),
			 MODBUS_ANSWER);
	assert_int_equal(answer.bytes, 11);
	assert_int_equal(answer.data, 9);
	assert_int_equal(find_tcp("15 01 00 00 00 03 ff 83 04", &answer),
			 MODBUS_EXCEPTION);
	assert_int_equal(answer.bytes, 9);
	assert_int_equal(answer.code, 4);
}

static void an_answer_of_another_transaction_is_late(void **state)
{
	uint8_t in[16];
	uint32_t bytes = parse("15 01 00 00 00 05 ff 03 02 00 05", in);
	struct modbus_answer answer;

	assert_int_equal(find_tcp("15 00 00 00 00 05 ff 03 02 00 05", &answer),
			 MODBUS_LATE);
	assert_int_equal(answer.bytes, 11);
	assert_int_equal(modbus_find_tcp(NULL, 0x1501, in, bytes, &answer), MODBUS_LATE);
	assert_int_equal(answer.bytes, 11);
}

static void faults_over_tcp_cost_a_whole_frame(void **state)
{
	static const struct {
		const char *text;
		enum modbus_finding finding;
	} cases[] = {
		{ "15 01 00 00 00 05 01 03 02 00 05", MODBUS_WRONG_MATCH },
		{ "15 01 00 00 00 05 ff 04 02 00 05", MODBUS_WRONG_MATCH },
		{ "15 01 00 00 00 05 ff 03 04 00 05", MODBUS_WRONG_LENGTH },
		{ "15 01 00 00 00 06 ff 03 02 00 05 00", MODBUS_WRONG_LENGTH },
		{ "15 01 00 00 00 04 ff 03 02 00", MODBUS_WRONG_LENGTH },
		{ "15 01 00 00 00 04 ff 83 02 00", MODBUS_WRONG_LENGTH },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct modbus_answer answer;

		assert_int_equal(find_tcp(cases[i].text, &answer), cases[i].finding);
		assert_int_equal(answer.bytes, strlen(cases[i].text) / 3 + 1);
	}
}

static void without_a_header_the_stream_is_broken(void **state)
{
	static const char *const texts[] = {
		"15 01 00 01 00 05 ff 03 02 00 05", /* another protocol */
		"15 01 01 00 00 05 ff 03 02 00 05",
		"15 01 00 00 00 02 ff 03", /* too short for any answer */
		"15 01 00 00 00 00 ff",
		"15 01 00 00 00 ff ff 03", /* longer than any answer */
		"15 01 00 00 01 05 ff 03",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct modbus_answer answer;

		assert_int_equal(find_tcp(texts[i], &answer), MODBUS_BROKEN);
		assert_int_equal(answer.bytes, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_as_the_specification_has_them),
		cmocka_unit_test(a_request_over_tcp_carries_its_transaction),
		cmocka_unit_test(values_take_two_bytes_a_register_and_one_for_eight_bits),
		cmocka_unit_test(answers_of_the_specification_are_found_byte_by_byte),
		cmocka_unit_test(an_exception_is_found_with_its_code),
		cmocka_unit_test(what_follows_an_answer_stays),
		cmocka_unit_test(each_fault_of_an_answer_is_told_as_soon_as_it_shows),
		cmocka_unit_test(every_single_bit_that_is_wrong_is_noticed),
		cmocka_unit_test(bytes_that_nobody_asked_for_are_passed_over),
		cmocka_unit_test(the_longest_answer_is_within_the_limit),
		cmocka_unit_test(an_answer_over_tcp_is_found_byte_by_byte),
		cmocka_unit_test(an_answer_of_another_transaction_is_late),
		cmocka_unit_test(faults_over_tcp_cost_a_whole_frame),
		cmocka_unit_test(without_a_header_the_stream_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
