/*
 * A filter of system calls, as the kernel's seccomp(2) takes it: a list of calls that are let through, each with
 * conditions on its arguments. What is not in the list, and a call of another architecture, is trapped.
 *
 * Only the lower 32 bits of an argument are looked at: the kernel, too, ignores the rest of an int.
 */
#ifndef RTLOOP_BASE_FILTER_H
#define RTLOOP_BASE_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#define FILTER_INSTRUCTIONS_MAX 512
#define FILTER_CHECKS_MAX	2

enum filter_relation {
	FILTER_EQUAL, /* to the value */
	FILTER_ABOVE, /* unsigned */
	FILTER_HAS,   /* all bits of the value */
};

/* A condition on one argument. */
struct filter_check {
	uint8_t argument; /* 0 to 5 */
	enum filter_relation relation;
	uint32_t value;
};

/* One call that is let through where all conditions hold; another rule may name the same call. */
struct filter_rule {
	uint32_t call; /* its number on this machine */
	unsigned check_count;
	struct filter_check checks[FILTER_CHECKS_MAX];
};

struct filter {
	struct sock_filter code[FILTER_INSTRUCTIONS_MAX];
	unsigned count;
};

/** filter_begin - an empty one, for calls of this machine. [any] */
void filter_begin(struct filter *filter);

/** filter_allow - let one more through. Those that come often go first. -ENOSPC where it is full. [any] */
int filter_allow(struct filter *filter, const struct filter_rule *rule);

/**
 * filter_end - what becomes of all others.
 * @gate: the address behind the one instruction that a handler of SIGSYS makes its calls with
 * @rules: of calls that are let through at the gate only; NULL: all are
 *
 * Others at the gate end the process; elsewhere they are trapped: SIGSYS tells a handler. -ENOSPC. [any]
 */
int filter_end(struct filter *filter, uintptr_t gate, const struct filter_rule *rules,
	       unsigned rule_count);

/**
 * filter_install - put it before all calls that the calling thread makes from now on; it stays.
 *
 * -EACCES without no_new_privs; -EINVAL, -ENOSYS where the kernel has no such filters. [init] by the thread itself
 */
int filter_install(const struct filter *filter);

#endif
