/*
 * What is in a log: from its summary where it has a valid one, or else by going through
 * it. The messages themselves are not looked at.
 */
#ifndef RTLOOP_MCAP_SURVEY_H
#define RTLOOP_MCAP_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/mcap/reader.h"
#include "rtloop/mcap/streams.h"

/* An attachment or a metadata record. */
struct mcap_survey_item {
	struct mcap_survey_item *next; /* owned */
	char *name;
	char *media_type; /* of an attachment; NULL: metadata */
	uint64_t offset;
	uint64_t bytes; /* of an attachment's data */
};

struct mcap_survey {
	uint64_t file_bytes;
	char *library; /* what wrote it, in its own words; NULL: it does not say */
	uint64_t messages;
	uint64_t chunks;
	uint64_t start_ns; /* least log_time; means nothing without messages */
	uint64_t end_ns;
	struct mcap_streams streams; /* with the messages of each */
	struct mcap_survey_item *items;
	struct mcap_survey_item **items_end;
	bool is_from_summary;
	bool is_closed;
	int stop_code;	       /* why going through it ended, see mcap_reader_next() */
	struct mcap_stop stop; /* where; both only where it is not closed */
};

/**
 * mcap_survey_init - look through a log; the reader is at its beginning afterwards.
 *
 * A log that is damaged or was not closed is no failure: see stop_code. -ENOMEM. [any but
 * rt]
 */
int mcap_survey_init(struct mcap_survey *survey, struct mcap_reader *reader) MUST_CHECK;
void mcap_survey_fini(struct mcap_survey *survey);

#endif
