/* wraps: sys_now sys_realtime */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/time_types.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "drivers/control.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

#define AHEAD_NS (INT64_C(1700000000) * NS_PER_SEC)

static int64_t now_ns;
static int64_t ahead_ns;
static unsigned reads;
static bool is_real;

int64_t __real_sys_now(void);
int64_t __wrap_sys_now(void);
int64_t __wrap_sys_now(void)
{
	reads++;
	return is_real ? __real_sys_now() : now_ns;
}

int64_t __real_sys_realtime(void);
int64_t __wrap_sys_realtime(void);
int64_t __wrap_sys_realtime(void)
{
	return is_real ? __real_sys_realtime() : now_ns + ahead_ns;
}

/* A header with up to two control messages, and the cycle in which it is read. */
struct bed {
	struct control control;
	struct cycle_time now;
	struct msghdr header;
	_Alignas(8) uint8_t data[128];
};

static struct bed bed;

static int set_up(void **state)
{
	memset(&bed, 0, sizeof(bed));
	now_ns = 100 * NS_PER_SEC;
	ahead_ns = AHEAD_NS;
	reads = 0;
	is_real = false;
	bed.header.msg_control = bed.data;
	bed.now.wake_ns = now_ns - 10;
	control_reset(&bed.control, &bed.now);
	*state = &bed;
	return 0;
}

static void add(int level, int type, const void *content, size_t bytes)
{
	struct cmsghdr head = { .cmsg_len = CMSG_LEN(bytes),
				.cmsg_level = level,
				.cmsg_type = type };
	uint8_t *at = bed.data + bed.header.msg_controllen;

	memcpy(at, &head, sizeof(head));
	memcpy(at + CMSG_LEN(0), content, bytes);
	bed.header.msg_controllen += CMSG_SPACE(bytes);
}

static void stamp(int64_t realtime_ns)
{
	struct __kernel_timespec ts = {
		.tv_sec = realtime_ns / NS_PER_SEC,
		.tv_nsec = realtime_ns % NS_PER_SEC,
	};

	bed.header.msg_controllen = 0;
	add(SOL_SOCKET, SO_TIMESTAMPNS_NEW, &ts, sizeof(ts));
}

static int64_t read_time(void)
{
	return control_time(&bed.control, &bed.header, &bed.now);
}

/* The next cycle, @ns later. */
static void step(int64_t ns)
{
	now_ns += ns;
	bed.now.cycle++;
	bed.now.wake_ns = now_ns - 10;
}

static void a_stamp_becomes_monotonic_time(void **state)
{
	step(NS_PER_SEC);
	stamp(now_ns + ahead_ns - 7000);
	assert_int_equal(read_time(), now_ns - 7000);
	stamp(now_ns + ahead_ns - 5000);
	assert_int_equal(read_time(), now_ns - 5000);
}

static void the_clocks_are_read_once_in_a_cycle(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		stamp(now_ns + ahead_ns);
		read_time();
		read_time();
		step(NS_PER_MS);
	}
	assert_int_equal(reads, 4);
}

static void without_a_stamp_it_came_at_the_wake_up(void **state)
{
	step(NS_PER_SEC);
	assert_int_equal(control_time(&bed.control, NULL, &bed.now), bed.now.wake_ns);
	assert_int_equal(read_time(), bed.now.wake_ns);
	assert_int_equal(reads, 0);
}

static void a_clock_that_was_put_back_makes_nothing_come_in_the_future(void **state)
{
	step(NS_PER_SEC);
	stamp(now_ns + ahead_ns - 100);
	ahead_ns -= 3600 * NS_PER_SEC;
	assert_int_equal(read_time(), now_ns);
}

static void a_clock_that_was_put_forward_makes_nothing_come_before_the_last(void **state)
{
	int64_t last_ns;

	step(NS_PER_SEC);
	stamp(now_ns + ahead_ns - 100);
	last_ns = read_time();
	step(NS_PER_SEC);
	stamp(now_ns + ahead_ns - 100);
	ahead_ns += 3600 * NS_PER_SEC;
	assert_int_equal(read_time(), last_ns);
	step(NS_PER_SEC);
	stamp(now_ns + ahead_ns - 100);
	assert_int_equal(read_time(), now_ns - 100);
}

static void nothing_came_before_the_socket_was_there(void **state)
{
	int64_t reset_ns;

	step(NS_PER_SEC);
	control_reset(&bed.control, &bed.now);
	reset_ns = bed.now.wake_ns;
	stamp(now_ns + ahead_ns - NS_PER_SEC);
	assert_int_equal(read_time(), reset_ns);
}

static void losses_are_counted_from_the_last_time(void **state)
{
	uint32_t all = 5;

	assert_int_equal(control_losses(&bed.control, NULL), 0);
	assert_int_equal(control_losses(&bed.control, &bed.header), 0);
	stamp(now_ns);
	add(SOL_SOCKET, SO_RXQ_OVFL, &all, sizeof(all));
	assert_int_equal(control_losses(&bed.control, &bed.header), 5);
	assert_int_equal(control_losses(&bed.control, &bed.header), 0);
	bed.control.losses = UINT32_MAX - 1;
	assert_int_equal(control_losses(&bed.control, &bed.header), 7);
	control_reset(&bed.control, &bed.now);
	assert_int_equal(control_losses(&bed.control, &bed.header), 5);
}

static void another_kind_or_level_is_passed_over(void **state)
{
	uint32_t one = 1, two = 2, got = 0;

	add(IPPROTO_IP, SO_RXQ_OVFL, &one, sizeof(one));
	add(SOL_SOCKET, SO_MARK, &one, sizeof(one));
	add(SOL_SOCKET, SO_RXQ_OVFL, &two, sizeof(two));
	assert_true(control_find(&bed.header, SO_RXQ_OVFL, &got, sizeof(got)));
	assert_int_equal(got, 2);
}

static void broken_control_data_ends_the_search(void **state)
{
	uint32_t one = 1, got = 7;
	size_t length;

	add(SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one));
	bed.header.msg_controllen -= 8;
	assert_false(control_find(&bed.header, SO_RXQ_OVFL, &got, sizeof(got)));
	bed.header.msg_controllen = 0;
	assert_false(control_find(&bed.header, SO_RXQ_OVFL, &got, sizeof(got)));
	add(SOL_SOCKET, SO_RXQ_OVFL, &one, 2);
	assert_false(control_find(&bed.header, SO_RXQ_OVFL, &got, sizeof(got)));
	for (length = 0; length < sizeof(struct cmsghdr); length++) {
		memcpy(bed.data, &length, sizeof(length));
		assert_false(control_find(&bed.header, SO_RXQ_OVFL, &got, sizeof(got)));
	}
	length = SIZE_MAX;
	memcpy(bed.data, &length, sizeof(length));
	assert_false(control_find(&bed.header, SO_RXQ_OVFL, &got, sizeof(got)));
	assert_int_equal(got, 7);
}

/* Two datagrams on the loopback, one while nobody reads. */
static void the_kernel_stamps_and_counts_when_asked(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(to);
	int in = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int small = 1;
	struct mmsghdr message = { .msg_hdr = bed.header };
	int64_t before_ns, after_ns;
	unsigned sent = 0;
	int rc;

	is_real = true;
	assert_int_equal(bind(in, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(getsockname(in, (struct sockaddr *)&to, &bytes), 0);
	assert_int_equal(connect(out, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(setsockopt(in, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	rc = control_ask(in);
	if (rc == -ENOPROTOOPT) {
		close(in);
		close(out);
		print_message("an emulator keeps SO_TIMESTAMPNS_NEW from the kernel\n");
		skip();
	}
	assert_int_equal(rc, 0);
	before_ns = __real_sys_now();
	bed.now.wake_ns = before_ns;
	for (; sent < 100; sent++) {
		assert_int_equal(sys_send(out, "x", 1), 1);
	}
	after_ns = __real_sys_now();
	control_reset(&bed.control, &bed.now);
	message.msg_hdr.msg_controllen = sizeof(bed.data);
	assert_int_equal(sys_recv_many(in, &message, 1), 1);
	bed.header.msg_controllen = message.msg_hdr.msg_controllen;
	assert_in_range(read_time(), before_ns - NS_PER_MS, after_ns + NS_PER_MS);
	while (sys_recv_many(in, &message, 1) == 1) {
		message.msg_hdr.msg_controllen = sizeof(bed.data);
	}
	assert_int_equal(sys_send(out, "x", 1), 1);
	assert_int_equal(sys_recv_many(in, &message, 1), 1);
	bed.header.msg_controllen = message.msg_hdr.msg_controllen;
	assert_in_range(control_losses(&bed.control, &bed.header), 1, 99);
	close(in);
	close(out);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stamp_becomes_monotonic_time),
		TEST(the_clocks_are_read_once_in_a_cycle),
		TEST(without_a_stamp_it_came_at_the_wake_up),
		TEST(a_clock_that_was_put_back_makes_nothing_come_in_the_future),
		TEST(a_clock_that_was_put_forward_makes_nothing_come_before_the_last),
		TEST(nothing_came_before_the_socket_was_there),
		TEST(losses_are_counted_from_the_last_time),
		TEST(another_kind_or_level_is_passed_over),
		TEST(broken_control_data_ends_the_search),
		TEST(the_kernel_stamps_and_counts_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
