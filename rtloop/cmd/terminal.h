/* What commands need to know of a terminal: may they colour, and how to show that work
 * goes on. */
#ifndef RTLOOP_CMD_TERMINAL_H
#define RTLOOP_CMD_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "rtloop/base/attr.h"

/** terminal_is - whether @out is one that can move its cursor: not a file, not TERM=dumb.
 * [init] */
bool terminal_is(FILE *out);

/** terminal_wants_colour - it is a terminal, and NO_COLOR is not set to anything. [init]
 */
bool terminal_wants_colour(FILE *out);

/* A line such as "reading oven.mcap  42 %, about 8 s left" that is written over again and
 * again. */
struct progress {
	FILE *out;	  /* borrowed; stderr, so that stdout stays clean */
	const char *what; /* borrowed */
	int64_t start_ns;
	int64_t shown_ns;
	bool is_wanted;
	bool is_shown;
};

#define PROGRESS_QUIET_NS                                                                \
	INT64_C(2000000000) /* work that is done by then shows nothing */
#define PROGRESS_EVERY_NS INT64_C(200000000)

/**
 * progress_init - nothing is shown where @out is no terminal, and before two seconds have
 * passed. [init]
 */
void progress_init(struct progress *progress, FILE *out, const char *what,
		   int64_t now_ns);

/**
 * progress_show - as often as one likes: it writes five times a second.
 * @done: of @total, in any unit; a total of 0 is not known
 *
 * [init]
 */
void progress_show(struct progress *progress, uint64_t done, uint64_t total,
		   int64_t now_ns);

/** progress_end - wipe the line; also before anything else is written to the terminal.
 * [init] */
void progress_end(struct progress *progress);

/**
 * progress_left_s - seconds left at the pace so far, rounded up; -1: not known. [any]
 */
int64_t progress_left_s(int64_t elapsed_ns, uint64_t done, uint64_t total) RT_SAFE;

#endif
