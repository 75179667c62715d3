/*
 * A view: the process image as it stood at the end of one cycle, for whoever is not the cycle. It is
 * asked for; the cycle copies the image into memory that was set aside at start, once for each time
 * it was asked, and is done with it. Until then whoever asked has the copy before it. A cycle that
 * nobody asks pays one load.
 */
#ifndef RTLOOP_BASE_VIEW_H
#define RTLOOP_BASE_VIEW_H

#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/image.h"
#include "rtloop/base/turn.h"

struct view_copy {
	uint8_t *block;
	int64_t *sample_ns; /* one a channel, in the image's order */
	uint64_t cycle;	    /* at the end of which it was made */
	int64_t time_ns;    /* when that was, CLOCK_MONOTONIC; 0: it was not made yet */
};

struct view {
	const struct image *image; /* borrowed; NULL: no view is to be had */
	struct view_copy copies[2];
	unsigned newest;   /* of the two; the other one goes to the cycle */
	bool is_asked_for; /* of whoever asks */
	struct turn turn;
};

/** view_init - memory for copies of a sealed image. -ENOMEM. [init] */
int view_init(struct view *view, const struct image *image) MUST_CHECK;
void view_fini(struct view *view);

/** view_ask - for a new copy; nothing where one is being waited for already. [super] */
void view_ask(struct view *view);

/** view_is_here - whether the newest copy is the one that was last asked for. [super] */
bool view_is_here(struct view *view);

/** view_newest - the copy that is there; its time is 0 where there is none yet. [super] */
const struct view_copy *view_newest(const struct view *view);

/**
 * view_channel - a channel as it was: value, quality and time are those of the newest copy.
 * @channel: of the image
 *
 * Good until view_is_here() is called again. [super]
 */
struct channel view_channel(const struct view *view, const struct channel *channel);

/** view_serve - make the copy, if it was asked for; at the end of a cycle. [rt] */
void view_serve(struct view *view, uint64_t cycle, int64_t now_ns) RT_SAFE;

#endif
