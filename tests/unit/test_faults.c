#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/perf_event.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/super/faults.h"

#define THREAD 93

static struct faults faults;
static struct fault found[16];
static uint8_t records[512];
static uint64_t used;

static int clear(void **state)
{
	(void)state;
	memset(&faults, 0, sizeof(faults));
	memset(found, 0, sizeof(found));
	faults.thread = THREAD;
	used = 0;
	return 0;
}

static void put_u64(uint64_t value)
{
	memcpy(records + used, &value, sizeof(value));
	used += sizeof(value);
}

static void put_head(uint32_t type, uint16_t size)
{
	const struct perf_event_header head = { .type = type, .size = size };

	memcpy(records + used, &head, sizeof(head));
	used += sizeof(head);
}

static void put_sample(uint32_t thread, uint64_t time_ns)
{
	put_head(PERF_RECORD_SAMPLE, 40);
	put_u64(0x1234);
	put_u64((uint64_t)thread << 32 | 90);
	put_u64(time_ns);
	put_u64(0xabcd);
}

static void put_lost(uint64_t count)
{
	put_head(PERF_RECORD_LOST, 24);
	put_u64(1);
	put_u64(count);
}

static unsigned parse(bool is_major)
{
	return faults_parse(&faults, is_major, records, used, found, 4);
}

static void a_fault_has_a_time_and_a_place(void **state)
{
	(void)state;
	put_sample(THREAD, 7000);
	assert_int_equal(parse(true), 1);
	assert_int_equal(found[0].time_ns, 7000);
	assert_int_equal(found[0].address, 0xabcd);
	assert_int_equal(found[0].ip, 0x1234);
	assert_true(found[0].is_major);
}

static void those_of_other_threads_are_passed_over(void **state)
{
	(void)state;
	put_sample(THREAD + 1, 1);
	put_sample(THREAD, 2);
	put_head(PERF_RECORD_THROTTLE, 16);
	put_u64(0);
	put_sample(90, 3);
	assert_int_equal(parse(false), 1);
	assert_int_equal(found[0].time_ns, 2);
	assert_false(found[0].is_major);
}

static void all_are_counted_and_some_are_kept(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 6; i++) {
		put_sample(THREAD, i);
	}
	assert_int_equal(parse(false), 6);
	assert_int_equal(found[3].time_ns, 3);
}

static void what_the_kernel_lost_is_said(void **state)
{
	(void)state;
	put_lost(5);
	put_lost(2);
	assert_int_equal(parse(false), 0);
	assert_int_equal(faults.lost, 7);
}

static void a_record_that_is_cut_ends_it(void **state)
{
	(void)state;
	put_sample(THREAD, 1);
	put_head(PERF_RECORD_SAMPLE, 400);
	assert_int_equal(parse(false), 1);
	used -= 4;
	assert_int_equal(parse(false), 1);
	used -= 4;
	put_head(PERF_RECORD_SAMPLE, 0);
	assert_int_equal(parse(false), 1);
}

static void none_are_taken_where_none_can_be_asked_for(void **state)
{
	(void)state;
	memset(&faults, 0, sizeof(faults));
	assert_false(faults_is_open(&faults));
	assert_int_equal(faults_take(&faults, found, 4), 0);
	faults_close(&faults);
}

/* Of those since the last call; the program faults other pages in as well. */
static const struct fault *find_fault(uint64_t address)
{
	unsigned count = faults_take(&faults, found, ARRAY_SIZE(found));

	for (unsigned i = 0; i < count && i < ARRAY_SIZE(found); i++) {
		if (found[i].address == address) {
			return &found[i];
		}
	}
	return NULL;
}

/* Real ones, where the kernel lets us. */
static void the_kernel_tells_of_a_page_that_is_touched(void **state)
{
	cpu_set_t cpus, before;
	const struct fault *fault;
	int64_t before_ns;
	char *page;

	(void)state;
	sched_getaffinity(0, sizeof(before), &before);
	CPU_ZERO(&cpus);
	CPU_SET((size_t)sched_getcpu(), &cpus);
	assert_int_equal(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
	if (faults_open(&faults, sched_getcpu())) {
		sched_setaffinity(0, sizeof(before), &before);
		print_message("the kernel does not let us count page faults of a CPU\n");
		skip();
	}
	faults.thread = sys_thread_id();
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	before_ns = sys_now();
	page[100] = 1;
	fault = find_fault((uintptr_t)(page + 100));
	assert_non_null(fault);
	assert_in_range(fault->time_ns, before_ns, sys_now());
	assert_false(fault->is_major);
	assert_null(find_fault((uintptr_t)(page + 100)));
	faults_close(&faults);
	assert_false(faults_is_open(&faults));
	munmap(page, 4096);
	sched_setaffinity(0, sizeof(before), &before);
}

#define TEST(function) cmocka_unit_test_setup(function, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fault_has_a_time_and_a_place),
		TEST(those_of_other_threads_are_passed_over),
		TEST(all_are_counted_and_some_are_kept),
		TEST(what_the_kernel_lost_is_said),
		TEST(a_record_that_is_cut_ends_it),
		TEST(none_are_taken_where_none_can_be_asked_for),
		TEST(the_kernel_tells_of_a_page_that_is_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
