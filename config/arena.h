/* Memory that is given back all at once: what one configuration file turns into. */
#ifndef CONFIG_ARENA_H
#define CONFIG_ARENA_H

#include <stddef.h>

#include "rtloop/base/attr.h"

struct arena_block;

struct arena {
	struct arena_block *newest; /* owned; NULL: nothing was taken yet */
};

/** arena_init - takes no memory yet. [init] */
void arena_init(struct arena *arena);

/** arena_fini - all that was taken from it is gone; a second time is a no-op. [init] */
void arena_fini(struct arena *arena);

/** arena_take - zeroed and aligned for any type; NULL without memory. [init] */
void *arena_take(struct arena *arena, size_t bytes) MUST_CHECK;

/** arena_copy - a copy with a NUL after it; NULL without memory. [init] */
char *arena_copy(struct arena *arena, const char *text, size_t bytes) MUST_CHECK;

#endif
