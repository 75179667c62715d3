#include "rtloop/base/uring.h"

#ifdef HAVE_IO_URING

#include <errno.h>
#include <fcntl.h>
#include <linux/time_types.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

#define SETUP_FLAGS                                                                      \
	(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |                       \
	 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED | IORING_SETUP_SUBMIT_ALL | \
	 IORING_SETUP_CQSIZE)

/* As the kernel reports them by IORING_REGISTER_PROBE. */
#define PROBED_OPS 64

/* 0 where nothing is forbidden, or cannot be told. */
static int read_disabled(void)
{
	int fd = sys_open("/proc/sys/kernel/io_uring_disabled", O_RDONLY, 0);
	char text[8] = "";
	ssize_t got = fd < 0 ? fd : sys_read(fd, text, sizeof(text) - 1);

	sys_close(fd);
	return got > 0 ? (int)strtol(text, NULL, 10) : 0;
}

static int explain(struct err *err, int code)
{
	int disabled = read_disabled();

	if (code == -EPERM && disabled != 0) {
		return err_set(err, code, "kernel.io_uring_disabled is %d", disabled);
	}
	switch (code) {
	case -EPERM:
		return err_set(err, code, "a seccomp filter forbids io_uring");
	case -ENOSYS:
		return err_set(err, code,
			       "the kernel has no io_uring, or a filter hides it");
	case -EINVAL:
		return err_set(err, code,
			       "the kernel's io_uring is older than Linux 6.1");
	default:
		return err_set_errno(err, code, "cannot make an io_uring");
	}
}

static void *map_part(int fd, size_t bytes, uint64_t offset)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			fd, (off_t)offset);

	return at == MAP_FAILED ? NULL : at;
}

static void *at_offset(const struct uring *ring, uint32_t offset)
{
	return (uint8_t *)ring->map + offset;
}

static int map_rings(struct uring *ring, const struct io_uring_params *params)
{
	size_t sq_bytes = params->sq_off.array + params->sq_entries * sizeof(uint32_t);
	size_t cq_bytes =
		params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe);
	unsigned *array;

	ring->map_bytes = sq_bytes > cq_bytes ? sq_bytes : cq_bytes;
	ring->map = map_part(ring->fd, ring->map_bytes, IORING_OFF_SQ_RING);
	ring->sqes_bytes = params->sq_entries * sizeof(struct io_uring_sqe);
	ring->sqes = map_part(ring->fd, ring->sqes_bytes, IORING_OFF_SQES);
	if (!ring->map || !ring->sqes) {
		return -ENOMEM;
	}
	ring->sq_head = at_offset(ring, params->sq_off.head);
	ring->sq_tail = at_offset(ring, params->sq_off.tail);
	ring->sq_flags = at_offset(ring, params->sq_off.flags);
	ring->cq_head = at_offset(ring, params->cq_off.head);
	ring->cq_tail = at_offset(ring, params->cq_off.tail);
	ring->cqes = at_offset(ring, params->cq_off.cqes);
	ring->sq_entries = params->sq_entries;
	ring->cq_entries = params->cq_entries;
	array = at_offset(ring, params->sq_off.array);
	for (unsigned i = 0; i < params->sq_entries; i++) {
		array[i] = i;
	}
	return 0;
}

static bool has_op(const struct uring *ring, unsigned op)
{
	size_t bytes = sizeof(struct io_uring_probe) +
		       PROBED_OPS * sizeof(struct io_uring_probe_op);
	struct io_uring_probe *probe = calloc(1, bytes);
	bool has_it = probe &&
		      sys_uring_register(ring->fd, IORING_REGISTER_PROBE, probe,
					 PROBED_OPS) == 0 &&
		      probe->last_op >= op &&
		      (probe->ops[op].flags & IO_URING_OP_SUPPORTED) != 0;

	free(probe);
	return has_it;
}

static int open_as(struct uring *ring, unsigned sq_entries,
		   struct io_uring_params *params, struct err *err)
{
	int code;

	*ring = (struct uring){ .fd = sys_uring_setup(sq_entries, params) };
	if (ring->fd < 0) {
		code = ring->fd;
		ring->fd = -1;
		return explain(err, code);
	}
	ring->enter_fd = ring->fd;
	ring->features = params->features;
	code = map_rings(ring, params);
	if (code) {
		uring_close(ring);
		return explain(err, code);
	}
	ring->has_read_multishot = has_op(ring, URING_OP_READ_MULTISHOT);
	return 0;
}

int uring_open(struct uring *ring, unsigned sq_entries, unsigned cq_entries,
	       struct err *err)
{
	struct io_uring_params params = { .flags = SETUP_FLAGS,
					  .cq_entries = cq_entries };

	return open_as(ring, sq_entries, &params, err);
}

int uring_open_polled(struct uring *ring, unsigned sq_entries, unsigned cq_entries,
		      int cpu, unsigned idle_ms, struct err *err)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SQPOLL | IORING_SETUP_CQSIZE |
			 (cpu >= 0 ? IORING_SETUP_SQ_AFF : 0),
		.cq_entries = cq_entries,
		.sq_thread_cpu = cpu >= 0 ? (uint32_t)cpu : 0,
		.sq_thread_idle = idle_ms,
	};

	return open_as(ring, sq_entries, &params, err);
}

int uring_publish(struct uring *ring)
{
	int code;

	__atomic_store_n(ring->sq_tail, ring->tail, __ATOMIC_RELEASE);
	/* pairs with the kernel's: it says that it sleeps, and then looks once more */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(ring->sq_flags, __ATOMIC_RELAXED) &
	      IORING_SQ_NEED_WAKEUP)) {
		return 0;
	}
	code = sys_uring_enter(ring->enter_fd, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL);
	return code < 0 ? code : 1;
}

void uring_close(struct uring *ring)
{
	if (ring->map) {
		munmap(ring->map, ring->map_bytes);
	}
	if (ring->sqes) {
		munmap(ring->sqes, ring->sqes_bytes);
	}
	if (ring->map || ring->sqes || ring->fd > 0) {
		sys_close(ring->fd);
	}
	*ring = (struct uring){ .fd = -1 };
}

static int restrict_to(const struct uring *ring, const struct uring_limits *limits)
{
	struct io_uring_restriction rows[URING_LIMITS_MAX + 1] = {
		{ .opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
		  .sqe_flags = limits->flags },
	};
	unsigned count = 1;

	if (limits->op_count + limits->register_count > URING_LIMITS_MAX) {
		return -E2BIG;
	}
	for (unsigned i = 0; i < limits->op_count; i++) {
		rows[count].opcode = IORING_RESTRICTION_SQE_OP;
		rows[count++].sqe_op = limits->ops[i];
	}
	for (unsigned i = 0; i < limits->register_count; i++) {
		rows[count].opcode = IORING_RESTRICTION_REGISTER_OP;
		rows[count++].register_op = limits->registers[i];
	}
	return sys_uring_register(ring->fd, IORING_REGISTER_RESTRICTIONS, rows, count);
}

/* A ring that is registered is found without the table of descriptors, which threads share. This comes before the
 * restrictions are in force, which is when the ring is enabled. */
int uring_begin(struct uring *ring, const struct uring_limits *limits)
{
	struct io_uring_rsrc_update place = { .offset = UINT32_MAX,
					      .data = (uint32_t)ring->fd };
	int code = limits ? restrict_to(ring, limits) : 0;

	if (code == 0 &&
	    sys_uring_register(ring->fd, IORING_REGISTER_RING_FDS, &place, 1) == 1) {
		ring->enter_fd = (int)place.offset;
		ring->enter_flags = IORING_ENTER_REGISTERED_RING;
	}
	return code ? code
		    : sys_uring_register(ring->fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

/* It gets no place among the thread's own, which only an unrestricted one could give back. */
int uring_prove(struct uring *ring, const struct uring_limits *limits, struct err *err)
{
	int code = restrict_to(ring, limits);

	if (code == 0) {
		code = sys_uring_register(ring->fd, IORING_REGISTER_ENABLE_RINGS, NULL,
					  0);
	}
	if (code == 0) {
		code = uring_enter(ring);
	}
	return code ? err_set_errno(err, code, "an io_uring can be made, and not used")
		    : 0;
}

void uring_end(struct uring *ring)
{
	struct io_uring_rsrc_update place = { .offset = (uint32_t)ring->enter_fd };

	if (ring->enter_flags & IORING_ENTER_REGISTERED_RING) {
		(void)sys_uring_register(ring->fd, IORING_UNREGISTER_RING_FDS, &place, 1);
		ring->enter_fd = ring->fd;
		ring->enter_flags = 0;
	}
}

bool uring_can_wait(const struct uring *ring)
{
	return (ring->features & URING_FEAT_MIN_TIMEOUT) != 0;
}

unsigned uring_waiting(const struct uring *ring)
{
	/* pairs with the kernel's release: it has read what is before its head */
	return ring->tail - __atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE);
}

struct io_uring_sqe *uring_next(struct uring *ring)
{
	struct io_uring_sqe *sqe = &ring->sqes[ring->tail & (ring->sq_entries - 1)];

	if (uring_waiting(ring) == ring->sq_entries) {
		return NULL;
	}
	memset(sqe, 0, sizeof(*sqe));
	ring->tail++;
	return sqe;
}

struct io_uring_sqe *uring_nth_waiting(struct uring *ring, unsigned n)
{
	unsigned at = ring->tail - uring_waiting(ring) + n;

	return &ring->sqes[at & (ring->sq_entries - 1)];
}

bool uring_has_work(const struct uring *ring)
{
	return uring_waiting(ring) > 0 ||
	       (__atomic_load_n(ring->sq_flags, __ATOMIC_RELAXED) &
		(IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

static int enter(struct uring *ring, unsigned least, unsigned flags, const void *argument)
{
	/* the kernel reads the tail inside the call, by the same thread: no barrier is needed but the
	 * compiler's */
	__atomic_store_n(ring->sq_tail, ring->tail, __ATOMIC_RELEASE);
	return sys_uring_enter(ring->enter_fd, uring_waiting(ring), least,
			       flags | ring->enter_flags, argument);
}

int uring_submit(struct uring *ring)
{
	int code = enter(ring, 0, 0, NULL);

	return code < 0 ? code : 0;
}

int uring_enter(struct uring *ring)
{
	int code = enter(ring, 0, IORING_ENTER_GETEVENTS, NULL);

	return code < 0 ? code : 0;
}

int uring_sleep(struct uring *ring, int64_t until_ns)
{
	const struct __kernel_timespec until = { .tv_sec = until_ns / NS_PER_SEC,
						 .tv_nsec = until_ns % NS_PER_SEC };
	const struct io_uring_getevents_arg argument = {
		.ts = (uint64_t)(uintptr_t)&until
	};
	int code = enter(ring, ring->cq_entries,
			 IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG |
				 URING_ENTER_ABS_TIMER,
			 &argument);

	return code < 0 && code != -ETIME ? code : 0;
}

int uring_wait(struct uring *ring, int64_t most_ns)
{
	const struct __kernel_timespec most = { .tv_sec = most_ns / NS_PER_SEC,
						.tv_nsec = most_ns % NS_PER_SEC };
	const struct io_uring_getevents_arg argument = {
		.ts = (uint64_t)(uintptr_t)&most
	};
	int code =
		enter(ring, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument);

	return code < 0 && code != -ETIME ? code : 0;
}

void uring_seen(struct uring *ring)
{
	/* pairs with the kernel's acquire: the completion was read */
	__atomic_store_n(ring->cq_head, *ring->cq_head + 1, __ATOMIC_RELEASE);
}

#endif
