#include "rtloop/cycle/realtime.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "rtloop/base/sys.h"

/* Kept by the heap after it has been touched once, so that small requests fault no page.
 */
#define HEAP_PREFAULT_BYTES (1 << 20)

static struct realtime_problem *add_problem(struct realtime *realtime, bool is_fatal)
{
	struct realtime_problem *problem = &realtime->problems[realtime->problem_count];

	if (realtime->problem_count < REALTIME_PROBLEMS_MAX - 1) {
		realtime->problem_count++;
	}
	problem->is_fatal = is_fatal;
	return problem;
}

static void note(struct realtime *realtime, bool is_fatal, const char *fix,
		 const char *format, ...) PRINTF_LIKE(4, 5);

static void note(struct realtime *realtime, bool is_fatal, const char *fix,
		 const char *format, ...)
{
	struct realtime_problem *problem = add_problem(realtime, is_fatal);
	va_list args;

	va_start(args, format);
	vsnprintf(problem->why, sizeof(problem->why), format, args);
	va_end(args);
	snprintf(problem->fix, sizeof(problem->fix), "%s", fix);
}

/* The command that gives this very program the rights it lacks. */
static void program_fix(char *fix, size_t bytes)
{
	char path[160];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[length > 0 ? length : 0] = '\0';
	snprintf(fix, bytes, "sudo setcap cap_sys_nice,cap_ipc_lock=ep %s",
		 length > 0 ? path : "rtloop");
}

static int read_number(const char *path, long *ret_value)
{
	char text[32];
	int fd = sys_open(path, O_RDONLY, 0);
	ssize_t bytes;

	if (fd < 0) {
		return fd;
	}
	bytes = sys_read(fd, text, sizeof(text) - 1);
	sys_close(fd);
	if (bytes <= 0) {
		return -EIO;
	}
	text[bytes] = '\0';
	*ret_value = strtol(text, NULL, 10);
	return 0;
}

static void look_at_kernel(struct realtime *realtime)
{
	struct utsname name;
	long flag = 0;

	if (uname(&name)) {
		return;
	}
	snprintf(realtime->kernel, sizeof(realtime->kernel), "%.100s %.100s",
		 name.release, name.version);
	realtime->is_preempt_rt =
		(read_number("/sys/kernel/realtime", &flag) == 0 && flag == 1) ||
		strstr(name.version, "PREEMPT_RT") || strstr(name.version, "PREEMPT RT");
	if (!realtime->is_preempt_rt) {
		note(realtime, true,
		     "sudo apt install linux-image-rt-$(dpkg --print-architecture)",
		     "the kernel is not PREEMPT_RT: %.200s", realtime->kernel);
	}
}

static void hold_dma_latency(struct realtime *realtime)
{
	int32_t none_us = 0;
	int fd = sys_open("/dev/cpu_dma_latency", O_RDWR, 0);
	ssize_t written = fd < 0 ? fd : sys_write(fd, &none_us, sizeof(none_us));

	if (written == (ssize_t)sizeof(none_us)) {
		realtime->dma_latency_fd = fd;
		realtime->holds_dma_latency = true;
		return;
	}
	if (fd >= 0) {
		sys_close(fd);
	}
	note(realtime, false, "sudo chmod o+rw /dev/cpu_dma_latency, or run as root",
	     "the CPU may sleep deeply: /dev/cpu_dma_latency: %s",
	     strerror((int)-written));
}

void realtime_init(struct realtime *realtime)
{
	memset(realtime, 0, sizeof(*realtime));
	realtime->dma_latency_fd = -1;
	realtime->cpu = -1;
	look_at_kernel(realtime);
	hold_dma_latency(realtime);
}

void realtime_fini(struct realtime *realtime)
{
	sys_close(realtime->dma_latency_fd);
	realtime->dma_latency_fd = -1;
}

static void prefault_heap(void)
{
	void *block;

	mallopt(M_TRIM_THRESHOLD, -1);
	mallopt(M_MMAP_THRESHOLD, 4 * HEAP_PREFAULT_BYTES);
	block = malloc(HEAP_PREFAULT_BYTES);
	if (block) {
		memset(block, 0, HEAP_PREFAULT_BYTES);
		/* the compiler must not see that nothing is read from it */
		__asm__ volatile("" : : "r"(block) : "memory");
	}
	free(block);
}

/* Whether the limit would refuse more memory: asked of the kernel, since a capability
 * lifts it. */
static bool is_limited(uint64_t *ret_limit_bytes)
{
	struct rlimit limit;
	size_t bytes;
	void *probe;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY) {
		return false;
	}
	if (limit.rlim_cur >= SIZE_MAX) {
		return false; /* on 32 bits addresses end before the limit does */
	}
	*ret_limit_bytes = limit.rlim_cur;
	bytes = (size_t)limit.rlim_cur + 1;
	probe = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (probe == MAP_FAILED) {
		return true;
	}
	munmap(probe, bytes);
	return false;
}

/*
 * With a finite limit, locking what comes later too would make a later request for memory
 * fail that would have succeeded: then only what is there now is locked, and said.
 */
void realtime_lock_memory(struct realtime *realtime)
{
	uint64_t limit_bytes = 0;
	char fix[256];
	int code;

	prefault_heap();
	program_fix(fix, sizeof(fix));
	code = mlockall(MCL_CURRENT | MCL_FUTURE);
	if (code == 0 && is_limited(&limit_bytes)) {
		munlockall();
		code = mlockall(MCL_CURRENT);
		if (code == 0) {
			note(realtime, false, fix,
			     "memory asked for after the start is not locked: the limit "
			     "is %llu KiB",
			     (unsigned long long)limit_bytes >> 10);
		}
	}
	realtime->is_locked = code == 0;
	if (code) {
		note(realtime, true, fix, "memory could not be locked: %s",
		     strerror(errno));
	}
}

/* By the limit, as a service has it, or to root. */
static bool is_granted(int priority)
{
	struct rlimit limit;

	return geteuid() == 0 || (getrlimit(RLIMIT_RTPRIO, &limit) == 0 &&
				  limit.rlim_cur >= (rlim_t)priority);
}

void realtime_note_fifo(struct realtime *realtime, int priority, int code)
{
	char fix[256];

	if (priority == 0) {
		note(realtime, true, "set loop: priority to 1 or more",
		     "SCHED_FIFO was not asked for");
		return;
	}
	if (code == 0) {
		realtime->is_fifo = true;
		realtime->priority = priority;
		return;
	}
	program_fix(fix, sizeof(fix));
	if (is_granted(priority)) {
		/* only a cgroup without a budget refuses it then: CONFIG_RT_GROUP_SCHED */
		snprintf(fix, sizeof(fix),
			 "give the control group a budget: cpu.rt_runtime_us, or boot "
			 "with "
			 "rt_group_sched=0");
	}
	note(realtime, true, fix, "SCHED_FIFO priority %d was refused: %s", priority,
	     strerror(-code));
}

void realtime_note_watchdog(struct realtime *realtime, int priority)
{
	char fix[256];

	if (realtime->is_fifo && priority <= realtime->priority) {
		program_fix(fix, sizeof(fix));
		note(realtime, true, fix,
		     "the watchdog was refused SCHED_FIFO priority %d, above the "
		     "cycle's: one that spins would keep the CPU from it",
		     realtime->priority + 1);
	}
}

bool realtime_is_met(const struct realtime *realtime)
{
	for (unsigned i = 0; i < realtime->problem_count; i++) {
		if (realtime->problems[i].is_fatal) {
			return false;
		}
	}
	return true;
}
