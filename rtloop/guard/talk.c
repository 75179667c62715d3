/* Who talks to a guardian: its run, and those who connect to its socket. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/guard/guardian.h"

/* Of the run, one after the other: more than it ever has on the way. */
#define PACKETS_MAX 64

static struct guard_packet answer_of(int code)
{
	struct guard_packet answer = guard_packet(code ? GUARD_NO : GUARD_OK);

	answer.value = code;
	return answer;
}

/* --- the run -------------------------------------------------------------------------------------- */

static int hold(struct guardian *guardian, const struct guard_packet *packet, int fd)
{
	if (fd < 0 || !guarded_is_whole(&packet->guarded)) {
		sys_close(fd);
		return -EINVAL;
	}
	return held_put(&guardian->held, packet->slot, &packet->guarded, fd);
}

static int listen_at(struct guardian *guardian, const struct guard_packet *packet, int fd)
{
	if (fd < 0 || guardian->listen_fd >= 0 ||
	    !memchr(packet->path, '\0', sizeof(packet->path))) {
		sys_close(fd);
		return -EINVAL;
	}
	guardian->listen_fd = fd;
	guardian->inode = guardian_inode_of(packet->path);
	memcpy(guardian->path, packet->path, sizeof(guardian->path));
	return 0;
}

static int feed(struct guardian *guardian, const struct guard_packet *packet, int fd)
{
	if (fd < 0 || packet->value <= 0) {
		sys_close(fd);
		return -EINVAL;
	}
	feeder_take(&guardian->feeder, fd, packet->value);
	return 0;
}

static int end(struct guardian *guardian, const struct guard_packet *packet)
{
	if (packet->value != 0) {
		held_write_safe(&guardian->held);
	}
	feeder_stop(&guardian->feeder);
	guardian_end(guardian);
	return 0;
}

static int obey(struct guardian *guardian, const struct guard_packet *packet, int fd)
{
	switch (packet->word) {
	case GUARD_HOLD:
		return hold(guardian, packet, fd);
	case GUARD_DROP:
		return held_drop(&guardian->held, packet->slot);
	case GUARD_LISTEN:
		return listen_at(guardian, packet, fd);
	case GUARD_FEED:
		return feed(guardian, packet, fd);
	case GUARD_END:
		return end(guardian, packet);
	default:
		sys_close(fd);
		return -EINVAL;
	}
}

/* One packet; 0, or what packet_receive() says. */
static int serve_packet(struct guardian *guardian)
{
	struct guard_packet packet, answer;
	int fd = -1;
	int code = packet_receive(guardian->run.fd, &packet, &fd);

	if (code) {
		return code;
	}
	answer = packet.word == GUARD_ASK ? guardian_state(guardian)
					  : answer_of(obey(guardian, &packet, fd));
	/* a run that does not want to know has died, and that is seen in a moment */
	(void)!packet_send(guardian->run.fd, &answer, -1);
	return 0;
}

bool guardian_serve_run(struct guardian *guardian)
{
	int code = 0;

	/* all that it had to say counts, though it may be dead already */
	for (unsigned i = 0; code == 0 && i < PACKETS_MAX && !guardian->is_over; i++) {
		code = serve_packet(guardian);
	}
	return code == 0 || code == -EAGAIN || code == -EINTR;
}

/* --- those who connect ---------------------------------------------------------------------------- */

static bool may_ask(int fd)
{
	struct ucred peer;
	socklen_t bytes = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

/* One that is refused reads why. */
void guardian_take_in(struct guardian *guardian, int64_t now_ns)
{
	int fd = accept4(guardian->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct guard_packet refusal = answer_of(-EPERM);

	if (fd < 0) {
		/* who waits there still does: asking again at once would take all of a CPU */
		guardian->deaf_until_ns = now_ns + GUARD_DEAF_NS;
		return;
	}
	if (may_ask(fd)) {
		refusal.value = -EBUSY;
		for (unsigned i = 0; i < GUARD_PEERS_MAX; i++) {
			if (guardian->peers[i].fd < 0) {
				guardian->peers[i] = (struct guard_peer){
					.fd = fd, .deadline_ns = now_ns + GUARD_PEER_NS
				};
				return;
			}
		}
	}
	(void)!packet_send(fd, &refusal, -1);
	sys_close(fd);
}

static void drop(struct guard_peer *peer)
{
	sys_close(peer->fd);
	peer->fd = -1;
}

/* The descriptor to be sent with it is still the guardian's. */
static struct guard_packet answer_held(const struct guardian *guardian, uint32_t index,
				       int *ret_fd)
{
	struct guard_packet answer = guard_packet(GUARD_HELD);

	if (index >= guardian->held.count) {
		return answer_of(-ENOENT);
	}
	answer.guarded = guardian->held.list[index].guarded;
	*ret_fd = guardian->held.list[index].fd;
	return answer;
}

static struct guard_packet answer_watchdog(const struct guardian *guardian, int *ret_fd)
{
	struct guard_packet answer = guard_packet(GUARD_WATCHDOG);

	if (guardian->feeder.fd < 0) {
		return answer_of(-ENOENT);
	}
	answer.value = guardian->feeder.timeout_s;
	*ret_fd = guardian->feeder.fd;
	return answer;
}

/* While the run is there, what it has is not for others. */
static struct guard_packet answer_peer(const struct guardian *guardian,
				       const struct guard_packet *packet, int *ret_fd)
{
	if (packet->word == GUARD_ASK) {
		return guardian_state(guardian);
	}
	if (guardian->state.phase != GUARD_HOLDS) {
		return answer_of(-EBUSY);
	}
	switch (packet->word) {
	case GUARD_ASK_HELD:
		return answer_held(guardian, packet->slot, ret_fd);
	case GUARD_ASK_WATCHDOG:
		return answer_watchdog(guardian, ret_fd);
	case GUARD_LET_GO:
		return answer_of(0);
	default:
		return answer_of(-EINVAL);
	}
}

void guardian_serve_peer(struct guardian *guardian, struct guard_peer *peer,
			 bool has_news, int64_t now_ns)
{
	struct guard_packet packet, answer;
	int fd = -1, with_fd = -1, code;

	if (peer->fd < 0 || guardian->is_over) {
		return;
	}
	code = has_news ? packet_receive(peer->fd, &packet, &fd) : -EAGAIN;
	if (code == 0) {
		sys_close(fd);
		answer = answer_peer(guardian, &packet, &with_fd);
		/* before it is told: who takes over puts a socket of its own into this place */
		if (packet.word == GUARD_LET_GO && answer.word == GUARD_OK) {
			guardian_end(guardian);
		}
		code = packet_send(peer->fd, &answer, with_fd);
	}
	if ((code && code != -EAGAIN) || now_ns >= peer->deadline_ns) {
		drop(peer);
	}
}
