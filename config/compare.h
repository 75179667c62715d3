/* What is different between two versions of a configuration file. */
#ifndef CONFIG_COMPARE_H
#define CONFIG_COMPARE_H

#include "config/tree.h"

struct compare {
	void *context;
	/**
	 * differs - a value that was changed, is gone, or is new: with all that is in it.
	 * @before: NULL: it is new
	 * @after: NULL: it is gone
	 * @parent: of @after; or, where it is gone, what is left of where it was
	 *
	 * [init]
	 */
	void (*differs)(void *context, const struct node *before,
			const struct node *after, const struct node *parent);
};

/**
 * compare_trees - call differs() for each difference, first those that are in @after, in its order.
 *
 * Scalars are the same where their texts are. The order of keys in a mapping makes no difference, nor do
 * comments and layout. [init]
 */
void compare_trees(const struct node *before, const struct node *after,
		   const struct compare *compare);

struct words; /* config/describe.h */

/** compare_path - append where a node is: "devices.probe.baud", "points[2]"; "" of the root. [init] */
void compare_path(struct words *words, const struct node *node);

#endif
