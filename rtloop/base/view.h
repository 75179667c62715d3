/*
 * A view: the process image as it stood at the end of one cycle, for whoever is not the cycle. It is
 * asked for; the cycle copies the image into memory that was set aside at start, once for each time
 * it was asked, and is done with it. A cycle that nobody asks pays one load.
 */
#ifndef RTLOOP_BASE_VIEW_H
#define RTLOOP_BASE_VIEW_H

#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/image.h"
#include "rtloop/base/turn.h"

struct view {
	const struct image *image; /* borrowed; NULL: there is none to be had */
	struct turn turn;	   /* over all below */
	uint8_t *block;
	int64_t *sample_ns; /* one a channel, in the image's order */
	uint64_t cycle;	    /* of the copy */
	int64_t time_ns;    /* when it was made, CLOCK_MONOTONIC; 0: none was yet */
};

/** view_init - memory for copies of a sealed image. -ENOMEM. [init] */
int view_init(struct view *view, const struct image *image) MUST_CHECK;
void view_fini(struct view *view);

/** view_ask - for a new copy; nothing where one is being waited for already. [super] */
void view_ask(struct view *view);

/** view_is_here - whether what was asked for is there. [super] */
bool view_is_here(const struct view *view);

/**
 * view_channel - a channel as it was: value, quality and time are those of the copy.
 * @channel: of the image
 *
 * While view_is_here(), and until view_ask(). [super]
 */
struct channel view_channel(const struct view *view, const struct channel *channel);

/** view_serve - make the copy, if it was asked for; at the end of a cycle. [rt] */
void view_serve(struct view *view, uint64_t cycle, int64_t now_ns) RT_SAFE;

#endif
