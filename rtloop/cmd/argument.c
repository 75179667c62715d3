#include "rtloop/cmd/argument.h"

#include <errno.h>
#include <string.h>

#include "config/value.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/options.h"

int argument_parse_count(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
	int64_t value;

	if (value_parse_int(text, &value) || value < min || value > max) {
		return -EINVAL;
	}
	*ret_value = value;
	return 0;
}

int argument_parse_time(const char *text, int64_t unit_ns, int64_t *ret_ns)
{
	static const struct {
		char letter;
		int64_t seconds;
	} letters[] = { { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t length = strlen(text);
	char number[32];
	int64_t value;

	if (argument_parse_count(text, 0, INT64_MAX / unit_ns, &value) == 0) {
		*ret_ns = value * unit_ns;
		return 0;
	}
	if (length > 1 && length < sizeof(number)) {
		memcpy(number, text, length - 1);
		number[length - 1] = '\0';
	}
	for (size_t i = 0;
	     i < ARRAY_SIZE(letters) && length > 1 && length < sizeof(number); i++) {
		if (text[length - 1] == letters[i].letter &&
		    argument_parse_count(number, 0, 36500, &value) == 0) {
			*ret_ns = value * letters[i].seconds * NS_PER_SEC;
			return 0;
		}
	}
	return value_parse_duration(text, ret_ns);
}

int argument_parse_period(const char *text, int64_t *ret_ns)
{
	int64_t ns;

	if (argument_parse_time(text, NS_PER_US, &ns) || ns < LOOP_PERIOD_MIN_NS ||
	    ns > LOOP_PERIOD_MAX_NS) {
		return -EINVAL;
	}
	*ret_ns = ns;
	return 0;
}

int argument_wrong(const struct command *command, int option, const char *argument,
		   const char *expected)
{
	return command_wrong(command, "--%s is '%s'; expected %s",
			     command->options[option].name, argument, expected);
}
