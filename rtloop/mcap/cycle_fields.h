/* Where a log says which cycles it holds: the fields of /cycle and of /gap. */
#ifndef RTLOOP_MCAP_CYCLE_FIELDS_H
#define RTLOOP_MCAP_CYCLE_FIELDS_H

#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/mcap/record.h"
#include "rtloop/mcap/streams.h"

/* All zero: no such topic has been declared yet. */
struct mcap_cycle_fields {
	const struct mcap_stream *cycle_stream; /* all borrowed from the streams */
	const struct schema *cycle_schema;
	const struct schema_field *cycle;
	const struct mcap_stream *gap_stream;
	const struct schema *gap_schema;
	const struct schema_field *first;
	const struct schema_field *last;
};

enum mcap_cycle_kind {
	MCAP_CYCLE_NONE,  /* the message is of another topic */
	MCAP_CYCLE_ONE,	  /* of /cycle: first and last are the same */
	MCAP_CYCLE_GAP,	  /* of /gap: both inclusive; nothing says that first <= last */
	MCAP_CYCLE_SHORT, /* of one of them, but it does not hold its fields */
};

/** mcap_cycle_fields_find - the fields of a stream that was declared, if it tells of cycles. [any but rt] */
void mcap_cycle_fields_find(struct mcap_cycle_fields *fields,
			    struct mcap_streams *streams,
			    const struct mcap_stream *stream);

/** mcap_cycle_fields_get - which cycles a message tells of. [any but rt] */
enum mcap_cycle_kind mcap_cycle_fields_get(const struct mcap_cycle_fields *fields,
					   const struct mcap_stream *stream,
					   const struct mcap_message *message,
					   uint64_t *ret_first, uint64_t *ret_last);

#endif
