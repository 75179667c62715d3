#include "rtloop/mcap/survey.h"

#include <errno.h>
#include <stdlib.h>

static void destroy_item(struct mcap_survey_item *item)
{
	free(item->name);
	free(item->media_type);
	free(item);
}

void mcap_survey_fini(struct mcap_survey *survey)
{
	struct mcap_survey_item *item, *next;

	for (item = survey->items; item; item = next) {
		next = item->next;
		destroy_item(item);
	}
	free(survey->library);
	mcap_streams_fini(&survey->streams);
}

static int add_item(struct mcap_survey *survey, struct mcap_text name,
		    const struct mcap_text *media_type, uint64_t offset, uint64_t bytes)
{
	struct mcap_survey_item *item = calloc(1, sizeof(*item));

	if (!item) {
		return -ENOMEM;
	}
	item->name = mcap_text_copy(name);
	item->media_type = media_type ? mcap_text_copy(*media_type) : NULL;
	item->offset = offset;
	item->bytes = bytes;
	if (!item->name || (media_type && !item->media_type)) {
		destroy_item(item);
		return -ENOMEM;
	}
	*survey->items_end = item;
	survey->items_end = &item->next;
	return 0;
}

static int take_attachment(struct mcap_survey *survey, const struct mcap_record *record)
{
	struct mcap_attachment attachment;

	if (mcap_parse_attachment(record, &attachment)) {
		return 0;
	}
	return add_item(survey, attachment.name, &attachment.media_type, record->offset,
			attachment.bytes);
}

static int take_attachment_index(struct mcap_survey *survey,
				 const struct mcap_record *record)
{
	struct mcap_attachment_index index;

	if (mcap_parse_attachment_index(record, &index)) {
		return -EBADMSG;
	}
	return add_item(survey, index.name, &index.media_type, index.offset, index.bytes);
}

static int take_metadata(struct mcap_survey *survey, const struct mcap_record *record)
{
	struct mcap_metadata metadata;

	if (mcap_parse_metadata(record, &metadata)) {
		return 0;
	}
	return add_item(survey, metadata.name, NULL, record->offset, 0);
}

static int take_metadata_index(struct mcap_survey *survey,
			       const struct mcap_record *record)
{
	struct mcap_metadata_index index;

	if (mcap_parse_metadata_index(record, &index)) {
		return -EBADMSG;
	}
	return add_item(survey, index.name, NULL, index.offset, 0);
}

static int take_statistics(struct mcap_survey *survey, const struct mcap_record *record,
			   struct mcap_statistics *ret_statistics)
{
	uint64_t messages;
	uint16_t id;

	if (mcap_parse_statistics(record, ret_statistics)) {
		return -EBADMSG;
	}
	survey->messages = ret_statistics->messages;
	survey->chunks = ret_statistics->chunks;
	survey->start_ns = ret_statistics->start_ns;
	survey->end_ns = ret_statistics->end_ns;
	for (size_t i = 0; i < ret_statistics->count; i++) {
		mcap_channel_entry(ret_statistics->messages_of, i, &id, &messages);
		if (mcap_streams_find(&survey->streams, id)) {
			mcap_streams_find(&survey->streams, id)->messages = messages;
		}
	}
	return 1;
}

static void take_message(struct mcap_survey *survey, const struct mcap_record *record)
{
	struct mcap_message message;
	struct mcap_stream *stream;

	if (mcap_parse_message(record, &message)) {
		return;
	}
	stream = mcap_streams_find(&survey->streams, message.channel_id);
	if (!stream) {
		return;
	}
	if (survey->messages == 0 || message.log_time_ns < survey->start_ns) {
		survey->start_ns = message.log_time_ns;
	}
	if (survey->messages == 0 || message.log_time_ns > survey->end_ns) {
		survey->end_ns = message.log_time_ns;
	}
	survey->messages++;
	stream->messages++;
}

/* 1 where the record was the statistics. */
static int take_summary_record(struct mcap_survey *survey,
			       const struct mcap_record *record,
			       struct mcap_statistics *ret_statistics)
{
	switch (record->op) {
	case MCAP_STATISTICS:
		return take_statistics(survey, record, ret_statistics);
	case MCAP_ATTACHMENT_INDEX:
		return take_attachment_index(survey, record);
	case MCAP_METADATA_INDEX:
		return take_metadata_index(survey, record);
	default:
		return mcap_streams_take(&survey->streams, record);
	}
}

/* What makes no sense is left out: saying so is the business of a check. */
static int take_data_record(struct mcap_survey *survey, const struct mcap_record *record)
{
	switch (record->op) {
	case MCAP_CHUNK:
		survey->chunks++;
		return 0;
	case MCAP_MESSAGE:
		take_message(survey, record);
		return 0;
	case MCAP_ATTACHMENT:
		return take_attachment(survey, record);
	case MCAP_METADATA:
		return take_metadata(survey, record);
	default:
		return mcap_streams_take(&survey->streams, record) == -ENOMEM ? -ENOMEM
									      : 0;
	}
}

static int read_header(struct mcap_survey *survey, struct mcap_reader *reader)
{
	struct mcap_record record;
	struct mcap_header header;

	if (mcap_reader_next(reader, &record) <= 0 || record.op != MCAP_HEADER ||
	    mcap_parse_header(&record, &header)) {
		return 0;
	}
	survey->library = mcap_text_copy(header.library);
	return survey->library ? 0 : -ENOMEM;
}

/* A summary may leave out what the statistics count: then it stands in the data alone. */
static bool has_all(const struct mcap_survey *survey,
		    const struct mcap_statistics *statistics)
{
	uint32_t attachments = 0, metadata = 0;

	for (const struct mcap_survey_item *item = survey->items; item;
	     item = item->next) {
		attachments += item->media_type != NULL;
		metadata += item->media_type == NULL;
	}
	return survey->streams.count == statistics->channels &&
	       attachments == statistics->attachments && metadata == statistics->metadata;
}

/* -ENODATA: the file has to be gone through. */
static int read_summary(struct mcap_survey *survey, struct mcap_reader *reader)
{
	struct mcap_record record;
	struct mcap_footer footer;
	struct mcap_statistics statistics = { .messages = 0 };
	bool has_statistics = false;
	int code = mcap_reader_seek_summary(reader, &footer);

	while (!code) {
		code = mcap_reader_next(reader, &record);
		if (code <= 0) {
			break;
		}
		code = take_summary_record(survey, &record, &statistics);
		has_statistics = has_statistics || code == 1;
		code = code == 1 ? 0 : code;
	}
	if (code == -ENOMEM) {
		return code;
	}
	survey->is_closed = true;
	survey->is_from_summary = true;
	return code || !has_statistics || !has_all(survey, &statistics) ? -ENODATA : 0;
}

static int read_data(struct mcap_survey *survey, struct mcap_reader *reader)
{
	struct mcap_record record;
	bool is_data = true;
	int code = 0;
	int stop_code;

	mcap_reader_seek(reader, MCAP_MAGIC_BYTES);
	while ((stop_code = mcap_reader_next(reader, &record)) > 0) {
		is_data = is_data && record.op != MCAP_DATA_END;
		if (is_data) {
			code = take_data_record(survey, &record);
		}
		if (code) {
			return code;
		}
	}
	survey->stop_code = stop_code;
	survey->stop = *mcap_reader_stop(reader);
	survey->is_closed = stop_code == 0;
	return stop_code == -ENOMEM ? -ENOMEM : 0;
}

/* An empty survey but for what the header says. */
static int start(struct mcap_survey *survey, struct mcap_reader *reader)
{
	int code;

	*survey = (struct mcap_survey){ .file_bytes = mcap_reader_bytes(reader) };
	survey->items_end = &survey->items;
	mcap_reader_seek(reader, MCAP_MAGIC_BYTES);
	code = read_header(survey, reader);
	if (code) {
		mcap_survey_fini(survey);
	}
	return code;
}

int mcap_survey_init(struct mcap_survey *survey, struct mcap_reader *reader)
{
	int code = start(survey, reader);

	if (code) {
		return code;
	}
	code = read_summary(survey, reader);
	if (code == -ENODATA) {
		mcap_survey_fini(survey);
		code = start(survey, reader);
		if (code) {
			return code;
		}
		code = read_data(survey, reader);
	}
	if (code) {
		mcap_survey_fini(survey);
		return code;
	}
	mcap_reader_seek(reader, MCAP_MAGIC_BYTES);
	return 0;
}
