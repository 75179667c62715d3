#include "rtloop/cycle/sampled.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t bytes_of(unsigned count)
{
	return sizeof(struct record_sampled) + count * sizeof(int64_t);
}

int sampled_add(struct sampled *sampled, const struct channel *channel)
{
	unsigned count = sampled->count + 1;
	const struct channel **channels =
		reallocarray(sampled->channels, count, sizeof(*channels));
	struct record_sampled *body;

	if (!channels) {
		return -ENOMEM;
	}
	sampled->channels = channels;
	body = realloc(sampled->body, bytes_of(count));
	if (!body) {
		return -ENOMEM;
	}
	sampled->body = body;
	memset(body, 0, bytes_of(count));
	channels[sampled->count++] = channel;
	return 0;
}

void sampled_fini(struct sampled *sampled)
{
	free(sampled->channels);
	free(sampled->body);
	memset(sampled, 0, sizeof(*sampled));
}

uint32_t sampled_body_bytes(const struct sampled *sampled)
{
	return sampled->count ? (uint32_t)bytes_of(sampled->count) : 0;
}

/* Returns whether a time is another than that of the last message. */
static bool renew(struct sampled *sampled, int64_t release_ns)
{
	bool is_new = !sampled->is_recorded;

	for (unsigned i = 0; i < sampled->count; i++) {
		int64_t sample_ns = sampled->channels[i]->sample_ns;

		sample_ns = sample_ns >= release_ns ? SAMPLED_NOW : sample_ns;
		is_new |= sampled->body->sample_ns[i] != sample_ns;
		sampled->body->sample_ns[i] = sample_ns;
	}
	return is_new;
}

void sampled_record(struct sampled *sampled, struct recorder *recorder,
		    const struct cycle_time *now)
{
	void *body;

	if (sampled->count == 0 || !renew(sampled, now->release_ns)) {
		return;
	}
	sampled->is_recorded = true;
	sampled->body->cycle = now->cycle;
	body = recorder_add(recorder, sampled->topic, sampled_body_bytes(sampled));
	if (body) {
		memcpy(body, sampled->body, sampled_body_bytes(sampled));
	}
}
