#include "tests/fakes/spoil.h"

#include <string.h>

#include "rtloop/mcap/format.h"

#define FILL_BYTES_MAX	 700
#define SPLICE_BYTES_MAX 900

uint32_t spoil_next(struct spoil *spoil, uint32_t below)
{
	spoil->state = spoil->state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return below ? (uint32_t)(spoil->state >> 33) % below : 0;
}

static void flip(struct spoil *spoil, size_t at)
{
	spoil->data[at] ^= (uint8_t)(1 << spoil_next(spoil, 8));
}

static void put_length(struct spoil *spoil, size_t at)
{
	uint64_t length = UINT64_MAX >> spoil_next(spoil, 64);

	if (at + sizeof(length) <= spoil->bytes) {
		le_store64(spoil->data + at, length);
	}
}

static void fill(struct spoil *spoil, size_t at)
{
	size_t bytes = spoil_next(spoil, FILL_BYTES_MAX);

	if (at + bytes <= spoil->bytes) {
		memset(spoil->data + at,
		       spoil_next(spoil, 2) ? 0 : (int)spoil_next(spoil, 256), bytes);
	}
}

/* A piece of it over another, or in between. */
static void splice(struct spoil *spoil, size_t at)
{
	size_t from = spoil_next(spoil, (uint32_t)spoil->bytes);
	size_t bytes = spoil_next(spoil, SPLICE_BYTES_MAX);

	if (from + bytes > spoil->bytes || at + bytes > spoil->bytes) {
		return;
	}
	if (spoil_next(spoil, 2) && spoil->bytes + bytes <= spoil->bytes_max) {
		memmove(spoil->data + at + bytes, spoil->data + at, spoil->bytes - at);
		spoil->bytes += bytes;
	}
	memmove(spoil->data + at, spoil->data + from, bytes);
}

void spoil_once(struct spoil *spoil)
{
	size_t at = spoil_next(spoil, (uint32_t)spoil->bytes);

	switch (spoil_next(spoil, 5)) {
	case 0:
		flip(spoil, at);
		break;
	case 1:
		put_length(spoil, at);
		break;
	case 2:
		fill(spoil, at);
		break;
	case 3:
		splice(spoil, at);
		break;
	default:
		spoil->bytes = spoil_next(spoil, 8) ? spoil->bytes : at + 1;
	}
}
