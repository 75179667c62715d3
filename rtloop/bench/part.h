/* The parts of a bench. Each runs in a thread of its own: it adds its rows and fills them, and tells a failure there. */
#ifndef RTLOOP_BENCH_PART_H
#define RTLOOP_BENCH_PART_H

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/bench/conditions.h"
#include "rtloop/bench/table.h"
#include "rtloop/bench/turns.h"

struct part_run {
	const struct conditions *conditions; /* borrowed, as the others */
	struct table *table;
	struct course *course;
	int64_t all_ns; /* the part may take so long */
};

struct part_ops {
	const char *name;
	const char *title;
	bool is_of_cycle; /* measured by a thread such as the cycle's; else by an ordinary one */
	unsigned share; /* of the time, in percent; together they are 100 */
	/* -ENOMEM and the like with @err filled. [init] */
	int (*run)(struct part_run *run, struct err *err);
};

extern const struct part_ops part_floor;
extern const struct part_ops part_pacers;
extern const struct part_ops part_cycles;
extern const struct part_ops part_readers;
extern const struct part_ops part_writers;

/** part_add_row - -ENOMEM with @err filled. [init] */
int part_add_row(struct part_run *run, const char *name, struct row **ret_row,
		 struct err *err) MUST_CHECK;

/** part_cpu_ns - CPU time of the calling thread, and of the process. [init] */
int64_t part_thread_cpu_ns(void);
int64_t part_process_cpu_ns(void);

#endif
