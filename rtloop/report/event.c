#include "rtloop/report/event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void copy_text(char *to, size_t to_bytes, const struct schema_value *value)
{
	size_t length = value->length < to_bytes - 1 ? value->length : to_bytes - 1;

	memcpy(to, value->text, length);
	to[length] = '\0';
}

static void take_text(struct report_event *event, const char *name,
		      const struct schema_value *value)
{
	if (strcmp(name, "kind") == 0) {
		copy_text(event->kind, sizeof(event->kind), value);
	} else if (strcmp(name, "device") == 0) {
		copy_text(event->device, sizeof(event->device), value);
	} else if (strcmp(name, "text") == 0) {
		copy_text(event->text, sizeof(event->text), value);
	}
}

static void take_number(struct report_event *event, const char *name,
			const struct schema_value *value)
{
	if (strcmp(name, "cycle") == 0) {
		event->cycle = value->as_uint;
	} else if (strcmp(name, "time_ns") == 0) {
		event->time_ns = value->as_int;
	} else if (strcmp(name, "value") == 0) {
		event->value = value->as_int;
	} else if (strcmp(name, "level") == 0) {
		event->level = (uint8_t)value->as_int;
	}
}

int report_event_load(const struct schema *schema, const struct mcap_message *message,
		      struct report_event *ret_event)
{
	struct report_event event = { .log_time_ns = message->log_time_ns };
	struct schema_value value;
	struct schema_walk walk;
	int code = schema_walk_begin(&walk, schema, message->data, message->bytes);

	while (!code) {
		code = schema_walk_next(&walk, &value);
		if (code <= 0) {
			break;
		}
		code = 0;
		if (value.count == 0 || value.index > 0) {
			continue;
		}
		if (value.field->type == SCHEMA_STRING) {
			take_text(&event, value.field->name, &value);
		} else {
			take_number(&event, value.field->name, &value);
		}
	}
	if (!code) {
		*ret_event = event;
	}
	return code;
}

static struct report_event_count *find(const struct report_event_counts *counts,
				       const struct report_event *event)
{
	for (unsigned i = 0; i < counts->count; i++) {
		if (strcmp(counts->list[i].kind, event->kind) == 0 &&
		    strcmp(counts->list[i].device, event->device) == 0) {
			return &counts->list[i];
		}
	}
	return NULL;
}

static struct report_event_count *add(struct report_event_counts *counts,
				      const struct report_event *event)
{
	struct report_event_count *list =
		reallocarray(counts->list, counts->count + 1, sizeof(*counts->list));
	struct report_event_count *entry;

	if (!list) {
		return NULL;
	}
	counts->list = list;
	entry = &list[counts->count++];
	*entry = (struct report_event_count){ .level = event->level,
					      .first_ns = event->log_time_ns };
	memcpy(entry->kind, event->kind, sizeof(entry->kind));
	memcpy(entry->device, event->device, sizeof(entry->device));
	return entry;
}

int report_event_counts_add(struct report_event_counts *counts,
			    const struct report_event *event)
{
	struct report_event_count *entry = find(counts, event);

	counts->all++;
	if (!entry && counts->count == REPORT_EVENT_COUNTS_MAX) {
		counts->others++;
		return 0;
	}
	entry = entry ? entry : add(counts, event);
	if (!entry) {
		return -ENOMEM;
	}
	entry->count++;
	entry->last_ns = event->log_time_ns;
	entry->last_cycle = event->cycle;
	entry->last_value = event->value;
	return 0;
}

void report_event_counts_fini(struct report_event_counts *counts)
{
	free(counts->list);
	*counts = (struct report_event_counts){ .count = 0 };
}
