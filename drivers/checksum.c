#include "drivers/checksum.h"

#include <errno.h>
#include <libdeflate.h>

/*
 * A compiler cannot know that libdeflate's sum asks nothing of the kernel: but for its first call, which finds
 * out what the CPU can do.
 */
#if defined(__clang__) && __clang_major__ >= 20
#pragma clang diagnostic ignored "-Wfunction-effects"
#endif

const char *const checksum_kinds[] = {
	"none", "xor8", "sum8", "crc16-modbus", "crc16-ccitt", "crc32", "nmea", NULL,
};

/* Half a byte a step: 16 entries stay in the cache of a cycle, 256 would not. */
static const uint16_t modbus_table[16] = {
	0x0000, 0xcc01, 0xd801, 0x1400, 0xf001, 0x3c00, 0x2800, 0xe401,
	0xa001, 0x6c00, 0x7800, 0xb401, 0x5000, 0x9c01, 0x8801, 0x4400,
};

static const uint16_t ccitt_table[16] = {
	0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
	0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef,
};

uint32_t checksum_bytes(enum checksum_kind kind)
{
	switch (kind) {
	case CHECKSUM_NONE:
		return 0;
	case CHECKSUM_XOR8:
	case CHECKSUM_SUM8:
	case CHECKSUM_NMEA:
		return 1;
	case CHECKSUM_CRC16_MODBUS:
	case CHECKSUM_CRC16_CCITT:
		return 2;
	case CHECKSUM_CRC32:
		return 4;
	}
	return 0;
}

static uint32_t xor8(const uint8_t *data, uint32_t bytes)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < bytes; i++) {
		sum ^= data[i];
	}
	return sum;
}

static uint32_t sum8(const uint8_t *data, uint32_t bytes)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < bytes; i++) {
		sum += data[i];
	}
	return sum & 0xff;
}

static uint32_t crc16_modbus(const uint8_t *data, uint32_t bytes)
{
	uint32_t crc = 0xffff;

	for (uint32_t i = 0; i < bytes; i++) {
		crc ^= data[i];
		crc = (crc >> 4) ^ modbus_table[crc & 0xf];
		crc = (crc >> 4) ^ modbus_table[crc & 0xf];
	}
	return crc;
}

static uint32_t crc16_ccitt(const uint8_t *data, uint32_t bytes)
{
	uint32_t crc = 0xffff;

	for (uint32_t i = 0; i < bytes; i++) {
		crc ^= (uint32_t)data[i] << 8;
		crc = ((crc << 4) & 0xffff) ^ ccitt_table[crc >> 12];
		crc = ((crc << 4) & 0xffff) ^ ccitt_table[crc >> 12];
	}
	return crc;
}

void checksum_prepare(void)
{
	(void)libdeflate_crc32(0, "", 0);
}

uint32_t checksum_of(enum checksum_kind kind, const uint8_t *data, uint32_t bytes)
{
	switch (kind) {
	case CHECKSUM_NONE:
		return 0;
	case CHECKSUM_XOR8:
	case CHECKSUM_NMEA:
		return xor8(data, bytes);
	case CHECKSUM_SUM8:
		return sum8(data, bytes);
	case CHECKSUM_CRC16_MODBUS:
		return crc16_modbus(data, bytes);
	case CHECKSUM_CRC16_CCITT:
		return crc16_ccitt(data, bytes);
	case CHECKSUM_CRC32:
		return libdeflate_crc32(0, data, bytes);
	}
	return 0;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return -1;
}

static int read_hex(const uint8_t *digits, uint32_t count, uint32_t *ret_sum)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < count; i++) {
		int digit = hex_digit(digits[i]);

		if (digit < 0) {
			return -EBADMSG;
		}
		sum = sum << 4 | (uint32_t)digit;
	}
	*ret_sum = sum;
	return 0;
}

static uint32_t read_bytes(const uint8_t *data, uint32_t count, bool is_big)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < count; i++) {
		sum = sum << 8 | data[is_big ? i : count - 1 - i];
	}
	return sum;
}

static int verify_hex(const struct checksum_rule *rule, const uint8_t *frame,
		      uint32_t bytes, uint32_t *ret_bytes)
{
	bool is_nmea = rule->kind == CHECKSUM_NMEA;
	uint32_t from = is_nmea ? 1 : rule->from;
	uint32_t digits = 2 * checksum_bytes(rule->kind);
	uint32_t covered, sum;
	int rc;

	if (bytes < from + 1 + digits) {
		return -EMSGSIZE;
	}
	covered = bytes - digits - 1;
	if (frame[covered] != '*' || (is_nmea && frame[0] != '$' && frame[0] != '!')) {
		return -EBADMSG;
	}
	rc = read_hex(frame + covered + 1, digits, &sum);
	if (rc) {
		return rc;
	}
	if (sum != checksum_of(rule->kind, frame + from, covered - from)) {
		return -EBADMSG;
	}
	*ret_bytes = covered;
	return 0;
}

static int verify_bytes(const struct checksum_rule *rule, const uint8_t *frame,
			uint32_t bytes, uint32_t *ret_bytes)
{
	uint32_t width = checksum_bytes(rule->kind);
	uint32_t covered, sum;

	if (bytes < rule->from + width) {
		return -EMSGSIZE;
	}
	covered = bytes - width;
	sum = read_bytes(frame + covered, width, rule->is_big_endian);
	if (sum != checksum_of(rule->kind, frame + rule->from, covered - rule->from)) {
		return -EBADMSG;
	}
	*ret_bytes = covered;
	return 0;
}

int checksum_verify(const struct checksum_rule *rule, const uint8_t *frame,
		    uint32_t bytes, uint32_t *ret_bytes)
{
	if (rule->kind == CHECKSUM_NONE) {
		*ret_bytes = bytes;
		return 0;
	}
	if (rule->kind == CHECKSUM_NMEA || rule->form == CHECKSUM_AS_HEX) {
		return verify_hex(rule, frame, bytes, ret_bytes);
	}
	return verify_bytes(rule, frame, bytes, ret_bytes);
}

static const char hex_digits[] = "0123456789ABCDEF";

static uint32_t append_hex(const struct checksum_rule *rule, uint8_t *frame,
			   uint32_t bytes)
{
	uint32_t from = rule->kind == CHECKSUM_NMEA ? 1 : rule->from;
	uint32_t count = 2 * checksum_bytes(rule->kind);
	uint32_t sum = checksum_of(rule->kind, frame + from, bytes - from);

	frame[bytes] = '*';
	for (uint32_t i = count; i > 0; i--) {
		frame[bytes + i] = (uint8_t)hex_digits[sum & 15];
		sum >>= 4;
	}
	return 1 + count;
}

static uint32_t append_bytes(const struct checksum_rule *rule, uint8_t *frame,
			     uint32_t bytes)
{
	uint32_t count = checksum_bytes(rule->kind);
	uint32_t sum = checksum_of(rule->kind, frame + rule->from, bytes - rule->from);

	for (uint32_t i = 0; i < count; i++) {
		frame[bytes + (rule->is_big_endian ? count - 1 - i : i)] = (uint8_t)sum;
		sum >>= 8;
	}
	return count;
}

uint32_t checksum_append(const struct checksum_rule *rule, uint8_t *frame, uint32_t bytes)
{
	if (rule->kind == CHECKSUM_NONE) {
		return 0;
	}
	return rule->kind == CHECKSUM_NMEA || rule->form == CHECKSUM_AS_HEX
		       ? append_hex(rule, frame, bytes)
		       : append_bytes(rule, frame, bytes);
}
