/*
 * A stage for the cycle room: devices of a driver that does what the test tells it and remembers what
 * was asked of it, their image, and a recorder whose records can be read back. Time is made up.
 */
#ifndef TESTS_FAKES_STAGE_H
#define TESTS_FAKES_STAGE_H

#include <stdatomic.h>
#include <sys/resource.h>

#include "drivers/device.h"
#include "rtloop/base/record.h"
#include "rtloop/cycle/poller.h"

#define STAGE_ACTORS_MAX    4
#define STAGE_RECORDS_MAX   4096
#define STAGE_BODY_BYTES    96
#define ACTOR_CHANNELS	    2
#define ACTOR_ENDPOINTS_MAX 3
#define ACTOR_HEARD_MAX	    256
#define ACTOR_OUTPUTS	    2
#define ACTOR_SENT_MAX	    2048

/* What a driver can be asked. */
enum call {
	CALL_OPEN,
	CALL_CLOSE,
	CALL_ATTACH,
	CALL_RECEIVE,
	CALL_HANG_UP,
	CALL_SAMPLE,
	CALL_TICK,
	CALL_EMIT,
	CALLS,
};

/* One message, as receive() was given it. */
struct heard {
	uint8_t data[64];
	uint32_t bytes;
	uint32_t tag;
	bool is_truncated;
	bool has_from;
	bool has_header;
	size_t control_bytes;
	struct sockaddr_storage from;
};

/* What emit() found in the cells of the outputs. */
struct sent {
	int64_t number;
	bool is_on;
	bool was_must;
	uint64_t cycle;
};

/* One device: what it is to do, and what it was asked. */
struct actor {
	struct driver driver; /* its own: a test takes slots away */
	struct device_spec spec;
	struct channel_spec in[ACTOR_CHANNELS]; /* "number", "level": integers */
	struct channel_spec out[ACTOR_OUTPUTS]; /* "speed", "motor": an integer whose safe
						   value is 7, and a bool, false; only
						   where the test sets spec.out_count */

	struct endpoint endpoints[ACTOR_ENDPOINTS_MAX]; /* what open() returns */
	unsigned endpoint_count;
	int init_code; /* what init() returns */
	uint32_t room;
	enum verdict verdict;
	bool loses;	   /* the device is lost ... */
	enum call lose_in; /* in this call, */
	int lose_code;	   /* for this reason */
	int64_t value;	   /* what sample() puts into both channels ... */
	int begun_fd; /* where this is not -1: after a byte written here (of any value) */
	int value_fd; /* and the value read from here; 0xff loses the device, EIO */
	void (*in_emit)(struct device *device); /* of the test; NULL: none */
	_Atomic unsigned rescues;		/* calls of rescue() */
	unsigned deaf_to; /* so many calls of emit() that must send do not */

	_Atomic unsigned calls[CALLS];
	unsigned inits; /* less the calls of fini() */
	struct heard heard[ACTOR_HEARD_MAX];
	unsigned heard_count;
	struct sent sent[ACTOR_SENT_MAX];
	_Atomic unsigned sent_count;
	uint32_t ended_tag; /* what hang_up() was given last */
	int ended_code;
	struct cycle_time sampled_at;	      /* when sample() was called last */
	_Atomic(const struct device *) acted; /* on which it was */
};

struct stage_record {
	uint16_t topic;
	uint32_t bytes;
	int64_t time_ns;
	_Alignas(8) uint8_t body[STAGE_BODY_BYTES];
};

struct stage {
	struct ring ring;
	struct recorder recorder;
	struct actor actors[STAGE_ACTORS_MAX];
	struct device devices[STAGE_ACTORS_MAX];
	unsigned count;
	struct image *image;
	struct cycle_time now; /* cycle 0 at release_ns 1 s, wake_ns 10 us later */
	struct stage_record records[STAGE_RECORDS_MAX];
	unsigned record_count;
};

/** stage_init - prepare @count actors: no endpoints, every: 1, any age, every slot there. */
void stage_init(struct stage *stage, unsigned count);

/** stage_raise - bind the devices to the actors as they are now, and begin to record cycle 0. */
void stage_raise(struct stage *stage);
void stage_fini(struct stage *stage);

/** stage_step - what was recorded so far is committed; on to the next cycle, @ns later. */
void stage_step(struct stage *stage, int64_t ns);

/** actor_endpoint - one more endpoint for what open() returns; its tag is its index. */
struct endpoint *actor_endpoint(struct actor *actor, int fd, enum endpoint_op op,
				uint32_t bytes, uint32_t budget);

/** actor_open - a link, as the supervisor makes it. */
struct poll_link *actor_open(struct device *device);

/** actor_calls - how often it was asked. */
unsigned actor_calls(const struct actor *actor, enum call call);

/** actor_of - the actor behind a device. */
struct actor *actor_of(const struct device *device);

/** stage_records - how many records of a topic were committed so far. */
unsigned stage_records(struct stage *stage, uint16_t topic);

/** stage_last - the last one's body; the test fails where there is none. */
const void *stage_last(struct stage *stage, uint16_t topic);

/** stage_events - how many events of a code were committed so far. stage_event - the last one. */
unsigned stage_events(struct stage *stage, enum event_code code);
const struct record_event *stage_event(struct stage *stage, enum event_code code);

/** stage_forget - the records so far. */
void stage_forget(struct stage *stage);

/** stage_count - one of a device's counters. */
uint64_t stage_count(const struct stage *stage, unsigned index, enum device_count which);

/** stage_quality - of a device's first channel; stage_value - its value. */
enum quality stage_quality(const struct stage *stage, unsigned index);
int64_t stage_value(const struct stage *stage, unsigned index);

/* For tests of what happens where no descriptor is to be had. */
struct fd_limit {
	rlim_t before;
};
struct fd_limit fd_limit_to_none(void);
void fd_limit_restore(struct fd_limit limit);

#endif
