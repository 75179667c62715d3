/* What the bytes of an MCAP file are (https://mcap.dev/spec): shared by writer, reader
 * and tests. */
#ifndef RTLOOP_MCAP_FORMAT_H
#define RTLOOP_MCAP_FORMAT_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "rtloop/base/attr.h"

#define MCAP_MAGIC	 "\x89MCAP0\r\n"
#define MCAP_MAGIC_BYTES 8

/* A record is an opcode, the length of its content (uint64), and the content. */
#define MCAP_HEAD_BYTES 9

#define MCAP_MESSAGE_BYTES     22 /* a message's content before its data */
#define MCAP_CHUNK_BYTES       40 /* a chunk's content before its records, uncompressed */
#define MCAP_INDEX_ENTRY_BYTES 16 /* a message index's log_time and offset */
#define MCAP_FOOTER_BYTES      20
#define MCAP_FOOTER_CRCED_BYTES                                                          \
	16 /* of the footer's content: what summary_crc covers                           \
	    */
#define MCAP_DATA_END_BYTES 4
#define MCAP_CRC_BYTES	    4
#define MCAP_END_BYTES	    (MCAP_HEAD_BYTES + MCAP_FOOTER_BYTES + MCAP_MAGIC_BYTES)

enum mcap_op {
	MCAP_HEADER = 0x01,
	MCAP_FOOTER = 0x02,
	MCAP_SCHEMA = 0x03,
	MCAP_CHANNEL = 0x04,
	MCAP_MESSAGE = 0x05,
	MCAP_CHUNK = 0x06,
	MCAP_MESSAGE_INDEX = 0x07,
	MCAP_CHUNK_INDEX = 0x08,
	MCAP_ATTACHMENT = 0x09,
	MCAP_ATTACHMENT_INDEX = 0x0a,
	MCAP_STATISTICS = 0x0b,
	MCAP_METADATA = 0x0c,
	MCAP_METADATA_INDEX = 0x0d,
	MCAP_SUMMARY_OFFSET = 0x0e,
	MCAP_DATA_END = 0x0f,
};

/** le_store16, 32, 64 - little endian, to any alignment. [any] */
static inline void le_store16(uint8_t *at, uint16_t value) RT_SAFE;
static inline void le_store16(uint8_t *at, uint16_t value)
{
	value = htole16(value);
	memcpy(at, &value, sizeof(value));
}

static inline void le_store32(uint8_t *at, uint32_t value) RT_SAFE;
static inline void le_store32(uint8_t *at, uint32_t value)
{
	value = htole32(value);
	memcpy(at, &value, sizeof(value));
}

static inline void le_store64(uint8_t *at, uint64_t value) RT_SAFE;
static inline void le_store64(uint8_t *at, uint64_t value)
{
	value = htole64(value);
	memcpy(at, &value, sizeof(value));
}

/** le_load16, 32, 64 - little endian, from any alignment. [any] */
static inline uint16_t le_load16(const uint8_t *at) RT_SAFE;
static inline uint16_t le_load16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return le16toh(value);
}

static inline uint32_t le_load32(const uint8_t *at) RT_SAFE;
static inline uint32_t le_load32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return le32toh(value);
}

static inline uint64_t le_load64(const uint8_t *at) RT_SAFE;
static inline uint64_t le_load64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return le64toh(value);
}

#endif
