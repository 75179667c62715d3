#include "config/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)16 * 1024)

struct arena_block {
	struct arena_block *older;
	size_t used;
	size_t bytes;
	alignas(max_align_t) char data[];
};

void arena_init(struct arena *arena)
{
	arena->newest = NULL;
}

void arena_fini(struct arena *arena)
{
	while (arena->newest) {
		struct arena_block *older = arena->newest->older;

		free(arena->newest);
		arena->newest = older;
	}
}

static struct arena_block *add_block(struct arena *arena, size_t bytes)
{
	size_t capacity = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
	struct arena_block *block = calloc(1, sizeof(*block) + capacity);

	if (block) {
		block->bytes = capacity;
		block->older = arena->newest;
		arena->newest = block;
	}
	return block;
}

void *arena_take(struct arena *arena, size_t bytes)
{
	size_t rounded = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct arena_block *block = arena->newest;
	void *data;

	if (!block || block->bytes - block->used < rounded) {
		block = add_block(arena, rounded);
	}
	if (!block) {
		return NULL;
	}
	data = block->data + block->used;
	block->used += rounded;
	return data;
}

char *arena_copy(struct arena *arena, const char *text, size_t bytes)
{
	char *copy = arena_take(arena, bytes + 1);

	if (copy) {
		memcpy(copy, text, bytes);
	}
	return copy;
}
