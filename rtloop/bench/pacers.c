/* How late each way of waiting wakes, and what it costs, beside cyclictest. */
#include <errno.h>
#include <stdlib.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/bench/cyclictest.h"
#include "rtloop/bench/part.h"
#include "rtloop/bench/waiter.h"

#define SLICE_NS (400 * NS_PER_MS)

static const int64_t tails_ns[] = { 0, 10000, 20000, 50000, 100000 };

static const struct pacer_way {
	const struct pacer_ops *ops; /* NULL: cyclictest */
	bool has_tails;
} ways[] = {
	{ NULL, false },
	{ &pacer_nanosleep, true },
	{ &pacer_timerfd, false },
	{ &waiter_uring, true },
	{ &waiter_ppoll, false },
	{ &waiter_epoll_pwait2, false },
	{ &waiter_epoll_wait, false },
};

#define ROWS_MAX (ARRAY_SIZE(ways) * ARRAY_SIZE(tails_ns))

struct pacers {
	struct part_run *run;
	const struct pacer_ops *ops[ROWS_MAX];
	int64_t interval_ns;
};

static int64_t cycles_in(const struct pacers *pacers, int64_t slice_ns)
{
	int64_t cycles = slice_ns / pacers->interval_ns;

	return cycles > 0 ? cycles : 1;
}

static void measure_waiter(struct pacers *pacers, struct waiter *waiter, struct row *row,
			   int64_t slice_ns)
{
	int64_t cycles = cycles_in(pacers, slice_ns);
	int64_t cpu_ns = part_thread_cpu_ns();
	int64_t begun_ns = sys_now();
	int64_t release_ns = begun_ns + pacers->interval_ns;

	for (int64_t i = 0; i < cycles; i++) {
		int64_t now_ns = waiter_wait(waiter, release_ns);

		samples_add(&row->samples, (double)(now_ns - release_ns));
		/* the grid stays: releases that were missed are not made up for */
		release_ns += pacers->interval_ns *
			      ((now_ns - release_ns) / pacers->interval_ns + 1);
	}
	row->wall_ns += (double)(sys_now() - begun_ns);
	row->cpu_ns += (double)(part_thread_cpu_ns() - cpu_ns);
}

static void measure(void *context, unsigned item, int64_t slice_ns)
{
	struct pacers *pacers = context;
	struct row *row = &pacers->run->table->rows[item];
	struct waiter waiter;
	struct err err;
	int code;

	if (row->failure[0]) {
		return;
	}
	if (!pacers->ops[item]) {
		code = cyclictest_run(pacers->run->conditions,
				      cycles_in(pacers, slice_ns), &row->samples, &err);
	} else {
		code = waiter_open(&waiter, pacers->ops[item], row->tail_ns, NULL, &err);
		if (code == 0) {
			measure_waiter(pacers, &waiter, row, slice_ns);
			waiter_close(&waiter);
		}
	}
	if (code) {
		row_fail(row, "%s", err.text);
	}
}

static int add_rows(struct pacers *pacers, const struct pacer_way *way, struct err *err)
{
	for (unsigned i = 0; i < ARRAY_SIZE(tails_ns); i++) {
		struct row *row;
		int code;

		/* a tail that takes half of a period is no cycle any more */
		if (i > 0 && (!way->has_tails || 2 * tails_ns[i] > pacers->interval_ns)) {
			return 0;
		}
		pacers->ops[pacers->run->table->count] = way->ops;
		code = part_add_row(pacers->run, way->ops ? way->ops->name : "cyclictest",
				    &row, err);
		if (code) {
			return code;
		}
		row->tail_ns = tails_ns[i];
	}
	return 0;
}

static int run_pacers(struct part_run *run, struct err *err)
{
	struct pacers pacers = { .run = run,
				 .interval_ns = conditions_interval_ns(run->conditions) };
	struct turns turns = { .all_ns = run->all_ns,
			       .slice_ns = SLICE_NS,
			       .measure = measure,
			       .context = &pacers };

	for (unsigned i = 0; i < ARRAY_SIZE(ways); i++) {
		int code = add_rows(&pacers, &ways[i], err);

		if (code) {
			return code;
		}
	}
	turns.items = run->table->count;
	turns_take(&turns, run->course);
	return 0;
}

const struct part_ops part_pacers = {
	.name = "pacers",
	.title = "Pacers: from the release to the wake-up",
	.is_of_cycle = true,
	.share = 37,
	.run = run_pacers,
};
