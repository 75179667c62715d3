#include "rtloop/mcap/crc.h"

/*
 * A CRC is a polynomial over GF(2) modulo the generator. Reflected: the top bit is x^0,
 * and a shift to the right multiplies by x.
 */
#define GENERATOR  UINT32_C(0xedb88320)
#define X_TO_THE_0 (UINT32_C(1) << 31)
#define X_TO_THE_8 (UINT32_C(1) << 23)

static uint32_t multiply(uint32_t a, uint32_t b)
{
	uint32_t product = 0;

	for (uint32_t bit = X_TO_THE_0; bit; bit >>= 1) {
		if (a & bit) {
			product ^= b;
		}
		b = b & 1 ? (b >> 1) ^ GENERATOR : b >> 1;
	}
	return product;
}

uint32_t crc_combine(uint32_t first, uint32_t second, uint64_t second_bytes)
{
	uint32_t power = X_TO_THE_8;
	uint32_t shift = X_TO_THE_0;

	/* Appending n bytes multiplies what came before by x^8n: square and multiply. */
	for (uint64_t n = second_bytes; n; n >>= 1) {
		if (n & 1) {
			shift = multiply(shift, power);
		}
		power = multiply(power, power);
	}
	return multiply(first, shift) ^ second;
}
