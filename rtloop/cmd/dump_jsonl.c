/* One JSON object a message, one a line; nested fields as nested objects. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "rtloop/cmd/dump.h"

/* The object that is open: its name's length in the name of the field before. */
struct json_place {
	const char *name; /* of the field before; NULL: none yet */
	bool is_first;	  /* nothing stands in the innermost object yet */
};

static void put_words(struct bytes *out, const char *words)
{
	bytes_put(out, words, strlen(words));
}

/*
 * How much of two dotted names is the same path: up to and with the last dot that they
 * share.
 */
static size_t shared_path(const char *a, const char *b)
{
	size_t shared = 0;

	for (size_t i = 0; a[i] && a[i] == b[i]; i++) {
		if (a[i] == '.') {
			shared = i + 1;
		}
	}
	return shared;
}

/* Close and open objects so that the field's own name can follow. */
static const char *go_to(struct bytes *out, struct json_place *place, const char *name)
{
	const char *before = place->name ? place->name : "";
	size_t shared = shared_path(before, name);
	const char *dot;

	for (const char *c = before + shared; *c; c++) {
		if (*c == '.') {
			bytes_put_u8(out, '}');
		}
	}
	place->name = name;
	for (name += shared; (dot = strchr(name, '.')); name = dot + 1) {
		if (!place->is_first) {
			bytes_put_u8(out, ',');
		}
		dump_put_json_text(out, name, (size_t)(dot - name));
		put_words(out, ":{");
		place->is_first = true;
	}
	if (!place->is_first) {
		bytes_put_u8(out, ',');
	}
	place->is_first = false;
	return name;
}

static void put_value(struct bytes *out, struct json_place *place,
		      const struct schema_value *value)
{
	bool is_list = value->field->shape != SCHEMA_ONE;
	const char *name;

	if (value->index == 0) {
		name = go_to(out, place, value->field->name);
		dump_put_json_text(out, name, strlen(name));
		put_words(out, is_list ? ":[" : ":");
	} else {
		bytes_put_u8(out, ',');
	}
	if (value->count) {
		dump_put_json_value(out, value);
	}
	if (is_list && value->index + 1 >= value->count) {
		bytes_put_u8(out, ']');
	}
}

static void begin_line(struct bytes *line, const struct dump_topic *topic,
		       uint64_t log_time_ns)
{
	char text[40];

	bytes_clear(line);
	put_words(line, "{\"topic\":");
	dump_put_json_text(line, topic->name, strlen(topic->name));
	snprintf(text, sizeof(text), ",\"log_time\":%" PRIu64, log_time_ns);
	put_words(line, text);
	put_words(line, ",\"data\":{");
}

static void end_line(struct bytes *line, const struct json_place *place)
{
	for (const char *c = place->name; c && *c; c++) {
		if (*c == '.') {
			bytes_put_u8(line, '}');
		}
	}
	put_words(line, "}}\n");
}

int dump_jsonl_message(struct dump_output *output, const struct dump_topic *topic,
		       const struct mcap_message *message)
{
	struct json_place place = { .is_first = true };
	struct bytes *line = &output->line;
	struct schema_value value;
	struct schema_walk walk;
	int code = schema_walk_begin(&walk, topic->schema, message->data, message->bytes);

	if (code) {
		return code;
	}
	begin_line(line, topic, message->log_time_ns);
	while ((code = schema_walk_next(&walk, &value)) > 0) {
		if (topic->columns[value.field - topic->schema->fields] >= 0) {
			put_value(line, &place, &value);
		}
	}
	if (code) {
		return code;
	}
	end_line(line, &place);
	if (line->code) {
		return line->code;
	}
	if (fwrite(line->data, 1, line->used, output->file) != line->used) {
		return errno ? -errno : -EIO;
	}
	return 0;
}
