#include "rtloop/super/line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MORE_BYTES 16 /* " more=4294967295" */

void line_begin(struct line *line, const char *subject)
{
	*line = (struct line){ .text = "" };
	line->used = (size_t)snprintf(line->text, sizeof(line->text) - MORE_BYTES, "%s",
				      subject);
}

void line_add(struct line *line, const char *format, ...)
{
	size_t room = sizeof(line->text) - MORE_BYTES - line->used;
	char word[NOTE_TEXT_BYTES];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(word, sizeof(word), format, args);
	va_end(args);
	if (length < 0 || (size_t)length + 2 > room) {
		line->left_out++;
		return;
	}
	line->text[line->used] = ' ';
	memcpy(line->text + line->used + 1, word, (size_t)length + 1);
	line->used += (size_t)length + 1;
}

const char *line_end(struct line *line)
{
	if (line->left_out > 0) {
		snprintf(line->text + line->used, sizeof(line->text) - line->used,
			 " more=%u", line->left_out);
	}
	return line->text;
}
