#include "rtloop/mcap/encode.h"

#include "rtloop/mcap/crc.h"

void encode_header(struct bytes *out, const char *library)
{
	size_t at;

	bytes_put(out, MCAP_MAGIC, MCAP_MAGIC_BYTES);
	at = bytes_begin_record(out, MCAP_HEADER);
	bytes_put_string(out, "ros2");
	bytes_put_string(out, library);
	bytes_end_record(out, at);
}

void encode_schema(struct bytes *out, const struct mcap_topic *topic, uint16_t channel_id)
{
	size_t at = bytes_begin_record(out, MCAP_SCHEMA);

	bytes_put_u16(out, (uint16_t)(channel_id + 1));
	bytes_put_string(out, topic->schema_name);
	bytes_put_string(out, "ros2msg");
	bytes_put_string(out, topic->schema_text);
	bytes_end_record(out, at);
}

void encode_channel(struct bytes *out, const struct mcap_topic *topic,
		    uint16_t channel_id)
{
	size_t at = bytes_begin_record(out, MCAP_CHANNEL);

	bytes_put_u16(out, channel_id);
	bytes_put_u16(out, (uint16_t)(channel_id + 1));
	bytes_put_string(out, topic->name);
	bytes_put_string(out, "cdr");
	bytes_put_u32(out, 0);
	bytes_end_record(out, at);
}

void encode_attachment(struct bytes *out, const struct attachment *attachment)
{
	size_t at = bytes_begin_record(out, MCAP_ATTACHMENT);
	size_t content_at = out->used;
	uint32_t crc;

	bytes_put_u64(out, attachment->log_time_ns);
	bytes_put_u64(out, 0);
	bytes_put_string(out, attachment->name);
	bytes_put_string(out, attachment->media_type);
	bytes_put_u64(out, attachment->bytes);
	bytes_put(out, attachment->data, attachment->bytes);
	if (out->code) {
		return;
	}
	crc = libdeflate_crc32(0, out->data + content_at, out->used - content_at);
	bytes_put_u32(out, crc);
	bytes_end_record(out, at);
}

void encode_attachment_index(struct bytes *out, const struct attachment *attachment,
			     struct encode_place place)
{
	size_t at = bytes_begin_record(out, MCAP_ATTACHMENT_INDEX);

	bytes_put_u64(out, place.offset);
	bytes_put_u64(out, place.record_bytes);
	bytes_put_u64(out, attachment->log_time_ns);
	bytes_put_u64(out, 0);
	bytes_put_u64(out, attachment->bytes);
	bytes_put_string(out, attachment->name);
	bytes_put_string(out, attachment->media_type);
	bytes_end_record(out, at);
}

void encode_metadata(struct bytes *out, const char *name, const struct mcap_pair *pairs,
		     unsigned pair_count)
{
	size_t at = bytes_begin_record(out, MCAP_METADATA);
	size_t map_at;

	bytes_put_string(out, name);
	map_at = bytes_begin_array(out);
	for (unsigned i = 0; i < pair_count; i++) {
		bytes_put_string(out, pairs[i].key);
		bytes_put_string(out, pairs[i].value);
	}
	bytes_end_array(out, map_at);
	bytes_end_record(out, at);
}

void encode_metadata_index(struct bytes *out, const char *name, struct encode_place place)
{
	size_t at = bytes_begin_record(out, MCAP_METADATA_INDEX);

	bytes_put_u64(out, place.offset);
	bytes_put_u64(out, place.record_bytes);
	bytes_put_string(out, name);
	bytes_end_record(out, at);
}

void encode_data_end(struct bytes *out, uint32_t crc)
{
	size_t at = bytes_begin_record(out, MCAP_DATA_END);

	bytes_put_u32(out, crc);
	bytes_end_record(out, at);
}
