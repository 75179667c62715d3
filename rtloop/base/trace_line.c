#include "rtloop/base/trace_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/scan.h"
#include "rtloop/base/time.h"

/* Some centuries: more is no time, and would not fit. */
#define SECONDS_MAX UINT64_C(9000000000)

/* "001] d.h1.     7.192129: irq_handler_entry: irq=10 name=virtio0" */
static int parse_rest(const char *at, struct trace_line *line)
{
	uint64_t seconds, us;
	const char *end;

	if (!scan_int(&at, &line->cpu) || !scan_char(&at, ']') || !scan_skip(&at, 1) ||
	    !scan_number(&at, &seconds) || !scan_char(&at, '.') ||
	    !scan_number(&at, &us) || !scan_char(&at, ':') || !scan_char(&at, ' ')) {
		return -EBADMSG;
	}
	end = strchr(at, ':');
	if (!end || seconds > SECONDS_MAX || us >= 1000000) {
		return -EBADMSG;
	}
	line->time_ns = (int64_t)seconds * NS_PER_SEC + (int64_t)us * NS_PER_US;
	line->event = at;
	line->event_length = (size_t)(end - at);
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
	if (!dash) {
		return -EBADMSG;
	}
	line->name = text;
	line->name_length = (size_t)(dash - text);
	dash++;
	return scan_int(&dash, &line->task) ? 0 : -EBADMSG;
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
