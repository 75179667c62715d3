/* wraps: sys_write sys_send */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/checksum.h"
#include "drivers/modbus_frame.h"
#include "drivers/registry.h"
#include "rtloop/base/record.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "tests/fakes/rig.h"

#define LINE_FD	 77
#define SENT_MAX 1024

static struct {
	uint8_t bytes[SENT_MAX];
	size_t count;
} wire;

static ssize_t take(int fd, const void *data, size_t bytes)
{
	assert_int_equal(fd, LINE_FD);
	assert_in_range(wire.count + bytes, 1, SENT_MAX);
	memcpy(wire.bytes + wire.count, data, bytes);
	wire.count += bytes;
	return (ssize_t)bytes;
}

ssize_t __wrap_sys_write(int fd, const void *data, size_t bytes);
ssize_t __wrap_sys_write(int fd, const void *data, size_t bytes)
{
	return take(fd, data, bytes);
}

ssize_t __wrap_sys_send(int fd, const void *data, size_t bytes);
ssize_t __wrap_sys_send(int fd, const void *data, size_t bytes)
{
	return take(fd, data, bytes);
}

static struct rig rig;
static struct recorder recorder; /* of events alone */
static struct endpoint endpoint = { .fd = LINE_FD, .op = ENDPOINT_READ };

#define TCP "tcp: \"127.0.0.1\", "
#define RTU "serial: { path: /dev/null, baud: 115200 }, "

static void make(const char *text)
{
	char whole[2048];

	memset(&wire, 0, sizeof(wire));
	memset(&recorder, 0, sizeof(recorder));
	snprintf(whole, sizeof(whole), "plc: { driver: modbus, %s }", text);
	rig_init(&rig, whole);
	rig.link = (struct link){ .endpoints = &endpoint, .endpoint_count = 1 };
	rig.device.link = &rig.link;
	rig.device.recorder = &recorder;
	rig.device.driver->attach(&rig.device, &rig.now);
}

static int tear_down(void **state)
{
	rig.device.link = NULL;
	rig_fini(&rig);
	return 0;
}

/* The next cycle, in which these bytes come. */
static void cycle_with(const uint8_t *data, size_t bytes)
{
	rig_step(&rig, NS_PER_MS);
	if (bytes > 0) {
		rig_receive(&rig, data, bytes, NULL);
	}
	rig_tick(&rig);
	rig_emit(&rig);
}

static void cycles(unsigned count)
{
	while (count-- > 0) {
		cycle_with(NULL, 0);
	}
}

static void assert_wire(const char *expected, size_t bytes)
{
	if (wire.count != bytes || memcmp(wire.bytes, expected, bytes) != 0) {
		for (size_t i = 0; i < wire.count; i++) {
			print_message("%02x ", wire.bytes[i]);
		}
		fail_msg("%zu bytes were sent; expected %zu others", wire.count, bytes);
	}
	wire.count = 0;
}

/* Of TCP: what follows transaction, protocol and length of the one request that was sent. */
static void assert_pdu(const char *expected, size_t bytes)
{
	uint16_t length = (uint16_t)(wire.bytes[4] << 8 | wire.bytes[5]);

	assert_int_equal(wire.count, 6 + length);
	assert_int_equal(length, bytes + 1);
	memmove(wire.bytes, wire.bytes + 7, bytes);
	wire.count = bytes;
	assert_wire(expected, bytes);
}

/* The answer to the request of this number, of TCP: the first bytes of it, or an exception. */
static void answer(uint16_t transaction, const char *pdu, size_t bytes)
{
	uint8_t frame[64] = { (uint8_t)(transaction >> 8),
			      (uint8_t)transaction,
			      0,
			      0,
			      0,
			      (uint8_t)(bytes + 1),
			      1 };

	memcpy(frame + 7, pdu, bytes);
	cycle_with(frame, 7 + bytes);
}

static void outputs_are_written_as_the_specification_has_it(void **state)
{
	/* the examples of V1.1b3, 6.5, 6.6, 6.11 and 6.12 */
	make(TCP "out: { a: { coil: 172, safe: 1 } }");
	cycles(1);
	assert_pdu("\x05\x00\xac\xff\x00", 5);
	tear_down(state);
	make(TCP "out: { a: { holding: 1, safe: 3 } }");
	cycles(1);
	assert_pdu("\x06\x00\x01\x00\x03", 5);
	tear_down(state);
	make(TCP
	     "out: { a: { coil: 19, safe: 1 }, b: { coil: 20, safe: 0 }, "
	     "c: { coil: 21, safe: 1 }, d: { coil: 22, safe: 1 }, e: { coil: 23, safe: "
	     "0 }, f: { coil: 24, safe: 0 }, g: { coil: 25, safe: 1 }, h: { coil: 26, "
	     "safe: 1 }, i: { coil: 27, safe: 1 }, j: { coil: 28, safe: 0 } }");
	cycles(1);
	assert_pdu("\x0f\x00\x13\x00\x0a\x02\xcd\x01", 8);
	tear_down(state);
	make(TCP "out: { a: { holding: 1, safe: 10 }, b: { holding: 2, safe: 258 } }");
	cycles(1);
	assert_pdu("\x10\x00\x01\x00\x02\x04\x00\x0a\x01\x02", 10);
}

static void multiple_writes_single_ones_by_the_other_functions(void **state)
{
	make(TCP "send: { multiple: true }, out: { a: { holding: 1, safe: 3 } }");
	cycles(1);
	assert_pdu("\x10\x00\x01\x00\x01\x02\x00\x03", 8);
	tear_down(state);
	make(TCP "send: { multiple: true }, out: { a: { coil: 9, safe: 1 } }");
	cycles(1);
	assert_pdu("\x0f\x00\x09\x00\x01\x01\x01", 7);
}

static void numbers_are_in_the_order_of_words_and_bytes_that_is_stated(void **state)
{
	make(TCP
	     "out: { a: { holding: 0, registers: 2, encoding: float, safe: 123.456 }, "
	     "b: { holding: 2, registers: 2, encoding: float, words: low_first, safe: "
	     "123.456 }, c: { holding: 4, registers: 2, encoding: float, swap_bytes: "
	     "true, safe: 123.456 }, d: { holding: 6, encoding: signed, scale: 0.1, "
	     "safe: -1.5 } }");
	cycles(1);
	assert_pdu("\x10\x00\x00\x00\x07\x0e\x42\xf6\xe9\x79\xe9\x79\x42\xf6\xf6\x42\x79"
		   "\xe9\xff\xf1",
		   20);
}

static void bits_of_one_register_may_be_several_channels(void **state)
{
	make(TCP "out: { a: { holding: 9, bit: 0, type: bool, safe: 1 }, "
		 "b: { holding: 9, bit: 4, bits: 3, type: integer, safe: 5 }, "
		 "c: { holding: 9, bit: 15, type: bool, safe: 1 } }");
	cycles(1);
	assert_pdu("\x06\x00\x09\x80\x51", 5);
}

static void nothing_between_two_outputs_is_written(void **state)
{
	make(TCP
	     "gap: 10, out: { a: { holding: 1, safe: 1 }, b: { holding: 3, safe: 3 } }");
	cycles(1);
	assert_pdu("\x06\x00\x01\x00\x01", 5);
	answer(1, "\x06\x00\x01\x00\x01", 5);
	assert_pdu("\x06\x00\x03\x00\x03", 5);
	answer(2, "\x06\x00\x03\x00\x03", 5);
	assert_int_equal(wire.count, 0);
	assert_false(rig.device.is_behind);
}

static void then_it_is_written_when_it_changes(void **state)
{
	make(TCP "out: { a: { holding: 1, safe: 1 } }");
	cycles(1);
	wire.count = 0;
	answer(1, "\x06\x00\x01\x00\x01", 5);
	cycles(300);
	assert_int_equal(wire.count, 0);
	rig_drive(&rig, "a", 2);
	cycles(1);
	assert_pdu("\x06\x00\x01\x00\x02", 5);
}

/* The answer to a single write over TCP is the request itself. */
static void echo(void)
{
	uint8_t frame[12] = { 0 };

	assert_int_equal(wire.count, sizeof(frame));
	memcpy(frame, wire.bytes, sizeof(frame));
	wire.count = 0;
	cycle_with(frame, sizeof(frame));
}

static void or_each_so_often(void **state)
{
	static const uint64_t expected[] = { 1, 50, 100 };
	uint64_t written[ARRAY_SIZE(expected)] = { 0 };
	unsigned writes = 0;

	make(TCP "send: { every: 50ms }, out: { a: { holding: 1, safe: 1 } }");
	while (rig.now.cycle < 130) {
		rig_drive(&rig, "a", (double)rig.now.cycle);
		cycles(1);
		if (wire.count > 0) {
			assert_in_range(writes, 0, ARRAY_SIZE(written) - 1);
			written[writes++] = rig.now.cycle;
			echo();
		}
	}
	assert_memory_equal(written, expected, sizeof(expected));
	assert_int_equal(rig_count(&rig, COUNT_SEND_DROPPED), 0);
}

static void what_changes_under_way_is_written_next_and_only_the_newest(void **state)
{
	make(TCP "out: { a: { holding: 1, safe: 1 } }");
	cycles(1);
	wire.count = 0;
	for (int value = 2; value <= 5; value++) {
		rig_drive(&rig, "a", value);
		cycles(1);
	}
	assert_int_equal(wire.count, 0);
	assert_int_equal(rig_count(&rig, COUNT_SEND_DROPPED), 3);
	answer(1, "\x06\x00\x01\x00\x01", 5);
	assert_pdu("\x06\x00\x01\x00\x05", 5);
}

static void without_an_answer_it_is_written_again_with_the_newest(void **state)
{
	make(TCP "timeout: 10ms, out: { a: { holding: 1, safe: 1 } }");
	cycles(1);
	wire.count = 0;
	rig_drive(&rig, "a", 7);
	cycles(11);
	assert_pdu("\x06\x00\x01\x00\x07", 5);
	assert_int_equal(rig_count(&rig, COUNT_TIMEOUTS), 1);
	assert_true(rig.device.is_behind);
}

static void a_refusal_is_told_and_asked_for_again_after_the_time_of_a_poll(void **state)
{
	make(TCP "poll: 20ms, out: { a: { holding: 1, safe: 1 } }");
	cycles(1);
	wire.count = 0;
	answer(1, "\x86\x06", 2);
	assert_int_equal(rig_count(&rig, COUNT_EXCEPTIONS), 1);
	assert_int_equal(recorder.event_count, 1);
	assert_int_equal(recorder.events[0].code, EVENT_REQUEST_REFUSED);
	assert_int_equal(recorder.events[0].value, 6);
	assert_true(rig.device.is_behind);
	cycles(18);
	assert_int_equal(wire.count, 0);
	cycles(2);
	assert_pdu("\x06\x00\x01\x00\x01", 5);
	answer(2, "\x86\x06", 2);
	assert_int_equal(recorder.event_count, 1);
}

static void a_write_goes_before_a_query_but_not_two_in_a_row(void **state)
{
	make(TCP
	     "in: { x: { holding: 50 }, y: { holding: 90 } }, out: { a: { holding: 1, "
	     "safe: 1 }, b: { holding: 9, safe: 9 } }");
	cycles(1);
	assert_pdu("\x06\x00\x01\x00\x01", 5);
	answer(1, "\x06\x00\x01\x00\x01", 5);
	assert_pdu("\x03\x00\x32\x00\x01", 5);
	answer(2, "\x03\x02\x00\x05", 4);
	assert_pdu("\x06\x00\x09\x00\x09", 5);
	answer(3, "\x06\x00\x09\x00\x09", 5);
	assert_pdu("\x03\x00\x5a\x00\x01", 5);
	answer(4, "\x03\x02\x00\x06", 4);
	assert_true(rig_float(&rig, "x") == 5);
	assert_true(rig_float(&rig, "y") == 6);
	cycles(90);
	assert_int_equal(wire.count, 0);
	cycles(10);
	assert_pdu("\x03\x00\x32\x00\x01", 5);
}

static void over_rtu_the_answer_must_say_what_was_written(void **state)
{
	const struct checksum_rule rule = { .kind = CHECKSUM_CRC16_MODBUS };
	uint8_t right[8] = { 1, 6, 0, 1, 0, 1 };
	uint8_t wrong[8] = { 1, 6, 0, 1, 0, 2 };

	make(RTU "out: { a: { holding: 1, safe: 1 } }");
	checksum_append(&rule, right, 6);
	checksum_append(&rule, wrong, 6);
	cycles(3);
	assert_wire((const char *)right, 8);
	cycle_with(wrong, 8);
	assert_true(rig.device.is_behind);
	assert_int_equal(rig_count(&rig, COUNT_BAD_MATCH), 1);
	cycle_with(right, 3);
	cycle_with(right + 3, 5);
	assert_false(rig.device.is_behind);
}

static void what_must_be_written_is_though_it_did_not_change(void **state)
{
	make(TCP "out: { a: { holding: 1, safe: 1 } }");
	cycles(1);
	wire.count = 0;
	answer(1, "\x06\x00\x01\x00\x01", 5);
	rig.device.must_emit = true;
	cycles(1);
	assert_pdu("\x06\x00\x01\x00\x01", 5);
	assert_false(rig.device.must_emit);
	assert_true(rig.device.is_behind);
	answer(2, "\x06\x00\x01\x00\x01", 5);
	assert_false(rig.device.is_behind);
}

static void a_dry_device_only_reads(void **state)
{
	make(TCP "in: { x: { holding: 50 } }, out: { a: { holding: 1, safe: 1 } }");
	rig.device.is_dry = true;
	cycles(1);
	assert_pdu("\x03\x00\x32\x00\x01", 5);
	answer(1, "\x03\x02\x00\x05", 4);
	cycles(50);
	assert_int_equal(wire.count, 0);
}

static void a_new_link_is_written_anew(void **state)
{
	make(TCP "out: { a: { holding: 1, safe: 1 } }");
	cycles(1);
	wire.count = 0;
	rig.device.driver->attach(&rig.device, &rig.now);
	cycles(1);
	assert_pdu("\x06\x00\x01\x00\x01", 5);
}

static void assert_errors(const char *text, const char *expected)
{
	char whole[1024];

	snprintf(whole, sizeof(whole), "p: { driver: modbus, tcp: \"127.0.0.1\", %s }",
		 text);
	rig_load(&rig, whole);
	assert_string_equal(rig.errors, expected);
	tear_down(NULL);
}

static void outputs_have_registers_or_bits_of_their_own(void **state)
{
	assert_errors(
		"out: { a: { holding: 1, registers: 2, safe: 0 }, "
		"b: { holding: 2, safe: 0 } }",
		"f:1:89: 'b': is written by channel 'a', too; expected registers or "
		"bits of its own\n");
	assert_errors(
		"out: { a: { holding: 1, bit: 1, bits: 3, safe: 0 }, "
		"b: { holding: 1, bit: 3, safe: 0 } }",
		"f:1:92: 'b': is written by channel 'a', too; expected registers or "
		"bits of its own\n");
	assert_errors(
		"out: { a: { coil: 1, safe: 0 }, b: { coil: 1, safe: 0 } }",
		"f:1:72: 'b': is written by channel 'a', too; expected registers or "
		"bits of its own\n");
	rig = (struct rig){ .errors = NULL };
	rig_load(&rig, "p: { driver: modbus, tcp: \"127.0.0.1\", out: { a: { holding: 1, "
		       "safe: 0 }, b: { holding: 1, unit_id: 2, safe: 0 } } }");
	assert_string_equal(rig.errors, "");
	tear_down(NULL);
}

static void only_what_can_be_written_is_an_output(void **state)
{
	assert_errors("out: { a: { input: 1, safe: 0 } }",
		      "f:1:52: unknown key 'input' in channel 'a'; expected one of type, "
		      "unit, safe, holding, coil, unit_id, registers, encoding, words, "
		      "swap_bytes, bit, bits, scale, offset\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(outputs_are_written_as_the_specification_has_it),
		TEST(multiple_writes_single_ones_by_the_other_functions),
		TEST(numbers_are_in_the_order_of_words_and_bytes_that_is_stated),
		TEST(bits_of_one_register_may_be_several_channels),
		TEST(nothing_between_two_outputs_is_written),
		TEST(then_it_is_written_when_it_changes),
		TEST(or_each_so_often),
		TEST(what_changes_under_way_is_written_next_and_only_the_newest),
		TEST(without_an_answer_it_is_written_again_with_the_newest),
		TEST(a_refusal_is_told_and_asked_for_again_after_the_time_of_a_poll),
		TEST(a_write_goes_before_a_query_but_not_two_in_a_row),
		TEST(over_rtu_the_answer_must_say_what_was_written),
		TEST(what_must_be_written_is_though_it_did_not_change),
		TEST(a_dry_device_only_reads),
		TEST(a_new_link_is_written_anew),
		cmocka_unit_test(outputs_have_registers_or_bits_of_their_own),
		cmocka_unit_test(only_what_can_be_written_is_an_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
