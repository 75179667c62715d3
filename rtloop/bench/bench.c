#include "rtloop/bench/bench.h"

#include <errno.h>
#include <string.h>

#include "rtloop/base/rights.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

#define STACK_BYTES (512 << 10)
#define LOOK_NS	    (100 * NS_PER_MS)

static const struct part_ops *const parts[BENCH_PARTS] = {
	[PART_FLOOR] = &part_floor,	[PART_PACERS] = &part_pacers,
	[PART_CYCLES] = &part_cycles,	[PART_READERS] = &part_readers,
	[PART_WRITERS] = &part_writers,
};

const struct part_ops *bench_part(enum bench_part part)
{
	return parts[part];
}

/* --- what is in force -------------------------------------------------------------------------------- */

static void *do_nothing(void *arg)
{
	return arg;
}

/* Tried with a thread that does nothing, as a run would find out with its own. */
static int try_priority(const struct conditions *conditions)
{
	struct thread_options options = { .name = "bench-try",
					  .stack_bytes = STACK_BYTES,
					  .priority = conditions->priority,
					  .cpu = -1,
					  .rights = RIGHT_ALL };
	struct thread thread;
	struct err err;
	int code = thread_start(&thread, &options, do_nothing, NULL, &err);

	if (code == 0) {
		thread_join(&thread);
	}
	return code;
}

void bench_init(struct bench *bench, const struct conditions *conditions)
{
	int code;

	memset(bench, 0, sizeof(*bench));
	bench->conditions = *conditions;
	realtime_init(&bench->realtime);
	realtime_lock_memory(&bench->realtime);
	bench->conditions.is_locked = bench->realtime.is_locked;
	code = conditions->priority > 0 ? try_priority(conditions) : 0;
	realtime_note_fifo(&bench->realtime, conditions->priority, code);
	bench->conditions.priority = code ? 0 : conditions->priority;
}

void bench_fini(struct bench *bench)
{
	for (unsigned i = 0; i < BENCH_PARTS; i++) {
		table_fini(&bench->tables[i]);
	}
	realtime_fini(&bench->realtime);
}

/* --- the parts --------------------------------------------------------------------------------------- */

struct part_thread {
	struct thread thread;
	struct part_run run;
	const struct part_ops *ops;
	struct err *failure;
	_Atomic bool has_ended;
};

static void *part_main(void *arg)
{
	struct part_thread *part = arg;

	(void)part->ops->run(&part->run, part->failure);
	atomic_store(&part->has_ended, true);
	return NULL;
}

/* It sleeps: what it took would be counted as the writers'. */
static void wait_for(struct bench *bench, struct part_thread *part,
		     const struct bench_listener *listener)
{
	while (!atomic_load(&part->has_ended)) {
		(void)sys_sleep_until(sys_now() + LOOK_NS);
		if (listener->tell) {
			listener->tell(listener->context,
				       atomic_load(&bench->course.done_ns),
				       bench->conditions.duration_ns);
		}
	}
	thread_join(&part->thread);
}

static int run_part(struct bench *bench, enum bench_part which,
		    const struct bench_listener *listener, struct err *err)
{
	const struct part_ops *ops = parts[which];
	struct thread_options options = { .name = "bench",
					  .stack_bytes = STACK_BYTES,
					  .cpu = -1,
					  .rights = RIGHT_ALL };
	struct part_thread part = { .run = { .conditions = &bench->conditions,
					     .table = &bench->tables[which],
					     .course = &bench->course,
					     .all_ns = bench->conditions.duration_ns /
						       100 * ops->share },
				    .ops = ops,
				    .failure = &bench->failures[which] };
	int code;

	if (ops->is_of_cycle) {
		options.priority = bench->conditions.priority;
		options.cpu = bench->conditions.cpu;
	}
	code = thread_start(&part.thread, &options, part_main, &part, err);
	if (code) {
		return code;
	}
	wait_for(bench, &part, listener);
	table_end(&bench->tables[which]);
	return 0;
}

int bench_run(struct bench *bench, const struct bench_listener *listener, struct err *err)
{
	int code = 0;

	for (unsigned i = 0; i < BENCH_PARTS && code == 0; i++) {
		if (!atomic_load(&bench->course.is_to_stop)) {
			code = run_part(bench, i, listener, err);
		}
	}
	bench->was_stopped = atomic_load(&bench->course.is_to_stop);
	return code;
}

void bench_stop(struct bench *bench)
{
	atomic_store(&bench->course.is_to_stop, true);
}
