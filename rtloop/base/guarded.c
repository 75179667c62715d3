#include "rtloop/base/guarded.h"

#include <string.h>

bool guarded_fits(const struct guarded *a, const struct guarded *b)
{
	return strcmp(a->chip, b->chip) == 0 && a->edge_buffer == b->edge_buffer &&
	       a->line_count == b->line_count && a->out_mask == b->out_mask &&
	       memcmp(a->lines, b->lines, a->line_count * sizeof(a->lines[0])) == 0;
}

static bool has_line(const struct guarded *guarded, uint32_t offset)
{
	for (uint32_t i = 0; i < guarded->line_count; i++) {
		if (guarded->lines[i].offset == offset) {
			return true;
		}
	}
	return false;
}

bool guarded_overlaps(const struct guarded *a, const struct guarded *b)
{
	if (strcmp(a->chip, b->chip) != 0) {
		return false;
	}
	for (uint32_t i = 0; i < a->line_count; i++) {
		if (has_line(b, a->lines[i].offset)) {
			return true;
		}
	}
	return false;
}

bool guarded_is_whole(const struct guarded *guarded)
{
	uint64_t lines;

	if (guarded->line_count == 0 || guarded->line_count > GUARDED_LINES_MAX ||
	    !memchr(guarded->device, '\0', sizeof(guarded->device)) ||
	    !memchr(guarded->chip, '\0', sizeof(guarded->chip))) {
		return false;
	}
	lines = UINT64_MAX >> (GUARDED_LINES_MAX - guarded->line_count);
	return (guarded->out_mask & ~lines) == 0 &&
	       (guarded->safe_bits & ~guarded->out_mask) == 0;
}
