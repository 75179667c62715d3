#include "rtloop/mcap/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int mcap_log_open(struct mcap_log *log, const char *path,
		  const struct mcap_log_options *options, struct err *err)
{
	*log = (struct mcap_log){ .options = *options };
	return mcap_reader_open(path, &log->reader, err);
}

void mcap_log_close(struct mcap_log *log)
{
	mcap_reader_close(log->reader);
	mcap_streams_fini(&log->streams);
}

static void tell(struct mcap_log *log, uint64_t offset, const char *text)
{
	if (log->options.problem) {
		log->options.problem(log->options.context, offset, text);
	}
}

static void problem(struct mcap_log *log, uint64_t offset, const char *text)
{
	log->problems++;
	tell(log, offset, text);
}

static bool is_in_time(const struct mcap_log *log, uint64_t time_ns)
{
	return time_ns >= log->options.from_ns && time_ns < log->options.to_ns;
}

static bool is_wanted(const struct mcap_log *log, const struct mcap_chunk *chunk)
{
	const struct mcap_log_options *options = &log->options;

	if (chunk->end_ns < options->from_ns || chunk->start_ns >= options->to_ns) {
		return false;
	}
	return !options->wants ||
	       options->wants(options->context, chunk->start_ns, chunk->end_ns);
}

static void enter_chunk(struct mcap_log *log, const struct mcap_record *record)
{
	struct mcap_chunk chunk;
	uint64_t offset = record->offset;
	int code;

	if (mcap_parse_chunk(record, &chunk)) {
		return;
	}
	if (!is_wanted(log, &chunk)) {
		mcap_reader_skip_chunk(log->reader);
		return;
	}
	code = mcap_reader_check_chunk(log->reader);
	if (code == -EBADMSG) {
		problem(log, offset,
			"a chunk is damaged (its CRC is wrong): "
			"its messages are left out");
		mcap_reader_skip_chunk(log->reader);
	}
}

static int take_declaration(struct mcap_log *log, const struct mcap_record *record)
{
	int code = mcap_streams_take(&log->streams, record);

	if (code == -EBADMSG) {
		problem(log, record->offset, "a schema or channel record makes no sense");
	} else if (code == -EEXIST) {
		problem(log, record->offset,
			"a schema or channel contradicts an earlier one");
	} else if (code == -ENOENT) {
		problem(log, record->offset,
			"a channel names a schema that is not there");
	}
	return code == -ENOMEM ? code : 0;
}

/* Whether the record is a message that is wanted. */
static bool take_message(struct mcap_log *log, const struct mcap_record *record,
			 struct mcap_log_message *message)
{
	if (mcap_parse_message(record, &message->message)) {
		problem(log, record->offset, "a message record makes no sense");
		return false;
	}
	if (!is_in_time(log, message->message.log_time_ns)) {
		return false;
	}
	message->stream = mcap_streams_find(&log->streams, message->message.channel_id);
	if (!message->stream) {
		problem(log, record->offset, "a message is of no known channel");
		return false;
	}
	message->offset = record->offset;
	return true;
}

static int end(struct mcap_log *log, int code)
{
	const struct mcap_stop *stop = mcap_reader_stop(log->reader);

	if (code == -ENODATA) {
		tell(log, stop->offset, stop->text);
	} else if (code < 0) {
		problem(log, stop->offset, stop->text);
	}
	return code;
}

int mcap_log_next(struct mcap_log *log, struct mcap_log_message *ret_message)
{
	struct mcap_log_message message;
	struct mcap_record record;
	int code;

	if (log->streams.is_out_of_memory) {
		return -ENOMEM;
	}
	while ((code = mcap_reader_next(log->reader, &record)) > 0) {
		switch (record.op) {
		case MCAP_MESSAGE:
			if (take_message(log, &record, &message)) {
				*ret_message = message;
				return 1;
			}
			break;
		case MCAP_CHUNK:
			enter_chunk(log, &record);
			break;
		default:
			code = take_declaration(log, &record);
			if (code) {
				return code;
			}
		}
	}
	return end(log, code);
}
