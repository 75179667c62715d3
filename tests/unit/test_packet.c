#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rtloop/base/time.h"
#include "rtloop/guard/packet.h"

static int ends[2];

static int set_up(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int tear_down(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void a_packet_arrives_whole_with_its_descriptor(void **state)
{
	struct guard_packet sent = guard_packet(GUARD_HOLD), came;
	int event_fd = eventfd(5, EFD_CLOEXEC), with_fd = -1;
	eventfd_t value = 0;

	(void)state;
	sent.slot = 7;
	sent.guarded.line_count = 3;
	assert_int_equal(packet_send(ends[0], &sent, event_fd), 0);
	assert_int_equal(packet_receive(ends[1], &came, &with_fd), 0);
	assert_memory_equal(&came, &sent, sizeof(sent));
	assert_true(fcntl(with_fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(eventfd_read(with_fd, &value), 0);
	assert_int_equal(value, 5);
	close(with_fd);
	close(event_fd);
}

static void a_packet_may_come_without_one(void **state)
{
	struct guard_packet sent = guard_packet(GUARD_ASK), came;
	int with_fd = 7;

	(void)state;
	assert_int_equal(packet_send(ends[0], &sent, -1), 0);
	assert_int_equal(packet_receive(ends[1], &came, &with_fd), 0);
	assert_int_equal(with_fd, -1);
}

/* How many descriptors this process has open. */
static unsigned open_fds(void)
{
	unsigned count = 0;

	for (int i = 0; i < 64; i++) {
		count += fcntl(i, F_GETFD) >= 0;
	}
	return count;
}

static void more_descriptors_than_one_are_not_kept(void **state)
{
	struct guard_packet sent = guard_packet(GUARD_HOLD), came;
	struct iovec part = { .iov_base = &sent, .iov_len = sizeof(sent) };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))] = { 0 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	const int fds[3] = { 0, 1, 2 };
	unsigned before = open_fds();
	int with_fd = -1;

	(void)state;
	if (getenv("TEST_RUNNER")) {
		print_message(
			"an emulator keeps the descriptors that there is no room for\n");
		skip();
	}
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(header), fds, sizeof(fds));
	assert_true(sendmsg(ends[0], &message, 0) > 0);
	assert_int_equal(packet_receive(ends[1], &came, &with_fd), 0);
	close(with_fd);
	assert_int_equal(open_fds(), before);
}

static void nothing_to_receive_is_no_error_and_an_end_is_one(void **state)
{
	struct guard_packet packet = guard_packet(GUARD_ASK);
	int with_fd = -1;

	(void)state;
	assert_int_equal(packet_receive(ends[1], &packet, &with_fd), -EAGAIN);
	close(ends[0]);
	assert_int_equal(packet_receive(ends[1], &packet, &with_fd), -EPIPE);
	assert_int_equal(packet_send(ends[1], &packet, -1), -EPIPE);
}

static void what_is_no_packet_of_this_version_is_refused_with_its_descriptor(void **state)
{
	struct guard_packet packet = guard_packet(GUARD_ASK);
	unsigned before = open_fds();
	int with_fd = -1;

	(void)state;
	packet.version++;
	assert_int_equal(packet_send(ends[0], &packet, 0), 0);
	assert_int_equal(packet_receive(ends[1], &packet, &with_fd), -EPROTO);
	assert_int_equal(open_fds(), before);
	assert_int_equal(send(ends[0], "hello", 5, 0), 5);
	assert_int_equal(packet_receive(ends[1], &packet, &with_fd), -EPROTO);
}

static void a_full_queue_is_not_waited_for(void **state)
{
	const struct guard_packet packet = guard_packet(GUARD_ASK);
	int code = 0;

	(void)state;
	for (unsigned i = 0; code == 0 && i < 10000; i++) {
		code = packet_send(ends[0], &packet, -1);
	}
	assert_int_equal(code, -EAGAIN);
}

static void a_refusal_is_the_code_that_it_says(void **state)
{
	const struct guard_packet ask = guard_packet(GUARD_LET_GO);
	struct guard_packet no = guard_packet(GUARD_NO), answer;
	int with_fd = -1;

	(void)state;
	no.value = -EBUSY;
	assert_int_equal(packet_send(ends[1], &no, -1), 0);
	assert_int_equal(
		packet_exchange(ends[0], &ask, -1, NS_PER_SEC, &answer, &with_fd),
		-EBUSY);
}

static void an_answer_is_waited_for_as_long_as_stated(void **state)
{
	const struct guard_packet ask = guard_packet(GUARD_ASK);
	struct guard_packet answer;
	int with_fd = -1;

	(void)state;
	assert_int_equal(packet_exchange(ends[0], &ask, -1, NS_PER_MS, &answer, &with_fd),
			 -ETIMEDOUT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_packet_arrives_whole_with_its_descriptor, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_packet_may_come_without_one, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(more_descriptors_than_one_are_not_kept,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			nothing_to_receive_is_no_error_and_an_end_is_one, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_no_packet_of_this_version_is_refused_with_its_descriptor,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_queue_is_not_waited_for, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_refusal_is_the_code_that_it_says,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_is_waited_for_as_long_as_stated,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
