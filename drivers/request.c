#include "drivers/request.h"

#include <errno.h>

#include "drivers/due.h"
#include "drivers/outbox.h"

const struct option request_rows[] = {
	{
		.name = "send",
		.type = OPTION_BYTES,
		.offset = offsetof(struct request_options, send),
		.is_required = true,
		.help = "the bytes to send; escapes such as \"\\r\\n\" and \"\\x02\" are "
			"taken",
	},
	{
		.name = "every",
		.type = OPTION_DURATION,
		.offset = offsetof(struct request_options, every_ns),
		.is_required = true,
		.min = 100e3,
		.max = 86400e9,
		.help = "sent at the first release after each such time; missed ones are "
			"skipped",
	},
	{ .name = NULL },
};

void request_check_bytes(const struct option_bytes *bytes, const char *key,
			 const struct place *place)
{
	if (bytes->data && (bytes->bytes == 0 || bytes->bytes > REQUEST_BYTES_MAX)) {
		place_error(place, key, "%zu bytes long; expected 1 to %d", bytes->bytes,
			    REQUEST_BYTES_MAX);
	}
}

void request_attach(struct request *request, const struct cycle_time *now)
{
	request->due_ns = now->release_ns;
	request->unsent = 0;
	request->is_queued = false;
}

/* What did not fit is finished in the next cycles, since half a request would spoil the next one. */
static void end_write(struct request *request, struct device *device, ssize_t written)
{
	const struct option_bytes *send = &request->options->send;

	if (written < 0 && written != -EAGAIN && written != -EINTR) {
		if (request->fail) {
			request->fail(device, 0, (int)written);
		} else {
			device_lost(device, (int)written);
		}
		return;
	}
	if (written > 0) {
		request->unsent -= (uint32_t)written;
	}
	if (request->unsent == 0) {
		device_count(device, COUNT_SENT, 1);
	} else if (request->is_new) {
		device_count(device, COUNT_SEND_DROPPED, 1);
		request->unsent = request->unsent == send->bytes ? 0 : request->unsent;
	}
}

static void send_rest(struct request *request, struct device *device, int fd, bool is_new)
{
	const struct option_bytes *send = &request->options->send;
	const struct letter letter = { .fd = fd,
				       .data = send->data + send->bytes - request->unsent,
				       .bytes = request->unsent,
				       .is_socket = request->is_socket,
				       .tag = REQUEST_TAG };
	ssize_t written = request->must_write_now ? outbox_send_now(&letter)
						  : outbox_send(device, &letter);

	request->is_new = is_new;
	request->is_queued = written == LETTER_QUEUED;
	if (!request->is_queued) {
		end_write(request, device, written);
	}
}

void request_posted(struct request *request, struct device *device, ssize_t result)
{
	if (request->is_queued) {
		request->is_queued = false;
		end_write(request, device, result);
	}
}

void request_emit(struct request *request, struct device *device, int fd,
		  const struct cycle_time *now)
{
	bool is_due;

	if (!request->options || request->is_queued) {
		return;
	}
	is_due = due_take(&request->due_ns, request->options->every_ns, now->release_ns);
	if (request->unsent > 0) {
		send_rest(request, device, fd, false);
		if (is_due) {
			device_count(device, COUNT_SEND_DROPPED, 1);
		}
	} else if (is_due) {
		request->unsent = (uint32_t)request->options->send.bytes;
		send_rest(request, device, fd, true);
	}
}
