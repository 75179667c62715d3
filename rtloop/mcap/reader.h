/*
 * Reads an MCAP file record by record, those inside chunks included, in the order in
 *which they stand there. A file that ends anywhere gives every whole message before its
 *end; then the reader says where and why it stopped. Nothing in a file is believed: no
 *length makes it read, allocate or loop more than the file's own size warrants.
 *
 *	while ((code = mcap_reader_next(reader, &record)) > 0) {
 *		if (record.op == MCAP_MESSAGE && !mcap_parse_message(&record, &message)) {
 *			...
 *		}
 *	}
 *	if (code < 0) {
 *		... mcap_reader_stop(reader)->text
 *	}
 *
 * Chunks compressed with lz4 or zstd are not read: rtloop writes none.
 */
#ifndef RTLOOP_MCAP_READER_H
#define RTLOOP_MCAP_READER_H

#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/mcap/record.h"

struct mcap_reader;

/* Where and why reading came to its end. */
struct mcap_stop {
	uint64_t offset;
	char text[200]; /* "the file ends inside a chunk"; without path and offset */
};

/**
 * mcap_reader_open - [any but rt]
 *
 * -errno with @err filled; -EBADMSG: not an MCAP file at all.
 */
int mcap_reader_open(const char *path, struct mcap_reader **ret_reader,
		     struct err *err) MUST_CHECK;
void mcap_reader_close(struct mcap_reader *reader);

/**
 * mcap_reader_next - the next record; its data is valid until the next call.
 *
 * 1 a record, 0 the end of a log that was closed. Otherwise mcap_reader_stop() says more:
 * -ENODATA the file ends before the log was closed, -EBADMSG it is damaged, -ENOTSUP a
 * compressed chunk, -ENOMEM, -errno of reading. After the end the answer stays the same.
 * [any but rt]
 */
int mcap_reader_next(struct mcap_reader *reader,
		     struct mcap_record *ret_record) MUST_CHECK;

/** mcap_reader_stop - set once mcap_reader_next() has returned 0 or less. [any but rt] */
const struct mcap_stop *mcap_reader_stop(const struct mcap_reader *reader);

/**
 * mcap_reader_check_chunk - whether the chunk just entered has the CRC that it should
 * have.
 *
 * Between mcap_reader_next() giving a chunk and the next call of it. 0; also of a chunk
 * that carries no CRC. -EBADMSG it has not, -ENODATA it is cut off by the file's end and
 * cannot be checked, -errno of reading. [any but rt]
 */
int mcap_reader_check_chunk(struct mcap_reader *reader) MUST_CHECK;

/** mcap_reader_skip_chunk - leave the chunk without its further records. [any but rt] */
void mcap_reader_skip_chunk(struct mcap_reader *reader);

/**
 * mcap_reader_seek - go on with the record at that offset; it must not be inside a chunk.
 *
 * MCAP_MAGIC_BYTES: the file's beginning. [any but rt]
 */
void mcap_reader_seek(struct mcap_reader *reader, uint64_t offset);

/**
 * mcap_reader_seek_summary - go to the summary section, which tells of the whole file.
 *
 * -ENODATA there is none: the file was not closed; -EBADMSG it does not have its CRC or
 * is not where the footer says; -errno of reading. Then nothing has changed. [any but rt]
 */
int mcap_reader_seek_summary(struct mcap_reader *reader,
			     struct mcap_footer *ret_footer) MUST_CHECK;

/** mcap_reader_crc - CRC-32 of a part of the file. -ENODATA, -errno. [any but rt] */
int mcap_reader_crc(struct mcap_reader *reader, uint64_t offset, uint64_t bytes,
		    uint32_t *ret_crc) MUST_CHECK;

/** mcap_reader_bytes - the file's size when it was opened. [any but rt] */
uint64_t mcap_reader_bytes(const struct mcap_reader *reader);

/** mcap_reader_at - where the next record will be read: how far it has come. [any but rt]
 */
uint64_t mcap_reader_at(const struct mcap_reader *reader);

#endif
