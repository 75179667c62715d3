/*
 * The records that stand outside chunks, each as its bytes. Where memory ran out,
 * out->code says so.
 */
#ifndef RTLOOP_MCAP_ENCODE_H
#define RTLOOP_MCAP_ENCODE_H

#include "rtloop/mcap/bytes.h"
#include "rtloop/mcap/writer.h"

struct attachment {
	const char *name;
	const char *media_type;
	const void *data;
	size_t bytes;
	uint64_t log_time_ns;
};

/* Where a record stands in the file. */
struct encode_place {
	uint64_t offset;
	uint64_t record_bytes; /* its head included */
};

/** encode_header - the file's first magic and the header record. [any but rt] */
void encode_header(struct bytes *out, const char *library);

/**
 * encode_schema - of a topic with that channel id; its own id is one more. [any but rt]
 */
void encode_schema(struct bytes *out, const struct mcap_topic *topic,
		   uint16_t channel_id);

/** encode_channel - [any but rt] */
void encode_channel(struct bytes *out, const struct mcap_topic *topic,
		    uint16_t channel_id);

/** encode_attachment - with its CRC; into an empty buffer. [any but rt] */
void encode_attachment(struct bytes *out, const struct attachment *attachment);

/** encode_attachment_index - [any but rt] */
void encode_attachment_index(struct bytes *out, const struct attachment *attachment,
			     struct encode_place place);

/** encode_metadata - [any but rt] */
void encode_metadata(struct bytes *out, const char *name, const struct mcap_pair *pairs,
		     unsigned pair_count);

/** encode_metadata_index - [any but rt] */
void encode_metadata_index(struct bytes *out, const char *name,
			   struct encode_place place);

/** encode_data_end - @crc: of all that stands before. [any but rt] */
void encode_data_end(struct bytes *out, uint32_t crc);

#endif
