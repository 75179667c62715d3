/* wraps: logger_tell logger_path */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/super/evidence.h"
#include "tests/fakes/fake_proc.h"

#define START  (100 * NS_PER_SEC)
#define PERIOD (10 * NS_PER_MS)
#define LOOK   (50 * NS_PER_MS)

struct told_line {
	struct record_event event;
	char text[NOTE_TEXT_BYTES];
};

static struct {
	struct folder folder;
	struct loop_options options;
	struct loop loop;
	struct log_options log_options;
	struct logger logger;
	struct evidence evidence;
	int64_t now_ns;
	uint64_t cycle;
	uint64_t delay_ns;
	struct told_line lines[256];
	unsigned line_count;
} bed;

void __wrap_logger_tell(struct logger *logger, const struct record_event *event,
			const char *text);
void __wrap_logger_tell(struct logger *logger, const struct record_event *event,
			const char *text)
{
	struct told_line *line = &bed.lines[bed.line_count++ % ARRAY_SIZE(bed.lines)];

	assert_ptr_equal(logger, &bed.logger);
	line->event = *event;
	snprintf(line->text, sizeof(line->text), "%s", text);
}

void __wrap_logger_path(struct logger *logger, char *path);
void __wrap_logger_path(struct logger *logger, char *path)
{
	(void)logger;
	snprintf(path, PATH_MAX, "%s/oven-000001-0a1b2c3d.mcap", bed.folder.path);
}

static void put_thread(uint64_t run_ns)
{
	fake_proc_thread(&bed.folder, "self/task/93", "rtloop-cycle", "fifo 80 1", run_ns,
			 bed.delay_ns);
}

static void put_counts(unsigned eth0)
{
	fake_proc_put(
		&bed.folder, "proc/interrupts",
		"  CPU0 CPU1\n 37: 5 %u  PCI-MSI 1-edge  eth0\nLOC: 1 1  Local timer "
		"interrupts\n",
		eth0);
	fake_proc_put(&bed.folder, "proc/softirqs", "  CPU0 CPU1\n NET_RX: 5 %u\n",
		      eth0 / 2);
	fake_proc_put(&bed.folder, "proc/schedstat",
		      "version 16\ncpu1 0 0 0 0 0 0 %u 12 %u\n", eth0 * 1000, eth0 / 10);
	fake_proc_put(&bed.folder, "proc/stat", "cpu1 1 2 3 4 5 6 7 8 9 10\n");
}

static void put_hog(uint64_t run_ns)
{
	fake_proc_thread(&bed.folder, "30/task/30", "hog (1)", "fifo 90 1", run_ns, 0);
}

static int set_up(void **state)
{
	(void)state;
	memset(&bed, 0, sizeof(bed));
	folder_init(&bed.folder);
	bed.now_ns = START;
	/* no CPU: the kernel is not asked for page faults */
	bed.options = (struct loop_options){ .period_ns = PERIOD, .cpu = -1 };
	bed.loop.options = &bed.options;
	bed.logger.options = &bed.log_options;
	assert_int_equal(evidence_init(&bed.evidence, &bed.loop, &bed.logger), 0);
	bed.evidence.root = bed.folder.path;
	bed.evidence.tracing = bed.folder.path;
	put_thread(1000);
	put_counts(100);
	put_hog(1000);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	evidence_fini(&bed.evidence);
	folder_fini(&bed.folder);
	return 0;
}

/* One pass of the supervisor: the cycle has run on. */
static void pass(void)
{
	bed.now_ns += LOOK;
	counter_set(&bed.loop.stats.cycles, bed.cycle += LOOK / PERIOD);
	evidence_look(&bed.evidence, bed.now_ns);
}

static void pass_many(unsigned count)
{
	while (count-- > 0) {
		pass();
	}
}

static void begin(void)
{
	evidence_prepare(&bed.evidence);
	bed.loop.thread_id = 93;
	pass();
}

static void overrun(int64_t late_ns)
{
	const struct overrun overrun = {
		.cycle = bed.cycle,
		.release_ns = bed.now_ns - late_ns,
		.wake_ns = bed.now_ns,
		.end_ns = bed.now_ns + 1000,
		.record_ns = 5,
		.is_late_wake = true,
		.worst = { .ns = 900,
			   .end_ns = bed.now_ns + 950,
			   .device = 2,
			   .call = BLAME_SAMPLE },
	};

	overruns_put(&bed.loop.overruns, &overrun);
}

static const struct told_line *find_line(const char *subject)
{
	for (unsigned i = 0; i < bed.line_count; i++) {
		if (strncmp(bed.lines[i].text, subject, strlen(subject)) == 0) {
			return &bed.lines[i];
		}
	}
	return NULL;
}

static void assert_line(const char *text)
{
	const struct told_line *line = find_line(text);

	if (!line) {
		for (unsigned i = 0; i < bed.line_count; i++) {
			print_message("%s\n", bed.lines[i].text);
		}
		fail_msg("no line begins with: %s", text);
	}
	assert_string_equal(line->text, text);
}

static void while_all_is_well_nothing_is_told(void **state)
{
	(void)state;
	begin();
	pass_many(60);
	evidence_end(&bed.evidence, bed.now_ns);
	assert_int_equal(bed.line_count, 0);
}

static void an_overrun_is_told_with_all_that_changed(void **state)
{
	char text[NOTE_TEXT_BYTES];
	int64_t before_ns, look_ns;

	(void)state;
	begin();
	bed.options.cpu = 1;
	before_ns = bed.now_ns;
	look_ns = before_ns;
	overrun(3 * NS_PER_MS);
	bed.delay_ns = 2900;
	put_thread(5000);
	put_counts(1100);
	put_hog(2001000);
	pass();
	assert_line(
		"look overruns=1 told=1 first=5 last=5 cpu=1 policy=fifo priority=80");
	snprintf(text, sizeof(text),
		 "overrun cycle=5 kind=late_wake release_ns=%lld wake_ns=%lld "
		 "end_ns=%lld record_ns=5 "
		 "call=sample call_ns=900 call_end_ns=%lld",
		 (long long)(before_ns - 3 * NS_PER_MS), (long long)before_ns,
		 (long long)before_ns + 1000, (long long)before_ns + 950);
	assert_line(text);
	assert_int_equal(find_line("overrun")->event.device, 2);
	snprintf(text, sizeof(text),
		 "thread from_ns=%lld to_ns=%lld run_ns=4000 delay_ns=2900 voluntary=0 "
		 "involuntary=0 "
		 "minor=0 major=0",
		 (long long)look_ns, (long long)bed.now_ns);
	assert_line(text);
	snprintf(text, sizeof(text),
		 "interrupts from_ns=%lld to_ns=%lld cpu=1 37(eth0)=1000",
		 (long long)look_ns, (long long)bed.now_ns);
	assert_line(text);
	snprintf(text, sizeof(text), "softirqs from_ns=%lld to_ns=%lld cpu=1 NET_RX=500",
		 (long long)look_ns, (long long)bed.now_ns);
	assert_line(text);
	snprintf(text, sizeof(text),
		 "cpu from_ns=%lld to_ns=%lld cpu=1 busy_ns=1000000 switches=100 "
		 "steal_ticks=0 "
		 "thermal_throttles=0 group_throttles=0",
		 (long long)look_ns, (long long)bed.now_ns);
	assert_line(text);
	assert_line("ran ms=50 cpu=1 others_ns=0 others_preempt_ns=0 unseen_ns=-1000000 "
		    "30(hog__1_,fifo,90)=2000000");
	for (unsigned i = 0; i < bed.line_count; i++) {
		assert_int_equal(bed.lines[i].event.code, EVENT_EVIDENCE);
		assert_int_equal(bed.lines[i].event.value, 1);
		assert_int_equal(bed.lines[i].event.cycle, 5);
	}
}

/* 18 interrupts, each of which has come another number of times, from 1 to 18 times @each, in no order. */
static void put_many_counts(unsigned each)
{
	char text[1024] = "  CPU0 CPU1\n";

	for (unsigned i = 1; i <= 18; i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, " %u: 0 %u  MSI  d%u\n", i,
			 i * 17 % 19 * each, i);
	}
	fake_proc_put(&bed.folder, "proc/interrupts", "%s", text);
}

static void of_many_counts_those_are_told_that_rose_most(void **state)
{
	const char *text;

	(void)state;
	put_many_counts(1);
	begin();
	bed.options.cpu = 1;
	overrun(3 * NS_PER_MS);
	put_many_counts(2);
	pass();
	text = find_line("interrupts")->text;
	assert_non_null(strstr(text, " cpu=1 10(d10)=18 1(d1)=17 11(d11)=16 "));
	assert_non_null(strstr(text, " 8(d8)=3 more=2"));
}

static void of_a_thread_that_may_move_no_sum_is_made(void **state)
{
	(void)state;
	begin();
	overrun(3 * NS_PER_MS);
	put_hog(2001000);
	pass();
	assert_line("ran ms=50 cpu=1 others_ns=0 others_preempt_ns=0 "
		    "30(hog__1_,fifo,90)=2000000");
}

static void what_is_usual_is_of_the_look_before(void **state)
{
	(void)state;
	begin();
	/* 100 us in 50 ms; then an overrun that is looked at after 100 ms */
	bed.delay_ns += 100 * NS_PER_US;
	put_thread(2000);
	pass();
	bed.delay_ns += 3 * NS_PER_MS;
	put_thread(3000);
	overrun(3 * NS_PER_MS);
	bed.now_ns += LOOK;
	pass();
	assert_non_null(strstr(find_line("thread")->text,
			       " delay_ns=3000000 usual_delay_ns=200000 "));
	/* the next one is held against a time that has an overrun in it: that is not usual */
	bed.line_count = 0;
	overrun(3 * NS_PER_MS);
	pass_many(25);
	assert_null(strstr(find_line("thread")->text, "usual"));
}

static void a_burst_is_told_once_a_second(void **state)
{
	unsigned looks = 0;

	(void)state;
	begin();
	for (unsigned i = 0; i < 60; i++) {
		overrun(PERIOD);
		pass();
	}
	for (unsigned i = 0; i < bed.line_count; i++) {
		looks += strncmp(bed.lines[i].text, "look ", 5) == 0;
	}
	/* at once, and then after each second */
	assert_int_equal(looks, 3);
	assert_int_equal(bed.evidence.look_number, 3);
	assert_line(
		"look overruns=1 told=1 first=5 last=5 cpu=1 policy=fifo priority=80");
	/* of twenty the first sixteen had a place, eight are told of, all are counted */
	assert_line("look overruns=20 told=8 first=10 last=109 cpu=1 policy=fifo "
		    "priority=80");
}

static void one_that_comes_while_others_are_taken_is_counted_once(void **state)
{
	(void)state;
	begin();
	overrun(PERIOD);
	overrun(PERIOD);
	/* the second has its place, and is about to be counted */
	bed.loop.overruns.seen--;
	pass();
	bed.loop.overruns.seen++;
	assert_line(
		"look overruns=2 told=2 first=5 last=5 cpu=1 policy=fifo priority=80");
	bed.line_count = 0;
	overrun(PERIOD);
	pass_many(30);
	assert_line("look overruns=1 told=1 first=10 last=10 cpu=1 policy=fifo "
		    "priority=80");
}

static void what_waits_is_told_at_the_end(void **state)
{
	(void)state;
	begin();
	overrun(PERIOD);
	pass();
	overrun(PERIOD);
	pass();
	assert_int_equal(bed.evidence.look_number, 1);
	evidence_end(&bed.evidence, bed.now_ns);
	assert_int_equal(bed.evidence.look_number, 2);
	assert_int_equal(bed.evidence.told, 2);
}

static void an_end_without_the_thread_tells_what_is_known(void **state)
{
	(void)state;
	begin();
	overrun(PERIOD);
	fake_proc_put(&bed.folder, "proc/self/task/93/stat", "%s", "");
	evidence_end(&bed.evidence, bed.now_ns);
	assert_line("look overruns=1 told=1 first=5 last=5");
	assert_null(find_line("thread"));
	assert_null(find_line("interrupts"));
}

static void a_baseline_is_older_than_the_overrun(void **state)
{
	int64_t last_ns;

	(void)state;
	begin();
	pass_many(30);
	put_counts(200);
	pass_many(30);
	last_ns = bed.now_ns;
	/* the cycle is in its overrun for two seconds, in which all looks find it so */
	for (unsigned i = 0; i < 40; i++) {
		put_counts(200 + 100 * i);
		bed.now_ns += LOOK;
		evidence_look(&bed.evidence, bed.now_ns);
	}
	put_counts(5200);
	overrun(40 * LOOK);
	pass();
	assert_non_null(find_line("interrupts"));
	assert_non_null(strstr(find_line("interrupts")->text, " 37(eth0)=5000"));
	assert_true(bed.evidence.self.at_ns > last_ns);
}

static void a_continued_process_is_told_of(void **state)
{
	struct continued continued;
	char text[NOTE_TEXT_BYTES];

	(void)state;
	begin();
	continued = (struct continued){ .alive_ns = bed.now_ns - NS_PER_SEC,
					.at_ns = bed.now_ns + 7,
					.sender = 4711 };
	evidence_continue(&bed.evidence, &continued);
	overrun(NS_PER_SEC);
	pass();
	snprintf(text, sizeof(text), "continued alive_ns=%lld at_ns=%lld sender=4711",
		 (long long)continued.alive_ns, (long long)continued.at_ns);
	assert_line(text);
}

static void one_that_was_continued_before_is_not(void **state)
{
	struct continued continued = { .alive_ns = START, .at_ns = START + 7 };

	(void)state;
	begin();
	evidence_continue(&bed.evidence, &continued);
	pass_many(10);
	overrun(PERIOD);
	pass();
	assert_null(find_line("continued"));
}

static void page_faults_are_kept_until_their_cycle_is_known(void **state)
{
	(void)state;
	begin();
	bed.evidence.kept[0] = (struct fault){ .time_ns = bed.now_ns - 2 * PERIOD };
	bed.evidence.kept[1] = (struct fault){
		.time_ns = bed.now_ns, .is_major = true, .address = 0xab, .ip = 0xcd
	};
	bed.evidence.faults_seen = 2;
	overrun(PERIOD);
	pass();
	assert_non_null(find_line("fault"));
	assert_non_null(
		strstr(find_line("fault")->text, " kind=major address=0xab ip=0xcd"));
	assert_null(strstr(find_line("fault")->text, "minor"));
}

static void counts_of_two_cpus_are_not_compared(void **state)
{
	(void)state;
	begin();
	fake_proc_thread(&bed.folder, "self/task/93", "rtloop-cycle", "fifo 80 0", 1000,
			 0);
	overrun(PERIOD);
	pass();
	assert_non_null(find_line("thread"));
	assert_null(find_line("interrupts"));
	assert_null(find_line("ran"));
}

static void without_a_log_nothing_is_looked_at(void **state)
{
	(void)state;
	bed.logger.options = NULL;
	begin();
	overrun(PERIOD);
	pass_many(3);
	evidence_end(&bed.evidence, bed.now_ns);
	assert_int_equal(bed.line_count, 0);
	assert_false(bed.evidence.is_open);
}

static void a_trace_that_cannot_be_had_is_said(void **state)
{
	(void)state;
	bed.options.trace = TRACE_ON_OVERRUN;
	begin();
	assert_non_null(strstr(bed.evidence.trace_err.text, "there is no tracefs at "));
	overrun(PERIOD);
	pass();
	assert_null(find_line("trace"));
	assert_non_null(find_line("look"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(while_all_is_well_nothing_is_told),
		TEST(an_overrun_is_told_with_all_that_changed),
		TEST(of_many_counts_those_are_told_that_rose_most),
		TEST(of_a_thread_that_may_move_no_sum_is_made),
		TEST(what_is_usual_is_of_the_look_before),
		TEST(a_burst_is_told_once_a_second),
		TEST(one_that_comes_while_others_are_taken_is_counted_once),
		TEST(what_waits_is_told_at_the_end),
		TEST(an_end_without_the_thread_tells_what_is_known),
		TEST(a_baseline_is_older_than_the_overrun),
		TEST(a_continued_process_is_told_of),
		TEST(one_that_was_continued_before_is_not),
		TEST(page_faults_are_kept_until_their_cycle_is_known),
		TEST(counts_of_two_cpus_are_not_compared),
		TEST(without_a_log_nothing_is_looked_at),
		TEST(a_trace_that_cannot_be_had_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
