#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/report/ktrace.h"

#define CYCLE 93

/* The beginnings of lines: who ran, in which context. */
#define IDLE " <idle>-0 [001] d.h1. "
#define HOG  " hog-94 [001] d..2. "
#define SELF " rtloop-cycle-93 [001] d..2. "

#define TO(comm, pid, prio)                                                              \
	" ==> next_comm=" comm " next_pid=" #pid " next_prio=" #prio "\n"

static struct ktrace trace;

static void read_window(const char *text, int64_t from_us, int64_t to_us)
{
	FILE *in = fmemopen((void *)text, strlen(text), "r");

	trace = (struct ktrace){ .thread = CYCLE,
				 .cpu = 1,
				 .from_ns = NS_PER_SEC + from_us * NS_PER_US,
				 .to_ns = NS_PER_SEC + to_us * NS_PER_US };
	ktrace_read(&trace, in);
	fclose(in);
}

static void assert_worst(enum ktrace_kind kind, int number, const char *name, int64_t us)
{
	const struct ktrace_owner *worst = ktrace_worst(&trace);

	assert_non_null(worst);
	assert_int_equal(worst->kind, kind);
	assert_int_equal(worst->number, number);
	assert_string_equal(worst->name, name);
	assert_int_equal(worst->in_way_ns, us * NS_PER_US);
}

/* Released at 100, woken at 110, on its CPU at 5110. */
static const char hogged[] = HOG
	"1.000050: local_timer_entry: vector=236\n" HOG
	"1.000060: local_timer_exit: vector=236\n" HOG
	"1.000105: local_timer_entry: vector=236\n" HOG
	"1.000108: hrtimer_expire_entry: hrtimer=00 function=hrtimer_wakeup "
	"now=1000106000\n" HOG
	"1.000110: sched_waking: comm=rtloop-cycle pid=93 prio=19 target_cpu=001\n" HOG
	"1.000115: hrtimer_expire_exit: hrtimer=00\n" HOG
	"1.000120: local_timer_exit: vector=236\n" HOG
	"1.003000: irq_handler_entry: irq=10 name=virtio0\n" HOG
	"1.003040: irq_handler_exit: irq=10 ret=handled\n" HOG
	"1.005110: sched_switch: prev_comm=hog prev_pid=94 prev_prio=9 prev_state=S" TO(
		"rtloop-cycle", 93, 19) SELF
	"1.005200: sched_waking: comm=x pid=1 prio=120 target_cpu=000\n";

static void a_thread_that_keeps_it_off_its_cpu_is_in_the_way(void **state)
{
	(void)state;
	read_window(hogged, 100, 5120);
	assert_worst(KTRACE_THREAD, 94, "hog", 4990 - 40);
	assert_int_equal(trace.timers, 1);
	/* until it was woken, at 110 */
	assert_int_equal(trace.asleep_ns, 10 * NS_PER_US);
	assert_int_equal(trace.seen_ns, 5020 * NS_PER_US);
}

static void only_the_window_counts(void **state)
{
	(void)state;
	read_window(hogged, 2990, 3010);
	assert_worst(KTRACE_THREAD, 94, "hog", 10);
	read_window(hogged, 6000, 7000);
	assert_null(ktrace_worst(&trace));
	assert_int_equal(trace.seen_ns, 0);
}

static void what_the_trace_does_not_reach_is_nobody_s(void **state)
{
	(void)state;
	read_window(hogged, 0, 5100);
	assert_int_equal(trace.seen_ns, 5050 * NS_PER_US);
}

static void an_interrupt_is_counted_for_itself(void **state)
{
	static const char storm[] =
		IDLE "1.000000: irq_handler_entry: irq=37 name=eth0\n" IDLE
		     "1.000200: irq_handler_exit: irq=37 ret=handled\n" IDLE
		     "1.000210: irq_handler_entry: irq=37 name=eth0\n" IDLE
		     "1.000215: irq_handler_entry: irq=9 name=acpi\n" IDLE
		     "1.000225: irq_handler_exit: irq=9 ret=handled\n" IDLE
		     "1.000410: irq_handler_exit: irq=37 ret=handled\n" IDLE
		     "1.000420: sched_waking: comm=rtloop-cycle pid=93 prio=19 "
		     "target_cpu=001\n" IDLE
		     "1.000430: sched_switch: prev_comm=swapper/1 prev_pid=0 "
		     "prev_prio=120 prev_state=R" TO("rtloop-cycle", 93, 19);

	(void)state;
	read_window(storm, 0, 440);
	assert_worst(KTRACE_INTERRUPT, 37, "eth0", 390);
	assert_int_equal(ktrace_worst(&trace)->times, 2);
	/* idle was in the way from the waking on */
	assert_int_equal(trace.owners[0].kind, KTRACE_IDLE);
	assert_int_equal(trace.owners[0].in_way_ns, 10 * NS_PER_US);
}

static void softirqs_and_vectors_have_names(void **state)
{
	static const char text[] =
		IDLE "1.000000: softirq_entry: vec=3 [action=NET_RX]\n" IDLE
		     "1.000100: call_function_single_entry: vector=251\n" IDLE
		     "1.000130: call_function_single_exit: vector=251\n" IDLE
		     "1.000300: softirq_exit: vec=3 [action=NET_RX]\n" IDLE
		     "1.000310: sched_waking: comm=x pid=1 prio=1 target_cpu=001\n";

	(void)state;
	read_window(text, 0, 310);
	assert_worst(KTRACE_SOFTIRQ, 0, "NET_RX", 270);
	read_window(text, 100, 130);
	assert_worst(KTRACE_VECTOR, 0, "call function single", 30);
}

static void on_preempt_rt_a_softirq_that_is_preempted_is_over(void **state)
{
	static const char text[] =
		" ksoftirqd/1-28 [001] ..s.2 1.000000: softirq_entry: vec=3 "
		"[action=NET_RX]\n"
		" ksoftirqd/1-28 [001] d..2. 1.000100: sched_switch: "
		"prev_comm=ksoftirqd/1 prev_pid=28 "
		"prev_prio=120 prev_state=R+" TO("rtloop-cycle", 93, 19) SELF
		"1.000200: sched_switch: prev_comm=rtloop-cycle prev_pid=93 prev_prio=19 "
		"prev_state=S" TO("ksoftirqd/1", 28,
				  120) " ksoftirqd/1-28 [001] ..s.2 1.000300: "
				       "softirq_exit: vec=3 [action=NET_RX]\n";

	(void)state;
	read_window(text, 0, 300);
	assert_worst(KTRACE_SOFTIRQ, 0, "NET_RX", 100);
	assert_int_equal(ktrace_before(&trace)->kind, KTRACE_THREAD);
	assert_int_equal(ktrace_before(&trace)->before_ns, 100 * NS_PER_US);
}

static void a_thread_that_runs_before_the_wake_up_is_in_nobody_s_way(void **state)
{
	static const char text[] = " hwlatd/1-77 [001] d..2. 1.000000: sched_waking: "
				   "comm=x pid=1 prio=1 target_cpu=001\n"
				   " hwlatd/1-77 [001] d..2. 1.005000: sched_waking: "
				   "comm=rtloop-cycle pid=93 prio=19 target_cpu=001\n"
				   " hwlatd/1-77 [001] d..2. 1.005010: sched_switch: "
				   "prev_comm=hwlatd/1 prev_pid=77 prev_prio=120 "
				   "prev_state=R+" TO("rtloop-cycle", 93, 19);

	(void)state;
	read_window(text, 0, 5010);
	assert_worst(KTRACE_THREAD, 77, "hwlatd/1", 10);
	assert_int_equal(ktrace_before(&trace)->number, 77);
	assert_int_equal(ktrace_before(&trace)->before_ns, 5000 * NS_PER_US);
	assert_int_equal(trace.asleep_ns, 5000 * NS_PER_US);
}

static void a_stopped_thread_is_in_nobody_s_way_either(void **state)
{
	static const char text[] =
		SELF "1.000000: sched_switch: prev_comm=rtloop-cycle prev_pid=93 "
		     "prev_prio=19 prev_state=T" TO("swapper/1", 0, 120) IDLE
		"1.900000: sched_waking: comm=rtloop-cycle pid=93 prio=19 "
		"target_cpu=001\n" IDLE
		"1.900010: sched_switch: prev_comm=swapper/1 prev_pid=0 prev_prio=120 "
		"prev_state=R" TO("rtloop-cycle", 93, 19);

	(void)state;
	read_window(text, 0, 900010);
	assert_int_equal(trace.stopped_ns, 900000 * NS_PER_US);
	assert_worst(KTRACE_IDLE, 0, "", 10);
}

static void preemption_in_the_step_is_told_from_sleep(void **state)
{
	static const char text[] =
		SELF "1.000000: page_fault_user: address=0x1 ip=0x1 error_code=0x4\n" SELF
		     "1.000010: sched_switch: prev_comm=rtloop-cycle prev_pid=93 "
		     "prev_prio=19 prev_state=D" TO("swapper/1", 0, 120) IDLE
		"1.002010: sched_waking: comm=rtloop-cycle pid=93 prio=19 "
		"target_cpu=001\n" IDLE
		"1.002020: sched_switch: prev_comm=swapper/1 prev_pid=0 prev_prio=120 "
		"prev_state=R" TO("rtloop-cycle", 93, 19) SELF
		"1.003000: sched_switch: prev_comm=rtloop-cycle prev_pid=93 prev_prio=19 "
		"prev_state=R+" TO("hog", 94, 9) HOG
		"1.004000: sched_switch: prev_comm=hog prev_pid=94 prev_prio=9 "
		"prev_state=S" TO("rtloop-cycle", 93, 19);

	(void)state;
	read_window(text, 0, 4000);
	assert_int_equal(trace.faults, 1);
	assert_int_equal(trace.blocked_ns, 2000 * NS_PER_US);
	assert_int_equal(trace.asleep_ns, 2000 * NS_PER_US);
	assert_worst(KTRACE_THREAD, 94, "hog", 1000);
	assert_int_equal(ktrace_worst(&trace)->priority, 9);
}

static void other_cpus_are_passed_over(void **state)
{
	static const char text[] =
		" other-5 [000] d..2. 1.000000: irq_handler_entry: irq=1 name=kbd\n"
		" other-5 [000] d..2. 1.001000: irq_handler_exit: irq=1 ret=handled\n";

	(void)state;
	read_window(text, 0, 1000);
	assert_int_equal(trace.seen_ns, 0);
}

static void a_trace_that_makes_no_sense_does_no_harm(void **state)
{
	static const char text[] =
		IDLE "1.000000: irq_handler_exit: irq=1 ret=handled\n" IDLE
		     "1.000001: irq_handler_entry: \n" IDLE
		     "1.000002: irq_handler_entry: irq=x\n" IDLE
		     "1.000003: irq_handler_entry: irq=3 name=\n" IDLE
		     "1.000004: irq_handler_entry: irq=4 name=a\n" IDLE
		     "1.000005: irq_handler_entry: irq=5 name=b\n" IDLE
		     "1.000006: irq_handler_exit: irq=5 ret=handled\n" IDLE
		     "1.000005: softirq_entry: vec=3\n" IDLE
		     "1.000007: sched_switch: prev_comm=\n" IDLE "1.000008: _entry: \n"
		     "\xff\xfe [001] .\n";

	(void)state;
	read_window(text, 0, 100);
	assert_true(trace.seen_ns <= 9 * NS_PER_US);
}

static void more_owners_than_have_room_are_nobody(void **state)
{
	char text[64 * 1024];
	size_t used = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		used += (size_t)snprintf(
			text + used, sizeof(text) - used,
			IDLE "1.%06d: irq_handler_entry: irq=%d name=n%d\n" IDLE
			     "1.%06d: irq_handler_exit: irq=%d ret=handled\n",
			i * 2, i, i, i * 2 + 1, i);
	}
	read_window(text, 0, 300);
	assert_int_equal(trace.owner_count, KTRACE_OWNERS_MAX);
	assert_int_equal(trace.seen_ns, 199 * NS_PER_US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_that_keeps_it_off_its_cpu_is_in_the_way),
		cmocka_unit_test(only_the_window_counts),
		cmocka_unit_test(what_the_trace_does_not_reach_is_nobody_s),
		cmocka_unit_test(an_interrupt_is_counted_for_itself),
		cmocka_unit_test(softirqs_and_vectors_have_names),
		cmocka_unit_test(on_preempt_rt_a_softirq_that_is_preempted_is_over),
		cmocka_unit_test(
			a_thread_that_runs_before_the_wake_up_is_in_nobody_s_way),
		cmocka_unit_test(a_stopped_thread_is_in_nobody_s_way_either),
		cmocka_unit_test(preemption_in_the_step_is_told_from_sleep),
		cmocka_unit_test(other_cpus_are_passed_over),
		cmocka_unit_test(a_trace_that_makes_no_sense_does_no_harm),
		cmocka_unit_test(more_owners_than_have_room_are_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
