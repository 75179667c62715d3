#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/gpio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>

#include "rtloop/base/calls.h"
#include "rtloop/base/filter_calls.h"
#include "tests/fakes/bpf.h"

/* glibc takes one of two calls for the same; of both the same is asked. */
#ifdef SYS_epoll_wait
#define WAIT SYS_epoll_wait
#else
#define WAIT SYS_epoll_pwait
#endif

static struct filter filter;

static void make(const struct filter_scope *scope)
{
	filter_begin(&filter);
	assert_int_equal(filter_calls_add(&filter, scope), 0);
	assert_int_equal(filter_end(&filter, 1, NULL, 0), 0);
}

static void make_of(uint32_t calls)
{
	make(&(struct filter_scope){ .calls = calls,
				     .timer_fd = 10,
				     .pacer_fd = 11,
				     .poller_fd = 12,
				     .signal_fd = 13,
				     .ring_fd = 14,
				     .enter_fd = 0 });
}

static bool goes(long number, uint64_t first, uint64_t second, uint64_t third,
		 uint64_t fourth)
{
	struct seccomp_data call = bpf_call(number, first, second);

	call.args[2] = third;
	call.args[3] = fourth;
	return bpf_judge(&filter, &call) == SECCOMP_RET_ALLOW;
}

static void a_sleep_is_absolute_and_monotonic(void **state)
{
	make_of(CALLS_SLEEP_UNTIL);
	assert_true(goes(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, 0, 0));
	assert_false(goes(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, 0, 0));
	assert_false(goes(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, 0, 0));
	assert_false(goes(WAIT, 12, 0, 0, 0));
}

static void only_the_pacer_waits_and_the_poller_looks(void **state)
{
	make_of(CALLS_TIMER_ARM | CALLS_EPOLL_WAIT | CALLS_EPOLL_CTL);
	assert_true(goes(WAIT, 11, 0, 1, (uint64_t)-1));
	assert_true(goes(WAIT, 12, 0, 1, 0));
	assert_false(goes(WAIT, 12, 0, 1, (uint64_t)-1));
	assert_false(goes(WAIT, 14, 0, 1, 0));
	assert_true(goes(SYS_epoll_ctl, 12, 0, 0, 0));
	assert_false(goes(SYS_epoll_ctl, 11, 0, 0, 0));
	assert_true(goes(SYS_timerfd_settime, 10, TFD_TIMER_ABSTIME, 0, 0));
	assert_false(goes(SYS_timerfd_settime, 11, TFD_TIMER_ABSTIME, 0, 0));
	assert_false(goes(SYS_timerfd_settime, 10, 0, 0, 0));
}

static void a_descriptor_that_is_not_there_takes_its_calls_along(void **state)
{
	make(&(struct filter_scope){ .calls = CALLS_EPOLL_WAIT | CALLS_SIGNAL,
				     .timer_fd = -1,
				     .pacer_fd = -1,
				     .poller_fd = 12,
				     .signal_fd = -1,
				     .ring_fd = -1,
				     .enter_fd = -1 });
	assert_false(goes(WAIT, (uint64_t)-1, 0, 1, (uint64_t)-1));
	assert_false(goes(SYS_write, (uint64_t)-1, 0, 8, 0));
	assert_true(goes(WAIT, 12, 0, 1, 0));
}

/* The number of a registered ring is not one of a descriptor: it may be 0. */
static void a_ring_is_the_one_that_is_there_and_keeps_its_limits(void **state)
{
	enum { BUFFERS = 22, NO_BUFFERS = 23, RESTRICTIONS = 11, FILES = 2 };

	make_of(CALLS_URING_ENTER | CALLS_URING_BUFFERS);
	assert_true(goes(SYS_io_uring_enter, 0, 1, 1, 0));
	assert_false(goes(SYS_io_uring_enter, 14, 1, 1, 0));
	assert_true(goes(SYS_io_uring_register, 14, BUFFERS, 0, 1));
	assert_true(goes(SYS_io_uring_register, 14, NO_BUFFERS, 0, 1));
	assert_false(goes(SYS_io_uring_register, 15, BUFFERS, 0, 1));
	assert_false(goes(SYS_io_uring_register, 14, RESTRICTIONS, 0, 1));
	assert_false(goes(SYS_io_uring_register, 14, FILES, 0, 1));
	assert_false(goes(SYS_io_uring_setup, 8, 0, 0, 0));
	assert_false(goes(SYS_munmap, 0, 0, 0, 0));
	make_of(CALLS_URING_CLOSE);
	assert_true(goes(SYS_munmap, 0, 0, 0, 0));
	make(&(struct filter_scope){ .calls = CALLS_URING_ENTER | CALLS_URING_BUFFERS,
				     .ring_fd = -1,
				     .enter_fd = -1 });
	assert_false(goes(SYS_io_uring_enter, (uint64_t)-1, 1, 1, 0));
	assert_false(goes(SYS_io_uring_register, (uint64_t)-1, BUFFERS, 0, 1));
}

static void a_look_at_what_is_hung_up_does_not_wait(void **state)
{
	make_of(CALLS_IS_HUNG_UP | CALLS_SET_BLOCKING);
#ifdef SYS_poll
	assert_true(goes(SYS_poll, 0, 1, 0, 0));
	assert_false(goes(SYS_poll, 0, 1, 1, 0));
#else
	assert_true(goes(SYS_ppoll, 0, 1, 0, 0));
#endif
	assert_true(goes(SYS_ioctl, 20, FIONBIO, 0, 0));
	assert_false(goes(SYS_ioctl, 20, TIOCOUTQ, 0, 0));
}

static void sockets_never_wait_nor_raise_a_signal(void **state)
{
	const uint64_t at_once = MSG_DONTWAIT | MSG_NOSIGNAL;

	make_of(CALLS_RECV_MANY | CALLS_SEND | CALLS_SEND_MANY);
	assert_true(goes(SYS_recvmmsg, 20, 0, 16, MSG_DONTWAIT));
	assert_false(goes(SYS_recvmmsg, 20, 0, 16, 0));
	assert_true(goes(SYS_sendto, 20, 0, 5, at_once));
	assert_false(goes(SYS_sendto, 20, 0, 5, MSG_NOSIGNAL));
	assert_true(goes(SYS_sendmmsg, 20, 0, 5, at_once));
	assert_false(goes(SYS_sendmmsg, 20, 0, 5, MSG_DONTWAIT));
	assert_false(goes(SYS_recvfrom, 20, 0, 5, MSG_DONTWAIT));
}

static void an_ioctl_is_of_the_stated_request(void **state)
{
	make_of(CALLS_GPIO_GET);
	assert_true(goes(SYS_ioctl, 20, GPIO_V2_LINE_GET_VALUES_IOCTL, 0, 0));
	assert_false(goes(SYS_ioctl, 20, GPIO_V2_LINE_SET_VALUES_IOCTL, 0, 0));
	assert_false(goes(SYS_ioctl, 20, TIOCOUTQ, 0, 0));
	make_of(CALLS_GPIO_SET | CALLS_TTY_UNSENT);
	assert_true(goes(SYS_ioctl, 20, GPIO_V2_LINE_SET_VALUES_IOCTL, 0, 0));
	assert_true(goes(SYS_ioctl, 20, TIOCOUTQ, 0, 0));
	assert_false(goes(SYS_ioctl, 20, GPIO_V2_LINE_GET_VALUES_IOCTL, 0, 0));
}

static void nobody_reads_or_writes_where_people_do(void **state)
{
	make_of(CALLS_READ | CALLS_WRITE);
	for (uint64_t fd = 0; fd <= 2; fd++) {
		assert_false(goes(SYS_read, fd, 0, 1, 0));
		assert_false(goes(SYS_write, fd, 0, 1, 0));
	}
	assert_true(goes(SYS_read, 3, 0, 1, 0));
	assert_true(goes(SYS_write, 3, 0, 1, 0));
	make_of(CALLS_SIGNAL);
	assert_true(goes(SYS_write, 13, 0, 8, 0));
	assert_false(goes(SYS_write, 14, 0, 8, 0));
	assert_false(goes(SYS_read, 14, 0, 8, 0));
}

static void the_time_is_told_by_a_call_where_the_vdso_cannot(void **state)
{
	make_of(CALLS_NOW);
	assert_true(goes(SYS_clock_gettime, CLOCK_MONOTONIC, 0, 0, 0));
	assert_true(goes(SYS_clock_gettime, CLOCK_REALTIME, 0, 0, 0));
	assert_false(goes(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, 0, 0, 0));
}

static void a_thread_can_end_be_interrupted_and_do_nothing_more(void **state)
{
	make_of(CALLS_END);
	assert_true(goes(SYS_exit, 0, 0, 0, 0));
	assert_true(goes(SYS_rt_sigreturn, 0, 0, 0, 0));
	assert_true(goes(SYS_restart_syscall, 0, 0, 0, 0));
	assert_true(goes(SYS_getrusage, (uint64_t)RUSAGE_THREAD, 0, 0, 0));
	assert_false(goes(SYS_getrusage, (uint64_t)RUSAGE_SELF, 0, 0, 0));
	assert_false(goes(SYS_exit_group, 0, 0, 0, 0));
	assert_false(goes(SYS_close, 2, 0, 0, 0));
	assert_false(goes(SYS_openat, 0, 0, 0, 0));
	assert_false(goes(SYS_execve, 0, 0, 0, 0));
	assert_false(goes(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, 0, 0));
}

static void the_last_words_go_to_standard_error_and_nowhere_else(void **state)
{
	struct seccomp_data call = bpf_call(SYS_write, 2, 0);

	filter_begin(&filter);
	assert_int_equal(
		filter_end(&filter, 1, filter_last_words, filter_last_words_count), 0);
	call.instruction_pointer = 1;
	assert_int_equal(bpf_judge(&filter, &call), SECCOMP_RET_ALLOW);
	call.args[0] = 3;
	assert_int_equal(bpf_judge(&filter, &call), SECCOMP_RET_KILL_PROCESS);
	call.nr = SYS_exit_group;
	assert_int_equal(bpf_judge(&filter, &call), SECCOMP_RET_KILL_PROCESS);
}

static void all_that_there_is_fits(void **state)
{
	make_of(UINT32_MAX);
	assert_true(goes(SYS_exit, 0, 0, 0, 0));
	assert_in_range(filter.count, 100, FILTER_INSTRUCTIONS_MAX - 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sleep_is_absolute_and_monotonic),
		cmocka_unit_test(only_the_pacer_waits_and_the_poller_looks),
		cmocka_unit_test(a_descriptor_that_is_not_there_takes_its_calls_along),
		cmocka_unit_test(a_ring_is_the_one_that_is_there_and_keeps_its_limits),
		cmocka_unit_test(a_look_at_what_is_hung_up_does_not_wait),
		cmocka_unit_test(sockets_never_wait_nor_raise_a_signal),
		cmocka_unit_test(an_ioctl_is_of_the_stated_request),
		cmocka_unit_test(nobody_reads_or_writes_where_people_do),
		cmocka_unit_test(the_time_is_told_by_a_call_where_the_vdso_cannot),
		cmocka_unit_test(a_thread_can_end_be_interrupted_and_do_nothing_more),
		cmocka_unit_test(the_last_words_go_to_standard_error_and_nowhere_else),
		cmocka_unit_test(all_that_there_is_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
