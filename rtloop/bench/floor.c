/* What calls cost that every way of waiting or reading is made of. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/bench/part.h"

/* A sample is the mean of so many calls: the clock is too coarse for one. */
#define CALLS	 64
#define SLICE_NS (5 * NS_PER_MS)

struct floor_fds {
	int event;     /* eventfd */
	int semaphore; /* eventfd with EFD_SEMAPHORE */
	int signal;    /* signalfd of SIGUSR1, which the thread has blocked */
	int ends[2];   /* of a socket with nothing to read */
	int epoll;     /* of that socket */
};

static void empty_call(struct floor_fds *fds)
{
	(void)fds;
	(void)syscall(SYS_getppid);
}

static void clock_read(struct floor_fds *fds)
{
	(void)fds;
	(void)sys_now();
}

static void clock_call(struct floor_fds *fds)
{
	struct timespec now;

	(void)fds;
	(void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
}

static void event_pair(struct floor_fds *fds)
{
	uint64_t value = 1;

	(void)sys_write(fds->event, &value, sizeof(value));
	(void)sys_read(fds->event, &value, sizeof(value));
}

static void semaphore_pair(struct floor_fds *fds)
{
	uint64_t value = 1;

	(void)sys_write(fds->semaphore, &value, sizeof(value));
	(void)sys_read(fds->semaphore, &value, sizeof(value));
}

static void signal_pair(struct floor_fds *fds)
{
	struct signalfd_siginfo info;

	(void)syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1);
	(void)sys_read(fds->signal, &info, sizeof(info));
}

static void recv_nothing(struct floor_fds *fds)
{
	char byte;

	(void)recv(fds->ends[0], &byte, 1, MSG_DONTWAIT);
}

static void epoll_nothing(struct floor_fds *fds)
{
	struct epoll_event event;

	(void)sys_epoll_wait(fds->epoll, &event, 1, 0);
}

static const struct floor_row {
	const char *name;
	void (*call)(struct floor_fds *fds);
} rows[] = {
	{ "clock read (vDSO)", clock_read },
	{ "empty system call", empty_call },
	{ "clock read by system call", clock_call },
	{ "recv, nothing there", recv_nothing },
	{ "epoll_wait(0), nothing there", epoll_nothing },
	{ "eventfd, write and read", event_pair },
	{ "eventfd as semaphore", semaphore_pair },
	{ "signal to oneself by signalfd", signal_pair },
};

struct floor_state {
	struct table *table;
	struct floor_fds fds;
};

static void measure(void *context, unsigned item, int64_t slice_ns)
{
	struct floor_state *state = context;
	struct row *row = &state->table->rows[item];
	int64_t end_ns = sys_now() + slice_ns;
	int64_t begun_ns, ended_ns;

	do {
		begun_ns = sys_now();
		for (unsigned i = 0; i < CALLS; i++) {
			rows[item].call(&state->fds);
		}
		ended_ns = sys_now();
		samples_add(&row->samples, (double)(ended_ns - begun_ns) / CALLS);
	} while (ended_ns < end_ns);
}

static void close_fds(struct floor_fds *fds)
{
	sys_close(fds->event);
	sys_close(fds->semaphore);
	sys_close(fds->signal);
	sys_close(fds->ends[0]);
	sys_close(fds->ends[1]);
	sys_close(fds->epoll);
}

static int open_fds(struct floor_fds *fds, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN };
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	*fds = (struct floor_fds){ .event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	fds->semaphore = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	fds->signal = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	fds->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds->ends)) {
		fds->ends[0] = fds->ends[1] = -1;
	}
	if (fds->event < 0 || fds->semaphore < 0 || fds->signal < 0 || fds->epoll < 0 ||
	    fds->ends[0] < 0 ||
	    sys_epoll_ctl(fds->epoll, EPOLL_CTL_ADD, fds->ends[0], &event)) {
		int code = -errno;

		close_fds(fds);
		return err_set_errno(err, code, "cannot make the descriptors to measure");
	}
	return 0;
}

static int run_floor(struct part_run *run, struct err *err)
{
	struct floor_state state = { .table = run->table };
	const struct turns turns = { .items = ARRAY_SIZE(rows),
				     .all_ns = run->all_ns,
				     .slice_ns = SLICE_NS,
				     .measure = measure,
				     .context = &state };
	struct row *row;
	int code = open_fds(&state.fds, err);

	if (code) {
		return code;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(rows) && code == 0; i++) {
		code = part_add_row(run, rows[i].name, &row, err);
	}
	if (code == 0) {
		turns_take(&turns, run->course);
	}
	close_fds(&state.fds);
	return code;
}

const struct part_ops part_floor = {
	.name = "floor",
	.title = "The floor: what any call costs",
	.is_of_cycle = true,
	.share = 3,
	.run = run_floor,
};
