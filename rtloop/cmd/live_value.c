/* Values as people write and read them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "rtloop/base/time.h"
#include "rtloop/cmd/live_channels.h"

int live_value_parse(const char *text, enum program_type type, union value *ret_value)
{
	switch (type) {
	case TYPE_BOOL:
		return value_parse_bool(text, &ret_value->as_bool);
	case TYPE_INT:
		return value_parse_int(text, &ret_value->as_int);
	case TYPE_FLOAT:
		return value_parse_float(text, &ret_value->as_float);
	case TYPE_TIME:
		return value_parse_duration(text, &ret_value->as_int);
	}
	return -EINVAL;
}

const char *live_value_print(char text[LIVE_VALUE_BYTES], enum program_type type,
			     union value value)
{
	switch (type) {
	case TYPE_BOOL:
		snprintf(text, LIVE_VALUE_BYTES, "%s", value.as_bool ? "true" : "false");
		break;
	case TYPE_INT:
		snprintf(text, LIVE_VALUE_BYTES, "%" PRId64, value.as_int);
		break;
	case TYPE_FLOAT:
		snprintf(text, LIVE_VALUE_BYTES, "%.10g", value.as_float);
		break;
	case TYPE_TIME:
		time_print_duration(text, LIVE_VALUE_BYTES, value.as_int);
		break;
	}
	return text;
}

void live_value_put(struct json *json, const char *name, enum program_type type,
		    union value value)
{
	switch (type) {
	case TYPE_BOOL:
		json_bool(json, name, value.as_bool);
		break;
	case TYPE_INT:
	case TYPE_TIME:
		json_int(json, name, value.as_int);
		break;
	case TYPE_FLOAT:
		json_float(json, name, value.as_float);
		break;
	}
}

int live_value_compare(enum program_type type, union value one, union value other)
{
	if (type == TYPE_FLOAT) {
		return (one.as_float > other.as_float) - (one.as_float < other.as_float);
	}
	if (type == TYPE_BOOL) {
		return one.as_bool - other.as_bool;
	}
	return (one.as_int > other.as_int) - (one.as_int < other.as_int);
}

bool live_value_is_within(const struct logic_value *limits, union value value)
{
	return (!limits->has_min ||
		live_value_compare(limits->type, value, limits->min) >= 0) &&
	       (!limits->has_max ||
		live_value_compare(limits->type, value, limits->max) <= 0);
}

const char *live_range_print(char text[3 * LIVE_VALUE_BYTES],
			     const struct logic_value *limits)
{
	char min[LIVE_VALUE_BYTES], max[LIVE_VALUE_BYTES];

	live_value_print(min, limits->type, limits->min);
	live_value_print(max, limits->type, limits->max);
	if (limits->has_min && limits->has_max) {
		snprintf(text, 3 * LIVE_VALUE_BYTES, "%s to %s", min, max);
	} else if (limits->has_min) {
		snprintf(text, 3 * LIVE_VALUE_BYTES, "%s or more", min);
	} else if (limits->has_max) {
		snprintf(text, 3 * LIVE_VALUE_BYTES, "%s or less", max);
	} else {
		text[0] = '\0';
	}
	return text;
}
