#include "drivers/can_signal.h"

#include <errno.h>

/* The bits of a big-endian signal stand in a row when bytes are read from their highest bit
 * on; this turns one numbering into the other, and back. */
static uint32_t mirror(uint32_t bit)
{
	return bit ^ 7;
}

uint32_t can_bits_end(const struct can_bits *bits)
{
	uint32_t first = bits->is_big ? mirror(bits->start) : bits->start;

	return (first + bits->length - 1) / 8 + 1;
}

static uint32_t bit_at(const struct can_bits *bits, uint32_t index)
{
	return bits->is_big ? mirror(mirror(bits->start) + index) : bits->start + index;
}

bool can_bits_overlap(const struct can_bits *a, const struct can_bits *b)
{
	for (uint32_t i = 0; i < a->length; i++) {
		for (uint32_t k = 0; k < b->length; k++) {
			if (bit_at(a, i) == bit_at(b, k)) {
				return true;
			}
		}
	}
	return false;
}

static uint64_t low_bits(uint64_t raw, uint32_t count)
{
	return count >= 64 ? raw : raw & ((UINT64_C(1) << count) - 1);
}

static uint64_t take_little(const struct can_bits *bits, const uint8_t *data)
{
	uint32_t skipped = bits->start % 8;
	const uint8_t *at = data + bits->start / 8;
	uint64_t raw = (uint64_t)*at >> skipped;

	for (uint32_t had = 8 - skipped; had < bits->length; had += 8) {
		raw |= (uint64_t) * ++at << had;
	}
	return low_bits(raw, bits->length);
}

static uint64_t take_big(const struct can_bits *bits, const uint8_t *data)
{
	uint32_t had = bits->start % 8 + 1;
	const uint8_t *at = data + bits->start / 8;
	uint64_t raw = low_bits(*at, had);

	for (; had + 8 <= bits->length; had += 8) {
		raw = raw << 8 | *++at;
	}
	if (had < bits->length) {
		uint32_t rest = bits->length - had;

		at++;
		return raw << rest | (uint64_t)*at >> (8 - rest);
	}
	return raw >> (had - bits->length);
}

uint64_t can_bits_take(const struct can_bits *bits, const uint8_t *data)
{
	return bits->is_big ? take_big(bits, data) : take_little(bits, data);
}

void can_bits_put(const struct can_bits *bits, uint64_t raw, uint8_t *data)
{
	for (uint32_t i = 0; i < bits->length; i++) {
		uint32_t at = bit_at(bits, i);
		uint32_t from = bits->is_big ? bits->length - 1 - i : i;
		uint8_t mask = (uint8_t)(1u << at % 8);

		data[at / 8] = (uint8_t)(raw >> from & 1 ? data[at / 8] | mask
							 : data[at / 8] & ~mask);
	}
}

static bool is_in(const struct can_switch *condition, uint64_t value)
{
	for (unsigned i = 0; i < condition->range_count; i++) {
		if (value >= condition->ranges[i].first &&
		    value <= condition->ranges[i].last) {
			return true;
		}
	}
	return false;
}

/* The outermost multiplexor comes first: what it excludes need not be there. */
static int select_signal(const struct can_signal *signal, const uint8_t *data,
			 uint32_t bytes)
{
	for (unsigned i = 0; i < signal->switch_count; i++) {
		const struct can_switch *condition = &signal->switches[i];

		if (can_bits_end(&condition->bits) > bytes) {
			return -EMSGSIZE;
		}
		if (!is_in(condition, can_bits_take(&condition->bits, data))) {
			return -ENOENT;
		}
	}
	return 0;
}

int can_signal_decode(const struct can_signal *signal, const uint8_t *data,
		      uint32_t bytes, struct sample *ret_sample)
{
	const struct can_bits *bits = &signal->bits;
	int rc = select_signal(signal, data, bytes);
	uint64_t raw;

	if (rc) {
		return rc;
	}
	if (can_bits_end(bits) > bytes) {
		return -EMSGSIZE;
	}
	raw = can_bits_take(bits, data);
	*ret_sample = signal->encoding == CAN_FLOAT
			      ? sample_of_float(raw, bits->length / 8)
			      : sample_of_int(raw, bits->length,
					      signal->encoding == CAN_SIGNED);
	return 0;
}
