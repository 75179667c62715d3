#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/super/proc.h"

static struct proc_counts counts;

static void assert_count(const char *name, uint64_t value)
{
	for (unsigned i = 0; i < counts.count; i++) {
		if (strcmp(counts.list[i].name, name) == 0) {
			assert_int_equal(counts.list[i].value, value);
			return;
		}
	}
	fail_msg("there is no %s", name);
}

/* --- /proc/interrupts ------------------------------------------------------------------------ */

static const char one_cpu[] = "           CPU0       \n"
			      "  0:         45   IO-APIC   2-edge      timer\n"
			      " 10:        641   IO-APIC  10-fasteoi   virtio0\n"
			      "LOC:        552   Local timer interrupts\n"
			      "ERR:          3\n"
			      "MIS:          0\n";

static void a_machine_of_one_cpu_has_one_column(void **state)
{
	(void)state;
	assert_int_equal(proc_parse_counts(one_cpu, 0, &counts), 0);
	assert_count("0(timer)", 45);
	assert_count("10(virtio0)", 641);
	assert_count("LOC(Local_timer_interrupts)", 552);
	/* with one CPU these look like a column, and are one */
	assert_count("ERR", 3);
	assert_int_equal(counts.count, 5);
}

static const char eight_cpus[] =
	"            CPU0       CPU1       CPU2       CPU3       CPU4       CPU5       "
	"CPU6       CPU7       \n"
	"   0:          7          0          0          0          0          0         "
	" 0          0  IR-IO-APIC    2-edge      timer\n"
	"  16:          0          0          0          1          0          0         "
	" 0         12  IR-IO-APIC   16-fasteoi   i801_smbus, snd_hda_intel:card0\n"
	" 137:          0          0     991234          0          0          0         "
	" 0          0  IR-PCI-MSIX-0000:00:1f.6    0-edge      eth0-TxRx-0\n"
	" NMI:          1          2          3          4          5          6         "
	" 7          8   Non-maskable interrupts\n"
	" TLB:         10         20         30         40         50         60         "
	"70         80   TLB shootdowns\n"
	" ERR:          0\n"
	" PIN:          0          0          0          0          0          0         "
	" 0          0   Posted-interrupt notification event\n";

static void each_cpu_has_its_own_column(void **state)
{
	(void)state;
	assert_int_equal(proc_parse_counts(eight_cpus, 2, &counts), 0);
	assert_count("137(eth0-TxRx-0)", 991234);
	assert_count("NMI(Non-maskable_interrupts)", 3);
	assert_int_equal(proc_parse_counts(eight_cpus, 7, &counts), 0);
	assert_count("16(i801_smbus__snd_hda_intel:card0)", 12);
	assert_count("TLB(TLB_shootdowns)", 80);
	assert_int_equal(counts.count, 6);
}

static void a_line_that_is_of_no_cpu_is_left_out(void **state)
{
	(void)state;
	assert_int_equal(proc_parse_counts(eight_cpus, 0, &counts), 0);
	for (unsigned i = 0; i < counts.count; i++) {
		assert_string_not_equal(counts.list[i].name, "ERR");
	}
}

static const char arm[] =
	"           CPU0       CPU1       CPU3       \n"
	" 11:     104571      98122      77120     GICv2  30 Level     arch_timer\n"
	" 37:         81          0        212     GICv2 189 Level     eth0\n"
	" 56:          0          0          1  pinctrl-bcm2835  4 Edge      estop line, "
	"spare\n"
	"IPI0:       100        200        300       Rescheduling interrupts\n"
	"IPI5:         0          0          9       IRQ work interrupts\n"
	"Err:          0\n";

static void arm_writes_it_its_own_way(void **state)
{
	(void)state;
	assert_int_equal(proc_parse_counts(arm, 1, &counts), 0);
	assert_count("11(arch_timer)", 98122);
	assert_count("IPI0(Rescheduling_interrupts)", 200);
	assert_int_equal(counts.count, 5);
}

static void columns_are_found_by_name_where_a_cpu_is_offline(void **state)
{
	(void)state;
	assert_int_equal(proc_parse_counts(arm, 3, &counts), 0);
	assert_count("37(eth0)", 212);
	assert_count("56(estop_line__spare)", 1);
	assert_int_equal(proc_parse_counts(arm, 2, &counts), -ENOENT);
}

static void names_of_any_length_and_kind_become_one_word(void **state)
{
	static const char odd[] = "  CPU0 CPU1\n"
				  "  9: 1 2   PCI-MSI 524288-edge      a=b (c) \xc3\xa9 "
				  "and much more than has room here\n"
				  " 12: 3 4\n"
				  "012345678901234567890123456789012345678901: 5 6   x\n"
				  ": 7 8   nobody\n"
				  "no number\n"
				  " 13: 9\n"
				  " 14: 10 11   without an end";

	(void)state;
	assert_int_equal(proc_parse_counts(odd, 1, &counts), 0);
	assert_int_equal(counts.count, 2);
	assert_int_equal(counts.list[0].value, 2);
	assert_true(strlen(counts.list[0].name) < PROC_NAME_BYTES);
	assert_int_equal(strncmp(counts.list[0].name, "9(a_b__c_", 9), 0);
	assert_int_equal(strcspn(counts.list[0].name, " =,"),
			 strlen(counts.list[0].name));
	assert_count("12", 4);
}

static void what_is_no_table_is_refused(void **state)
{
	(void)state;
	assert_int_equal(proc_parse_counts("", 0, &counts), -ENOENT);
	assert_int_equal(proc_parse_counts("CPU", 0, &counts), -ENOENT);
	assert_int_equal(proc_parse_counts("nothing\n 1: 2\n", 0, &counts), -ENOENT);
}

static void more_lines_than_have_room_are_left_out(void **state)
{
	char *text = malloc(PROC_COUNTS_MAX * 32);
	size_t used = (size_t)sprintf(text, " CPU0\n");

	(void)state;
	for (unsigned i = 0; i < PROC_COUNTS_MAX + 10; i++) {
		used += (size_t)sprintf(text + used, "%u: %u   x\n", i, i);
	}
	assert_int_equal(proc_parse_counts(text, 0, &counts), 0);
	assert_int_equal(counts.count, PROC_COUNTS_MAX);
	free(text);
}

/* --- /proc/softirqs -------------------------------------------------------------------------- */

static void softirqs_have_names_only(void **state)
{
	static const char softirqs[] = "                    CPU0       CPU1       \n"
				       "          HI:          0          1\n"
				       "      NET_RX:        500       7000\n"
				       "         RCU:          9          8\n";

	(void)state;
	assert_int_equal(proc_parse_counts(softirqs, 1, &counts), 0);
	assert_count("NET_RX", 7000);
	assert_count("HI", 1);
	assert_int_equal(counts.count, 3);
}

static void assert_before(const char *name, unsigned hint, uint64_t expected)
{
	struct proc_count now = { .value = 7000 };
	uint64_t value;

	snprintf(now.name, sizeof(now.name), "%s", name);
	assert_true(proc_count_before(&counts, &now, hint, &value));
	assert_int_equal(value, expected);
}

static void a_count_is_found_by_its_name(void **state)
{
	(void)state;
	assert_int_equal(proc_parse_counts(one_cpu, 0, &counts), 0);
	assert_before("10(virtio0)", 1, 641);
	assert_before("10(virtio0)", 0, 641);
	assert_before("10(virtio0)", 400, 641);
	assert_before("11(new)", 1, 0);
	assert_before("1(virtio0)", 1, 0);
}

static void a_driver_that_comes_or_goes_leaves_its_count(void **state)
{
	(void)state;
	assert_int_equal(proc_parse_counts(one_cpu, 0, &counts), 0);
	assert_before("10", 1, 641);
	assert_before("10(virtio0,_eth0)", 1, 641);
}

static void what_may_have_been_left_out_is_not_new(void **state)
{
	const struct proc_count now = { .name = "900(eth0)", .value = 7000 };
	uint64_t value;

	(void)state;
	memset(&counts, 0, sizeof(counts));
	counts.count = PROC_COUNTS_MAX - 1;
	assert_true(proc_count_before(&counts, &now, 0, &value));
	counts.count = PROC_COUNTS_MAX;
	assert_false(proc_count_before(&counts, &now, 0, &value));
}

/* --- threads --------------------------------------------------------------------------------- */

static void a_thread_is_taken_apart(void **state)
{
	struct proc_thread thread;

	(void)state;
	assert_int_equal(proc_parse_thread("93 (rtloop-cycle) S 1 89 89 0 -1 4194368 11 "
					   "12 13 14 15 16 17 18 -81 0 5 0 "
					   "7190 21311488 1342 18446744073709551615 1 1 "
					   "0 0 0 0 0 4096 2048 1 0 0 -1 3 80 1 0 0 "
					   "0 0 0 0 0 0 0 0 0\n",
					   &thread),
			 0);
	assert_string_equal(thread.name, "rtloop-cycle");
	assert_int_equal(thread.minor_faults, 11);
	assert_int_equal(thread.major_faults, 13);
	assert_int_equal(thread.cpu, 3);
	assert_int_equal(thread.priority, 80);
	assert_int_equal(thread.policy, 1);
}

static void a_thread_s_name_may_hold_anything(void **state)
{
	struct proc_thread thread;

	(void)state;
	assert_int_equal(proc_parse_thread("93 (a) S 1 (b) R 1 89 89 0 -1 4194368 11 12 "
					   "13 14 15 16 17 18 -81 0 5 0 7190 0 0 0 "
					   "1 1 0 0 0 0 0 0 0 1 0 0 -1 0 0 6 0\n",
					   &thread),
			 0);
	assert_string_equal(thread.name, "a) S 1 (b");
	assert_int_equal(thread.policy, 6);
}

static void a_thread_that_is_cut_is_refused(void **state)
{
	struct proc_thread thread;

	(void)state;
	assert_int_equal(proc_parse_thread("", &thread), -EBADMSG);
	assert_int_equal(proc_parse_thread("93 (x S 1", &thread), -EBADMSG);
	assert_int_equal(proc_parse_thread(")(", &thread), -EBADMSG);
	assert_int_equal(proc_parse_thread("93 (x) S 1 89 89 0 -1 4194368 11", &thread),
			 -EBADMSG);
}

static void times_of_a_thread_are_nanoseconds(void **state)
{
	struct proc_sched sched;

	(void)state;
	assert_int_equal(proc_parse_sched("12380297 355870 17\n", &sched), 0);
	assert_int_equal(sched.run_ns, 12380297);
	assert_int_equal(sched.delay_ns, 355870);
	assert_int_equal(sched.slices, 17);
	assert_int_equal(proc_parse_sched("12380297 355870", &sched), -EBADMSG);
}

static void a_cpu_s_line_is_not_taken_for_another_s(void **state)
{
	static const char schedstat[] =
		"version 16\ntimestamp 4294893064\n"
		"cpu10 0 0 0 0 0 0 5 6 7\ndomain0 3 0 0\n"
		"cpu1 1 2 3 4 5 6 1924849472 863711916 2003\ndomain0 3 0\ncpu2 0 0\n";
	struct proc_sched sched;

	(void)state;
	assert_int_equal(proc_parse_cpu_sched(schedstat, 1, &sched), 0);
	assert_int_equal(sched.run_ns, 1924849472);
	assert_int_equal(sched.slices, 2003);
	assert_int_equal(proc_parse_cpu_sched(schedstat, 0, &sched), -ENOENT);
	assert_int_equal(proc_parse_cpu_sched(schedstat, 2, &sched), -EBADMSG);
}

static void context_switches_are_found_by_name(void **state)
{
	struct proc_switches switches;

	(void)state;
	assert_int_equal(proc_parse_switches("Name:\tx\nvoluntary_ctxt_switches:\t13\n"
					     "nonvoluntary_ctxt_switches:\t3\n",
					     &switches),
			 0);
	assert_int_equal(switches.voluntary, 13);
	assert_int_equal(switches.involuntary, 3);
	assert_int_equal(proc_parse_switches("voluntary_ctxt_switches:\t13\n", &switches),
			 -EBADMSG);
}

static void what_the_hypervisor_took_is_the_eighth(void **state)
{
	static const char stat[] = "cpu  14 0 277 213 0 0 2 9 0 0\n"
				   "cpu0 11 0 124 120 0 0 1 4 0 0\ncpu1 3 0\n";
	uint64_t ticks;

	(void)state;
	assert_int_equal(proc_parse_steal(stat, 0, &ticks), 0);
	assert_int_equal(ticks, 4);
	assert_int_equal(proc_parse_steal(stat, 1, &ticks), -EBADMSG);
	assert_int_equal(proc_parse_steal(stat, 2, &ticks), -ENOENT);
}

static void a_value_stands_behind_its_key(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(
		proc_parse_value("a 1\nnr_throttled 7\n", "nr_throttled", &value), 0);
	assert_int_equal(value, 7);
	assert_int_equal(proc_parse_value("xnr_throttled 7\n", "nr_throttled", &value),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_of_one_cpu_has_one_column),
		cmocka_unit_test(each_cpu_has_its_own_column),
		cmocka_unit_test(a_line_that_is_of_no_cpu_is_left_out),
		cmocka_unit_test(arm_writes_it_its_own_way),
		cmocka_unit_test(columns_are_found_by_name_where_a_cpu_is_offline),
		cmocka_unit_test(names_of_any_length_and_kind_become_one_word),
		cmocka_unit_test(what_is_no_table_is_refused),
		cmocka_unit_test(more_lines_than_have_room_are_left_out),
		cmocka_unit_test(softirqs_have_names_only),
		cmocka_unit_test(a_count_is_found_by_its_name),
		cmocka_unit_test(a_driver_that_comes_or_goes_leaves_its_count),
		cmocka_unit_test(what_may_have_been_left_out_is_not_new),
		cmocka_unit_test(a_thread_is_taken_apart),
		cmocka_unit_test(a_thread_s_name_may_hold_anything),
		cmocka_unit_test(a_thread_that_is_cut_is_refused),
		cmocka_unit_test(times_of_a_thread_are_nanoseconds),
		cmocka_unit_test(a_cpu_s_line_is_not_taken_for_another_s),
		cmocka_unit_test(context_switches_are_found_by_name),
		cmocka_unit_test(what_the_hypervisor_took_is_the_eighth),
		cmocka_unit_test(a_value_stands_behind_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
