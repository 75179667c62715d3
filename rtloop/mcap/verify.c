#include "rtloop/mcap/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <libdeflate.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "rtloop/mcap/verifier.h"

/* Beyond, the messages of a chunk are not remembered to be held against its indexes. */
#define CHUNK_BYTES_MAX ((uint64_t)256 << 20)

#define PROGRESS_RECORDS 4096

void verifier_problem(struct verifier *verifier, uint64_t offset, const char *format, ...)
{
	char text[300];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	verifier->result.problems++;
	verifier->listener->problem(verifier->listener->context, offset, text);
}

uint32_t verifier_names_crc(struct mcap_text name, struct mcap_text media_type)
{
	uint32_t crc = libdeflate_crc32(0, name.data, name.length);

	crc = libdeflate_crc32(crc, "", 1);
	return libdeflate_crc32(crc, media_type.data, media_type.length);
}

static struct chunk_fact *last_chunk(const struct verifier *verifier)
{
	return verifier->chunks.count
		       ? facts_at(&verifier->chunks, verifier->chunks.count - 1)
		       : NULL;
}

static void check_chunk_times(struct verifier *verifier, const struct chunk_fact *chunk)
{
	bool is_empty = verifier->messages.count == 0;
	uint64_t start_ns = is_empty ? 0 : verifier->first_time_ns;
	uint64_t end_ns = is_empty ? 0 : verifier->last_time_ns;

	if (chunk->start_ns != start_ns || chunk->end_ns != end_ns) {
		verifier_problem(verifier, chunk->offset,
				 "the chunk's times are not those of its messages");
	}
}

static void check_all_indexed(struct verifier *verifier, const struct chunk_fact *chunk)
{
	size_t missing = 0;

	for (size_t i = 0; i < verifier->messages.count; i++) {
		const struct message_fact *message = facts_at(&verifier->messages, i);

		missing += message->is_indexed ? 0 : 1;
	}
	if (missing) {
		verifier_problem(verifier, chunk->offset,
				 "%zu messages of the chunk are in no message index",
				 missing);
	}
}

/* The chunk's messages and indexes have gone by. */
static void end_chunk(struct verifier *verifier)
{
	const struct chunk_fact *chunk = last_chunk(verifier);

	if (chunk && !verifier->is_chunk_bad) {
		check_chunk_times(verifier, chunk);
		check_all_indexed(verifier, chunk);
	}
	verifier->messages.count = 0;
	verifier->is_chunk_bad = true;
}

static int begin_chunk(struct verifier *verifier, const struct mcap_record *record)
{
	struct chunk_fact *fact = facts_add(&verifier->chunks);
	struct mcap_chunk chunk;
	int code;

	if (!fact) {
		return -ENOMEM;
	}
	if (mcap_parse_chunk(record, &chunk)) {
		return 0;
	}
	*fact = (struct chunk_fact){
		.offset = record->offset,
		.record_bytes = MCAP_HEAD_BYTES + record->bytes,
		.start_ns = chunk.start_ns,
		.end_ns = chunk.end_ns,
		.data_bytes = chunk.records_bytes,
		.first_index = verifier->indexes.count,
	};
	verifier->result.chunks++;
	verifier->is_chunk_bad = chunk.records_bytes > CHUNK_BYTES_MAX;
	if (chunk.uncompressed_bytes != chunk.records_bytes) {
		verifier_problem(verifier, record->offset,
				 "the chunk's two sizes differ");
	}
	code = mcap_reader_check_chunk(verifier->reader);
	if (code == -EBADMSG) {
		verifier_problem(verifier, record->offset,
				 "the chunk's CRC is wrong: its %" PRIu64
				 " bytes of messages are damaged",
				 chunk.records_bytes);
		mcap_reader_skip_chunk(verifier->reader);
	} else if (code == -ENODATA) {
		verifier_problem(verifier, record->offset,
				 "the chunk is cut off by the file's end");
	}
	verifier->is_chunk_bad = verifier->is_chunk_bad || code;
	verifier->is_any_chunk_bad = verifier->is_any_chunk_bad || code;
	return code == -ENOMEM ? code : 0;
}

static void find_cycles(struct verifier *verifier, const struct mcap_record *record)
{
	const struct mcap_stream *stream;
	struct mcap_channel channel;

	if (record->op != MCAP_CHANNEL || mcap_parse_channel(record, &channel)) {
		return;
	}
	stream = mcap_streams_find(&verifier->streams, channel.id);
	if (stream) {
		mcap_cycle_fields_find(&verifier->fields, &verifier->streams, stream);
	}
}

static int take_declaration(struct verifier *verifier, const struct mcap_record *record)
{
	int code = mcap_streams_take(&verifier->streams, record);
	const char *name = mcap_op_name(record->op);

	switch (code) {
	case 0:
		find_cycles(verifier, record);
		break;
	case -EBADMSG:
		verifier_problem(verifier, record->offset, "the %s record makes no sense",
				 name);
		break;
	case -EEXIST:
		verifier_problem(verifier, record->offset,
				 "the %s record contradicts an earlier one of its id",
				 name);
		break;
	case -ENOENT:
		verifier_problem(verifier, record->offset,
				 "the channel names a schema that is not there");
		break;
	default:
		return code;
	}
	return 0;
}

static void note_times(struct verifier *verifier, uint64_t time_ns)
{
	if (verifier->result.messages == 0 || time_ns < verifier->start_ns) {
		verifier->start_ns = time_ns;
	}
	if (verifier->result.messages == 0 || time_ns > verifier->end_ns) {
		verifier->end_ns = time_ns;
	}
	if (verifier->messages.count == 0 || time_ns < verifier->first_time_ns) {
		verifier->first_time_ns = time_ns;
	}
	if (verifier->messages.count == 0 || time_ns > verifier->last_time_ns) {
		verifier->last_time_ns = time_ns;
	}
}

static int remember_message(struct verifier *verifier, const struct mcap_record *record,
			    const struct mcap_message *message)
{
	const struct chunk_fact *chunk = last_chunk(verifier);
	uint64_t records_at = chunk->offset + chunk->record_bytes - chunk->data_bytes;
	struct message_fact *fact = facts_add(&verifier->messages);

	if (!fact) {
		return -ENOMEM;
	}
	fact->offset = record->offset - records_at;
	fact->time_ns = message->log_time_ns;
	fact->channel_id = message->channel_id;
	return 0;
}

static int take_message(struct verifier *verifier, const struct mcap_record *record)
{
	struct mcap_message message;
	struct mcap_stream *stream;

	if (mcap_parse_message(record, &message)) {
		verifier_problem(verifier, record->offset, "the message makes no sense");
		return 0;
	}
	note_times(verifier, message.log_time_ns);
	verifier->result.messages++;
	stream = mcap_streams_find(&verifier->streams, message.channel_id);
	if (!stream) {
		verifier_problem(verifier, record->offset,
				 "the message is of no known channel");
	} else {
		stream->messages++;
		verifier_take_cycles(verifier, stream, &message, record->offset);
	}
	if (!record->is_in_chunk || verifier->is_chunk_bad) {
		return 0;
	}
	return remember_message(verifier, record, &message);
}

static void check_entries(struct verifier *verifier, const struct mcap_record *record,
			  const struct mcap_message_index *index)
{
	uint64_t time_ns, offset;
	size_t wrong = 0;

	for (size_t i = 0; i < index->count; i++) {
		struct message_fact *message;

		mcap_index_entry(index, i, &time_ns, &offset);
		message = facts_find(&verifier->messages, offset);
		if (!message || message->time_ns != time_ns || message->is_indexed ||
		    message->channel_id != index->channel_id) {
			wrong++;
		} else {
			message->is_indexed = true;
		}
	}
	if (wrong) {
		verifier_problem(
			verifier, record->offset,
			"%zu entries of the message index point at no such message",
			wrong);
	}
}

static int take_message_index(struct verifier *verifier, const struct mcap_record *record)
{
	struct chunk_fact *chunk = last_chunk(verifier);
	struct mcap_message_index index;
	struct index_fact *fact;

	if (!chunk || record->offset != chunk->offset + chunk->record_bytes +
						chunk->indexes_bytes) {
		verifier_problem(verifier, record->offset,
				 "a message index behind no chunk");
		return 0;
	}
	if (mcap_parse_message_index(record, &index)) {
		verifier_problem(verifier, record->offset,
				 "the message index makes no sense");
		return 0;
	}
	fact = facts_add(&verifier->indexes);
	if (!fact) {
		return -ENOMEM;
	}
	fact->offset = record->offset;
	fact->channel_id = index.channel_id;
	chunk->index_count++;
	chunk->indexes_bytes += MCAP_HEAD_BYTES + record->bytes;
	if (!verifier->is_chunk_bad) {
		check_entries(verifier, record, &index);
	}
	return 0;
}

static struct item_fact *add_item(struct verifier *verifier,
				  const struct mcap_record *record)
{
	struct item_fact *fact = facts_add(&verifier->items);

	if (fact) {
		fact->offset = record->offset;
		fact->record_bytes = MCAP_HEAD_BYTES + record->bytes;
		fact->op = record->op;
	}
	return fact;
}

static int take_attachment(struct verifier *verifier, const struct mcap_record *record)
{
	struct item_fact *fact = add_item(verifier, record);
	struct mcap_attachment attachment;

	if (!fact) {
		return -ENOMEM;
	}
	if (mcap_parse_attachment(record, &attachment)) {
		verifier_problem(verifier, record->offset,
				 "the attachment makes no sense");
		return 0;
	}
	fact->log_time_ns = attachment.log_time_ns;
	fact->create_time_ns = attachment.create_time_ns;
	fact->bytes = attachment.bytes;
	fact->names_crc = verifier_names_crc(attachment.name, attachment.media_type);
	if (attachment.crc &&
	    attachment.crc != libdeflate_crc32(0, record->data, attachment.crced_bytes)) {
		verifier_problem(verifier, record->offset,
				 "the attachment's CRC is wrong");
	}
	return 0;
}

static int take_metadata(struct verifier *verifier, const struct mcap_record *record)
{
	struct item_fact *fact = add_item(verifier, record);
	struct mcap_metadata metadata;

	if (!fact) {
		return -ENOMEM;
	}
	if (mcap_parse_metadata(record, &metadata)) {
		verifier_problem(verifier, record->offset, "the metadata makes no sense");
		return 0;
	}
	fact->names_crc =
		verifier_names_crc(metadata.name, (struct mcap_text){ .data = "" });
	return 0;
}

static int take_data_end(struct verifier *verifier, const struct mcap_record *record)
{
	struct mcap_data_end end;
	uint32_t crc;
	int code;

	end_chunk(verifier);
	verifier->is_in_summary = true;
	verifier->summary_start = record->offset + MCAP_HEAD_BYTES + record->bytes;
	if (mcap_parse_data_end(record, &end) || record->bytes != MCAP_DATA_END_BYTES) {
		verifier_problem(verifier, record->offset, "the data end makes no sense");
		return 0;
	}
	if (end.crc == 0) {
		return 0;
	}
	code = mcap_reader_crc(verifier->reader, 0, record->offset, &crc);
	if (code) {
		verifier_problem(verifier, record->offset, "cannot be read: %s",
				 strerror(-code));
	} else if (crc != end.crc) {
		verifier_problem(verifier, record->offset,
				 "the CRC of the data is wrong");
	}
	return code == -ENOMEM ? code : 0;
}

static int take_header(struct verifier *verifier, const struct mcap_record *record)
{
	struct mcap_header header;

	if (verifier->is_header_seen || record->offset != MCAP_MAGIC_BYTES) {
		verifier_problem(verifier, record->offset,
				 "a header that is not at the beginning");
	} else if (mcap_parse_header(record, &header)) {
		verifier_problem(verifier, record->offset, "the header makes no sense");
	}
	verifier->is_header_seen = true;
	return 0;
}

static int take_data(struct verifier *verifier, const struct mcap_record *record)
{
	if (!record->is_in_chunk && record->op != MCAP_MESSAGE_INDEX) {
		end_chunk(verifier);
	}
	if (!verifier->is_header_seen && record->op != MCAP_HEADER) {
		verifier_problem(verifier, record->offset, "the header is missing");
		verifier->is_header_seen = true;
	}
	switch (record->op) {
	case MCAP_HEADER:
		return take_header(verifier, record);
	case MCAP_SCHEMA:
	case MCAP_CHANNEL:
		return take_declaration(verifier, record);
	case MCAP_MESSAGE:
		return take_message(verifier, record);
	case MCAP_CHUNK:
		return begin_chunk(verifier, record);
	case MCAP_MESSAGE_INDEX:
		return take_message_index(verifier, record);
	case MCAP_ATTACHMENT:
		return take_attachment(verifier, record);
	case MCAP_METADATA:
		return take_metadata(verifier, record);
	case MCAP_DATA_END:
		return take_data_end(verifier, record);
	default:
		if (record->op <= MCAP_DATA_END) {
			verifier_problem(
				verifier, record->offset,
				"a record that does not belong into the data (%s)",
				mcap_op_name(record->op));
		}
		return 0;
	}
}

static void show_progress(const struct verifier *verifier, uint64_t record_count)
{
	const struct mcap_verify_listener *listener = verifier->listener;

	if (listener->progress && record_count % PROGRESS_RECORDS == 0) {
		listener->progress(listener->context, mcap_reader_at(verifier->reader),
				   mcap_reader_bytes(verifier->reader));
	}
}

static int read_all(struct verifier *verifier)
{
	struct mcap_record record;
	const struct mcap_stop *stop;
	uint64_t count = 0;
	int code;

	while ((code = mcap_reader_next(verifier->reader, &record)) > 0) {
		show_progress(verifier, count++);
		code = verifier->is_in_summary ? verifier_take_summary(verifier, &record)
					       : take_data(verifier, &record);
		if (code) {
			return code;
		}
	}
	if (verifier->streams.is_out_of_memory) {
		return -ENOMEM;
	}
	if (code < 0) {
		stop = mcap_reader_stop(verifier->reader);
		verifier_problem(verifier, stop->offset, "%s", stop->text);
		return code == -ENOMEM ? code : 0;
	}
	verifier_end_summary(verifier);
	return 0;
}

static void init(struct verifier *verifier, const struct mcap_verify_listener *listener,
		 struct mcap_cycles *cycles)
{
	*verifier = (struct verifier){
		.listener = listener,
		.cycles = cycles,
		.chunks.entry_bytes = sizeof(struct chunk_fact),
		.indexes.entry_bytes = sizeof(struct index_fact),
		.items.entry_bytes = sizeof(struct item_fact),
		.messages.entry_bytes = sizeof(struct message_fact),
		.is_chunk_bad = true,
	};
	mcap_cycles_begin_file(cycles);
}

static void fini(struct verifier *verifier)
{
	free(verifier->chunks.entries);
	free(verifier->indexes.entries);
	free(verifier->items.entries);
	free(verifier->messages.entries);
	mcap_streams_fini(&verifier->streams);
	mcap_reader_close(verifier->reader);
}

int mcap_verify(const char *path, const struct mcap_verify_listener *listener,
		struct mcap_cycles *cycles, struct mcap_verify_result *ret_result,
		struct err *err)
{
	struct verifier verifier;
	int code;

	init(&verifier, listener, cycles);
	code = mcap_reader_open(path, &verifier.reader, err);
	if (code) {
		return code;
	}
	code = read_all(&verifier);
	if (code) {
		err_set_errno(err, code, "%s", path);
	} else {
		*ret_result = verifier.result;
	}
	fini(&verifier);
	return code;
}
