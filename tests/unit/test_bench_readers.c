#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/uring.h"
#include "rtloop/bench/scans.h"
#include "rtloop/bench/turns.h"

/* Some kernels, containers and machines have not all of it; what is there has to read all. */
static bool open_or_skip(struct scanned *scanned, const struct reader_ops *ops,
			 const struct source_set *set)
{
	scanned_open(scanned, ops, set);
	if (!scanned->is_open) {
		print_message("%s: %s\n", ops->name, scanned->failure);
		/* io_uring may be missing; what needs nothing of it never is */
		assert_non_null(strstr(ops->name, "io_uring"));
	}
	return scanned->is_open;
}

/* @ready: of each round; they begin with another endpoint each time */
static void expect_all_read(const struct reader_ops *ops, const struct source_set *set,
			    unsigned ready)
{
	struct scanned scanned;
	unsigned rounds = 40;
	int got;

	if (!open_or_skip(&scanned, ops, set)) {
		return;
	}
	for (unsigned i = 0; i < rounds; i++) {
		assert_int_equal(sources_send(&scanned.sources, ready, i), 0);
		assert_int_equal(sources_settle(&scanned.sources), 0);
		got = ops->scan(&scanned.reader);
		if (got != (int)ready) {
			fail_msg("%s reads %d of %u of %u, the first a %s", ops->name,
				 got, ready, scanned.sources.count,
				 source_kind_name(scanned.sources.items[0].kind));
		}
	}
	assert_int_equal(scanned.reader.bytes, rounds * ready * SOURCE_MESSAGE_BYTES);
	/* nothing is left, and nothing comes twice */
	if (ops != &reader_blocking) {
		assert_int_equal(ops->scan(&scanned.reader), 0);
	}
	scanned_close(&scanned);
}

static void every_way_reads_all_that_was_sent_to_streams(void **state)
{
	static const unsigned counts[] = { 1, 3, 16, 64, 256 };
	const struct reader_ops *ops;

	sources_lift_limit();
	for (unsigned i = 0; (ops = reader_at(i)); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(counts); k++) {
			const struct source_set set = { .counts[SOURCE_STREAM] =
								counts[k] };

			expect_all_read(ops, &set, 1);
			expect_all_read(ops, &set, (counts[k] + 15) / 16);
			expect_all_read(ops, &set, counts[k]);
		}
	}
}

/* A batch waits at a terminal that has nothing: it is for what else there is. */
static bool can_read(const struct reader_ops *ops, enum source_kind kind)
{
	bool is_batch = ops == &reader_batch || ops == &reader_batch_plain ||
			ops == &reader_sqpoll;

	return !is_batch || kind != SOURCE_PTY;
}

static void every_way_reads_every_kind_that_it_can(void **state)
{
	const struct reader_ops *ops;

	for (unsigned i = 0; (ops = reader_at(i)); i++) {
		for (unsigned kind = 0; kind < SOURCE_KINDS; kind++) {
			struct source_set set = { .counts = { 0 } };

			set.counts[kind] = 4;
			if (can_read(ops, kind)) {
				expect_all_read(ops, &set, 1);
				expect_all_read(ops, &set, 4);
			}
		}
	}
}

static void kinds_are_mixed(void **state)
{
	const struct source_set set = {
		.counts = { [SOURCE_STREAM] = 2, [SOURCE_UDP] = 2, [SOURCE_PTY] = 1 }
	};
	struct scanned scanned;

	assert_int_equal(source_set_count(&set), 5);
	expect_all_read(&reader_epoll, &set, 5);
	expect_all_read(&reader_multishot, &set, 5);
	scanned_open(&scanned, &reader_epoll, &set);
	assert_true(scanned.is_open);
	assert_int_equal(scanned.sources.count, 5);
	scanned_close(&scanned);
}

/* More than the buffers that a receive has armed, and than one scan takes. */
static void what_piles_up_is_read_bit_by_bit(void **state)
{
	const struct source_set set = { .counts[SOURCE_PACKET] = 3 };
	const struct reader_ops *ops;

	for (unsigned i = 0; (ops = reader_at(i)); i++) {
		struct scanned scanned;

		if (ops == &reader_blocking || !open_or_skip(&scanned, ops, &set)) {
			continue;
		}
		for (unsigned round = 0; round < 5; round++) {
			for (unsigned k = 0; k < 9; k++) {
				assert_int_equal(sources_send(&scanned.sources, 1, 1), 0);
			}
			assert_int_equal(scanned_finish(&scanned, 9), 0);
			assert_int_equal(ops->scan(&scanned.reader), 0);
		}
		scanned_close(&scanned);
	}
}

/* Lines of all epoll descriptors of this process that watch for edges. */
static unsigned count_edge_watches(void)
{
	DIR *folder = opendir("/proc/self/fdinfo");
	char line[256], path[300];
	unsigned count = 0;
	struct dirent *entry;

	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", entry->d_name);
		file = fopen(path, "r");
		while (file && fgets(line, sizeof(line), file)) {
			const char *events = strstr(line, "events:");

			count +=
				events && (strtoul(events + strlen("events:"), NULL, 16) &
					   EPOLLET) != 0;
		}
		if (file) {
			fclose(file);
		}
	}
	closedir(folder);
	return count;
}

static void only_the_edge_triggered_one_watches_for_edges(void **state)
{
	const struct source_set set = { .counts[SOURCE_STREAM] = 4 };
	struct scanned scanned;

	scanned_open(&scanned, &reader_epoll, &set);
	assert_int_equal(count_edge_watches(), 0);
	scanned_close(&scanned);
	scanned_open(&scanned, &reader_epoll_edge, &set);
	assert_int_equal(count_edge_watches(), 4);
	scanned_close(&scanned);
}

static void a_scan_costs_the_calls_that_it_says(void **state)
{
	static const struct {
		const struct reader_ops *ops;
		uint64_t calls;
	} expected[] = {
		{ &reader_blocking, 4 },   { &reader_each, 16 },
		{ &reader_poll, 5 },	   { &reader_epoll, 5 },
		{ &reader_epoll_edge, 9 }, { &reader_batch, 1 },
		{ &reader_multishot, 1 },  { &reader_batch_plain, 1 },
	};
	const struct source_set set = { .counts[SOURCE_STREAM] = 16 };

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		struct scanned scanned;

		if (open_or_skip(&scanned, expected[i].ops, &set)) {
			assert_int_equal(sources_send(&scanned.sources, 4, 0), 0);
			assert_int_equal(expected[i].ops->scan(&scanned.reader), 4);
			/* 6.12 may say that a ring has work when there is none any more */
			assert_in_range(scanned.reader.calls, expected[i].calls,
					expected[i].calls +
						(expected[i].ops == &reader_multishot));
			scanned_close(&scanned);
		}
	}
}

static void an_idle_scan_reads_nothing_and_costs_the_calls_that_it_says(void **state)
{
	static const struct {
		const struct reader_ops *ops;
		uint64_t calls;
	} expected[] = {
		{ &reader_each, 16 },	   { &reader_poll, 1 },	 { &reader_epoll, 1 },
		{ &reader_epoll_edge, 1 }, { &reader_batch, 1 }, { &reader_multishot, 0 },
	};
	const struct source_set set = { .counts[SOURCE_STREAM] = 16 };

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		struct scanned scanned;

		if (open_or_skip(&scanned, expected[i].ops, &set)) {
			assert_int_equal(expected[i].ops->scan(&scanned.reader), 0);
			assert_int_equal(scanned.reader.calls, expected[i].calls);
			scanned_close(&scanned);
		}
	}
}

#ifdef HAVE_IO_URING
/* A sleep takes what came before or during it; collecting that is no call. */
static void what_came_while_it_slept_is_collected_without_a_call(void **state)
{
	const struct source_set set = { .counts[SOURCE_STREAM] = 64 };
	struct scanned scanned;
	struct uring *ring;

	if (!open_or_skip(&scanned, &reader_multishot, &set)) {
		return;
	}
	ring = reader_multishot.ring(&scanned.reader);
	if (uring_can_wait(ring)) {
		for (unsigned i = 0; i < 10; i++) {
			assert_int_equal(sources_send(&scanned.sources, 64, i), 0);
			assert_int_equal(uring_sleep(ring, sys_now() + 1000000), 0);
			assert_int_equal(reader_multishot.collect(&scanned.reader), 64);
			assert_int_equal(scanned.reader.calls, 0);
			assert_int_equal(uring_sleep(ring, sys_now() + 1000), 0);
			assert_int_equal(reader_multishot.collect(&scanned.reader), 0);
		}
	}
	scanned_close(&scanned);
}

/* A thread has 16 places for rings, and one that keeps its place is there though it is closed. */
static void a_way_that_was_closed_has_left_the_place_of_its_ring(void **state)
{
	const struct source_set set = { .counts[SOURCE_STREAM] = 1 };
	const struct reader_ops *ops;
	struct scanned scanned;
	struct uring ring;

	for (unsigned i = 0; (ops = reader_at(i)); i++) {
		for (unsigned k = 0; k < 16; k++) {
			if (open_or_skip(&scanned, ops, &set)) {
				scanned_close(&scanned);
			}
		}
	}
	if (uring_open(&ring, 1, 2, NULL)) {
		skip();
	}
	assert_int_equal(uring_begin(&ring, NULL), 0);
	assert_int_not_equal(ring.enter_flags, 0);
	uring_end(&ring);
	uring_close(&ring);
}
#endif

static void a_way_is_found_by_its_name(void **state)
{
	assert_ptr_equal(reader_find("epoll"), &reader_epoll);
	assert_null(reader_find("telepathy"));
}

static void a_measured_row_has_a_sample_for_each_scan(void **state)
{
	const struct source_set set = { .counts[SOURCE_STREAM] = 4 };
	struct scanned scanned;
	static struct row row;

	row.ready = 4;
	scanned_open(&scanned, &reader_epoll, &set);
	assert_true(scanned.is_open);
	scanned_measure(&scanned, &row, 1000000);
	assert_string_equal(scanned.failure, "");
	assert_true(row.samples.count > 0);
	assert_int_equal(row.samples.count, row.scans);
	assert_int_equal(row.calls, 5 * row.scans);
	assert_int_equal(scanned.reader.bytes,
			 4 * SOURCE_MESSAGE_BYTES * (row.scans + row.late));
	scanned_close(&scanned);
}

/* Reads all but the last message, and never finds that one. */
static int lossy_scan(struct reader *reader)
{
	int got = reader_each.scan(reader);

	return got > 0 ? got - 1 : got;
}

static int broken_scan(struct reader *reader)
{
	return -EIO;
}

static int greedy_scan(struct reader *reader)
{
	return reader_each.scan(reader) + 1;
}

static void a_way_that_miscounts_is_found_out(void **state)
{
	const struct source_set set = { .counts[SOURCE_STREAM] = 4 };
	struct reader_ops ops = reader_each;
	struct scanned scanned;
	static struct row row;

	ops.scan = greedy_scan;
	row.ready = 4;
	scanned_open(&scanned, &ops, &set);
	scanned_measure(&scanned, &row, 1000000);
	assert_string_equal(scanned.failure, "it reads more than was sent");
	scanned_close(&scanned);
	ops.scan = broken_scan;
	scanned_open(&scanned, &ops, &set);
	scanned_measure(&scanned, &row, 1000000);
	assert_string_equal(scanned.failure, strerror(EIO));
	scanned_close(&scanned);
}

/* Never finds one message of a scan. */
static void a_way_that_loses_messages_gives_no_samples(void **state)
{
	const struct source_set set = { .counts[SOURCE_STREAM] = 4 };
	struct reader_ops ops = reader_each;
	struct scanned scanned;

	ops.scan = lossy_scan;
	scanned_open(&scanned, &ops, &set);
	assert_int_equal(sources_send(&scanned.sources, 4, 0), 0);
	assert_int_equal(ops.scan(&scanned.reader), 3);
	assert_int_equal(scanned_finish_within(&scanned, 1, 1000000), -ETIMEDOUT);
	scanned_close(&scanned);
}

/* --- turns ------------------------------------------------------------------------------------------- */

struct log {
	char order[64];
	struct course course;
	int64_t least_slice_ns;
	unsigned stop_after;
};

static void note(void *context, unsigned item, int64_t slice_ns)
{
	struct log *log = context;
	size_t at = strlen(log->order);

	log->order[at] = (char)('A' + item);
	assert_true(slice_ns > 0);
	if (at + 1 == log->stop_after) {
		atomic_store(&log->course.is_to_stop, true);
	}
}

/* Of three. */
static void take_turns(struct log *log, int64_t all_ns, int64_t slice_ns)
{
	const struct turns turns = { .items = 3,
				     .all_ns = all_ns,
				     .slice_ns = slice_ns,
				     .measure = note,
				     .context = log };

	turns_take(&turns, &log->course);
}

static void turns_are_taken_round_by_round_and_another_begins_each(void **state)
{
	struct log log = { .order = "" };

	take_turns(&log, 9000, 1000);
	assert_string_equal(log.order, "ABCBCACAB");
	assert_int_equal(atomic_load(&log.course.done_ns), 9000);
}

static void there_is_one_round_however_short_the_time(void **state)
{
	struct log log = { .order = "" };

	take_turns(&log, 10, 1000000);
	assert_string_equal(log.order, "ABC");
	assert_int_equal(atomic_load(&log.course.done_ns), 10);
}

static void it_stops_when_it_is_asked_to(void **state)
{
	struct log log = { .order = "", .stop_after = 4 };

	take_turns(&log, 9000, 1000);
	assert_string_equal(log.order, "ABCB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_reads_all_that_was_sent_to_streams),
		cmocka_unit_test(every_way_reads_every_kind_that_it_can),
		cmocka_unit_test(kinds_are_mixed),
		cmocka_unit_test(what_piles_up_is_read_bit_by_bit),
		cmocka_unit_test(only_the_edge_triggered_one_watches_for_edges),
		cmocka_unit_test(a_scan_costs_the_calls_that_it_says),
		cmocka_unit_test(
			an_idle_scan_reads_nothing_and_costs_the_calls_that_it_says),
#ifdef HAVE_IO_URING
		cmocka_unit_test(what_came_while_it_slept_is_collected_without_a_call),
		cmocka_unit_test(a_way_that_was_closed_has_left_the_place_of_its_ring),
#endif
		cmocka_unit_test(a_way_is_found_by_its_name),
		cmocka_unit_test(a_measured_row_has_a_sample_for_each_scan),
		cmocka_unit_test(a_way_that_miscounts_is_found_out),
		cmocka_unit_test(a_way_that_loses_messages_gives_no_samples),
		cmocka_unit_test(turns_are_taken_round_by_round_and_another_begins_each),
		cmocka_unit_test(there_is_one_round_however_short_the_time),
		cmocka_unit_test(it_stops_when_it_is_asked_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
