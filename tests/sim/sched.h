/*
 * The clock and the threads of the simulated machine. One thread goes on at a time; where it waits, or makes a
 * call, another may take its place. Time passes by what calls take, and by leaps where all threads wait.
 */
#ifndef TESTS_SIM_SCHED_H
#define TESTS_SIM_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#define SCHED_THREADS_MAX 16
#define SCHED_NEVER	  INT64_MAX

/* Why a wait is over. */
enum sched_wake {
	SCHED_READY,
	SCHED_TIME,
	SCHED_INTERRUPTED,
};

/* What a wait is for; NULL members: nothing of the kind. */
struct sched_wait {
	int64_t until_ns; /* SCHED_NEVER: no end */
	bool (*is_ready)(void *arg);
	void *arg;
	bool can_be_interrupted;
};

/** sched_begin - at that time, with the caller's fiber as the only one; runs @main as thread 0 to its end. */
void sched_run(int64_t start_ns, void (*main)(void *arg), void *arg);

int64_t sched_now(void);

/** sched_name - of the thread that goes on. sched_is_cycle - whether it is the cycle's. */
const char *sched_name(void);
bool sched_is_cycle(void);

/** sched_cycles - that are over, of this run. */
uint64_t sched_cycles(void);

/** sched_cycle_ended - one more. */
void sched_cycle_ended(void);

/** sched_index - of the thread that goes on, from 0: main. */
unsigned sched_index(void);

/** sched_create - a thread that begins with main(arg); -EAGAIN: no more. Returns its index. */
int sched_create(void *(*main)(void *arg), void *arg, int priority);
void sched_set_name(unsigned index, const char *name);

/** sched_interrupt - a signal to a thread. */
void sched_interrupt(unsigned index);

/** sched_has_ended - */
bool sched_has_ended(unsigned index);

/** sched_forget - after it has ended: its place is free. */
void sched_forget(unsigned index);

/** sched_threads - that have not been forgotten, thread 0 not among them. */
unsigned sched_threads(void);

/** sched_wait - until one of it is so. */
enum sched_wake sched_wait(const struct sched_wait *wait);

/** sched_call - a call of the kernel is made that takes about @cost_ns: another thread may go on first. */
void sched_call(int64_t cost_ns);

/** sched_pass - so much time passes, with nobody else coming in between: a read of the clock. */
void sched_pass(int64_t ns);

/** sched_busy - this thread is in a call for so long; the others go on. */
void sched_busy(int64_t ns);

/** sched_stop_process - all of them stand still for so long. */
void sched_stop_process(int64_t ns);

/** sched_stopped_ns - for how long they stood still so far. */
int64_t sched_stopped_ns(void);

/** sched_rest - as sched_wait(), of a thread that has nothing else to do; sched_rested_ns - for how long in all. */
enum sched_wake sched_rest(const struct sched_wait *wait);
int64_t sched_rested_ns(void);

/** sched_set_preemption - a call of any thread is preceded by another thread once in @calls. */
void sched_set_preemption(uint64_t calls);

#endif
