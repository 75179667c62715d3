/* Bytes spoilt at random, as disks, wires and hostile people do it: the same from the same seed. */
#ifndef TESTS_FAKES_SPOIL_H
#define TESTS_FAKES_SPOIL_H

#include <stddef.h>
#include <stdint.h>

struct spoil {
	uint64_t state; /* the seed, at first */
	uint8_t *data;
	size_t bytes; /* at least 1; stays so */
	size_t bytes_max;
};

/** spoil_next - a number below @below; 0 where that is 0. */
uint32_t spoil_next(struct spoil *spoil, uint32_t below);

/** spoil_once - a bit flipped, a length written, a run filled, a piece put elsewhere, or the end cut off. */
void spoil_once(struct spoil *spoil);

#endif
