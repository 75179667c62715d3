#include "tests/fakes/log_look.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "rtloop/mcap/log.h"
#include "rtloop/mcap/verify.h"

static void take_problem(void *context, uint64_t offset, const char *text)
{
	struct log_look *look = context;

	if (look->problems++ == 0) {
		snprintf(look->problem, sizeof(look->problem), "%s", text);
	}
}

static void verify(struct log_look *look, const char *path)
{
	const struct mcap_verify_listener listener = { .problem = take_problem,
						       .context = look };
	struct mcap_verify_result result;
	struct err err = { "" };

	if (mcap_verify(path, &listener, &look->cycles, &result, &err)) {
		fail_msg("%s", err.text);
	}
}

static struct schema_value get(struct mcap_log *log,
			       const struct mcap_log_message *message, const char *name)
{
	const char *why = "";
	const struct schema *schema =
		mcap_streams_schema(&log->streams, message->stream, &why);
	struct schema_value value = { .field = NULL };

	if (!schema) {
		fail_msg("%s", why);
	}
	assert_int_equal(schema_get(schema, schema_find(schema, name),
				    message->message.data, message->message.bytes,
				    &value),
			 0);
	return value;
}

static void copy_text(char *to, size_t bytes, struct schema_value value)
{
	snprintf(to, bytes, "%.*s", (int)value.length, value.text);
}

static void take_event(struct log_look *look, struct mcap_log *log,
		       const struct mcap_log_message *message)
{
	struct look_event *event = &look->events[look->event_count];

	if (look->event_count == LOOK_EVENTS_MAX) {
		return;
	}
	look->event_count++;
	event->file = look->files;
	event->log_time_ns = message->message.log_time_ns;
	event->cycle = get(log, message, "cycle").as_uint;
	event->time_ns = get(log, message, "time_ns").as_int;
	event->value = get(log, message, "value").as_int;
	event->level = get(log, message, "level").as_int;
	copy_text(event->kind, sizeof(event->kind), get(log, message, "kind"));
	copy_text(event->device, sizeof(event->device), get(log, message, "device"));
	copy_text(event->text, sizeof(event->text), get(log, message, "text"));
}

static void take_gap(struct log_look *look, struct mcap_log *log,
		     const struct mcap_log_message *message)
{
	struct look_gap *gap = &look->gaps[look->gap_count];

	assert_true(look->gap_count < LOOK_GAPS_MAX);
	look->gap_count++;
	gap->file = look->files;
	gap->first = get(log, message, "first").as_uint;
	gap->last = get(log, message, "last").as_uint;
}

static void count_message(struct log_look *look, const char *name)
{
	unsigned i = 0;

	while (i < look->topic_count && strcmp(look->topics[i].name, name) != 0) {
		i++;
	}
	assert_true(i < LOOK_TOPICS_MAX);
	if (i == look->topic_count) {
		snprintf(look->topics[i].name, sizeof(look->topics[i].name), "%s", name);
		look->topic_count++;
	}
	look->topics[i].messages++;
}

static void take_message(struct log_look *look, struct mcap_log *log,
			 const struct mcap_log_message *message)
{
	const char *name = message->stream->name;

	look->messages++;
	count_message(look, name);
	if (strcmp(name, "/event") == 0) {
		take_event(look, log, message);
	} else if (strcmp(name, "/gap") == 0) {
		take_gap(look, log, message);
	} else if (strncmp(name, "/io/", 4) == 0) {
		look->io_messages++;
	}
}

void log_look_at(struct log_look *look, const char *path)
{
	const struct mcap_log_options options = MCAP_LOG_ALL;
	struct mcap_log_message message;
	struct mcap_log log;
	struct err err = { "" };

	verify(look, path);
	if (mcap_log_open(&log, path, &options, &err)) {
		fail_msg("%s", err.text);
	}
	while (mcap_log_next(&log, &message) == 1) {
		take_message(look, &log, &message);
	}
	mcap_log_close(&log);
	look->files++;
}

uint64_t log_look_messages(const struct log_look *look, const char *topic)
{
	for (unsigned i = 0; i < look->topic_count; i++) {
		if (strcmp(look->topics[i].name, topic) == 0) {
			return look->topics[i].messages;
		}
	}
	return 0;
}

unsigned log_look_count(const struct log_look *look, const char *kind)
{
	unsigned count = 0;

	for (unsigned i = 0; i < look->event_count; i++) {
		count += strcmp(look->events[i].kind, kind) == 0;
	}
	return count;
}

const struct look_event *log_look_find(const struct log_look *look, const char *kind)
{
	for (unsigned i = 0; i < look->event_count; i++) {
		if (strcmp(look->events[i].kind, kind) == 0) {
			return &look->events[i];
		}
	}
	fail_msg("there is no event '%s'", kind);
	return NULL;
}
