#include "rtloop/log/topics_state.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE                                                                             \
	"========================================"                                       \
	"========================================\n"

static const char state_text[] =
	"# What the logic carries over into a cycle: a replay can begin here.\n"
	"uint64 cycle # before whose reading it was taken\n"
	"int64 dt_ns # of that cycle\n"
	"uint64 hash # of the logic\n"
	"uint8[] data # parts: uint32 bytes, uint16 kind, uint16 index, the bytes, zeros "
	"up "
	"to a multiple of 8\n";

int topics_add_state(struct topics *topics, uint16_t *ret_topic)
{
	return topics_add(topics, "/state", "rtloop/msg/State", state_text, ret_topic);
}

static const char force_text[] =
	"# A channel is forced, or no longer.\n"
	"uint64 cycle # from which on\n"
	"int64 value # as it is kept: of a float its bits, of a bool 0 or 1\n"
	"uint32 device # number in the configuration, from 0\n"
	"uint32 offset # of the value in messages of the device's /io or /out, without "
	"the CDR "
	"head\n"
	"bool is_output\n"
	"bool is_forced # false: no longer; the value means nothing\n";

int topics_add_force(struct topics *topics, uint16_t *ret_topic)
{
	return topics_add(topics, "/force", "rtloop/msg/Force", force_text, ret_topic);
}

static bool begins_device(const struct topics_sampled *channels, unsigned index)
{
	return index == 0 ||
	       strcmp(channels[index].device, channels[index - 1].device) != 0;
}

/* A message of its own for each device, as its type must have a name. */
static void print_fields(FILE *out, const struct topics_sampled *channels, unsigned count)
{
	unsigned devices = 0;

	fputs("# When channels were sampled whose age the logic asks for, "
	      "CLOCK_MONOTONIC "
	      "in ns; 0: never;\n# 9223372036854775807: in this cycle, and in each that "
	      "follows until told otherwise.\n"
	      "uint64 cycle # in which this was seen\n",
	      out);
	for (unsigned i = 0; i < count; i++) {
		if (begins_device(channels, i)) {
			fprintf(out, "rtloop/SampledOf%u %s\n", ++devices,
				channels[i].device);
		}
	}
	devices = 0;
	for (unsigned i = 0; i < count; i++) {
		if (begins_device(channels, i)) {
			fprintf(out, LINE "MSG: rtloop/SampledOf%u\n", ++devices);
		}
		fprintf(out, "int64 %s\n", channels[i].channel);
	}
}

int topics_add_sampled(struct topics *topics, const struct topics_sampled *channels,
		       unsigned channel_count, uint16_t *ret_topic)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	int code = -ENOMEM;

	if (!out) {
		return code;
	}
	print_fields(out, channels, channel_count);
	if (fclose(out) == 0) {
		code = topics_add(topics, "/sampled", "rtloop/msg/Sampled", text,
				  ret_topic);
	}
	free(text);
	return code;
}
