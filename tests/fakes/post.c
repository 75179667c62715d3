#include "tests/fakes/post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "drivers/driver.h"
#include "rtloop/base/attr.h"

static bool put(struct outbox *outbox, struct device *device,
		const struct letter *letter) RT_SAFE;
static bool put(struct outbox *outbox, struct device *device, const struct letter *letter)
{
	struct post *post = container_of(outbox, struct post, outbox);

	(void)device;
	if (post->count >= post->room) {
		return false;
	}
	post->letters[post->count++] = *letter;
	return true;
}

void post_begin(struct post *post, struct device *device)
{
	*post = (struct post){ .outbox = { .put = put }, .room = POST_LETTERS };
	device->outbox = &post->outbox;
}

void post_end(struct post *post, struct device *device, ssize_t result)
{
	uint32_t tag = post->letters[0].tag;

	assert_true(post->count > 0);
	post->count--;
	memmove(post->letters, post->letters + 1, post->count * sizeof(post->letters[0]));
	device->driver->posted(device, tag, result);
}
