#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/report/explain.h"
#include "tests/fakes/folder.h"

static struct folder folder;
static struct told told;
static struct explanation answer;

static int set_up(void **state)
{
	(void)state;
	folder_init(&folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	told_fini(&told);
	folder_fini(&folder);
	return 0;
}

static void add(const char *device, const char *text)
{
	assert_int_equal(told_add(&told, 1, device, text), 0);
}

/* Cycle 7: released at 1 s, woke 5 ms late and worked for 10 us. */
static void add_late(void)
{
	add("", "look overruns=1 told=1 first=7 last=7 cpu=3 policy=fifo priority=80");
	add("probe",
	    "overrun cycle=7 kind=late_wake release_ns=1000000000 wake_ns=1005000000 "
	    "end_ns=1005010000 record_ns=900 call=receive call_ns=8000 "
	    "call_end_ns=1005009000");
}

/* Cycle 7: in time, and worked for 2 ms, of which 1.4 ms are the device's. */
static void add_long(void)
{
	add("", "look overruns=1 told=1 first=7 last=7 cpu=3 policy=fifo priority=80");
	add("probe",
	    "overrun cycle=7 kind=long_work release_ns=1000000000 wake_ns=1000010000 "
	    "end_ns=1002010000 record_ns=900 call=receive call_ns=1400000 "
	    "call_end_ns=1002000000");
}

static void assert_explained(const char *text)
{
	assert_true(explain_overrun(&told, folder.path, 7, &answer));
	assert_string_equal(answer.text, text);
	assert_true(answer.is_explained);
}

static void assert_not_explained(const char *text)
{
	assert_true(explain_overrun(&told, folder.path, 7, &answer));
	assert_string_equal(answer.text, text);
	assert_false(answer.is_explained);
}

static void put_trace(const char *name, const char *head, const char *text)
{
	FILE *out = fopen(folder_file(&folder, name), "w");

	fprintf(out, "%s%s", head, text);
	fclose(out);
}

#define HEAD "# rtloop trace: cycle=7 thread=93 cpu=3 release_ns=1000000000\n"

/* --- without a trace ------------------------------------------------------------------------------ */

static void without_evidence_there_is_no_answer(void **state)
{
	(void)state;
	assert_false(explain_overrun(&told, folder.path, 7, &answer));
	add_late();
	assert_false(explain_overrun(&told, folder.path, 8, &answer));
}

static void what_nothing_speaks_of_is_not_explained(void **state)
{
	(void)state;
	add_late();
	assert_not_explained("not explained");
}

static void counts_alone_prove_nothing(void **state)
{
	(void)state;
	add_late();
	add("", "interrupts from_ns=100000000 to_ns=1050000000 cpu=3 "
		"LOC(Local_timer_interrupts)=900000 37(eth0)=641000");
	add("", "cpu cpu=3 steal_ticks=2 thermal_throttles=1 group_throttles=0");
	add("", "thread from_ns=1 to_ns=50000001 delay_ns=0 minor=0 major=2");
	assert_not_explained(
		"not explained; 2 page faults, 2 of them major, within 50.0 ms; the CPU "
		"was throttled 1 time; the hypervisor took 2 ticks; interrupt 37(eth0) "
		"came 641000 times in 950.0 ms");
}

static void a_stopped_process_is_known_by_sigcont(void **state)
{
	(void)state;
	add_late();
	add("", "continued alive_ns=990000000 at_ns=1005020000 sender=4711");
	assert_explained(
		"the process was stopped for 5.0 ms (process 4711 let it go on)");
}

static void sigcont_alone_does_not_mean_that_it_was_stopped(void **state)
{
	(void)state;
	add_late();
	/* the supervisor was awake just before */
	add("", "continued alive_ns=1004900000 at_ns=1005020000 sender=4711");
	assert_not_explained("not explained");
}

static void sigcont_of_another_time_is_no_reason(void **state)
{
	(void)state;
	add_late();
	add("", "continued alive_ns=900000000 at_ns=999000000 sender=4711");
	assert_not_explained("not explained");
	add("", "continued alive_ns=1200000000 at_ns=1300000000 sender=4711");
	assert_not_explained("not explained");
}

static void add_delay(const char *ran)
{
	add("",
	    "thread from_ns=980000000 to_ns=1030000000 delay_ns=4900000 minor=0 major=0");
	add("", ran);
}

static void a_thread_that_goes_before_and_ran_for_long_is_named(void **state)
{
	(void)state;
	add_late();
	add_delay("ran ms=900 cpu=3 others_ns=5 others_preempt_ns=0 unseen_ns=-1000 "
		  "21(migration/3,fifo,99)=7000 123(hog,fifo,90)=5100000 "
		  "30(bash,other,0)=800000000");
	assert_explained(
		"program 'hog' (pid 123, SCHED_FIFO 90) ran 5.1 ms on CPU 3; the cycle "
		"thread was ready meanwhile, for 4.9 ms");
}

#define HOG                                                                              \
	"ran ms=900 cpu=3 others_ns=5 others_preempt_ns=0 unseen_ns=0 "                  \
	"123(hog,fifo,90)=5100000"

static void what_it_waits_for_at_other_times_is_taken_off(void **state)
{
	(void)state;
	add_late();
	add("", "thread from_ns=980000000 to_ns=1030000000 delay_ns=4900000 "
		"usual_delay_ns=1300000 minor=0 major=0");
	add("", HOG);
	/* 4.9 less twice 1.3 is too little, 4.9 less twice 1.1 is more than half of 5 ms */
	assert_not_explained("not explained; it was ready to run for 4.9 ms while others "
			     "ran, within 50.0 ms");
	add("", "thread from_ns=980000000 to_ns=1030000000 delay_ns=4900000 "
		"usual_delay_ns=1100000 minor=0 major=0");
	assert_explained(
		"program 'hog' (pid 123, SCHED_FIFO 90) ran 5.1 ms on CPU 3; the cycle "
		"thread was ready meanwhile, for 4.9 ms");
}

static void a_long_time_of_which_nothing_usual_is_known_names_nobody(void **state)
{
	(void)state;
	add_late();
	add("", "thread from_ns=30000000 to_ns=1030000000 delay_ns=4900000 minor=0 "
		"major=0");
	add("", HOG);
	assert_not_explained("not explained; it was ready to run for 4.9 ms while others "
			     "ran, within 1.0 s");
}

static void a_thread_that_goes_behind_is_not_named(void **state)
{
	(void)state;
	add_late();
	add_delay("ran ms=900 cpu=3 others_ns=5 others_preempt_ns=0 unseen_ns=0 "
		  "123(hog,fifo,79)=5100000 30(bash,other,0)=800000000");
	assert_not_explained("not explained; it was ready to run for 4.9 ms while others "
			     "ran, within 50.0 ms");
}

static void where_two_may_have_been_it_nobody_is_named(void **state)
{
	(void)state;
	add_late();
	add_delay("ran ms=900 cpu=3 others_ns=5 others_preempt_ns=0 unseen_ns=0 "
		  "123(hog,fifo,90)=5100000 124(other,fifo,91)=4000000");
	assert_not_explained("not explained; it was ready to run for 4.9 ms while others "
			     "ran, within 50.0 ms");
}

static void where_one_that_ended_may_have_been_it_nobody_is_named(void **state)
{
	(void)state;
	add_late();
	add_delay("ran ms=900 cpu=3 others_ns=5 others_preempt_ns=0 unseen_ns=3000000 "
		  "123(hog,fifo,90)=5100000");
	assert_not_explained("not explained; it was ready to run for 4.9 ms while others "
			     "ran, within 50.0 ms");
}

static void where_the_sum_is_not_known_nobody_is_named(void **state)
{
	(void)state;
	add_late();
	add_delay("ran ms=900 cpu=3 others_ns=5 others_preempt_ns=0 "
		  "123(hog,fifo,90)=5100000");
	assert_not_explained("not explained; it was ready to run for 4.9 ms while others "
			     "ran, within 50.0 ms");
}

static void a_thread_that_was_never_ready_waited_for_nobody(void **state)
{
	(void)state;
	add_late();
	add("",
	    "thread from_ns=980000000 to_ns=1030000000 delay_ns=1000 minor=0 major=0");
	add("", "ran ms=900 cpu=3 others_ns=5 others_preempt_ns=0 unseen_ns=0 "
		"123(hog,fifo,90)=5100000");
	assert_not_explained("not explained");
}

static void to_an_ordinary_thread_any_other_goes_before(void **state)
{
	(void)state;
	add("", "look overruns=1 told=1 first=7 last=7 cpu=3 policy=other priority=0");
	add("", "overrun cycle=7 kind=late_wake release_ns=1000000000 wake_ns=1005000000 "
		"end_ns=1005010000");
	add_delay("ran ms=900 cpu=3 others_ns=0 others_preempt_ns=0 unseen_ns=0 "
		  "30(make,other,0)=6000000");
	assert_explained(
		"program 'make' (pid 30, SCHED_OTHER) ran 6.0 ms on CPU 3; the cycle "
		"thread was ready meanwhile, for 4.9 ms");
}

static void one_of_many_is_not_taken_for_all(void **state)
{
	(void)state;
	add("", "look overruns=30 told=1 first=5 last=60 cpu=3 policy=fifo priority=80");
	add("", "overrun cycle=5 kind=late_wake release_ns=1000000000 wake_ns=1005000000 "
		"end_ns=1005010000");
	assert_not_explained(
		"not explained: one of a burst of 30 overruns, of which the first 1 "
		"were looked at one by one");
}

static void a_major_page_fault_in_the_step_explains_it(void **state)
{
	(void)state;
	add_long();
	add("", "fault time_ns=1000500000 kind=major address=0x1 ip=0x2");
	assert_explained("page fault in the step: a page had to be read from a disk");
}

static void a_page_fault_of_another_cycle_does_not(void **state)
{
	(void)state;
	add_late();
	add("", "fault time_ns=999900000 kind=major address=0x1 ip=0x2");
	add("", "fault time_ns=1005000001 kind=major address=0x1 ip=0x2");
	assert_not_explained("not explained");
}

static void a_minor_one_explains_nothing(void **state)
{
	(void)state;
	add("", "look overruns=1 told=1 first=7 last=7 cpu=3 policy=fifo priority=80");
	add("", "overrun cycle=7 kind=long_work release_ns=1000000000 wake_ns=1000010000 "
		"end_ns=1002010000");
	add("", "fault time_ns=1000500000 kind=minor address=0x1 ip=0x2");
	assert_not_explained("not explained; 1 minor page fault in it");
}

static void a_slow_device_is_named(void **state)
{
	(void)state;
	add_long();
	assert_explained("device probe took 1.4 ms (receive)");
}

static void a_slow_program_is_named_too(void **state)
{
	(void)state;
	add("", "look overruns=1 told=1 first=7 last=7 cpu=3 policy=fifo priority=80");
	add("", "overrun cycle=7 kind=long_work release_ns=1000000000 wake_ns=1000010000 "
		"end_ns=1002010000 call=step call_ns=1900000");
	assert_explained("the program took 1.9 ms (step)");
}

static void a_slow_plugin_is_named_too(void **state)
{
	(void)state;
	add("", "look overruns=1 told=1 first=7 last=7 cpu=3 policy=fifo priority=80");
	add("voter",
	    "overrun cycle=7 kind=long_work release_ns=1000000000 wake_ns=1000010000 "
	    "end_ns=1002010000 call=plugin call_ns=1900000");
	assert_explained("plugin voter took 1.9 ms (step)");
}

static void what_is_no_device_s_is_not_blamed_on_one(void **state)
{
	(void)state;
	add("", "look overruns=1 told=1 first=7 last=7 cpu=3 policy=fifo priority=80");
	add("", "overrun cycle=7 kind=long_work release_ns=1000000000 wake_ns=1000010000 "
		"end_ns=1002010000 call=scan call_ns=1900000");
	assert_not_explained("not explained");
}

static void a_device_is_not_blamed_for_what_others_ran(void **state)
{
	(void)state;
	add_long();
	add("",
	    "thread from_ns=980000000 to_ns=1030000000 delay_ns=1300000 minor=0 major=0");
	assert_not_explained("not explained; it was ready to run for 1.3 ms while others "
			     "ran, within 50.0 ms");
}

static void a_device_is_not_blamed_for_a_late_wake_up(void **state)
{
	(void)state;
	add("", "look overruns=1 told=1 first=7 last=7 cpu=3 policy=fifo priority=80");
	add("probe",
	    "overrun cycle=7 kind=late_wake release_ns=1000000000 wake_ns=1001000000 "
	    "end_ns=1001900000 call=receive call_ns=890000");
	assert_not_explained("not explained");
}

static void of_a_cycle_that_was_both_the_greater_part_counts(void **state)
{
	(void)state;
	add("", "look overruns=1 told=1 first=7 last=7 cpu=3 policy=fifo priority=80");
	add("probe", "overrun cycle=7 kind=late_wake,long_work release_ns=1000000000 "
		     "wake_ns=1001000000 end_ns=1009000000 call=emit call_ns=7900000");
	assert_explained("device probe took 7.9 ms (emit)");
}

static void slow_recording_makes_the_next_cycle_late(void **state)
{
	(void)state;
	add("", "look overruns=1 told=1 first=7 last=7 cpu=3 policy=fifo priority=80");
	add("", "overrun cycle=7 kind=late_wake release_ns=1000000000 wake_ns=1005000000 "
		"end_ns=1005010000 record_ns=4400000");
	assert_explained(
		"handing the records of the cycle before to the logger took 4.4 ms");
}

/* --- with one ------------------------------------------------------------------------------------- */

#define IDLE " <idle>-0 [003] d.h1. "
#define TRACED_STORM                                                                     \
	IDLE "1.000001: irq_handler_entry: irq=37 name=eth0\n" IDLE                      \
	     "1.004800: irq_handler_exit: irq=37 ret=handled\n" IDLE                     \
	     "1.004900: sched_waking: comm=rtloop-cycle pid=93 prio=19 target_cpu=003\n"

static void an_interrupt_is_timed_by_the_trace(void **state)
{
	(void)state;
	add_late();
	add("", "trace cycle=7 file=a.trace");
	put_trace("a.trace", HEAD, TRACED_STORM);
	assert_explained("interrupt 37 (eth0) on CPU 3, 4.8 ms");
}

static void a_traced_thread_is_named_with_what_the_look_knows_of_it(void **state)
{
	static const char text[] =
		" hog-123 [003] d..2. 1.000005: sched_waking: comm=rtloop-cycle pid=93 "
		"prio=19 "
		"target_cpu=003\n"
		" hog-123 [003] d..2. 1.004905: sched_switch: prev_comm=hog prev_pid=123 "
		"prev_prio=9 "
		"prev_state=S ==> next_comm=rtloop-cycle next_pid=93 next_prio=19\n";

	(void)state;
	add_late();
	add("", "trace cycle=7 file=a.trace");
	put_trace("a.trace", HEAD, text);
	assert_explained("program 'hog' (pid 123) ran 4.9 ms on CPU 3");
	add("", "ran cpu=3 123(hog,rr,90)=5000000");
	assert_explained("program 'hog' (pid 123, SCHED_RR 90) ran 4.9 ms on CPU 3");
}

#define ANY_CPU "# rtloop trace: cycle=7 thread=93 cpu=-1 release_ns=1000000000\n"
#define ON_CPU_1                                                                         \
	" rtloop-cycle-93 [001] d..2. 0.999900: sched_switch: prev_comm=rtloop-cycle "   \
	"prev_pid=93 prev_prio=19 prev_state=S ==> next_comm=swapper/1 next_pid=0 "      \
	"next_prio=120\n"
#define ON_CPU_3                                                                         \
	IDLE "1.004950: sched_switch: prev_comm=swapper/3 prev_pid=0 prev_prio=120 "     \
	     "prev_state=R ==> next_comm=rtloop-cycle next_pid=93 next_prio=19\n"

static void a_thread_that_is_not_bound_is_looked_for_in_the_trace(void **state)
{
	(void)state;
	add_late();
	add("", "trace cycle=7 file=a.trace");
	put_trace("a.trace", ANY_CPU, TRACED_STORM ON_CPU_3);
	assert_explained("interrupt 37 (eth0) on CPU 3, 4.8 ms");
	/* it slept on another CPU: where its timer was is not known */
	put_trace("a.trace", ANY_CPU, ON_CPU_1 TRACED_STORM ON_CPU_3);
	assert_not_explained("not explained");
	/* what another CPU did was not in its way, though it is there now */
	put_trace("a.trace", ANY_CPU, ON_CPU_1 TRACED_STORM);
	assert_not_explained("not explained");
	put_trace("a.trace", ANY_CPU, TRACED_STORM);
	assert_not_explained("not explained");
}

static void a_late_timer_is_not_explained_by_who_ran(void **state)
{
	static const char text[] = " hwlatd-77 [003] d..2. 1.000001: sched_waking: "
				   "comm=x pid=1 prio=19 target_cpu=003\n"
				   " hwlatd-77 [003] d..2. 1.004905: sched_waking: "
				   "comm=rtloop-cycle pid=93 prio=19 "
				   "target_cpu=003\n";

	(void)state;
	add_late();
	add("", "trace cycle=7 file=a.trace");
	put_trace("a.trace", HEAD, text);
	assert_not_explained(
		"not explained; its timer came 4.9 ms late, while program 'hwlatd' (pid "
		"77) had CPU 3");
}

static void a_trace_of_another_overrun_is_not_used(void **state)
{
	(void)state;
	add_late();
	add("", "trace cycle=7 file=a.trace");
	put_trace("a.trace", "# rtloop trace: cycle=7 thread=93 cpu=3 release_ns=2\n",
		  TRACED_STORM);
	assert_not_explained("not explained");
	put_trace("a.trace", "# tracer: nop\n", TRACED_STORM);
	assert_not_explained("not explained");
}

static void a_trace_is_looked_for_beside_the_log_only(void **state)
{
	(void)state;
	add_late();
	put_trace("a.trace", HEAD, TRACED_STORM);
	add("", "trace cycle=7 file=../a.trace");
	assert_not_explained("not explained");
	add("", "trace cycle=8 file=a.trace");
	assert_not_explained("not explained");
	add("", "trace cycle=7 error=61");
	assert_not_explained("not explained");
	add("", "trace cycle=7 file=missing.trace");
	assert_not_explained("not explained");
}

static void a_wait_behind_a_page_fault_is_timed_by_the_trace(void **state)
{
	static const char text[] =
		" rtloop-cycle-93 [003] d..2. 1.000015: page_fault_user: address=0x1 "
		"ip=0x2 "
		"error_code=0x14\n"
		" rtloop-cycle-93 [003] d..2. 1.000020: sched_switch: "
		"prev_comm=rtloop-cycle "
		"prev_pid=93 prev_prio=19 prev_state=D ==> next_comm=swapper/3 "
		"next_pid=0 "
		"next_prio=120\n" IDLE "1.001920: sched_waking: comm=rtloop-cycle pid=93 "
		"prio=19 target_cpu=003\n";

	(void)state;
	add_long();
	add("", "trace cycle=7 file=a.trace");
	put_trace("a.trace", HEAD, text);
	assert_explained("page fault in the step: it waited 1.9 ms");
}

static void a_softirq_is_timed_by_the_trace(void **state)
{
	static const char text[] =
		IDLE "1.000001: softirq_entry: vec=3 [action=NET_RX]\n" IDLE
		     "1.002000: softirq_exit: vec=3 [action=NET_RX]\n" IDLE
		     "1.002001: softirq_entry: vec=3 [action=NET_RX]\n" IDLE
		     "1.004802: softirq_exit: vec=3 [action=NET_RX]\n" IDLE
		     "1.004900: sched_waking: comm=rtloop-cycle pid=93 prio=19 "
		     "target_cpu=003\n";

	(void)state;
	add_late();
	add("", "trace cycle=7 file=a.trace");
	put_trace("a.trace", HEAD, text);
	assert_explained("softirq NET_RX on CPU 3, 4.8 ms (2 times)");
}

static void an_interrupt_without_a_number_has_its_name(void **state)
{
	static const char text[] =
		IDLE "1.000001: call_function_single_entry: vector=251\n" IDLE
		     "1.004801: call_function_single_exit: vector=251\n" IDLE
		     "1.004900: sched_waking: comm=rtloop-cycle pid=93 prio=19 "
		     "target_cpu=003\n";

	(void)state;
	add_late();
	add("", "trace cycle=7 file=a.trace");
	put_trace("a.trace", HEAD, text);
	assert_explained("call function single interrupt on CPU 3, 4.8 ms");
}

static void a_cpu_that_sleeps_deeply_is_told_of(void **state)
{
	static const char text[] =
		IDLE "1.000050: sched_waking: comm=rtloop-cycle pid=93 prio=19 "
		     "target_cpu=003\n" ON_CPU_3;

	(void)state;
	add_late();
	add("", "trace cycle=7 file=a.trace");
	put_trace("a.trace", HEAD, text);
	assert_explained("CPU 3 took 4.9 ms to leave its sleep");
}

static void interrupts_that_are_short_each_count_together(void **state)
{
	static const char text[] =
		IDLE "1.000000: irq_handler_entry: irq=37 name=eth0\n" IDLE
		     "1.002000: irq_handler_exit: irq=37 ret=handled\n" IDLE
		     "1.002000: irq_handler_entry: irq=38 name=eth1\n" IDLE
		     "1.003900: irq_handler_exit: irq=38 ret=handled\n" IDLE
		     "1.004990: sched_waking: comm=rtloop-cycle pid=93 prio=19 "
		     "target_cpu=003\n";

	(void)state;
	add_late();
	add("", "trace cycle=7 file=a.trace");
	put_trace("a.trace", HEAD, text);
	assert_explained("interrupts on CPU 3, 3.9 ms together, most of it: interrupt 37 "
			 "(eth0) on CPU 3, 2.0 ms");
}

static void a_step_that_was_stopped_is_known_by_the_trace(void **state)
{
	static const char text[] =
		" rtloop-cycle-93 [003] d..2. 1.000020: sched_switch: "
		"prev_comm=rtloop-cycle prev_pid=93 prev_prio=19 prev_state=T ==> "
		"next_comm=swapper/3 next_pid=0 next_prio=120\n" IDLE
		"1.001920: sched_waking: comm=rtloop-cycle pid=93 prio=19 "
		"target_cpu=003\n";

	(void)state;
	add_long();
	add("", "trace cycle=7 file=a.trace");
	put_trace("a.trace", HEAD, text);
	assert_explained("the process was stopped for 2.0 ms");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_evidence_there_is_no_answer),
		TEST(what_nothing_speaks_of_is_not_explained),
		TEST(counts_alone_prove_nothing),
		TEST(a_stopped_process_is_known_by_sigcont),
		TEST(sigcont_alone_does_not_mean_that_it_was_stopped),
		TEST(sigcont_of_another_time_is_no_reason),
		TEST(a_thread_that_goes_before_and_ran_for_long_is_named),
		TEST(what_it_waits_for_at_other_times_is_taken_off),
		TEST(a_long_time_of_which_nothing_usual_is_known_names_nobody),
		TEST(a_thread_that_goes_behind_is_not_named),
		TEST(where_two_may_have_been_it_nobody_is_named),
		TEST(where_one_that_ended_may_have_been_it_nobody_is_named),
		TEST(where_the_sum_is_not_known_nobody_is_named),
		TEST(a_thread_that_was_never_ready_waited_for_nobody),
		TEST(to_an_ordinary_thread_any_other_goes_before),
		TEST(one_of_many_is_not_taken_for_all),
		TEST(a_major_page_fault_in_the_step_explains_it),
		TEST(a_page_fault_of_another_cycle_does_not),
		TEST(a_minor_one_explains_nothing),
		TEST(a_slow_device_is_named),
		TEST(a_slow_program_is_named_too),
		TEST(a_slow_plugin_is_named_too),
		TEST(what_is_no_device_s_is_not_blamed_on_one),
		TEST(a_device_is_not_blamed_for_what_others_ran),
		TEST(a_device_is_not_blamed_for_a_late_wake_up),
		TEST(of_a_cycle_that_was_both_the_greater_part_counts),
		TEST(slow_recording_makes_the_next_cycle_late),
		TEST(an_interrupt_is_timed_by_the_trace),
		TEST(a_traced_thread_is_named_with_what_the_look_knows_of_it),
		TEST(a_thread_that_is_not_bound_is_looked_for_in_the_trace),
		TEST(a_late_timer_is_not_explained_by_who_ran),
		TEST(a_trace_of_another_overrun_is_not_used),
		TEST(a_trace_is_looked_for_beside_the_log_only),
		TEST(a_wait_behind_a_page_fault_is_timed_by_the_trace),
		TEST(a_softirq_is_timed_by_the_trace),
		TEST(an_interrupt_without_a_number_has_its_name),
		TEST(a_cpu_that_sleeps_deeply_is_told_of),
		TEST(interrupts_that_are_short_each_count_together),
		TEST(a_step_that_was_stopped_is_known_by_the_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
