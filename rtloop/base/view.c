#include "rtloop/base/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int make_copy(struct view_copy *copy, const struct image *image)
{
	copy->block = calloc(1, image_bytes(image) + 1);
	copy->sample_ns = calloc(image_channels(image) + 1, sizeof(*copy->sample_ns));
	return copy->block && copy->sample_ns ? 0 : -ENOMEM;
}

int view_init(struct view *view, const struct image *image)
{
	memset(view, 0, sizeof(*view));
	for (size_t i = 0; i < ARRAY_SIZE(view->copies); i++) {
		if (make_copy(&view->copies[i], image)) {
			view_fini(view);
			return -ENOMEM;
		}
	}
	view->image = image;
	return 0;
}

void view_fini(struct view *view)
{
	for (size_t i = 0; i < ARRAY_SIZE(view->copies); i++) {
		free(view->copies[i].block);
		free(view->copies[i].sample_ns);
	}
	memset(view, 0, sizeof(*view));
}

void view_ask(struct view *view)
{
	if (view->image && view_is_here(view)) {
		view->is_asked_for = true;
		turn_give(&view->turn);
	}
}

bool view_is_here(struct view *view)
{
	if (view->is_asked_for && turn_is_back(&view->turn)) {
		view->is_asked_for = false;
		view->newest ^= 1;
	}
	return !view->is_asked_for;
}

const struct view_copy *view_newest(const struct view *view)
{
	return &view->copies[view->newest];
}

struct channel view_channel(const struct view *view, const struct channel *channel)
{
	const struct view_copy *copy = view_newest(view);

	return image_channel_at(view->image, channel, copy->block, copy->sample_ns);
}

void view_serve(struct view *view, uint64_t cycle, int64_t now_ns)
{
	struct view_copy *copy;

	if (!turn_is_given(&view->turn)) {
		return;
	}
	copy = &view->copies[view->newest ^ 1];
	image_copy(view->image, copy->block, copy->sample_ns);
	copy->cycle = cycle;
	copy->time_ns = now_ns;
	turn_return(&view->turn);
}
