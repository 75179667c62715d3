#include "tests/fakes/ring_bed.h"

#ifdef HAVE_IO_URING

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/base/time.h"
#include "rtloop/cycle/options.h"

struct bed bed;

static void note_posted(struct device *device, uint32_t tag, ssize_t result)
{
	assert_in_range(bed.posted_count, 0, BED_POSTED_MAX - 1);
	bed.posted[bed.posted_count++] =
		(struct bed_posted){ .tag = tag, .result = result };
}

int bed_set_up(void **state)
{
	memset(&bed, 0, sizeof(bed));
	stage_init(&bed.stage, 2);
	return poller_open(&bed.poller, POLLER_URING, NULL) || poller_begin(&bed.poller);
}

int bed_tear_down(void **state)
{
	bed_let_go(0);
	bed_let_go(1);
	poller_close(&bed.poller);
	stage_fini(&bed.stage);
	return 0;
}

void bed_let_go(unsigned index)
{
	if (bed.links[index]) {
		poller_detach(&bed.poller, bed.links[index]);
		poll_link_destroy(bed.links[index]);
		bed.links[index] = NULL;
	}
}

struct poll_link *bed_make_link(unsigned index)
{
	struct poll_link *link = actor_open(&bed.stage.devices[index]);

	assert_int_equal(poller_equip(&bed.poller, link), 0);
	return link;
}

void bed_attach(unsigned index)
{
	bed.links[index] = bed_make_link(index);
	bed.stage.devices[index].link = &bed.links[index]->link;
	assert_int_equal(bed.poller.ops->attach(&bed.poller, bed.links[index]), 0);
}

void bed_begin(void)
{
	if (!bed.poller.uring) {
		print_message("%s\n", bed.poller.note.text);
		skip();
	}
	stage_raise(&bed.stage);
	for (unsigned i = 0; i < 2; i++) {
		bed.stage.actors[i].driver.posted = note_posted;
		bed.stage.devices[i].outbox = bed.poller.outbox;
		if (bed.stage.actors[i].endpoint_count > 0) {
			bed_attach(i);
		}
	}
}

void bed_scan(void)
{
	bed.poller.ops->scan(&bed.poller, &bed.stage.now);
	stage_step(&bed.stage, NS_PER_MS);
}

int bed_pair(int type, int *ret_other_fd)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, fds), 0);
	*ret_other_fd = fds[1];
	return fds[0];
}

void bed_put(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

void bed_assert_heard(unsigned index, unsigned nth, const char *text)
{
	const struct actor *actor = &bed.stage.actors[index];

	assert_in_range(actor->heard_count, nth + 1, ACTOR_HEARD_MAX);
	assert_int_equal(actor->heard[nth].bytes, strlen(text));
	assert_memory_equal(actor->heard[nth].data, text, strlen(text));
}

static bool is_worker(int thread)
{
	char path[64], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", thread);
	file = fopen(path, "r");
	if (file) {
		assert_non_null(fgets(name, sizeof(name), file));
		fclose(file);
	}
	return strncmp(name, "iou-", 4) == 0;
}

unsigned bed_count_workers(void)
{
	DIR *folder = opendir("/proc/self/task");
	const struct dirent *entry;
	unsigned count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		count += entry->d_name[0] != '.' &&
			 is_worker((int)strtol(entry->d_name, NULL, 10));
	}
	closedir(folder);
	return count;
}

#endif
