#include "rtloop/log/present.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int present_init(struct present *present, unsigned first, unsigned count)
{
	*present = (struct present){ .first = first, .count = count };
	present->topics = calloc(count + 1u, sizeof(*present->topics));
	return present->topics ? 0 : -ENOMEM;
}

void present_fini(struct present *present)
{
	for (unsigned i = 0; present->topics && i < present->count; i++) {
		free(present->topics[i].body);
	}
	free(present->topics);
	*present = (struct present){ .count = 0 };
}

/* The size of a topic's messages never changes. */
void present_note(struct present *present, const struct record *record)
{
	struct present_topic *topic;

	if (record->topic < present->first || record->topic >= present->count) {
		return;
	}
	topic = &present->topics[record->topic];
	if (!topic->body) {
		topic->body = malloc(record->bytes);
		topic->bytes = record->bytes;
	}
	if (topic->body) {
		memcpy(topic->body, record + 1, topic->bytes);
	}
}

int present_write(const struct present *present, struct mcap_writer *mcap,
		  uint64_t log_time)
{
	for (unsigned i = present->first; i < present->count; i++) {
		const struct present_topic *topic = &present->topics[i];
		int code = topic->body ? mcap_writer_message(mcap, (uint16_t)i, log_time,
							     topic->body, topic->bytes)
				       : 0;

		if (code) {
			return code;
		}
	}
	return 0;
}
