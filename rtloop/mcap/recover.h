/*
 * Makes a whole log of one that was cut off or damaged: all that mcap_salvage() finds in it, with the
 * indexes and the summary that it lacks, checked before it gets its name. A log that lacks nothing is
 * copied byte for byte.
 */
#ifndef RTLOOP_MCAP_RECOVER_H
#define RTLOOP_MCAP_RECOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/mcap/cycles.h"
#include "rtloop/mcap/salvage.h"

#define MCAP_RECOVERED "recovered" /* the metadata that tells of it */

struct mcap_recover_request {
	const char *log;
	const char *out;
	bool replaces;	     /* a file that is there already */
	const char *version; /* of rtloop */
	/* As of mcap_salvage_listener; problems are told once each. */
	void (*problem)(void *context, uint64_t offset, const char *text);
	int (*progress)(void *context, uint64_t done_bytes, uint64_t all_bytes);
	void *context;
};

struct mcap_recover_result {
	bool is_intact; /* nothing was wrong: what follows but cycles is not known then */
	struct mcap_salvage_result salvage;
	uint64_t written_messages;
	uint64_t
		other_messages; /* of topics that are not CDR with a ros2msg schema: left out */
	unsigned other_topics;
	struct mcap_cycles cycles;
	char missing
		[256]; /* "310-322 400 ...", the first of those that are in no gap either */
};

/* Whose fault it is. */
enum mcap_recover_failure {
	MCAP_RECOVER_LOG, /* it cannot be read, or not even its header is there */
	MCAP_RECOVER_OUT, /* it cannot be written */
	MCAP_RECOVER_OVER /* progress() ended it */
};

/**
 * mcap_recover - 0, or -errno with @err filled; then there is no new file.
 * @ret_failure: set where it fails
 *
 * -EEXIST the file is there already, -EBADMSG not even the header of the log is there. [any but rt]
 */
int mcap_recover(const struct mcap_recover_request *request,
		 struct mcap_recover_result *ret_result,
		 enum mcap_recover_failure *ret_failure, struct err *err) MUST_CHECK;

#endif
