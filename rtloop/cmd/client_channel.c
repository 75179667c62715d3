#include "rtloop/cmd/client_channel.h"

#include <stdio.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/cmd/client.h"

const char *client_channel_value(const struct node *channel, char *text, size_t bytes)
{
	if (strcmp(client_text(channel, "type"), "float") == 0) {
		snprintf(text, bytes, "%.7g", client_number(channel, "value"));
	} else if (strcmp(client_text(channel, "type"), "duration") == 0) {
		time_print_duration(text, bytes,
				    (int64_t)client_number(channel, "value"));
	} else {
		snprintf(text, bytes, "%s", client_text(channel, "value"));
	}
	return text;
}

const char *client_channel_unit(const struct node *channel)
{
	return strcmp(client_text(channel, "type"), "duration") == 0
		       ? ""
		       : client_text(channel, "unit");
}

const char *client_age(double ns, char *text, size_t bytes)
{
	static const struct {
		double ns;
		const char *name;
	} units[] = { { 86400e9, "d" }, { 3600e9, "h" }, { 60e9, "min" },
		      { 1e9, "s" },	{ 1e6, "ms" },	 { 1e3, "us" } };

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (ns >= units[i].ns) {
			snprintf(text, bytes, "%.*f %s", ns < 10 * units[i].ns ? 1 : 0,
				 ns / units[i].ns, units[i].name);
			return text;
		}
	}
	snprintf(text, bytes, "0 us");
	return text;
}

const char *client_channel_age(const struct node *channel, char *text, size_t bytes)
{
	text[0] = '\0';
	return node_child(channel, "age_ns")
		       ? client_age(client_number(channel, "age_ns"), text, bytes)
		       : text;
}
