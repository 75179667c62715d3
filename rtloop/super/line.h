/*
 * One line of evidence: a subject, then words like "cpu=1". A word that does not fit is left out whole,
 * and how many were is the last one: "more=3".
 */
#ifndef RTLOOP_SUPER_LINE_H
#define RTLOOP_SUPER_LINE_H

#include <stddef.h>

#include "rtloop/base/attr.h"
#include "rtloop/log/notes.h"

struct line {
	char text[NOTE_TEXT_BYTES];
	size_t used;
	unsigned left_out;
};

/** line_begin - @subject: "thread". [any but rt] */
void line_begin(struct line *line, const char *subject);

/** line_add - one word, without a blank in it. [any but rt] */
void line_add(struct line *line, const char *format, ...) PRINTF_LIKE(2, 3);

/** line_end - the line. [any but rt] */
const char *line_end(struct line *line);

#endif
