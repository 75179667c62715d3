/*
 * Where a log comes from, as it says itself: the run, and the configuration of it. All that is needed
 * before its first message is looked at.
 */
#ifndef RTLOOP_REPLAY_ORIGIN_H
#define RTLOOP_REPLAY_ORIGIN_H

#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/mcap/survey.h"

struct origin_pair {
	char *key;
	char *value;
};

struct origin {
	struct origin_pair *pairs; /* of the metadata record "rtloop", in its order */
	unsigned pair_count;
	char *config_name; /* of the attachment; NULL: the log has none */
	char *config;
	size_t config_bytes;
	uint64_t config_time_ns; /* log_time of the attachment */
	uint64_t file_bytes;
	int64_t period_ns; /* of the loop */
	int64_t offset_ns; /* log_time minus CLOCK_MONOTONIC, in this file */
};

/**
 * origin_read - of one file.
 *
 * -EBADMSG it is no log, or none that rtloop wrote; -ENOMEM, -errno of reading; @err filled. [init]
 */
int origin_read(struct origin *origin, const char *path, struct err *err) MUST_CHECK;
void origin_fini(struct origin *origin);

/** origin_value - of a key in the metadata; "" where it is not there. [init] */
const char *origin_value(const struct origin *origin, const char *key);

/**
 * origin_is_same_run - whether two files can be of one run: the same loop, period and boot. Their
 * configurations may differ: a reload changes values of params. [init]
 */
bool origin_is_same_run(const struct origin *a, const struct origin *b);

#endif
