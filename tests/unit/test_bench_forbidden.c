/* Where io_uring is forbidden: what needs it says so, and all else works. */
/* wraps: sys_uring_setup */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "rtloop/bench/bench.h"
#include "rtloop/bench/disk.h"
#include "rtloop/bench/scans.h"
#include "rtloop/bench/waiter.h"

int __wrap_sys_uring_setup(unsigned entries, void *params);

int __wrap_sys_uring_setup(unsigned entries, void *params)
{
	return -EPERM;
}

static void expect_said(const char *text)
{
	if (!strstr(text, "io_uring")) {
		fail_msg("'%s' does not name io_uring", text);
	}
}

static void readers_that_need_it_say_so(void **state)
{
	const struct source_set set = { .counts[SOURCE_STREAM] = 4 };
	const struct reader_ops *ops;
	unsigned refused = 0;

	for (unsigned i = 0; (ops = reader_at(i)); i++) {
		bool needs_it = strstr(ops->name, "io_uring");
		struct scanned scanned;

		scanned_open(&scanned, ops, &set);
		assert_int_equal(scanned.is_open, !needs_it);
		if (needs_it) {
			/* with one CPU, that is what SQPOLL lacks first */
			if (ops != &reader_sqpoll) {
				expect_said(scanned.failure);
			}
			assert_true(scanned.failure[0] != '\0');
			refused++;
		}
		scanned_close(&scanned);
	}
	assert_int_equal(refused, 4);
}

static void a_waiter_and_a_disk_that_need_it_say_so(void **state)
{
	struct waiter waiter;
	struct disk disk;
	struct err err;

	assert_true(waiter_open(&waiter, &waiter_uring, 0, NULL, &err) < 0);
	expect_said(err.text);
	assert_true(disk_open(&disk, &disk_uring_sync, "/tmp", &err) < 0);
	expect_said(err.text);
}

static void the_tables_have_the_reason_and_all_else(void **state)
{
	const struct conditions conditions = { .period_ns = 1000000,
					       .cpu = -1,
					       .has_log = true,
					       .folder = "/tmp",
					       .duration_ns = 200000000 };
	const struct bench_listener nobody = { .tell = NULL };
	static struct bench bench;
	unsigned failed = 0, measured = 0;
	struct err err;

	bench_init(&bench, &conditions);
	assert_int_equal(bench_run(&bench, &nobody, &err), 0);
	for (unsigned part = 0; part < BENCH_PARTS; part++) {
		assert_string_equal(bench.failures[part].text, "");
		for (unsigned i = 0; i < bench.tables[part].count; i++) {
			const struct row *row = &bench.tables[part].rows[i];

			measured += row_is_measured(row);
			failed += strstr(row->failure, "io_uring") != NULL;
		}
	}
	/* pacer uring with its tails, pairs with a ring, batches and multishot, two writers */
	assert_true(failed > 30);
	assert_true(measured > 30);
	bench_fini(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_that_need_it_say_so),
		cmocka_unit_test(a_waiter_and_a_disk_that_need_it_say_so),
		cmocka_unit_test(the_tables_have_the_reason_and_all_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
