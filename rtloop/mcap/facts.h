/* An array that grows, of things that stand somewhere in a file. */
#ifndef RTLOOP_MCAP_FACTS_H
#define RTLOOP_MCAP_FACTS_H

#include <stddef.h>
#include <stdint.h>

/* All zero but entry_bytes: empty. */
struct facts {
	void *entries; /* owned: free() it */
	size_t entry_bytes;
	size_t count;
	size_t capacity;
};

/** facts_add - a new entry, zeroed; NULL without memory. [any but rt] */
void *facts_add(struct facts *facts);

/** facts_at - [any but rt] */
static inline void *facts_at(const struct facts *facts, size_t i)
{
	return (char *)facts->entries + i * facts->entry_bytes;
}

/**
 * facts_find - the entry with that offset; NULL where there is none.
 *
 * Every entry begins with its uint64_t offset, and they are in order of it. [any but rt]
 */
void *facts_find(const struct facts *facts, uint64_t offset);

#endif
