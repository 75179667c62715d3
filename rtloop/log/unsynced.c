#include "rtloop/log/unsynced.h"

#include <string.h>

#define BATCH 16u /* of 300 bytes each, on a small stack */

static void drop(struct unsynced *unsynced, unsigned count)
{
	unsynced->count -= count;
	memmove(unsynced->list, unsynced->list + count,
		unsynced->count * sizeof(*unsynced->list));
}

void unsynced_add(struct unsynced *unsynced, const struct log_note *note, uint32_t file)
{
	if (unsynced->count == NOTES_MAX) {
		unsynced->more += 1 + unsynced->list[0].more;
		drop(unsynced, 1);
	}
	unsynced->list[unsynced->count++] = (struct unsynced_event){ *note, file, 0 };
	unsynced->end++;
}

void unsynced_add_more(struct unsynced *unsynced, uint64_t count)
{
	if (unsynced->count > 0) {
		unsynced->list[unsynced->count - 1].more += count;
	} else {
		unsynced->more += count;
	}
}

void unsynced_forget(struct unsynced *unsynced, uint64_t end)
{
	uint64_t first = unsynced->end - unsynced->count;
	uint64_t count = end > first ? end - first : 0;

	if (end >= first) {
		unsynced->more = 0;
	}
	drop(unsynced, count < unsynced->count ? (unsigned)count : unsynced->count);
}

void unsynced_give_back(struct unsynced *unsynced, uint32_t file, struct notes *notes)
{
	struct log_note list[BATCH];
	uint64_t lost = unsynced->more;
	unsigned count = 0, left;

	while (count < unsynced->count && unsynced->list[count].file <= file) {
		lost += unsynced->list[count++].more;
	}
	/* from the end: each batch goes before the one that was given back last */
	for (left = count; left > 0;) {
		unsigned some = left < BATCH ? left : BATCH;

		left -= some;
		for (unsigned i = 0; i < some; i++) {
			list[i] = unsynced->list[left + i].note;
		}
		notes_put_back(notes, list, some, left == 0 ? lost : 0);
	}
	drop(unsynced, count);
	if (count > 0) {
		unsynced->more = 0;
	}
}
