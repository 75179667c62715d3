/*
 * What the poller uring has beyond what test_poller tests of both kinds.
 *
 * wraps: sys_uring_setup sys_uring_enter sys_uring_register sys_epoll_wait sys_epoll_ctl sys_read
 * wraps: sys_recv_many sys_set_blocking sys_is_hung_up
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/options.h"
#include "rtloop/cycle/pacer.h"
#include "rtloop/cycle/seat.h"
#include "rtloop/cycle/uring_poller.h"
#include "tests/fakes/ring_bed.h"

/* --- the kernel, as the test wants it ---------------------------------------------------------------- */

static int setup_code;		      /* 0: the kernel's own answer */
static int register_code, enter_code; /* likewise */
static unsigned enters;

int __real_sys_uring_setup(unsigned entries, void *params);
int __wrap_sys_uring_setup(unsigned entries, void *params);
int __wrap_sys_uring_setup(unsigned entries, void *params)
{
	return setup_code ? setup_code : __real_sys_uring_setup(entries, params);
}

int __real_sys_uring_enter(int fd, unsigned submitted, unsigned least, unsigned flags,
			   const void *argument);
int __wrap_sys_uring_enter(int fd, unsigned submitted, unsigned least, unsigned flags,
			   const void *argument);
int __wrap_sys_uring_enter(int fd, unsigned submitted, unsigned least, unsigned flags,
			   const void *argument)
{
	enters++;
	return enter_code ? enter_code
			  : __real_sys_uring_enter(fd, submitted, least, flags, argument);
}

/* Every other call that reading could make. */
static unsigned others;

#define COUNTED(type, name, parameters, arguments)                                       \
	type __real_##name parameters;                                                   \
	type __wrap_##name parameters;                                                   \
	type __wrap_##name parameters                                                    \
	{                                                                                \
		others++;                                                                \
		return __real_##name arguments;                                          \
	}

int __real_sys_uring_register(int fd, unsigned op, void *argument, unsigned count);
int __wrap_sys_uring_register(int fd, unsigned op, void *argument, unsigned count);
int __wrap_sys_uring_register(int fd, unsigned op, void *argument, unsigned count)
{
	others++;
	return register_code ? register_code
			     : __real_sys_uring_register(fd, op, argument, count);
}

COUNTED(int, sys_epoll_wait,
	(int epoll_fd, struct epoll_event *events, int capacity, int timeout_ms),
	(epoll_fd, events, capacity, timeout_ms))
COUNTED(int, sys_epoll_ctl, (int epoll_fd, int op, int fd, struct epoll_event *event),
	(epoll_fd, op, fd, event))
COUNTED(ssize_t, sys_read, (int fd, void *data, size_t bytes), (fd, data, bytes))
COUNTED(int, sys_recv_many, (int fd, struct mmsghdr *messages, unsigned count),
	(fd, messages, count))
COUNTED(int, sys_set_blocking, (int fd, bool is_blocking), (fd, is_blocking))
COUNTED(bool, sys_is_hung_up, (int fd), (fd))

/* --- without io_uring -------------------------------------------------------------------------------- */

static void refused_by(const char *word)
{
	struct poller poller;
	struct err note = { .text = "" };

	assert_int_equal(poller_open(&poller, POLLER_URING, NULL), 0);
	assert_string_equal(poller.ops->name, "epoll");
	assert_non_null(strstr(poller.note.text, word));
	assert_null(poller.outbox);
	assert_int_equal(pacer_choose(PACER_URING, poller_ring(&poller), &note),
			 PACER_NANOSLEEP);
	assert_non_null(strstr(note.text, word));
	poller_close(&poller);
}

static void setup_refused_by(int code, const char *word)
{
	setup_code = code;
	refused_by(word);
	setup_code = 0;
}

static void where_it_is_refused_epoll_and_nanosleep_serve_and_say_why(void **state)
{
	setup_refused_by(-EPERM, "seccomp");
	setup_refused_by(-ENOSYS, "no io_uring");
	setup_refused_by(-EINVAL, "6.1");
	setup_refused_by(-ENOMEM, "Cannot allocate memory");
}

#ifdef HAVE_IO_URING
static void where_a_ring_can_be_made_and_not_used_they_serve_and_say_why(void **state)
{
	struct uring ring;
	struct err why;

	if (uring_open(&ring, 1, 2, &why)) {
		print_message("%s\n", why.text);
		skip();
	}
	uring_close(&ring);
	register_code = -EPERM;
	refused_by("not used: Operation not permitted");
	register_code = 0;
	enter_code = -ENOSYS;
	refused_by("not used: Function not implemented");
	enter_code = 0;
}
#endif

static void what_is_not_asked_for_is_not_chosen_and_no_note_is_left(void **state)
{
	struct poller poller;
	struct err note = { .text = "" };

	setup_code = -EPERM;
	assert_int_equal(poller_open(&poller, POLLER_EPOLL, NULL), 0);
	assert_string_equal(poller.note.text, "");
	assert_int_equal(pacer_choose(PACER_TIMERFD, NULL, &note), PACER_TIMERFD);
	assert_string_equal(note.text, "");
	poller_close(&poller);
	setup_code = 0;
}

#ifdef HAVE_IO_URING

/* What a line was sent takes its way through a kernel thread. */
static void scan_until_heard(const struct actor *actor, unsigned count)
{
	int64_t end_ns = sys_now() + 60 * NS_PER_SEC;

	do {
		bed_scan();
	} while (actor->heard_count < count && sys_now() < end_ns);
	assert_int_equal(actor->heard_count, count);
}

/* --- what the ring is for ---------------------------------------------------------------------------- */

static int result_of(uint8_t op, uint8_t flags)
{
	struct uring *ring = poller_ring(&bed.poller);
	struct io_uring_sqe *sqe = uring_next(ring);
	const struct io_uring_cqe *cqe;
	int result;

	sqe->opcode = op;
	sqe->flags = flags;
	sqe->fd = -1;
	assert_int_equal(uring_enter(ring), 0);
	cqe = uring_peek(ring);
	assert_non_null(cqe);
	result = cqe->res;
	uring_seen(ring);
	return result;
}

/* A filter of the thread's calls cannot look into the ring. */
static void what_is_never_submitted_is_refused_by_the_ring(void **state)
{
	int event = -1;
	const struct uring *ring;

	bed_begin();
	ring = poller_ring(&bed.poller);
	assert_int_equal(result_of(IORING_OP_NOP, 0), 0);
	assert_int_equal(result_of(IORING_OP_WRITE, 0), -EBADF);
	assert_int_equal(result_of(IORING_OP_OPENAT, 0), -EACCES);
	assert_int_equal(result_of(IORING_OP_CONNECT, 0), -EACCES);
	assert_int_equal(result_of(IORING_OP_NOP, IOSQE_ASYNC), -EACCES);
	assert_int_equal(sys_uring_register(ring->fd, IORING_REGISTER_EVENTFD, &event, 1),
			 -EACCES);
}

static void more_limits_than_there_is_room_for_are_told(void **state)
{
	static const uint8_t ops[URING_LIMITS_MAX + 1];
	const struct uring_limits limits = { .ops = ops, .op_count = ARRAY_SIZE(ops) };
	struct uring ring;

	bed_begin();
	assert_int_equal(uring_open(&ring, 1, 2, NULL), 0);
	assert_int_equal(uring_begin(&ring, &limits), -E2BIG);
	assert_int_equal(uring_begin(&ring, NULL), 0);
	uring_close(&ring);
}

#define PLACES_OF_A_THREAD 16

/* Counts those that had a place, and could be used both with it and without. */
static void *begin_and_end_many(void *counted)
{
	unsigned *count = counted;
	struct uring ring;

	for (unsigned i = 0; i <= PLACES_OF_A_THREAD; i++) {
		if (uring_open(&ring, 1, 2, NULL) || uring_begin(&ring, NULL)) {
			break;
		}
		*count += ring.enter_flags != 0 && uring_enter(&ring) == 0;
		uring_end(&ring);
		*count += ring.enter_flags == 0 && uring_enter(&ring) == 0;
		uring_close(&ring);
	}
	return NULL;
}

/* In a thread of its own, since a ring with limits keeps its place. */
static void a_ring_that_has_ended_leaves_its_place_to_another(void **state)
{
	unsigned count = 0;
	pthread_t thread;

	bed_begin();
	assert_int_equal(pthread_create(&thread, NULL, begin_and_end_many, &count), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(count, 2 * (PLACES_OF_A_THREAD + 1));
}

/* --- reading ----------------------------------------------------------------------------------------- */

static void what_is_idle_costs_no_call(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	actor_endpoint(actor, bed_pair(SOCK_STREAM, &other), ENDPOINT_READ, 64, 1);
	bed_begin();
	enters = 0;
	for (unsigned i = 0; i < 100; i++) {
		bed_scan();
	}
	assert_int_equal(enters, 0);
	bed_put(other, "x");
	bed_scan();
	bed_assert_heard(0, 0, "x");
	assert_int_equal(enters, 1);
	close(other);
}

/* The wait ends before the tail, and has read what came until then; what comes in the tail takes a call. */
static void what_came_before_a_tail_lies_in_memory_at_the_release(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct pacer pacer;
	int other;

	actor_endpoint(actor, bed_pair(SOCK_STREAM, &other), ENDPOINT_READ, 64, 1);
	bed_begin();
	if (pacer_choose(PACER_URING, poller_ring(&bed.poller), NULL) != PACER_URING) {
		print_message("this takes Linux 6.12\n");
		skip();
	}
	assert_int_equal(pacer_open(&pacer, PACER_URING, 100 * NS_PER_US,
				    poller_ring(&bed.poller), NULL),
			 0);
	enters = 0;
	bed_put(other, "early");
	pacer_wait(&pacer, sys_now() + NS_PER_MS);
	bed_scan();
	assert_int_equal(enters, 1);
	bed_assert_heard(0, 0, "early");
	pacer_wait(&pacer, sys_now() + NS_PER_MS);
	bed_put(other, "late");
	bed_scan();
	assert_int_equal(enters, 3);
	bed_assert_heard(0, 1, "late");
	pacer_close(&pacer);
	close(other);
}

/* As the pacer does: all that arrived is there when the wait is over, by that one call. */
static void one_wait_brings_all_that_arrived_and_hands_over_what_was_written(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct letter letter = { .data = "out", .bytes = 3, .is_socket = true };
	struct pacer pacer;
	char text[8];
	int other;

	actor_endpoint(actor, bed_pair(SOCK_STREAM, &other), ENDPOINT_READ, 64, 1);
	bed_begin();
	if (pacer_choose(PACER_URING, poller_ring(&bed.poller), NULL) != PACER_URING) {
		print_message("this takes Linux 6.12\n");
		skip();
	}
	poller_pace(&bed.poller, true);
	assert_int_equal(
		pacer_open(&pacer, PACER_URING, 0, poller_ring(&bed.poller), NULL), 0);
	letter.fd = actor->endpoints[0].fd;
	for (unsigned i = 0; i < 50; i++) {
		int64_t release_ns = sys_now() + NS_PER_MS;

		enters = 0;
		bed_put(other, "in");
		assert_int_equal(outbox_send(&bed.stage.devices[0], &letter),
				 LETTER_QUEUED);
		poller_flush(&bed.poller, false);
		assert_int_equal(enters, 0);
		assert_true(pacer_wait(&pacer, release_ns) >= release_ns);
		bed_scan();
		assert_int_equal(enters, 1);
		assert_int_equal(actor->heard_count, i + 1);
		assert_int_equal(bed.posted_count, i + 1);
		assert_int_equal(bed.posted[i].result, 3);
		assert_int_equal(read(other, text, sizeof(text)), 3);
	}
	pacer_close(&pacer);
	close(other);
}

static struct blame blame;
static struct blame_worst worst_before[2]; /* each device was given something */

static void note_blamed(struct device *device, const struct message *message,
			const struct cycle_time *now)
{
	assert_int_equal(blame.device, device->index);
	assert_int_equal(blame.call, BLAME_RECEIVE);
	worst_before[device->index] = blame.worst;
	blame_begin(&blame, 0);
}

static void assert_blamed(const struct blame_worst *worst, uint32_t device,
			  enum blame_call call)
{
	assert_int_equal(worst->device, device);
	assert_int_equal(worst->call, call);
}

/* All the time since the clock began is that of the call which is marked next. */
static void
what_a_device_does_with_what_came_is_its_own_and_the_scan_nobody_s(void **state)
{
	int ends[2];

	for (unsigned i = 0; i < 2; i++) {
		actor_endpoint(&bed.stage.actors[i], bed_pair(SOCK_STREAM, &ends[i]),
			       ENDPOINT_READ, 16, 1);
		bed.stage.actors[i].driver.receive = note_blamed;
		bed_put(ends[i], "x");
	}
	bed_begin();
	bed.poller.blame = &blame;
	blame_enter(&blame, BLAME_NOBODY, BLAME_SCAN);
	blame_begin(&blame, 0);
	bed_scan();
	assert_blamed(&worst_before[0], BLAME_NOBODY, BLAME_SCAN);
	assert_blamed(&worst_before[1], 0, BLAME_RECEIVE);
	assert_blamed(&blame.worst, 1, BLAME_RECEIVE);
	close(ends[0]);
	close(ends[1]);
}

/* --- many endpoints ---------------------------------------------------------------------------------- */

#define MANY_MAX 256

enum many_kind { MANY_STREAMS, MANY_DATAGRAMS, MANY_LINES, MANY_PIPES, MANY_KINDS };

static unsigned many_heard;

static void hear_one_of_many(struct device *device, const struct message *message,
			     const struct cycle_time *now)
{
	many_heard += message->bytes;
}

static int make_line(int *ret_master)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);

	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	*ret_master = master;
	return open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK);
}

static struct endpoint make_one_of_many(enum many_kind many, uint32_t tag, int *ret_other)
{
	struct endpoint endpoint = { .bytes = 64, .budget = 2, .tag = tag };
	int fds[2];

	endpoint.op = many == MANY_DATAGRAMS ? ENDPOINT_RECV : ENDPOINT_READ;
	if (many == MANY_LINES) {
		endpoint.fd = make_line(ret_other);
	} else if (many == MANY_PIPES) {
		assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
		endpoint.fd = fds[0];
		*ret_other = fds[1];
	} else {
		endpoint.fd = bed_pair(many == MANY_STREAMS ? SOCK_STREAM : SOCK_DGRAM,
				       ret_other);
	}
	return endpoint;
}

static void attach_many(enum many_kind many, unsigned count, int *others_fds)
{
	struct device *device = &bed.stage.devices[0];
	struct link link = { .endpoint_count = count };

	link.endpoints = calloc(count, sizeof(*link.endpoints));
	assert_non_null(link.endpoints);
	for (unsigned i = 0; i < count; i++) {
		link.endpoints[i] = make_one_of_many(many, i, &others_fds[i]);
	}
	bed.links[0] = poll_link_create(device, &link);
	assert_non_null(bed.links[0]);
	assert_int_equal(poller_equip(&bed.poller, bed.links[0]), 0);
	device->link = &bed.links[0]->link;
	assert_int_equal(bed.poller.ops->attach(&bed.poller, bed.links[0]), 0);
}

static void take_cycles(struct pacer *pacer, unsigned count, unsigned cycles,
			const int *fds)
{
	int64_t end_ns = sys_now() + 60 * NS_PER_SEC;
	unsigned sent = 0;

	enters = 0;
	others = 0;
	many_heard = 0;
	for (unsigned cycle = 1; cycle <= cycles; cycle++) {
		for (unsigned i = 0; fds && i < count; i++) {
			bed_put(fds[i], "abc\n");
			sent += 4;
		}
		(void)pacer_wait(pacer, sys_now() + NS_PER_MS);
		bed_scan();
		assert_int_equal(enters, cycle);
	}
	/* a line's bytes take their way through a kernel thread */
	while (many_heard < sent && sys_now() < end_ns) {
		(void)pacer_wait(pacer, sys_now() + NS_PER_MS);
		bed_scan();
	}
	assert_int_equal(many_heard, sent);
	assert_int_equal(others, 0);
}

static void one_call_serves(enum many_kind many, unsigned count)
{
	static int fds[MANY_MAX];
	struct pacer pacer;

	attach_many(many, count, fds);
	assert_int_equal(
		pacer_open(&pacer, PACER_URING, 0, poller_ring(&bed.poller), NULL), 0);
	take_cycles(&pacer, count, 3, NULL);
	take_cycles(&pacer, count, 3, fds);
	assert_int_equal(bed_count_workers(), 0);
	pacer_close(&pacer);
	bed_let_go(0);
	for (unsigned i = 0; i < count; i++) {
		close(fds[i]);
	}
}

static void a_cycle_is_one_call_with_any_number_of_endpoints_idle_or_ready(void **state)
{
	static const unsigned counts[] = { 1, 16, 64, 256 };

	bed_begin();
	if (pacer_choose(PACER_URING, poller_ring(&bed.poller), NULL) != PACER_URING ||
	    !bed.poller.uring->ring.has_read_multishot) {
		print_message("this takes Linux 6.12\n");
		skip();
	}
	poller_pace(&bed.poller, true);
	bed.stage.actors[0].driver.receive = hear_one_of_many;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		for (enum many_kind many = 0; many < MANY_KINDS; many++) {
			one_call_serves(many, counts[i]);
		}
	}
}

static void no_worker_thread_appears_whatever_is_read_and_written(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct letter letter = { .data = "out", .bytes = 3 };
	int fds[2], other, line = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	int master = line;

	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	line = open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	actor_endpoint(actor, line, ENDPOINT_READ, 64, 1);
	actor_endpoint(actor, fds[0], ENDPOINT_READ, 64, 1);
	actor_endpoint(actor, bed_pair(SOCK_DGRAM, &other), ENDPOINT_RECV, 16, 2);
	bed_begin();
	assert_true(fcntl(line, F_GETFL) & O_NONBLOCK);
	letter.fd = line;
	for (unsigned i = 1; i <= 20; i++) {
		bed_put(master, "line\n");
		bed_put(fds[1], "pipe");
		bed_put(other, "datagram");
		scan_until_heard(actor, 3 * i);
		assert_int_equal(outbox_send(&bed.stage.devices[0], &letter),
				 LETTER_QUEUED);
		poller_flush(&bed.poller, false);
	}
	assert_int_equal(bed.posted_count, 20);
	assert_int_equal(bed_count_workers(), 0);
	close(master);
	close(fds[1]);
	close(other);
}

/* A receive that has no buffer left ends; one that is armed again goes on where it ended. */
static void
a_flood_that_takes_all_buffers_is_taken_at_the_budget_without_loss(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;
	char text[8];

	actor_endpoint(actor, bed_pair(SOCK_DGRAM, &other), ENDPOINT_RECV, 16, 2);
	bed_begin();
	for (unsigned i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "%03u", i);
		bed_put(other, text);
	}
	for (unsigned i = 1; i <= 5; i++) {
		bed_scan();
		assert_int_equal(actor->heard_count, 2 * i);
	}
	for (unsigned i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "%03u", i);
		bed_assert_heard(0, i, text);
	}
	assert_int_equal(stage_count(&bed.stage, 0, COUNT_FLOODED), 5);
	bed_scan();
	bed_put(other, "later");
	bed_scan();
	bed_assert_heard(0, 10, "later");
	close(other);
}

static void what_is_let_go_of_is_closed_when_it_is_closed(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;
	char byte;

	actor_endpoint(actor, bed_pair(SOCK_STREAM, &other), ENDPOINT_READ, 64, 1);
	bed_begin();
	bed_scan();
	bed_let_go(0);
	/* a reference that the ring kept would hold the connection open */
	assert_int_equal(read(other, &byte, 1), 0);
	close(other);
}

static void a_place_is_used_again_and_hears_only_what_is_its_own(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int other;

	for (unsigned i = 0; i < 3; i++) {
		actor->endpoint_count = 0;
		actor_endpoint(actor, bed_pair(SOCK_DGRAM, &other), ENDPOINT_RECV, 16, 2);
		if (i == 0) {
			bed_begin();
		} else {
			bed.links[0] = bed_make_link(0);
			assert_int_equal(
				bed.poller.ops->attach(&bed.poller, bed.links[0]), 0);
		}
		bed.poller.uring->place_next = 0;
		actor->heard_count = 0;
		bed_put(other, "mine");
		bed_scan();
		assert_int_equal(actor->heard_count, 1);
		bed_put(other, "never heard");
		bed_let_go(0);
		close(other);
	}
	assert_int_equal(bed.poller.polled_count, 0);
}

/* A server's link is replaced when a client comes: what those before have sent must not be lost. */
static void what_a_link_holds_goes_over_to_the_one_that_takes_its_place(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct device *device = &bed.stage.devices[0];
	struct seat seat = { .device = device };
	struct poll_link *old;
	int other;

	actor_endpoint(actor, bed_pair(SOCK_STREAM, &other), ENDPOINT_READ, 64, 1);
	bed_begin();
	seat.current = bed.links[0];
	actor->room = 3;
	bed_put(other, "abcdef");
	bed_scan();
	bed_assert_heard(0, 0, "abc");
	actor->room = UINT32_MAX;
	actor->endpoints[0].fd = dup(actor->endpoints[0].fd);
	bed.links[0] = bed_make_link(0);
	bed_put(other, "ghi");
	seat_offer(&seat, bed.links[0]);
	seat_attach(&seat, &bed.poller, &bed.stage.now);
	old = seat_take_back(&seat);
	assert_non_null(old);
	poll_link_destroy(old);
	bed_scan();
	bed_scan();
	assert_int_equal(actor->heard_count, 3);
	bed_assert_heard(0, 1, "def");
	bed_assert_heard(0, 2, "ghi");
	close(other);
}

static void another_socket_in_its_place_does_not_inherit(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct seat seat = { .device = &bed.stage.devices[0] };
	int other, next;

	actor_endpoint(actor, bed_pair(SOCK_STREAM, &other), ENDPOINT_READ, 64, 1);
	bed_begin();
	seat.current = bed.links[0];
	actor->room = 0;
	bed_put(other, "old");
	bed_scan();
	actor->room = UINT32_MAX;
	actor->endpoints[0].fd = bed_pair(SOCK_STREAM, &next);
	bed.links[0] = bed_make_link(0);
	seat_offer(&seat, bed.links[0]);
	seat_attach(&seat, &bed.poller, &bed.stage.now);
	poll_link_destroy(seat_take_back(&seat));
	bed_put(next, "new");
	bed_scan();
	assert_int_equal(actor->heard_count, 1);
	bed_assert_heard(0, 0, "new");
	close(other);
	close(next);
}

/* --- writing ----------------------------------------------------------------------------------------- */

static void letters_leave_in_their_order_and_each_is_told_of(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct letter letter = { .is_socket = true };
	int other;
	char text[8];

	actor_endpoint(actor, bed_pair(SOCK_SEQPACKET, &other), ENDPOINT_RECV, 16, 2);
	bed_begin();
	letter.fd = actor->endpoints[0].fd;
	enters = 0;
	for (uint32_t i = 0; i < 5; i++) {
		letter.data = &"abcde"[i];
		letter.bytes = 1;
		letter.tag = 100 + i;
		assert_int_equal(outbox_send(&bed.stage.devices[0], &letter),
				 LETTER_QUEUED);
	}
	assert_int_equal(read(other, text, 1), -1);
	poller_flush(&bed.poller, false);
	assert_int_equal(enters, 1);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(read(other, text, sizeof(text)), 1);
		assert_int_equal(text[0], "abcde"[i]);
		assert_int_equal(bed.posted[i].tag, 100 + i);
		assert_int_equal(bed.posted[i].result, 1);
	}
	close(other);
}

static void a_full_socket_takes_a_part_and_then_says_so(void **state)
{
	static const char much[1 << 20];
	struct actor *actor = &bed.stage.actors[0];
	struct letter letter = { .data = much, .bytes = sizeof(much), .is_socket = true };
	int other;

	actor_endpoint(actor, bed_pair(SOCK_STREAM, &other), ENDPOINT_READ, 16, 1);
	bed_begin();
	letter.fd = actor->endpoints[0].fd;
	/* though another one would wait */
	assert_int_equal(fcntl(letter.fd, F_SETFL, 0), 0);
	enters = 0;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(outbox_send(&bed.stage.devices[0], &letter),
				 LETTER_QUEUED);
		poller_flush(&bed.poller, false);
	}
	assert_int_equal(bed.posted_count, 2);
	assert_in_range(bed.posted[0].result, 1, sizeof(much) - 1);
	assert_int_equal(bed.posted[1].result, -EAGAIN);
	assert_int_equal(enters, 2);
	close(other);
}

static void with_no_room_for_a_letter_it_is_written_at_once(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct letter letter = { .data = "x", .bytes = 1, .is_socket = true };
	int other;

	actor_endpoint(actor, bed_pair(SOCK_STREAM, &other), ENDPOINT_READ, 16, 1);
	bed_begin();
	letter.fd = actor->endpoints[0].fd;
	for (unsigned i = 0; i < URING_LETTERS; i++) {
		assert_int_equal(outbox_send(&bed.stage.devices[0], &letter),
				 LETTER_QUEUED);
	}
	assert_int_equal(outbox_send(&bed.stage.devices[0], &letter), 1);
	poller_flush(&bed.poller, false);
	assert_int_equal(bed.posted_count, URING_LETTERS);
	assert_int_equal(outbox_send(&bed.stage.devices[0], &letter), LETTER_QUEUED);
	close(other);
}

static void what_a_lost_device_wrote_does_not_leave_and_that_of_others_does(void **state)
{
	struct letter letter = { .data = "x", .bytes = 1, .is_socket = true };
	int first, second;
	char byte;

	actor_endpoint(&bed.stage.actors[0], bed_pair(SOCK_STREAM, &first), ENDPOINT_READ,
		       16, 1);
	actor_endpoint(&bed.stage.actors[1], bed_pair(SOCK_STREAM, &second),
		       ENDPOINT_READ, 16, 1);
	bed_begin();
	for (unsigned i = 0; i < 2; i++) {
		letter.fd = bed.stage.actors[i].endpoints[0].fd;
		letter.tag = i;
		assert_int_equal(outbox_send(&bed.stage.devices[i], &letter),
				 LETTER_QUEUED);
	}
	device_lost(&bed.stage.devices[0], -EIO);
	poller_detach(&bed.poller, bed.links[0]);
	poller_flush(&bed.poller, false);
	assert_int_equal(read(first, &byte, 1), -1);
	assert_int_equal(read(second, &byte, 1), 1);
	assert_int_equal(bed.posted_count, 1);
	assert_int_equal(bed.posted[0].tag, 1);
	close(first);
	close(second);
}

/* --- both kinds on the same script ------------------------------------------------------------------- */

#define SCRIPT_CYCLES 200
#define SCRIPT_WAYS   3 /* a stream, datagrams, packets */

struct account {
	char stream[1 << 16];
	size_t stream_bytes;
	/* of each way: cycle, length and what it was, as text */
	char messages[SCRIPT_WAYS][1 << 15];
	size_t message_bytes[SCRIPT_WAYS];
	uint64_t flooded;
	unsigned ends; /* calls of hang_up(), ... */
	uint32_t ended_tag;
	int ended_code; /* and what the last one said */
};

/* Each ends a receive, which is armed again while others are still held. */
static void messages_among_many_that_are_empty_are_all_handed_over(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	unsigned short seed[3] = { 5, 7, 11 };
	unsigned sent = 0, heard = 0;
	int other;

	actor_endpoint(actor, bed_pair(SOCK_DGRAM, &other), ENDPOINT_RECV, 16, 1);
	bed_begin();
	for (unsigned cycle = 0; cycle < 3000; cycle++) {
		char text[16];
		int length = snprintf(text, sizeof(text), "%u", sent);

		for (int i = 0; i < 3 && cycle < 2000; i++) {
			bool is_empty = nrand48(seed) % 2;

			if (send(other, text, is_empty ? 0 : (size_t)length,
				 MSG_DONTWAIT) > 0) {
				length = snprintf(text, sizeof(text), "%u", ++sent);
			}
		}
		actor->heard_count = 0;
		bed_scan();
		for (unsigned i = 0; i < actor->heard_count; i++) {
			length = snprintf(text, sizeof(text), "%u", heard);
			if (actor->heard[i].bytes > 0) {
				assert_int_equal(actor->heard[i].bytes, length);
				assert_memory_equal(actor->heard[i].data, text,
						    (size_t)length);
				heard++;
			}
		}
	}
	assert_int_equal(heard, sent);
	close(other);
}

static void keep(struct account *account, const struct actor *actor, unsigned cycle)
{
	for (unsigned i = 0; i < actor->heard_count; i++) {
		const struct heard *heard = &actor->heard[i];

		if (heard->tag == 0) {
			memcpy(account->stream + account->stream_bytes, heard->data,
			       heard->bytes);
			account->stream_bytes += heard->bytes;
			continue;
		}
		account->message_bytes[heard->tag] += (size_t)snprintf(
			account->messages[heard->tag] +
				account->message_bytes[heard->tag],
			sizeof(account->messages[0]) - account->message_bytes[heard->tag],
			"%u %u %d %.*s\n", cycle, heard->bytes, heard->is_truncated,
			(int)heard->bytes, heard->data);
	}
}

static void act(const int *fds, unsigned short *seed)
{
	for (int way = 0; way < SCRIPT_WAYS; way++) {
		int count = (int)(nrand48(seed) % 7) - 2;

		for (int i = 0; i < count; i++) {
			char text[32];
			int length = snprintf(text, sizeof(text), "%ld-abcdefghijk",
					      nrand48(seed) % 100000);

			length = (int)(nrand48(seed) % length);
			/* an empty message is one, too */
			(void)!send(fds[way], text, (size_t)length,
				    MSG_DONTWAIT | MSG_NOSIGNAL);
		}
	}
}

static void play(int kind, unsigned short start, struct account *ret_account)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	unsigned short seed[3] = { start, 7, 11 };
	struct actor *actor = &bed.stage.actors[0];
	int fds[SCRIPT_WAYS];

	memset(ret_account, 0, sizeof(*ret_account));
	stage_init(&bed.stage, 1);
	memset(bed.links, 0, sizeof(bed.links));
	actor->verdict = VERDICT_DROP;
	assert_int_equal(poller_open(&bed.poller, kind, NULL), 0);
	assert_int_equal(poller_begin(&bed.poller), 0);
	for (int i = 0; i < SCRIPT_WAYS; i++) {
		actor_endpoint(actor, bed_pair(types[i], &fds[i]),
			       i == 0 ? ENDPOINT_READ : ENDPOINT_RECV, 16, 3);
	}
	stage_raise(&bed.stage);
	bed.links[0] = bed_make_link(0);
	bed.stage.devices[0].link = &bed.links[0]->link;
	assert_int_equal(bed.poller.ops->attach(&bed.poller, bed.links[0]), 0);
	for (unsigned cycle = 0; cycle < SCRIPT_CYCLES; cycle++) {
		actor->heard_count = 0;
		actor->room = (uint32_t)(nrand48(seed) % 24);
		if (cycle < SCRIPT_CYCLES / 2) {
			act(fds, seed);
		} else if (cycle == SCRIPT_CYCLES / 2 && start % 2) {
			close(fds[2]);
		}
		bed_scan();
		keep(ret_account, actor, cycle);
	}
	ret_account->flooded = stage_count(&bed.stage, 0, COUNT_FLOODED);
	ret_account->ends = actor_calls(actor, CALL_HANG_UP);
	ret_account->ended_tag = actor->ended_tag;
	ret_account->ended_code = actor->ended_code;
	for (int i = 0; i < SCRIPT_WAYS; i++) {
		close(fds[i]);
	}
	bed_let_go(0);
	poller_close(&bed.poller);
	stage_fini(&bed.stage);
}

/* From the line on that differs: all of it would be more than is shown. */
static void assert_same(const char *a, const char *b)
{
	size_t line = 0;

	for (size_t i = 0; a[i] == b[i] && a[i] != '\0'; i++) {
		line = a[i] == '\n' ? i + 1 : line;
	}
	assert_string_equal(a + line, b + line);
}

static void both_kinds_hand_over_the_same_of_the_same_input(void **state)
{
	static struct account by_epoll, by_uring;

	for (unsigned short start = 0; start < 20; start++) {
		play(POLLER_EPOLL, start, &by_epoll);
		play(POLLER_URING, start, &by_uring);
		for (int way = 1; way < SCRIPT_WAYS; way++) {
			assert_same(by_uring.messages[way], by_epoll.messages[way]);
		}
		assert_int_equal(by_uring.flooded, by_epoll.flooded);
		assert_int_equal(by_uring.ends, by_epoll.ends);
		assert_int_equal(by_uring.ends, start % 2);
		assert_int_equal(by_uring.ended_tag, by_epoll.ended_tag);
		assert_int_equal(by_uring.ended_code, by_epoll.ended_code);
		assert_int_equal(by_uring.stream_bytes, by_epoll.stream_bytes);
		assert_memory_equal(by_uring.stream, by_epoll.stream,
				    by_epoll.stream_bytes);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_set_up, bed_tear_down)

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			where_it_is_refused_epoll_and_nanosleep_serve_and_say_why),
		cmocka_unit_test(what_is_not_asked_for_is_not_chosen_and_no_note_is_left),
#ifdef HAVE_IO_URING
		cmocka_unit_test(
			where_a_ring_can_be_made_and_not_used_they_serve_and_say_why),
		TEST(what_is_never_submitted_is_refused_by_the_ring),
		TEST(more_limits_than_there_is_room_for_are_told),
		TEST(a_ring_that_has_ended_leaves_its_place_to_another),
		TEST(what_is_idle_costs_no_call),
		TEST(what_came_before_a_tail_lies_in_memory_at_the_release),
		TEST(one_wait_brings_all_that_arrived_and_hands_over_what_was_written),
		TEST(what_a_device_does_with_what_came_is_its_own_and_the_scan_nobody_s),
		TEST(a_cycle_is_one_call_with_any_number_of_endpoints_idle_or_ready),
		TEST(no_worker_thread_appears_whatever_is_read_and_written),
		TEST(a_flood_that_takes_all_buffers_is_taken_at_the_budget_without_loss),
		TEST(what_is_let_go_of_is_closed_when_it_is_closed),
		TEST(a_place_is_used_again_and_hears_only_what_is_its_own),
		TEST(what_a_link_holds_goes_over_to_the_one_that_takes_its_place),
		TEST(another_socket_in_its_place_does_not_inherit),
		TEST(messages_among_many_that_are_empty_are_all_handed_over),
		TEST(letters_leave_in_their_order_and_each_is_told_of),
		TEST(a_full_socket_takes_a_part_and_then_says_so),
		TEST(with_no_room_for_a_letter_it_is_written_at_once),
		TEST(what_a_lost_device_wrote_does_not_leave_and_that_of_others_does),
		cmocka_unit_test(both_kinds_hand_over_the_same_of_the_same_input),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
