#include "drivers/big.h"

#include <string.h>

void big_multiply_add(struct big *big, uint32_t factor, uint32_t term)
{
	uint64_t carry = term;

	for (unsigned i = 0; i < big->count; i++) {
		carry += (uint64_t)big->limbs[i] * factor;
		big->limbs[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry && big->count < BIG_LIMBS) {
		big->limbs[big->count++] = (uint32_t)carry;
	}
}

void big_multiply_pow5(struct big *big, unsigned power)
{
	for (; power >= 13; power -= 13) {
		big_multiply_add(big, 1220703125, 0);
	}
	for (; power > 0; power--) {
		big_multiply_add(big, 5, 0);
	}
}

unsigned big_bits(const struct big *big)
{
	return 32 * big->count - (unsigned)__builtin_clz(big->limbs[big->count - 1]);
}

void big_shift_left(struct big *big, unsigned bits)
{
	unsigned whole = bits / 32;

	big_multiply_add(big, UINT32_C(1) << bits % 32, 0);
	if (whole > 0 && big->count + whole <= BIG_LIMBS) {
		memmove(big->limbs + whole, big->limbs, big->count * sizeof(uint32_t));
		memset(big->limbs, 0, whole * sizeof(uint32_t));
		big->count += whole;
	}
}

bool big_is_less(const struct big *a, const struct big *b)
{
	if (a->count != b->count) {
		return a->count < b->count;
	}
	for (unsigned i = a->count; i-- > 0;) {
		if (a->limbs[i] != b->limbs[i]) {
			return a->limbs[i] < b->limbs[i];
		}
	}
	return false;
}

void big_subtract(struct big *a, const struct big *b)
{
	uint64_t borrow = 0;

	for (unsigned i = 0; i < a->count; i++) {
		uint64_t term = borrow + (i < b->count ? b->limbs[i] : 0);

		borrow = a->limbs[i] < term;
		a->limbs[i] = (uint32_t)(a->limbs[i] - term);
	}
	while (a->count > 0 && a->limbs[a->count - 1] == 0) {
		a->count--;
	}
}
