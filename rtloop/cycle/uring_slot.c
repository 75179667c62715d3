#include "rtloop/cycle/uring_slot.h"

#ifdef HAVE_IO_URING

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a stream: what came before the sleep, what came in it, and one that the kernel may ask for in vain. */
#define STREAM_BUFFERS 4

/* Of what is armed by calls of its own, in place of none: edges that come while others are read take a buffer each. */
#define READ_BUFFERS 16

#define ALIGN_BYTES 64

static size_t round_up(size_t bytes, size_t to)
{
	return (bytes + to - 1) / to * to;
}

static uint16_t power_of_two(uint16_t least)
{
	uint16_t value = 1;

	while (value < least) {
		value = (uint16_t)(value * 2);
	}
	return value;
}

static int socket_type(int fd)
{
	socklen_t bytes = sizeof(int);
	int type = -1;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) ? -1 : type;
}

static enum uring_way find_way(const struct endpoint *endpoint, bool is_socket,
			       bool has_read_multishot)
{
	switch (endpoint->op) {
	case ENDPOINT_RECV:
		return URING_RECV;
	case ENDPOINT_RECVMSG:
		return URING_RECVMSG;
	case ENDPOINT_READ:
	case ENDPOINT_RECORD:
		return is_socket	    ? URING_RECV
		       : has_read_multishot ? URING_READ
					    : URING_CALLS;
	case ENDPOINT_MQ:
		break;
	}
	return URING_CALLS;
}

/* A message gets a byte more than it may have: that one tells that it was cut. */
static uint32_t size_buffer(const struct uring_slot *us, const struct endpoint *endpoint)
{
	if (us->way == URING_RECVMSG) {
		return (uint32_t)(sizeof(struct io_uring_recvmsg_out) +
				  sizeof(struct sockaddr_storage) + POLL_CONTROL_BYTES) +
		       endpoint->bytes;
	}
	return endpoint->bytes + (endpoint->op == ENDPOINT_RECV);
}

static uint64_t identify(int fd)
{
	struct stat status;

	return fstat(fd, &status) ? 0 : (uint64_t)status.st_dev << 48 ^ status.st_ino;
}

static int make_shape(struct uring_slot *us)
{
	us->shape = calloc(1, sizeof(*us->shape));
	if (us->shape) {
		us->shape->msg_namelen = sizeof(struct sockaddr_storage);
		us->shape->msg_controllen = POLL_CONTROL_BYTES;
	}
	return us->shape ? 0 : -1;
}

static uint16_t count_buffers(const struct uring_slot *us,
			      const struct endpoint *endpoint)
{
	if (!us->is_stream) {
		return (uint16_t)(endpoint->budget + 1);
	}
	return us->way == URING_READ ? READ_BUFFERS : STREAM_BUFFERS;
}

static int make_buffers(struct uring_slot *us, const struct endpoint *endpoint)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t ring_bytes;

	us->buffer_count = count_buffers(us, endpoint);
	us->ring_entries = power_of_two(us->buffer_count);
	us->buffer_bytes = size_buffer(us, endpoint);
	us->stride = (uint32_t)round_up(us->buffer_bytes, ALIGN_BYTES);
	ring_bytes =
		round_up(us->ring_entries * sizeof(struct io_uring_buf), ALIGN_BYTES);
	us->memory = aligned_alloc(
		page, round_up(ring_bytes + (size_t)us->buffer_count * us->stride, page));
	us->held = calloc(us->buffer_count + 1u, sizeof(*us->held));
	if (!us->memory || !us->held) {
		return -1;
	}
	memset(us->memory, 0, ring_bytes + (size_t)us->buffer_count * us->stride);
	us->ring = (struct io_uring_buf_ring *)us->memory;
	us->buffers = us->memory + ring_bytes;
	return us->way == URING_RECVMSG ? make_shape(us) : 0;
}

static int make_slot(struct uring_slot *us, struct poll_slot *slot,
		     bool has_read_multishot)
{
	const struct endpoint *endpoint = slot->endpoint;
	int type = socket_type(endpoint->fd);

	us->slot = slot;
	us->way = find_way(endpoint, type >= 0, has_read_multishot);
	us->is_stream = endpoint->op == ENDPOINT_READ;
	us->may_end = type == SOCK_SEQPACKET;
	us->file = type >= 0 ? identify(endpoint->fd) : 0;
	return make_buffers(us, endpoint);
}

struct uring_slot *uring_slots_create(struct poll_link *link, bool has_read_multishot)
{
	unsigned count = link->link.endpoint_count;
	struct uring_slot *slots = calloc(count + 1u, sizeof(*slots));

	for (unsigned i = 0; slots && i < count; i++) {
		if (make_slot(&slots[i], &link->slots[i], has_read_multishot)) {
			uring_slots_destroy(slots, count);
			return NULL;
		}
	}
	return slots;
}

void uring_slots_destroy(struct uring_slot *slots, unsigned count)
{
	for (unsigned i = 0; slots && i < count; i++) {
		free(slots[i].memory);
		free(slots[i].held);
		free(slots[i].shape);
	}
	free(slots);
}

struct uring_slot *uring_slot_of(const struct poll_slot *slot)
{
	return &slot->link->rings[slot - slot->link->slots];
}

static uint8_t *buffer_at(const struct uring_slot *us, int buffer)
{
	return us->buffers + (size_t)buffer * us->stride;
}

static void give(struct uring_slot *us, int buffer)
{
	struct io_uring_buf *free_buffer =
		&us->ring->bufs[us->ring_tail & (us->ring_entries - 1)];

	free_buffer->addr = (uint64_t)(uintptr_t)buffer_at(us, buffer);
	free_buffer->len = us->buffer_bytes;
	free_buffer->bid = (uint16_t)buffer;
	us->ring_tail++;
	us->in_kernel++;
	/* pairs with the kernel's acquire: the entry is written */
	__atomic_store_n(&us->ring->tail, us->ring_tail, __ATOMIC_RELEASE);
}

/* What was inherited is in the first buffers. */
void uring_slot_begin(struct uring_slot *us)
{
	int taken = 0;

	for (unsigned i = 0; i < us->held_count; i++) {
		taken += us->held[i].buffer >= 0;
	}
	us->ring_tail = 0;
	us->in_kernel = 0;
	for (int i = taken; i < us->buffer_count; i++) {
		give(us, i);
	}
}

void uring_slot_inherit(struct uring_slot *us, const struct uring_slot *before)
{
	unsigned size = before->buffer_count + 1u;
	int next = 0;

	if (us->buffer_count != before->buffer_count || us->stride != before->stride) {
		return;
	}
	us->held_first = 0;
	us->held_count = before->held_count;
	us->offset = before->offset;
	for (unsigned i = 0; i < before->held_count; i++) {
		us->held[i] = before->held[(before->held_first + i) % size];
		if (us->held[i].buffer >= 0) {
			memcpy(buffer_at(us, next), buffer_at(before, us->held[i].buffer),
			       us->buffer_bytes);
			us->held[i].buffer = next++;
		}
	}
}

bool uring_slot_has_room(const struct uring_slot *us)
{
	return us->held_count + us->in_kernel <= us->buffer_count + 1u;
}

void uring_slot_hold(struct uring_slot *us, int buffer, uint32_t bytes)
{
	unsigned size = us->buffer_count + 1u;

	us->in_kernel -= buffer >= 0;
	us->held[(us->held_first + us->held_count) % size] =
		(struct uring_held){ .buffer = buffer, .bytes = bytes };
	us->held_count++;
}

void uring_slot_release(struct uring_slot *us)
{
	int buffer = us->held[us->held_first].buffer;

	us->held_first = (us->held_first + 1) % (us->buffer_count + 1u);
	us->held_count--;
	us->offset = 0;
	if (buffer >= 0) {
		give(us, buffer);
	}
}

uint8_t *uring_slot_buffer(const struct uring_slot *us)
{
	int buffer = us->held[us->held_first].buffer;

	return buffer_at(us, buffer < 0 ? 0 : buffer);
}

#endif
