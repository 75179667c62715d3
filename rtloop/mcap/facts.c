#include "rtloop/mcap/facts.h"

#include <stdlib.h>
#include <string.h>

void *facts_add(struct facts *facts)
{
	size_t capacity = facts->capacity ? 2 * facts->capacity : 64;
	void *entries;

	if (facts->count == facts->capacity) {
		entries = realloc(facts->entries, capacity * facts->entry_bytes);
		if (!entries) {
			return NULL;
		}
		facts->entries = entries;
		facts->capacity = capacity;
	}
	return memset(facts_at(facts, facts->count++), 0, facts->entry_bytes);
}

void *facts_find(const struct facts *facts, uint64_t offset)
{
	size_t low = 0, high = facts->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t at = *(const uint64_t *)facts_at(facts, middle);

		if (at == offset) {
			return facts_at(facts, middle);
		}
		if (at < offset) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return NULL;
}
