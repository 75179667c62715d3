/*
 * A growing buffer that records are put together in. Running out of memory is remembered,
 * so that a whole record is written without a check on each field and checked once.
 */
#ifndef RTLOOP_MCAP_BYTES_H
#define RTLOOP_MCAP_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/mcap/format.h"

/* All zero: empty. */
struct bytes {
	uint8_t *data;
	size_t used;
	size_t capacity;
	int code; /* 0, or -ENOMEM since the last bytes_clear() */
};

/** bytes_fini - free the memory; the buffer is empty again. [any but rt] */
void bytes_fini(struct bytes *bytes);

/** bytes_clear - empty it and keep its memory. [any but rt] */
void bytes_clear(struct bytes *bytes);

/** bytes_cut - back to a length that it had before; forgets that memory ran out. [any but
 * rt] */
void bytes_cut(struct bytes *bytes, size_t used);

/** bytes_reserve - room for so many bytes more; grows by doubling. -ENOMEM. [any but rt]
 */
int bytes_reserve(struct bytes *bytes, size_t more) MUST_CHECK;

/** bytes_put - append; what does not fit into memory sets code. [any but rt] */
void bytes_put(struct bytes *bytes, const void *data, size_t count);
void bytes_put_u8(struct bytes *bytes, uint8_t value);
void bytes_put_u16(struct bytes *bytes, uint16_t value);
void bytes_put_u32(struct bytes *bytes, uint32_t value);
void bytes_put_u64(struct bytes *bytes, uint64_t value);

/** bytes_put_string - uint32 length and the text without its NUL. [any but rt] */
void bytes_put_string(struct bytes *bytes, const char *text);

/** bytes_begin_record - opcode and a length to be filled in; returns where. [any but rt]
 */
size_t bytes_begin_record(struct bytes *bytes, enum mcap_op op);

/** bytes_end_record - fill in the length of the record begun at @at. [any but rt] */
void bytes_end_record(struct bytes *bytes, size_t at);

/** bytes_begin_array - a uint32 length in bytes to be filled in; returns where. [any but
 * rt] */
size_t bytes_begin_array(struct bytes *bytes);

/** bytes_end_array - fill in the length of the array or map begun at @at. [any but rt] */
void bytes_end_array(struct bytes *bytes, size_t at);

#endif
