#include "rtloop/base/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define NATIVE AUDIT_ARCH_ARM
#else
#define NATIVE 0 /* of no machine: all is trapped */
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the lower half of an argument is expected to be its first"
#endif

#define OFFSET(member) ((uint32_t)offsetof(struct seccomp_data, member))

#define GATE_INSTRUCTIONS 6

static void put(struct filter *filter, uint16_t code, uint32_t k, uint8_t if_true,
		uint8_t if_false)
{
	filter->code[filter->count++] = (struct sock_filter){
		.code = code, .jt = if_true, .jf = if_false, .k = k
	};
}

static void load(struct filter *filter, uint32_t offset)
{
	put(filter, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void answer(struct filter *filter, uint32_t action)
{
	put(filter, BPF_RET | BPF_K, action, 0, 0);
}

static bool has_room(const struct filter *filter, unsigned instructions)
{
	return filter->count + instructions <= FILTER_INSTRUCTIONS_MAX;
}

void filter_begin(struct filter *filter)
{
	filter->count = 0;
	load(filter, OFFSET(arch));
	put(filter, BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0);
	answer(filter, SECCOMP_RET_TRAP);
	load(filter, OFFSET(nr));
}

static uint16_t jump_of(enum filter_relation relation)
{
	static const uint16_t jumps[] = {
		[FILTER_EQUAL] = BPF_JMP | BPF_JEQ | BPF_K,
		[FILTER_ABOVE] = BPF_JMP | BPF_JGT | BPF_K,
	};

	return jumps[relation];
}

/* Falls through where the condition holds, or else jumps over @left more instructions. */
static void put_check(struct filter *filter, const struct filter_check *check,
		      uint8_t left)
{
	load(filter, OFFSET(args) + check->argument * (uint32_t)sizeof(uint64_t));
	if (check->relation == FILTER_HAS) {
		put(filter, BPF_ALU | BPF_AND | BPF_K, check->value, 0, 0);
		put(filter, BPF_JMP | BPF_JEQ | BPF_K, check->value, 0, left);
	} else {
		put(filter, jump_of(check->relation), check->value, 0, left);
	}
}

static uint8_t check_length(const struct filter_check *check)
{
	return check->relation == FILTER_HAS ? 3 : 2;
}

/* The number of the call is in the accumulator before, and again behind it. */
int filter_allow(struct filter *filter, const struct filter_rule *rule)
{
	uint8_t left = 1; /* the verdict */

	for (unsigned i = 0; i < rule->check_count; i++) {
		left = (uint8_t)(left + check_length(&rule->checks[i]));
	}
	if (!has_room(filter, left + 2u)) {
		return -ENOSPC;
	}
	put(filter, BPF_JMP | BPF_JEQ | BPF_K, rule->call, 0,
	    (uint8_t)(left + (rule->check_count > 0)));
	for (unsigned i = 0; i < rule->check_count; i++) {
		left = (uint8_t)(left - check_length(&rule->checks[i]));
		put_check(filter, &rule->checks[i], left);
	}
	answer(filter, SECCOMP_RET_ALLOW);
	if (rule->check_count > 0) {
		load(filter, OFFSET(nr));
	}
	return 0;
}

/* Anywhere else than behind the gate: trapped. */
static void put_gate(struct filter *filter, uint64_t gate)
{
	load(filter, OFFSET(instruction_pointer));
	put(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)gate, 0, 2);
	load(filter, OFFSET(instruction_pointer) + 4);
	put(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(gate >> 32), 1, 0);
	answer(filter, SECCOMP_RET_TRAP);
	load(filter, OFFSET(nr));
}

int filter_end(struct filter *filter, uintptr_t gate, const struct filter_rule *rules,
	       unsigned rule_count)
{
	int code = 0;

	if (!has_room(filter, GATE_INSTRUCTIONS + 1)) {
		return -ENOSPC;
	}
	put_gate(filter, gate);
	for (unsigned i = 0; rules && code == 0 && i < rule_count; i++) {
		code = filter_allow(filter, &rules[i]);
	}
	if (code || !has_room(filter, 1)) {
		return -ENOSPC;
	}
	answer(filter, rules ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ALLOW);
	return 0;
}

int filter_install(const struct filter *filter)
{
	struct sock_fprog program = { .len = (unsigned short)filter->count,
				      .filter = (struct sock_filter *)filter->code };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) ? -errno : 0;
}
