#include "rtloop/guard/held.h"

#include <errno.h>
#include <string.h>

#include "rtloop/base/sys.h"

static struct held_request *find(struct held *held, uint32_t slot)
{
	for (unsigned i = 0; i < held->count; i++) {
		if (held->list[i].slot == slot) {
			return &held->list[i];
		}
	}
	return NULL;
}

int held_put(struct held *held, uint32_t slot, const struct guarded *guarded, int fd)
{
	struct held_request *request = find(held, slot);

	if (request) {
		sys_close(request->fd);
	} else if (held->count < HELD_MAX) {
		request = &held->list[held->count++];
	} else {
		sys_close(fd);
		return -ENOSPC;
	}
	*request = (struct held_request){ .fd = fd, .slot = slot, .guarded = *guarded };
	return 0;
}

int held_drop(struct held *held, uint32_t slot)
{
	struct held_request *request = find(held, slot);
	size_t behind;

	if (!request) {
		return -ENOENT;
	}
	sys_close(request->fd);
	behind = (size_t)(held->list + held->count - request) - 1;
	memmove(request, request + 1, behind * sizeof(*request));
	held->count--;
	return 0;
}

void held_clear(struct held *held)
{
	for (unsigned i = 0; i < held->count; i++) {
		sys_close(held->list[i].fd);
	}
	held->count = 0;
}

unsigned held_lines(const struct held *held)
{
	unsigned lines = 0;

	for (unsigned i = 0; i < held->count; i++) {
		lines += (unsigned)__builtin_popcountll(held->list[i].guarded.out_mask);
	}
	return lines;
}

/* A chip that is gone has no lines that could be wrong. */
static bool is_gone(int code)
{
	return code == -ENODEV;
}

unsigned held_write_safe(struct held *held)
{
	unsigned failed = 0;

	for (unsigned i = 0; i < held->count; i++) {
		struct held_request *request = &held->list[i];

		request->code = sys_gpio_set(request->fd, request->guarded.out_mask,
					     request->guarded.safe_bits);
		failed += request->code != 0 && !is_gone(request->code);
	}
	return failed;
}
