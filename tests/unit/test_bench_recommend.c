#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/bench/recommend.h"

#define US 1000.0
#define MS 1e6

static const char *const all_pacers[] = { "nanosleep", "timerfd", "uring", NULL };
static const char *const all_pollers[] = { "epoll", "uring", NULL };
static const char *const all_writers[] = { "write", "uring", "aio", NULL };
static const struct recommend_kinds all_kinds = { all_pacers, all_pollers, all_writers };

/* Tables in which nothing is better than what is the default; each test plants what is. */
struct planted {
	struct conditions conditions;
	struct table tables[BENCH_PARTS];
	struct recommendation advice;
};

static struct row *add(struct table *table, const char *name, double median_ns,
		       double p99_ns, double worst_ns)
{
	struct row *row = table_add(table, name);

	assert_non_null(row);
	row->figure = (struct figure){ .samples = 1000,
				       .least_ns = median_ns,
				       .median_ns = median_ns,
				       .p99_ns = p99_ns,
				       .worst_ns = worst_ns };
	return row;
}

static void add_pacer(struct planted *planted, const char *name, int64_t tail_us,
		      double p99_ns, double cpu_share)
{
	struct row *row =
		add(&planted->tables[PART_PACERS], name, p99_ns / 2, p99_ns, 2 * p99_ns);

	row->tail_ns = tail_us * 1000;
	row->cpu_ns = cpu_share * 1e9;
	row->wall_ns = 1e9;
}

static void add_pair(struct planted *planted, const char *pacer, const char *poller,
		     double idle_ns, double full_ns)
{
	for (unsigned i = 0; i < 2; i++) {
		double ns = i ? full_ns : idle_ns;
		struct row *row =
			add(&planted->tables[PART_CYCLES], "pair", ns, 2 * ns, 3 * ns);

		row->pacer = pacer;
		row->poller = poller;
		row->endpoints = 16;
		row->ready = i ? 16 : 0;
	}
}

static void add_tailed_pair(struct planted *planted, const char *pacer,
			    const char *poller, double idle_ns, double full_ns)
{
	struct table *cycles = &planted->tables[PART_CYCLES];

	add_pair(planted, pacer, poller, idle_ns, full_ns);
	cycles->rows[cycles->count - 2].tail_ns = 100 * NS_PER_US;
	cycles->rows[cycles->count - 1].tail_ns = 100 * NS_PER_US;
}

static void add_writer(struct planted *planted, const char *name, const char *writer,
		       const char *sync, double worst_ns, double cpu_us_per_mb)
{
	struct row *row = add(&planted->tables[PART_WRITERS], name, worst_ns / 10,
			      worst_ns / 2, worst_ns);

	row->writer = writer;
	row->sync = sync;
	row->bytes = 1000000;
	row->cpu_ns = cpu_us_per_mb * 1000.0;
}

static int plant(void **state)
{
	static struct planted planted;

	planted = (struct planted){ .conditions = { .period_ns = NS_PER_MS,
						    .priority = 80,
						    .cpu = -1,
						    .has_log = true,
						    .sync_ns = NS_PER_SEC } };
	*state = &planted;
	return 0;
}

static int clear(void **state)
{
	struct planted *planted = *state;

	for (unsigned i = 0; i < BENCH_PARTS; i++) {
		table_fini(&planted->tables[i]);
	}
	return 0;
}

static void ask(struct planted *planted, const struct recommend_kinds *kinds)
{
	recommend(&planted->conditions, planted->tables, kinds, 4, &planted->advice);
}

static void expect(const struct advice *advice, const char *value, const char *reason)
{
	assert_string_equal(advice->value, value);
	if (!strstr(advice->reason, reason)) {
		print_message("reason: %s\n", advice->reason);
	}
	assert_non_null(strstr(advice->reason, reason));
}

/* --- pacer and poller --------------------------------------------------------------------------------- */

static void where_nothing_was_measured_nothing_is_recommended(void **state)
{
	struct planted *planted = *state;

	ask(planted, &all_kinds);
	expect(&planted->advice.pacer, "", "could be measured");
	expect(&planted->advice.poller, "", "could be measured");
	expect(&planted->advice.spin, "", "could not be measured");
	expect(&planted->advice.writer, "", "could be measured");
	expect(&planted->advice.sync, "", "could be measured");
	assert_string_equal(planted->advice.warning, "");
}

static void a_difference_below_a_tenth_is_none(void **state)
{
	struct planted *planted = *state;

	add_pair(planted, "nanosleep", "epoll", 20 * US, 40 * US);
	add_pair(planted, "uring", "uring", 19 * US, 38 * US);
	ask(planted, &all_kinds);
	expect(&planted->advice.pacer, "nanosleep", "that pair");
	expect(&planted->advice.poller, "epoll", "16 of 16 endpoints 40.0 us");
}

static void the_pair_that_reads_all_sooner_is_recommended(void **state)
{
	struct planted *planted = *state;

	add_pair(planted, "nanosleep", "epoll", 20 * US, 40 * US);
	add_pair(planted, "nanosleep", "uring", 20 * US, 35 * US);
	add_pair(planted, "uring", "uring", 20 * US, 30 * US);
	ask(planted, &all_kinds);
	expect(&planted->advice.pacer, "uring", "that pair");
	expect(&planted->advice.poller, "uring", "30.0 us after the release");
}

static void of_two_that_read_alike_the_one_that_finds_nothing_sooner(void **state)
{
	struct planted *planted = *state;

	add_pair(planted, "nanosleep", "epoll", 20 * US, 40 * US);
	add_pair(planted, "nanosleep", "uring", 15 * US, 42 * US);
	ask(planted, &all_kinds);
	expect(&planted->advice.poller, "uring", "none of them after 15.0 us");
}

static void of_two_that_read_alike_the_one_with_half_the_p99(void **state)
{
	struct planted *planted = *state;
	struct row *row;

	add_pair(planted, "nanosleep", "epoll", 20 * US, 40 * US);
	add_pair(planted, "nanosleep", "uring", 20 * US, 41 * US);
	row = &planted->tables[PART_CYCLES].rows[1];
	row->figure.p99_ns = 6 * MS;
	ask(planted, &all_kinds);
	expect(&planted->advice.poller, "uring", "(p99 82.0)");
	/* of few samples it is no more than the worst of them */
	row->figure.samples = 50;
	ask(planted, &all_kinds);
	expect(&planted->advice.poller, "epoll", "(p99 6000.0)");
}

static void a_longer_tail_of_the_distribution_rules_a_pair_out(void **state)
{
	struct planted *planted = *state;
	struct row *row;

	add_pair(planted, "nanosleep", "epoll", 20 * US, 40 * US);
	add_pair(planted, "uring", "uring", 10 * US, 20 * US);
	row = &planted->tables[PART_CYCLES].rows[3];
	row->figure.p99_ns = 500 * US;
	ask(planted, &all_kinds);
	expect(&planted->advice.poller, "epoll", "");
}

static void what_the_program_has_not_is_told_and_not_recommended(void **state)
{
	static const char *const pacers[] = { "nanosleep", NULL };
	static const char *const pollers[] = { "epoll", NULL };
	const struct recommend_kinds kinds = { pacers, pollers, all_writers };
	struct planted *planted = *state;

	add_pair(planted, "nanosleep", "epoll", 20 * US, 40 * US);
	add_pair(planted, "uring", "uring", 20 * US, 10 * US);
	ask(planted, &kinds);
	expect(&planted->advice.pacer, "nanosleep", "");
	expect(&planted->advice.poller, "epoll", "takes 10.0 us, but is not in this");
}

static void a_pair_that_failed_is_not_recommended(void **state)
{
	struct planted *planted = *state;

	add_pair(planted, "nanosleep", "epoll", 20 * US, 40 * US);
	add_pair(planted, "uring", "uring", 1 * US, 1 * US);
	row_fail(&planted->tables[PART_CYCLES].rows[3], "forbidden");
	ask(planted, &all_kinds);
	expect(&planted->advice.poller, "epoll", "");
}

static void without_endpoints_the_wake_up_decides(void **state)
{
	struct planted *planted = *state;

	planted->conditions.has_file = true;
	add_pacer(planted, "nanosleep", 0, 40 * US, 0.01);
	add_pacer(planted, "timerfd", 0, 20 * US, 0.01);
	ask(planted, &all_kinds);
	expect(&planted->advice.pacer, "timerfd", "10.0 us after the release");
	expect(&planted->advice.poller, "epoll", "no device has an endpoint");
}

static void where_no_cycle_was_measured_the_wake_up_decides_on_the_pacer(void **state)
{
	struct planted *planted = *state;

	add_pacer(planted, "nanosleep", 0, 40 * US, 0.01);
	add_pacer(planted, "timerfd", 0, 39 * US, 0.01);
	ask(planted, &all_kinds);
	expect(&planted->advice.pacer, "nanosleep", "20.0 us after the release");
	expect(&planted->advice.poller, "", "no cycle could be measured");
}

static void a_period_that_reading_takes_half_of_is_warned_of(void **state)
{
	struct planted *planted = *state;

	add_pair(planted, "nanosleep", "epoll", 20 * US, 300 * US);
	ask(planted, &all_kinds);
	assert_non_null(strstr(planted->advice.warning, "1ms is too short"));
	planted->conditions.period_ns = 2 * NS_PER_MS;
	ask(planted, &all_kinds);
	assert_string_equal(planted->advice.warning, "");
}

/* --- the tail ----------------------------------------------------------------------------------------- */

static void plant_tails(struct planted *planted)
{
	add_pair(planted, "nanosleep", "epoll", 20 * US, 40 * US);
	add_pacer(planted, "nanosleep", 0, 40 * US, 0.01);
	add_pacer(planted, "nanosleep", 20, 30 * US, 0.03);
	add_pacer(planted, "nanosleep", 50, 5 * US, 0.06);
	add_pacer(planted, "nanosleep", 100, 1 * US, 0.10);
}

static void the_shortest_tail_that_halves_the_latency_is_recommended(void **state)
{
	struct planted *planted = *state;

	plant_tails(planted);
	ask(planted, &all_kinds);
	expect(&planted->advice.spin, "50us", "5.00 us with it and 40.00 us without");
}

static void tails_of_another_pacer_do_not_count(void **state)
{
	struct planted *planted = *state;

	add_pair(planted, "nanosleep", "epoll", 20 * US, 40 * US);
	add_pacer(planted, "nanosleep", 0, 40 * US, 0.01);
	add_pacer(planted, "uring", 20, 1 * US, 0.03);
	ask(planted, &all_kinds);
	expect(&planted->advice.spin, "0s", "no tail");
}

static void a_tail_that_takes_more_than_a_tenth_of_a_cpu_is_too_dear(void **state)
{
	struct planted *planted = *state;

	add_pair(planted, "nanosleep", "epoll", 20 * US, 40 * US);
	add_pacer(planted, "nanosleep", 0, 40 * US, 0.01);
	add_pacer(planted, "nanosleep", 50, 1 * US, 0.25);
	ask(planted, &all_kinds);
	expect(&planted->advice.spin, "0s", "no tail");
}

static void a_latency_that_is_small_against_the_period_needs_no_tail(void **state)
{
	struct planted *planted = *state;

	plant_tails(planted);
	planted->conditions.period_ns = 8 * NS_PER_MS;
	ask(planted, &all_kinds);
	expect(&planted->advice.spin, "0s", "less than a hundredth");
}

static void without_fifo_or_on_the_only_cpu_there_is_no_tail(void **state)
{
	struct planted *planted = *state;

	plant_tails(planted);
	recommend(&planted->conditions, planted->tables, &all_kinds, 1, &planted->advice);
	expect(&planted->advice.spin, "0s", "the only CPU");
	planted->conditions.priority = 0;
	ask(planted, &all_kinds);
	expect(&planted->advice.spin, "0s", "without SCHED_FIFO");
}

static void plant_tailed_pairs(struct planted *planted)
{
	plant_tails(planted);
	add_pair(planted, "uring", "uring", 21 * US, 41 * US);
	add_tailed_pair(planted, "nanosleep", "epoll", 1 * US, 25 * US);
	add_tailed_pair(planted, "uring", "uring", 1 * US, 2 * US);
}

static void a_tail_in_which_all_is_read_is_recommended_with_its_pair(void **state)
{
	struct planted *planted = *state;

	plant_tailed_pairs(planted);
	ask(planted, &all_kinds);
	expect(&planted->advice.poller, "uring",
	       "pair, tail 100us has read 16 of 16 endpoints 2.0 us after the release "
	       "(p99 "
	       "4.0); without a tail pair takes 40.0 us (p99 80.0)");
	expect(&planted->advice.pacer, "uring", "that pair");
	expect(&planted->advice.spin, "100us", "up to 10.0 % of a CPU");
}

static void a_tail_that_does_not_halve_it_is_judged_by_the_wake_up(void **state)
{
	static const char *const pacers[] = { "nanosleep", NULL };
	static const char *const pollers[] = { "epoll", NULL };
	const struct recommend_kinds kinds = { pacers, pollers, all_writers };
	struct planted *planted = *state;

	plant_tailed_pairs(planted);
	ask(planted, &kinds);
	expect(&planted->advice.poller, "epoll", "40.0 us after the release");
	expect(&planted->advice.poller, "epoll", "pair takes 41.0 and 21.0 us");
	expect(&planted->advice.spin, "50us", "5.00 us with it");
}

static void a_pair_with_a_tail_that_is_late_at_p99_is_not_recommended(void **state)
{
	struct planted *planted = *state;
	struct table *cycles = &planted->tables[PART_CYCLES];

	plant_tailed_pairs(planted);
	cycles->rows[cycles->count - 1].figure.p99_ns = 90 * US;
	row_fail(&cycles->rows[cycles->count - 3], "forbidden");
	ask(planted, &all_kinds);
	expect(&planted->advice.poller, "epoll", "");
	expect(&planted->advice.spin, "50us", "");
}

static void of_two_with_a_tail_the_one_that_finds_nothing_sooner(void **state)
{
	struct planted *planted = *state;

	plant_tails(planted);
	add_pair(planted, "uring", "uring", 21 * US, 41 * US);
	add_tailed_pair(planted, "nanosleep", "epoll", 2 * US, 10 * US);
	add_tailed_pair(planted, "uring", "uring", 1 * US, 10 * US);
	ask(planted, &all_kinds);
	expect(&planted->advice.poller, "uring", "tail 100us");
}

static void a_pair_with_a_tail_is_for_who_can_spare_it(void **state)
{
	struct planted *planted = *state;

	plant_tailed_pairs(planted);
	planted->conditions.period_ns = NS_PER_MS / 2;
	ask(planted, &all_kinds);
	expect(&planted->advice.poller, "epoll", "");
	planted->conditions.period_ns = 10 * NS_PER_MS;
	ask(planted, &all_kinds);
	expect(&planted->advice.poller, "epoll", "");
	planted->conditions.period_ns = NS_PER_MS;
	recommend(&planted->conditions, planted->tables, &all_kinds, 1, &planted->advice);
	expect(&planted->advice.poller, "epoll", "");
	planted->conditions.priority = 0;
	ask(planted, &all_kinds);
	expect(&planted->advice.poller, "epoll", "");
}

/* --- the log ------------------------------------------------------------------------------------------ */

static void plant_writers(struct planted *planted, double uring_cpu, double uring_worst)
{
	add_writer(planted, "write", NULL, "none", 1 * MS, 300);
	add_writer(planted, "write", NULL, "fdatasync by the caller", 80 * MS, 300);
	add_writer(planted, "write", "write", "fdatasync by a thread", 2 * MS, 400);
	add_writer(planted, "io_uring", "uring", "linked fsync", uring_worst, uring_cpu);
}

static void the_writer_that_takes_least_cpu_is_recommended(void **state)
{
	struct planted *planted = *state;

	plant_writers(planted, 390, 1 * MS);
	ask(planted, &all_kinds);
	expect(&planted->advice.writer, "write", "400 us of CPU for a megabyte");
	expect(&planted->advice.writer, "write", "in place: up to 80.0 ms");
	clear(state);
	plant_writers(planted, 300, 1 * MS);
	ask(planted, &all_kinds);
	expect(&planted->advice.writer, "uring", "300 us of CPU");
}

static void a_writer_that_keeps_the_logger_too_long_is_not(void **state)
{
	struct planted *planted = *state;

	plant_writers(planted, 100, 300 * MS);
	ask(planted, &all_kinds);
	expect(&planted->advice.writer, "write", "");
}

static void where_all_keep_it_too_long_the_shortest_is_recommended(void **state)
{
	struct planted *planted = *state;

	add_writer(planted, "write", "write", "fdatasync by a thread", 900 * MS, 100);
	add_writer(planted, "POSIX AIO", "aio", "aio_fsync", 200 * MS, 900);
	ask(planted, &all_kinds);
	expect(&planted->advice.writer, "aio", "up to 200.0 ms");
}

static void a_sync_that_takes_half_of_its_interval_gets_a_longer_one(void **state)
{
	struct planted *planted = *state;

	plant_writers(planted, 900, 1 * MS);
	ask(planted, &all_kinds);
	expect(&planted->advice.sync, "1s", "up to 80.0 ms");
	clear(state);
	add_writer(planted, "write", NULL, "fdatasync by the caller", 900 * MS, 300);
	ask(planted, &all_kinds);
	expect(&planted->advice.sync, "2s", "more than half");
}

static void the_kinds_are_those_of_the_options(void **state)
{
	struct recommend_kinds kinds = recommend_kinds();

	assert_string_equal(kinds.pacers[0], "nanosleep");
	assert_string_equal(kinds.pollers[0], "epoll");
	assert_string_equal(kinds.writers[0], "write");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, plant, clear)
	const struct CMUnitTest tests[] = {
		TEST(where_nothing_was_measured_nothing_is_recommended),
		TEST(a_difference_below_a_tenth_is_none),
		TEST(the_pair_that_reads_all_sooner_is_recommended),
		TEST(of_two_that_read_alike_the_one_that_finds_nothing_sooner),
		TEST(of_two_that_read_alike_the_one_with_half_the_p99),
		TEST(a_longer_tail_of_the_distribution_rules_a_pair_out),
		TEST(what_the_program_has_not_is_told_and_not_recommended),
		TEST(a_pair_that_failed_is_not_recommended),
		TEST(without_endpoints_the_wake_up_decides),
		TEST(where_no_cycle_was_measured_the_wake_up_decides_on_the_pacer),
		TEST(a_period_that_reading_takes_half_of_is_warned_of),
		TEST(the_shortest_tail_that_halves_the_latency_is_recommended),
		TEST(tails_of_another_pacer_do_not_count),
		TEST(a_tail_that_takes_more_than_a_tenth_of_a_cpu_is_too_dear),
		TEST(a_latency_that_is_small_against_the_period_needs_no_tail),
		TEST(without_fifo_or_on_the_only_cpu_there_is_no_tail),
		TEST(a_tail_in_which_all_is_read_is_recommended_with_its_pair),
		TEST(a_tail_that_does_not_halve_it_is_judged_by_the_wake_up),
		TEST(a_pair_with_a_tail_that_is_late_at_p99_is_not_recommended),
		TEST(of_two_with_a_tail_the_one_that_finds_nothing_sooner),
		TEST(a_pair_with_a_tail_is_for_who_can_spare_it),
		TEST(the_writer_that_takes_least_cpu_is_recommended),
		TEST(a_writer_that_keeps_the_logger_too_long_is_not),
		TEST(where_all_keep_it_too_long_the_shortest_is_recommended),
		TEST(a_sync_that_takes_half_of_its_interval_gets_a_longer_one),
		cmocka_unit_test(the_kinds_are_those_of_the_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
