/*
 * CDR, as ROS 2 puts its messages into bytes (XCDR1): every primitive aligned to its own
 * size, counted from the body's first byte; strings with a length that counts their NUL.
 * The writer is little endian; the reader takes both orders. What does not fit fails once
 * and for all, so that a message is put together or taken apart without a check on each
 * field.
 */
#ifndef RTLOOP_MCAP_CDR_H
#define RTLOOP_MCAP_CDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

/* Before each body: what encoding it has, and two bytes of options. */
#define CDR_HEAD_BYTES 4

/* A body being put together in the caller's memory. */
struct cdr_writer {
	uint8_t *data; /* borrowed from the caller */
	size_t capacity;
	size_t used;
	bool is_full; /* something did not fit: nothing more is written */
};

/** cdr_writer_init - [any] */
void cdr_writer_init(struct cdr_writer *writer, void *data, size_t capacity) RT_SAFE;

/** cdr_put_... - append one field, padded with zeros to its alignment. [any] */
void cdr_put_u8(struct cdr_writer *writer, uint8_t value) RT_SAFE;
void cdr_put_u16(struct cdr_writer *writer, uint16_t value) RT_SAFE;
void cdr_put_u32(struct cdr_writer *writer, uint32_t value) RT_SAFE;
void cdr_put_u64(struct cdr_writer *writer, uint64_t value) RT_SAFE;
void cdr_put_i64(struct cdr_writer *writer, int64_t value) RT_SAFE;
void cdr_put_f64(struct cdr_writer *writer, double value) RT_SAFE;

/** cdr_put_string - NULL is written as an empty string. [any] */
void cdr_put_string(struct cdr_writer *writer, const char *text) RT_SAFE;

/** cdr_writer_end - the body's length. -ENOBUFS where something did not fit. [any] */
int cdr_writer_end(const struct cdr_writer *writer, size_t *ret_bytes) RT_SAFE MUST_CHECK;

/* A body being taken apart. */
struct cdr_reader {
	const uint8_t *data; /* borrowed from the caller; behind the 4-byte head */
	size_t bytes;
	size_t at;
	bool is_big_endian;
	bool is_short; /* something was asked for that is not there: all further answers
			  are 0 */
};

/**
 * cdr_reader_init - from a message with its 4-byte head.
 *
 * -EBADMSG shorter than the head, -ENOTSUP not plain XCDR1. [any]
 */
int cdr_reader_init(struct cdr_reader *reader, const void *data,
		    size_t bytes) RT_SAFE MUST_CHECK;

/** cdr_get_... - the next field, aligned; 0 once the body has come to its end. [any] */
uint8_t cdr_get_u8(struct cdr_reader *reader) RT_SAFE;
uint16_t cdr_get_u16(struct cdr_reader *reader) RT_SAFE;
uint32_t cdr_get_u32(struct cdr_reader *reader) RT_SAFE;
uint64_t cdr_get_u64(struct cdr_reader *reader) RT_SAFE;

/**
 * cdr_get_string - the next string, without its NUL and not ended by one.
 * @ret_length: 0 on failure
 *
 * Borrowed from the body; never NULL. May hold any byte: nothing in a log can be trusted.
 * [any]
 */
const char *cdr_get_string(struct cdr_reader *reader, size_t *ret_length) RT_SAFE;

#endif
