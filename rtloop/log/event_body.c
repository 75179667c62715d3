#include "rtloop/log/event_body.h"

#include <stdio.h>

#include "rtloop/mcap/cdr.h"

size_t event_body_encode(const struct log_note *note, const char *device, uint8_t *body)
{
	const struct event_kind *kind = event_kind(note->event.code);
	struct cdr_writer cdr;
	size_t bytes = 0;

	cdr_writer_init(&cdr, body, EVENT_BODY_MAX);
	cdr_put_u64(&cdr, note->event.cycle);
	cdr_put_i64(&cdr, note->time_ns);
	cdr_put_i64(&cdr, note->event.value);
	cdr_put_u8(&cdr, (uint8_t)kind->level);
	cdr_put_string(&cdr, kind->name);
	cdr_put_string(&cdr, device);
	cdr_put_string(&cdr, note->text[0] ? note->text : kind->text);
	return cdr_writer_end(&cdr, &bytes) ? 0 : bytes;
}

static void put_words(struct log_note *note, const struct log_plugin *plugin)
{
	uint32_t code = note->event.code >> EVENT_DETAIL_SHIFT;

	snprintf(note->text, sizeof(note->text), "%s (code %u)",
		 code < plugin->report_count && plugin->reports[code]
			 ? plugin->reports[code]
			 : "the plugin reports",
		 code);
}

const struct log_plugin *event_body_plugin(struct log_note *note,
					   const struct log_plugin *plugins,
					   unsigned plugin_count)
{
	uint32_t index = note->event.device - EVENT_PLUGINS;
	const struct event_kind *kind = event_kind(note->event.code);

	if (note->event.device < EVENT_PLUGINS || index >= plugin_count) {
		return NULL;
	}
	if (!note->text[0] && kind == event_kind(EVENT_PLUGIN_REPORT)) {
		put_words(note, &plugins[index]);
	}
	return &plugins[index];
}
