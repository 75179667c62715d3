/*
 * Where the whole numbers of a log's messages stand: found once in the schema, then read by millions.
 * What a cycle is made of comes from the schema too: every field of /cycle that ends in _ns is a phase,
 * but for release_ns and latency_ns. So a log tells of its own phases, whatever version wrote it.
 */
#ifndef RTLOOP_REPORT_FIELDS_H
#define RTLOOP_REPORT_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/mcap/record.h"
#include "rtloop/mcap/schema.h"

#define REPORT_PHASES_MAX 16
#define REPORT_NAME_BYTES                                                                \
	64 /* of a phase, a device, a kind of event; longer ones are cut */

/* The phases of a run's cycles, in the order of the schema. */
struct report_phases {
	char names[REPORT_PHASES_MAX][REPORT_NAME_BYTES]; /* "read" */
	unsigned count;
};

/* A cycle as /cycle has it; what the log does not say is 0. */
struct report_cycle {
	uint64_t cycle;
	uint64_t release;
	int64_t release_ns; /* CLOCK_MONOTONIC */
	int64_t latency_ns;
	int64_t busy_ns; /* of its phases, but for record: that is of the cycle before */
	uint32_t missed;
	uint32_t flags; /* RECORD_* */
	int64_t phase_ns[REPORT_PHASES_MAX];
};

/* A whole number of one field. */
struct report_number {
	uint32_t at;   /* in the message's data */
	uint8_t bytes; /* 1, 2, 4 or 8; 0: the log does not have it */
	bool is_signed;
};

struct report_cycle_fields {
	struct report_number cycle;
	struct report_number release;
	struct report_number release_ns;
	struct report_number latency_ns;
	struct report_number missed;
	struct report_number flags;
	struct report_number phases[REPORT_PHASES_MAX];
	uint8_t phase_index[REPORT_PHASES_MAX]; /* in the run's */
	bool is_busy[REPORT_PHASES_MAX];
	unsigned phase_count;
	size_t bytes; /* that a message must have */
};

struct report_gap_fields {
	struct report_number first;
	struct report_number last;
	size_t bytes;
};

/**
 * report_number_find - a field by its name.
 * @bytes: raised to what a message must have to hold it
 *
 * bytes is 0 in what is returned where there is no such field, or it is no whole number at a fixed
 * place. [any but rt]
 */
struct report_number report_number_find(const struct schema *schema, const char *name,
					size_t *bytes);

/** report_number_load - @data: a message that report_is_plain() has found long enough. [any] */
static inline int64_t report_number_load(const struct report_number *number,
					 const uint8_t *data)
{
	const uint8_t *at = data + number->at;

	if (number->bytes == 8) { /* nearly all of them */
		return (int64_t)le_load64(at);
	}
	switch (number->bytes) {
	case 4:
		return number->is_signed ? (int32_t)le_load32(at)
					 : (int64_t)le_load32(at);
	case 2:
		return number->is_signed ? (int16_t)le_load16(at)
					 : (int64_t)le_load16(at);
	case 1:
		return number->is_signed ? (int8_t)*at : (int64_t)*at;
	default:
		return 0;
	}
}

/** report_is_plain - little-endian CDR, and at least so long. [any] */
static inline bool report_is_plain(const struct mcap_message *message, size_t bytes)
{
	return message->bytes >= bytes && message->bytes >= CDR_HEAD_BYTES &&
	       message->data[0] == 0 && message->data[1] == 1;
}

/**
 * report_cycle_fields_find - -ENOENT: without a number of the cycle it is of no use. [any but rt]
 * @phases: of the run so far; those that are new are added
 */
int report_cycle_fields_find(struct report_cycle_fields *fields,
			     const struct schema *schema,
			     struct report_phases *phases) MUST_CHECK;

/** report_cycle_load - -EBADMSG: the message does not fit its schema. [any but rt] */
int report_cycle_load(const struct report_cycle_fields *fields,
		      const struct mcap_message *message,
		      struct report_cycle *ret_cycle) MUST_CHECK;

/** report_gap_fields_find - -ENOENT. [any but rt] */
int report_gap_fields_find(struct report_gap_fields *fields,
			   const struct schema *schema) MUST_CHECK;

#endif
