/*
 * A seat: the place of one device in a thread that polls it, and the two mailboxes
 * through which its link comes and goes. The supervisor offers a link that is complete;
 * the thread takes it at an edge between two cycles, and gives it back when the device is
 * lost. Only the supervisor opens and closes.
 */
#ifndef RTLOOP_CYCLE_SEAT_H
#define RTLOOP_CYCLE_SEAT_H

#include <stdatomic.h>
#include <stdint.h>

#include "drivers/device.h"
#include "rtloop/cycle/poller.h"

struct seat {
	struct device *device;	   /* borrowed */
	struct poll_link *current; /* of the polling thread; NULL: the device is away */
	_Atomic(struct poll_link *) offered;	/* supervisor to thread */
	_Atomic(struct poll_link *) given_back; /* thread to supervisor */
	struct counter opened;			/* links taken so far */
};

/** seat_offer - leave a link for the thread: the first, or the next once the one before it
 * was taken back. [super] */
void seat_offer(struct seat *seat, struct poll_link *link);

/** seat_take_back - the link that the thread gave back; NULL where there is none. [super]
 */
struct poll_link *seat_take_back(struct seat *seat);

/**
 * seat_attach - take the offered link, if there is one, into the scan.
 *
 * Where the poller refuses it, it goes straight back and the device is lost again. [rt]
 * at an edge
 */
void seat_attach(struct seat *seat, struct poller *poller,
		 const struct cycle_time *now) RT_SAFE;

/** seat_detach_lost - if the device was lost: stop polling, channels bad, give back. [rt]
 */
void seat_detach_lost(struct seat *seat, struct poller *poller,
		      const struct cycle_time *now) RT_SAFE;

/** seat_clear - after the thread has ended: destroy whatever link is still about. [init]
 */
void seat_clear(struct seat *seat);

#endif
