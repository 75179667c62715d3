/*
 * The evidence in a log: its lines (docs/log.md) put together again, look by look. Lines come from a file:
 * they may say anything, and be cut.
 */
#ifndef RTLOOP_REPORT_TOLD_H
#define RTLOOP_REPORT_TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

#define REPORT_LOOKS_MAX    2000u /* of one run; more are counted */
#define REPORT_TOLD_MAX	    8u	  /* overruns of a look that are told of one by one */
#define REPORT_FAULTS_MAX   8u
#define REPORT_LINE_BYTES   256
#define REPORT_DEVICE_BYTES 64

/* One overrun that was told of. Times are CLOCK_MONOTONIC, ns. */
struct told_overrun {
	uint64_t cycle;
	bool is_late_wake;
	bool is_long_work;
	int64_t release_ns;
	int64_t wake_ns;
	int64_t end_ns;
	int64_t record_ns;
	char call[16]; /* the longest call; "": none */
	char device[REPORT_DEVICE_BYTES];
	int64_t call_ns;
	int64_t call_end_ns;
};

struct told_fault {
	int64_t time_ns;
	bool is_major;
};

/* All that was seen in one look. What was not told is 0, or -1 where 0 says something. */
struct told_look {
	int64_t number;
	uint64_t all; /* overruns that it is of */
	uint64_t first;
	uint64_t last;
	int64_t cpu;	  /* of the cycle thread; -1 */
	int64_t priority; /* real-time */
	struct told_overrun overruns[REPORT_TOLD_MAX];
	unsigned overrun_count;
	int64_t thread_from_ns; /* the cycle thread's own counts */
	int64_t thread_to_ns;
	int64_t delay_ns;	/* ready, while others ran; -1 */
	int64_t usual_delay_ns; /* in as long a time without an overrun; -1 */
	int64_t major;
	int64_t minor;
	int64_t alive_ns; /* SIGCONT came: the supervisor ran last */
	int64_t continued_ns;
	int64_t sender;
	struct told_fault faults[REPORT_FAULTS_MAX];
	unsigned fault_count;
	int64_t throttles; /* thermal, and of the control group */
	int64_t steal_ticks;
	char interrupts[REPORT_LINE_BYTES]; /* lines as they are; "" */
	char ran[REPORT_LINE_BYTES];
	char trace[REPORT_LINE_BYTES];
};

/* All zero: empty. */
struct told {
	struct told_look *looks;
	unsigned count;
	unsigned capacity;
	uint64_t more; /* looks past REPORT_LOOKS_MAX */
};

/**
 * told_add - a line, as it stands in an event of the kind "evidence".
 * @number: of the look: the event's value
 * @device: the event's
 *
 * -ENOMEM. [any but rt]
 */
int told_add(struct told *told, int64_t number, const char *device,
	     const char *text) MUST_CHECK;
void told_fini(struct told *told);

/** told_find - the look that a cycle's overrun belongs to; NULL where there is none. [any but rt] */
const struct told_look *told_find(const struct told *told, uint64_t cycle);

/** told_overrun_of - what is told of one overrun; NULL where it was only counted. [any but rt] */
const struct told_overrun *told_overrun_of(const struct told_look *look, uint64_t cycle);

/** told_number - the value of a word "key=12"; @missing without it. [any but rt] */
int64_t told_number(const char *line, const char *key, int64_t missing);

/** told_word - the value of a word "key=any", cut to @bytes; "" without it. [any but rt] */
void told_word(const char *line, const char *key, char *value, size_t bytes);

#endif
