/* "did you mean": the nearest of some names to a misspelt one. */
#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#include "rtloop/base/attr.h"

struct suggest {
	const char *word; /* borrowed: as it was written */
	const char
		*best; /* borrowed: the nearest name offered so far; NULL: none is near */
	unsigned best_cost;
};

/**
 * suggest_init - offer it all names, then read @best.
 *
 * Near is a name that differs in at most about a third of the word's letters (inserted,
 * left out, changed, or two neighbours swapped; case and - for _ count nothing); where there
 * is none, the only name that the word begins with, or that begins with the word. Of several
 * that are equally near the first one offered is taken. [init]
 */
void suggest_init(struct suggest *suggest, const char *word);

/** suggest_offer - @name: must stay until @best was read. [init] */
void suggest_offer(struct suggest *suggest, const char *name);

#endif
