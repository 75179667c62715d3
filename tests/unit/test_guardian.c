/* wraps: sys_gpio_set sys_now ppoll */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/guard/guardian.h"
#include "rtloop/guard/heir.h"

#define LIMIT (500 * NS_PER_MS)

/* The world around the guardian: its time goes by only while it sleeps. */
static struct {
	int64_t now_ns;
	int64_t late_ns; /* how much too long it sleeps */
	int64_t beat_ns; /* until when the cycle beats, each 10 ms */
	int gpio_code;
	unsigned writes;
	uint64_t mask;
	uint64_t bits;
	unsigned kills;
	bool is_dumping;
	char said[512];
} world;

static struct guardian guardian;
static struct heartbeat *heartbeat;
static int run_fd;  /* the run's end */
static int gone_fd; /* readable: the process is gone */
static char path[64];

int64_t __wrap_sys_now(void);
int64_t __wrap_sys_now(void)
{
	return world.now_ns;
}

int __wrap_sys_gpio_set(int fd, uint64_t mask, uint64_t bits);
int __wrap_sys_gpio_set(int fd, uint64_t mask, uint64_t bits)
{
	(void)fd;
	world.writes++;
	world.mask = mask;
	world.bits = bits;
	return world.gpio_code;
}

int __real_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit,
		 const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit,
		 const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit,
		 const sigset_t *mask)
{
	const struct timespec none = { 0 };
	int ready = __real_ppoll(fds, count, &none, mask);

	if (ready == 0 && limit) {
		world.now_ns += time_from_timespec(limit) + world.late_ns;
		if (world.beat_ns > world.now_ns) {
			heartbeat_beat(heartbeat, world.now_ns);
		}
	}
	return ready;
}

static bool is_dumping(pid_t pid)
{
	assert_int_equal(pid, 4711);
	return world.is_dumping;
}

static void kill_run(int process_fd, pid_t pid)
{
	assert_int_equal(process_fd, guardian.run.process_fd);
	assert_int_equal(pid, 4711);
	world.kills++;
}

static void say(const char *text)
{
	snprintf(world.said, sizeof(world.said), "%s", text);
}

static const struct guard_ways ways = { .is_dumping = is_dumping,
					.kill = kill_run,
					.say = say };

static int set_up(void **state)
{
	int ends[2];
	struct guard_run run = { .pid = 4711, .limit_ns = LIMIT };

	(void)state;
	memset(&world, 0, sizeof(world));
	world.now_ns = 1000 * NS_PER_SEC;
	if (heartbeat_create(&heartbeat) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		return -1;
	}
	gone_fd = eventfd(0, EFD_CLOEXEC);
	run_fd = ends[0];
	run.fd = ends[1];
	run.process_fd = fcntl(gone_fd, F_DUPFD_CLOEXEC, 0);
	run.heartbeat = heartbeat;
	guardian_init(&guardian, &ways, &run);
	heartbeat_beat(heartbeat, world.now_ns);
	heartbeat_enter(heartbeat, HEARTBEAT_RUNNING);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guardian_fini(&guardian);
	heartbeat_destroy(heartbeat);
	close(gone_fd);
	if (run_fd >= 0) {
		close(run_fd);
	}
	unlink(path);
	return 0;
}

/* What the run tells it, and what it answers. */
static int tell(const struct guard_packet *packet, int with_fd)
{
	struct guard_packet answer;
	int fd = -1;

	assert_int_equal(packet_send(run_fd, packet, with_fd), 0);
	guardian_turn(&guardian);
	assert_int_equal(packet_receive(run_fd, &answer, &fd), 0);
	assert_int_equal(fd, -1);
	return answer.word == GUARD_OK ? 0 : answer.value;
}

static struct guard_packet panel(uint32_t slot)
{
	struct guard_packet packet = guard_packet(GUARD_HOLD);

	packet.slot = slot;
	packet.guarded.line_count = 3;
	packet.guarded.out_mask = 6;
	packet.guarded.safe_bits = 4;
	return packet;
}

static void hold_panel(void)
{
	const struct guard_packet packet = panel(0);

	assert_int_equal(tell(&packet, gone_fd), 0);
}

static void die(void)
{
	close(run_fd);
	run_fd = -1;
	assert_int_equal(eventfd_write(gone_fd, 1), 0);
}

/* All its looks within the limit, and the one at its end. */
static void look_until_it_acts(void)
{
	for (unsigned i = 0; i <= JUDGE_LOOKS && guardian.state.phase == GUARD_WATCHES;
	     i++) {
		assert_true(guardian_turn(&guardian));
	}
	assert_int_not_equal(guardian.state.phase, GUARD_WATCHES);
}

static void cycles_that_go_by_leave_it_asleep(void **state)
{
	(void)state;
	hold_panel();
	world.beat_ns = INT64_MAX;
	for (unsigned i = 0; i < 100; i++) {
		assert_true(guardian_turn(&guardian));
	}
	assert_int_equal(guardian.state.phase, GUARD_WATCHES);
	assert_int_equal(world.kills + world.writes, 0);
	/* four times in its limit is enough */
	assert_true(world.now_ns - 1000 * NS_PER_SEC >= 99 * LIMIT / JUDGE_LOOKS);
}

static void a_cycle_that_stops_is_killed_and_its_lines_are_made_safe(void **state)
{
	(void)state;
	hold_panel();
	look_until_it_acts();
	assert_int_equal(guardian.state.phase, GUARD_ACTS);
	assert_int_equal(guardian.state.cause, GUARD_CAUSE_SILENCE);
	assert_int_equal(guardian.state.silent_ns, LIMIT);
	assert_int_equal(world.kills, 1);
	assert_true(world.writes > 0);
	assert_int_equal(world.mask, 6);
	assert_int_equal(world.bits, 4);
	assert_int_equal(heartbeat_owner(heartbeat), HEARTBEAT_GUARDIAN);
	assert_non_null(strstr(world.said, "the cycle was overdue by 500 ms"));
	assert_non_null(strstr(world.said, "2 lines were at their safe values"));
}

static void the_safe_values_are_written_until_the_last_thread_is_gone(void **state)
{
	unsigned before;

	(void)state;
	hold_panel();
	look_until_it_acts();
	for (unsigned i = 0; i < 5; i++) {
		before = world.writes;
		assert_true(guardian_turn(&guardian));
		assert_int_equal(world.writes, before + 1);
		assert_int_equal(guardian.state.phase, GUARD_ACTS);
	}
	before = world.writes;
	die();
	assert_true(guardian_turn(&guardian));
	assert_int_equal(world.writes, before + 1);
	assert_int_equal(guardian.state.phase, GUARD_HOLDS);
	assert_int_equal(guardian.again_ns, JUDGE_NEVER);
	assert_int_equal(world.kills, 1);
}

static void a_first_beat_that_nobody_tells_it_of_is_the_first_of_all(void **state)
{
	(void)state;
	hold_panel();
	heartbeat_enter(heartbeat, HEARTBEAT_STARTING);
	for (unsigned i = 0; i < 10; i++) {
		int64_t before_ns = world.now_ns;

		assert_true(guardian_turn(&guardian));
		assert_int_equal(world.now_ns, before_ns + LIMIT / JUDGE_LOOKS);
	}
	heartbeat_beat(heartbeat, world.now_ns);
	heartbeat_enter(heartbeat, HEARTBEAT_RUNNING);
	assert_int_equal(world.kills, 0);
	look_until_it_acts();
	assert_int_equal(world.kills, 1);
}

static void a_death_is_seen_at_once(void **state)
{
	int64_t before_ns = world.now_ns;

	(void)state;
	hold_panel();
	die();
	assert_true(guardian_turn(&guardian));
	assert_int_equal(world.now_ns, before_ns);
	assert_int_equal(guardian.state.phase, GUARD_HOLDS);
	assert_int_equal(guardian.state.cause, GUARD_CAUSE_DEATH);
	assert_non_null(strstr(world.said, "the run (process 4711) died"));
	assert_int_equal(world.bits, 4);
}

static void a_run_whose_core_is_written_is_left_to_it(void **state)
{
	(void)state;
	hold_panel();
	world.is_dumping = true;
	look_until_it_acts();
	assert_int_equal(world.kills, 0);
	assert_int_equal(world.bits, 4);
	assert_int_equal(guardian.state.phase, GUARD_ACTS);
}

static void what_a_chip_does_not_take_is_tried_again_for_ever(void **state)
{
	(void)state;
	hold_panel();
	world.gpio_code = -EIO;
	die();
	for (unsigned i = 0; i < 30; i++) {
		assert_true(guardian_turn(&guardian));
	}
	assert_int_equal(guardian.state.failed, 1);
	assert_non_null(strstr(world.said, "could NOT be written"));
	assert_true(world.writes >= 30);
	world.gpio_code = 0;
	assert_true(guardian_turn(&guardian));
	assert_int_equal(guardian.state.failed, 0);
	assert_int_equal(guardian.again_ns, JUDGE_NEVER);
}

static void one_who_was_stopped_himself_has_seen_nothing(void **state)
{
	(void)state;
	hold_panel();
	world.late_ns = 100 * LIMIT;
	assert_true(guardian_turn(&guardian));
	assert_int_equal(guardian.state.phase, GUARD_WATCHES);
	world.late_ns = 0;
	heartbeat_beat(heartbeat, world.now_ns + 1);
	assert_int_equal(world.kills, 0);
	/* and from then on it is as before */
	look_until_it_acts();
	assert_int_equal(guardian.state.phase, GUARD_ACTS);
}

/* It wakes up just when it was to, and looks before the cycle that stood still with it comes to run. */
static void a_stop_that_ended_before_the_limit_was_over_counts_too(void **state)
{
	(void)state;
	hold_panel();
	world.late_ns = LIMIT / 2;
	assert_true(guardian_turn(&guardian));
	world.late_ns = 0;
	while (world.now_ns < 1000 * NS_PER_SEC + LIMIT) {
		assert_true(guardian_turn(&guardian));
	}
	assert_int_equal(guardian.state.phase, GUARD_WATCHES);
	look_until_it_acts();
	assert_int_equal(guardian.state.silent_ns,
			 LIMIT / JUDGE_LOOKS + LIMIT / 2 + LIMIT);
}

/* By less than a look later than the limit, so that it does not seem to wake late. */
static void one_who_was_stopped_while_awake_has_seen_nothing_either(void **state)
{
	(void)state;
	hold_panel();
	assert_true(guardian_turn(&guardian));
	heartbeat_beat(heartbeat, world.now_ns);
	world.now_ns += LIMIT + LIMIT / JUDGE_LOOKS / 2;
	assert_true(guardian_turn(&guardian));
	assert_int_equal(guardian.state.phase, GUARD_WATCHES);
	heartbeat_beat(heartbeat, world.now_ns + 1);
	assert_int_equal(world.kills, 0);
	look_until_it_acts();
	assert_int_equal(guardian.state.phase, GUARD_ACTS);
}

static void a_hang_is_left_to_the_watchdog_thread_first(void **state)
{
	(void)state;
	heartbeat->limit_ns = 10 * LIMIT;
	hold_panel();
	while (guardian.state.phase == GUARD_WATCHES) {
		assert_true(guardian_turn(&guardian));
	}
	assert_int_equal(guardian.state.silent_ns, 10 * LIMIT / 4 * 5);
	assert_int_equal(guardian_state(&guardian).state.limit_ns, 10 * LIMIT / 4 * 5);
	assert_non_null(strstr(world.said, "guard_limit: 6250ms"));
}

static void an_end_in_order_ends_it_without_a_word(void **state)
{
	const struct guard_packet end = guard_packet(GUARD_END);

	(void)state;
	hold_panel();
	assert_int_equal(tell(&end, -1), 0);
	assert_true(guardian.is_over);
	assert_int_equal(guardian.held.count, 0);
	assert_int_equal(world.writes + world.kills, 0);
	assert_string_equal(world.said, "");
}

static void an_end_that_left_outputs_unsafe_has_them_written(void **state)
{
	struct guard_packet end = guard_packet(GUARD_END);

	(void)state;
	hold_panel();
	end.value = 1;
	assert_int_equal(tell(&end, -1), 0);
	assert_int_equal(world.writes, 1);
	assert_int_equal(world.bits, 4);
	assert_true(guardian.is_over);
}

static void a_run_that_says_it_has_ended_and_dies_has_ended(void **state)
{
	const struct guard_packet end = guard_packet(GUARD_END);

	(void)state;
	hold_panel();
	assert_int_equal(packet_send(run_fd, &end, -1), 0);
	die();
	assert_false(guardian_turn(&guardian));
	assert_int_equal(world.writes + world.kills, 0);
}

static void with_nothing_to_hold_it_goes_with_its_run(void **state)
{
	(void)state;
	die();
	assert_false(guardian_turn(&guardian));
	assert_non_null(strstr(world.said, "no lines were held"));
}

static void what_the_run_drops_is_held_no_more(void **state)
{
	struct guard_packet drop = guard_packet(GUARD_DROP);

	(void)state;
	hold_panel();
	assert_int_equal(tell(&drop, -1), 0);
	assert_int_equal(guardian.held.count, 0);
	assert_int_equal(tell(&drop, -1), -ENOENT);
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct guard_packet hold = panel(0);
	const struct guard_packet feed = guard_packet(GUARD_FEED);
	const struct guard_packet strange = guard_packet(GUARD_OK);

	(void)state;
	assert_int_equal(tell(&hold, -1), -EINVAL);
	hold.guarded.line_count = 65;
	assert_int_equal(tell(&hold, gone_fd), -EINVAL);
	assert_int_equal(tell(&feed, gone_fd), -EINVAL);
	assert_int_equal(tell(&strange, gone_fd), -EINVAL);
	assert_int_equal(guardian.held.count, 0);
}

/* --- the hardware watchdog ------------------------------------------------------------------------ */

static unsigned meals(int fd)
{
	char text[64];
	ssize_t bytes = read(fd, text, sizeof(text));

	return bytes > 0 ? (unsigned)bytes : 0;
}

static void the_watchdog_is_fed_only_while_cycles_go_by(void **state)
{
	struct guard_packet feed = guard_packet(GUARD_FEED);
	int dog[2];

	(void)state;
	assert_int_equal(pipe2(dog, O_NONBLOCK | O_CLOEXEC), 0);
	hold_panel();
	feed.value = 10;
	assert_int_equal(tell(&feed, dog[1]), 0);
	world.beat_ns = INT64_MAX;
	for (unsigned i = 0; i < 100; i++) {
		guardian_turn(&guardian);
	}
	assert_true(meals(dog[0]) >= 5);
	assert_true(guardian_state(&guardian).state.is_fed);
	world.beat_ns = 0;
	while (guardian.state.phase == GUARD_WATCHES) {
		guardian_turn(&guardian);
	}
	(void)meals(dog[0]);
	/* for more than one meal */
	for (unsigned i = 0; i < 20; i++) {
		guardian_turn(&guardian);
	}
	assert_int_equal(guardian.state.phase, GUARD_ACTS);
	assert_int_equal(meals(dog[0]), 0);
	die();
	for (unsigned i = 0; i < 3; i++) {
		assert_true(guardian_turn(&guardian) || i > 0);
	}
	assert_int_equal(meals(dog[0]), 0);
	assert_false(guardian_state(&guardian).state.is_fed);
	close(dog[0]);
	close(dog[1]);
}

static void a_run_that_has_ended_and_does_not_go_is_fed_for_a_minute(void **state)
{
	struct guard_packet feed = guard_packet(GUARD_FEED);
	int64_t ended_ns;
	int dog[2];

	(void)state;
	assert_int_equal(pipe2(dog, O_NONBLOCK | O_CLOEXEC), 0);
	hold_panel();
	feed.value = 10;
	assert_int_equal(tell(&feed, dog[1]), 0);
	assert_true(guardian_turn(&guardian));
	heartbeat_enter(heartbeat, HEARTBEAT_ENDED);
	ended_ns = world.now_ns;
	while (guardian.state.phase == GUARD_WATCHES &&
	       world.now_ns < ended_ns + 2 * JUDGE_ENDED_NS) {
		assert_true(guardian_turn(&guardian));
	}
	assert_int_equal(world.now_ns, ended_ns + LIMIT + JUDGE_ENDED_NS);
	assert_true(meals(dog[0]) >= 60);
	assert_int_equal(world.kills, 1);
	assert_true(world.writes > 0);
	for (unsigned i = 0; i < 20; i++) {
		guardian_turn(&guardian);
	}
	assert_int_equal(meals(dog[0]), 0);
	close(dog[0]);
	close(dog[1]);
}

/* --- who connects --------------------------------------------------------------------------------- */

static int listen_somewhere(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(path, sizeof(path), "/tmp/test_guardian.%d", (int)getpid());
	unlink(path);
	memcpy(address.sun_path, path, sizeof(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static int connected(void)
{
	struct guard_packet listens = guard_packet(GUARD_LISTEN);
	int listen_fd, fd;

	if (guardian.listen_fd < 0) {
		listen_fd = listen_somewhere();
		memcpy(listens.path, path, sizeof(path));
		assert_int_equal(tell(&listens, listen_fd), 0);
		close(listen_fd);
	}
	fd = heir_connect(path);
	assert_true(fd >= 0);
	guardian_turn(&guardian);
	return fd;
}

/* The word of the answer; its value is in @ret_answer. */
static uint32_t ask(int fd, enum guard_word word, uint32_t slot,
		    struct guard_packet *ret_answer)
{
	struct guard_packet packet = guard_packet(word);
	int with_fd = -1;

	packet.slot = slot;
	assert_int_equal(packet_send(fd, &packet, -1), 0);
	guardian_turn(&guardian);
	assert_int_equal(packet_receive(fd, ret_answer, &with_fd), 0);
	if (ret_answer->word == GUARD_HELD) {
		assert_true(with_fd >= 0);
		close(with_fd);
	}
	return ret_answer->word;
}

static void while_the_run_is_there_others_may_only_look(void **state)
{
	struct guard_packet answer;
	int fd;

	(void)state;
	hold_panel();
	fd = connected();
	assert_int_equal(ask(fd, GUARD_ASK, 0, &answer), GUARD_STATE);
	assert_int_equal(answer.state.phase, GUARD_WATCHES);
	assert_int_equal(answer.state.run_pid, 4711);
	assert_int_equal(answer.state.requests, 1);
	assert_int_equal(answer.state.lines, 2);
	assert_int_equal(answer.state.limit_ns, LIMIT);
	assert_int_equal(ask(fd, GUARD_ASK_HELD, 0, &answer), GUARD_NO);
	assert_int_equal(answer.value, -EBUSY);
	assert_int_equal(ask(fd, GUARD_LET_GO, 0, &answer), GUARD_NO);
	assert_int_equal(ask(fd, GUARD_ASK_WATCHDOG, 0, &answer), GUARD_NO);
	/* the run's words are not for others */
	assert_int_equal(ask(fd, GUARD_END, 0, &answer), GUARD_NO);
	assert_false(guardian.is_over);
	close(fd);
}

static void who_cannot_be_let_in_is_not_asked_for_at_once_again(void **state)
{
	struct rlimit before, none;
	struct guard_packet answer;
	int64_t since_ns;
	int fd, free_fd;

	(void)state;
	hold_panel();
	world.beat_ns = INT64_MAX;
	close(connected());
	assert_true(guardian_turn(&guardian));
	fd = heir_connect(path);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	free_fd = dup(fd);
	close(free_fd);
	none = (struct rlimit){ .rlim_cur = (rlim_t)free_fd,
				.rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	since_ns = world.now_ns;
	for (unsigned i = 0; i < 50; i++) {
		assert_true(guardian_turn(&guardian));
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	/* it slept in most of its turns */
	assert_true(world.now_ns - since_ns >= 40 * LIMIT / JUDGE_LOOKS);
	for (unsigned i = 0; i < 10; i++) {
		assert_true(guardian_turn(&guardian));
	}
	assert_int_equal(ask(fd, GUARD_ASK, 0, &answer), GUARD_STATE);
	close(fd);
}

static void when_it_holds_all_is_handed_over_and_let_go_of(void **state)
{
	struct guard_packet answer;
	int fd;

	(void)state;
	hold_panel();
	fd = connected();
	die();
	guardian_turn(&guardian);
	assert_int_equal(ask(fd, GUARD_ASK_HELD, 0, &answer), GUARD_HELD);
	assert_int_equal(answer.guarded.out_mask, 6);
	assert_int_equal(ask(fd, GUARD_ASK_HELD, 1, &answer), GUARD_NO);
	assert_int_equal(answer.value, -ENOENT);
	assert_int_equal(ask(fd, GUARD_ASK_WATCHDOG, 0, &answer), GUARD_NO);
	assert_int_equal(answer.value, -ENOENT);
	assert_int_equal(ask(fd, GUARD_LET_GO, 0, &answer), GUARD_OK);
	assert_true(guardian.is_over);
	assert_int_equal(access(path, F_OK), -1);
	close(fd);
}

static void a_socket_that_has_taken_its_place_is_left_there(void **state)
{
	int fd, other_fd;

	(void)state;
	fd = connected();
	other_fd = listen_somewhere();
	guardian_end(&guardian);
	assert_int_equal(access(path, F_OK), 0);
	close(other_fd);
	close(fd);
}

static void one_more_than_it_can_serve_is_told_so(void **state)
{
	struct guard_packet answer;
	int fds[GUARD_PEERS_MAX + 1], with_fd = -1;

	(void)state;
	hold_panel();
	for (unsigned i = 0; i < GUARD_PEERS_MAX + 1; i++) {
		fds[i] = connected();
	}
	assert_int_equal(packet_receive(fds[GUARD_PEERS_MAX], &answer, &with_fd), 0);
	assert_int_equal(answer.value, -EBUSY);
	/* a place becomes free with who leaves, and with who says nothing for too long */
	close(fds[0]);
	guardian_turn(&guardian);
	assert_int_equal(guardian.peers[0].fd, -1);
	world.beat_ns = INT64_MAX;
	for (unsigned i = 0; i < 100 * JUDGE_LOOKS; i++) {
		guardian_turn(&guardian);
	}
	for (unsigned i = 0; i < GUARD_PEERS_MAX; i++) {
		assert_int_equal(guardian.peers[i].fd, -1);
		close(fds[i + 1]);
	}
}

static void what_is_no_packet_costs_the_peer_its_place(void **state)
{
	int fd;

	(void)state;
	hold_panel();
	fd = connected();
	assert_int_equal(send(fd, "hello", 5, 0), 5);
	guardian_turn(&guardian);
	assert_int_equal(guardian.peers[0].fd, -1);
	assert_int_equal(guardian.state.phase, GUARD_WATCHES);
	close(fd);
}

/* As another user: connects, and says what it is told. */
static int told_to_another(void)
{
	struct guard_packet answer;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int with_fd = -1, fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct pollfd entry = { .fd = fd, .events = POLLIN };

	memcpy(address.sun_path, path, sizeof(path));
	if (setuid(65534) || connect(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    poll(&entry, 1, 20000) != 1 || packet_receive(fd, &answer, &with_fd)) {
		return 1;
	}
	return answer.word == GUARD_NO ? -answer.value : 2;
}

static void another_user_may_not_even_look(void **state)
{
	int fd, status = 0;
	pid_t pid;

	(void)state;
	if (geteuid() != 0) {
		print_message("it takes root to be another user\n");
		skip();
	}
	fd = connected();
	close(fd);
	guardian_turn(&guardian);
	assert_int_equal(chmod(path, 0777), 0);
	pid = fork();
	if (pid == 0) {
		_exit(told_to_another());
	}
	world.beat_ns = INT64_MAX;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		guardian_turn(&guardian);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EPERM);
	assert_int_equal(guardian.peers[0].fd, -1);
}

/* Whether he who refuses hangs up before the question or behind it. */
static void who_is_refused_before_he_asks_reads_why(void **state)
{
	struct guard_packet question = guard_packet(GUARD_ASK), answer;

	(void)state;
	for (unsigned has_asked = 0; has_asked < 2; has_asked++) {
		struct guard_packet refusal = guard_packet(GUARD_NO);
		int ends[2], with_fd = -1;

		refusal.value = -EPERM;
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
		if (has_asked) {
			assert_int_equal(packet_send(ends[0], &question, -1), 0);
		}
		assert_int_equal(packet_send(ends[1], &refusal, -1), 0);
		close(ends[1]);
		assert_int_equal(packet_exchange(ends[0], &question, -1, NS_PER_SEC,
						 &answer, &with_fd),
				 -EPERM);
		close(ends[0]);
	}
}

static void sigterm_is_heard_only_when_the_run_is_gone(void **state)
{
	(void)state;
	hold_panel();
	world.beat_ns = INT64_MAX;
	guardian.is_asked_to_end = 1;
	assert_true(guardian_turn(&guardian));
	assert_int_equal(guardian.held.count, 1);
	die();
	assert_false(guardian_turn(&guardian));
	assert_true(world.writes > 0);
	assert_int_equal(guardian.held.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(cycles_that_go_by_leave_it_asleep),
		TEST(a_cycle_that_stops_is_killed_and_its_lines_are_made_safe),
		TEST(the_safe_values_are_written_until_the_last_thread_is_gone),
		TEST(a_first_beat_that_nobody_tells_it_of_is_the_first_of_all),
		TEST(a_death_is_seen_at_once),
		TEST(a_run_whose_core_is_written_is_left_to_it),
		TEST(what_a_chip_does_not_take_is_tried_again_for_ever),
		TEST(one_who_was_stopped_himself_has_seen_nothing),
		TEST(a_stop_that_ended_before_the_limit_was_over_counts_too),
		TEST(one_who_was_stopped_while_awake_has_seen_nothing_either),
		TEST(a_hang_is_left_to_the_watchdog_thread_first),
		TEST(an_end_in_order_ends_it_without_a_word),
		TEST(an_end_that_left_outputs_unsafe_has_them_written),
		TEST(a_run_that_says_it_has_ended_and_dies_has_ended),
		TEST(with_nothing_to_hold_it_goes_with_its_run),
		TEST(what_the_run_drops_is_held_no_more),
		TEST(what_makes_no_sense_is_refused),
		TEST(the_watchdog_is_fed_only_while_cycles_go_by),
		TEST(a_run_that_has_ended_and_does_not_go_is_fed_for_a_minute),
		TEST(while_the_run_is_there_others_may_only_look),
		TEST(who_cannot_be_let_in_is_not_asked_for_at_once_again),
		TEST(when_it_holds_all_is_handed_over_and_let_go_of),
		TEST(a_socket_that_has_taken_its_place_is_left_there),
		TEST(one_more_than_it_can_serve_is_told_so),
		TEST(what_is_no_packet_costs_the_peer_its_place),
		TEST(another_user_may_not_even_look),
		TEST(who_is_refused_before_he_asks_reads_why),
		TEST(sigterm_is_heard_only_when_the_run_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
