/*
 * A plugin at work: its memory, its step, and what is counted of it. Where it comes from is library.h; what
 * it is bound to, rtloop/logic_host.h.
 */
#ifndef RTLOOP_PLUGIN_PLUGIN_H
#define RTLOOP_PLUGIN_PLUGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/hist.h"
#include "rtloop/base/image.h"
#include "rtloop/base/record.h"
#include "rtloop/plugin/library.h"

#define PLUGIN_STATE_BYTES_MAX ((size_t)1 << 20)

struct plugin {
	const char *name; /* borrowed, of the configuration */
	unsigned index;	  /* in the order of running */
	struct library library;
	void *instance; /* owned */
	void *state;	/* owned; NULL: none was asked for */
	size_t state_bytes;
	bool is_begun;	       /* init() succeeded: exit() is owed */
	uint64_t hash;	       /* of what it is, and of its options */
	struct channel **vars; /* owned; those that it writes */
	unsigned var_count;
	int64_t budget_ns; /* 0: none */

	/* of the cycle thread; any may read the counters */
	struct hist took; /* each step, on the clock */
	struct counter over_budget;
	struct counter worst_cycle;
	struct counter reports;	     /* made, those kept back included */
	struct counter reports_held; /* more than may be in the log */
	int64_t worst_ns;
	int64_t budget_tell_ns; /* no event before */
	int64_t report_window_ns;
	unsigned report_count; /* in the window that began then */
};

/* What a step may know of its cycle. */
struct plugin_time {
	uint64_t cycle;
	int64_t release_ns;
	int64_t dt_ns;
};

/**
 * plugin_open - load the library, and memory for an instance.
 * @path: absolute
 *
 * -ENOMEM, and what library_open() says, with @err filled; plugin_close() is right after a failure too.
 * [init]
 */
int plugin_open(struct plugin *plugin, const char *path, struct err *err) MUST_CHECK;

/** plugin_close - its exit() if init() has succeeded; then all is given back. [init] */
void plugin_close(struct plugin *plugin);

/** plugin_take_state - memory for a state: zeroed. -EEXIST, -EFBIG, -ENOMEM. [init] */
int plugin_take_state(struct plugin *plugin, size_t bytes) MUST_CHECK;

/** plugin_add_var - a var that it writes, from now on. -ENOMEM. [init] */
int plugin_add_var(struct plugin *plugin, struct channel *var) MUST_CHECK;

/** plugin_step - one step. @recorder: for what it reports. [rt] */
void plugin_step(struct plugin *plugin, const struct plugin_time *time,
		 struct recorder *recorder) RT_SAFE;

/** plugin_judge - a step took so long: count it; over the budget, an event at most once a second. [rt] */
void plugin_judge(struct plugin *plugin, int64_t took_ns, const struct plugin_time *time,
		  struct recorder *recorder) RT_SAFE;

#endif
