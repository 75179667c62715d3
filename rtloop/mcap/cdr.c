#include "rtloop/mcap/cdr.h"

#include <errno.h>

#include "rtloop/mcap/format.h"

/* Encodings of the head: its second byte. The first is 0 for all that the DDS standard
 * defines. */
#define CDR_BIG_ENDIAN	  0
#define CDR_LITTLE_ENDIAN 1

static size_t align(size_t at, size_t alignment)
{
	return (at + alignment - 1) & ~(alignment - 1);
}

void cdr_writer_init(struct cdr_writer *writer, void *data, size_t capacity)
{
	*writer = (struct cdr_writer){ .data = data, .capacity = capacity };
}

/* Where a field of that size goes; NULL where it does not fit. */
static uint8_t *put_aligned(struct cdr_writer *writer, size_t alignment, size_t bytes)
{
	size_t at = align(writer->used, alignment);

	if (writer->is_full || at > writer->capacity || bytes > writer->capacity - at) {
		writer->is_full = true;
		return NULL;
	}
	memset(writer->data + writer->used, 0, at - writer->used);
	writer->used = at + bytes;
	return writer->data + at;
}

void cdr_put_u8(struct cdr_writer *writer, uint8_t value)
{
	uint8_t *at = put_aligned(writer, 1, 1);

	if (at) {
		*at = value;
	}
}

void cdr_put_u16(struct cdr_writer *writer, uint16_t value)
{
	uint8_t *at = put_aligned(writer, sizeof(value), sizeof(value));

	if (at) {
		le_store16(at, value);
	}
}

void cdr_put_u32(struct cdr_writer *writer, uint32_t value)
{
	uint8_t *at = put_aligned(writer, sizeof(value), sizeof(value));

	if (at) {
		le_store32(at, value);
	}
}

void cdr_put_u64(struct cdr_writer *writer, uint64_t value)
{
	uint8_t *at = put_aligned(writer, sizeof(value), sizeof(value));

	if (at) {
		le_store64(at, value);
	}
}

void cdr_put_i64(struct cdr_writer *writer, int64_t value)
{
	cdr_put_u64(writer, (uint64_t)value);
}

void cdr_put_f64(struct cdr_writer *writer, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	cdr_put_u64(writer, bits);
}

void cdr_put_string(struct cdr_writer *writer, const char *text)
{
	size_t bytes = text ? strlen(text) + 1 : 1;
	uint8_t *at;

	if (bytes > UINT32_MAX) {
		writer->is_full = true;
		return;
	}
	cdr_put_u32(writer, (uint32_t)bytes);
	at = put_aligned(writer, 1, bytes);
	if (at) {
		memcpy(at, text ? text : "", bytes);
	}
}

int cdr_writer_end(const struct cdr_writer *writer, size_t *ret_bytes)
{
	if (writer->is_full) {
		return -ENOBUFS;
	}
	*ret_bytes = writer->used;
	return 0;
}

int cdr_reader_init(struct cdr_reader *reader, const void *data, size_t bytes)
{
	const uint8_t *head = data;

	if (bytes < CDR_HEAD_BYTES) {
		return -EBADMSG;
	}
	if (head[0] != 0 || head[1] > CDR_LITTLE_ENDIAN) {
		return -ENOTSUP;
	}
	*reader = (struct cdr_reader){
		.data = head + CDR_HEAD_BYTES,
		.bytes = bytes - CDR_HEAD_BYTES,
		.is_big_endian = head[1] == CDR_BIG_ENDIAN,
	};
	return 0;
}

static const uint8_t *get_aligned(struct cdr_reader *reader, size_t alignment,
				  size_t bytes)
{
	size_t at = align(reader->at, alignment);

	if (reader->is_short || at > reader->bytes || bytes > reader->bytes - at) {
		reader->is_short = true;
		return NULL;
	}
	reader->at = at + bytes;
	return reader->data + at;
}

uint8_t cdr_get_u8(struct cdr_reader *reader)
{
	const uint8_t *at = get_aligned(reader, 1, 1);

	return at ? *at : 0;
}

uint16_t cdr_get_u16(struct cdr_reader *reader)
{
	const uint8_t *at = get_aligned(reader, 2, 2);
	uint16_t value = at ? le_load16(at) : 0;

	return reader->is_big_endian ? __builtin_bswap16(value) : value;
}

uint32_t cdr_get_u32(struct cdr_reader *reader)
{
	const uint8_t *at = get_aligned(reader, 4, 4);
	uint32_t value = at ? le_load32(at) : 0;

	return reader->is_big_endian ? __builtin_bswap32(value) : value;
}

uint64_t cdr_get_u64(struct cdr_reader *reader)
{
	const uint8_t *at = get_aligned(reader, 8, 8);
	uint64_t value = at ? le_load64(at) : 0;

	return reader->is_big_endian ? __builtin_bswap64(value) : value;
}

const char *cdr_get_string(struct cdr_reader *reader, size_t *ret_length)
{
	uint32_t bytes = cdr_get_u32(reader);
	const uint8_t *at = get_aligned(reader, 1, bytes);

	*ret_length = 0;
	if (!at || bytes == 0) {
		return "";
	}
	/* Some writers leave the NUL out of an empty string, or count it and put none. */
	*ret_length = at[bytes - 1] == '\0' ? bytes - 1 : bytes;
	return (const char *)at;
}
