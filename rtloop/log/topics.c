#include "rtloop/log/topics.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/record.h"

#define SCHEMA_PREFIX "rtloop/msg/"

static const struct mcap_topic fixed[TOPIC_DEVICES] = {
	[TOPIC_CYCLE] = { "/cycle", "rtloop/msg/Cycle",
			  "# One cycle of the loop. Times of CLOCK_MONOTONIC and lengths "
			  "are in ns.\n"
			  "uint64 cycle # cycles run before this one\n"
			  "uint64 release # index on the grid; jumps where releases were "
			  "missed\n"
			  "int64 release_ns # when it was due\n"
			  "int64 latency_ns # wake-up minus release\n"
			  "int64 read_ns # reading the devices\n"
			  "int64 step_ns # the logic; 0: there is none\n"
			  "int64 write_ns # writing the devices\n"
			  "int64 record_ns # recording the cycle before this one\n"
			  "uint32 missed # releases dropped between this cycle and the "
			  "next\n"
			  "uint32 flags # 1 late wake, 2 long work, 4 run to catch "
			  "up, 8 step over its budget\n" },
	[TOPIC_GAP] = { "/gap", "rtloop/msg/Gap",
			"# Cycles that ran but are not in the log.\n"
			"uint64 first\n"
			"uint64 last # inclusive\n" },
	[TOPIC_EVENT] = { "/event", "rtloop/msg/Event",
			  "uint64 cycle # in which it happened\n"
			  "int64 time_ns # CLOCK_MONOTONIC\n"
			  "int64 value # what it means: see text\n"
			  "uint8 level # 0 information, 1 warning, 2 error\n"
			  "string kind\n"
			  "string device # empty: of the loop as a whole\n"
			  "string text\n" },
};

static const char *const field_types[] = {
	[VALUE_BOOL] = "bool", [VALUE_INT] = "int64", [VALUE_FLOAT] = "float64"
};

/* "oven_2" becomes "Oven2": what ROS allows as the name of a message. */
static void print_camel(FILE *out, const char *name)
{
	bool is_start = true;

	for (const char *c = name; *c; c++) {
		if (*c == '_') {
			is_start = true;
			continue;
		}
		fputc(is_start ? toupper((unsigned char)*c) : *c, out);
		is_start = false;
	}
}

/* What a part of the image is, in the words of its topic. */
struct part_kind {
	const char *prefix; /* of the topic */
	const char *suffix; /* of the schema */
	const char *stamps;
	const char *not_good;
};

static const struct part_kind kind_in = {
	.prefix = "/io/",
	.suffix = "",
	.stamps = "uint64 cycle # in which it was read\n"
		  "int64 sample_ns # newest sample, CLOCK_MONOTONIC\n",
	.not_good = "",
};

static const struct part_kind kind_out = {
	.prefix = "/out/",
	.suffix = "Out",
	.stamps = "uint64 cycle # in which it was driven\n"
		  "int64 sample_ns # when that cycle woke, CLOCK_MONOTONIC\n",
	.not_good = "; not good: the safe value",
};

static const struct part_kind kind_values = {
	.prefix = "/",
	.suffix = "",
	.stamps = "uint64 cycle # in which it was recorded\n"
		  "int64 sample_ns # the release of that cycle, CLOCK_MONOTONIC\n",
	.not_good = "",
};

/* One part of the image: what a device reads, what it drives, or values of the loop. */
struct part {
	const char *name;
	const struct channel *channels;
	unsigned channel_count;
	const struct part_kind *kind;
};

/* A text that could not be written whole is none. */
static char *finish_text(FILE *out, char **text)
{
	if (fclose(out)) {
		free(*text);
		return NULL;
	}
	return *text;
}

/* @attempt: 0 for the plain name. */
static char *make_schema_name(const struct part *part, unsigned attempt)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out) {
		return NULL;
	}
	fputs(SCHEMA_PREFIX, out);
	print_camel(out, part->name);
	fputs(part->kind->suffix, out);
	if (attempt > 0) {
		fprintf(out, "Device%u", attempt);
	}
	return finish_text(out, &text);
}

static void print_values(FILE *out, const struct part *part, bool of_bools)
{
	for (unsigned i = 0; i < part->channel_count; i++) {
		const struct channel *channel = &part->channels[i];

		if ((channel->type == VALUE_BOOL) != of_bools) {
			continue;
		}
		fprintf(out, "%s %s", field_types[channel->type], channel->name);
		fprintf(out, channel->unit ? " # %s\n" : "\n", channel->unit);
	}
}

/* The order of the fields is that of image.h. */
static char *make_schema(const struct part *part, const char *schema_name)
{
	const char *type = schema_name + strlen(SCHEMA_PREFIX);
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out) {
		return NULL;
	}
	fputs(part->kind->stamps, out);
	print_values(out, part, false);
	print_values(out, part, true);
	if (part->channel_count > 0) {
		fprintf(out, "rtloop/%sQuality quality # 0 good, 1 stale, 2 bad%s\n",
			type, part->kind->not_good);
		fputs("================================================================"
		      "================\n",
		      out);
		fprintf(out, "MSG: rtloop/%sQuality\n", type);
	}
	for (unsigned i = 0; i < part->channel_count; i++) {
		fprintf(out, "uint8 %s\n", part->channels[i].name);
	}
	return finish_text(out, &text);
}

static bool is_name_taken(const struct topics *topics, const char *schema_name)
{
	for (unsigned i = 0; i < topics->count; i++) {
		if (strcmp(topics->topics[i].schema_name, schema_name) == 0) {
			return true;
		}
	}
	return false;
}

/* A device may be called "event", and "a_1" and "a1" are both A1: readers tell schemas by name. */
static char *make_free_name(const struct topics *topics, const struct part *part)
{
	char *name = make_schema_name(part, 0);

	for (unsigned i = 1; name && is_name_taken(topics, name); i++) {
		free(name);
		name = make_schema_name(part, i);
	}
	return name;
}

static int add_part(struct topics *topics, const struct part *part)
{
	struct mcap_topic *topic = &topics->topics[topics->count];
	char *schema_name = make_free_name(topics, part);
	char *name = NULL;

	topics->count++;
	topic->name =
		asprintf(&name, "%s%s", part->kind->prefix, part->name) < 0 ? NULL : name;
	topic->schema_name = schema_name;
	topic->schema_text = schema_name ? make_schema(part, schema_name) : NULL;
	return topic->name && topic->schema_text ? 0 : -ENOMEM;
}

static int add_inputs(struct topics *topics, const struct log_device *device)
{
	const struct part part = { .name = device->name,
				   .channels = device->channels,
				   .channel_count = device->channel_count,
				   .kind = &kind_in };

	return add_part(topics, &part);
}

static int add_outputs(struct topics *topics, const struct log_device *device)
{
	const struct part part = { .name = device->name,
				   .channels = device->outputs,
				   .channel_count = device->output_count,
				   .kind = &kind_out };

	return device->output_count > 0 ? add_part(topics, &part) : 0;
}

int topics_create(struct topics *topics, const struct log_device *devices,
		  unsigned device_count)
{
	int code = 0;

	topics->count = 0;
	topics->topics =
		calloc(TOPIC_DEVICES + 2 * device_count, sizeof(*topics->topics));
	if (!topics->topics) {
		return -ENOMEM;
	}
	memcpy(topics->topics, fixed, sizeof(fixed));
	topics->count = TOPIC_DEVICES;
	for (unsigned i = 0; i < device_count && code == 0; i++) {
		code = add_inputs(topics, &devices[i]);
	}
	for (unsigned i = 0; i < device_count && code == 0; i++) {
		code = add_outputs(topics, &devices[i]);
	}
	return code;
}

static char *make_free_variant(const struct topics *topics, const char *schema_name)
{
	char *name = strdup(schema_name);

	for (unsigned i = 1; name && is_name_taken(topics, name); i++) {
		free(name);
		name = asprintf(&name, "%sTopic%u", schema_name, i) < 0 ? NULL : name;
	}
	return name;
}

int topics_add(struct topics *topics, const char *name, const char *schema_name,
	       const char *schema_text, uint16_t *ret_topic)
{
	struct mcap_topic *grown =
		reallocarray(topics->topics, topics->count + 1, sizeof(*grown));
	struct mcap_topic *topic;

	if (!grown) {
		return -ENOMEM;
	}
	topics->topics = grown;
	topic = &grown[topics->count];
	topic->name = strdup(name);
	topic->schema_name = make_free_variant(topics, schema_name);
	topic->schema_text = strdup(schema_text);
	if (!topic->name || !topic->schema_name || !topic->schema_text) {
		free((char *)topic->name);
		free((char *)topic->schema_name);
		free((char *)topic->schema_text);
		return -ENOMEM;
	}
	*ret_topic = (uint16_t)topics->count++;
	return 0;
}

int topics_add_values(struct topics *topics, const struct log_values *values,
		      uint16_t *ret_topic)
{
	const struct part part = { .name = values->name,
				   .channels = values->channels,
				   .channel_count = values->channel_count,
				   .kind = &kind_values };
	struct mcap_topic *list =
		reallocarray(topics->topics, topics->count + 1u, sizeof(*list));

	if (!list) {
		return -ENOMEM;
	}
	topics->topics = list;
	*ret_topic = (uint16_t)topics->count;
	return add_part(topics, &part);
}

uint16_t topics_of_outputs(const struct log_device *devices, unsigned device_count,
			   unsigned index)
{
	unsigned before = 0;

	for (unsigned i = 0; i < index; i++) {
		before += devices[i].output_count > 0;
	}
	return devices[index].output_count > 0
		       ? (uint16_t)(TOPIC_DEVICES + device_count + before)
		       : 0;
}

void topics_destroy(struct topics *topics)
{
	for (unsigned i = TOPIC_DEVICES; i < topics->count; i++) {
		free((char *)topics->topics[i].name);
		free((char *)topics->topics[i].schema_name);
		free((char *)topics->topics[i].schema_text);
	}
	free(topics->topics);
	*topics = (struct topics){ 0 };
}
