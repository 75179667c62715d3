/* wraps: calloc */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/modbus_options.h"
#include "drivers/modbus_plan.h"
#include "rtloop/base/time.h"
#include "tests/fakes/rig.h"

static int calls_left = -1; /* that calloc() serves; -1: all */

void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes)
{
	if (calls_left == 0) {
		return NULL;
	}
	calls_left -= calls_left > 0;
	return __real_calloc(count, bytes);
}

struct bench {
	struct rig rig;
	struct modbus_plan plan;
};

static void begin(struct bench *bench, const char *options, const char *channels)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "plc: { driver: modbus, tcp: \"127.0.0.1\", %s in: { %s } }", options,
		 channels);
	rig_init(&bench->rig, text);
	assert_int_equal(modbus_plan_init(&bench->plan, bench->rig.device.spec), 0);
}

static void end(struct bench *bench)
{
	modbus_plan_fini(&bench->plan);
	rig_fini(&bench->rig);
}

/* The requests as "unit:function@address+count", with a blank after each. */
static void assert_requests(const char *options, const char *channels,
			    const char *expected)
{
	struct bench bench;
	char text[1024];
	int length = 0;

	begin(&bench, options, channels);
	text[0] = '\0';
	for (unsigned i = 0; i < bench.plan.query_count; i++) {
		const struct modbus_request *request = &bench.plan.queries[i].request;

		length += snprintf(text + length, sizeof(text) - (size_t)length,
				   "%u:%u@%u+%u ", request->unit, request->function,
				   request->address, request->count);
	}
	assert_string_equal(text, expected);
	end(&bench);
}

static void adjacent_channels_share_a_request(void **state)
{
	assert_requests(
		"",
		"a: { holding: 0 }, b: { holding: 1, registers: 2 }, c: { holding: 3 }",
		"1:3@0+4 ");
	assert_requests("", "a: { coil: 7 }, b: { coil: 8 }, c: { coil: 9 }", "1:1@7+3 ");
}

static void the_order_in_the_file_does_not_matter(void **state)
{
	assert_requests("", "a: { input: 5 }, b: { input: 3 }, c: { input: 4 }",
			"1:4@3+3 ");
}

static void each_table_and_each_unit_has_requests_of_its_own(void **state)
{
	assert_requests(
		"unit_id: 9,",
		"a: { holding: 4 }, b: { input: 4 }, c: { coil: 4 }, d: { discrete: 4 }, "
		"e: { holding: 5, unit_id: 2 }",
		"2:3@5+1 9:1@4+1 9:2@4+1 9:3@4+1 9:4@4+1 ");
}

static void channels_may_share_registers(void **state)
{
	assert_requests("",
			"a: { holding: 8, registers: 4 }, b: { holding: 8, bit: 3 }, "
			"c: { holding: 9 }, d: { holding: 10, registers: 2 }",
			"1:3@8+4 ");
}

static void unused_addresses_are_read_along_up_to_the_gap(void **state)
{
	const char *channels = "a: { holding: 0 }, b: { holding: 4 }, c: { holding: 9 }";

	assert_requests("", channels, "1:3@0+1 1:3@4+1 1:3@9+1 ");
	assert_requests("gap: 2,", channels, "1:3@0+1 1:3@4+1 1:3@9+1 ");
	assert_requests("gap: 3,", channels, "1:3@0+5 1:3@9+1 ");
	assert_requests("gap: 4,", channels, "1:3@0+10 ");
}

static void no_request_is_greater_than_the_standard_allows(void **state)
{
	assert_requests("gap: 1000,", "a: { holding: 0 }, b: { holding: 124 }",
			"1:3@0+125 ");
	assert_requests("gap: 1000,", "a: { holding: 0 }, b: { holding: 125 }",
			"1:3@0+1 1:3@125+1 ");
	assert_requests("gap: 1000,", "a: { input: 0 }, b: { input: 123, registers: 2 }",
			"1:4@0+125 ");
	assert_requests("gap: 1000,", "a: { input: 0 }, b: { input: 124, registers: 2 }",
			"1:4@0+1 1:4@124+2 ");
	assert_requests(
		"gap: 1000,",
		"a: { coil: 0 }, b: { coil: 999 }, c: { coil: 1999 }, d: { coil: 2000 }",
		"1:1@0+2000 1:1@2000+1 ");
	assert_requests("gap: 1000,", "a: { discrete: 0 }, b: { discrete: 200 }",
			"1:2@0+201 ");
}

static void registers_max_makes_requests_smaller(void **state)
{
	assert_requests(
		"registers_max: 4,",
		"a: { holding: 0, registers: 2 }, b: { holding: 2, registers: 2 }, "
		"c: { holding: 4 }, d: { coil: 0 }, e: { coil: 1 }, f: { coil: 2 }, "
		"g: { coil: 3 }, h: { coil: 4 }",
		"1:1@0+5 1:3@0+4 1:3@4+1 ");
}

static void the_last_address_can_be_read(void **state)
{
	assert_requests("", "a: { holding: 65535 }, b: { holding: 65532, registers: 2 }",
			"1:3@65532+2 1:3@65535+1 ");
	assert_requests("", "a: { discrete: 65535 }", "1:2@65535+1 ");
	assert_requests("", "a: { holding: 65532, registers: 4 }", "1:3@65532+4 ");
}

static void without_channels_nothing_is_asked(void **state)
{
	assert_requests("", "", "");
}

static void without_memory_there_is_no_plan(void **state)
{
	for (int calls = 0; calls < 3; calls++) {
		struct bench bench;
		struct modbus_plan plan;
		int rc;

		begin(&bench, "", "a: { coil: 1 }");
		calls_left = calls;
		rc = modbus_plan_init(&plan, bench.rig.device.spec);
		calls_left = -1;
		assert_int_equal(rc, -ENOMEM);
		modbus_plan_fini(&plan);
		end(&bench);
	}
}

/* One channel over registers that hold @data. */
static unsigned put(struct bench *bench, const char *channel, const void *data)
{
	char text[256];

	snprintf(text, sizeof(text), "a: { holding: 100, %s }", channel);
	begin(bench, "", text);
	return modbus_query_put(&bench->plan.queries[0], &bench->rig.device, data,
				NS_PER_MS);
}

static void assert_float(const char *channel, const void *data, double expected)
{
	struct bench bench;

	assert_int_equal(put(&bench, channel, data), 1);
	assert_true(rig_float(&bench.rig, "a") == expected);
	assert_int_equal(rig_quality(&bench.rig, "a"), QUALITY_GOOD);
	assert_int_equal(bench.rig.device.in[0].sample_ns, NS_PER_MS);
	end(&bench);
}

static void assert_int(const char *channel, const void *data, int64_t expected)
{
	struct bench bench;

	assert_int_equal(put(&bench, channel, data), 1);
	assert_int_equal(rig_int(&bench.rig, "a"), expected);
	end(&bench);
}

static void a_register_is_a_big_endian_number(void **state)
{
	assert_float("scale: 1", "\x02\x2b", 555);
	assert_float("encoding: signed", "\xff\xfe", -2);
	assert_float("scale: 0.5, offset: -1", "\x00\x64", 49);
	assert_int("type: integer", "\xff\xff", 65535);
	assert_int("type: integer, encoding: signed", "\x80\x00", -32768);
	assert_int("type: integer, swap_bytes: true", "\x02\x2b", 0x2b02);
}

/* 0x01020304 in each of the four orders. */
static void two_registers_come_in_each_order_of_words_and_bytes(void **state)
{
	assert_int("type: integer, registers: 2", "\x01\x02\x03\x04", 0x01020304);
	assert_int("type: integer, registers: 2, words: low_first", "\x03\x04\x01\x02",
		   0x01020304);
	assert_int("type: integer, registers: 2, swap_bytes: true", "\x02\x01\x04\x03",
		   0x01020304);
	assert_int("type: integer, registers: 2, words: low_first, swap_bytes: true",
		   "\x04\x03\x02\x01", 0x01020304);
	assert_int("type: integer, registers: 2, encoding: signed", "\xff\xff\xff\xf0",
		   -16);
}

static void four_registers_hold_64_bits(void **state)
{
	assert_int("type: integer, registers: 4", "\x01\x02\x03\x04\x05\x06\x07\x08",
		   INT64_C(0x0102030405060708));
	assert_int("type: integer, registers: 4, words: low_first",
		   "\x07\x08\x05\x06\x03\x04\x01\x02", INT64_C(0x0102030405060708));
	assert_int("type: integer, registers: 4, encoding: signed",
		   "\xff\xff\xff\xff\xff\xff\xff\xff", -1);
	assert_int("type: integer, registers: 4", "\xff\xff\xff\xff\xff\xff\xff\xff",
		   INT64_MAX);
}

static void floats_take_two_or_four_registers(void **state)
{
	assert_float("encoding: float, registers: 2", "\x42\xf6\xe9\x79",
		     (double)123.456f);
	assert_float("encoding: float, registers: 2, words: low_first",
		     "\xe9\x79\x42\xf6", (double)123.456f);
	assert_float("encoding: float, registers: 4", "\x40\x5e\xdd\x2f\x1a\x9f\xbe\x77",
		     123.456);
	assert_float("encoding: float, registers: 2, scale: 10", "\x40\x20\x00\x00", 25);
}

static void bits_are_counted_from_the_lowest(void **state)
{
	assert_int("type: integer, bit: 0", "\x80\x01", 1);
	assert_int("type: integer, bit: 1", "\x80\x01", 0);
	assert_int("type: integer, bit: 15", "\x80\x01", 1);
	assert_int("type: integer, bit: 0", "\x00\x03", 1);
	assert_int("type: integer, bit: 4, bits: 8", "\x0a\xb0", 0xab);
	assert_int("type: integer, bit: 4, bits: 8, encoding: signed", "\x0a\xb0", -85);
	assert_int("type: integer, bits: 4", "\x00\x0f", 15);
	assert_int("type: integer, registers: 2, bit: 31", "\x80\x00\x00\x00", 1);
	assert_int("type: integer, registers: 2, words: low_first, bit: 16",
		   "\x00\x00\x00\x01", 1);
	assert_int("type: integer, registers: 4, bit: 63", "\x80\0\0\0\0\0\0\0", 1);
}

static void what_is_not_finite_turns_its_channel_bad_and_is_counted(void **state)
{
	struct bench bench;

	assert_int_equal(put(&bench, "encoding: float, registers: 2", "\x7f\xc0\x00\x00"),
			 0);
	assert_int_equal(rig_quality(&bench.rig, "a"), QUALITY_BAD);
	assert_int_equal(rig_count(&bench.rig, COUNT_BAD_FIELD), 1);
	end(&bench);
}

static void bits_of_coils_stand_from_the_lowest_of_the_first_byte(void **state)
{
	struct bench bench;

	/* coils 20 to 38 of the specification's example: CD 6B 05 */
	begin(&bench, "gap: 20,",
	      "first: { coil: 19, type: bool }, second: { coil: 20 }, "
	      "eighth: { coil: 26, type: integer }, ninth: { coil: 27, type: float }, "
	      "eleventh: { coil: 29, type: bool }, last: { coil: 37, type: bool }");
	assert_int_equal(bench.plan.query_count, 1);
	assert_int_equal(modbus_query_put(&bench.plan.queries[0], &bench.rig.device,
					  (const uint8_t *)"\xcd\x6b\x05", NS_PER_MS),
			 6);
	assert_true(rig_bool(&bench.rig, "first"));
	assert_false(rig_bool(&bench.rig, "second"));
	assert_int_equal(rig_int(&bench.rig, "eighth"), 1);
	assert_true(rig_float(&bench.rig, "ninth") == 1.0);
	assert_false(rig_bool(&bench.rig, "eleventh"));
	assert_true(rig_bool(&bench.rig, "last"));
	end(&bench);
}

static void each_channel_takes_its_own_registers_of_an_answer(void **state)
{
	struct bench bench;

	begin(&bench, "gap: 1,",
	      "z: { input: 12, type: integer }, a: { input: 10, type: integer }, "
	      "m: { input: 12, bit: 0, type: bool }");
	assert_int_equal(modbus_query_put(&bench.plan.queries[0], &bench.rig.device,
					  (const uint8_t *)"\0\1\0\2\0\3", NS_PER_MS),
			 3);
	assert_int_equal(rig_int(&bench.rig, "a"), 1);
	assert_int_equal(rig_int(&bench.rig, "z"), 3);
	assert_true(rig_bool(&bench.rig, "m"));
	end(&bench);
}

static void only_the_channels_of_a_request_turn_bad_with_it(void **state)
{
	struct bench bench;

	begin(&bench, "", "a: { input: 1 }, b: { input: 2 }, c: { input: 9 }");
	assert_int_equal(bench.plan.query_count, 2);
	modbus_query_put(&bench.plan.queries[0], &bench.rig.device,
			 (const uint8_t *)"\0\1\0\2", NS_PER_MS);
	modbus_query_put(&bench.plan.queries[1], &bench.rig.device,
			 (const uint8_t *)"\0\3", NS_PER_MS);
	modbus_query_mark_bad(&bench.plan.queries[0], &bench.rig.device);
	assert_int_equal(rig_quality(&bench.rig, "a"), QUALITY_BAD);
	assert_int_equal(rig_quality(&bench.rig, "b"), QUALITY_BAD);
	assert_int_equal(rig_quality(&bench.rig, "c"), QUALITY_GOOD);
	end(&bench);
}

/* The times of the serial line, ns: what `serial` says in braces. */
static void assert_times(const char *serial, int64_t character_ns, int64_t silence_ns,
			 int64_t stop_bits)
{
	const struct modbus_options *options;
	struct rig rig;
	char text[256];

	snprintf(text, sizeof(text),
		 "m: { driver: modbus, serial: { path: /dev/x, %s } }", serial);
	rig_init(&rig, text);
	options = rig.device.spec->options;
	assert_int_equal(modbus_stop_bits(&options->serial), stop_bits);
	assert_in_range(modbus_character_ns(options), character_ns, character_ns + 2);
	assert_in_range(modbus_silence_ns(options), silence_ns, silence_ns + 4);
	rig_fini(&rig);
}

static void silence_is_3_5_characters_and_1_75_ms_above_19200_baud(void **state)
{
	/* 11 bits a character, whether by parity or by a second stop bit */
	assert_times("baud: 19200", 572916, 2005206, 1);
	assert_times("baud: 19200, parity: none", 572916, 2005206, 2);
	assert_times("baud: 9600, parity: odd", 1145833, 4010416, 1);
	assert_times("baud: 9600, parity: none, stop_bits: 1", 1041666, 3645833, 1);
	assert_times("baud: 9600, parity: even, stop_bits: 2", 1250000, 4375000, 2);
	assert_times("baud: 19201", 572886, 1750000, 1);
	assert_times("baud: 115200", 95486, 1750000, 1);
	assert_times("baud: 115200, silence: 10ms", 95486, 10000000, 1);
	assert_times("baud: 115200, silence: 1ms", 95486, 1750000, 1);
}

static void over_tcp_there_are_no_times_of_a_line(void **state)
{
	struct bench bench;
	const struct modbus_options *options;
	struct address address;

	begin(&bench, "", "");
	options = bench.rig.device.spec->options;
	assert_int_equal(modbus_character_ns(options), 0);
	assert_int_equal(modbus_silence_ns(options), 0);
	assert_int_equal(modbus_address(options, &address), 0);
	assert_int_equal(address_port(&address), 502);
	end(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adjacent_channels_share_a_request),
		cmocka_unit_test(the_order_in_the_file_does_not_matter),
		cmocka_unit_test(each_table_and_each_unit_has_requests_of_its_own),
		cmocka_unit_test(channels_may_share_registers),
		cmocka_unit_test(unused_addresses_are_read_along_up_to_the_gap),
		cmocka_unit_test(no_request_is_greater_than_the_standard_allows),
		cmocka_unit_test(registers_max_makes_requests_smaller),
		cmocka_unit_test(the_last_address_can_be_read),
		cmocka_unit_test(without_channels_nothing_is_asked),
		cmocka_unit_test(without_memory_there_is_no_plan),
		cmocka_unit_test(a_register_is_a_big_endian_number),
		cmocka_unit_test(two_registers_come_in_each_order_of_words_and_bytes),
		cmocka_unit_test(four_registers_hold_64_bits),
		cmocka_unit_test(floats_take_two_or_four_registers),
		cmocka_unit_test(bits_are_counted_from_the_lowest),
		cmocka_unit_test(what_is_not_finite_turns_its_channel_bad_and_is_counted),
		cmocka_unit_test(bits_of_coils_stand_from_the_lowest_of_the_first_byte),
		cmocka_unit_test(each_channel_takes_its_own_registers_of_an_answer),
		cmocka_unit_test(only_the_channels_of_a_request_turn_bad_with_it),
		cmocka_unit_test(silence_is_3_5_characters_and_1_75_ms_above_19200_baud),
		cmocka_unit_test(over_tcp_there_are_no_times_of_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
