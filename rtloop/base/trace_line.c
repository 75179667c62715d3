#include "rtloop/base/trace_line.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/time.h"

/* "001] d.h1.     7.192129: irq_handler_entry: irq=10 name=virtio0" */
static int parse_rest(const char *at, struct trace_line *line)
{
	int64_t seconds, us;
	const char *end;
	int length = 0;

	if (sscanf(at, "%3d] %*5s %" SCNd64 ".%6" SCNd64 ": %n", &line->cpu, &seconds,
		   &us, &length) != 3 ||
	    length == 0) {
		return -EBADMSG;
	}
	end = strchr(at + length, ':');
	if (!end || seconds < 0 || us < 0) {
		return -EBADMSG;
	}
	line->time_ns = seconds * NS_PER_SEC + us * NS_PER_US;
	line->event = at + length;
	line->event_length = (size_t)(end - line->event);
	line->arguments = end + 1 + strspn(end + 1, " ");
	return 0;
}

/* "   rtloop-cycle-93": the number is behind the last dash. */
static int parse_task(const char *text, const char *end, struct trace_line *line)
{
	const char *dash;

	text += strspn(text, " ");
	while (end > text && end[-1] == ' ') {
		end--;
	}
	dash = end > text ? memrchr(text, '-', (size_t)(end - text)) : NULL;
	if (!dash || !isdigit((unsigned char)dash[1])) {
		return -EBADMSG;
	}
	line->name = text;
	line->name_length = (size_t)(dash - text);
	line->task = atoi(dash + 1);
	return 0;
}

int trace_line_parse(const char *text, struct trace_line *ret_line)
{
	struct trace_line line = { 0 };

	for (const char *at = strstr(text, " ["); at; at = strstr(at + 1, " [")) {
		if (parse_rest(at + 2, &line) == 0 && parse_task(text, at, &line) == 0) {
			*ret_line = line;
			return 0;
		}
	}
	return -EBADMSG;
}

bool trace_line_is(const struct trace_line *line, const char *event)
{
	return strlen(event) == line->event_length &&
	       memcmp(line->event, event, line->event_length) == 0;
}

/* The last: what stands before may be in a task's name. */
int64_t trace_line_number(const struct trace_line *line, const char *key, int64_t missing)
{
	const char *found = NULL;
	int64_t value;
	char *end;

	if (strncmp(line->arguments, key + 1, strlen(key) - 1) == 0) {
		found = line->arguments + strlen(key) - 1;
	}
	for (const char *at = strstr(line->arguments, key); at;
	     at = strstr(at + 1, key)) {
		found = at + strlen(key);
	}
	if (!found) {
		return missing;
	}
	value = strtoll(found, &end, 10);
	return end == found ? missing : value;
}
