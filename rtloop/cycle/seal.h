/*
 * The seal of the cycle thread: a filter of the kernel's that lets through just those calls that the configuration
 * needs, from the end of the thread's set-up on. Any other is noted with the place in the code that it came from,
 * and then made after all ("log"), or it ends the process ("kill").
 *
 * The kernel hands such a call to a handler in the thread itself (SIGSYS), so that it costs nothing where none is made,
 * needs no audit daemon and no right to read its log, and is told where it was made. The handler makes its own
 * calls with one instruction, the gate, which the filter knows by its address. With "kill" that instruction
 * can only say on standard error what was called, and end the process.
 */
#ifndef RTLOOP_CYCLE_SEAL_H
#define RTLOOP_CYCLE_SEAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/counter.h"
#include "rtloop/base/err.h"
#include "rtloop/base/filter_calls.h"

#define SEAL_CALLS_MAX	 16
#define SEAL_OBJECTS_MAX 64
#define SEAL_TEXT_BYTES	 256

/* Code in memory. */
struct seal_object {
	uintptr_t start;
	uintptr_t end;
	uintptr_t base;	  /* what offsets in the file are counted from */
	const char *name; /* borrowed from the loader, without its folder */
	bool is_system;	  /* the C library and the like, through which others call */
	bool is_program;  /* rtloop itself */
};

/* A call that the configuration does not need, from one place in the code. */
struct seal_call {
	_Atomic uint64_t count; /* 0: the place is free; otherwise the rest is valid */
	uint32_t number;
	bool is_foreign; /* of another architecture than this machine's */
	uintptr_t caller;
	const struct seal_object *object; /* NULL: it was made from nowhere known */
	uintptr_t offset;		  /* in that */
};

struct seal {
	int kind;	       /* enum seal_kind */
	_Atomic bool is_on;    /* in force */
	unsigned instructions; /* of the filter */
	uintptr_t stack_end;
	unsigned object_count;
	struct seal_object objects[SEAL_OBJECTS_MAX];
	struct counter total; /* such calls, also those that the list has no room for */
	struct seal_call calls[SEAL_CALLS_MAX];
};

/**
 * seal_put_on - seal the calling thread, for good.
 * @kind: enum seal_kind of options.h; SEAL_OFF is a no-op
 * @scope: what it needs
 *
 * -EINVAL, -ENOSYS, -EACCES: the kernel has no filters, or does not let this process have one; -ENOSPC; with @err
 * filled. [init] by the thread itself, before its first cycle
 */
int seal_put_on(struct seal *seal, int kind, const struct filter_scope *scope,
		struct err *err) MUST_CHECK;

/** seal_next - the index-th call that was noted; NULL: none yet, nor behind it. [any] */
const struct seal_call *seal_next(const struct seal *seal, unsigned index) RT_SAFE;

/** seal_kind_name - "log". [any] */
const char *seal_kind_name(int kind) RT_SAFE;

/**
 * seal_describe - "getpid (39) at voter.so+0x1139"; allocates nothing. Returns its length. [any]
 */
unsigned seal_describe(const struct seal_call *call, char text[SEAL_TEXT_BYTES]) RT_SAFE;

/** seal_call_name - of a system call of this machine; NULL: one that is not known. [any] */
const char *seal_call_name(uint32_t number) RT_SAFE;

#endif
