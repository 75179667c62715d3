#include "rtloop/cycle/poller.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/cycle/options.h"
#include "rtloop/cycle/uring_poller.h"

static const struct poller_ops *const kinds[] = {
	[POLLER_EPOLL] = &poller_epoll,
#ifdef HAVE_IO_URING
	[POLLER_URING] = &poller_uring,
#else
	[POLLER_URING] = NULL,
#endif
};

static int open_kind(struct poller *poller, const struct poller_ops *ops, struct err *err)
{
	int code;

	poller->ops = ops;
	code = ops->open(poller, err);
	if (code) {
		poller->ops = NULL;
	}
	return code;
}

static bool open_uring(struct poller *poller)
{
	struct err why = { .text = "" };
	int code = kinds[POLLER_URING]
			   ? open_kind(poller, kinds[POLLER_URING], &why)
			   : err_set(&why, -ENOSYS, "this program was built without it");

	if (code) {
		err_set(&poller->note, code, "no poller uring: %.200s", why.text);
	}
	return code == 0;
}

int poller_open(struct poller *poller, int kind, struct err *err)
{
	*poller = (struct poller){ .epoll_fd = -1 };
	if (kind == POLLER_URING && open_uring(poller)) {
		return 0;
	}
	return open_kind(poller, &poller_epoll, err);
}

void poller_close(struct poller *poller)
{
	if (poller->ops) {
		poller->ops->close(poller);
		*poller = (struct poller){ .epoll_fd = -1 };
	}
}

int poller_begin(struct poller *poller)
{
	return poller->ops->begin ? poller->ops->begin(poller) : 0;
}

void poller_abandon(struct poller *poller)
{
	if (poller->ops->abandon) {
		poller->ops->abandon(poller);
	}
}

#ifdef HAVE_IO_URING
struct uring *poller_ring(const struct poller *poller)
{
	return poller->uring ? &poller->uring->ring : NULL;
}

void poller_pace(struct poller *poller, bool is_paced)
{
	if (poller->uring) {
		poller->uring->is_paced = is_paced;
	}
}
#else
struct uring *poller_ring(const struct poller *poller)
{
	(void)poller;
	return NULL;
}

void poller_pace(struct poller *poller, bool is_paced)
{
	(void)poller;
	(void)is_paced;
}
#endif

int poller_equip(const struct poller *poller, struct poll_link *link)
{
	return poller->ops->equip ? poller->ops->equip(poller, link) : 0;
}

void poller_flush(struct poller *poller, bool is_edge)
{
	if (poller->ops->flush) {
		poller->ops->flush(poller, is_edge);
	}
}

void poller_settle(struct poller *poller)
{
	if (poller->ops->settle) {
		poller->ops->settle(poller);
	}
}

static bool is_messages(const struct endpoint *endpoint)
{
	return endpoint->op == ENDPOINT_RECV || endpoint->op == ENDPOINT_RECVMSG;
}

/* The most that one endpoint of the link needs at a time. */
static void measure(const struct link *link, size_t *ret_bytes, size_t *ret_messages)
{
	*ret_bytes = 1;
	*ret_messages = 1;
	for (unsigned i = 0; i < link->endpoint_count; i++) {
		const struct endpoint *endpoint = &link->endpoints[i];
		size_t messages = is_messages(endpoint) ? endpoint->budget : 1;

		if (endpoint->bytes * messages > *ret_bytes) {
			*ret_bytes = endpoint->bytes * messages;
		}
		if (messages > *ret_messages) {
			*ret_messages = messages;
		}
	}
}

static void free_memory(struct poll_link *link)
{
	uring_slots_destroy(link->rings, link->slot_count);
	free(link->slots);
	free(link->buffer);
	free(link->headers);
	free(link->parts);
	free(link->names);
	free(link->controls);
	free(link);
}

struct poll_link *poll_link_create(struct device *device, const struct link *opened)
{
	struct poll_link *link = calloc(1, sizeof(*link));
	size_t bytes, messages;

	if (!link) {
		return NULL;
	}
	measure(opened, &bytes, &messages);
	link->slots = calloc(opened->endpoint_count + 1, sizeof(*link->slots));
	link->buffer = calloc(1, bytes);
	link->headers = calloc(messages, sizeof(*link->headers));
	link->parts = calloc(messages, sizeof(*link->parts));
	link->names = calloc(messages, sizeof(*link->names));
	link->controls = calloc(messages, POLL_CONTROL_BYTES);
	if (!link->slots || !link->buffer || !link->headers || !link->parts ||
	    !link->names || !link->controls) {
		free_memory(link);
		return NULL;
	}
	link->device = device;
	link->link = *opened;
	link->slot_count = opened->endpoint_count;
	for (unsigned i = 0; i < opened->endpoint_count; i++) {
		link->slots[i] = (struct poll_slot){ .link = link,
						     .endpoint = &opened->endpoints[i] };
	}
	return link;
}

void poll_link_destroy(struct poll_link *link)
{
	if (!link) {
		return;
	}
	if (link->device->driver->close) {
		link->device->driver->close(link->device, &link->link);
	}
	free_memory(link);
}

void poller_detach(struct poller *poller, struct poll_link *link)
{
	for (unsigned i = 0; i < link->link.endpoint_count; i++) {
		if (link->slots[i].is_polled) {
			poller->ops->detach(poller, &link->slots[i]);
		}
	}
}

bool device_is_due(const struct device *device, const struct cycle_time *now)
{
	return device->spec->every == 1 || device->is_ending ||
	       now->cycle % (uint64_t)device->spec->every == device->phase;
}
