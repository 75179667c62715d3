#include "rtloop/base/scan.h"

#include <limits.h>

static const char *skip_blanks(const char *text)
{
	while (*text == ' ' || *text == '\t') {
		text++;
	}
	return text;
}

bool scan_number(const char **text, uint64_t *ret_value)
{
	const char *at = skip_blanks(*text);
	const char *first = at;
	uint64_t value = 0;

	for (; *at >= '0' && *at <= '9'; at++) {
		uint64_t digit = (uint64_t)(*at - '0');

		if (value > (UINT64_MAX - digit) / 10) {
			return false;
		}
		value = 10 * value + digit;
	}
	if (at == first) {
		return false;
	}
	*text = at;
	*ret_value = value;
	return true;
}

bool scan_int(const char **text, int *ret_value)
{
	const char *at = *text;
	uint64_t value;

	if (!scan_number(&at, &value) || value > INT_MAX) {
		return false;
	}
	*text = at;
	*ret_value = (int)value;
	return true;
}

bool scan_skip(const char **text, unsigned count)
{
	const char *at = *text;

	for (; count > 0; count--) {
		at = skip_blanks(at);
		if (*at == '\0' || *at == '\n') {
			return false;
		}
		while (*at != '\0' && *at != ' ' && *at != '\t' && *at != '\n') {
			at++;
		}
	}
	*text = at;
	return true;
}

bool scan_char(const char **text, char c)
{
	if (**text != c) {
		return false;
	}
	(*text)++;
	return true;
}
