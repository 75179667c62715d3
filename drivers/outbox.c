#include "drivers/outbox.h"

#include "drivers/device.h"
#include "rtloop/base/sys.h"

ssize_t outbox_send_now(const struct letter *letter)
{
	if (!letter->is_socket) {
		return sys_write(letter->fd, letter->data, letter->bytes);
	}
	return letter->to ? sys_send_to(letter->fd, letter->data, letter->bytes,
					letter->to, letter->to_bytes)
			  : sys_send(letter->fd, letter->data, letter->bytes);
}

ssize_t outbox_send(struct device *device, const struct letter *letter)
{
	struct outbox *outbox = device->outbox;

	return outbox && outbox->put(outbox, device, letter) ? LETTER_QUEUED
							     : outbox_send_now(letter);
}
