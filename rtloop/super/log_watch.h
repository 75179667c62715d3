/* What a person should see at once of the log: that the disk refuses it, and that it goes on. */
#ifndef RTLOOP_SUPER_LOG_WATCH_H
#define RTLOOP_SUPER_LOG_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/log/logger.h"

/* Zeroed: nothing was told yet. */
struct log_watch {
	uint64_t failures; /* of the log, when it was last looked at */
	uint64_t degradations;
	bool was_told_degraded; /* and not yet that it goes on */
};

/** What there is to tell, in the order of telling. */
enum log_news { LOG_NEWS_NONE, LOG_NEWS_FAILED, LOG_NEWS_DEGRADED, LOG_NEWS_GOES_ON };

/**
 * log_watch_look - the next piece of news, in words; to be called until there is none.
 * @ret_text: filled where there is news
 *
 * A failure that makes the log degraded is told as that, however often it is tried in vain afterwards. [super]
 */
enum log_news log_watch_look(struct log_watch *watch, struct logger *logger,
			     struct err *ret_text);

#endif
