/*
 * Signals: numbers in the data of a CAN frame, bit by bit as DBC files number them.
 *
 * Bit 8 * B + s is the one of significance s (0 to 7) in byte B. A little-endian (Intel)
 * signal begins with its least significant bit and goes on to higher numbers. A big-endian
 * (Motorola) one begins with its most significant bit, goes down to the lowest bit of that
 * byte, and on with the highest bit of the next byte.
 *
 * A multiplexed signal is there only where another number of the same frame, its
 * multiplexor, has certain values; which in turn may be multiplexed.
 */
#ifndef DRIVERS_CAN_SIGNAL_H
#define DRIVERS_CAN_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/sample.h"
#include "rtloop/base/attr.h"

#define CAN_CLASSIC_BYTES 8
#define CAN_FD_BYTES	  64

enum can_encoding { CAN_UNSIGNED, CAN_SIGNED, CAN_FLOAT };

struct can_bits {
	uint32_t start;	 /* 0 to 8 * CAN_FD_BYTES - 1 */
	uint32_t length; /* 1 to 64 */
	bool is_big;
};

struct can_range {
	uint64_t first;
	uint64_t last; /* inclusive */
};

/* A multiplexor, and the values of it for which a signal is there. */
struct can_switch {
	struct can_bits bits;
	const struct can_range *ranges; /* borrowed */
	unsigned range_count;
};

struct can_signal {
	uint32_t id; /* with CAN_EFF_FLAG where it is an extended one */
	struct can_bits bits;
	enum can_encoding encoding; /* a float has 32 or 64 bits */
	struct scaling scaling;
	const struct can_switch *switches; /* borrowed; the outermost first */
	unsigned switch_count;
};

/** can_bits_end - how many bytes of data it takes to hold them. [any] */
uint32_t can_bits_end(const struct can_bits *bits) RT_SAFE;

/** can_bits_overlap - whether a bit is part of both. [init] */
bool can_bits_overlap(const struct can_bits *a, const struct can_bits *b);

/** can_bits_take - the number; @data: can_bits_end() bytes at least. [any] */
uint64_t can_bits_take(const struct can_bits *bits, const uint8_t *data) RT_SAFE;

/** can_bits_put - the low bits of @raw, the others of @data left alone. [any] */
void can_bits_put(const struct can_bits *bits, uint64_t raw, uint8_t *data) RT_SAFE;

/**
 * can_signal_decode - take the signal out of a frame's data.
 *
 * 0; -ENOENT where the multiplexor says that another one is there; -EMSGSIZE where the
 * data ends before the signal or its multiplexor. [any]
 */
int can_signal_decode(const struct can_signal *signal, const uint8_t *data,
		      uint32_t bytes, struct sample *ret_sample) RT_SAFE MUST_CHECK;

#endif
