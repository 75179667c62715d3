#include <errno.h>
#include <inttypes.h>

#include "rtloop/mcap/verifier.h"

static void problem_at(struct verifier *verifier, const struct mcap_record *record,
		       const char *text)
{
	verifier_problem(verifier, record->offset, "%s", text);
}

static int take_declaration(struct verifier *verifier, const struct mcap_record *record)
{
	unsigned schemas = verifier->streams.schema_count;
	unsigned channels = verifier->streams.count;
	int code = mcap_streams_take(&verifier->streams, record);

	if (code == -ENOMEM) {
		return code;
	}
	if (code ||
	    (!verifier->is_any_chunk_bad && (schemas != verifier->streams.schema_count ||
					     channels != verifier->streams.count))) {
		verifier_problem(verifier, record->offset,
				 "the %s record is not one that the data has",
				 mcap_op_name(record->op));
	}
	return 0;
}

/* Whether the chunk index names each of the chunk's message indexes, and where it is. */
static bool are_indexes_named(const struct verifier *verifier,
			      const struct chunk_fact *chunk,
			      const struct mcap_chunk_index *index)
{
	uint64_t offset;
	uint16_t channel;

	if (index->count != chunk->index_count ||
	    index->indexes_bytes != chunk->indexes_bytes) {
		return false;
	}
	for (size_t i = 0; i < index->count; i++) {
		const struct index_fact *fact;

		mcap_channel_entry(index->channels, i, &channel, &offset);
		fact = facts_find(&verifier->indexes, offset);
		if (!fact || fact->channel_id != channel || offset < chunk->offset ||
		    offset >=
			    chunk->offset + chunk->record_bytes + chunk->indexes_bytes) {
			return false;
		}
	}
	return true;
}

static void take_chunk_index(struct verifier *verifier, const struct mcap_record *record)
{
	struct mcap_chunk_index index;
	struct chunk_fact *chunk;

	if (mcap_parse_chunk_index(record, &index)) {
		problem_at(verifier, record, "the chunk index makes no sense");
		return;
	}
	chunk = facts_find(&verifier->chunks, index.chunk_offset);
	if (!chunk || chunk->is_listed) {
		problem_at(verifier, record,
			   chunk ? "a chunk has two chunk indexes"
				 : "the chunk index points where no chunk is");
		return;
	}
	chunk->is_listed = true;
	if (index.chunk_bytes != chunk->record_bytes ||
	    index.start_ns != chunk->start_ns || index.end_ns != chunk->end_ns ||
	    index.compression.length != 0 ||
	    index.compressed_bytes != chunk->data_bytes ||
	    index.uncompressed_bytes != chunk->data_bytes) {
		problem_at(verifier, record,
			   "the chunk index is not what the chunk says");
	}
	if (!are_indexes_named(verifier, chunk, &index)) {
		problem_at(
			verifier, record,
			"the chunk index does not point at the chunk's message indexes");
	}
}

static struct item_fact *find_item(struct verifier *verifier,
				   const struct mcap_record *record, uint64_t offset,
				   uint8_t op)
{
	struct item_fact *item = facts_find(&verifier->items, offset);

	if (!item || item->op != op || item->is_listed) {
		problem_at(verifier, record, "the index points where no such record is");
		return NULL;
	}
	item->is_listed = true;
	return item;
}

static void take_attachment_index(struct verifier *verifier,
				  const struct mcap_record *record)
{
	struct mcap_attachment_index index;
	struct item_fact *item;

	if (mcap_parse_attachment_index(record, &index)) {
		problem_at(verifier, record, "the attachment index makes no sense");
		return;
	}
	item = find_item(verifier, record, index.offset, MCAP_ATTACHMENT);
	if (item &&
	    (index.record_bytes != item->record_bytes || index.bytes != item->bytes ||
	     index.log_time_ns != item->log_time_ns ||
	     index.create_time_ns != item->create_time_ns ||
	     item->names_crc != verifier_names_crc(index.name, index.media_type))) {
		problem_at(verifier, record,
			   "the attachment index is not what the attachment says");
	}
}

static void take_metadata_index(struct verifier *verifier,
				const struct mcap_record *record)
{
	struct mcap_metadata_index index;
	struct item_fact *item;

	if (mcap_parse_metadata_index(record, &index)) {
		problem_at(verifier, record, "the metadata index makes no sense");
		return;
	}
	item = find_item(verifier, record, index.offset, MCAP_METADATA);
	if (item &&
	    (index.record_bytes != item->record_bytes ||
	     item->names_crc !=
		     verifier_names_crc(index.name, (struct mcap_text){ .data = "" }))) {
		problem_at(verifier, record,
			   "the metadata index is not what the metadata says");
	}
}

static uint32_t count_items(const struct verifier *verifier, uint8_t op)
{
	uint32_t count = 0;

	for (size_t i = 0; i < verifier->items.count; i++) {
		const struct item_fact *item = facts_at(&verifier->items, i);

		count += item->op == op ? 1 : 0;
	}
	return count;
}

static void check_counts(struct verifier *verifier, const struct mcap_record *record,
			 const struct mcap_statistics *statistics)
{
	uint64_t messages, told = 0;
	uint16_t id;

	for (size_t i = 0; i < statistics->count; i++) {
		const struct mcap_stream *stream;

		mcap_channel_entry(statistics->messages_of, i, &id, &messages);
		stream = mcap_streams_find(&verifier->streams, id);
		if (!stream || stream->messages != messages) {
			verifier_problem(verifier, record->offset,
					 "the statistics give channel %u %" PRIu64
					 " messages; it has %" PRIu64,
					 id, messages, stream ? stream->messages : 0);
		}
		told += messages;
	}
	if (statistics->count && told != statistics->messages) {
		problem_at(verifier, record, "the statistics contradict themselves");
	}
}

static void take_statistics(struct verifier *verifier, const struct mcap_record *record)
{
	struct mcap_statistics statistics;

	if (verifier->is_statistics_seen || mcap_parse_statistics(record, &statistics)) {
		problem_at(verifier, record, "the statistics make no sense");
		return;
	}
	verifier->is_statistics_seen = true;
	if (verifier->is_any_chunk_bad) {
		return;
	}
	if (statistics.messages != verifier->result.messages) {
		verifier_problem(verifier, record->offset,
				 "the statistics count %" PRIu64
				 " messages; there are %" PRIu64,
				 statistics.messages, verifier->result.messages);
	}
	if (statistics.schemas != verifier->streams.schema_count ||
	    statistics.channels != verifier->streams.count ||
	    statistics.chunks != verifier->result.chunks ||
	    statistics.attachments != count_items(verifier, MCAP_ATTACHMENT) ||
	    statistics.metadata != count_items(verifier, MCAP_METADATA)) {
		problem_at(verifier, record,
			   "the statistics count other records than there are");
	}
	if (statistics.start_ns != verifier->start_ns ||
	    statistics.end_ns != verifier->end_ns) {
		problem_at(verifier, record,
			   "the statistics' times are not those of the messages");
	}
	check_counts(verifier, record, &statistics);
}

static void take_summary_offset(struct verifier *verifier,
				const struct mcap_record *record)
{
	struct mcap_summary_offset offset;
	struct group_fact *group;

	if (verifier->summary_offset_start == 0) {
		verifier->summary_offset_start = record->offset;
	}
	if (mcap_parse_summary_offset(record, &offset)) {
		problem_at(verifier, record, "the summary offset makes no sense");
		return;
	}
	group = &verifier->groups[offset.group_op];
	if (group->bytes == 0 || group->is_listed || group->start != offset.start ||
	    group->bytes != offset.bytes) {
		problem_at(verifier, record,
			   "the summary offset points at no such group");
	}
	group->is_listed = true;
}

static void take_footer(struct verifier *verifier, const struct mcap_record *record)
{
	struct mcap_footer footer;
	uint64_t crced_bytes = record->offset - verifier->summary_start +
			       MCAP_HEAD_BYTES + MCAP_FOOTER_CRCED_BYTES;
	uint32_t crc;
	int code;

	if (mcap_parse_footer(record, &footer)) {
		problem_at(verifier, record, "the footer makes no sense");
		return;
	}
	if (record->offset == verifier->summary_start) {
		verifier->summary_start = 0;
	}
	if (footer.summary_start != verifier->summary_start ||
	    footer.summary_offset_start != verifier->summary_offset_start) {
		problem_at(verifier, record,
			   "the footer does not say where the summary is");
		return;
	}
	if (footer.summary_crc == 0 || verifier->summary_start == 0) {
		return;
	}
	code = mcap_reader_crc(verifier->reader, footer.summary_start, crced_bytes, &crc);
	if (code || crc != footer.summary_crc) {
		problem_at(verifier, record, "the CRC of the summary is wrong");
	}
}

static void note_group(struct verifier *verifier, const struct mcap_record *record)
{
	struct group_fact *group = &verifier->groups[record->op];

	if (record->op != verifier->group_op && group->bytes) {
		problem_at(verifier, record, "the summary is not grouped by kind");
	}
	if (group->bytes == 0) {
		group->start = record->offset;
	}
	group->bytes += MCAP_HEAD_BYTES + record->bytes;
	verifier->group_op = record->op;
}

int verifier_take_summary(struct verifier *verifier, const struct mcap_record *record)
{
	note_group(verifier, record);
	switch (record->op) {
	case MCAP_SCHEMA:
	case MCAP_CHANNEL:
		return take_declaration(verifier, record);
	case MCAP_CHUNK_INDEX:
		take_chunk_index(verifier, record);
		break;
	case MCAP_ATTACHMENT_INDEX:
		take_attachment_index(verifier, record);
		break;
	case MCAP_METADATA_INDEX:
		take_metadata_index(verifier, record);
		break;
	case MCAP_STATISTICS:
		take_statistics(verifier, record);
		break;
	case MCAP_SUMMARY_OFFSET:
		take_summary_offset(verifier, record);
		break;
	case MCAP_FOOTER:
		take_footer(verifier, record);
		break;
	default:
		if (record->op <= MCAP_DATA_END) {
			verifier_problem(
				verifier, record->offset,
				"a record that does not belong into the summary (%s)",
				mcap_op_name(record->op));
		}
	}
	return 0;
}

void verifier_end_summary(struct verifier *verifier)
{
	if (!verifier->is_in_summary) {
		verifier_problem(verifier, mcap_reader_at(verifier->reader),
				 "the data has no end record");
		return;
	}
	if (verifier->summary_start == 0) {
		verifier_problem(verifier, mcap_reader_at(verifier->reader),
				 "the file has no summary");
		return;
	}
	for (size_t i = 0; i < verifier->chunks.count; i++) {
		const struct chunk_fact *chunk = facts_at(&verifier->chunks, i);

		if (!chunk->is_listed) {
			verifier_problem(verifier, chunk->offset,
					 "no chunk index tells of the chunk");
		}
	}
	for (size_t i = 0; i < verifier->items.count; i++) {
		const struct item_fact *item = facts_at(&verifier->items, i);

		if (!item->is_listed) {
			verifier_problem(verifier, item->offset,
					 "no index tells of the record (%s)",
					 mcap_op_name(item->op));
		}
	}
}
