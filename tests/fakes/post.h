/* An outbox that keeps letters until the test says what became of them. */
#ifndef TESTS_FAKES_POST_H
#define TESTS_FAKES_POST_H

#include "drivers/device.h"
#include "drivers/outbox.h"

#define POST_LETTERS 16

struct post {
	struct outbox outbox;
	struct letter letters[POST_LETTERS];
	unsigned count;
	unsigned room; /* for letters; more are not taken */
};

/** post_begin - give the device an outbox with room for POST_LETTERS. */
void post_begin(struct post *post, struct device *device);

/** post_end - tell the driver what became of the oldest letter, and forget it. */
void post_end(struct post *post, struct device *device, ssize_t result);

#endif
