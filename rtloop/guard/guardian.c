#include "rtloop/guard/guardian.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

void guardian_init(struct guardian *guardian, const struct guard_ways *ways,
		   const struct guard_run *run)
{
	memset(guardian, 0, sizeof(*guardian));
	guardian->ways = ways;
	guardian->run = *run;
	guardian->listen_fd = -1;
	guardian->again_ns = JUDGE_NEVER;
	guardian->state.guardian_pid = getpid();
	guardian->state.run_pid = run->pid;
	judge_init(&guardian->judge, run->limit_ns);
	guardian->read_ns = sys_now();
	feeder_init(&guardian->feeder);
	for (unsigned i = 0; i < GUARD_PEERS_MAX; i++) {
		guardian->peers[i].fd = -1;
	}
}

void guardian_fini(struct guardian *guardian)
{
	guardian_end(guardian);
	for (unsigned i = 0; i < GUARD_PEERS_MAX; i++) {
		sys_close(guardian->peers[i].fd);
	}
	sys_close(guardian->run.fd);
	sys_close(guardian->run.process_fd);
}

uint64_t guardian_inode_of(const char *path)
{
	struct stat info;

	return lstat(path, &info) ? 0 : info.st_ino;
}

void guardian_end(struct guardian *guardian)
{
	if (guardian->listen_fd >= 0) {
		if (guardian_inode_of(guardian->path) == guardian->inode) {
			unlink(guardian->path);
		}
		sys_close(guardian->listen_fd);
		guardian->listen_fd = -1;
	}
	held_clear(&guardian->held);
	feeder_close(&guardian->feeder);
	guardian->is_over = true;
}

struct guard_packet guardian_state(const struct guardian *guardian)
{
	struct guard_packet packet = guard_packet(GUARD_STATE);

	packet.state = guardian->state;
	packet.state.limit_ns =
		judge_limit_ns(guardian->run.limit_ns, guardian->run.heartbeat);
	packet.state.requests = (int32_t)guardian->held.count;
	packet.state.lines = (int32_t)held_lines(&guardian->held);
	packet.state.watchdog_s =
		guardian->feeder.fd >= 0 ? guardian->feeder.timeout_s : 0;
	packet.state.is_fed =
		guardian->feeder.fd >= 0 && guardian->state.phase == GUARD_WATCHES;
	return packet;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t next_look_ns(struct guardian *guardian, int64_t now_ns)
{
	return sooner(judge_look_ns(&guardian->judge, now_ns),
		      judge_deadline(&guardian->judge, guardian->run.heartbeat, now_ns));
}

/* When it has to wake up, whatever comes. */
static int64_t next_ns(struct guardian *guardian, int64_t now_ns)
{
	int64_t next = JUDGE_NEVER;

	if (guardian->state.phase == GUARD_WATCHES) {
		next = next_look_ns(guardian, now_ns);
		if (guardian->feeder.fd >= 0) {
			next = sooner(next, guardian->feeder.next_ns);
		}
	} else {
		next = guardian->again_ns;
	}
	if (guardian->deaf_until_ns > now_ns) {
		next = sooner(next, guardian->deaf_until_ns);
	}
	for (unsigned i = 0; i < GUARD_PEERS_MAX; i++) {
		if (guardian->peers[i].fd >= 0) {
			next = sooner(next, guardian->peers[i].deadline_ns);
		}
	}
	return next;
}

/* Whom it listens to, by their places in what poll() is given. */
enum {
	NEWS_RUN,
	NEWS_PROCESS,
	NEWS_LISTEN,
	NEWS_PEERS,
	NEWS = NEWS_PEERS + GUARD_PEERS_MAX
};

static void fill(const struct guardian *guardian, struct pollfd *news, int64_t now_ns)
{
	/* when the run is gone for good there is no more to hear of it */
	bool has_run = guardian->state.phase != GUARD_HOLDS;

	for (unsigned i = 0; i < NEWS; i++) {
		news[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	}
	news[NEWS_RUN].fd = guardian->run.fd;
	news[NEWS_PROCESS].fd = has_run ? guardian->run.process_fd : -1;
	news[NEWS_LISTEN].fd =
		now_ns < guardian->deaf_until_ns ? -1 : guardian->listen_fd;
	for (unsigned i = 0; i < GUARD_PEERS_MAX; i++) {
		news[NEWS_PEERS + i].fd = guardian->peers[i].fd;
	}
}

/* Signals are heard here and nowhere else, so that none comes between a look and the sleep. */
static void wait_for_news(struct pollfd *news, int64_t until_ns)
{
	int64_t left_ns = until_ns - sys_now();
	struct timespec limit = time_to_timespec(left_ns > 0 ? left_ns : 0);
	sigset_t none;

	sigemptyset(&none);
	if (ppoll(news, NEWS, until_ns == JUDGE_NEVER ? NULL : &limit, &none) <= 0) {
		for (unsigned i = 0; i < NEWS; i++) {
			news[i].revents = 0;
		}
	}
}

static void serve(struct guardian *guardian, const struct pollfd *news, int64_t now_ns)
{
	for (unsigned i = 0; i < GUARD_PEERS_MAX; i++) {
		guardian_serve_peer(guardian, &guardian->peers[i],
				    news[NEWS_PEERS + i].revents != 0, now_ns);
	}
	if (news[NEWS_LISTEN].revents) {
		guardian_take_in(guardian, now_ns);
	}
}

/* The run, as far as it is there: returns whether it is gone, with all of its threads. */
static bool look_at_run(struct guardian *guardian, const struct pollfd *news)
{
	bool has_process = guardian->run.process_fd >= 0;

	if (news[NEWS_RUN].revents && !guardian_serve_run(guardian)) {
		sys_close(guardian->run.fd);
		guardian->run.fd = -1;
	}
	return has_process ? news[NEWS_PROCESS].revents != 0 : guardian->run.fd < 0;
}

static void watch(struct guardian *guardian, bool is_gone, int64_t now_ns)
{
	int64_t deadline_ns =
		judge_deadline(&guardian->judge, guardian->run.heartbeat, now_ns);

	if (guardian->run.fd < 0 || is_gone) {
		guardian_act(guardian, GUARD_CAUSE_DEATH, now_ns);
	} else if (now_ns >= deadline_ns) {
		guardian_act(guardian, GUARD_CAUSE_SILENCE, now_ns);
	} else {
		feeder_feed(&guardian->feeder, now_ns);
	}
}

bool guardian_turn(struct guardian *guardian)
{
	struct pollfd news[NEWS];
	int64_t now_ns = sys_now();
	int64_t planned_ns;
	bool is_gone;

	/* it may be stopped while it is awake, too */
	judge_woke(&guardian->judge, guardian->read_ns, now_ns);
	planned_ns = next_ns(guardian, now_ns);
	fill(guardian, news, now_ns);
	wait_for_news(news, planned_ns);
	now_ns = sys_now();
	judge_woke(&guardian->judge, planned_ns, now_ns);
	guardian->read_ns = now_ns;
	is_gone = look_at_run(guardian, news);
	if (!guardian->is_over && guardian->state.phase == GUARD_WATCHES) {
		watch(guardian, is_gone, now_ns);
	}
	if (!guardian->is_over && guardian->state.phase != GUARD_WATCHES) {
		guardian_go_on(guardian, is_gone, now_ns);
	}
	if (!guardian->is_over) {
		serve(guardian, news, now_ns);
	}
	return !guardian->is_over;
}
