/*
 * What the targets share. A target is one file: it is given bytes, and aborts where rtloop breaks a promise.
 * Those that need options take them from the first bytes, so that inputs found once keep their meaning.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer calls these; the second one once, if it is there, and the third to make an input of another. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t bytes_max,
			       unsigned seed);

/* libFuzzer's own. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t bytes_max);

/* A promise. What it prints is seen, though the targets' own output is closed: libFuzzer prints the stack. */
#define FUZZ_CHECK(promise)                                                              \
	do {                                                                             \
		if (!(promise)) {                                                        \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__,       \
				#promise);                                               \
			abort();                                                         \
		}                                                                        \
	} while (0)

struct fuzz_input {
	const uint8_t *data;
	size_t bytes;
};

/* The next byte; 0 past the end. */
static inline uint8_t fuzz_byte(struct fuzz_input *input)
{
	if (input->bytes == 0) {
		return 0;
	}
	input->bytes--;
	return *input->data++;
}

static inline uint32_t fuzz_below(struct fuzz_input *input, uint32_t limit)
{
	return fuzz_byte(input) % limit;
}

/* Up to @most of the next bytes, as they stand. */
static inline struct fuzz_input fuzz_piece(struct fuzz_input *input, size_t most)
{
	struct fuzz_input piece = { input->data,
				    input->bytes < most ? input->bytes : most };

	input->data += piece.bytes;
	input->bytes -= piece.bytes;
	return piece;
}

#endif
