/* An event as the body of its message in the log, with its words. */
#ifndef RTLOOP_LOG_EVENT_BODY_H
#define RTLOOP_LOG_EVENT_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "rtloop/log/notes.h"

#define EVENT_BODY_MAX 512

/**
 * event_body_encode - into EVENT_BODY_MAX bytes; names and texts are bounded, so that it fits.
 * @device: its name; "": none
 *
 * Returns the body's length. [any]
 */
size_t event_body_encode(const struct log_note *note, const char *device, uint8_t *body);

#endif
