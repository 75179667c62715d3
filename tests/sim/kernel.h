/*
 * The simulated kernel: what the program asks of its C library, answered out of the simulated machine. The
 * linker puts each of these functions in the place of the library's own (-Wl,--wrap).
 */
#ifndef TESTS_SIM_KERNEL_H
#define TESTS_SIM_KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A function in the place of another: WRAP(int, close, int fd) { ... } */
#define WRAP(type, name, ...)                                                            \
	type __wrap_##name(__VA_ARGS__);                                                 \
	type __wrap_##name(__VA_ARGS__)

/* The library's own, for what is not of the simulated machine. */
#define REAL(type, name, ...) type __real_##name(__VA_ARGS__)

/* Calls of the kernel that the cycle makes, by what bounds them. */
enum kernel_call {
	CALL_OTHER, /* not the cycle's business */
	CALL_WAIT,
	CALL_SCAN,
	CALL_WATCH, /* epoll_ctl */
	CALL_READ,
	CALL_END, /* reads among them that found the end, or an error */
	CALL_WRITE,
	CALL_WAKE, /* the logger's eventfd */
	CALL_KINDS,
};

/** kernel_call - the thread that goes on makes a call: it takes its time, and others may come first. */
void kernel_call(enum kernel_call call);

/** kernel_note_call - the same without the call: the thread goes on at once. */
void kernel_note_call(enum kernel_call call);

/** kernel_calls - that the cycle has made of a kind since kernel_forget_calls(). */
unsigned kernel_calls(enum kernel_call call);
void kernel_forget_calls(void);

/** kernel_result - as the C library has it: -1 and errno for -errno. */
ssize_t kernel_result(ssize_t result);

/** kernel_begin - a machine that has just been switched on; kernel_end - nothing may be left over. */
void kernel_begin(void);

/** kernel_at_edge - called each time the cycle's thread begins to wait. */
extern void (*kernel_at_edge)(void);

/** kernel_at_rest - called each time the supervisor has nothing to do for a while. */
extern void (*kernel_at_rest)(void);

/** kernel_set_privileged - whether SCHED_FIFO and locked memory are granted. */
void kernel_set_privileged(bool is_privileged);
bool kernel_is_privileged(void);

/** kernel_set_latency - how late a wake-up is, at most, and how long at most a call takes that takes long. */
void kernel_set_latency(int64_t wake_max_ns);

/** kernel_wake_time - when a thread that is to wake up at @until_ns does. */
int64_t kernel_wake_time(int64_t until_ns);

struct sim_file;

/** kernel_timer_ns - when a timer's time comes; SCHED_NEVER: the file is no timer, or it is not armed. */
int64_t kernel_timer_ns(const struct sim_file *file);

/** kernel_delay_wake - the next wake-up of the cycle comes so much later. */
void kernel_delay_wake(int64_t ns);

/** kernel_delay_call - the next call that the cycle makes takes so long. */
void kernel_delay_call(int64_t ns);

/** kernel_step_clock - CLOCK_REALTIME is set. */
void kernel_step_clock(int64_t ns);

#endif
