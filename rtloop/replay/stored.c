#include "rtloop/replay/stored.h"

#include <errno.h>
#include <string.h>

int stored_open(struct stored *stored, const uint8_t *body, size_t bytes)
{
	if (bytes < sizeof(stored->head)) {
		return -EBADMSG;
	}
	memcpy(&stored->head, body, sizeof(stored->head));
	stored->data = body + sizeof(stored->head);
	stored->bytes = bytes - sizeof(stored->head);
	if (stored->head.bytes > stored->bytes) {
		return -EBADMSG;
	}
	stored->bytes = stored->head.bytes;
	return 0;
}

int stored_next(struct stored *stored, struct state_part_head *ret_head,
		const uint8_t **ret_data)
{
	size_t left = stored->bytes - sizeof(*ret_head);
	size_t padded;

	if (stored->bytes == 0) {
		return 0;
	}
	if (stored->bytes < sizeof(*ret_head)) {
		return -EBADMSG;
	}
	memcpy(ret_head, stored->data, sizeof(*ret_head));
	if (ret_head->bytes > left) {
		return -EBADMSG; /* before it is rounded up, which may not fit in 32 bits */
	}
	padded = ((size_t)ret_head->bytes + 7) & ~(size_t)7;
	if (padded > left) {
		return -EBADMSG;
	}
	*ret_data = stored->data + sizeof(*ret_head);
	stored->data += sizeof(*ret_head) + padded;
	stored->bytes = left - padded;
	return 1;
}
