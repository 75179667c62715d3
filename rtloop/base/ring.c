#include "rtloop/base/ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RING_BYTES_MIN (UINT64_C(64) << 10)
#define RING_BYTES_MAX (UINT64_C(1) << 30)

static uint64_t round_up(uint64_t bytes)
{
	uint64_t power = RING_BYTES_MIN;

	while (power < bytes) {
		power *= 2;
	}
	return power;
}

/* Reserve twice the space, then lay the same memory over both halves. */
static int map_twice(struct ring *ring, int fd)
{
	size_t bytes = (size_t)ring->bytes;
	uint8_t *space =
		mmap(NULL, 2 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;

	if (space == MAP_FAILED) {
		return -errno;
	}
	if (mmap(space, bytes, PROT_READ | PROT_WRITE, flags, fd, 0) == MAP_FAILED ||
	    mmap(space + bytes, bytes, PROT_READ | PROT_WRITE, flags, fd, 0) ==
		    MAP_FAILED) {
		int code = -errno;

		munmap(space, 2 * bytes);
		return code;
	}
	ring->data = space;
	return 0;
}

int ring_init(struct ring *ring, uint64_t bytes, struct err *err)
{
	int fd, code;

	memset(ring, 0, sizeof(*ring));
	if (bytes > RING_BYTES_MAX) {
		return err_set(err, -EINVAL, "a ring of more than 1 GiB");
	}
	ring->bytes = round_up(bytes);
	fd = memfd_create("rtloop-ring", MFD_CLOEXEC);
	if (fd < 0) {
		return err_set_errno(err, -errno, "cannot make the log's ring");
	}
	code = ftruncate(fd, (off_t)ring->bytes) ? -errno : map_twice(ring, fd);
	close(fd);
	if (code) {
		return err_set_errno(err, code, "cannot map the log's ring of %llu KiB",
				     (unsigned long long)(ring->bytes >> 10));
	}
	memset(ring->data, 0, (size_t)ring->bytes);
	return 0;
}

void ring_fini(struct ring *ring)
{
	if (ring->data) {
		munmap(ring->data, 2 * (size_t)ring->bytes);
		ring->data = NULL;
	}
}
