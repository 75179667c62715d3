/* CRC-32 as MCAP uses it (IEEE 802.3, reflected); the bytes themselves go through
 * libdeflate. */
#ifndef RTLOOP_MCAP_CRC_H
#define RTLOOP_MCAP_CRC_H

#include <libdeflate.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

/**
 * crc_combine - the CRC of two pieces of data in a row, from the CRC of each.
 * @second_bytes: length of the second piece
 *
 * Some 2 us whatever the length: a chunk's bytes are read once for its own CRC and for
 * the file's. [any]
 */
uint32_t crc_combine(uint32_t first, uint32_t second, uint64_t second_bytes) RT_SAFE;

#endif
