#include "rtloop/cmd/log_time.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rtloop/base/time.h"

static const struct {
	const char *name;
	double seconds;
} units[] = {
	{ "", 1 },	{ "s", 1 },    { "ms", 1e-3 },
	{ "us", 1e-6 }, { "min", 60 }, { "h", 3600 },
};

/* "12.5", "90s": from the start on. */
static int parse_seconds(const char *text, uint64_t start_ns, uint64_t *ret_ns)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || !isfinite(seconds) || seconds < 0) {
		return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(end, units[i].name) == 0) {
			seconds *= units[i].seconds;
			if (seconds > 9e9) {
				return -EINVAL;
			}
			*ret_ns = start_ns + (uint64_t)llround(seconds * 1e9);
			return 0;
		}
	}
	return -EINVAL;
}

/* ".25": up to nine digits behind the point. */
static const char *parse_fraction(const char *text, uint64_t *ret_ns)
{
	uint64_t scale = (uint64_t)NS_PER_SEC;

	*ret_ns = 0;
	if (*text != '.') {
		return text;
	}
	for (text++; isdigit((unsigned char)*text); text++) {
		scale /= 10;
		*ret_ns += scale * (uint64_t)(*text - '0');
	}
	return text;
}

/* Two digits; -1 where they are not there. */
static int parse_two(const char *text)
{
	if (!isdigit((unsigned char)text[0]) || !isdigit((unsigned char)text[1])) {
		return -1;
	}
	return 10 * (text[0] - '0') + (text[1] - '0');
}

/* "+02:00" in seconds east of UTC. */
static int parse_east(const char *text, time_t *ret_seconds)
{
	int hours = parse_two(text + 1);
	int minutes = hours < 0 || text[3] != ':' ? -1 : parse_two(text + 4);
	time_t seconds;

	if ((text[0] != '+' && text[0] != '-') || minutes < 0 || text[6]) {
		return -EINVAL;
	}
	seconds = (time_t)3600 * hours + (time_t)60 * minutes;
	*ret_seconds = text[0] == '-' ? -seconds : seconds;
	return 0;
}

/* What follows a date: "Z", "+02:00"; nothing: local time, whose offset the C library knows. */
static int to_utc(const char *offset, struct tm *tm, time_t *ret_time)
{
	time_t east;

	if (*offset == '\0') {
		tm->tm_isdst = -1;
		*ret_time = mktime(tm);
		return 0;
	}
	if (strcmp(offset, "Z") == 0 || strcmp(offset, "z") == 0) {
		*ret_time = timegm(tm);
		return 0;
	}
	if (parse_east(offset, &east)) {
		return -EINVAL;
	}
	*ret_time = timegm(tm) - east;
	return 0;
}

/* Of a 30th of February the C library makes the 2nd of March. */
static bool is_day(struct tm date)
{
	int day = date.tm_mday;

	(void)timegm(&date);
	return date.tm_mday == day;
}

static int parse_date(const char *text, uint64_t *ret_ns)
{
	struct tm tm = { .tm_isdst = 0 };
	const char *rest = strptime(text, "%Y-%m-%d", &tm);
	uint64_t fraction_ns;
	time_t time;

	if (!rest || (*rest != 'T' && *rest != 't' && *rest != ' ') || !is_day(tm)) {
		return -EINVAL;
	}
	rest = strptime(rest + 1, "%H:%M:%S", &tm);
	if (!rest) {
		return -EINVAL;
	}
	rest = parse_fraction(rest, &fraction_ns);
	if (to_utc(rest, &tm, &time) || time < 0) {
		return -EINVAL;
	}
	*ret_ns = (uint64_t)time * (uint64_t)NS_PER_SEC + fraction_ns;
	return 0;
}

int log_time_parse(const char *text, uint64_t start_ns, uint64_t *ret_ns)
{
	if (parse_date(text, ret_ns) == 0) {
		return 0;
	}
	return parse_seconds(text, start_ns, ret_ns);
}

const char *log_time_print(char *text, size_t text_bytes, uint64_t ns)
{
	time_t seconds = (time_t)(ns / (uint64_t)NS_PER_SEC);
	char date[32], offset[8];
	struct tm tm;

	if (!localtime_r(&seconds, &tm) ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) == 0 ||
	    strftime(offset, sizeof(offset), "%z", &tm) != 5) {
		snprintf(text, text_bytes, "%" PRIu64 " ns", ns);
		return text;
	}
	snprintf(text, text_bytes, "%s.%09" PRIu64 "%.3s:%s", date,
		 ns % (uint64_t)NS_PER_SEC, offset, offset + 3);
	return text;
}

static int wrong_time(const struct command *command, const char *option, const char *text)
{
	return command_wrong(
		command,
		"--%s is '%s'; expected seconds since the log's start, such as 12.5, "
		"500ms or 2min, or a date, such as 2026-02-01T12:00:00Z",
		option, text);
}

int log_time_parse_span(const struct command *command, const char *from, const char *to,
			uint64_t start_ns, uint64_t *ret_from_ns, uint64_t *ret_to_ns)
{
	*ret_from_ns = 0;
	*ret_to_ns = UINT64_MAX;
	if (from && log_time_parse(from, start_ns, ret_from_ns)) {
		return wrong_time(command, "from", from);
	}
	if (to && log_time_parse(to, start_ns, ret_to_ns)) {
		return wrong_time(command, "to", to);
	}
	if (*ret_to_ns < *ret_from_ns) {
		return command_wrong(command, "--to is before --from");
	}
	return EXIT_OK;
}
