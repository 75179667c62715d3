/*
 * Whether a log is what it says of itself: every CRC, every index, the statistics, the
 * summary, and whether its cycles are complete.
 */
#ifndef RTLOOP_MCAP_VERIFY_H
#define RTLOOP_MCAP_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/mcap/cycles.h"

/* Who is told. */
struct mcap_verify_listener {
	/* Something is wrong, at that offset. */
	void (*problem)(void *context, uint64_t offset, const char *text);
	/* How far it has come; may be NULL. */
	void (*progress)(void *context, uint64_t done_bytes, uint64_t all_bytes);
	void *context;
};

struct mcap_verify_result {
	uint64_t messages;
	uint64_t chunks;
	uint64_t problems;
	uint64_t
		cycle_problems; /* of these: cycles that are missing, come again, or are not said */
};

/**
 * mcap_verify - check one file.
 * @cycles: of the files before; goes on counting
 *
 * What is wrong with the log is told to the listener and counted. -errno with @err filled
 * only where the file cannot be opened or is not MCAP at all; -ENOMEM. [any but rt]
 */
int mcap_verify(const char *path, const struct mcap_verify_listener *listener,
		struct mcap_cycles *cycles, struct mcap_verify_result *ret_result,
		struct err *err) MUST_CHECK;

#endif
