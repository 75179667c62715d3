/*
 * What the poller uring makes of what the kernel may answer to an armed receive, and of what came and nobody has
 * taken yet.
 *
 * wraps: sys_uring_enter sys_uring_register sys_read
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/options.h"
#include "rtloop/cycle/pacer.h"
#include "rtloop/cycle/seat.h"
#include "rtloop/cycle/uring_poller.h"
#include "tests/fakes/ring_bed.h"

static unsigned reads;

ssize_t __real_sys_read(int fd, void *data, size_t bytes);
ssize_t __wrap_sys_read(int fd, void *data, size_t bytes);
ssize_t __wrap_sys_read(int fd, void *data, size_t bytes)
{
	reads++;
	return __real_sys_read(fd, data, bytes);
}

#ifdef HAVE_IO_URING

/* --- the kernel, as the test wants it ---------------------------------------------------------------- */

/* Linux 6.10: the headers of Debian 12 do not name it. */
#define NOP_INJECT_RESULT 1u

static unsigned enters;
static int refused_op;	   /* of so many submissions of it ... */
static unsigned refusals;  /* ... each completes at once ... */
static int refusal;	   /* with this */
static bool hides_read;	   /* what stays reading is not among what the kernel knows */
static int register_code;  /* what comes of registering buffers ... */
static unsigned registers; /* ... after so many that are registered */

/* What was asked for last, of each operation. */
static struct io_uring_sqe asked[UINT8_MAX + 1];

static void answer_with(struct io_uring_sqe *sqe, int result)
{
	uint64_t user_data = sqe->user_data;

	*sqe = (struct io_uring_sqe){ .opcode = IORING_OP_NOP,
				      .fd = -1,
				      .len = (uint32_t)result,
				      .rw_flags = NOP_INJECT_RESULT,
				      .user_data = user_data };
}

static void look_and_refuse(struct uring *ring)
{
	for (unsigned i = 0; ring && i < uring_waiting(ring); i++) {
		struct io_uring_sqe *sqe = uring_nth_waiting(ring, i);

		asked[sqe->opcode] = *sqe;
		if (refusals > 0 && sqe->opcode == refused_op) {
			refusals--;
			answer_with(sqe, refusal);
		}
	}
}

int __real_sys_uring_enter(int fd, unsigned submitted, unsigned least, unsigned flags,
			   const void *argument);
int __wrap_sys_uring_enter(int fd, unsigned submitted, unsigned least, unsigned flags,
			   const void *argument);
int __wrap_sys_uring_enter(int fd, unsigned submitted, unsigned least, unsigned flags,
			   const void *argument)
{
	enters++;
	look_and_refuse(poller_ring(&bed.poller));
	return __real_sys_uring_enter(fd, submitted, least, flags, argument);
}

int __real_sys_uring_register(int fd, unsigned op, void *argument, unsigned count);
int __wrap_sys_uring_register(int fd, unsigned op, void *argument, unsigned count);
int __wrap_sys_uring_register(int fd, unsigned op, void *argument, unsigned count)
{
	int code;

	if (op == IORING_REGISTER_PBUF_RING && register_code && registers-- == 0) {
		return register_code;
	}
	code = __real_sys_uring_register(fd, op, argument, count);
	if (op == IORING_REGISTER_PROBE && hides_read) {
		struct io_uring_probe *probe = argument;

		probe->ops[URING_OP_READ_MULTISHOT].flags = 0;
	}
	return code;
}

/* --- the bed ----------------------------------------------------------------------------------------- */

static int set_up(void **state)
{
	refusals = 0;
	hides_read = false;
	register_code = 0;
	memset(asked, 0, sizeof(asked));
	return bed_set_up(state);
}

static int set_up_without_read(void **state)
{
	int code;

	set_up(state);
	bed_tear_down(state);
	hides_read = true;
	code = bed_set_up(state);
	hides_read = false;
	return code;
}

static struct actor *actor(void)
{
	return &bed.stage.actors[0];
}

static struct uring_slot *slot(void)
{
	return &bed.links[0]->rings[0];
}

static void begin(void)
{
	bed_begin();
	if (!uring_can_wait(poller_ring(&bed.poller))) {
		print_message("this takes Linux 6.12\n");
		skip();
	}
	enters = 0;
	reads = 0;
}

/* Where @endpoint is a stream the other end of which is returned. */
static int begin_with_pipe(uint32_t bytes)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	actor_endpoint(actor(), fds[0], ENDPOINT_READ, bytes, 1);
	begin();
	return fds[1];
}

static int begin_with_pair(int type, enum endpoint_op op, uint32_t bytes, uint32_t budget)
{
	int other;

	actor_endpoint(actor(), bed_pair(type, &other), op, bytes, budget);
	begin();
	return other;
}

/* What the kernel might have answered: the receive that is armed is not the one that ends by it. */
static void answer(uint64_t user_data, int result)
{
	struct io_uring_sqe *sqe = uring_next(poller_ring(&bed.poller));

	assert_non_null(sqe);
	sqe->user_data = user_data;
	answer_with(sqe, result);
	assert_int_equal(uring_submit(poller_ring(&bed.poller)), 0);
}

static uint64_t tag_of_slot(void)
{
	return uring_tag(URING_OF_SLOT, bed.poller.uring->generations[slot()->place],
			 slot()->place);
}

static void assert_idle_costs_nothing(void)
{
	enters = 0;
	for (unsigned i = 0; i < 10; i++) {
		bed_scan();
	}
	assert_int_equal(enters, 0);
	assert_int_equal(bed.poller.uring->listed_count, 0);
}

/* --- what the kernel may answer ---------------------------------------------------------------------- */

static void a_kernel_that_cannot_stay_reading_is_told_of_and_calls_read(void **state)
{
	int other = begin_with_pipe(16);

	assert_non_null(strstr(bed.poller.note.text, "6.7"));
	bed_put(other, "0123456789abcdef0123456789abcdefrest");
	bed_scan();
	bed_assert_heard(0, 0, "0123456789abcdef");
	/* nothing new comes: the rest is read all the same */
	bed_scan();
	bed_scan();
	bed_assert_heard(0, 2, "rest");
	assert_int_equal(reads, 3);
	bed_scan();
	assert_idle_costs_nothing();
	bed_put(other, "more");
	bed_scan();
	bed_assert_heard(0, 3, "more");
	assert_idle_costs_nothing();
	close(other);
	bed_scan();
	assert_int_equal(actor_calls(actor(), CALL_HANG_UP), 1);
	assert_int_equal(actor()->ended_code, 0);
}

static void an_error_of_a_file_that_is_watched_is_told(void **state)
{
	int other;

	refused_op = IORING_OP_POLL_ADD;
	refusal = -EIO;
	refusals = 1;
	actor()->verdict = VERDICT_KEEP;
	other = begin_with_pipe(16);
	bed_scan();
	assert_int_equal(actor_calls(actor(), CALL_HANG_UP), 1);
	assert_int_equal(actor()->ended_code, -EIO);
	/* it was kept: it is watched anew */
	bed_put(other, "more");
	bed_scan();
	bed_scan();
	bed_assert_heard(0, 0, "more");
	close(other);
}

static void interrupted(int op)
{
	int other;

	refused_op = op;
	refusal = -EINTR;
	refusals = 1;
	other = begin_with_pipe(16);
	assert_int_equal(refusals, 0);
	bed_scan();
	bed_put(other, "text");
	bed_scan();
	bed_assert_heard(0, 0, "text");
	assert_int_equal(reads, op == IORING_OP_POLL_ADD);
	assert_int_equal(actor_calls(actor(), CALL_HANG_UP), 0);
	close(other);
}

static void a_watch_that_was_interrupted_is_begun_anew(void **state)
{
	interrupted(IORING_OP_POLL_ADD);
}

static void a_read_that_was_interrupted_is_armed_again(void **state)
{
	interrupted(URING_OP_READ_MULTISHOT);
}

static void refused_with(int code)
{
	int fds[2];

	refused_op = URING_OP_READ_MULTISHOT;
	refusal = code;
	refusals = 1;
	actor()->endpoint_count = 0;
	actor()->heard_count = 0;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	actor_endpoint(actor(), fds[0], ENDPOINT_READ, 16, 1);
	bed_put(fds[1], "text");
	reads = 0;
	bed_attach(0);
	assert_int_equal(refusals, 0);
	/* in the cycle in which it was taken into use */
	bed_scan();
	bed_assert_heard(0, 0, "text");
	assert_int_equal(reads, 1);
	bed_let_go(0);
	close(fds[1]);
}

static void a_file_of_which_the_kernel_cannot_stay_reading_is_read_by_calls(void **state)
{
	begin();
	refused_with(-EINVAL);
	refused_with(-EOPNOTSUPP);
	refused_with(-EAGAIN);
	assert_int_equal(actor_calls(actor(), CALL_HANG_UP), 0);
}

/* Past the end of packets there are messages without a byte, which are none. Of a side that only stops sending 6.18 tells
 * unasked, which is nowhere promised. */
static void a_socket_that_is_read_by_calls_is_seen_to_end(void **state)
{
	const struct io_uring_sqe *watch = &asked[IORING_OP_POLL_ADD];
	int other;

	refused_op = IORING_OP_RECV;
	refusal = -EINVAL;
	refusals = 1;
	actor()->verdict = VERDICT_DROP;
	other = begin_with_pair(SOCK_SEQPACKET, ENDPOINT_RECV, 16, 4);
	assert_int_equal(refusals, 0);
	/* in either half, as the machine has it */
	assert_true((watch->poll32_events | watch->poll32_events >> 16) & POLLRDHUP);
	bed_put(other, "text");
	bed_scan();
	bed_assert_heard(0, 0, "text");
	shutdown(other, SHUT_WR);
	bed_scan();
	bed_scan();
	assert_int_equal(actor()->heard_count, 1);
	assert_int_equal(actor_calls(actor(), CALL_HANG_UP), 1);
	close(other);
}

static void what_came_before_the_kernel_refused_is_handed_over_first(void **state)
{
	int other = begin_with_pipe(16);

	actor()->room = 0;
	bed_put(other, "before");
	bed_scan();
	answer(tag_of_slot(), -EINVAL);
	bed_scan();
	actor()->room = UINT32_MAX;
	bed_scan();
	bed_assert_heard(0, 0, "before");
	close(other);
}

static void
an_error_is_told_by_a_scan_of_its_own_after_the_messages_before_it(void **state)
{
	int other = begin_with_pair(SOCK_DGRAM, ENDPOINT_RECV, 16, 4);

	bed_put(other, "before");
	assert_int_equal(uring_enter(poller_ring(&bed.poller)), 0);
	answer(tag_of_slot(), -EIO);
	bed_scan();
	bed_assert_heard(0, 0, "before");
	assert_int_equal(actor_calls(actor(), CALL_HANG_UP), 0);
	bed_scan();
	assert_int_equal(actor_calls(actor(), CALL_HANG_UP), 1);
	assert_int_equal(actor()->ended_code, -EIO);
	close(other);
}

static void what_is_said_of_an_earlier_link_is_not_taken_for_this_one(void **state)
{
	uint64_t earlier;
	int other = begin_with_pair(SOCK_STREAM, ENDPOINT_READ, 16, 1);

	earlier = tag_of_slot();
	bed_let_go(0);
	close(other);
	actor()->endpoint_count = 0;
	actor_endpoint(actor(), bed_pair(SOCK_STREAM, &other), ENDPOINT_READ, 16, 1);
	bed.poller.uring->place_next = 0;
	bed_attach(0);
	assert_int_equal(earlier & UINT32_MAX, tag_of_slot() & UINT32_MAX);
	answer(earlier, -EIO);
	bed_scan();
	assert_int_equal(actor_calls(actor(), CALL_HANG_UP), 0);
	bed_put(other, "text");
	bed_scan();
	bed_assert_heard(0, 0, "text");
	close(other);
}

/* As an edge descriptor of GPIO does, inotify knows no nowait read, and is told only once of what comes. */
static void a_file_without_a_nowait_read_that_has_something_already_is_read(void **state)
{
	char path[] = "/tmp/rtloop-test-XXXXXX";
	int file = mkstemp(path);
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	assert_true(file >= 0 && fd >= 0);
	assert_true(inotify_add_watch(fd, path, IN_MODIFY) >= 0);
	actor_endpoint(actor(), fd, ENDPOINT_READ, 64, 1);
	bed_put(file, "1");
	begin();
	bed_scan();
	assert_int_equal(actor()->heard_count, 1);
	bed_put(file, "2");
	bed_scan();
	assert_int_equal(actor()->heard_count, 2);
	assert_int_equal(reads, 0);
	assert_int_equal(bed_count_workers(), 0);
	assert_idle_costs_nothing();
	close(file);
	unlink(path);
}

/* A line that takes nothing, as a full one; its other end is returned. */
static int make_stopped_line(int *ret_line)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);

	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	*ret_line = open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_int_equal(tcflow(*ret_line, TCOOFF), 0);
	assert_int_equal(write(*ret_line, "x", 1), -1);
	assert_int_equal(errno, EAGAIN);
	return master;
}

static void send_letter(const struct letter *letter)
{
	assert_int_equal(outbox_send(&bed.stage.devices[0], letter), LETTER_QUEUED);
}

/* What a driver wrote is its own again when it is told, which is before it writes again. */
static void a_letter_to_a_line_without_room_is_told_of_at_once(void **state)
{
	int64_t end_ns = sys_now() + 60 * NS_PER_SEC;
	struct letter letter = { .data = "x", .bytes = 1 };
	int master = make_stopped_line(&letter.fd);
	char text[4];
	ssize_t got;

	begin();
	send_letter(&letter);
	poller_flush(&bed.poller, false);
	assert_int_equal(bed.posted_count, 1);
	assert_int_equal(bed.posted[0].result, -EAGAIN);
	assert_int_equal(bed_count_workers(), 0);
	/* nor does it leave when there is room */
	assert_int_equal(tcflow(letter.fd, TCOON), 0);
	bed_scan();
	letter.data = "y";
	send_letter(&letter);
	poller_flush(&bed.poller, false);
	assert_int_equal(bed.posted_count, 2);
	assert_int_equal(bed.posted[1].result, 1);
	/* its bytes take their way through a kernel thread */
	while ((got = read(master, text, sizeof(text))) < 0 && sys_now() < end_ns) {
	}
	assert_int_equal(got, 1);
	assert_int_equal(text[0], 'y');
	close(master);
	close(letter.fd);
}

/* Where the pacer's wait has taken it along, and when all is over. */
static void what_a_line_had_no_room_for_is_told_of_by_a_scan_and_at_the_end(void **state)
{
	struct letter letter = { .data = "x", .bytes = 1 };
	int master = make_stopped_line(&letter.fd);
	struct pacer pacer;

	begin();
	poller_pace(&bed.poller, true);
	assert_int_equal(
		pacer_open(&pacer, PACER_URING, 0, poller_ring(&bed.poller), NULL), 0);
	send_letter(&letter);
	(void)pacer_wait(&pacer, sys_now() + NS_PER_MS);
	assert_int_equal(bed.posted_count, 0);
	bed_scan();
	assert_int_equal(bed.posted_count, 1);
	assert_int_equal(bed.posted[0].result, -EAGAIN);
	send_letter(&letter);
	poller_settle(&bed.poller);
	assert_int_equal(bed.posted_count, 2);
	assert_int_equal(bed.posted[1].result, -EAGAIN);
	pacer_close(&pacer);
	close(master);
	close(letter.fd);
}

/* The file is a blocking one while its read is armed. */
static void a_letter_to_a_line_whose_read_is_armed_does_not_wait(void **state)
{
	struct letter letter = { .data = "x", .bytes = 1 };
	int master = make_stopped_line(&letter.fd);

	begin();
	actor_endpoint(actor(), letter.fd, ENDPOINT_READ, 16, 1);
	assert_int_equal(outbox_send(&bed.stage.devices[0], &letter), LETTER_QUEUED);
	bed_attach(0);
	bed_scan();
	assert_int_equal(bed.posted_count, 1);
	assert_int_equal(bed.posted[0].result, -EAGAIN);
	assert_int_equal(bed_count_workers(), 0);
	close(master);
}

/* --- full queues ------------------------------------------------------------------------------------- */

static unsigned fill_submissions(void)
{
	struct io_uring_sqe *sqe;
	unsigned count = 0;

	while ((sqe = uring_next(poller_ring(&bed.poller)))) {
		sqe->opcode = IORING_OP_NOP;
		sqe->fd = -1;
		sqe->user_data = uring_tag(URING_OF_NOTHING, 0, 0);
		count++;
	}
	return count;
}

static void a_receive_that_finds_no_room_to_be_submitted_is_armed_later(void **state)
{
	int socket, line, fds[2];

	socket = bed_pair(SOCK_STREAM, &line);
	actor_endpoint(actor(), socket, ENDPOINT_READ, 16, 1);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	actor_endpoint(actor(), fds[0], ENDPOINT_READ, 16, 1);
	actor()->endpoint_count = 0;
	begin();
	actor()->endpoint_count = 2;
	assert_int_equal(fill_submissions(), URING_SQ_ENTRIES);
	bed_attach(0);
	bed_put(line, "socket");
	bed_put(fds[1], "pipe");
	for (unsigned i = 0; i < 3; i++) {
		bed_scan();
	}
	assert_int_equal(actor()->heard_count, 2);
	assert_idle_costs_nothing();
	close(line);
	close(fds[1]);
}

static void completions_that_find_no_room_come_when_there_is_some(void **state)
{
	int other = begin_with_pair(SOCK_STREAM, ENDPOINT_READ, 16, 1);

	for (unsigned i = 0; i < URING_CQ_ENTRIES; i += URING_SQ_ENTRIES) {
		fill_submissions();
		assert_int_equal(uring_submit(poller_ring(&bed.poller)), 0);
	}
	bed_put(other, "first");
	assert_int_equal(uring_enter(poller_ring(&bed.poller)), 0);
	bed_scan();
	bed_assert_heard(0, 0, "first");
	bed_scan();
	bed_put(other, "second");
	bed_scan();
	bed_assert_heard(0, 1, "second");
	close(other);
}

/* A call that does not wait brings 20 of them since Linux 6.13. */
static void more_than_one_call_brings_are_all_of_this_cycle(void **state)
{
	struct link link = { .endpoint_count = 100 };
	static int others[100];

	begin();
	link.endpoints = calloc(link.endpoint_count, sizeof(*link.endpoints));
	assert_non_null(link.endpoints);
	for (unsigned i = 0; i < link.endpoint_count; i++) {
		link.endpoints[i] =
			(struct endpoint){ .fd = bed_pair(SOCK_STREAM, &others[i]),
					   .op = ENDPOINT_READ,
					   .bytes = 16,
					   .budget = 1,
					   .tag = i };
	}
	bed.links[0] = poll_link_create(&bed.stage.devices[0], &link);
	assert_non_null(bed.links[0]);
	assert_int_equal(poller_equip(&bed.poller, bed.links[0]), 0);
	bed.stage.devices[0].link = &bed.links[0]->link;
	assert_int_equal(bed.poller.ops->attach(&bed.poller, bed.links[0]), 0);
	for (unsigned i = 0; i < link.endpoint_count; i++) {
		bed_put(others[i], "text");
	}
	bed_scan();
	assert_int_equal(actor()->heard_count, link.endpoint_count);
	for (unsigned i = 0; i < link.endpoint_count; i++) {
		close(others[i]);
	}
}

/* --- buffers ----------------------------------------------------------------------------------------- */

static void
a_stream_that_nobody_takes_costs_no_call_when_its_buffers_are_full(void **state)
{
	int other = begin_with_pair(SOCK_STREAM, ENDPOINT_READ, 16, 1);

	actor()->room = 0;
	for (unsigned i = 0; i < 8; i++) {
		bed_put(other, "0123456789abcdef");
	}
	bed_scan();
	enters = 0;
	for (unsigned i = 0; i < 10; i++) {
		bed_scan();
	}
	assert_int_equal(enters, 0);
	actor()->room = UINT32_MAX;
	for (unsigned i = 0; i < 8; i++) {
		bed_scan();
		bed_assert_heard(0, i, "0123456789abcdef");
	}
	close(other);
}

/* The kernel asks for a buffer before it looks whether there is another message. */
static void messages_up_to_the_budget_leave_the_receive_armed(void **state)
{
	int other = begin_with_pair(SOCK_DGRAM, ENDPOINT_RECV, 16, 2);

	bed_put(other, "one");
	bed_put(other, "two");
	bed_scan();
	assert_int_equal(actor()->heard_count, 2);
	assert_int_equal(enters, 1);
	assert_idle_costs_nothing();
	close(other);
}

static void what_a_file_has_for_sixteen_cycles_is_one_call(void **state)
{
	int other = begin_with_pipe(16);

	for (unsigned i = 0; i < 15; i++) {
		bed_put(other, "0123456789abcdef");
	}
	for (unsigned i = 0; i < 15; i++) {
		bed_scan();
		bed_assert_heard(0, i, "0123456789abcdef");
	}
	assert_int_equal(enters, 1);
	assert_idle_costs_nothing();
	close(other);
}

static void hold_two(int other)
{
	actor()->room = 0;
	bed_put(other, "ab");
	bed_scan();
	bed_put(other, "cd");
	bed_scan();
	assert_int_equal(actor()->heard_count, 0);
}

static void chunks_that_came_apart_are_handed_over_together(void **state)
{
	int other = begin_with_pair(SOCK_STREAM, ENDPOINT_READ, 16, 1);

	hold_two(other);
	actor()->room = 4;
	bed_scan();
	bed_assert_heard(0, 0, "ab");
	bed_assert_heard(0, 1, "cd");
	close(other);
}

static void a_chunk_that_does_not_fit_behind_another_is_for_the_next_cycle(void **state)
{
	int other = begin_with_pair(SOCK_STREAM, ENDPOINT_READ, 16, 1);

	hold_two(other);
	actor()->room = 3;
	bed_scan();
	assert_int_equal(actor()->heard_count, 1);
	bed_scan();
	bed_assert_heard(0, 1, "cd");
	close(other);
}

static void a_device_lost_by_a_chunk_is_given_no_more_of_them(void **state)
{
	int other = begin_with_pair(SOCK_STREAM, ENDPOINT_READ, 16, 1);

	hold_two(other);
	actor()->room = UINT32_MAX;
	actor()->loses = true;
	actor()->lose_in = CALL_RECEIVE;
	actor()->lose_code = -EIO;
	bed_scan();
	assert_int_equal(actor()->heard_count, 1);
	close(other);
}

static void the_end_of_a_stream_waits_for_room_as_a_read_would(void **state)
{
	int other = begin_with_pair(SOCK_STREAM, ENDPOINT_READ, 16, 1);

	actor()->room = 0;
	close(other);
	bed_scan();
	assert_int_equal(actor_calls(actor(), CALL_HANG_UP), 0);
	actor()->room = 1;
	bed_scan();
	assert_int_equal(actor_calls(actor(), CALL_HANG_UP), 1);
}

static void a_message_with_a_header_that_is_too_long_is_flagged(void **state)
{
	int other = begin_with_pair(SOCK_DGRAM, ENDPOINT_RECVMSG, 4, 2);

	bed_put(other, "long one");
	bed_put(other, "fits");
	bed_scan();
	assert_int_equal(actor()->heard_count, 2);
	assert_true(actor()->heard[0].is_truncated);
	assert_false(actor()->heard[1].is_truncated);
	close(other);
}

/* --- coming and going -------------------------------------------------------------------------------- */

static void an_endpoint_that_was_dropped_is_armed_no_more(void **state)
{
	int other;

	actor()->verdict = VERDICT_DROP;
	other = begin_with_pair(SOCK_STREAM, ENDPOINT_READ, 16, 1);
	close(other);
	bed_scan();
	assert_int_equal(actor_calls(actor(), CALL_HANG_UP), 1);
	assert_idle_costs_nothing();
}

static void a_place_that_is_taken_is_not_given_again(void **state)
{
	int first, second;

	actor_endpoint(actor(), bed_pair(SOCK_STREAM, &first), ENDPOINT_READ, 16, 1);
	begin();
	actor_endpoint(&bed.stage.actors[1], bed_pair(SOCK_STREAM, &second),
		       ENDPOINT_READ, 16, 1);
	bed.poller.uring->place_next = 0;
	bed_attach(1);
	bed_put(first, "first");
	bed_put(second, "second");
	bed_scan();
	bed_assert_heard(0, 0, "first");
	bed_assert_heard(1, 0, "second");
	close(first);
	close(second);
}

static void a_link_may_come_and_go_more_often_than_there_are_places(void **state)
{
	int other;

	begin();
	for (unsigned i = 0; i < URING_PLACES + 2; i++) {
		actor()->endpoint_count = 0;
		actor_endpoint(actor(), bed_pair(SOCK_STREAM, &other), ENDPOINT_READ, 16,
			       1);
		bed_attach(0);
		bed_let_go(0);
		close(other);
	}
	assert_int_equal(bed.poller.polled_count, 0);
}

static void a_link_without_the_memory_for_it_is_refused(void **state)
{
	struct poll_link *link;
	int other;

	begin();
	actor_endpoint(actor(), bed_pair(SOCK_STREAM, &other), ENDPOINT_READ, 16, 1);
	link = actor_open(&bed.stage.devices[0]);
	assert_int_equal(bed.poller.ops->attach(&bed.poller, link), -EINVAL);
	poll_link_destroy(link);
	close(other);
}

static void an_attach_that_fails_half_way_leaves_nothing_to_be_armed(void **state)
{
	struct poll_link *link;
	int fds[2], other;

	begin();
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	actor_endpoint(actor(), fds[0], ENDPOINT_READ, 16, 1);
	actor_endpoint(actor(), bed_pair(SOCK_STREAM, &other), ENDPOINT_READ, 16, 1);
	link = bed_make_link(0);
	register_code = -ENOMEM;
	registers = 1;
	assert_int_equal(bed.poller.ops->attach(&bed.poller, link), -ENOMEM);
	assert_int_equal(bed.poller.uring->to_read_count, 0);
	assert_int_equal(bed.poller.polled_count, 0);
	poll_link_destroy(link);
	bed_scan();
	assert_idle_costs_nothing();
	close(fds[1]);
	close(other);
}

/* Of one that is in force, with another one of the same socket; to be destroyed by poll_link_destroy(). */
static struct poll_link *replace(void)
{
	struct seat seat = { .device = &bed.stage.devices[0], .current = bed.links[0] };

	bed.links[0] = bed_make_link(0);
	seat_offer(&seat, bed.links[0]);
	seat_attach(&seat, &bed.poller, &bed.stage.now);
	return seat_take_back(&seat);
}

/* The ring of what is held has gone round, and new data may not come into the buffers of the old. */
static void what_is_held_goes_over_whatever_came_before_and_comes_after_it(void **state)
{
	int other = begin_with_pair(SOCK_STREAM, ENDPOINT_READ, 16, 1);

	for (unsigned i = 0; i < 7; i++) {
		bed_put(other, "early");
		bed_scan();
	}
	actor()->heard_count = 0;
	hold_two(other);
	actor()->endpoints[0].fd = dup(actor()->endpoints[0].fd);
	poll_link_destroy(replace());
	bed_put(other, "0123456789abcdef");
	bed_scan();
	actor()->room = UINT32_MAX;
	bed_scan();
	bed_scan();
	bed_assert_heard(0, 0, "ab");
	bed_assert_heard(0, 1, "cd");
	bed_assert_heard(0, 2, "0123456789abcdef");
	close(other);
}

static void what_is_held_is_handed_over_though_nothing_more_comes(void **state)
{
	int other = begin_with_pair(SOCK_STREAM, ENDPOINT_READ, 16, 1);

	hold_two(other);
	actor()->endpoints[0].fd = dup(actor()->endpoints[0].fd);
	poll_link_destroy(replace());
	actor()->room = UINT32_MAX;
	bed_scan();
	assert_int_equal(actor()->heard_count, 2);
	close(other);
}

static void a_link_of_buffers_of_another_size_does_not_inherit(void **state)
{
	int other = begin_with_pair(SOCK_STREAM, ENDPOINT_READ, 2048, 1);

	hold_two(other);
	actor()->endpoints[0].fd = dup(actor()->endpoints[0].fd);
	actor()->endpoints[0].bytes = 16;
	poll_link_destroy(replace());
	actor()->room = UINT32_MAX;
	bed_put(other, "new");
	bed_scan();
	assert_int_equal(actor()->heard_count, 1);
	bed_assert_heard(0, 0, "new");
	close(other);
}

/* A socket that is another endpoint of its device by now is another one's input. */
static void an_endpoint_of_another_tag_does_not_inherit(void **state)
{
	int other = begin_with_pair(SOCK_STREAM, ENDPOINT_READ, 16, 1);

	hold_two(other);
	actor()->endpoints[0].fd = dup(actor()->endpoints[0].fd);
	actor()->endpoints[0].tag = 5;
	poll_link_destroy(replace());
	actor()->room = UINT32_MAX;
	bed_put(other, "new");
	bed_scan();
	assert_int_equal(actor()->heard_count, 1);
	bed_assert_heard(0, 0, "new");
	assert_int_equal(actor()->heard[0].tag, 5);
	close(other);
}

static unsigned count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(folder);
	while (readdir(folder)) {
		count++;
	}
	closedir(folder);
	return count;
}

static void closing_gives_back_the_ring(void **state)
{
	struct poller poller;
	struct pacer pacer;
	unsigned before;

	begin();
	before = count_descriptors();

	assert_int_equal(poller_open(&poller, POLLER_URING, NULL), 0);
	assert_int_equal(count_descriptors(), before + 1);
	poller_close(&poller);
	assert_int_equal(count_descriptors(), before);
	/* one of the pacer's own */
	assert_int_equal(pacer_open(&pacer, PACER_URING, 0, NULL, NULL), 0);
	assert_int_equal(count_descriptors(), before + 1);
	pacer_close(&pacer);
	assert_int_equal(count_descriptors(), before);
}

/* --- writing ----------------------------------------------------------------------------------------- */

static int begin_writing(struct letter *letter)
{
	int other = begin_with_pair(SOCK_STREAM, ENDPOINT_READ, 16, 1);

	*letter = (struct letter){
		.data = "x", .bytes = 1, .is_socket = true, .fd = actor()->endpoints[0].fd
	};
	return other;
}

static void what_has_left_is_not_handed_over_again(void **state)
{
	struct letter letter;
	int other = begin_writing(&letter);

	send_letter(&letter);
	bed_scan();
	assert_int_equal(bed.posted_count, 1);
	assert_int_equal(enters, 1);
	poller_flush(&bed.poller, false);
	assert_int_equal(enters, 1);
	send_letter(&letter);
	poller_flush(&bed.poller, false);
	assert_int_equal(enters, 2);
	poller_flush(&bed.poller, false);
	assert_int_equal(enters, 2);
	close(other);
}

static void take_signal(int signal)
{
}

/* Again and again, since the first may come before the sleep begins. */
static void send_alarms(int64_t every_ns)
{
	const struct sigaction action = { .sa_handler = take_signal };
	const struct timeval every = { .tv_usec = (suseconds_t)(every_ns / NS_PER_US) };
	const struct itimerval timer = { .it_interval = every, .it_value = every };

	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

/* The kernel tells how much it was given, and not that a signal came. */
static void a_signal_ends_a_wait_that_takes_something_along(void **state)
{
	struct letter letter;
	struct pacer pacer;
	int64_t release_ns, wake_ns;
	int other = begin_writing(&letter);

	assert_int_equal(pacer_open(&pacer, PACER_URING, NS_PER_MS,
				    poller_ring(&bed.poller), NULL),
			 0);
	send_letter(&letter);
	release_ns = sys_now() + 20 * NS_PER_SEC;
	send_alarms(NS_PER_MS);
	wake_ns = pacer_wait(&pacer, release_ns);
	send_alarms(0);
	assert_true(wake_ns < release_ns);
	pacer_close(&pacer);
	close(other);
}

static void paced_only_an_edge_makes_a_call_and_a_scan_makes_none(void **state)
{
	struct letter letter;
	int other = begin_writing(&letter);

	poller_pace(&bed.poller, true);
	bed_put(other, "late");
	bed_scan();
	assert_int_equal(enters, 0);
	assert_int_equal(actor()->heard_count, 0);
	send_letter(&letter);
	poller_flush(&bed.poller, false);
	assert_int_equal(enters, 0);
	poller_flush(&bed.poller, true);
	assert_int_equal(enters, 1);
	assert_int_equal(bed.posted_count, 1);
	close(other);
}

static void when_it_is_over_all_leaves_and_is_told_of(void **state)
{
	struct letter letter;
	char text[4];
	int other = begin_writing(&letter);

	poller_pace(&bed.poller, true);
	send_letter(&letter);
	poller_settle(&bed.poller);
	assert_int_equal(bed.posted_count, 1);
	assert_int_equal(bed.posted[0].result, 1);
	assert_int_equal(read(other, text, sizeof(text)), 1);
	/* from now on nobody waits in the ring */
	send_letter(&letter);
	poller_flush(&bed.poller, false);
	assert_int_equal(bed.posted_count, 2);
	close(other);
}

static void what_was_abandoned_is_told_of_and_never_leaves(void **state)
{
	struct letter letter;
	char text[4];
	int other = begin_writing(&letter);

	send_letter(&letter);
	send_letter(&letter);
	poller_abandon(&bed.poller);
	assert_int_equal(bed.posted_count, 2);
	assert_int_equal(bed.posted[0].result, -EAGAIN);
	assert_int_equal(bed.posted[1].result, -EAGAIN);
	poller_flush(&bed.poller, true);
	assert_int_equal(enters, 0);
	assert_int_equal(read(other, text, sizeof(text)), -1);
	close(other);
}

/* Should the thread come back, the kernel tells of them, too. */
static void what_was_abandoned_is_told_of_once(void **state)
{
	struct letter letter;
	int other = begin_writing(&letter);

	send_letter(&letter);
	send_letter(&letter);
	poller_abandon(&bed.poller);
	bed_scan();
	assert_int_equal(bed.posted_count, 2);
	for (letter.tag = 1; letter.tag <= 3; letter.tag++) {
		send_letter(&letter);
	}
	poller_flush(&bed.poller, false);
	assert_int_equal(bed.posted_count, 5);
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(bed.posted[1 + i].tag, i);
	}
	close(other);
}

static void a_link_that_goes_and_is_not_lost_takes_no_letter_along(void **state)
{
	struct letter letter;
	char text[4];
	int other = begin_writing(&letter);

	send_letter(&letter);
	poller_detach(&bed.poller, bed.links[0]);
	poller_flush(&bed.poller, false);
	assert_int_equal(read(other, text, sizeof(text)), 1);
	assert_int_equal(bed.posted_count, 1);
	close(other);
}

/* A write would bring SIGPIPE. Of what is sent 6.18 brings none, asked or not, which is nowhere promised. */
static void a_letter_to_nobody_is_an_error_and_no_signal(void **state)
{
	struct letter letter;
	int other = begin_writing(&letter);

	close(other);
	send_letter(&letter);
	poller_flush(&bed.poller, false);
	assert_int_equal(bed.posted_count, 1);
	assert_int_equal(bed.posted[0].result, -EPIPE);
	assert_true(asked[IORING_OP_SEND].msg_flags & MSG_NOSIGNAL);
}

static void a_letter_goes_to_the_address_that_it_has(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(at);
	struct letter letter = { .data = "text", .bytes = 4, .is_socket = true };
	int to = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	char text[8];

	begin();
	letter.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(to, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(to, (struct sockaddr *)&at, &bytes), 0);
	letter.to = (const struct sockaddr *)&at;
	letter.to_bytes = bytes;
	send_letter(&letter);
	poller_flush(&bed.poller, false);
	assert_int_equal(bed.posted[0].result, 4);
	assert_int_equal(recv(to, text, sizeof(text), 0), 4);
	close(to);
	close(letter.fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, bed_tear_down)
#define TEST_WITHOUT_READ(name)                                                          \
	cmocka_unit_test_setup_teardown(name, set_up_without_read, bed_tear_down)

#else

static void it_takes_io_uring(void **state)
{
	print_message("this program was built without io_uring\n");
	skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef HAVE_IO_URING
		TEST_WITHOUT_READ(
			a_kernel_that_cannot_stay_reading_is_told_of_and_calls_read),
		TEST_WITHOUT_READ(an_error_of_a_file_that_is_watched_is_told),
		TEST_WITHOUT_READ(a_watch_that_was_interrupted_is_begun_anew),
		TEST(a_file_of_which_the_kernel_cannot_stay_reading_is_read_by_calls),
		TEST(a_socket_that_is_read_by_calls_is_seen_to_end),
		TEST(a_read_that_was_interrupted_is_armed_again),
		TEST(what_came_before_the_kernel_refused_is_handed_over_first),
		TEST(an_error_is_told_by_a_scan_of_its_own_after_the_messages_before_it),
		TEST(what_is_said_of_an_earlier_link_is_not_taken_for_this_one),
		TEST(a_file_without_a_nowait_read_that_has_something_already_is_read),
		TEST(a_letter_to_a_line_without_room_is_told_of_at_once),
		TEST(what_a_line_had_no_room_for_is_told_of_by_a_scan_and_at_the_end),
		TEST(a_letter_to_a_line_whose_read_is_armed_does_not_wait),
		TEST(a_receive_that_finds_no_room_to_be_submitted_is_armed_later),
		TEST(completions_that_find_no_room_come_when_there_is_some),
		TEST(more_than_one_call_brings_are_all_of_this_cycle),
		TEST(a_stream_that_nobody_takes_costs_no_call_when_its_buffers_are_full),
		TEST(messages_up_to_the_budget_leave_the_receive_armed),
		TEST(what_a_file_has_for_sixteen_cycles_is_one_call),
		TEST(chunks_that_came_apart_are_handed_over_together),
		TEST(a_chunk_that_does_not_fit_behind_another_is_for_the_next_cycle),
		TEST(a_device_lost_by_a_chunk_is_given_no_more_of_them),
		TEST(the_end_of_a_stream_waits_for_room_as_a_read_would),
		TEST(a_message_with_a_header_that_is_too_long_is_flagged),
		TEST(an_endpoint_that_was_dropped_is_armed_no_more),
		TEST(a_place_that_is_taken_is_not_given_again),
		TEST(a_link_may_come_and_go_more_often_than_there_are_places),
		TEST(a_link_without_the_memory_for_it_is_refused),
		TEST(an_attach_that_fails_half_way_leaves_nothing_to_be_armed),
		TEST(what_is_held_goes_over_whatever_came_before_and_comes_after_it),
		TEST(what_is_held_is_handed_over_though_nothing_more_comes),
		TEST(a_link_of_buffers_of_another_size_does_not_inherit),
		TEST(an_endpoint_of_another_tag_does_not_inherit),
		TEST(closing_gives_back_the_ring),
		TEST(what_has_left_is_not_handed_over_again),
		TEST(a_signal_ends_a_wait_that_takes_something_along),
		TEST(paced_only_an_edge_makes_a_call_and_a_scan_makes_none),
		TEST(when_it_is_over_all_leaves_and_is_told_of),
		TEST(what_was_abandoned_is_told_of_and_never_leaves),
		TEST(what_was_abandoned_is_told_of_once),
		TEST(a_link_that_goes_and_is_not_lost_takes_no_letter_along),
		TEST(a_letter_to_nobody_is_an_error_and_no_signal),
		TEST(a_letter_goes_to_the_address_that_it_has),
#else
		cmocka_unit_test(it_takes_io_uring),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
