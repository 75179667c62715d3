#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "tests/fakes/rig.h"

/* The driver at a queue of this test's own, and another program's end of it. */
struct peer {
	struct rig rig;
	struct err err;
	char name[64];
	mqd_t sender; /* -1: none */
};

static void make_device(struct peer *peer, const char *options)
{
	char text[512];

	memset(peer, 0, sizeof(*peer));
	peer->sender = (mqd_t)-1;
	snprintf(peer->name, sizeof(peer->name), "/rtloop-unit-%d", (int)getpid());
	mq_unlink(peer->name);
	snprintf(text, sizeof(text),
		 "q: { driver: mqueue, queue: %s, %s in: { t: { column: 0, type: integer "
		 "} } }",
		 peer->name, options);
	rig_init(&peer->rig, text);
}

static void make_queue(struct peer *peer, long max_messages, long message_bytes)
{
	struct mq_attr attr = { .mq_maxmsg = max_messages, .mq_msgsize = message_bytes };

	peer->sender = mq_open(peer->name, O_WRONLY | O_CREAT | O_EXCL | O_NONBLOCK, 0600,
			       &attr);
	if (peer->sender == (mqd_t)-1 && errno == ENOSYS) {
		print_message("this kernel has no POSIX message queues\n");
		skip();
	}
	assert_int_not_equal(peer->sender, (mqd_t)-1);
}

static void open_device(struct peer *peer)
{
	if (rig_open(&peer->rig, &peer->err)) {
		fail_msg("%s", peer->err.text);
	}
}

static void close_peer(struct peer *peer)
{
	if (peer->sender != (mqd_t)-1) {
		mq_close(peer->sender);
	}
	mq_unlink(peer->name);
	rig_fini(&peer->rig);
}

static void say(const struct peer *peer, const char *text, unsigned priority)
{
	assert_int_equal(mq_send(peer->sender, text, strlen(text), priority), 0);
}

/* As the poller does. */
static ssize_t poll_peer(struct peer *peer)
{
	const struct endpoint *endpoint = &peer->rig.link.endpoints[0];
	char data[8192];
	ssize_t got = sys_mq_receive(endpoint->fd, data, endpoint->bytes);

	assert_int_equal(endpoint->op, ENDPOINT_MQ);
	if (got >= 0) {
		rig_receive(&peer->rig, data, (size_t)got, NULL);
	}
	return got;
}

static void a_message_is_one_frame_by_default(void **state)
{
	struct peer peer;

	make_device(&peer, "");
	make_queue(&peer, 4, 16);
	open_device(&peer);
	say(&peer, "42,7", 0);
	assert_int_equal(poll_peer(&peer), 4);
	assert_int_equal(rig_int(&peer.rig, "t"), 42);
	assert_int_equal(rig_count(&peer.rig, COUNT_FRAMES), 1);
	assert_int_equal(poll_peer(&peer), -EAGAIN);
	close_peer(&peer);
}

static void a_message_may_hold_several_frames(void **state)
{
	struct peer peer;

	make_device(&peer, "budget: 2, frame: { kind: line },");
	make_queue(&peer, 4, 16);
	open_device(&peer);
	say(&peer, "1\n2\n3", 0);
	assert_int_equal(poll_peer(&peer), 5);
	assert_int_equal(rig_int(&peer.rig, "t"), 2);
	assert_int_equal(rig_count(&peer.rig, COUNT_FRAMES), 2);
	assert_int_equal(rig_count(&peer.rig, COUNT_OVER_BUDGET), 1);
	close_peer(&peer);
}

static void an_empty_message_holds_no_frame(void **state)
{
	struct peer peer;

	make_device(&peer, "");
	make_queue(&peer, 4, 16);
	open_device(&peer);
	say(&peer, "1", 0);
	say(&peer, "", 0);
	assert_int_equal(poll_peer(&peer), 1);
	assert_int_equal(poll_peer(&peer), 0);
	assert_int_equal(rig_quality(&peer.rig, "t"), QUALITY_GOOD);
	assert_int_equal(rig_count(&peer.rig, COUNT_FRAMES), 1);
	close_peer(&peer);
}

static void the_endpoint_reads_as_many_bytes_as_the_queue_takes(void **state)
{
	struct peer peer;

	make_device(&peer, "budget: 7, message_bytes: 100,");
	make_queue(&peer, 4, 16);
	open_device(&peer);
	assert_int_equal(peer.rig.link.endpoints[0].bytes, 16);
	assert_int_equal(peer.rig.link.endpoints[0].budget, 7);
	close_peer(&peer);
}

static void a_queue_that_is_not_there_is_told(void **state)
{
	struct peer peer;

	make_device(&peer, "");
	assert_int_equal(rig_open(&peer.rig, &peer.err), -ENOENT);
	assert_non_null(strstr(peer.err.text, peer.name));
	assert_non_null(strstr(peer.err.text, "create: true"));
	close_peer(&peer);
}

static void a_queue_is_made_as_it_was_stated_and_stays(void **state)
{
	struct peer peer;
	struct mq_attr attr;

	make_device(&peer, "create: true, max_messages: 3, message_bytes: 24,");
	open_device(&peer);
	rig_close(&peer.rig);
	peer.sender = mq_open(peer.name, O_WRONLY);
	assert_int_not_equal(peer.sender, (mqd_t)-1);
	assert_int_equal(mq_getattr(peer.sender, &attr), 0);
	assert_int_equal(attr.mq_maxmsg, 3);
	assert_int_equal(attr.mq_msgsize, 24);
	say(&peer, "5", 0);
	open_device(&peer);
	assert_int_equal(poll_peer(&peer), 1);
	assert_int_equal(rig_int(&peer.rig, "t"), 5);
	close_peer(&peer);
}

static void a_queue_of_longer_messages_is_not_opened(void **state)
{
	struct peer peer;

	make_device(&peer, "message_bytes: 15,");
	make_queue(&peer, 4, 16);
	assert_int_equal(rig_open(&peer.rig, &peer.err), -EMSGSIZE);
	assert_non_null(strstr(peer.err.text, "messages of 16 bytes"));
	assert_non_null(strstr(peer.err.text, "message_bytes: 15"));
	close_peer(&peer);
}

static void assert_exists(const char *options, int code)
{
	struct peer peer;

	make_device(&peer, options);
	make_queue(&peer, 4, 16);
	assert_int_equal(rig_open(&peer.rig, &peer.err), code);
	if (code) {
		assert_non_null(
			strstr(peer.err.text, "max_messages: 4 and message_bytes: 16"));
	}
	close_peer(&peer);
}

static void a_queue_to_be_made_that_is_there_must_be_as_stated(void **state)
{
	assert_exists("create: true, message_bytes: 16,", 0);
	assert_exists("create: true, max_messages: 4,", 0);
	assert_exists("create: true,", 0);
	assert_exists("create: true, message_bytes: 17,", -EEXIST);
	assert_exists("create: true, max_messages: 5,", -EEXIST);
	assert_exists("create: true, max_messages: 3,", -EEXIST);
}

static void a_queue_that_is_too_large_is_told(void **state)
{
	struct peer peer;
	struct rlimit limit, lower;

	make_device(&peer, "create: true, max_messages: 8, message_bytes: 64,");
	assert_int_equal(getrlimit(RLIMIT_MSGQUEUE, &limit), 0);
	lower = limit;
	lower.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_MSGQUEUE, &lower), 0);
	assert_int_equal(rig_open(&peer.rig, &peer.err), -EMFILE);
	assert_non_null(strstr(peer.err.text, "ulimit -q"));
	assert_int_equal(setrlimit(RLIMIT_MSGQUEUE, &limit), 0);
	close_peer(&peer);
}

/* Whoever may pass over the limits in /proc/sys/fs/mqueue is still bound by his own. */
static void a_queue_over_the_limits_of_the_system_is_told(void **state)
{
	struct peer peer;
	int rc;

	make_device(&peer, "create: true, max_messages: 65536, message_bytes: 64KiB,");
	rc = rig_open(&peer.rig, &peer.err);
	assert_true(rc == -EMFILE ||
		    (rc == -EINVAL && strstr(peer.err.text, "/proc/sys/fs/mqueue")));
	close_peer(&peer);
}

static int tend(struct peer *peer, struct link *ret_next)
{
	const struct driver *driver = peer->rig.device.driver;

	return driver->tend(&peer->rig.device, &peer->rig.link, ret_next, &peer->err);
}

static void a_queue_that_is_there_is_gone_on_with(void **state)
{
	struct peer peer;
	struct link next;

	make_device(&peer, "");
	make_queue(&peer, 4, 16);
	open_device(&peer);
	assert_int_equal(tend(&peer, &next), 0);
	close_peer(&peer);
}

static void one_that_was_removed_is_left_for_another_once_it_is_empty(void **state)
{
	struct peer peer;
	struct link next;

	make_device(&peer, "");
	make_queue(&peer, 4, 16);
	open_device(&peer);
	say(&peer, "1", 0);
	assert_int_equal(mq_unlink(peer.name), 0);
	mq_close(peer.sender);
	assert_int_equal(tend(&peer, &next), 0);
	assert_int_equal(poll_peer(&peer), 1);
	assert_int_equal(tend(&peer, &next), -ENOENT);
	assert_non_null(strstr(peer.err.text, peer.name));

	make_queue(&peer, 4, 8);
	say(&peer, "2", 0);
	assert_int_equal(tend(&peer, &next), 1);
	rig_close(&peer.rig);
	peer.rig.link = next;
	peer.rig.device.link = &peer.rig.link;
	assert_int_equal(next.endpoints[0].bytes, 8);
	assert_int_equal(poll_peer(&peer), 1);
	assert_int_equal(rig_int(&peer.rig, "t"), 2);
	assert_int_equal(tend(&peer, &next), 0);
	close_peer(&peer);
}

/* As when a program that has both starts anew: both have no name any more. */
static void what_waits_is_read_before_another_queue_to_send_to_is_opened(void **state)
{
	struct peer peer;
	struct link next;
	char text[512], to[96];

	make_device(&peer, "");
	rig_fini(&peer.rig);
	snprintf(to, sizeof(to), "%s-out", peer.name);
	mq_unlink(to);
	snprintf(text, sizeof(text),
		 "q: { driver: mqueue, queue: %s, create: true, max_messages: 4, "
		 "message_bytes: 16, send: { to: %s, every: 1s, text: hi }, "
		 "in: { t: { column: 0, type: integer } } }",
		 peer.name, to);
	make_queue(&peer, 4, 16);
	rig_init(&peer.rig, text);
	open_device(&peer);
	say(&peer, "1", 0);
	assert_int_equal(mq_unlink(to), 0);
	assert_int_equal(mq_unlink(peer.name), 0);
	assert_int_equal(tend(&peer, &next), 0);
	assert_int_equal(poll_peer(&peer), 1);
	assert_int_equal(tend(&peer, &next), 1);
	peer.rig.device.driver->close(&peer.rig.device, &next);
	mq_unlink(to);
	close_peer(&peer);
}

static void one_that_was_removed_is_made_anew_where_rtloop_makes_it(void **state)
{
	struct peer peer;
	struct link next;

	make_device(&peer, "create: true, max_messages: 3, message_bytes: 24,");
	open_device(&peer);
	assert_int_equal(mq_unlink(peer.name), 0);
	assert_int_equal(tend(&peer, &next), 1);
	peer.rig.device.driver->close(&peer.rig.device, &next);
	peer.sender = mq_open(peer.name, O_WRONLY);
	assert_int_not_equal(peer.sender, (mqd_t)-1);
	close_peer(&peer);
}

static void assert_errors(const char *options, const char *part)
{
	struct rig rig;
	char text[512];

	snprintf(text, sizeof(text), "a: { driver: mqueue, %s in: { t: { column: 0 } } }",
		 options);
	rig_load(&rig, text);
	if (!strstr(rig.errors, part)) {
		fail_msg("'%s' is not in '%s'", part, rig.errors);
	}
	rig_fini(&rig);
}

static void wrong_options_are_told(void **state)
{
	assert_errors("", "queue");
	assert_errors("queue: scale,", "'scale' is no queue's name");
	assert_errors("queue: /a/b,", "'/a/b' is no queue's name");
	assert_errors("queue: /,", "queue");
	assert_errors("queue: /a, max_messages: 3,", "expected create: true");
	assert_errors("queue: /a, message_bytes: 65537,", "65537");
	assert_errors("queue: /a, frame: { kind: raw, size: 4 },",
		      "frames of kind fixed");
}

/* As docs/drivers/mqueue.md has it. */
static void the_example_reads_what_the_guide_says(void **state)
{
	struct rig rig;

	rig_init(&rig, driver_find("mqueue")->example);
	rig_receive(&rig, "W\x39\x30\x00\x00\x01\xc1", 7, NULL);
	assert_int_equal(rig_count(&rig, COUNT_BAD_CHECKSUM), 0);
	assert_true(rig_float(&rig, "weight") == 12345 * 0.001);
	assert_true(rig_bool(&rig, "stable"));
	rig_fini(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_one_frame_by_default),
		cmocka_unit_test(a_message_may_hold_several_frames),
		cmocka_unit_test(an_empty_message_holds_no_frame),
		cmocka_unit_test(the_endpoint_reads_as_many_bytes_as_the_queue_takes),
		cmocka_unit_test(a_queue_that_is_not_there_is_told),
		cmocka_unit_test(a_queue_is_made_as_it_was_stated_and_stays),
		cmocka_unit_test(a_queue_of_longer_messages_is_not_opened),
		cmocka_unit_test(a_queue_to_be_made_that_is_there_must_be_as_stated),
		cmocka_unit_test(a_queue_that_is_too_large_is_told),
		cmocka_unit_test(a_queue_over_the_limits_of_the_system_is_told),
		cmocka_unit_test(a_queue_that_is_there_is_gone_on_with),
		cmocka_unit_test(
			one_that_was_removed_is_left_for_another_once_it_is_empty),
		cmocka_unit_test(
			what_waits_is_read_before_another_queue_to_send_to_is_opened),
		cmocka_unit_test(one_that_was_removed_is_made_anew_where_rtloop_makes_it),
		cmocka_unit_test(wrong_options_are_told),
		cmocka_unit_test(the_example_reads_what_the_guide_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
