/*
 * Failure at every site: which calls a run of rtloop makes of the kernel and of the allocator, and one of them
 * failing on purpose. A site is a function and the chain of callers that led to it; the wrappers in wraps.c
 * ask here before each call.
 */
#ifndef TESTS_SITES_INJECT_H
#define TESTS_SITES_INJECT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SITE_FRAMES	4 /* callers that tell one site from another */
#define SITES_MAX	4096
#define SITE_ERRORS_MAX 24

struct site {
	int function; /* index of site_functions[] */
	uint64_t chain;
	unsigned calls; /* in the run that was recorded */
	uintptr_t frames[SITE_FRAMES];
};

/* One run: what is to fail in it, and what came of it. Lives in memory that parent and child share. */
struct trial {
	bool is_recording;
	int function;
	uint64_t chain;
	unsigned occurrence; /* the how manieth call from there fails, from 1 on */
	int error;

	_Atomic unsigned seen;
	_Atomic bool has_failed; /* it came to that call */
	_Atomic bool is_off; /* the run is over: what comes now is the harness's own */
	atomic_flag lock;
	unsigned site_count;
	struct site sites[SITES_MAX];
};

struct site_function {
	const char *name;
	int errors[SITE_ERRORS_MAX]; /* up to a 0 */
};

/* In the order of the wrappers; the count is site_function_count. */
extern const struct site_function site_functions[];
extern const unsigned site_function_count;

/** inject_begin - from now on, by this plan. */
void inject_begin(struct trial *trial);

/** inject_end - no call fails any more, and none is recorded. */
void inject_end(void);

/** inject_error - the errno with which this call is to fail; 0: it is to be made. For the wrappers. */
int inject_error(unsigned function);

/** inject_exempt_thread - calls of this thread are the cycle's own: only those that it makes at its start count. */
void inject_exempt_thread(void);

#endif
