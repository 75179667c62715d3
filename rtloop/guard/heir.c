#include "rtloop/guard/heir.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

#define ANSWER_NS (10 * NS_PER_SEC)
#define LOOK_NS	  (10 * NS_PER_MS)

/* --- talking to it -------------------------------------------------------------------------------- */

int heir_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, code;

	if (strlen(path) >= sizeof(address.sun_path)) {
		return -ENAMETOOLONG;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -errno;
	}
	code = connect(fd, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
	if (code) {
		sys_close(fd);
		return code;
	}
	return fd;
}

/* Where an answer of another kind comes, nothing of it is believed. */
static int ask(int fd, const struct guard_packet *packet, enum guard_word expected,
	       struct guard_packet *ret_answer, int *ret_fd)
{
	int code = packet_exchange(fd, packet, -1, ANSWER_NS, ret_answer, ret_fd);

	if (code == 0 && ret_answer->word != (uint32_t)expected) {
		sys_close(*ret_fd);
		code = -EPROTO;
	}
	return code;
}

int heir_ask(int fd, struct guard_state *ret_state)
{
	const struct guard_packet packet = guard_packet(GUARD_ASK);
	struct guard_packet answer;
	int with_fd = -1;
	int code = ask(fd, &packet, GUARD_STATE, &answer, &with_fd);

	if (code == 0) {
		sys_close(with_fd);
		*ret_state = answer.state;
	}
	return code;
}

int heir_ask_held(int fd, uint32_t index, struct guarded *ret_guarded, int *ret_fd)
{
	struct guard_packet packet = guard_packet(GUARD_ASK_HELD);
	struct guard_packet answer;
	int code;

	packet.slot = index;
	code = ask(fd, &packet, GUARD_HELD, &answer, ret_fd);
	if (code == 0 && (*ret_fd < 0 || !guarded_is_whole(&answer.guarded))) {
		sys_close(*ret_fd);
		code = -EPROTO;
	}
	if (code == 0) {
		*ret_guarded = answer.guarded;
	}
	return code;
}

int heir_let_go(int fd)
{
	const struct guard_packet packet = guard_packet(GUARD_LET_GO);
	struct guard_packet answer;
	int with_fd = -1;

	return ask(fd, &packet, GUARD_OK, &answer, &with_fd);
}

/* --- taking over ---------------------------------------------------------------------------------- */

/* All that stands in the way is let go of, by this run's guardian too. */
static void let_go(struct heir *heir, unsigned index)
{
	guard_drop(heir->guard, HEIR_SLOTS + index);
	sys_close(heir->entries[index].fd);
	heir->entries[index].fd = -1;
}

static int take(struct heritage *heritage, const struct guarded *like)
{
	struct heir *heir =
		(struct heir *)((char *)heritage - offsetof(struct heir, heritage));

	for (unsigned i = 0; i < heir->count; i++) {
		struct heir_entry *entry = &heir->entries[i];

		if (entry->fd >= 0 && guarded_fits(&entry->guarded, like)) {
			int fd = entry->fd;

			entry->fd = -1;
			heir->taken++;
			return fd;
		}
	}
	for (unsigned i = 0; i < heir->count; i++) {
		if (heir->entries[i].fd >= 0 &&
		    guarded_overlaps(&heir->entries[i].guarded, like)) {
			let_go(heir, i);
		}
	}
	return -ENOENT;
}

void heir_init(struct heir *heir, struct guard *guard)
{
	memset(heir, 0, sizeof(*heir));
	heir->heritage.take = take;
	heir->guard = guard;
	heir->watchdog_fd = -1;
}

/* A run that was killed this moment is gone in the next one. */
static int wait_until_it_holds(struct heir *heir, int fd)
{
	const struct timespec look = time_to_timespec(LOOK_NS);
	int64_t end_ns = sys_now() + HEIR_WAIT_NS;
	int code = heir_ask(fd, &heir->before);

	while (code == 0 && heir->before.phase != GUARD_HOLDS && sys_now() < end_ns) {
		nanosleep(&look, NULL);
		code = heir_ask(fd, &heir->before);
	}
	return code == 0 && heir->before.phase != GUARD_HOLDS ? -EBUSY : code;
}

static int take_requests(struct heir *heir, int fd)
{
	int code = 0;

	while (code == 0 && heir->count < HELD_MAX) {
		struct heir_entry *entry = &heir->entries[heir->count];

		code = heir_ask_held(fd, heir->count, &entry->guarded, &entry->fd);
		if (code == 0) {
			guard_hold(heir->guard, HEIR_SLOTS + heir->count, &entry->guarded,
				   entry->fd);
			heir->count++;
		}
	}
	return code == -ENOENT ? 0 : code;
}

static int take_watchdog(struct heir *heir, int fd)
{
	const struct guard_packet packet = guard_packet(GUARD_ASK_WATCHDOG);
	struct guard_packet answer;
	int code = ask(fd, &packet, GUARD_WATCHDOG, &answer, &heir->watchdog_fd);

	if (code) {
		heir->watchdog_fd = -1;
		return code == -ENOENT ? 0 : code;
	}
	heir->watchdog_s = answer.value;
	return 0;
}

/* What it was like before: the other guardian still holds all. */
static void give_up(struct heir *heir)
{
	for (unsigned i = 0; i < heir->count; i++) {
		let_go(heir, i);
	}
	heir->count = 0;
	sys_close(heir->watchdog_fd);
	heir->watchdog_fd = -1;
}

static int explain(const struct heir *heir, int code, struct err *err)
{
	if (code == -EBUSY) {
		return err_set(err, code,
			       "the guardian (process %d) of another run of this name "
			       "(process %d) holds its lines; end that one first, or "
			       "give this one another 'name'",
			       (int)heir->before.guardian_pid, (int)heir->before.run_pid);
	}
	if (code == -EPIPE || code == -EPROTO) {
		return err_set(err, code,
			       "the guardian of an earlier run does not understand this "
			       "version of rtloop; `rtloop guard --release` of that "
			       "version, or SIGTERM to it (pkill -f rtloop-guardian), "
			       "makes it let go of its lines");
	}
	return err_set_errno(err, code, "the guardian of an earlier run cannot be asked");
}

/* One that has gone has let go, too: this run holds all. One that is there has refused to answer. */
static bool is_gone(const char *path)
{
	int fd = heir_connect(path);

	if (fd >= 0) {
		sys_close(fd);
	}
	return fd == -ENOENT || fd == -ECONNREFUSED;
}

/* Who hands over could make lines do as it likes: it must be this user's, or root's. */
static int check_peer(int fd)
{
	struct ucred peer;
	socklen_t bytes = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes)) {
		return -errno;
	}
	return peer.uid == 0 || peer.uid == geteuid() ? 0 : -EPERM;
}

int heir_take_over(struct heir *heir, const char *path, struct err *err)
{
	int fd = heir_connect(path);
	int code;

	if (fd == -ENOENT || fd == -ECONNREFUSED) {
		return 0;
	}
	code = fd < 0 ? fd : check_peer(fd);
	code = code ? code : wait_until_it_holds(heir, fd);
	code = code ? code : take_requests(heir, fd);
	code = code ? code : take_watchdog(heir, fd);
	code = code ? code : heir_let_go(fd);
	sys_close(fd);
	code = code == -EPIPE && is_gone(path) ? 0 : code;
	if (code) {
		give_up(heir);
		return explain(heir, code, err);
	}
	return 0;
}

unsigned heir_settle(struct heir *heir)
{
	unsigned left = 0;

	for (unsigned i = 0; i < heir->count; i++) {
		left += heir->entries[i].fd >= 0;
		let_go(heir, i);
	}
	sys_close(heir->watchdog_fd);
	heir->watchdog_fd = -1;
	return left;
}
