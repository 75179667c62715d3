#include <string.h>
#include <sys/syscall.h>

#include "rtloop/cycle/options.h"
#include "rtloop/cycle/seal.h"

#define CALL(name)                                                                       \
	{                                                                                \
		SYS_##name, #name                                                        \
	}

struct named_call {
	long number;
	const char *name;
};

/* Those that logic and devices are likeliest to make by mistake; a number says the others. */
static const struct named_call named[] = {
	CALL(accept4),
	CALL(bind),
	CALL(brk),
	CALL(clock_gettime),
	CALL(clock_nanosleep),
	CALL(clone),
	CALL(close),
	CALL(connect),
	CALL(dup),
	CALL(epoll_ctl),
	CALL(epoll_pwait),
	CALL(execve),
	CALL(exit),
	CALL(exit_group),
	CALL(faccessat),
	CALL(fcntl),
	CALL(fdatasync),
	CALL(flock),
	CALL(fstat),
	CALL(fsync),
	CALL(ftruncate),
	CALL(futex),
	CALL(getcpu),
	CALL(getdents64),
	CALL(getpid),
	CALL(getppid),
	CALL(getrandom),
	CALL(getrusage),
	CALL(gettid),
	CALL(gettimeofday),
	CALL(getuid),
	CALL(ioctl),
	CALL(kill),
	CALL(lseek),
	CALL(madvise),
	CALL(mkdirat),
	CALL(mprotect),
	CALL(mremap),
	CALL(munmap),
	CALL(nanosleep),
	CALL(openat),
	CALL(pipe2),
	CALL(ppoll),
	CALL(prctl),
	CALL(pread64),
	CALL(pselect6),
	CALL(pwrite64),
	CALL(read),
	CALL(readlinkat),
	CALL(readv),
	CALL(recvfrom),
	CALL(recvmmsg),
	CALL(recvmsg),
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(sched_setscheduler),
	CALL(sched_yield),
	CALL(sendmmsg),
	CALL(sendmsg),
	CALL(sendto),
	CALL(setsockopt),
	CALL(socket),
	CALL(statx),
	CALL(sysinfo),
	CALL(tgkill),
	CALL(timerfd_settime),
	CALL(uname),
	CALL(unlinkat),
	CALL(wait4),
	CALL(write),
	CALL(writev),
#ifdef SYS_epoll_wait
	CALL(epoll_wait),
#endif
#ifdef SYS_fork
	CALL(fork),
#endif
#ifdef SYS_clone3
	CALL(clone3),
#endif
#ifdef SYS_mmap
	CALL(mmap),
#endif
#ifdef SYS_mmap2
	CALL(mmap2),
#endif
#ifdef SYS_newfstatat
	CALL(newfstatat),
#endif
#ifdef SYS_open
	CALL(open),
#endif
#ifdef SYS_poll
	CALL(poll),
#endif
#ifdef SYS_select
	CALL(select),
#endif
#ifdef SYS_stat
	CALL(stat),
#endif
#ifdef SYS_time
	CALL(time),
#endif
#ifdef SYS_vfork
	CALL(vfork),
#endif
};

static const char *const kind_names[] = {
	[SEAL_OFF] = "off", [SEAL_LOG] = "log", [SEAL_KILL] = "kill"
};

const char *seal_kind_name(int kind)
{
	return kind_names[kind];
}

const char *seal_call_name(uint32_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
		if (named[i].number == (long)number) {
			return named[i].name;
		}
	}
	return NULL;
}

/* The handler of a signal may use it: so it is made without the C library's printing. */
struct line {
	char *text;
	unsigned bytes;
};

static void add(struct line *line, const char *words)
{
	while (*words && line->bytes < SEAL_TEXT_BYTES - 1) {
		line->text[line->bytes++] = *words++;
	}
	line->text[line->bytes] = '\0';
}

static void add_number(struct line *line, uintptr_t number, unsigned base)
{
	char digits[24];
	unsigned at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number > 0);
	add(line, digits + at);
}

unsigned seal_describe(const struct seal_call *call, char text[SEAL_TEXT_BYTES])
{
	struct line line = { .text = text };
	const char *name = call->is_foreign ? NULL : seal_call_name(call->number);

	add(&line, name ? name : "a system call");
	add(&line, " (");
	add_number(&line, call->number, 10);
	add(&line, call->is_foreign ? ", of another architecture)" : ")");
	if (call->object) {
		add(&line, " at ");
		add(&line, call->object->name);
		add(&line, "+0x");
		add_number(&line, call->offset, 16);
	}
	return line.bytes;
}
