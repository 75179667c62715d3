#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/value.h"

struct alias {
	const char *written;
	const char *meant;
};

static const struct alias bool_aliases[] = {
	{ "yes", "true" },    { "on", "true" },	 { "y", "true" },    { "true", "true" },
	{ "1", "true" },      { "no", "false" }, { "off", "false" }, { "n", "false" },
	{ "false", "false" }, { "0", "false" },	 { NULL, NULL },
};

/* Folded to lower case, as are those of sizes. Of a bare number nothing can be guessed.
 */
static const struct alias duration_aliases[] = {
	{ "ns", "ns" },	     { "nsec", "ns" },	   { "us", "us" },   { "usec", "us" },
	{ "µs", "us" },	     { "μs", "us" },	   { "ms", "ms" },   { "msec", "ms" },
	{ "s", "s" },	     { "sec", "s" },	   { "secs", "s" },  { "second", "s" },
	{ "seconds", "s" },  { "m", "min" },	   { "min", "min" }, { "mins", "min" },
	{ "minute", "min" }, { "minutes", "min" }, { "h", "h" },     { "hr", "h" },
	{ "hour", "h" },     { "hours", "h" },	   { NULL, NULL },
};

static const struct alias size_aliases[] = {
	{ "b", "B" },	 { "byte", "B" },  { "bytes", "B" }, { "k", "KiB" },
	{ "kb", "KiB" }, { "kib", "KiB" }, { "ki", "KiB" },  { "m", "MiB" },
	{ "mb", "MiB" }, { "mib", "MiB" }, { "mi", "MiB" },  { "g", "GiB" },
	{ "gb", "GiB" }, { "gib", "GiB" }, { "gi", "GiB" },  { NULL, NULL },
};

static const char *find_alias(const struct alias *aliases, const char *written)
{
	for (; aliases->written; aliases++) {
		if (strcasecmp(aliases->written, written) == 0) {
			return aliases->meant;
		}
	}
	return NULL;
}

const char *value_hint_bool(const char *text, char hint[VALUE_HINT_BYTES])
{
	const char *meant = find_alias(bool_aliases, text);

	snprintf(hint, VALUE_HINT_BYTES, "%s", meant ? meant : "");
	return hint;
}

/* What people put into numbers: thousands' marks, a decimal comma, leading zeros. */
const char *value_hint_number(const char *text, char hint[VALUE_HINT_BYTES])
{
	size_t length = 0;
	double value;

	if (*text == '-') {
		hint[length++] = *text++;
	}
	while (*text == '0' && isdigit((unsigned char)text[1])) {
		text++;
	}
	for (; *text && length < VALUE_HINT_BYTES - 1; text++) {
		if (*text == ',') {
			hint[length++] = '.';
		} else if (*text != '_' && *text != ' ') {
			hint[length++] = *text;
		}
	}
	hint[length] = '\0';
	if (value_parse_float(hint, &value) < 0) {
		hint[0] = '\0';
	}
	return hint;
}

static const char *hint_scaled(const char *text, const struct alias *aliases,
			       char hint[VALUE_HINT_BYTES])
{
	size_t digits = strspn(text, "0123456789.");
	const char *unit = text + digits + strspn(text + digits, " ");
	const char *meant = find_alias(aliases, unit);

	hint[0] = '\0';
	if (digits > 0 && digits < 20 && meant) {
		snprintf(hint, VALUE_HINT_BYTES, "%.*s%s", (int)digits, text, meant);
	}
	return hint;
}

const char *value_hint_duration(const char *text, char hint[VALUE_HINT_BYTES])
{
	int64_t ns;

	if (value_parse_duration(hint_scaled(text, duration_aliases, hint), &ns) < 0) {
		hint[0] = '\0';
	}
	return hint;
}

const char *value_hint_size(const char *text, char hint[VALUE_HINT_BYTES])
{
	int64_t bytes;

	if (value_parse_size(hint_scaled(text, size_aliases, hint), &bytes) < 0) {
		hint[0] = '\0';
	}
	return hint;
}
