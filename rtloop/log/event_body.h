/* An event as the body of its message in the log, with its words. */
#ifndef RTLOOP_LOG_EVENT_BODY_H
#define RTLOOP_LOG_EVENT_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "rtloop/log/notes.h"

#define EVENT_BODY_MAX 512

/* A plugin, as far as events name it. All borrowed. */
struct log_plugin {
	const char *name;
	const char *const *reports; /* phrases of its own codes */
	unsigned report_count;
};

/**
 * event_body_encode - into EVENT_BODY_MAX bytes; names and texts are bounded, so that it fits.
 * @device: its name; "": none
 *
 * Returns the body's length. [any]
 */
size_t event_body_encode(const struct log_note *note, const char *device, uint8_t *body);

/**
 * event_body_plugin - the plugin whose event it is; what it reports gets the plugin's own words.
 * @plugins: in the order of running
 *
 * NULL: it is of none. [any]
 */
const struct log_plugin *event_body_plugin(struct log_note *note,
					   const struct log_plugin *plugins,
					   unsigned plugin_count);

#endif
