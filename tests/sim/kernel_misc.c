/*
 * wraps: mlockall munlockall prctl getrusage uname getpid sigaction syscall getrlimit64 geteuid
 * wraps: mq_open mq_getattr mq_receive mq_send
 */
#include <errno.h>
#include <linux/capability.h>
#include <mqueue.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "tests/sim/kernel.h"
#include "tests/sim/sim.h"

WRAP(int, mlockall, int flags)
{
	(void)flags;
	return (int)kernel_result(kernel_is_privileged() ? 0 : -EPERM);
}

WRAP(int, munlockall, void)
{
	return 0;
}

WRAP(int, prctl, int option, ...)
{
	(void)option;
	return 0;
}

WRAP(int, getrusage, int who, struct rusage *usage)
{
	(void)who;
	*usage = (struct rusage){ .ru_minflt = 0 };
	return 0;
}

WRAP(int, getrlimit64, int resource, struct rlimit *limit)
{
	(void)resource;
	*limit = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	return 0;
}

WRAP(int, uname, struct utsname *name)
{
	*name = (struct utsname){ .sysname = "Linux",
				  .release = "6.12-sim",
				  .version = "#1 PREEMPT_RT" };
	return 0;
}

WRAP(pid_t, getpid, void)
{
	return 1000;
}

WRAP(uid_t, geteuid, void)
{
	return 1000;
}

WRAP(int, sigaction, int signal, const struct sigaction *action, struct sigaction *before)
{
	(void)signal;
	(void)action;
	if (before) {
		*before = (struct sigaction){ .sa_handler = SIG_DFL };
	}
	return 0;
}

/* The run has no capability, and so none to give up. */
static void tell_capabilities(struct __user_cap_data_struct *data)
{
	memset(data, 0, _LINUX_CAPABILITY_U32S_3 * sizeof(*data));
}

WRAP(long, syscall, long number, ...)
{
	va_list args;

	if (number != SYS_capget) {
		return (long)kernel_result(-ENOSYS);
	}
	va_start(args, number);
	(void)va_arg(args, void *);
	tell_capabilities(va_arg(args, struct __user_cap_data_struct *));
	va_end(args);
	return 0;
}

WRAP(mqd_t, mq_open, const char *name, int flags, ...)
{
	(void)name;
	(void)flags;
	sim_fail("message queues are not simulated");
}

WRAP(int, mq_getattr, mqd_t queue, struct mq_attr *attr)
{
	(void)queue;
	(void)attr;
	sim_fail("message queues are not simulated");
}

WRAP(ssize_t, mq_receive, mqd_t queue, char *data, size_t bytes, unsigned *priority)
{
	(void)queue;
	(void)data;
	(void)bytes;
	(void)priority;
	sim_fail("message queues are not simulated");
}

WRAP(int, mq_send, mqd_t queue, const char *data, size_t bytes, unsigned priority)
{
	(void)queue;
	(void)data;
	(void)bytes;
	(void)priority;
	sim_fail("message queues are not simulated");
}
