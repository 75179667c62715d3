#include "drivers/control.h"

#include <errno.h>
#include <linux/time_types.h>
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

/* SO_TIMESTAMPNS_NEW has 64 bits on each machine; the kernel has it since 5.1. */
static const int asked[] = { SO_TIMESTAMPNS_NEW, SO_RXQ_OVFL };

int control_ask(int fd)
{
	int on = 1;

	for (unsigned i = 0; i < ARRAY_SIZE(asked); i++) {
		if (setsockopt(fd, SOL_SOCKET, asked[i], &on, sizeof(on))) {
			return -errno;
		}
	}
	return 0;
}

void control_reset(struct control *control, const struct cycle_time *now)
{
	control->last_ns = now->wake_ns;
	control->losses = 0;
}

bool control_find(const struct msghdr *header, int type, void *ret_data, size_t bytes)
{
	const uint8_t *data = header->msg_control;
	size_t left = header->msg_controllen;
	struct cmsghdr head;

	while (left >= sizeof(head)) {
		memcpy(&head, data, sizeof(head));
		if (head.cmsg_len < CMSG_LEN(0) || head.cmsg_len > left) {
			return false;
		}
		if (head.cmsg_level == SOL_SOCKET && head.cmsg_type == type &&
		    head.cmsg_len >= CMSG_LEN(bytes)) {
			memcpy(ret_data, data + CMSG_LEN(0), bytes);
			return true;
		}
		if (CMSG_ALIGN(head.cmsg_len) >= left) {
			return false;
		}
		data += CMSG_ALIGN(head.cmsg_len);
		left -= CMSG_ALIGN(head.cmsg_len);
	}
	return false;
}

static void read_clocks(struct control *control, const struct cycle_time *now)
{
	if (now->cycle + 1 != control->next_cycle) {
		control->next_cycle = now->cycle + 1;
		control->read_ns = sys_now();
		control->ahead_ns = sys_realtime() - control->read_ns;
	}
}

static int64_t from_stamp(struct control *control, const struct __kernel_timespec *stamp,
			  const struct cycle_time *now)
{
	int64_t stamp_ns = stamp->tv_sec * NS_PER_SEC + stamp->tv_nsec;
	int64_t came_ns;

	read_clocks(control, now);
	came_ns = stamp_ns - control->ahead_ns;
	return came_ns < control->read_ns ? came_ns : control->read_ns;
}

int64_t control_time(struct control *control, const struct msghdr *header,
		     const struct cycle_time *now)
{
	struct __kernel_timespec stamp;
	int64_t came_ns = now->wake_ns;

	if (header && control_find(header, SO_TIMESTAMPNS_NEW, &stamp, sizeof(stamp))) {
		came_ns = from_stamp(control, &stamp, now);
	}
	if (came_ns > control->last_ns) {
		control->last_ns = came_ns;
	}
	return control->last_ns;
}

uint32_t control_losses(struct control *control, const struct msghdr *header)
{
	uint32_t all;
	uint32_t new = 0;

	if (header && control_find(header, SO_RXQ_OVFL, &all, sizeof(all))) {
		new = all - control->losses;
		control->losses = all;
	}
	return new;
}
