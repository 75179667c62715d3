#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/audit.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/filter.h"
#include "tests/fakes/bpf.h"

#define GATE UINT64_C(0x7f0012345678)

/* Numbers of no meaning: a filter knows none. */
enum { PLAIN = 11, CHECKED = 22, TWICE = 33, NEVER = 44 };

static const struct filter_rule rules[] = {
	{ .call = PLAIN },
	{ .call = CHECKED,
	  .check_count = 2,
	  .checks = { { .argument = 0, .relation = FILTER_ABOVE, .value = 2 },
		      { .argument = 1, .relation = FILTER_HAS, .value = 0x44 } } },
	{ .call = TWICE, .check_count = 1, .checks = { { .argument = 1, .value = 7 } } },
	{ .call = TWICE, .check_count = 1, .checks = { { .argument = 1, .value = 9 } } },
};

static const struct filter_rule last_words[] = {
	{ .call = NEVER, .check_count = 1, .checks = { { .argument = 0, .value = 2 } } },
};

/* @gate_rules: NULL: all goes at the gate */
static void make(struct filter *filter, const struct filter_rule *gate_rules)
{
	filter_begin(filter);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		assert_int_equal(filter_allow(filter, &rules[i]), 0);
	}
	assert_int_equal(filter_end(filter, (uintptr_t)GATE, gate_rules, 1), 0);
}

static void assert_verdict(uint32_t verdict, const struct filter *filter, long number,
			   uint64_t first, uint64_t second)
{
	const struct seccomp_data call = bpf_call(number, first, second);

	assert_int_equal(bpf_judge(filter, &call), verdict);
}

static void a_call_of_the_list_is_let_through_and_any_other_is_trapped(void **state)
{
	struct filter filter;

	make(&filter, NULL);
	assert_verdict(SECCOMP_RET_ALLOW, &filter, PLAIN, 0, 0);
	assert_verdict(SECCOMP_RET_TRAP, &filter, NEVER, 0, 0);
	assert_verdict(SECCOMP_RET_TRAP, &filter, -1, 0, 0);
	filter_begin(&filter);
	assert_int_equal(filter_end(&filter, (uintptr_t)GATE, NULL, 0), 0);
	assert_verdict(SECCOMP_RET_TRAP, &filter, PLAIN, 0, 0);
}

static void all_conditions_must_hold(void **state)
{
	struct filter filter;

	make(&filter, NULL);
	assert_verdict(SECCOMP_RET_ALLOW, &filter, CHECKED, 3, 0x44);
	assert_verdict(SECCOMP_RET_ALLOW, &filter, CHECKED, 3, 0xffffffff);
	assert_verdict(SECCOMP_RET_TRAP, &filter, CHECKED, 2, 0x44);
	assert_verdict(SECCOMP_RET_TRAP, &filter, CHECKED, 3, 0x40);
	assert_verdict(SECCOMP_RET_TRAP, &filter, CHECKED, 3, 0);
}

static void a_call_may_be_named_more_than_once(void **state)
{
	struct filter filter;

	make(&filter, NULL);
	assert_verdict(SECCOMP_RET_ALLOW, &filter, TWICE, 0, 7);
	assert_verdict(SECCOMP_RET_ALLOW, &filter, TWICE, 0, 9);
	assert_verdict(SECCOMP_RET_TRAP, &filter, TWICE, 7, 8);
}

/* An int in a register of 64 bits has anything in its upper half. */
static void the_upper_half_of_an_argument_is_not_looked_at(void **state)
{
	struct filter filter;

	make(&filter, NULL);
	assert_verdict(SECCOMP_RET_ALLOW, &filter, TWICE, 0,
		       UINT64_C(0xffffffff00000007));
	assert_verdict(SECCOMP_RET_TRAP, &filter, CHECKED, UINT64_C(0x100000000), 0x44);
}

static void a_call_of_another_architecture_is_trapped_whatever_its_number(void **state)
{
	struct seccomp_data call = bpf_call(PLAIN, 0, 0);
	struct filter filter;

	make(&filter, NULL);
	call.arch = call.arch == AUDIT_ARCH_I386 ? AUDIT_ARCH_ARM : AUDIT_ARCH_I386;
	assert_int_equal(bpf_judge(&filter, &call), SECCOMP_RET_TRAP);
	/* nor does the gate let it through */
	call.instruction_pointer = GATE;
	assert_int_equal(bpf_judge(&filter, &call), SECCOMP_RET_TRAP);
	/* x32: the architecture of 64 bits, with a bit in the number */
	call = bpf_call(PLAIN | 0x40000000, 0, 0);
	assert_int_equal(bpf_judge(&filter, &call), SECCOMP_RET_TRAP);
}

static void everything_goes_at_the_gate_and_nowhere_beside_it(void **state)
{
	struct seccomp_data call = bpf_call(NEVER, 0, 0);
	const uint64_t beside[] = { GATE + 1, GATE - 1, (uint32_t)GATE,
				    GATE + (UINT64_C(1) << 32) };
	struct filter filter;

	make(&filter, NULL);
	call.instruction_pointer = sizeof(uintptr_t) == 8 ? GATE : (uint32_t)GATE;
	assert_int_equal(bpf_judge(&filter, &call), SECCOMP_RET_ALLOW);
	for (size_t i = 0; sizeof(uintptr_t) == 8 && i < ARRAY_SIZE(beside); i++) {
		call.instruction_pointer = beside[i];
		assert_int_equal(bpf_judge(&filter, &call), SECCOMP_RET_TRAP);
	}
}

static void a_gate_with_rules_ends_the_process_for_all_else(void **state)
{
	struct seccomp_data call = bpf_call(NEVER, 2, 0);
	struct filter filter;

	make(&filter, last_words);
	assert_int_equal(bpf_judge(&filter, &call), SECCOMP_RET_TRAP);
	call.instruction_pointer = sizeof(uintptr_t) == 8 ? GATE : (uint32_t)GATE;
	assert_int_equal(bpf_judge(&filter, &call), SECCOMP_RET_ALLOW);
	call.args[0] = 1;
	assert_int_equal(bpf_judge(&filter, &call), SECCOMP_RET_KILL_PROCESS);
	call.nr = NEVER + 1;
	assert_int_equal(bpf_judge(&filter, &call), SECCOMP_RET_KILL_PROCESS);
}

static void a_filter_that_is_full_says_so_and_is_still_a_program(void **state)
{
	struct filter filter;
	int code = 0;

	filter_begin(&filter);
	for (unsigned i = 0; code == 0 && i < FILTER_INSTRUCTIONS_MAX; i++) {
		code = filter_allow(&filter, &rules[1]);
	}
	assert_int_equal(code, -ENOSPC);
	assert_true(filter.count <= FILTER_INSTRUCTIONS_MAX);
	assert_int_equal(filter_end(&filter, (uintptr_t)GATE, last_words, 1), -ENOSPC);
	assert_true(filter.count <= FILTER_INSTRUCTIONS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_call_of_the_list_is_let_through_and_any_other_is_trapped),
		cmocka_unit_test(all_conditions_must_hold),
		cmocka_unit_test(a_call_may_be_named_more_than_once),
		cmocka_unit_test(the_upper_half_of_an_argument_is_not_looked_at),
		cmocka_unit_test(
			a_call_of_another_architecture_is_trapped_whatever_its_number),
		cmocka_unit_test(everything_goes_at_the_gate_and_nowhere_beside_it),
		cmocka_unit_test(a_gate_with_rules_ends_the_process_for_all_else),
		cmocka_unit_test(a_filter_that_is_full_says_so_and_is_still_a_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
