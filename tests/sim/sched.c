#include "tests/sim/sched.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/fiber.h"
#include "tests/sim/rng.h"
#include "tests/sim/sim.h"
#include "tests/sim/world.h"

/* More than this in a row without time passing is a thread that spins. */
#define SWITCHES_MAX 100000

enum state { STATE_FREE, STATE_RUNS, STATE_WAITS, STATE_ENDED };

struct thread {
	enum state state;
	struct fiber *fiber;
	char name[16];
	void *(*main)(void *arg);
	void *arg;
	int priority; /* 0: an ordinary thread */
	bool is_cycle;
	bool is_interrupted;
	struct sched_wait wait;
};

static struct {
	struct thread threads[SCHED_THREADS_MAX];
	unsigned current;
	int64_t now_ns;
	int64_t others_ns; /* when the first of those that wait wakes up by the clock */
	int64_t stopped_ns;
	int64_t rested_ns;
	uint64_t cycles;
	uint64_t preempt_calls;
	unsigned idle_switches;
	int64_t switched_ns;
	struct fiber *outside;
	void (*main)(void *arg);
	void *arg;
} sched;

int64_t sched_now(void)
{
	return sched.now_ns;
}

const char *sched_name(void)
{
	return sched.threads[sched.current].name;
}

bool sched_is_cycle(void)
{
	return sched.threads[sched.current].is_cycle;
}

uint64_t sched_cycles(void)
{
	return sched.cycles;
}

void sched_cycle_ended(void)
{
	sched.cycles++;
}

unsigned sched_index(void)
{
	return sched.current;
}

int64_t sched_stopped_ns(void)
{
	return sched.stopped_ns;
}

void sched_set_preemption(uint64_t calls)
{
	sched.preempt_calls = calls;
}

/* --- who goes on ------------------------------------------------------------------------------------- */

static bool can_go_on(const struct thread *thread)
{
	const struct sched_wait *wait = &thread->wait;

	if (thread->state != STATE_WAITS) {
		return thread->state == STATE_RUNS;
	}
	return wait->until_ns <= sched.now_ns ||
	       (wait->can_be_interrupted && thread->is_interrupted) ||
	       (wait->is_ready && wait->is_ready(wait->arg));
}

/* Real-time threads come first nearly always; on another CPU an ordinary one may go on beside them. */
static int choose(void)
{
	struct rng *rng = sim_rng(STREAM_SCHEDULE);
	unsigned ready[SCHED_THREADS_MAX];
	unsigned count = 0;
	int first = -1;

	for (unsigned i = 0; i < SCHED_THREADS_MAX; i++) {
		const struct thread *thread = &sched.threads[i];

		if (can_go_on(thread)) {
			ready[count++] = i;
			if (thread->priority > 0 &&
			    (first < 0 ||
			     thread->priority > sched.threads[first].priority)) {
				first = (int)i;
			}
		}
	}
	if (count <= 1) {
		return count == 0 ? -1 : (int)ready[0];
	}
	return first >= 0 && !rng_one_in(rng, 16) ? first
						  : (int)ready[rng_below(rng, count)];
}

static void note_others(void)
{
	sched.others_ns = SCHED_NEVER;
	for (unsigned i = 0; i < SCHED_THREADS_MAX; i++) {
		const struct thread *thread = &sched.threads[i];

		if (i != sched.current && thread->state == STATE_WAITS &&
		    thread->wait.until_ns < sched.others_ns) {
			sched.others_ns = thread->wait.until_ns;
		}
	}
}

static int64_t first_wake_ns(void)
{
	const struct thread *current = &sched.threads[sched.current];
	int64_t first_ns = world_next_ns();

	note_others();
	if (current->state == STATE_WAITS && current->wait.until_ns < first_ns) {
		first_ns = current->wait.until_ns;
	}
	return sched.others_ns < first_ns ? sched.others_ns : first_ns;
}

static void leap(void)
{
	int64_t next_ns = first_wake_ns();

	SIM_CHECK(next_ns != SCHED_NEVER, "all threads wait, and nothing will wake them");
	sched.now_ns = next_ns > sched.now_ns ? next_ns : sched.now_ns;
	world_act(sched.now_ns);
}

static void watch_for_spinning(void)
{
	if (sched.now_ns != sched.switched_ns) {
		sched.switched_ns = sched.now_ns;
		sched.idle_switches = 0;
	}
	SIM_CHECK(++sched.idle_switches < SWITCHES_MAX,
		  "threads switch to and fro, and no time passes");
}

static void go_to(unsigned index)
{
	unsigned from = sched.current;

	if (index == from) {
		return;
	}
	watch_for_spinning();
	sim_note(NOTE_SWITCH, index, from);
	sched.current = index;
	note_others();
	fiber_switch(sched.threads[from].fiber, sched.threads[index].fiber);
}

static void schedule(void)
{
	int next = choose();

	while (next < 0) {
		leap();
		next = choose();
	}
	go_to((unsigned)next);
}

/* --- what a thread does ------------------------------------------------------------------------------ */

enum sched_wake sched_wait(const struct sched_wait *wait)
{
	struct thread *self = &sched.threads[sched.current];

	self->wait = *wait;
	self->state = STATE_WAITS;
	schedule();
	self->state = STATE_RUNS;
	note_others();
	if (wait->is_ready && wait->is_ready(wait->arg)) {
		return SCHED_READY;
	}
	if (wait->can_be_interrupted && self->is_interrupted) {
		self->is_interrupted = false;
		return SCHED_INTERRUPTED;
	}
	return SCHED_TIME;
}

enum sched_wake sched_rest(const struct sched_wait *wait)
{
	int64_t start_ns = sched.now_ns - sched.stopped_ns;
	enum sched_wake wake = sched_wait(wait);

	sched.rested_ns += sched.now_ns - sched.stopped_ns - start_ns;
	return wake;
}

int64_t sched_rested_ns(void)
{
	return sched.rested_ns;
}

void sched_pass(int64_t ns)
{
	sched.now_ns += ns;
	if (sched.now_ns >= world_next_ns()) {
		world_act(sched.now_ns);
	}
}

/* An ordinary thread gives way to one whose time has come. */
void sched_call(int64_t cost_ns)
{
	const struct thread *self = &sched.threads[sched.current];

	sched_pass(cost_ns);
	if ((sched.now_ns >= sched.others_ns && self->priority == 0) ||
	    rng_one_in(sim_rng(STREAM_SCHEDULE), sched.preempt_calls)) {
		schedule();
	}
}

void sched_busy(int64_t ns)
{
	const struct sched_wait wait = { .until_ns = sched.now_ns + ns };

	sched_wait(&wait);
}

void sched_stop_process(int64_t ns)
{
	sim_note(NOTE_STOPPED, ns, 0);
	sched.stopped_ns += ns;
	sched.now_ns += ns;
}

/* --- their coming and going -------------------------------------------------------------------------- */

static void end_self(void)
{
	sched.threads[sched.current].state = STATE_ENDED;
	schedule();
}

static void run_thread(void *arg)
{
	struct thread *thread = arg;

	thread->main(thread->arg);
	end_self();
}

int sched_create(void *(*main)(void *arg), void *arg, int priority)
{
	for (unsigned i = 1; i < SCHED_THREADS_MAX; i++) {
		struct thread *thread = &sched.threads[i];
		struct fiber *fiber = thread->fiber;

		if (thread->state != STATE_FREE) {
			continue;
		}
		*thread = (struct thread){ .state = STATE_RUNS,
					   .fiber = fiber,
					   .name = "new",
					   .main = main,
					   .arg = arg,
					   .priority = priority };
		if (fiber) {
			fiber_restart(fiber, run_thread, thread);
		} else {
			thread->fiber = fiber_create(run_thread, thread);
		}
		return (int)i;
	}
	return -EAGAIN;
}

void sched_set_name(unsigned index, const char *name)
{
	struct thread *thread = &sched.threads[index];

	snprintf(thread->name, sizeof(thread->name), "%s", name);
	thread->is_cycle = strcmp(name, "rtloop-cycle") == 0;
}

void sched_interrupt(unsigned index)
{
	struct thread *thread = &sched.threads[index];

	/* one that does not wait has the signal behind it when it comes to */
	if (thread->state == STATE_WAITS && thread->wait.can_be_interrupted) {
		thread->is_interrupted = true;
	}
}

bool sched_has_ended(unsigned index)
{
	return sched.threads[index].state == STATE_ENDED;
}

void sched_forget(unsigned index)
{
	sched.threads[index].state = STATE_FREE;
}

unsigned sched_threads(void)
{
	unsigned count = 0;

	for (unsigned i = 1; i < SCHED_THREADS_MAX; i++) {
		count += sched.threads[i].state != STATE_FREE;
	}
	return count;
}

static void run_main(void *arg)
{
	(void)arg;
	sched.main(sched.arg);
	fiber_switch(sched.threads[0].fiber, sched.outside);
}

void sched_run(int64_t start_ns, void (*main)(void *arg), void *arg)
{
	struct thread *first = &sched.threads[0];

	sched.now_ns = start_ns;
	sched.others_ns = SCHED_NEVER;
	sched.stopped_ns = 0;
	sched.rested_ns = 0;
	sched.cycles = 0;
	sched.current = 0;
	sched.main = main;
	sched.arg = arg;
	sched.outside = fiber_of_caller();
	if (first->fiber) {
		fiber_restart(first->fiber, run_main, NULL);
	} else {
		first->fiber = fiber_create(run_main, NULL);
	}
	first->state = STATE_RUNS;
	snprintf(first->name, sizeof(first->name), "main");
	fiber_switch(sched.outside, first->fiber);
	first->state = STATE_FREE;
}
