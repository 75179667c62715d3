/*
 * A bed for the tests of the poller uring: a stage of two devices, the poller, and what it told of what was
 * written. One at a time.
 */
#ifndef TESTS_FAKES_RING_BED_H
#define TESTS_FAKES_RING_BED_H

#include "rtloop/cycle/uring_poller.h"
#include "tests/fakes/stage.h"

#ifdef HAVE_IO_URING

#define BED_POSTED_MAX 2048

struct bed_posted {
	uint32_t tag;
	ssize_t result;
};

struct bed {
	struct stage stage;
	struct poller poller;
	struct poll_link *links[2];
	struct bed_posted posted[BED_POSTED_MAX];
	unsigned posted_count;
};

extern struct bed bed;

/** bed_set_up, bed_tear_down - of each test. */
int bed_set_up(void **state);
int bed_tear_down(void **state);

/** bed_begin - the devices, with the endpoints that their actors have, are polled; skips without io_uring. */
void bed_begin(void);

/** bed_make_link - a device's, with the memory that the poller needs. */
struct poll_link *bed_make_link(unsigned index);

/** bed_attach - a link that is in force at once. */
void bed_attach(unsigned index);

/** bed_let_go - detach a device's link and close it. */
void bed_let_go(unsigned index);

/** bed_scan - one cycle. */
void bed_scan(void);

/** bed_pair - one end of a pair of sockets; the other one is the caller's to close. */
int bed_pair(int type, int *ret_other_fd);

/** bed_put - write a text, all of it. */
void bed_put(int fd, const char *text);

/** bed_assert_heard - what a device was given, in its order. */
void bed_assert_heard(unsigned index, unsigned nth, const char *text);

/** bed_count_workers - threads of this process that are io_uring's. */
unsigned bed_count_workers(void);

#endif

#endif
