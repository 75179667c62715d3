/* Another thread that sends while a cycle sleeps, as devices do. */
#ifndef RTLOOP_BENCH_SENDER_H
#define RTLOOP_BENCH_SENDER_H

#include <semaphore.h>
#include <stdatomic.h>

#include "rtloop/base/thread.h"
#include "rtloop/bench/sources.h"

struct sender {
	struct thread thread;
	sem_t asked;
	_Atomic bool is_to_end;
	struct sources *sources; /* borrowed, for one sending */
	unsigned ready;
	unsigned first;
	_Atomic uint64_t asked_count;
	_Atomic uint64_t sent_count;
	_Atomic int code; /* -errno: of one that failed */
};

/** sender_start - -EAGAIN, -ENOMEM with @err filled. [init] */
int sender_start(struct sender *sender, struct err *err) MUST_CHECK;
void sender_stop(struct sender *sender);

/** sender_ask - as sources_send(), by that thread, soon. Only when what was asked before is done. [init] */
void sender_ask(struct sender *sender, struct sources *sources, unsigned ready,
		unsigned first);

/** sender_wait - until what was asked is done; 0 or -errno. [init] */
int sender_wait(struct sender *sender) MUST_CHECK;

#endif
