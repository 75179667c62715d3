#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/cmd/dump.h"

#define NAME_BYTES 1024

/* Of what kind a field is decides whether it is wanted when only its device was named. */
enum field_kind {
	FIELD_VALUE,
	FIELD_STAMP,   /* cycle, sample_ns: of every message of a device */
	FIELD_QUALITY, /* of another field */
};

static const char quality_prefix[] = "quality.";

static bool is_outputs(const char *topic)
{
	return strncmp(topic, "/out/", strlen("/out/")) == 0;
}

bool dump_is_device(const char *topic)
{
	return strncmp(topic, "/io/", strlen("/io/")) == 0 || is_outputs(topic) ||
	       strcmp(topic, "/param") == 0 || strcmp(topic, "/var") == 0;
}

static const char *device_name(const char *topic)
{
	const char *last = strrchr(topic, '/');

	if (dump_is_device(topic)) {
		return last + 1;
	}
	return topic[0] == '/' ? topic + 1 : topic;
}

static enum field_kind field_kind(const char *topic, const char *field)
{
	if (!dump_is_device(topic)) {
		return FIELD_VALUE;
	}
	if (strcmp(field, "cycle") == 0 || strcmp(field, "sample_ns") == 0) {
		return FIELD_STAMP;
	}
	if (strncmp(field, quality_prefix, sizeof(quality_prefix) - 1) == 0) {
		return FIELD_QUALITY;
	}
	return FIELD_VALUE;
}

void dump_column_name(char *name, size_t name_bytes, const char *topic, const char *field)
{
	const char *device = device_name(topic);

	enum field_kind kind = field_kind(topic, field);

	if (kind == FIELD_QUALITY) {
		snprintf(name, name_bytes, "%s.%s.quality", device,
			 field + sizeof(quality_prefix) - 1);
	} else if (kind == FIELD_STAMP && is_outputs(topic)) {
		/* channels are told apart by their names, but a device has these twice */
		snprintf(name, name_bytes, "%s.out.%s", device, field);
	} else {
		snprintf(name, name_bytes, "%s.%s", device, field);
	}
}

static int split_list(struct dump_selection *selection, const char *channels)
{
	unsigned count = 1;
	char *rest, *word;

	for (const char *c = channels; *c; c++) {
		count += *c == ',' ? 1 : 0;
	}
	selection->list = strdup(channels);
	selection->patterns = calloc(count + 1, sizeof(*selection->patterns));
	selection->is_matched = calloc(count + 1, sizeof(*selection->is_matched));
	if (!selection->list || !selection->patterns || !selection->is_matched) {
		return -ENOMEM;
	}
	count = 0;
	rest = selection->list;
	while ((word = strsep(&rest, ","))) {
		if (*word) {
			selection->patterns[count++] = word;
		}
	}
	return 0;
}

int dump_selection_init(struct dump_selection *selection, const char *channels,
			bool wants_quality, bool wants_all)
{
	int code;

	*selection = (struct dump_selection){
		.wants_quality = wants_quality,
		.wants_all = wants_all,
	};
	if (!channels) {
		return 0;
	}
	code = split_list(selection, channels);
	if (code) {
		dump_selection_fini(selection);
	}
	return code;
}

void dump_selection_fini(struct dump_selection *selection)
{
	for (unsigned i = 0; i < selection->column_count; i++) {
		free(selection->columns[i].name);
	}
	free(selection->columns);
	free(selection->patterns);
	free(selection->is_matched);
	free(selection->list);
	*selection = (struct dump_selection){ .list = NULL };
}

/* Whether a pattern names the column: "probe", "probe.temp", "pro*.t?mp", "*.quality". */
static bool matches(const char *pattern, const char *topic, const char *column,
		    enum field_kind kind)
{
	if (!strchr(pattern, '.')) {
		return kind == FIELD_VALUE &&
		       fnmatch(pattern, device_name(topic), 0) == 0;
	}
	return fnmatch(pattern, column, 0) == 0;
}

static bool is_pattern_matched(const struct dump_selection *selection, const char *topic,
			       const char *column, enum field_kind kind)
{
	bool any = false;

	if (!selection->patterns) {
		return selection->wants_all ||
		       (kind == FIELD_VALUE && dump_is_device(topic));
	}
	for (unsigned i = 0; selection->patterns[i]; i++) {
		if (matches(selection->patterns[i], topic, column, kind)) {
			selection->is_matched[i] = true;
			any = true;
		}
	}
	return any;
}

static bool is_wanted(const struct dump_selection *selection, const char *topic,
		      const char *field)
{
	enum field_kind kind = field_kind(topic, field);
	char column[NAME_BYTES];

	dump_column_name(column, sizeof(column), topic, field);
	if (is_pattern_matched(selection, topic, column, kind)) {
		return true;
	}
	if (kind != FIELD_QUALITY || !selection->wants_quality) {
		return false;
	}
	/* The quality of a value that is wanted. */
	column[strlen(column) - strlen(".quality")] = '\0';
	return is_pattern_matched(selection, topic, column, FIELD_VALUE);
}

/* A log may have thousands of columns, and each is looked for twice: comparing all names took most of the time. */
static uint32_t mark_of(const char *name)
{
	uint32_t mark = 0;

	for (; *name; name++) {
		mark = mark * 31 + (uint8_t)*name;
	}
	return mark;
}

static int find_column(const struct dump_selection *selection, const char *name)
{
	uint32_t mark = mark_of(name);

	for (unsigned i = 0; i < selection->column_count; i++) {
		if (selection->columns[i].mark == mark &&
		    strcmp(selection->columns[i].name, name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

static int add_column(struct dump_selection *selection, const char *name)
{
	unsigned count = selection->column_count;
	struct dump_column *columns =
		reallocarray(selection->columns, count + 1, sizeof(*columns));

	if (!columns) {
		return -ENOMEM;
	}
	selection->columns = columns;
	columns[count].mark = mark_of(name);
	columns[count].name = strdup(name);
	if (!columns[count].name) {
		return -ENOMEM;
	}
	selection->column_count++;
	return 0;
}

int dump_selection_add(struct dump_selection *selection, const char *topic,
		       const struct schema *schema)
{
	char name[NAME_BYTES];
	int code;

	for (unsigned i = 0; i < schema->field_count; i++) {
		if (!is_wanted(selection, topic, schema->fields[i].name)) {
			continue;
		}
		dump_column_name(name, sizeof(name), topic, schema->fields[i].name);
		if (find_column(selection, name) >= 0) {
			continue;
		}
		code = add_column(selection, name);
		if (code) {
			return code;
		}
	}
	return 0;
}

int dump_selection_column(const struct dump_selection *selection, const char *topic,
			  const struct schema_field *field)
{
	char name[NAME_BYTES];

	if (!is_wanted(selection, topic, field->name)) {
		return -1;
	}
	dump_column_name(name, sizeof(name), topic, field->name);
	return find_column(selection, name);
}

const char *dump_selection_unmatched(const struct dump_selection *selection)
{
	for (unsigned i = 0; selection->patterns && selection->patterns[i]; i++) {
		if (!selection->is_matched[i]) {
			return selection->patterns[i];
		}
	}
	return NULL;
}
