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
#include "rtloop/cycle/right.h"
#include "rtloop/cycle/throttle.h"

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

/* Root without the right is that of a container: a capability of the file gives it nothing. */
static void memory_fix(char *fix, size_t bytes)
{
	if (geteuid() == 0) {
		snprintf(fix, bytes,
			 "give the container the right: --ulimit memlock=-1, or "
			 "--cap-add IPC_LOCK where it has no user namespace");
	} else {
		program_fix(fix, bytes);
	}
}

static void note_not_locked(struct realtime *realtime, int code, const char *fix)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY) {
		note(realtime, true, fix, "memory could not be locked: %s",
		     strerror(code));
		return;
	}
	note(realtime, true, fix,
	     "memory could not be locked: %s; the limit (RLIMIT_MEMLOCK) is %llu KiB",
	     strerror(code), (unsigned long long)limit.rlim_cur >> 10);
}

/*
 * With a finite limit, locking what comes later too would make a later request for memory
 * fail that would have succeeded: then only what is there now is locked, and said.
 */
void realtime_lock_memory(struct realtime *realtime)
{
	uint64_t limit_bytes = 0;
	char fix[512];
	int code;

	prefault_heap();
	memory_fix(fix, sizeof(fix));
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
		note_not_locked(realtime, errno, fix);
	}
}

/* Each group between the root and this one needs a budget, and that of a group holds those below it. */
static void group_fix(char *fix, size_t bytes)
{
	char path[256];

	if (right_group_file(path, sizeof(path)) == 0) {
		snprintf(fix, bytes,
			 "echo 900000 | sudo tee %s, after the groups above it, or boot "
			 "with rt_group_sched=0",
			 path);
	} else {
		snprintf(fix, bytes,
			 "give the control group a budget: cpu.rt_runtime_us, or boot "
			 "with rt_group_sched=0");
	}
}

/* What makes the kernel grant @priority; it said -EPERM. */
static void priority_fix(int priority, char *fix, size_t bytes)
{
	int limit = 0;

	switch (right_to_priority(priority, &limit)) {
	case RIGHT_MISSING:
		program_fix(fix, bytes);
		break;
	case RIGHT_TOO_LOW:
		snprintf(fix, bytes,
			 "sudo prlimit --pid $$ --rtprio=%d, then start it from this "
			 "shell again; for good in /etc/security/limits.d (rtprio), or "
			 "LimitRTPRIO= of the service: the limit is %d",
			 priority, limit);
		break;
	case RIGHT_CONTAINED:
		snprintf(fix, bytes,
			 "give the container the right: --ulimit rtprio=%d, or "
			 "--cap-add SYS_NICE where it has no user namespace",
			 priority);
		break;
	case RIGHT_GRANTED:
		/* only a group without a budget refuses it then: CONFIG_RT_GROUP_SCHED */
		group_fix(fix, bytes);
		break;
	}
}

void realtime_note_fifo(struct realtime *realtime, int priority, int code)
{
	char fix[512];

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
	priority_fix(priority, fix, sizeof(fix));
	note(realtime, true, fix, "SCHED_FIFO priority %d was refused: %s", priority,
	     strerror(-code));
}

/* The kernel's own share of ordinary threads. */
#define USUAL_PERCENT 95

void realtime_note_throttling(struct realtime *realtime, int cpu, int spin_percent,
			      const char *root)
{
	int needed = spin_percent > USUAL_PERCENT ? spin_percent : USUAL_PERCENT;
	struct throttle throttle;
	char fix[512];

	throttle_look(&throttle, realtime->kernel, cpu, root);
	if (throttle_has_room(&throttle, needed)) {
		return;
	}
	snprintf(fix, sizeof(fix), "echo %s | sudo tee %s", throttle.off, throttle.path);
	note(realtime, true, fix,
	     "real-time threads get no more than %lld us of each %lld us of a CPU",
	     (long long)throttle.rt_us, (long long)throttle.period_us);
}

void realtime_note_watchdog(struct realtime *realtime, int priority)
{
	char fix[512];

	if (realtime->is_fifo && priority <= realtime->priority) {
		priority_fix(realtime->priority + 1, fix, sizeof(fix));
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
