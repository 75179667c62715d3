/* The text of a ros2msg schema into fields; see schema.h. */
#ifndef RTLOOP_MCAP_SCHEMA_PARSE_H
#define RTLOOP_MCAP_SCHEMA_PARSE_H

#include "rtloop/base/err.h"
#include "rtloop/mcap/record.h"
#include "rtloop/mcap/schema.h"

/**
 * schema_parse - append the fields to an empty schema; what was appended before a failure
 * stays.
 *
 * As schema_create(); offsets are not set. [any but rt]
 */
int schema_parse(const char *name, struct mcap_text text, struct schema *schema,
		 struct err *err) MUST_CHECK;

#endif
