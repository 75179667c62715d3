#include "tests/fuzz/log_file.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rtloop/mcap/format.h"
#include "tests/fakes/spoil.h"

#define CHUNK_CRC_AT  24 /* in a chunk's content: behind two times and a length */
#define FOOTER_CRC_AT 16

void log_file_init(struct log_file *file)
{
	file->fd = memfd_create("log", 0);
	FUZZ_CHECK(file->fd >= 0);
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
}

static size_t crc_at(uint8_t op, size_t length)
{
	switch (op) {
	case MCAP_CHUNK:
		return CHUNK_CRC_AT;
	case MCAP_FOOTER:
		return FOOTER_CRC_AT;
	case MCAP_DATA_END:
		return 0;
	case MCAP_ATTACHMENT:
		return length - MCAP_CRC_BYTES;
	default:
		return SIZE_MAX;
	}
}

static void mend(uint8_t *data, size_t bytes)
{
	size_t at = MCAP_MAGIC_BYTES;

	while (at + MCAP_HEAD_BYTES <= bytes) {
		uint64_t length = le_load64(data + at + 1);
		size_t crc, content = at + MCAP_HEAD_BYTES;

		if (length > bytes - content) {
			return;
		}
		crc = crc_at(data[at], (size_t)length);
		if (length >= MCAP_CRC_BYTES && crc <= length - MCAP_CRC_BYTES) {
			le_store32(data + content + crc, 0);
		}
		at = content + (size_t)length;
	}
}

void log_file_set(struct log_file *file, const uint8_t *data, size_t bytes, bool mends)
{
	uint8_t *copy = malloc(bytes + 1);

	FUZZ_CHECK(copy != NULL);
	memcpy(copy, data, bytes);
	if (mends) {
		mend(copy, bytes);
	}
	FUZZ_CHECK(ftruncate(file->fd, 0) == 0);
	FUZZ_CHECK(pwrite(file->fd, copy, bytes, 0) == (ssize_t)bytes);
	free(copy);
}

/* Half of the time as a disk would do it, and otherwise libFuzzer's own ways. The first byte is an option. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t bytes_max,
			       unsigned seed)
{
	struct spoil spoil = { .state = seed,
			       .data = data + 1,
			       .bytes = bytes - 1,
			       .bytes_max = bytes_max - 1 };

	if (bytes < 2 || seed % 2) {
		return LLVMFuzzerMutate(data, bytes, bytes_max);
	}
	for (uint32_t left = spoil_next(&spoil, 4) + 1; left > 0; left--) {
		spoil_once(&spoil);
	}
	return spoil.bytes + 1;
}
