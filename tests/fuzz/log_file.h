/* A log in memory for the targets that read one. */
#ifndef TESTS_FUZZ_LOG_FILE_H
#define TESTS_FUZZ_LOG_FILE_H

#include <stdbool.h>

#include "tests/fuzz/fuzz.h"

struct log_file {
	int fd;
	char path[64];
};

/** log_file_init - empty. */
void log_file_init(struct log_file *file);

/**
 * log_file_set - these bytes and no more.
 * @mends: every CRC is taken out, as a log may leave it out: otherwise hardly an input gets past the first one
 */
void log_file_set(struct log_file *file, const uint8_t *data, size_t bytes, bool mends);

#endif
