/*
 * How far a test goes that tries every byte, or very many numbers: all of it, except on a machine that is
 * emulated, where scripts/test-rt.sh asks for a part of it by TEST_STRIDE.
 */
#ifndef TESTS_FAKES_SWEEP_H
#define TESTS_FAKES_SWEEP_H

#include <stddef.h>

/** sweep_step - from one place to the next: 1, or TEST_STRIDE, which is best a prime number. */
size_t sweep_step(void);

/** sweep_count - how many of @count to try: all, or one in TEST_STRIDE. */
unsigned sweep_count(unsigned count);

#endif
