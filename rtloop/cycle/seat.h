/*
 * A seat: the place of one device in a thread that polls it, and the two mailboxes
 * through which its link comes and goes. The supervisor offers a link that is complete;
 * the thread takes it at an edge between two cycles, and gives it back when the device is
 * lost, or when the next link takes its place. Only the supervisor opens and closes.
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
	_Atomic(struct poll_link *) given_back; /* thread to supervisor; newest first */
	struct counter opened;			/* links taken so far */
};

/**
 * seat_offer - leave a link for the thread; only while seat_has_offer() says no. [super]
 */
void seat_offer(struct seat *seat, struct poll_link *link);

/** seat_has_offer - whether the thread has yet to take the last one. [super] */
bool seat_has_offer(const struct seat *seat);

/**
 * seat_take_back - all links that the thread gave back, by next_given_back; NULL where there are
 * none. [super]
 */
struct poll_link *seat_take_back(struct seat *seat);

/** seat_keep - put one of them back: it is still in use. [super] */
void seat_keep(struct seat *seat, struct poll_link *link);

/**
 * seat_attach - take the offered link, if there is one, into the scan, in place of the one before.
 *
 * Where the poller refuses it, it goes straight back and the device is lost. A device that was away
 * sends the safe values of its outputs first. [rt] at an edge
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
