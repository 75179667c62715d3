/* What "loop:" in a configuration says. */
#ifndef RTLOOP_CYCLE_OPTIONS_H
#define RTLOOP_CYCLE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/option.h"

#define LOOP_PERIOD_MIN_NS INT64_C(20000)	/* 20 us */
#define LOOP_PERIOD_MAX_NS INT64_C(60000000000) /* 60 s */

#define LOOP_GUARD_LIMIT_MIN_NS INT64_C(1000000)       /* 1 ms */
#define LOOP_GUARD_LIMIT_MAX_NS INT64_C(60000000000)   /* 60 s */
#define LOOP_WATCHDOG_MAX_NS	INT64_C(3600000000000) /* 1 h */

/* What happens to releases that were missed. */
enum overrun_policy {
	OVERRUN_SKIP,	  /* dropped; the grid stays */
	OVERRUN_CATCH_UP, /* run back to back, up to catch_up_max of them */
	OVERRUN_STOP,	  /* the run ends */
};

enum pacer_kind { PACER_NANOSLEEP, PACER_TIMERFD, PACER_URING };

enum poller_kind { POLLER_EPOLL, POLLER_URING };

/* Whether the kernel traces the cycle's CPU, for the window around an overrun. */
enum trace_kind { TRACE_OFF, TRACE_ON_OVERRUN };

/* What ends a run with safe outputs and the status of a fault. */
struct fault_options {
	int64_t overruns; /* allowed within within_ns; 0: any number */
	int64_t within_ns;
	bool has_within;
	int64_t hang_ns; /* the cycle may be silent for so long; 0: nobody looks */
};

/* Whether there is a guardian. */
enum guard_kind {
	GUARD_AUTO, /* where GPIO lines are driven, or a hardware watchdog is to be fed */
	GUARD_ON,   /* likewise in any case, or the run does not start */
	GUARD_OFF,
};

/* What becomes of a system call of the cycle thread that the configuration does not need. */
enum seal_kind { SEAL_OFF, SEAL_LOG, SEAL_KILL };

struct loop_options {
	int64_t period_ns;
	int64_t cpu;	  /* -1: any */
	int64_t priority; /* of SCHED_FIFO; 0: SCHED_FIFO is not asked for */
	int overrun;	  /* enum overrun_policy */
	int64_t catch_up_max;
	struct fault_options fault;
	int64_t spin_ns; /* busy waiting before each release */
	int pacer;	 /* enum pacer_kind */
	int poller;	 /* enum poller_kind */
	int trace;	 /* enum trace_kind */
	int seal;	 /* enum seal_kind */
	int64_t stack_bytes;
	int64_t cycles;	     /* 0: until stopped */
	int64_t duration_ns; /* 0: until stopped */
	int64_t budget_ns;   /* of the logic, in each cycle; 0: none */
	int guard;	     /* enum guard_kind */
	int64_t guard_limit_ns;
	const char *watchdog; /* NULL: none */
	int64_t watchdog_timeout_ns;
};

/* By kind; NULL ends them. */
extern const char *const loop_pacer_names[];
extern const char *const loop_poller_names[];

/* Bound to struct loop_options. */
extern const struct option loop_rows[];

#endif
