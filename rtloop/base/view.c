#include "rtloop/base/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int view_init(struct view *view, const struct image *image)
{
	memset(view, 0, sizeof(*view));
	view->block = calloc(1, image_bytes(image) + 1);
	view->sample_ns = calloc(image_channels(image) + 1, sizeof(*view->sample_ns));
	if (!view->block || !view->sample_ns) {
		view_fini(view);
		return -ENOMEM;
	}
	view->image = image;
	return 0;
}

void view_fini(struct view *view)
{
	free(view->block);
	free(view->sample_ns);
	memset(view, 0, sizeof(*view));
}

void view_ask(struct view *view)
{
	if (view->image && turn_is_back(&view->turn)) {
		turn_give(&view->turn);
	}
}

bool view_is_here(const struct view *view)
{
	return turn_is_back(&view->turn);
}

struct channel view_channel(const struct view *view, const struct channel *channel)
{
	return image_channel_at(view->image, channel, view->block, view->sample_ns);
}

void view_serve(struct view *view, uint64_t cycle, int64_t now_ns)
{
	if (!turn_is_given(&view->turn)) {
		return;
	}
	image_copy(view->image, view->block, view->sample_ns);
	view->cycle = cycle;
	view->time_ns = now_ns;
	turn_return(&view->turn);
}
