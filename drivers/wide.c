#include "drivers/wide.h"

struct wide wide_times_10(struct wide wide)
{
	uint64_t low = (wide.low & UINT32_MAX) * 10;
	uint64_t middle = (wide.low >> 32) * 10 + (low >> 32);

	return (struct wide){ .high = wide.high * 10 + (middle >> 32),
			      .low = middle << 32 | (low & UINT32_MAX) };
}

struct wide wide_shifted_right(struct wide wide, unsigned bits)
{
	if (bits == 0) {
		return wide;
	}
	if (bits >= 64) {
		return (struct wide){ .low = wide.high >> (bits - 64) };
	}
	return (struct wide){ .high = wide.high >> bits,
			      .low = wide.high << (64 - bits) | wide.low >> bits };
}

static uint64_t ones(unsigned bits)
{
	return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

struct wide wide_low_bits(struct wide wide, unsigned bits)
{
	return (struct wide){ .high = bits > 64 ? wide.high & ones(bits - 64) : 0,
			      .low = wide.low & ones(bits) };
}

int wide_compare(struct wide a, struct wide b)
{
	if (a.high != b.high) {
		return a.high < b.high ? -1 : 1;
	}
	return (a.low > b.low) - (a.low < b.low);
}

/* Bit by bit: where the upper half is 0, as it is for most, the machine does it. */
uint64_t wide_divide(struct wide wide, uint64_t divisor, uint64_t *ret_rest)
{
	uint64_t quotient = 0;
	uint64_t rest = wide.high;

	if (rest == 0) {
		*ret_rest = wide.low % divisor;
		return wide.low / divisor;
	}
	for (unsigned bit = 64; bit-- > 0;) {
		rest = rest << 1 | (wide.low >> bit & 1);
		quotient <<= 1;
		if (rest >= divisor) {
			rest -= divisor;
			quotient |= 1;
		}
	}
	*ret_rest = rest;
	return quotient;
}
