#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "rtloop/base/trace_line.h"

static struct trace_line line;

static void parse(const char *text)
{
	assert_int_equal(trace_line_parse(text, &line), 0);
}

static void a_line_is_taken_apart(void **state)
{
	(void)state;
	parse("    rtloop-cycle-93      [001] d.h1.     7.192129: irq_handler_entry: "
	      "irq=10 name=virtio0\n");
	assert_int_equal(line.name_length, strlen("rtloop-cycle"));
	assert_memory_equal(line.name, "rtloop-cycle", line.name_length);
	assert_int_equal(line.task, 93);
	assert_int_equal(line.cpu, 1);
	assert_int_equal(line.time_ns, 7192129000);
	assert_true(trace_line_is(&line, "irq_handler_entry"));
	assert_false(trace_line_is(&line, "irq_handler_exit"));
	assert_false(trace_line_is(&line, "irq_handler"));
	assert_int_equal(trace_line_number(&line, " irq=", -1), 10);
	assert_int_equal(trace_line_number(&line, " ret=", -1), -1);
	assert_int_equal(trace_line_number(&line, " name=", -1), -1);
}

static void the_idle_task_is_number_0(void **state)
{
	(void)state;
	parse("          <idle>-0       [127] dNh1. 12345.000003: softirq_raise: vec=7 "
	      "[action=SCHED]\n");
	assert_int_equal(line.task, 0);
	assert_int_equal(line.cpu, 127);
	assert_int_equal(line.time_ns, 12345000003000);
}

static void a_task_may_be_called_anything(void **state)
{
	(void)state;
	parse(" a [1] b-c [00-12 [003] d..2.     1.000000: sched_switch: prev_comm=x "
	      "next_pid=5 prev_pid=9 "
	      "prev_prio=120 prev_state=R ==> next_comm= next_pid=7 next_pid=93 "
	      "next_prio=19\n");
	assert_int_equal(line.task, 12);
	assert_int_equal(line.cpu, 3);
	assert_int_equal(trace_line_number(&line, " next_pid=", -1), 93);
	assert_int_equal(trace_line_number(&line, " next_prio=", -1), 19);
}

static void other_lines_are_none(void **state)
{
	static const char *const others[] = {
		"",
		"# tracer: nop\n",
		"#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION\n",
		"CPU:1 [LOST 12 EVENTS]\n",
		"    task-1  [001] d.h1.  x: y\n",
		"    task-1  [001] d.h1.  1.5\n",
		"    task-1  [001] d.h1.  1.500000: event\n",
		"    task-1  [001",
		"    task  [001] d.h1.  1.500000: event: a=1\n",
		" [001] d.h1.  1.500000: event: a=1\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_int_equal(trace_line_parse(others[i], &line), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_taken_apart),
		cmocka_unit_test(the_idle_task_is_number_0),
		cmocka_unit_test(a_task_may_be_called_anything),
		cmocka_unit_test(other_lines_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
