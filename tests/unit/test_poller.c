#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/options.h"
#include "rtloop/cycle/uring_poller.h"
#include "tests/fakes/kernel.h"
#include "tests/fakes/stage.h"

struct bed {
	struct stage stage;
	struct poller poller;
	struct poll_link *links[STAGE_ACTORS_MAX];
};

static struct bed bed;

/* Every test is of both kinds. */
static int kind;

static int set_up(void **state)
{
	stage_init(&bed.stage, 2);
	memset(bed.links, 0, sizeof(bed.links));
	*state = &bed;
	return poller_open(&bed.poller, kind, NULL) || poller_begin(&bed.poller);
}

/* A kernel, or whatever it runs in, may have none. */
static void need_kind(void)
{
	if (bed.poller.note.text[0] != '\0') {
		print_message("%s\n", bed.poller.note.text);
		skip();
	}
}

static int tear_down(void **state)
{
	for (unsigned i = 0; i < STAGE_ACTORS_MAX; i++) {
		if (bed.links[i]) {
			poller_detach(&bed.poller, bed.links[i]);
		}
		poll_link_destroy(bed.links[i]);
	}
	poller_close(&bed.poller);
	stage_fini(&bed.stage);
	return 0;
}

/* Bind all devices and take those with endpoints into the scan. */
static void begin(void)
{
	need_kind();
	stage_raise(&bed.stage);
	for (unsigned i = 0; i < bed.stage.count; i++) {
		struct device *device = &bed.stage.devices[i];

		if (bed.stage.actors[i].endpoint_count > 0) {
			bed.links[i] = actor_open(device);
			assert_int_equal(poller_equip(&bed.poller, bed.links[i]), 0);
			device->link = &bed.links[i]->link;
			assert_int_equal(
				bed.poller.ops->attach(&bed.poller, bed.links[i]), 0);
		}
	}
}

static void scan(void)
{
	bed.poller.ops->scan(&bed.poller, &bed.stage.now);
	stage_step(&bed.stage, NS_PER_MS);
}

/* What the kernel would still report of this poller. */
static int reported(void)
{
	struct epoll_event events[8];

#ifdef HAVE_IO_URING
	if (kind == POLLER_URING) {
		uring_run(bed.poller.uring);
		return (int)bed.poller.uring->listed_count;
	}
#endif
	return sys_epoll_wait(bed.poller.epoll_fd, events, 8, 0);
}

static int make_pipe(int *ret_write_fd)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	*ret_write_fd = fds[1];
	return fds[0];
}

static int make_pair(int type, int *ret_other_fd)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, fds), 0);
	*ret_other_fd = fds[1];
	return fds[0];
}

static void put(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void put_many(int fd, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char text[8];

		snprintf(text, sizeof(text), "%03u", i);
		put(fd, text);
	}
}

static void assert_heard(const struct actor *actor, unsigned index, const char *text)
{
	assert_in_range(actor->heard_count, index + 1, ACTOR_HEARD_MAX);
	assert_int_equal(actor->heard[index].bytes, strlen(text));
	assert_memory_equal(actor->heard[index].data, text, strlen(text));
}

static void a_stream_is_read_once_a_cycle_and_no_more_than_its_size(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	actor_endpoint(actor, make_pipe(&other), ENDPOINT_READ, 4, 1);
	begin();
	put(other, "abcdefghij");
	scan();
	assert_int_equal(actor->heard_count, 1);
	scan();
	scan();
	scan();
	assert_int_equal(actor->heard_count, 3);
	assert_heard(actor, 0, "abcd");
	assert_heard(actor, 1, "efgh");
	assert_heard(actor, 2, "ij");
	close(other);
}

static void without_room_bytes_stay_unread_and_come_later(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	actor_endpoint(actor, make_pipe(&other), ENDPOINT_READ, 64, 1);
	begin();
	put(other, "abcdef");
	actor->room = 0;
	scan();
	scan();
	assert_int_equal(actor->heard_count, 0);
	actor->room = 2;
	scan();
	assert_heard(actor, 0, "ab");
	actor->room = UINT32_MAX;
	scan();
	assert_heard(actor, 1, "cdef");
	close(other);
}

static void without_a_room_slot_all_is_taken(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	actor->room = 0;
	actor->driver.room = NULL;
	actor_endpoint(actor, make_pipe(&other), ENDPOINT_READ, 64, 1);
	begin();
	put(other, "abcdef");
	scan();
	assert_heard(actor, 0, "abcdef");
	close(other);
}

static void messages_are_taken_up_to_the_budget_and_the_rest_comes_later(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	actor_endpoint(actor, make_pair(SOCK_DGRAM, &other), ENDPOINT_RECV, 16, 4);
	begin();
	put_many(other, 6);
	scan();
	assert_int_equal(actor->heard_count, 4);
	assert_int_equal(stage_count(&bed.stage, 0, COUNT_FLOODED), 1);
	scan();
	assert_int_equal(actor->heard_count, 6);
	assert_heard(actor, 3, "003");
	assert_heard(actor, 5, "005");
	assert_int_equal(stage_count(&bed.stage, 0, COUNT_FLOODED), 1);
	close(other);
}

static void a_flood_leaves_every_other_device_its_turn(void **state)
{
	struct actor *flooded = &bed.stage.actors[0], *quiet = &bed.stage.actors[1];
	int flood, other;

	actor_endpoint(flooded, make_pair(SOCK_DGRAM, &flood), ENDPOINT_RECV, 16, 2);
	actor_endpoint(quiet, make_pair(SOCK_DGRAM, &other), ENDPOINT_RECV, 16, 2);
	begin();
	for (unsigned i = 1; i <= 50; i++) {
		while (write(flood, "x", 1) == 1) {
		}
		put(other, "y");
		scan();
		assert_int_equal(flooded->heard_count, 2 * i);
		assert_int_equal(quiet->heard_count, i);
	}
	assert_int_equal(stage_count(&bed.stage, 0, COUNT_FLOODED), 50);
	assert_int_equal(stage_count(&bed.stage, 1, COUNT_FLOODED), 0);
	close(flood);
	close(other);
}

static void a_message_that_is_too_long_is_flagged_and_the_next_is_not(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	actor_endpoint(actor, make_pair(SOCK_DGRAM, &other), ENDPOINT_RECV, 8, 4);
	begin();
	put(other, "123456789");
	put(other, "12345678");
	scan();
	assert_heard(actor, 0, "12345678");
	assert_true(actor->heard[0].is_truncated);
	assert_heard(actor, 1, "12345678");
	assert_false(actor->heard[1].is_truncated);
	close(other);
}

static int make_udp(struct sockaddr_in *ret_address)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, bytes), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
	*ret_address = address;
	return fd;
}

static void send_to(int fd, const struct sockaddr_in *address, const char *text)
{
	assert_int_equal(sendto(fd, text, strlen(text), 0,
				(const struct sockaddr *)address, sizeof(*address)),
			 (ssize_t)strlen(text));
}

static uint16_t port_of(const struct heard *heard)
{
	const struct sockaddr_in *address = (const struct sockaddr_in *)&heard->from;

	assert_true(heard->has_from);
	assert_int_equal(address->sin_family, AF_INET);
	return ntohs(address->sin_port);
}

static void recvmsg_gives_each_message_its_own_sender(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct sockaddr_in mine, first, second;
	int a = make_udp(&first), b = make_udp(&second);

	actor_endpoint(actor, make_udp(&mine), ENDPOINT_RECVMSG, 16, 4);
	begin();
	for (unsigned round = 0; round < 3; round++) {
		actor->heard_count = 0;
		send_to(a, &mine, "a");
		send_to(b, &mine, "b");
		send_to(a, &mine, "c");
		scan();
		assert_int_equal(actor->heard_count, 3);
		assert_int_equal(port_of(&actor->heard[0]), ntohs(first.sin_port));
		assert_int_equal(port_of(&actor->heard[1]), ntohs(second.sin_port));
		assert_int_equal(port_of(&actor->heard[2]), ntohs(first.sin_port));
	}
	close(a);
	close(b);
}

static void recv_gives_neither_sender_nor_header(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct sockaddr_in mine, first;
	int a = make_udp(&first);

	actor_endpoint(actor, make_udp(&mine), ENDPOINT_RECV, 16, 4);
	begin();
	send_to(a, &mine, "a");
	scan();
	assert_heard(actor, 0, "a");
	assert_false(actor->heard[0].has_from || actor->heard[0].has_header);
	close(a);
}

static void control_data_comes_with_each_message_that_has_it(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct sockaddr_in mine, first;
	int a = make_udp(&first), fd = make_udp(&mine), on = 1;

	need_receive_stamps();
	actor_endpoint(actor, fd, ENDPOINT_RECVMSG, 16, 2);
	begin();
	send_to(a, &mine, "without");
	scan();
	assert_int_equal(actor->heard[0].control_bytes, 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)), 0);
	for (unsigned i = 1; i < 4; i++) {
		send_to(a, &mine, "with");
		scan();
		assert_int_equal(actor->heard[i].control_bytes,
				 CMSG_SPACE(sizeof(struct timespec)));
	}
	close(a);
}

static int make_named(const char *name, struct sockaddr_un *ret_address)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	/* abstract: begins with a zero, fills the whole array */
	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "rtloop %d %s",
		 (int)getpid(), name);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	*ret_address = address;
	return fd;
}

static void a_sender_without_a_name_is_not_taken_for_the_one_before(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct sockaddr_un mine, named;
	int a = make_named("a", &named);
	int nameless = socket(AF_UNIX, SOCK_DGRAM, 0);

	actor_endpoint(actor, make_named("mine", &mine), ENDPOINT_RECVMSG, 16, 2);
	begin();
	assert_int_equal(sendto(a, "a", 1, 0, (struct sockaddr *)&mine, sizeof(mine)), 1);
	scan();
	assert_true(actor->heard[0].has_from);
	assert_int_equal(
		sendto(nameless, "n", 1, 0, (struct sockaddr *)&mine, sizeof(mine)), 1);
	scan();
	assert_heard(actor, 1, "n");
	assert_false(actor->heard[1].has_from);
	close(a);
	close(nameless);
}

/* A queue with a name that is gone already; the kernel may have none. */
static mqd_t make_queue(void)
{
	struct mq_attr attr = { .mq_maxmsg = 8, .mq_msgsize = 16 };
	char name[32];
	mqd_t queue;

	snprintf(name, sizeof(name), "/rtloop_test_%d", (int)getpid());
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &attr);
	if (queue == (mqd_t)-1) {
		print_message("no message queue: %s\n", strerror(errno));
		skip();
	}
	mq_unlink(name);
	return queue;
}

static void queue_many(mqd_t queue, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char text[8];

		snprintf(text, sizeof(text), "%03u", i);
		assert_int_equal(mq_send(queue, text, 3, 0), 0);
	}
}

static void a_queue_is_taken_up_to_the_budget_and_the_rest_comes_later(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	mqd_t queue = make_queue();

	actor_endpoint(actor, queue, ENDPOINT_MQ, 16, 4);
	begin();
	queue_many(queue, 6);
	scan();
	assert_int_equal(actor->heard_count, 4);
	assert_int_equal(stage_count(&bed.stage, 0, COUNT_FLOODED), 1);
	scan();
	scan();
	assert_int_equal(actor->heard_count, 6);
	assert_heard(actor, 5, "005");
	assert_int_equal(stage_count(&bed.stage, 0, COUNT_FLOODED), 1);
}

static void a_queue_of_longer_messages_is_an_error_of_the_endpoint(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	mqd_t queue = make_queue();

	actor_endpoint(actor, queue, ENDPOINT_MQ, 8, 4);
	begin();
	queue_many(queue, 1);
	scan();
	assert_int_equal(actor->heard_count, 0);
	assert_int_equal(actor->ended_code, -EMSGSIZE);
	assert_true(bed.stage.devices[0].is_lost);
}

/* In packet mode each write is a record that one read takes whole. */
static int make_records(int *ret_write_fd)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_NONBLOCK | O_DIRECT), 0);
	*ret_write_fd = fds[1];
	return fds[0];
}

static void records_are_taken_one_by_one_up_to_the_budget(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	actor_endpoint(actor, make_records(&other), ENDPOINT_RECORD, 16, 4);
	begin();
	put_many(other, 6);
	scan();
	assert_int_equal(actor->heard_count, 4);
	assert_heard(actor, 0, "000");
	assert_heard(actor, 3, "003");
	assert_int_equal(stage_count(&bed.stage, 0, COUNT_FLOODED), 1);
	scan();
	scan();
	assert_int_equal(actor->heard_count, 6);
	assert_heard(actor, 5, "005");
	assert_int_equal(stage_count(&bed.stage, 0, COUNT_FLOODED), 1);
	close(other);
}

static void the_end_of_the_records_is_told_after_the_last_one(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	actor_endpoint(actor, make_records(&other), ENDPOINT_RECORD, 16, 4);
	begin();
	actor->ended_code = -1;
	put(other, "last");
	close(other);
	scan();
	assert_int_equal(actor->heard_count, 1);
	assert_heard(actor, 0, "last");
	assert_int_equal(actor->ended_code, 0);
	assert_true(bed.stage.devices[0].is_lost);
}

static void a_device_lost_by_a_message_is_given_no_more_of_them(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	actor->loses = true;
	actor->lose_in = CALL_RECEIVE;
	actor->lose_code = -EPROTO;
	actor_endpoint(actor, make_pair(SOCK_DGRAM, &other), ENDPOINT_RECV, 16, 4);
	begin();
	put_many(other, 4);
	scan();
	scan();
	assert_int_equal(actor->heard_count, 1);
	close(other);
}

static void a_device_lost_by_a_message_of_its_queue_is_given_no_more_of_them(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	mqd_t queue = make_queue();

	actor->loses = true;
	actor->lose_in = CALL_RECEIVE;
	actor->lose_code = -EPROTO;
	actor_endpoint(actor, queue, ENDPOINT_MQ, 16, 4);
	begin();
	queue_many(queue, 4);
	scan();
	assert_int_equal(actor->heard_count, 1);
}

static void other_endpoints_of_a_lost_device_are_not_read_in_the_same_scan(void **state)
{
	struct actor *actor = &bed.stage.actors[0], *alive = &bed.stage.actors[1];
	int a, b, c;

	actor->loses = true;
	actor->lose_in = CALL_RECEIVE;
	actor->lose_code = -EPROTO;
	actor_endpoint(actor, make_pipe(&a), ENDPOINT_READ, 16, 1);
	actor_endpoint(actor, make_pipe(&b), ENDPOINT_READ, 16, 1);
	actor_endpoint(alive, make_pipe(&c), ENDPOINT_READ, 16, 1);
	begin();
	put(a, "a");
	put(b, "b");
	put(c, "c");
	scan();
	assert_int_equal(actor->heard_count, 1);
	assert_int_equal(alive->heard_count, 1);
	close(a);
	close(b);
	close(c);
}

static void without_a_hang_up_slot_the_end_of_a_stream_loses_the_device(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	actor->driver.hang_up = NULL;
	actor_endpoint(actor, make_pipe(&other), ENDPOINT_READ, 16, 1);
	begin();
	put(other, "last");
	close(other);
	scan();
	assert_heard(actor, 0, "last");
	assert_false(bed.stage.devices[0].is_lost);
	scan();
	assert_true(bed.stage.devices[0].is_lost);
	assert_int_equal(bed.stage.devices[0].lost_code, 0);
}

static void the_end_of_a_stream_is_told_as_0_of_its_endpoint(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int a, b;

	actor->ended_code = 1;
	actor_endpoint(actor, make_pipe(&a), ENDPOINT_READ, 16, 1);
	actor_endpoint(actor, make_pipe(&b), ENDPOINT_READ, 16, 1);
	begin();
	close(b);
	scan();
	assert_int_equal(actor_calls(actor, CALL_HANG_UP), 1);
	assert_int_equal(actor->ended_tag, 1);
	assert_int_equal(actor->ended_code, 0);
	assert_true(bed.stage.devices[0].is_lost);
	close(a);
}

static void a_dropped_endpoint_leaves_the_scan_and_the_device_goes_on(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int a, b;

	actor->verdict = VERDICT_DROP;
	actor_endpoint(actor, make_pipe(&a), ENDPOINT_READ, 16, 1);
	actor_endpoint(actor, make_pipe(&b), ENDPOINT_READ, 16, 1);
	begin();
	close(b);
	scan();
	assert_int_equal(reported(), 0);
	put(a, "on");
	scan();
	assert_int_equal(actor_calls(actor, CALL_HANG_UP), 1);
	assert_heard(actor, 0, "on");
	assert_false(bed.stage.devices[0].is_lost);
	close(a);
}

static void an_endpoint_that_is_kept_is_read_again(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	actor->verdict = VERDICT_KEEP;
	actor_endpoint(actor, make_pipe(&other), ENDPOINT_READ, 16, 1);
	begin();
	close(other);
	scan();
	scan();
	assert_int_equal(actor_calls(actor, CALL_HANG_UP), 2);
	assert_false(bed.stage.devices[0].is_lost);
}

static void a_refused_datagram_is_told_and_the_next_one_arrives(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct sockaddr_in mine, theirs;
	int fd = make_udp(&mine), other = make_udp(&theirs);

	assert_int_equal(connect(fd, (struct sockaddr *)&theirs, sizeof(theirs)), 0);
	close(other);
	actor->verdict = VERDICT_KEEP;
	actor_endpoint(actor, fd, ENDPOINT_RECV, 16, 4);
	begin();
	put(fd, "anyone?");
	scan();
	assert_int_equal(actor->ended_code, -ECONNREFUSED);
	other = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(other, (struct sockaddr *)&theirs, sizeof(theirs)), 0);
	send_to(other, &mine, "yes");
	scan();
	assert_heard(actor, 0, "yes");
	assert_int_equal(actor_calls(actor, CALL_HANG_UP), 1);
	close(other);
}

static void the_end_of_a_connection_of_messages_is_no_flood_of_empty_ones(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	actor->ended_code = 1;
	actor_endpoint(actor, make_pair(SOCK_SEQPACKET, &other), ENDPOINT_RECV, 16, 4);
	begin();
	assert_int_equal(send(other, "", 0, 0), 0);
	scan();
	assert_int_equal(actor->heard_count, 1); /* an empty message is one */
	put(other, "last");
	close(other);
	scan();
	assert_heard(actor, 1, "last");
	assert_int_equal(actor->heard_count, 2);
	assert_int_equal(actor->ended_code, 0);
	assert_true(bed.stage.devices[0].is_lost);
	assert_int_equal(stage_count(&bed.stage, 0, COUNT_FLOODED), 0);
}

static void a_side_that_only_stops_sending_is_seen_to_have_ended(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	actor->verdict = VERDICT_DROP;
	actor_endpoint(actor, make_pair(SOCK_SEQPACKET, &other), ENDPOINT_RECV, 16, 4);
	begin();
	assert_int_equal(shutdown(other, SHUT_WR), 0);
	scan();
	scan();
	assert_int_equal(actor->heard_count, 0);
	assert_int_equal(actor_calls(actor, CALL_HANG_UP), 1);
	close(other);
}

static void a_device_that_is_not_due_is_not_read(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	actor->spec.every = 3;
	actor_endpoint(actor, make_pipe(&other), ENDPOINT_READ, 1, 1);
	begin();
	bed.stage.devices[0].phase = 1;
	put(other, "abcdef");
	for (unsigned cycle = 0; cycle < 9; cycle++) {
		scan();
		assert_int_equal(actor->heard_count, (cycle + 2) / 3);
	}
	close(other);
}

static void what_is_detached_is_not_reported_though_it_hangs(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int a, b;

	actor_endpoint(actor, make_pipe(&a), ENDPOINT_READ, 16, 1);
	actor_endpoint(actor, make_pair(SOCK_SEQPACKET, &b), ENDPOINT_RECV, 16, 1);
	begin();
	close(a);
	close(b);
	assert_int_equal(reported(), 2);
	poller_detach(&bed.poller, bed.links[0]);
	assert_int_equal(reported(), 0);
	poller_detach(&bed.poller, bed.links[0]);
	assert_int_equal(bed.poller.polled_count, 0);
}

static void an_attach_that_fails_leaves_nothing_attached(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	actor_endpoint(actor, make_pipe(&other), ENDPOINT_READ, 16, 1);
	actor_endpoint(actor, memfd_create("regular", 0), ENDPOINT_READ, 16, 1);
	need_kind();
	stage_raise(&bed.stage);
	bed.links[0] = actor_open(&bed.stage.devices[0]);
	assert_int_equal(poller_equip(&bed.poller, bed.links[0]), 0);
	put(other, "x");
	assert_int_equal(bed.poller.ops->attach(&bed.poller, bed.links[0]), -EPERM);
	assert_int_equal(bed.poller.polled_count, 0);
	assert_int_equal(reported(), 0);
	close(other);
}

/* Of one link: long messages with a sender, many short ones, and a stream. */
static void endpoints_of_different_sizes_share_one_buffer(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct sockaddr_in mine, theirs;
	int a = make_udp(&theirs), b, c;

	actor_endpoint(actor, make_udp(&mine), ENDPOINT_RECVMSG, 40, 3);
	actor_endpoint(actor, make_pair(SOCK_DGRAM, &b), ENDPOINT_RECV, 4, 8);
	actor_endpoint(actor, make_pipe(&c), ENDPOINT_READ, 64, 1);
	begin();
	for (unsigned round = 0; round < 4; round++) {
		actor->heard_count = 0;
		send_to(a, &mine, "a message of thirty characters");
		send_to(a, &mine, "another");
		scan();
		put_many(b, 5);
		put(b, "longer");
		scan();
		put(c, "a stream");
		scan();
		assert_int_equal(actor->heard_count, 9);
		assert_heard(actor, 0, "a message of thirty characters");
		assert_heard(actor, 1, "another");
		assert_int_equal(port_of(&actor->heard[1]), ntohs(theirs.sin_port));
		for (unsigned i = 0; i < 5; i++) {
			char text[8];

			snprintf(text, sizeof(text), "%03u", i);
			assert_heard(actor, 2 + i, text);
			assert_false(actor->heard[2 + i].has_from ||
				     actor->heard[2 + i].is_truncated);
		}
		assert_heard(actor, 7, "long");
		assert_true(actor->heard[7].is_truncated);
		assert_heard(actor, 8, "a stream");
		assert_int_equal(actor->heard[8].tag, 2);
	}
	close(a);
	close(b);
	close(c);
}

static void all_are_ready_at_once_and_all_are_read(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct sockaddr_in mine, theirs;
	int a = make_udp(&theirs), b, c;

	actor_endpoint(actor, make_udp(&mine), ENDPOINT_RECVMSG, 8, 2);
	actor_endpoint(actor, make_pair(SOCK_DGRAM, &b), ENDPOINT_RECV, 16, 3);
	actor_endpoint(actor, make_pipe(&c), ENDPOINT_READ, 2, 1);
	begin();
	for (unsigned round = 1; round < 10; round++) {
		send_to(a, &mine, "12345678");
		put(b, "1234567890abcdef");
		put(c, "xy");
		scan();
		assert_int_equal(actor->heard_count, 3 * round);
		for (unsigned i = 3 * (round - 1); i < 3 * round; i++) {
			const struct heard *heard = &actor->heard[i];

			assert_int_equal(heard->bytes, heard->tag == 0	 ? 8
						       : heard->tag == 1 ? 16
									 : 2);
			assert_false(heard->is_truncated);
		}
	}
	close(a);
	close(b);
	close(c);
}

static void without_a_descriptor_to_be_had_opening_says_so(void **state)
{
	struct fd_limit limit = fd_limit_to_none();
	struct poller poller;
	struct err err = { .text = "" };
	int code = poller_open(&poller, kind, &err);

	fd_limit_restore(limit);
	assert_int_equal(code, -EMFILE);
	assert_string_not_equal(err.text, "");
	poller_close(&poller);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int choose_uring(void **state)
{
	kind = POLLER_URING;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_is_read_once_a_cycle_and_no_more_than_its_size),
		TEST(without_room_bytes_stay_unread_and_come_later),
		TEST(without_a_room_slot_all_is_taken),
		TEST(messages_are_taken_up_to_the_budget_and_the_rest_comes_later),
		TEST(a_flood_leaves_every_other_device_its_turn),
		TEST(a_message_that_is_too_long_is_flagged_and_the_next_is_not),
		TEST(recvmsg_gives_each_message_its_own_sender),
		TEST(recv_gives_neither_sender_nor_header),
		TEST(control_data_comes_with_each_message_that_has_it),
		TEST(a_sender_without_a_name_is_not_taken_for_the_one_before),
		TEST(a_queue_is_taken_up_to_the_budget_and_the_rest_comes_later),
		TEST(a_queue_of_longer_messages_is_an_error_of_the_endpoint),
		TEST(records_are_taken_one_by_one_up_to_the_budget),
		TEST(the_end_of_the_records_is_told_after_the_last_one),
		TEST(a_device_lost_by_a_message_is_given_no_more_of_them),
		TEST(a_device_lost_by_a_message_of_its_queue_is_given_no_more_of_them),
		TEST(other_endpoints_of_a_lost_device_are_not_read_in_the_same_scan),
		TEST(without_a_hang_up_slot_the_end_of_a_stream_loses_the_device),
		TEST(the_end_of_a_stream_is_told_as_0_of_its_endpoint),
		TEST(a_dropped_endpoint_leaves_the_scan_and_the_device_goes_on),
		TEST(an_endpoint_that_is_kept_is_read_again),
		TEST(a_refused_datagram_is_told_and_the_next_one_arrives),
		TEST(the_end_of_a_connection_of_messages_is_no_flood_of_empty_ones),
		TEST(a_side_that_only_stops_sending_is_seen_to_have_ended),
		TEST(a_device_that_is_not_due_is_not_read),
		TEST(what_is_detached_is_not_reported_though_it_hangs),
		TEST(an_attach_that_fails_leaves_nothing_attached),
		TEST(endpoints_of_different_sizes_share_one_buffer),
		TEST(all_are_ready_at_once_and_all_are_read),
		TEST(without_a_descriptor_to_be_had_opening_says_so),
	};

	return cmocka_run_group_tests_name("epoll", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("uring", tests, choose_uring, NULL);
}
