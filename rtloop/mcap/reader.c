#include "rtloop/mcap/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "rtloop/mcap/window.h"

/* What stands before a chunk's records; with a name of a compression that no one has. */
#define CHUNK_HEAD_MAX (MCAP_CHUNK_BYTES + 64)

struct mcap_reader {
	struct window window;
	uint64_t at;	/* of the next record */
	uint64_t limit; /* in a chunk: where its records end, or the file if that is
			   sooner */
	bool is_in_chunk;
	bool is_chunk_cut; /* by the file's end */
	struct mcap_chunk chunk;
	bool is_at_end; /* the footer has been read, and the magic behind it is there */
	bool is_stopped;
	int stop_code;
	struct mcap_stop stop;
};

static int check_magic(struct mcap_reader *reader, const char *path, struct err *err)
{
	const uint8_t *magic;
	int code = window_get(&reader->window, 0, MCAP_MAGIC_BYTES, &magic);

	if (code == -ENODATA && reader->window.file_bytes == 0) {
		return err_set(err, -EBADMSG, "%s: is empty: nothing was written into it",
			       path);
	}
	if (code == -ENODATA) {
		return err_set(err, -EBADMSG,
			       "%s: is not an MCAP file: it has %" PRIu64 " bytes", path,
			       reader->window.file_bytes);
	}
	if (code) {
		return err_set_errno(err, code, "%s", path);
	}
	if (memcmp(magic, MCAP_MAGIC, MCAP_MAGIC_BYTES) != 0) {
		return err_set(err, -EBADMSG, "%s: is not an MCAP file", path);
	}
	return 0;
}

int mcap_reader_open(const char *path, struct mcap_reader **ret_reader, struct err *err)
{
	struct mcap_reader *reader = calloc(1, sizeof(*reader));
	int code;

	if (!reader) {
		return err_set_errno(err, -ENOMEM, "%s", path);
	}
	code = window_open(&reader->window, path, err);
	if (code) {
		goto err_free_reader;
	}
	code = check_magic(reader, path, err);
	if (code) {
		goto err_close_window;
	}
	mcap_reader_seek(reader, MCAP_MAGIC_BYTES);
	*ret_reader = reader;
	return 0;
err_close_window:
	window_close(&reader->window);
err_free_reader:
	free(reader);
	return code;
}

void mcap_reader_close(struct mcap_reader *reader)
{
	if (reader) {
		window_close(&reader->window);
		free(reader);
	}
}

PRINTF_LIKE(3, 4)
static int stop(struct mcap_reader *reader, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reader->stop.text, sizeof(reader->stop.text), format, args);
	va_end(args);
	reader->stop.offset = reader->at;
	reader->stop_code = code;
	reader->is_stopped = true;
	return code;
}

static int stop_failed(struct mcap_reader *reader, int code)
{
	if (code == -ENODATA) {
		return stop(reader, code, "the file became shorter while it was read");
	}
	return stop(reader, code, "cannot be read: %s", strerror(-code));
}

/* A crash of the machine can leave a tail of zeros: blocks that were given but never
 * written. */
static int stop_at_zero(struct mcap_reader *reader)
{
	const uint8_t *byte;
	int code;

	for (uint64_t i = reader->at; i < reader->window.file_bytes; i++) {
		code = window_get(&reader->window, i, 1, &byte);
		if (code) {
			return stop_failed(reader, code);
		}
		if (*byte != 0) {
			return stop(reader, -EBADMSG, "no record begins here");
		}
	}
	return stop(reader, -ENODATA, "only zeros from here on: the log was not closed");
}

/* Whether a record of that kind may stand inside a chunk; further kinds may come to MCAP.
 */
static bool is_chunkable(uint8_t op)
{
	return op == MCAP_SCHEMA || op == MCAP_CHANNEL || op == MCAP_MESSAGE ||
	       op > MCAP_DATA_END;
}

static int enter_chunk(struct mcap_reader *reader, struct mcap_record *record)
{
	uint64_t file_bytes = reader->window.file_bytes;
	uint64_t content_at = record->offset + MCAP_HEAD_BYTES;
	uint64_t left = file_bytes - content_at;
	uint64_t head_bytes =
		record->bytes < CHUNK_HEAD_MAX ? record->bytes : CHUNK_HEAD_MAX;
	struct mcap_record head = *record;
	uint64_t used;
	int code;

	head.bytes = head_bytes < left ? head_bytes : left;
	code = window_get(&reader->window, content_at, head.bytes, &head.data);
	if (code) {
		return stop_failed(reader, code);
	}
	if (mcap_parse_chunk(&head, &reader->chunk)) {
		return head.bytes < head_bytes
			       ? stop(reader, -ENODATA,
				      "the file ends inside a chunk's head")
			       : stop(reader, -EBADMSG, "a chunk's head makes no sense");
	}
	used = reader->chunk.records_at - content_at;
	if (reader->chunk.records_bytes != record->bytes - used) {
		return stop(reader, -EBADMSG,
			    "a chunk's two lengths contradict each other");
	}
	if (reader->chunk.compression.length) {
		return stop(reader, -ENOTSUP, "a chunk is compressed with \"%.*s\"",
			    (int)reader->chunk.compression.length,
			    reader->chunk.compression.data);
	}
	record->data = head.data;
	reader->is_in_chunk = true;
	reader->is_chunk_cut = record->bytes > left;
	reader->at = reader->chunk.records_at;
	reader->limit = reader->is_chunk_cut ? file_bytes : content_at + record->bytes;
	return 1;
}

/* What must follow the footer's content, and nothing else. */
static int check_end(struct mcap_reader *reader, const struct mcap_record *footer)
{
	const uint8_t *magic;
	uint64_t end = footer->offset + MCAP_HEAD_BYTES + footer->bytes;
	uint64_t left = reader->window.file_bytes - end;
	int code;

	if (footer->bytes != MCAP_FOOTER_BYTES) {
		return stop(reader, -EBADMSG, "a footer of %" PRIu64 " bytes",
			    footer->bytes);
	}
	if (left < MCAP_MAGIC_BYTES) {
		return stop(reader, -ENODATA, "the file ends inside its last 8 bytes");
	}
	code = window_get(&reader->window, end, MCAP_MAGIC_BYTES, &magic);
	if (code) {
		return stop_failed(reader, code);
	}
	if (left > MCAP_MAGIC_BYTES || memcmp(magic, MCAP_MAGIC, MCAP_MAGIC_BYTES) != 0) {
		return stop(reader, -EBADMSG, "the footer is not the file's end");
	}
	reader->is_at_end = true;
	return 0;
}

static int stop_short(struct mcap_reader *reader, const char *what)
{
	if (reader->is_in_chunk && !reader->is_chunk_cut) {
		return stop(reader, -EBADMSG, "the chunk ends inside a record (%s)",
			    what);
	}
	return stop(reader, -ENODATA, "the file ends inside a record (%s)", what);
}

/* A record's content into the window; what is too long to hold is passed over. */
static int take_content(struct mcap_reader *reader, struct mcap_record *record,
			uint64_t left)
{
	int code;

	if (record->bytes > left) {
		return stop_short(reader, mcap_op_name(record->op));
	}
	if (record->op == MCAP_FOOTER) {
		code = check_end(reader, record);
		if (code) {
			return code;
		}
	}
	code = window_get(&reader->window, record->offset + MCAP_HEAD_BYTES,
			  record->bytes, &record->data);
	if (code == -EFBIG) {
		record->data = NULL;
	} else if (code) {
		return stop_failed(reader, code);
	}
	reader->at = record->offset + MCAP_HEAD_BYTES + record->bytes;
	return 1;
}

/* The head of the record at @at, with @left bytes to the end of what it stands in. */
static int take_head(struct mcap_reader *reader, uint64_t left,
		     struct mcap_record *record)
{
	const uint8_t *head;
	int code;

	if (left == 0) {
		return stop(reader, -ENODATA,
			    "the file ends here: the log was not closed");
	}
	if (left < MCAP_HEAD_BYTES) {
		return stop_short(reader, "its head");
	}
	code = window_get(&reader->window, reader->at, MCAP_HEAD_BYTES, &head);
	if (code) {
		return stop_failed(reader, code);
	}
	*record = (struct mcap_record){
		.op = head[0],
		.is_in_chunk = reader->is_in_chunk,
		.offset = reader->at,
		.bytes = le_load64(head + 1),
	};
	return 0;
}

static int take_record(struct mcap_reader *reader, struct mcap_record *record)
{
	uint64_t end = reader->is_in_chunk ? reader->limit : reader->window.file_bytes;
	uint64_t left = end - reader->at;
	int code = take_head(reader, left, record);

	if (code) {
		return code;
	}
	if (record->op == 0) {
		return stop_at_zero(reader);
	}
	if (reader->is_in_chunk && !is_chunkable(record->op)) {
		return stop(reader, -EBADMSG,
			    "a record inside a chunk that must not be there (%s)",
			    mcap_op_name(record->op));
	}
	if (record->op == MCAP_CHUNK) {
		return enter_chunk(reader, record);
	}
	return take_content(reader, record, left - MCAP_HEAD_BYTES);
}

int mcap_reader_next(struct mcap_reader *reader, struct mcap_record *ret_record)
{
	struct mcap_record record = { .op = 0 };
	int code;

	if (reader->is_stopped) {
		return reader->stop_code;
	}
	if (reader->is_at_end) {
		return stop(reader, 0, "the log was closed");
	}
	if (reader->is_in_chunk && !reader->is_chunk_cut && reader->at == reader->limit) {
		reader->is_in_chunk = false;
	}
	code = take_record(reader, &record);
	if (code > 0) {
		*ret_record = record;
	}
	return code;
}

const struct mcap_stop *mcap_reader_stop(const struct mcap_reader *reader)
{
	return &reader->stop;
}

int mcap_reader_check_chunk(struct mcap_reader *reader)
{
	const struct mcap_chunk *chunk = &reader->chunk;
	uint32_t crc;
	int code;

	if (reader->is_chunk_cut) {
		return -ENODATA;
	}
	if (chunk->crc == 0) {
		return 0;
	}
	code = mcap_reader_crc(reader, chunk->records_at, chunk->records_bytes, &crc);
	if (code) {
		return code;
	}
	return crc == chunk->crc ? 0 : -EBADMSG;
}

void mcap_reader_skip_chunk(struct mcap_reader *reader)
{
	if (reader->is_in_chunk) {
		reader->at = reader->limit;
	}
}

void mcap_reader_seek(struct mcap_reader *reader, uint64_t offset)
{
	uint64_t file_bytes = reader->window.file_bytes;

	reader->at = offset < file_bytes ? offset : file_bytes;
	reader->is_in_chunk = false;
	reader->is_at_end = false;
	reader->is_stopped = false;
}

static int find_footer(struct mcap_reader *reader, struct mcap_footer *ret_footer)
{
	uint64_t file_bytes = reader->window.file_bytes;
	struct mcap_record record = { .bytes = MCAP_FOOTER_BYTES };
	const uint8_t *end;
	int code;

	if (file_bytes < MCAP_MAGIC_BYTES + MCAP_END_BYTES) {
		return -ENODATA;
	}
	code = window_get(&reader->window, file_bytes - MCAP_END_BYTES, MCAP_END_BYTES,
			  &end);
	if (code) {
		return code;
	}
	if (memcmp(end + MCAP_END_BYTES - MCAP_MAGIC_BYTES, MCAP_MAGIC,
		   MCAP_MAGIC_BYTES) != 0) {
		return -ENODATA;
	}
	if (end[0] != MCAP_FOOTER || le_load64(end + 1) != MCAP_FOOTER_BYTES) {
		return -EBADMSG;
	}
	record.data = end + MCAP_HEAD_BYTES;
	return mcap_parse_footer(&record, ret_footer);
}

static int check_summary(struct mcap_reader *reader, const struct mcap_footer *footer)
{
	uint64_t footer_at = reader->window.file_bytes - MCAP_END_BYTES;
	uint64_t crced_bytes;
	uint32_t crc;
	int code;

	if (footer->summary_start == 0) {
		return -ENODATA;
	}
	if (footer->summary_start < MCAP_MAGIC_BYTES ||
	    footer->summary_start > footer_at) {
		return -EBADMSG;
	}
	if (footer->summary_crc == 0) {
		return 0;
	}
	crced_bytes = footer_at - footer->summary_start + MCAP_HEAD_BYTES +
		      MCAP_FOOTER_CRCED_BYTES;
	code = mcap_reader_crc(reader, footer->summary_start, crced_bytes, &crc);
	if (code) {
		return code;
	}
	return crc == footer->summary_crc ? 0 : -EBADMSG;
}

int mcap_reader_seek_summary(struct mcap_reader *reader, struct mcap_footer *ret_footer)
{
	struct mcap_footer footer;
	int code = find_footer(reader, &footer);

	if (!code) {
		code = check_summary(reader, &footer);
	}
	if (!code) {
		mcap_reader_seek(reader, footer.summary_start);
		*ret_footer = footer;
	}
	return code;
}

int mcap_reader_crc(struct mcap_reader *reader, uint64_t offset, uint64_t bytes,
		    uint32_t *ret_crc)
{
	uint32_t crc = 0;
	int code = window_crc(&reader->window, offset, bytes, &crc);

	if (!code) {
		*ret_crc = crc;
	}
	return code;
}

uint64_t mcap_reader_bytes(const struct mcap_reader *reader)
{
	return reader->window.file_bytes;
}

uint64_t mcap_reader_at(const struct mcap_reader *reader)
{
	return reader->at;
}
