#include "rtloop/mcap/summary.h"

#include "rtloop/mcap/crc.h"

static const enum mcap_op group_ops[SUMMARY_GROUPS] = {
	[SUMMARY_SCHEMAS] = MCAP_SCHEMA,
	[SUMMARY_CHANNELS] = MCAP_CHANNEL,
	[SUMMARY_STATISTICS] = MCAP_STATISTICS,
	[SUMMARY_CHUNKS] = MCAP_CHUNK_INDEX,
	[SUMMARY_ATTACHMENTS] = MCAP_ATTACHMENT_INDEX,
	[SUMMARY_METADATA] = MCAP_METADATA_INDEX,
};

void summary_fini(struct summary *summary)
{
	for (unsigned i = 0; i < SUMMARY_GROUPS; i++) {
		bytes_fini(&summary->groups[i]);
	}
}

void summary_clear(struct summary *summary)
{
	for (unsigned i = 0; i < SUMMARY_GROUPS; i++) {
		bytes_clear(&summary->groups[i]);
	}
	summary->messages = 0;
	summary->topics = 0;
	summary->chunks = 0;
	summary->attachments = 0;
	summary->metadata = 0;
	summary->start_ns = 0;
	summary->end_ns = 0;
}

size_t summary_begin_chunk(struct summary *summary, const struct summary_chunk *chunk)
{
	struct bytes *group = &summary->groups[SUMMARY_CHUNKS];

	bytes_begin_record(group, MCAP_CHUNK_INDEX);
	bytes_put_u64(group, chunk->start_ns);
	bytes_put_u64(group, chunk->end_ns);
	bytes_put_u64(group, chunk->offset);
	bytes_put_u64(group, chunk->record_bytes);
	return bytes_begin_array(group);
}

int summary_end_chunk(struct summary *summary, const struct summary_chunk *chunk,
		      size_t record_at, size_t map_at, uint64_t indexes_bytes)
{
	struct bytes *group = &summary->groups[SUMMARY_CHUNKS];

	bytes_end_array(group, map_at);
	bytes_put_u64(group, indexes_bytes);
	bytes_put_string(group, "");
	bytes_put_u64(group, chunk->data_bytes);
	bytes_put_u64(group, chunk->data_bytes);
	bytes_end_record(group, record_at);
	return group->code;
}

void summary_count_chunk(struct summary *summary, const struct summary_chunk *chunk)
{
	if (summary->messages == 0 || chunk->start_ns < summary->start_ns) {
		summary->start_ns = chunk->start_ns;
	}
	if (summary->messages == 0 || chunk->end_ns > summary->end_ns) {
		summary->end_ns = chunk->end_ns;
	}
	summary->messages += chunk->messages;
	summary->chunks++;
}

static void encode_statistics(struct summary *summary, const uint64_t *topic_messages)
{
	struct bytes *group = &summary->groups[SUMMARY_STATISTICS];
	size_t record_at, map_at;

	bytes_clear(group);
	record_at = bytes_begin_record(group, MCAP_STATISTICS);
	bytes_put_u64(group, summary->messages);
	bytes_put_u16(group, (uint16_t)summary->topics);
	bytes_put_u32(group, summary->topics);
	bytes_put_u32(group, summary->attachments);
	bytes_put_u32(group, summary->metadata);
	bytes_put_u32(group, summary->chunks);
	bytes_put_u64(group, summary->start_ns);
	bytes_put_u64(group, summary->end_ns);
	map_at = bytes_begin_array(group);
	for (uint32_t i = 0; i < summary->topics; i++) {
		bytes_put_u16(group, (uint16_t)i);
		bytes_put_u64(group, topic_messages[i]);
	}
	bytes_end_array(group, map_at);
	bytes_end_record(group, record_at);
}

static void put_offset(struct bytes *out, enum summary_group group, uint64_t start,
		       uint64_t length)
{
	size_t at = bytes_begin_record(out, MCAP_SUMMARY_OFFSET);

	bytes_put_u8(out, (uint8_t)group_ops[group]);
	bytes_put_u64(out, start);
	bytes_put_u64(out, length);
	bytes_end_record(out, at);
}

static void put_groups(struct summary *summary, uint64_t file_at, struct bytes *out)
{
	uint64_t starts[SUMMARY_GROUPS];

	for (unsigned i = 0; i < SUMMARY_GROUPS; i++) {
		starts[i] = file_at + out->used;
		bytes_put(out, summary->groups[i].data, summary->groups[i].used);
		if (summary->groups[i].code) {
			out->code = summary->groups[i].code;
		}
	}
	for (unsigned i = 0; i < SUMMARY_GROUPS; i++) {
		if (summary->groups[i].used) {
			put_offset(out, i, starts[i], summary->groups[i].used);
		}
	}
}

/* Where summary offsets begin: behind the last group. */
static size_t groups_bytes(const struct summary *summary)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < SUMMARY_GROUPS; i++) {
		bytes += summary->groups[i].used;
	}
	return bytes;
}

int summary_put(struct summary *summary, const uint64_t *topic_messages, uint64_t file_at,
		struct bytes *out)
{
	size_t summary_at = out->used;
	size_t footer_at;

	encode_statistics(summary, topic_messages);
	put_groups(summary, file_at, out);
	footer_at = bytes_begin_record(out, MCAP_FOOTER);
	bytes_put_u64(out, file_at + summary_at);
	bytes_put_u64(out, file_at + summary_at + groups_bytes(summary));
	bytes_put_u32(out, 0);
	bytes_end_record(out, footer_at);
	bytes_put(out, MCAP_MAGIC, MCAP_MAGIC_BYTES);
	if (out->code) {
		return out->code;
	}
	footer_at += MCAP_HEAD_BYTES + MCAP_FOOTER_CRCED_BYTES;
	le_store32(out->data + footer_at,
		   libdeflate_crc32(0, out->data + summary_at, footer_at - summary_at));
	return 0;
}
