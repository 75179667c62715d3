/* From the release until everything is read, as a cycle waits and reads: pairs of a pacer and a poller. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/bench/part.h"
#include "rtloop/bench/scans.h"
#include "rtloop/bench/sender.h"
#include "rtloop/bench/waiter.h"

#define SLICE_NS (250 * NS_PER_MS)
#define SHARES	 2 /* nothing to read, and all have something */
#define TAIL_NS	 (100 * NS_PER_US)

/* The thread sleeps on the reader's ring: what has come is read in the wait. With a tail it is read before the tail begins, and
 * what comes in the tail takes a call more. */
static const struct pair {
	const char *pacer, *poller; /* as loop: names them */
	const struct pacer_ops *waits;
	const struct reader_ops *reads;
	bool waits_with_reader;
	int64_t tail_ns;
} pairs[] = {
	{ "nanosleep", "epoll", &pacer_nanosleep, &reader_epoll, false, 0 },
	{ "timerfd", "epoll", &pacer_timerfd, &reader_epoll, false, 0 },
	{ "nanosleep", "uring", &pacer_nanosleep, &reader_multishot, false, 0 },
	{ "uring", "uring", &waiter_uring, &reader_multishot, true, 0 },
	{ "nanosleep", "epoll", &pacer_nanosleep, &reader_epoll, false, TAIL_NS },
	{ "uring", "uring", &waiter_uring, &reader_multishot, true, TAIL_NS },
};

struct cycles {
	struct part_run *run;
	struct scanned scanned[ARRAY_SIZE(pairs)];
	struct sender sender;
	int64_t interval_ns;
	unsigned pairs; /* the first of them */
};

/* A tail that takes half of a period is no cycle any more; pairs with one are the last. */
static unsigned count_pairs(int64_t interval_ns)
{
	unsigned count = 0;

	while (count < ARRAY_SIZE(pairs) && 2 * pairs[count].tail_ns <= interval_ns) {
		count++;
	}
	return count;
}

static int open_waiter(struct waiter *waiter, const struct pair *pair,
		       struct scanned *scanned, struct err *err)
{
	struct uring *ring =
		pair->waits_with_reader ? pair->reads->ring(&scanned->reader) : NULL;

	return waiter_open(waiter, pair->waits, pair->tail_ns, ring, err);
}

/* Messages that came after the scan, or during it, make no sample. */
static int read_cycle(const struct pair *pair, struct scanned *scanned, struct row *row,
		      int64_t release_ns)
{
	struct reader *reader = &scanned->reader;
	uint64_t calls = reader->calls;
	bool is_collected = pair->waits_with_reader && pair->tail_ns == 0;
	int got = is_collected ? pair->reads->collect(reader) : pair->reads->scan(reader);
	int64_t now_ns = sys_now();

	if (got < 0) {
		return got;
	}
	if ((unsigned)got == row->ready) {
		samples_add(&row->samples, (double)(now_ns - release_ns));
		row->calls += reader->calls - calls;
		row->scans++;
	} else {
		row->late++;
	}
	return (unsigned)got > row->ready
		       ? -EPROTO
		       : scanned_finish(scanned, row->ready - (unsigned)got);
}

static int run_cycles(struct cycles *cycles, const struct pair *pair,
		      struct waiter *waiter, struct scanned *scanned, struct row *row,
		      int64_t slice_ns)
{
	int64_t release_ns = sys_now() + cycles->interval_ns;
	int64_t end_ns = release_ns + slice_ns;
	int64_t now_ns;
	int code;

	do {
		if (row->ready > 0) {
			sender_ask(&cycles->sender, &scanned->sources, row->ready,
				   scanned->first++);
		}
		(void)waiter_wait(waiter, release_ns);
		code = read_cycle(pair, scanned, row, release_ns);
		code = code ? code : sender_wait(&cycles->sender);
		now_ns = sys_now();
		release_ns += cycles->interval_ns *
			      ((now_ns - release_ns) / cycles->interval_ns + 1);
	} while (code == 0 && release_ns < end_ns);
	/* it must not be asked while it still sends */
	return code ? code : sender_wait(&cycles->sender);
}

static void measure(void *context, unsigned item, int64_t slice_ns)
{
	struct cycles *cycles = context;
	struct row *row = &cycles->run->table->rows[item];
	unsigned which = item % cycles->pairs;
	struct scanned *scanned = &cycles->scanned[which];
	struct waiter waiter;
	struct err err;
	int code;

	if (scanned->failure[0] || row->failure[0]) {
		row_fail(row, "%s", scanned->failure);
		return;
	}
	if (open_waiter(&waiter, &pairs[which], scanned, &err)) {
		row_fail(row, "%s", err.text);
		return;
	}
	code = run_cycles(cycles, &pairs[which], &waiter, scanned, row, slice_ns);
	waiter_close(&waiter);
	if (code) {
		snprintf(scanned->failure, sizeof(scanned->failure),
			 "does not read what was sent: error %d", -code);
		row_fail(row, "%s", scanned->failure);
	}
}

static int add_rows(const struct cycles *cycles, unsigned count, struct err *err)
{
	struct part_run *run = cycles->run;
	char name[ROW_NAME_BYTES];

	for (unsigned share = 0; share < SHARES; share++) {
		for (unsigned i = 0; i < cycles->pairs; i++) {
			struct row *row;
			int code;

			snprintf(name, sizeof(name), "%s + %s", pairs[i].pacer,
				 pairs[i].poller);
			code = part_add_row(run, name, &row, err);
			if (code) {
				return code;
			}
			row->pacer = pairs[i].pacer;
			row->poller = pairs[i].poller;
			row->tail_ns = pairs[i].tail_ns;
			row->endpoints = count;
			row->ready = share ? count : 0;
			row->is_of_file = source_set_count(&run->conditions->file) > 0;
		}
	}
	return 0;
}

static int measure_all(struct cycles *cycles, const struct source_set *set,
		       struct err *err)
{
	const struct turns turns = { .items = cycles->run->table->count,
				     .all_ns = cycles->run->all_ns,
				     .slice_ns = SLICE_NS,
				     .measure = measure,
				     .context = cycles };
	int code = sender_start(&cycles->sender, err);

	if (code) {
		return code;
	}
	for (unsigned i = 0; i < cycles->pairs; i++) {
		scanned_open(&cycles->scanned[i], pairs[i].reads, set);
	}
	turns_take(&turns, cycles->run->course);
	for (unsigned i = 0; i < cycles->pairs; i++) {
		scanned_close(&cycles->scanned[i]);
	}
	sender_stop(&cycles->sender);
	return 0;
}

static int run_part(struct part_run *run, struct err *err)
{
	struct source_set set = conditions_set(run->conditions);
	struct cycles *cycles = calloc(1, sizeof(*cycles));
	int code;

	if (!cycles) {
		return err_set(err, -ENOMEM, "no memory for cycles");
	}
	cycles->run = run;
	cycles->interval_ns = conditions_interval_ns(run->conditions);
	cycles->pairs = count_pairs(cycles->interval_ns);
	sources_lift_limit();
	code = add_rows(cycles, source_set_count(&set), err);
	code = code ? code : measure_all(cycles, &set, err);
	free(cycles);
	return code;
}

const struct part_ops part_cycles = {
	.name = "cycles",
	.title = "Cycles: from the release until everything is read",
	.is_of_cycle = true,
	.share = 10,
	.run = run_part,
};
