/* What it takes to find and read the endpoints that have something, for several numbers of them. */
#include <errno.h>
#include <stdlib.h>

#include "rtloop/base/time.h"
#include "rtloop/bench/part.h"
#include "rtloop/bench/scans.h"

#define SLICE_NS    (20 * NS_PER_MS)
#define READERS_MAX 16
#define SHARES	    3 /* none, a sixteenth, all */

static const unsigned stream_counts[] = { 1, 16, 64, 256 };

struct readers {
	struct part_run *run;
	struct scanned scanned[READERS_MAX];
	unsigned
		owner[READERS_MAX * SHARES]; /* of each row of the group: which of them */
	unsigned first_row;
	unsigned reader_count;
};

static void measure(void *context, unsigned item, int64_t slice_ns)
{
	struct readers *readers = context;
	struct row *row = &readers->run->table->rows[readers->first_row + item];
	struct scanned *scanned = &readers->scanned[readers->owner[item]];

	if (!scanned->failure[0]) {
		scanned_measure(scanned, row, slice_ns);
	}
	if (scanned->failure[0]) {
		row_fail(row, "%s", scanned->failure);
	}
}

/* Shares that come to the same number are measured once. */
static bool share_of(unsigned share, unsigned count, unsigned *ret_ready)
{
	unsigned sixteenth = count / 16 > 0 ? count / 16 : 1;

	*ret_ready = share == 0 ? 0 : share == 1 ? sixteenth : count;
	return share != 1 || sixteenth < count;
}

static int add_rows(struct readers *readers, unsigned ready, unsigned count,
		    bool is_of_file, struct err *err)
{
	for (unsigned i = 0; i < readers->reader_count; i++) {
		struct row *row;
		int code;

		/* it would wait for ever */
		if (ready == 0 && reader_at(i) == &reader_blocking) {
			continue;
		}
		code = part_add_row(readers->run, reader_at(i)->name, &row, err);
		if (code) {
			return code;
		}
		readers->owner[readers->run->table->count - 1 - readers->first_row] = i;
		row->endpoints = count;
		row->ready = ready;
		row->is_of_file = is_of_file;
	}
	return 0;
}

static int run_set(struct readers *readers, const struct source_set *set, bool is_of_file,
		   int64_t all_ns, struct err *err)
{
	unsigned count = source_set_count(set);
	struct turns turns = { .all_ns = all_ns,
			       .slice_ns = SLICE_NS,
			       .measure = measure,
			       .context = readers };
	unsigned ready;
	int code = 0;

	readers->first_row = readers->run->table->count;
	for (unsigned share = 0; share < SHARES && code == 0; share++) {
		if (share_of(share, count, &ready)) {
			code = add_rows(readers, ready, count, is_of_file, err);
		}
	}
	if (code) {
		return code;
	}
	for (unsigned i = 0; i < readers->reader_count; i++) {
		scanned_open(&readers->scanned[i], reader_at(i), set);
	}
	turns.items = readers->run->table->count - readers->first_row;
	turns_take(&turns, readers->run->course);
	for (unsigned i = 0; i < readers->reader_count; i++) {
		scanned_close(&readers->scanned[i]);
	}
	return 0;
}

static int run_sets(struct readers *readers, struct err *err)
{
	const struct source_set *file = &readers->run->conditions->file;
	bool has_file = source_set_count(file) > 0;
	int64_t all_ns =
		readers->run->all_ns / (int64_t)(ARRAY_SIZE(stream_counts) + has_file);
	int code = has_file ? run_set(readers, file, true, all_ns, err) : 0;

	for (unsigned i = 0; i < ARRAY_SIZE(stream_counts) && code == 0; i++) {
		const struct source_set set = { .counts[SOURCE_STREAM] =
							stream_counts[i] };

		if (!atomic_load(&readers->run->course->is_to_stop)) {
			code = run_set(readers, &set, false, all_ns, err);
		}
	}
	return code;
}

static int run_readers(struct part_run *run, struct err *err)
{
	struct readers *readers = calloc(1, sizeof(*readers));
	int code;

	if (!readers) {
		return err_set(err, -ENOMEM, "no memory for readers");
	}
	readers->run = run;
	while (readers->reader_count < READERS_MAX && reader_at(readers->reader_count)) {
		readers->reader_count++;
	}
	sources_lift_limit();
	code = run_sets(readers, err);
	free(readers);
	return code;
}

const struct part_ops part_readers = {
	.name = "readers",
	.title = "Readers: finding and reading what endpoints have",
	.is_of_cycle = true,
	.share = 30,
	.run = run_readers,
};
