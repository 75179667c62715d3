/*
 * One line of the kernel's trace, as text:
 *
 *   "   rtloop-cycle-93   [001] d.h1.     7.192129: irq_handler_entry: irq=10 name=virtio0"
 *
 * A task's name may hold anything. Nothing is copied.
 */
#ifndef RTLOOP_BASE_TRACE_LINE_H
#define RTLOOP_BASE_TRACE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

struct trace_line {
	const char *name; /* of the task that ran; not ended by a NUL */
	size_t name_length;
	int task; /* its thread id; 0: idle */
	int cpu;
	int64_t time_ns;   /* of the trace's clock, whole microseconds */
	const char *event; /* "irq_handler_entry"; not ended by a NUL */
	size_t event_length;
	const char *arguments; /* what follows, to the line's end */
};

/** trace_line_parse - -EBADMSG: it is none: a comment, say. [any but rt] */
int trace_line_parse(const char *line, struct trace_line *ret_line) MUST_CHECK;

/** trace_line_is - whether it is that event. [any but rt] */
bool trace_line_is(const struct trace_line *line, const char *event);

/**
 * trace_line_number - of the last "key=12" in the arguments, where @key is " prev_pid=" with its blank
 * and equals sign, or stands at their beginning; @missing where there is none. [any but rt]
 */
int64_t trace_line_number(const struct trace_line *line, const char *key,
			  int64_t missing);

#endif
