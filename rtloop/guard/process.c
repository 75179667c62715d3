#include "rtloop/guard/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include "rtloop/base/sys.h"

#define NAME	  "rtloop-guardian"
#define OOM_NEVER "-1000"

/* A handler reaches nothing but statics: there is one guardian in its process. */
static struct guardian the_guardian;

static void take_end(int signal)
{
	(void)signal;
	the_guardian.is_asked_to_end = 1;
}

/* --- its ways with others ------------------------------------------------------------------------- */

static bool is_dumping(pid_t pid)
{
	char path[64], text[4096];
	ssize_t bytes;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = sys_open(path, O_RDONLY, 0);
	bytes = fd < 0 ? fd : sys_read(fd, text, sizeof(text) - 1);
	sys_close(fd);
	text[bytes > 0 ? bytes : 0] = '\0';
	return strstr(text, "\nCoreDumping:\t1") != NULL;
}

static void kill_run(int process_fd, pid_t pid)
{
	if (process_fd >= 0) {
		syscall(SYS_pidfd_send_signal, process_fd, SIGKILL, NULL, 0);
	} else if (getppid() == pid) {
		/* without its descriptor, only as long as its number cannot be another one's */
		kill(pid, SIGKILL);
	}
}

/* A terminal that takes nothing would hold it up for ever. */
static bool has_ears(int fd)
{
	struct pollfd ears = { .fd = fd, .events = POLLOUT };

	return poll(&ears, 1, 0) == 1 && (ears.revents & POLLOUT);
}

static void say(const char *text)
{
	char line[640];
	int bytes = snprintf(line, sizeof(line), NAME ": %s\n", text);

	syslog(LOG_CRIT, "%s", text);
	if (has_ears(STDERR_FILENO)) {
		(void)!sys_write(STDERR_FILENO, line, (size_t)bytes);
	}
}

static const struct guard_ways ways = {
	.is_dumping = is_dumping,
	.kill = kill_run,
	.say = say,
};

/* --- what it is made of --------------------------------------------------------------------------- */

/* Blocked, until the guardian sleeps. */
static void set_signals(void)
{
	struct sigaction take = { .sa_handler = take_end };
	sigset_t all;

	for (int i = 1; i < NSIG; i++) {
		signal(i, SIG_IGN);
	}
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	signal(SIGILL, SIG_DFL);
	signal(SIGFPE, SIG_DFL);
	signal(SIGABRT, SIG_DFL);
	sigaction(SIGTERM, &take, NULL);
	sigemptyset(&all);
	sigaddset(&all, SIGTERM);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static bool keeps_open(int fd)
{
	struct stat info;

	return isatty(fd) || (fstat(fd, &info) == 0 && S_ISREG(info.st_mode));
}

static void set_streams(void)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null_fd >= 0) {
		dup2(null_fd, STDIN_FILENO);
		dup2(null_fd, STDOUT_FILENO);
		if (!keeps_open(STDERR_FILENO)) {
			dup2(null_fd, STDERR_FILENO);
		}
	}
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* All of the run's but the two that are given; the streams are its own already. */
static void close_others(const struct guard_run *run)
{
	int kept[] = { STDERR_FILENO, run->fd, run->process_fd };
	const size_t count = sizeof(kept) / sizeof(kept[0]);

	qsort(kept, count, sizeof(kept[0]), by_number);
	for (size_t i = 0; i < count; i++) {
		unsigned first = kept[i] < STDERR_FILENO ? STDERR_FILENO + 1
							 : (unsigned)kept[i] + 1;
		unsigned last = i + 1 < count ? (unsigned)kept[i + 1] - 1 : ~0u;

		/* the one that cannot be had is -1, and sorted first */
		if (first <= last && (i + 1 == count || kept[i + 1] > STDERR_FILENO)) {
			syscall(SYS_close_range, first, last, 0);
		}
	}
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	syscall(SYS_capset, &header, none);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void set_oom(void)
{
	int fd = sys_open("/proc/self/oom_score_adj", O_WRONLY, 0);

	if (fd >= 0) {
		(void)!sys_write(fd, OOM_NEVER, strlen(OOM_NEVER));
		sys_close(fd);
	}
}

/* Memory first: nothing that came later could be locked where the limit is low, and it still runs, then. Where a limit
 * allows the cycle its priority but no higher one, the guardian takes the highest that it can have. */
static void set_realtime(struct guard_state *state, int priority)
{
	state->is_locked = mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
	for (; priority > 0 && state->priority == 0; priority--) {
		struct sched_param param = { .sched_priority = priority };

		if (sched_setscheduler(0, SCHED_FIFO, &param) == 0) {
			state->priority = priority;
		}
	}
}

noreturn void process_run(const struct guard_run *run, int priority)
{
	setsid();
	prctl(PR_SET_NAME, NAME, 0, 0, 0);
	set_signals();
	set_streams();
	close_others(run);
	(void)!chdir("/");
	openlog(NAME, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	guardian_init(&the_guardian, &ways, run);
	set_oom();
	set_realtime(&the_guardian.state, priority);
	drop_capabilities();
	while (guardian_turn(&the_guardian)) {
	}
	guardian_fini(&the_guardian);
	_exit(0);
}
