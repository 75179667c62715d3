#include "rtloop/base/time.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
	int64_t ns;
	const char *name;
} units[] = {
	{ 3600 * NS_PER_SEC, "h" }, { 60 * NS_PER_SEC, "min" }, { NS_PER_SEC, "s" },
	{ NS_PER_MS, "ms" },	    { NS_PER_US, "us" },
};

const char *time_print_duration(char *text, size_t text_bytes, int64_t ns)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (ns != 0 && ns % units[i].ns == 0) {
			snprintf(text, text_bytes, "%" PRId64 "%s", ns / units[i].ns,
				 units[i].name);
			return text;
		}
	}
	if (ns == 0) {
		snprintf(text, text_bytes, "0s");
	} else {
		snprintf(text, text_bytes, "%" PRId64 "ns", ns);
	}
	return text;
}
