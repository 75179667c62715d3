#include "rtloop/mcap/salvage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "rtloop/mcap/reader.h"
#include "rtloop/mcap/salvager.h"

#define CHANNEL_IDS (UINT16_MAX + 1)

/* In vain is looked at no more than so many times the file: hostile ones could make it the square. */
#define BUDGET_TIMES 16
#define BUDGET_MIN   ((uint64_t)1 << 24)

#define SHOW_EVERY ((uint64_t)1 << 20)

/* Libraries of rtloop's own; of a log that was recovered, sequences may jump. */
#define LIBRARY "rtloop"

void salvager_problem(struct salvager *salvager, uint64_t offset, const char *format, ...)
{
	const struct mcap_salvage_listener *listener = salvager->listener;
	char text[300];
	va_list args;

	if (!listener->problem) {
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	listener->problem(listener->context, offset, text);
}

static bool is_zero(struct salvager *salvager, uint64_t at, uint64_t end)
{
	const uint8_t *byte;

	for (; at < end; at++) {
		byte = salvager_get(salvager, at, 1);
		if (!byte || *byte != 0) {
			return false;
		}
	}
	return true;
}

void salvager_leave_out(struct salvager *salvager, uint64_t offset, uint64_t end)
{
	salvager->result.left_out_bytes += end - offset;
	salvager->result.places++;
	salvager_problem(salvager, offset, "%" PRIu64 " bytes are left out: %s",
			 end - offset,
			 is_zero(salvager, offset, end)
				 ? "only zeros"
				 : (end == salvager->window.file_bytes
					    ? "nothing whole up to the file's end"
					    : "nothing whole"));
}

void salvager_leave_out_unknown(struct salvager *salvager,
				const struct mcap_record *record)
{
	salvager_problem(salvager, record->offset,
			 "a record of a kind that is not known");
	salvager->lost_bytes += record->bytes;
	salvager_leave_out(salvager, record->offset,
			   record->offset + MCAP_HEAD_BYTES + record->bytes);
}

bool salvager_show(struct salvager *salvager, uint64_t at)
{
	const struct mcap_salvage_listener *listener = salvager->listener;

	if (!listener->progress || salvager->code) {
		return !salvager->code;
	}
	salvager->code =
		listener->progress(listener->context, at, salvager->window.file_bytes);
	return !salvager->code;
}

static void give(struct salvager *salvager, const struct mcap_record *record)
{
	const struct mcap_salvage_listener *listener = salvager->listener;
	struct mcap_attachment attachment;
	struct mcap_metadata metadata;

	if (record->op == MCAP_ATTACHMENT &&
	    mcap_parse_attachment(record, &attachment) == 0) {
		salvager->result.attachments++;
		if (listener->attachment) {
			salvager->code =
				listener->attachment(listener->context, &attachment);
		}
	} else if (record->op == MCAP_METADATA &&
		   mcap_parse_metadata(record, &metadata) == 0) {
		salvager->result.metadata++;
		if (listener->metadata) {
			salvager->code = listener->metadata(listener->context, &metadata);
		}
	}
}

static void take_record(struct salvager *salvager, const struct mcap_record *record)
{
	switch (record->op) {
	case MCAP_SCHEMA:
	case MCAP_CHANNEL:
		salvager_declare(salvager, record);
		break;
	case MCAP_ATTACHMENT:
	case MCAP_METADATA:
		give(salvager, record);
		break;
	case MCAP_MESSAGE_INDEX:
		break;
	default:
		salvager_leave_out_unknown(salvager, record);
	}
}

/* What ends the data; also what can stand only behind it. */
static bool is_end(const struct mcap_record *record)
{
	return record->op == MCAP_DATA_END || record->op == MCAP_STATISTICS ||
	       record->op == MCAP_FOOTER;
}

/* Where the file is to end whose data ends there: behind its summary. 0: the summary does not tell. */
static uint64_t find_end(struct salvager *salvager, uint64_t at)
{
	const uint8_t *head;
	uint64_t bytes;

	while ((head = salvager_get(salvager, at, MCAP_HEAD_BYTES)) &&
	       head[0] != MCAP_FOOTER) {
		bytes = le_load64(head + 1);
		if (bytes > salvager->window.file_bytes) {
			return 0;
		}
		at += MCAP_HEAD_BYTES + bytes;
	}
	head = salvager_get(salvager, at, MCAP_END_BYTES);
	return head && le_load64(head + 1) == MCAP_FOOTER_BYTES &&
			       memcmp(head + MCAP_END_BYTES - MCAP_MAGIC_BYTES,
				      MCAP_MAGIC, MCAP_MAGIC_BYTES) == 0
		       ? at + MCAP_END_BYTES
		       : 0;
}

/* Another log may stand behind this one, of which nothing is taken. */
static void leave_out_rest(struct salvager *salvager, uint64_t data_end)
{
	uint64_t end = find_end(salvager, data_end);
	uint64_t rest = end ? salvager->window.file_bytes - end : 0;

	if (rest > 0) {
		salvager->result.left_out_bytes += rest;
		salvager->result.places++;
		salvager_problem(salvager, end,
				 "%" PRIu64 " bytes are left out: they stand behind the "
				 "log's end",
				 rest);
	}
}

static uint64_t find_next(struct salvager *salvager, uint64_t at)
{
	struct mcap_record record;
	struct salvage_chunk chunk;

	while (!salvager->code && at < salvager->window.file_bytes &&
	       !salvager_record_at(salvager, at, false, &record) &&
	       !salvager_chunk_at(salvager, at, false, &chunk) &&
	       !salvager_has_loose_message(salvager, at)) {
		at++;
		salvager->lost_bytes++;
		if (at % SHOW_EVERY == 0 && !salvager_show(salvager, at)) {
			break;
		}
	}
	return at;
}

/* From a place on that no record begins at. */
static uint64_t pass_over(struct salvager *salvager, uint64_t at)
{
	uint64_t next;

	salvager->lost_bytes++;
	next = find_next(salvager, at + 1);
	if (!salvager->code) {
		salvager_leave_out(salvager, at, next);
	}
	return next;
}

static void go(struct salvager *salvager, uint64_t at)
{
	struct mcap_record record;
	struct salvage_chunk chunk;

	while (!salvager->code && at < salvager->window.file_bytes) {
		if (at - salvager->told_at >= SHOW_EVERY) {
			salvager->told_at = at;
			salvager_show(salvager, at);
		}
		if (salvager_chunk_at(salvager, at, true, &chunk)) {
			at = salvager_take_chunk(salvager, &chunk);
		} else if (salvager_record_at(salvager, at, true, &record)) {
			if (is_end(&record)) {
				salvager->result.is_closed = record.op == MCAP_DATA_END;
				leave_out_rest(salvager, at);
				return;
			}
			take_record(salvager, &record);
			at += MCAP_HEAD_BYTES + record.bytes;
		} else if (salvager_has_loose_message(salvager, at)) {
			at = salvager_take_loose(salvager, at);
		} else if (!salvager->code) {
			at = pass_over(salvager, at);
		}
	}
	if (!salvager->code) {
		salvager_problem(salvager, at,
				 "the file ends here: the log was not closed");
	}
}

static bool has_library(const struct mcap_header *header, const char *word)
{
	return header->library.length > 0 &&
	       memmem(header->library.data, header->library.length, word, strlen(word));
}

/* Returns where the header ends; 0: it is not there. */
static uint64_t take_header(struct salvager *salvager)
{
	const uint8_t *head = salvager_get(salvager, MCAP_MAGIC_BYTES, MCAP_HEAD_BYTES);
	struct mcap_record record = { .op = MCAP_HEADER, .offset = MCAP_MAGIC_BYTES };
	struct mcap_header header;

	if (!head || head[0] != MCAP_HEADER) {
		return 0;
	}
	record.bytes = le_load64(head + 1);
	record.data =
		salvager_get(salvager, MCAP_MAGIC_BYTES + MCAP_HEAD_BYTES, record.bytes);
	if (!record.data || mcap_parse_header(&record, &header) ||
	    header.profile.length + header.library.length + 8 != record.bytes) {
		return 0;
	}
	salvager->is_rtloop = header.library.length >= strlen(LIBRARY) &&
			      memcmp(header.library.data, LIBRARY, strlen(LIBRARY)) == 0;
	salvager->is_dense = salvager->is_rtloop && !has_library(&header, "recover");
	return MCAP_MAGIC_BYTES + MCAP_HEAD_BYTES + record.bytes;
}

static int take_summary_declarations(struct salvager *salvager,
				     struct mcap_reader *reader)
{
	struct mcap_record record;
	int code = 0;

	while (code != -ENOMEM && mcap_reader_next(reader, &record) > 0) {
		code = mcap_streams_take(salvager->streams, &record);
	}
	return code == -ENOMEM ? code : 0;
}

/* Where there is a summary with the CRC that it should have, it knows the streams better than the data. */
static int read_summary(struct salvager *salvager, const char *path, bool *ret_is_there)
{
	struct mcap_reader *reader;
	struct mcap_footer footer;
	struct err err;
	int code = mcap_reader_open(path, &reader, &err);

	*ret_is_there = false;
	if (code) {
		return code == -ENOMEM ? code : 0;
	}
	code = mcap_reader_seek_summary(reader, &footer);
	*ret_is_there = !code && footer.summary_crc != 0;
	if (*ret_is_there) {
		code = take_summary_declarations(salvager, reader);
	}
	mcap_reader_close(reader);
	return code == -ENOMEM ? code : 0;
}

static void check_magic(struct salvager *salvager)
{
	const uint8_t *magic = salvager_get(salvager, 0, MCAP_MAGIC_BYTES);

	if (!magic || memcmp(magic, MCAP_MAGIC, MCAP_MAGIC_BYTES) != 0) {
		salvager->result.places++;
		salvager_problem(salvager, 0,
				 "the file does not begin as an MCAP file does");
	}
}

static int salvage(struct salvager *salvager, const char *path, struct err *err)
{
	uint64_t at = take_header(salvager);
	bool is_summary_there;
	int code = read_summary(salvager, path, &is_summary_there);

	if (code) {
		return err_set_errno(err, code, "%s", path);
	}
	if (at == 0 && !is_summary_there && !salvager->code) {
		return err_set(err, -EBADMSG, "%s: %s: nothing can be recovered", path,
			       salvager->window.file_bytes == 0
				       ? "is empty"
				       : "not even the header of a log is there");
	}
	check_magic(salvager);
	if (at == 0) {
		at = pass_over(salvager, MCAP_MAGIC_BYTES);
	}
	go(salvager, at);
	return salvager->code ? err_set_errno(err, salvager->code, "%s", path) : 0;
}

int mcap_salvage(const char *path, struct mcap_streams *streams,
		 const struct mcap_salvage_listener *listener,
		 struct mcap_salvage_result *ret_result, struct err *err)
{
	struct salvager salvager = { .listener = listener, .streams = streams };
	int code = window_open(&salvager.window, path, err);

	if (code) {
		return code;
	}
	salvager.budget = BUDGET_TIMES * salvager.window.file_bytes + BUDGET_MIN;
	salvager.next_sequence = calloc(CHANNEL_IDS, sizeof(*salvager.next_sequence));
	code = salvager.next_sequence ? salvage(&salvager, path, err)
				      : err_set_errno(err, -ENOMEM, "%s", path);
	if (!code) {
		*ret_result = salvager.result;
	}
	free(salvager.next_sequence);
	window_close(&salvager.window);
	return code;
}
