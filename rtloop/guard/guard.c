#include "rtloop/guard/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/guard/process.h"

/* For an answer: it comes at once, but a machine may stand still. */
#define ANSWER_NS (10 * NS_PER_SEC)

#define SOCKET_MODE 0660
#define BACKLOG	    8
#define REAP_LOOKS  100

/* It has been killed, or ends by itself: one that hangs in a chip's call is left to whoever reaps orphans. */
static void reap(const struct guard *guard)
{
	const struct timespec look = time_to_timespec(NS_PER_MS);

	for (unsigned i = 0; i < REAP_LOOKS && waitpid(guard->pid, NULL, WNOHANG) == 0;
	     i++) {
		nanosleep(&look, NULL);
	}
}

/* Killed before its socket is closed: one that lives, and was only late, would take that for the run's death. */
static void lose(struct guard *guard)
{
	guard->presence = GUARD_LOST;
	guard->requests = 0;
	if (guard->pid > 0) {
		kill(guard->pid, SIGKILL);
		reap(guard);
	}
	sys_close(guard->fd);
}

/* @ret_answer: where it is not just OK; NULL: it is. */
static int tell(struct guard *guard, const struct guard_packet *packet, int with_fd,
		struct guard_packet *ret_answer)
{
	struct guard_packet answer;
	int fd = -1;
	int code = packet_exchange(guard->fd, packet, with_fd, ANSWER_NS, &answer, &fd);

	sys_close(fd);
	if (code == 0 && ret_answer) {
		*ret_answer = answer;
	}
	return code;
}

/* --- its start ------------------------------------------------------------------------------------ */

static int fork_it(struct guard *guard, struct heartbeat *heartbeat, int priority,
		   const int ends[2])
{
	const struct guard_run run = {
		.pid = getpid(),
		.fd = ends[1],
		.process_fd = (int)syscall(SYS_pidfd_open, getpid(), 0),
		.heartbeat = heartbeat,
		.limit_ns = guard->limit_ns,
	};
	int code;

	guard->pid = fork();
	if (guard->pid == 0) {
		process_run(&run, priority);
	}
	code = guard->pid < 0 ? -errno : 0;
	sys_close(run.process_fd);
	return code;
}

/* Its first answer: it is there, and as good as it can be. */
static int greet(struct guard *guard)
{
	const struct guard_packet ask = guard_packet(GUARD_ASK);
	struct guard_packet answer;
	int code = tell(guard, &ask, -1, &answer);

	if (code == 0) {
		guard->priority = answer.state.priority;
		guard->is_locked = answer.state.is_locked;
		guard->presence = GUARD_PRESENT;
	}
	return code;
}

int guard_start(struct guard *guard, struct heartbeat *heartbeat, int64_t limit_ns,
		int priority, struct err *err)
{
	int ends[2];
	int code;

	*guard = (struct guard){ .limit_ns = limit_ns };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		return err_set_errno(err, -errno, "the guardian");
	}
	code = fork_it(guard, heartbeat, priority, ends);
	sys_close(ends[1]);
	guard->fd = ends[0];
	code = code ? code : greet(guard);
	if (code) {
		lose(guard);
		guard->presence = GUARD_ABSENT;
		return err_set_errno(err, code, "the guardian");
	}
	return 0;
}

/* --- what it is told ------------------------------------------------------------------------------ */

void guard_hold(struct guard *guard, uint32_t slot, const struct guarded *guarded, int fd)
{
	struct guard_packet packet = guard_packet(GUARD_HOLD);

	if (guard->presence != GUARD_PRESENT) {
		return;
	}
	packet.slot = slot;
	packet.guarded = *guarded;
	if (tell(guard, &packet, fd, NULL)) {
		lose(guard);
	} else {
		guard->requests++;
	}
}

void guard_drop(struct guard *guard, uint32_t slot)
{
	struct guard_packet packet = guard_packet(GUARD_DROP);
	int code;

	if (guard->presence != GUARD_PRESENT) {
		return;
	}
	packet.slot = slot;
	code = tell(guard, &packet, -1, NULL);
	if (code == 0) {
		guard->requests--;
	} else if (code != -ENOENT) {
		lose(guard);
	}
}

/* Made beside its place, and moved there when it is complete: nobody connects to half of it. */
static int make_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int bytes = snprintf(address.sun_path, sizeof(address.sun_path), "%s.%d", path,
			     (int)getpid());
	int fd, code;

	if (bytes < 0 || (size_t)bytes >= sizeof(address.sun_path)) {
		return -ENAMETOOLONG;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -errno;
	}
	if (bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		code = -errno;
		sys_close(fd);
		return code;
	}
	if (chmod(address.sun_path, SOCKET_MODE) || listen(fd, BACKLOG) ||
	    rename(address.sun_path, path)) {
		code = -errno;
		unlink(address.sun_path);
		sys_close(fd);
		return code;
	}
	return fd;
}

int guard_listen(struct guard *guard, const char *path, struct err *err)
{
	struct guard_packet packet = guard_packet(GUARD_LISTEN);
	int fd;

	if (guard->presence != GUARD_PRESENT) {
		return 0;
	}
	fd = strlen(path) < sizeof(packet.path) ? make_socket(path) : -ENAMETOOLONG;
	if (fd < 0) {
		return err_set_errno(err, fd, "the guardian's socket %s", path);
	}
	snprintf(packet.path, sizeof(packet.path), "%s", path);
	if (tell(guard, &packet, fd, NULL)) {
		lose(guard);
	}
	sys_close(fd);
	return 0;
}

void guard_feed(struct guard *guard, int fd, int32_t timeout_s)
{
	struct guard_packet packet = guard_packet(GUARD_FEED);

	if (guard->presence == GUARD_PRESENT) {
		packet.value = timeout_s;
		if (tell(guard, &packet, fd, NULL)) {
			lose(guard);
		} else {
			guard->watchdog_s = timeout_s;
		}
	}
	sys_close(fd);
}

bool guard_look(struct guard *guard)
{
	bool is_news;
	char byte;

	/* it never speaks first: all that can be read is that it is gone */
	if (guard->presence == GUARD_PRESENT &&
	    recv(guard->fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_PEEK) == 0) {
		lose(guard);
	}
	is_news = guard->presence == GUARD_LOST && !guard->was_told_lost;
	guard->was_told_lost |= is_news;
	return is_news;
}

void guard_end(struct guard *guard, bool is_safe)
{
	struct guard_packet packet = guard_packet(GUARD_END);
	int code;

	if (guard->presence != GUARD_PRESENT) {
		return;
	}
	packet.value = is_safe ? 0 : 1;
	code = tell(guard, &packet, -1, NULL);
	lose(guard);
	guard->presence = code ? GUARD_LOST : GUARD_OVER;
}
