/*
 * The checksums that instruments put at the end of a frame, and where they stand there.
 *
 * As bytes: the last 1, 2 or 4 bytes of the frame, in a stated order.
 * As hex: the last 2, 4 or 8 characters of the frame are hex digits, after a '*'; the '*'
 * and the digits are not covered. "nmea" is always this, and covers what stands between
 * '$' (or '!') and '*'.
 */
#ifndef DRIVERS_CHECKSUM_H
#define DRIVERS_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

enum checksum_kind {
	CHECKSUM_NONE,
	CHECKSUM_XOR8,
	CHECKSUM_SUM8,	       /* the low 8 bits of the sum */
	CHECKSUM_CRC16_MODBUS, /* poly 0x8005 reflected, init 0xFFFF */
	CHECKSUM_CRC16_CCITT, /* "CCITT-FALSE": poly 0x1021, init 0xFFFF, not reflected */
	CHECKSUM_CRC32, /* IEEE 802.3: poly 0x04C11DB7 reflected, init and final xor ~0 */
	CHECKSUM_NMEA,	/* xor8 of the NMEA 0183 sentence */
};

/* Names in the order of the enum, NULL-terminated: choices of an option row. */
extern const char *const checksum_kinds[];

enum checksum_form { CHECKSUM_AS_BYTES, CHECKSUM_AS_HEX };

struct checksum_rule {
	enum checksum_kind kind;
	enum checksum_form form;
	bool is_big_endian; /* CHECKSUM_AS_BYTES: the most significant byte comes first */
	uint32_t from;	    /* offset of the first byte covered */
};

/** checksum_bytes - 0, 1, 2 or 4: how wide a checksum of this kind is. [any] */
uint32_t checksum_bytes(enum checksum_kind kind) RT_SAFE;

/** checksum_prepare - before the first sum is asked for in the cycle. [init] */
void checksum_prepare(void);

/** checksum_of - over all of @data; 0 for CHECKSUM_NONE. [any] */
uint32_t checksum_of(enum checksum_kind kind, const uint8_t *data,
		     uint32_t bytes) RT_SAFE;

/**
 * checksum_verify - whether a frame ends in the right checksum.
 * @ret_bytes: bytes of the frame before the checksum (and before the '*')
 *
 * 0; -EMSGSIZE when the frame is too short to hold one; -EBADMSG when it is wrong or, as
 * hex, when no '*' and hex digits are there. [any]
 */
int checksum_verify(const struct checksum_rule *rule, const uint8_t *frame,
		    uint32_t bytes, uint32_t *ret_bytes) RT_SAFE MUST_CHECK;

/* The longest that checksum_append() appends: '*' and 8 digits. */
#define CHECKSUM_APPEND_MAX 9

/**
 * checksum_append - write the checksum behind a frame, as checksum_verify() expects it there.
 * @frame: has room for CHECKSUM_APPEND_MAX bytes more
 * @bytes: of the frame; at least rule->from, and for nmea 1
 *
 * Returns how many bytes it took; hex digits are upper case. [any]
 */
uint32_t checksum_append(const struct checksum_rule *rule, uint8_t *frame,
			 uint32_t bytes) RT_SAFE;

#endif
