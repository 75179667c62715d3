#include "rtloop/guard/packet.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

/* Room for one descriptor, aligned as the kernel wants it. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

struct guard_packet guard_packet(enum guard_word word)
{
	struct guard_packet packet;

	memset(&packet, 0, sizeof(packet));
	packet.version = GUARD_VERSION;
	packet.word = word;
	return packet;
}

static int failure(void)
{
	return errno == ECONNRESET ? -EPIPE : -errno;
}

static void attach(struct msghdr *message, union control *control, int fd)
{
	struct cmsghdr *header;

	memset(control, 0, sizeof(*control));
	message->msg_control = control;
	message->msg_controllen = sizeof(*control);
	header = CMSG_FIRSTHDR(message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
}

int packet_send(int fd, const struct guard_packet *packet, int with_fd)
{
	struct iovec part = { .iov_base = (void *)packet, .iov_len = sizeof(*packet) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	union control control;

	if (with_fd >= 0) {
		attach(&message, &control, with_fd);
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? failure() : 0;
}

/* There is room for no more than one: the kernel closes the others. */
static int take_fd(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fd;

	if (!header || header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(int))) {
		return -1;
	}
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

int packet_receive(int fd, struct guard_packet *ret_packet, int *ret_fd)
{
	struct iovec part = { .iov_base = ret_packet, .iov_len = sizeof(*ret_packet) };
	union control control;
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = CMSG_LEN(sizeof(int)) };
	ssize_t bytes = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int came;

	if (bytes < 0) {
		return failure();
	}
	came = take_fd(&message);
	if (bytes == (ssize_t)sizeof(*ret_packet) && !(message.msg_flags & MSG_TRUNC) &&
	    ret_packet->version == GUARD_VERSION) {
		*ret_fd = came;
		return 0;
	}
	sys_close(came);
	return bytes == 0 ? -EPIPE : -EPROTO;
}

/* An interrupt leaves as much time as there was: the deadline is a point in time. */
static int wait_for_answer(int fd, int64_t end_ns)
{
	int64_t left_ns;

	while ((left_ns = end_ns - sys_now()) > 0) {
		struct pollfd entry = { .fd = fd, .events = POLLIN };
		struct timespec limit = time_to_timespec(left_ns);
		int count = ppoll(&entry, 1, &limit, NULL);

		if (count > 0) {
			return 0;
		}
		if (count < 0 && errno != EINTR) {
			return -errno;
		}
	}
	return -ETIMEDOUT;
}

/* Who was refused may have been told so, and hung up on, before he asked: what came is behind the error. */
static int receive_answer(int fd, struct guard_packet *ret_answer, int *ret_fd)
{
	int code = packet_receive(fd, ret_answer, ret_fd);

	return code == -EPIPE ? packet_receive(fd, ret_answer, ret_fd) : code;
}

int packet_exchange(int fd, const struct guard_packet *packet, int with_fd,
		    int64_t limit_ns, struct guard_packet *ret_answer, int *ret_fd)
{
	int64_t end_ns = sys_now() + limit_ns;
	int code = packet_send(fd, packet, with_fd);

	code = code && code != -EPIPE ? code : wait_for_answer(fd, end_ns);
	code = code ? code : receive_answer(fd, ret_answer, ret_fd);
	if (code == 0 && ret_answer->word == GUARD_NO) {
		sys_close(*ret_fd);
		*ret_fd = -1;
		return ret_answer->value < 0 ? ret_answer->value : -EPROTO;
	}
	return code;
}
