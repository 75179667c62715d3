/* What rtloop top shows: one screen made from one status. */
#ifndef RTLOOP_CMD_TOP_SCREEN_H
#define RTLOOP_CMD_TOP_SCREEN_H

#include "config/tree.h"
#include "rtloop/cmd/screen.h"

struct top_view {
	const struct node *status; /* the newest reply; NULL: there was none yet */
	const char *trouble;	   /* why there is no newer one; NULL: there is */
	unsigned scrolled;	   /* lines of the lower part that are above the screen */
};

/**
 * top_screen_draw - fill a screen that was begun.
 *
 * The upper part is always there; the lower one begins with the channels, and can be scrolled: @view is
 * corrected where it is scrolled too far. [init]
 */
void top_screen_draw(struct screen *screen, struct top_view *view);

#endif
