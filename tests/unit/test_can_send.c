/* wraps: sys_send_many sys_send */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/can.h>
#include <stdio.h>
#include <string.h>

#include "drivers/can_signal.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "tests/fakes/post.h"
#include "tests/fakes/rig.h"

#define BUS_FD	   66
#define FRAMES_MAX 64

/* A bus whose queue takes as many frames as the test says. */
static struct {
	int room;
	int code; /* what a call returns while there is no room */
	struct canfd_frame frames[FRAMES_MAX];
	size_t bytes[FRAMES_MAX];
	unsigned count;
	unsigned calls;
} bus;

int __wrap_sys_send_many(int fd, struct mmsghdr *messages, unsigned count);
int __wrap_sys_send_many(int fd, struct mmsghdr *messages, unsigned count)
{
	int taken = (int)count < bus.room ? (int)count : bus.room;

	assert_int_equal(fd, BUS_FD);
	bus.calls++;
	if (taken == 0) {
		return bus.code;
	}
	for (int i = 0; i < taken; i++) {
		const struct iovec *part = messages[i].msg_hdr.msg_iov;

		assert_in_range(bus.count, 0, FRAMES_MAX - 1);
		assert_in_range(part->iov_len, CAN_MTU, CANFD_MTU);
		memcpy(&bus.frames[bus.count], part->iov_base, part->iov_len);
		bus.bytes[bus.count++] = part->iov_len;
	}
	bus.room -= taken;
	return taken;
}

ssize_t __wrap_sys_send(int fd, const void *data, size_t bytes);
ssize_t __wrap_sys_send(int fd, const void *data, size_t bytes)
{
	assert_int_equal(fd, BUS_FD);
	bus.calls++;
	if (bus.room == 0) {
		return bus.code;
	}
	assert_in_range(bus.count, 0, FRAMES_MAX - 1);
	memcpy(&bus.frames[bus.count], data, bytes);
	bus.bytes[bus.count++] = bytes;
	bus.room--;
	return (ssize_t)bytes;
}

static struct rig rig;
static struct post post;
static struct endpoint endpoint = { .fd = BUS_FD, .op = ENDPOINT_RECVMSG };

static void make(const char *keys, const char *channels)
{
	char text[2048];

	memset(&bus, 0, sizeof(bus));
	bus.room = FRAMES_MAX;
	bus.code = -EAGAIN;
	snprintf(text, sizeof(text), "d: { driver: can, %s out: { %s } }", keys,
		 channels);
	rig_init(&rig, text);
	rig.link = (struct link){ .endpoints = &endpoint, .endpoint_count = 1 };
	rig.device.link = &rig.link;
	rig.device.driver->attach(&rig.device, &rig.now);
}

static int tear_down(void **state)
{
	rig.device.link = NULL;
	rig_fini(&rig);
	return 0;
}

static void step(void)
{
	rig_emit(&rig);
	rig_step(&rig, NS_PER_MS);
}

/* The next frame that was sent; those before are forgotten. */
static void assert_frame(canid_t id, const char *data, uint8_t bytes)
{
	assert_true(bus.count > 0);
	assert_int_equal(bus.frames[0].can_id, id);
	assert_int_equal(bus.frames[0].len, bytes);
	assert_memory_equal(bus.frames[0].data, data, bytes);
	bus.count--;
	memmove(bus.frames, bus.frames + 1, bus.count * sizeof(bus.frames[0]));
	memmove(bus.bytes, bus.bytes + 1, bus.count * sizeof(bus.bytes[0]));
}

static void assert_no_more(void)
{
	assert_int_equal(bus.count, 0);
}

#define TWO                                                                              \
	"speed: { id: 0x123, start: 0, length: 16, scale: 0.5, safe: 1 }, "              \
	"on: { id: 0x123, start: 23, type: bool, safe: 1 }"

static void the_signals_of_one_id_are_one_frame(void **state)
{
	make("", TWO);
	rig_drive(&rig, "speed", 1000);
	step();
	assert_int_equal(bus.bytes[0], CAN_MTU);
	assert_frame(0x123, "\xd0\x07\x80", 3);
	assert_no_more();
	assert_int_equal(rig_count(&rig, COUNT_SENT), 1);
}

static void a_frame_is_sent_when_its_data_changes(void **state)
{
	make("", TWO ", other: { id: 0x200, start: 0, length: 8, safe: 0 }");
	step();
	assert_int_equal(bus.count, 2);
	assert_int_equal(bus.calls, 1);
	bus.count = 0;
	step();
	assert_int_equal(bus.calls, 1);
	rig_drive(&rig, "speed", 1.1); /* the same on the bus */
	step();
	assert_no_more();
	rig_drive(&rig, "speed", 1.5);
	step();
	assert_frame(0x123, "\x03\x00\x80", 3);
	assert_no_more();
}

static void or_each_so_often_or_both(void **state)
{
	make("send: { every: 10ms },", TWO);
	for (int i = 0; i < 25; i++) {
		rig_drive(&rig, "speed", i);
		step();
	}
	assert_int_equal(bus.count, 3);
	tear_down(state);
	make("send: { every: 10ms, on: change },", TWO);
	for (int i = 0; i < 25; i++) {
		rig_drive(&rig, "speed", i < 5 ? 1 : 2);
		step();
	}
	assert_int_equal(bus.count, 4);
}

static void an_extended_id_is_sent_as_one(void **state)
{
	make("",
	     "a: { id: 0x18FEEE00, start: 7, length: 12, order: big, encoding: signed, "
	     "size: 8, safe: -1 }, b: { id: 5, extended: true, start: 0, safe: 1 }");
	step();
	assert_frame(5 | CAN_EFF_FLAG, "\x01", 1);
	assert_frame(0x18FEEE00 | CAN_EFF_FLAG, "\xff\xf0\0\0\0\0\0\0", 8);
}

static void of_multiplexed_signals_there_is_a_frame_for_each_value(void **state)
{
	make("",
	     "a: { id: 1, start: 8, length: 8, mux: { start: 0, length: 4, value: 2 }, "
	     "safe: 10 }, "
	     "b: { id: 1, start: 8, length: 8, mux: { start: 0, length: 4, value: 3 }, "
	     "safe: 11 }, "
	     "c: { id: 1, start: 16, length: 8, mux: { start: 0, length: 4, value: 2 }, "
	     "safe: 12 }, "
	     "all: { id: 1, start: 24, length: 8, safe: 13 }");
	step();
	assert_frame(1, "\x02\x0a\x0c\x0d", 4);
	assert_frame(1, "\x03\x0b\x00\x0d", 4);
	assert_no_more();
	rig_drive(&rig, "b", 20);
	step();
	assert_frame(1, "\x03\x14\x00\x0d", 4);
	assert_no_more();
}

static void a_long_frame_is_one_of_can_fd_of_a_length_that_there_is(void **state)
{
	make("fd: true, send: { brs: true },",
	     "a: { id: 1, start: 64, length: 8, safe: 7 }, "
	     "b: { id: 2, start: 0, length: 32, encoding: float, fd: true, safe: 1.5 }, "
	     "c: { id: 3, start: 0, safe: 1 }");
	step();
	assert_int_equal(bus.bytes[0], CANFD_MTU);
	assert_int_equal(bus.frames[0].flags, CANFD_BRS);
	assert_frame(1, "\0\0\0\0\0\0\0\0\x07\0\0\0", 12);
	assert_int_equal(bus.bytes[0], CANFD_MTU);
	assert_frame(2, "\0\0\xc0\x3f", 4);
	assert_int_equal(bus.bytes[0], CAN_MTU);
	assert_int_equal(bus.frames[0].flags, 0);
	assert_frame(3, "\x01", 1);
}

static void a_queue_that_is_full_is_tried_again_with_the_newest(void **state)
{
	make("", TWO ", other: { id: 0x200, start: 0, length: 8, safe: 0 }");
	bus.room = 1;
	step();
	assert_frame(0x123, "\x02\x00\x80", 3);
	assert_true(rig.device.is_behind);
	bus.room = 0;
	bus.code = -ENOBUFS;
	rig_drive(&rig, "other", 1);
	step();
	step();
	rig_drive(&rig, "other", 2);
	step();
	assert_no_more();
	assert_int_equal(rig_count(&rig, COUNT_SEND_DROPPED), 2);
	assert_false(rig.device.is_lost);
	bus.room = 10;
	step();
	assert_frame(0x200, "\x02", 1);
	assert_no_more();
	assert_false(rig.device.is_behind);
}

static void a_bus_that_goes_down_is_lost(void **state)
{
	make("", TWO);
	bus.room = 0;
	bus.code = -ENETDOWN;
	step();
	assert_true(rig.device.is_lost);
	assert_int_equal(rig.device.lost_code, -ENETDOWN);
}

/* --- with an outbox, where a letter holds one frame --------------------------------------------- */

#define OTHER ", other: { id: 0x200, start: 0, length: 8, safe: 0 }"

static void assert_letter(unsigned index, canid_t id, uint8_t first_byte)
{
	const struct letter *letter = &post.letters[index];
	const struct can_frame *frame = letter->data;

	assert_in_range(index, 0, post.count - 1);
	assert_int_equal(letter->fd, BUS_FD);
	assert_int_equal(letter->bytes, CAN_MTU);
	assert_true(letter->is_socket);
	assert_int_equal(frame->can_id, id);
	assert_int_equal(frame->data[0], first_byte);
}

static void a_frame_in_the_outbox_is_sent_when_that_is_told(void **state)
{
	make("", TWO OTHER);
	post_begin(&post, &rig.device);
	step();
	assert_int_equal(bus.calls, 0);
	assert_int_equal(post.count, 2);
	assert_letter(0, 0x123, 2);
	assert_letter(1, 0x200, 0);
	assert_true(rig.device.is_behind);
	assert_int_equal(rig_count(&rig, COUNT_SENT), 0);
	post_end(&post, &rig.device, CAN_MTU);
	post_end(&post, &rig.device, CAN_MTU);
	assert_int_equal(rig_count(&rig, COUNT_SENT), 2);
	step();
	assert_int_equal(post.count, 0);
	assert_false(rig.device.is_behind);
}

/* Nothing waits for one before it. */
static void a_frame_from_the_outbox_for_which_the_bus_is_full_is_tried_again(void **state)
{
	make("", TWO OTHER);
	post_begin(&post, &rig.device);
	step();
	post_end(&post, &rig.device, -ENOBUFS);
	post_end(&post, &rig.device, CAN_MTU);
	assert_false(rig.device.is_lost);
	assert_int_equal(rig_count(&rig, COUNT_SENT), 1);
	rig_drive(&rig, "speed", 2);
	step();
	assert_int_equal(rig_count(&rig, COUNT_SEND_DROPPED), 1);
	assert_int_equal(post.count, 1);
	assert_letter(0, 0x123, 4);
}

static void a_bus_that_is_found_down_by_the_outbox_is_lost(void **state)
{
	make("", TWO);
	post_begin(&post, &rig.device);
	step();
	post_end(&post, &rig.device, -ENETDOWN);
	assert_true(rig.device.is_lost);
	assert_int_equal(rig.device.lost_code, -ENETDOWN);
}

static void what_an_outbox_has_no_room_for_is_sent_at_once(void **state)
{
	make("", TWO OTHER);
	post_begin(&post, &rig.device);
	post.room = 1;
	step();
	assert_int_equal(post.count, 1);
	assert_frame(0x200, "\0", 1);
	assert_int_equal(rig_count(&rig, COUNT_SENT), 1);
	post_end(&post, &rig.device, CAN_MTU);
	assert_int_equal(rig_count(&rig, COUNT_SENT), 2);
}

/* One that was given up with the device: what is told of it later is of no frame. */
static void what_is_told_of_a_frame_that_does_not_wait_is_passed_over(void **state)
{
	make("", TWO);
	post_begin(&post, &rig.device);
	step();
	rig.device.driver->posted(&rig.device, 0, CAN_MTU);
	rig.device.driver->posted(&rig.device, 0, -ENETDOWN);
	assert_false(rig.device.is_lost);
	assert_int_equal(rig_count(&rig, COUNT_SENT), 1);
}

static void what_must_be_sent_is_though_it_did_not_change(void **state)
{
	make("", TWO);
	step();
	rig.device.must_emit = true;
	step();
	assert_int_equal(bus.count, 2);
	assert_false(rig.device.must_emit);
	step();
	assert_int_equal(bus.count, 2);
}

static void a_dry_device_sends_nothing(void **state)
{
	make("", TWO);
	rig.device.is_dry = true;
	step();
	assert_int_equal(bus.calls, 0);
}

/* What is put is what is taken, and nothing beside it changes. */
static void bits_are_put_where_they_are_taken_from(void **state)
{
	uint64_t seed = 12345;

	for (unsigned round = 0; round < 20000; round++) {
		uint8_t data[16], before[16];
		struct can_bits bits;
		uint64_t raw, mask;

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		bits = (struct can_bits){ .start = (uint32_t)(seed >> 40) % 64,
					  .length = 1 + (uint32_t)(seed >> 50) % 64,
					  .is_big = round % 2 };
		mask = bits.length == 64 ? UINT64_MAX : (UINT64_C(1) << bits.length) - 1;
		raw = seed * 3;
		if (can_bits_end(&bits) > sizeof(data)) {
			continue;
		}
		memset(data, round % 3 ? 0xff : 0, sizeof(data));
		memcpy(before, data, sizeof(data));
		can_bits_put(&bits, raw, data);
		assert_true(can_bits_take(&bits, data) == (raw & mask));
		can_bits_put(&bits, can_bits_take(&bits, before), data);
		assert_memory_equal(data, before, sizeof(data));
	}
}

static void assert_errors(const char *text, const char *expected)
{
	rig_load(&rig, text);
	assert_string_equal(rig.errors, expected);
}

static void signals_of_one_frame_share_no_bits(void **state)
{
	assert_errors(
		"d: { driver: can, out: { a: { id: 1, start: 0, length: 8, safe: 0 }, "
		"b: { id: 1, start: 7, safe: 0 } } }",
		"f:1:70: 'b': shares bits of its frame with channel 'a'\n");
}

static void sizes_and_scales_are_those_that_there_can_be(void **state)
{
	assert_errors(
		"d: { driver: can, fd: true, out: { a: { id: 1, start: 0, size: 9, "
		"scale: 0, safe: 0 } } }",
		"f:1:64: 'size': no frame has 9 bytes; the next that there is has "
		"12\n"
		"f:1:74: 'scale': values are divided by it; expected another number "
		"than 0\n");
	tear_down(NULL);
	assert_errors(
		"d: { driver: can, out: { a: { id: 1, start: 0, size: 12, fd: true, "
		"safe: 0 } } }",
		"f:1:54: 'size': 12 bytes are of CAN FD; expected fd: true of the "
		"device\n"
		"f:1:62: 'fd': the device sends classic frames; expected fd: true of "
		"the device\n");
}

static void send_is_of_outputs(void **state)
{
	assert_errors("d: { driver: can, send: { every: 1s } }",
		      "f:1:19: 'send': nothing to be sent; expected out\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(the_signals_of_one_id_are_one_frame),
		TEST(a_frame_is_sent_when_its_data_changes),
		TEST(or_each_so_often_or_both),
		TEST(an_extended_id_is_sent_as_one),
		TEST(of_multiplexed_signals_there_is_a_frame_for_each_value),
		TEST(a_long_frame_is_one_of_can_fd_of_a_length_that_there_is),
		TEST(a_queue_that_is_full_is_tried_again_with_the_newest),
		TEST(a_bus_that_goes_down_is_lost),
		TEST(a_frame_in_the_outbox_is_sent_when_that_is_told),
		TEST(a_frame_from_the_outbox_for_which_the_bus_is_full_is_tried_again),
		TEST(a_bus_that_is_found_down_by_the_outbox_is_lost),
		TEST(what_an_outbox_has_no_room_for_is_sent_at_once),
		TEST(what_is_told_of_a_frame_that_does_not_wait_is_passed_over),
		TEST(what_must_be_sent_is_though_it_did_not_change),
		TEST(a_dry_device_sends_nothing),
		cmocka_unit_test(bits_are_put_where_they_are_taken_from),
		TEST(signals_of_one_frame_share_no_bits),
		TEST(sizes_and_scales_are_those_that_there_can_be),
		TEST(send_is_of_outputs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
