#include "rtloop/mcap/bytes.h"

#include <errno.h>
#include <stdlib.h>

#define CAPACITY_MIN 256

void bytes_fini(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ .data = NULL };
}

void bytes_clear(struct bytes *bytes)
{
	bytes_cut(bytes, 0);
}

void bytes_cut(struct bytes *bytes, size_t used)
{
	bytes->used = used;
	bytes->code = 0;
}

int bytes_reserve(struct bytes *bytes, size_t more)
{
	size_t capacity = bytes->capacity ? bytes->capacity : CAPACITY_MIN;
	uint8_t *data;

	if (more <= bytes->capacity - bytes->used) {
		return 0;
	}
	if (more > SIZE_MAX / 4 || bytes->used > SIZE_MAX / 4) {
		return -ENOMEM;
	}
	while (capacity - bytes->used < more) {
		capacity *= 2;
	}
	data = realloc(bytes->data, capacity);
	if (!data) {
		return -ENOMEM;
	}
	bytes->data = data;
	bytes->capacity = capacity;
	return 0;
}

/* Where the next count bytes go, or NULL; once it failed, it fails until cleared. */
static uint8_t *bytes_take(struct bytes *bytes, size_t count)
{
	uint8_t *at;

	if (!bytes->code) {
		bytes->code = bytes_reserve(bytes, count);
	}
	if (bytes->code) {
		return NULL;
	}
	at = bytes->data + bytes->used;
	bytes->used += count;
	return at;
}

void bytes_put(struct bytes *bytes, const void *data, size_t count)
{
	uint8_t *at = bytes_take(bytes, count);

	if (at && count) {
		memcpy(at, data, count);
	}
}

void bytes_put_u8(struct bytes *bytes, uint8_t value)
{
	bytes_put(bytes, &value, sizeof(value));
}

void bytes_put_u16(struct bytes *bytes, uint16_t value)
{
	value = htole16(value);
	bytes_put(bytes, &value, sizeof(value));
}

void bytes_put_u32(struct bytes *bytes, uint32_t value)
{
	value = htole32(value);
	bytes_put(bytes, &value, sizeof(value));
}

void bytes_put_u64(struct bytes *bytes, uint64_t value)
{
	value = htole64(value);
	bytes_put(bytes, &value, sizeof(value));
}

void bytes_put_string(struct bytes *bytes, const char *text)
{
	size_t length = strlen(text);

	bytes_put_u32(bytes, (uint32_t)length);
	bytes_put(bytes, text, length);
}

size_t bytes_begin_record(struct bytes *bytes, enum mcap_op op)
{
	size_t at = bytes->used;

	bytes_put_u8(bytes, (uint8_t)op);
	bytes_put_u64(bytes, 0);
	return at;
}

void bytes_end_record(struct bytes *bytes, size_t at)
{
	if (!bytes->code) {
		le_store64(bytes->data + at + 1, bytes->used - at - MCAP_HEAD_BYTES);
	}
}

size_t bytes_begin_array(struct bytes *bytes)
{
	size_t at = bytes->used;

	bytes_put_u32(bytes, 0);
	return at;
}

void bytes_end_array(struct bytes *bytes, size_t at)
{
	if (!bytes->code) {
		le_store32(bytes->data + at,
			   (uint32_t)(bytes->used - at - sizeof(uint32_t)));
	}
}
