/* A device at run time, and the services that a driver may call from the cycle. */
#ifndef DRIVERS_DEVICE_H
#define DRIVERS_DEVICE_H

#include "drivers/driver.h"
#include "rtloop/base/counter.h"
#include "rtloop/base/event.h"
#include "rtloop/base/image.h"

struct recorder; /* rtloop/base/record.h */

/* Why a frame was dropped, or work was not done; each counted for itself. */
enum device_count {
	COUNT_FRAMES,	    /* decoded and published */
	COUNT_BAD_CHECKSUM, /* dropped: the checksum did not match */
	COUNT_BAD_LENGTH,   /* dropped: too long, too short, or without an end */
	COUNT_BAD_MATCH,    /* dropped: not begun by match */
	COUNT_BAD_FIELD, /* a field was missing or not a number: its channel turned bad */
	COUNT_BAD_SENDER,   /* dropped: not from the stated sender */
	COUNT_FLOODED,	    /* times that the budget was used up: more may have waited */
	COUNT_OVER_BUDGET,  /* frames of one message dropped over the budget */
	COUNT_MISSED,	    /* lost in the kernel: its buffer was full */
	COUNT_SENT,	    /* requests sent */
	COUNT_SEND_DROPPED, /* requests that did not fit at once */
	COUNT_TIMEOUTS,	    /* requests that were not answered in time */
	COUNT_EXCEPTIONS,   /* requests that the device refused */
	COUNT_ERRORS,	    /* errors of an endpoint that the device survived */
	COUNT_LOST,	    /* times the device went away */
	COUNT_KINDS,
};

/** device_count_name - "bad_checksum" and so on: as in --json. [any] */
const char *device_count_name(enum device_count which) RT_SAFE;

struct device {
	const struct device_spec *spec; /* borrowed from the set-up */
	const struct driver *driver;	/* borrowed */
	void *state;	      /* the driver's own, state_bytes; zeroed at start */
	bool has_state;	      /* the driver's init() was called */
	struct channel *in;   /* spec->in_count of them, in the same order */
	struct input *inputs; /* likewise: what a person forces */
	unsigned index;	      /* position in the configuration, from 0 */
	struct image_part part;
	struct channel *out;	/* spec->out_count of them: what is driven */
	struct output *outputs; /* one each, in the same order: what is asked of it */
	struct image_part out_part;
	bool is_dry; /* --no-outputs: nothing is driven; set before the loop begins */
	struct heritage
		*heritage;	 /* what an earlier run has left, while devices are opened
				      for the first time; borrowed; NULL: nothing */
	const struct link *link; /* in force; NULL: the device is away; the seat's */
	_Atomic(const struct link *)
		shown_link; /* the same, for another thread: safe_rescue() */

	/* below: of the thread that polls it */
	bool *any_lost;		   /* of that thread; borrowed; NULL: none */
	struct outbox *outbox;	   /* of its poller; borrowed; NULL: it writes at once */
	struct recorder *recorder; /* borrowed; NULL: nothing is recorded */
	uint16_t topic;		   /* of /io/NAME in the log */
	uint16_t out_topic;	   /* of /out/NAME; 0: it has no outputs */
	uint32_t phase;		   /* due where cycle % every == phase */
	int64_t stale_at_ns;	/* no channel turns stale before; INT64_MAX: none ever */
	unsigned forced_inputs; /* how many */
	bool is_laid;		/* see inputs_lay() */
	bool was_released;	/* of one at least, since inputs_lay() */
	uint8_t *seen;		/* room for inputs_seen(); part.bytes */
	uint8_t *published;	/* copy of the part as last recorded; part.bytes */
	uint8_t *out_published; /* of out_part, as last recorded */
	bool is_out_recorded;	/* out_part was recorded at least once */
	bool must_emit;		/* see emit() in struct driver */
	bool is_behind;		/* likewise */
	bool is_ending;		/* likewise */
	bool is_left_safe;	/* the loop has ended: the safe values are on their way */
	bool is_lost;		/* the link goes back at once; lost_code says why */
	int lost_code;		/* -errno; 0: end of file */
	uint64_t drops_told;	/* dropped frames already reported by an event */
	int64_t drops_tell_ns;	/* no such event before */
	struct counter counts[COUNT_KINDS];
	struct counter last_ns;	   /* newest sample's time; 0: none yet */
	struct counter age_max_ns; /* longest time between two samples */
};

/**
 * device_init - bind a device to its specification; the image must be sealed afterwards.
 *
 * -ENOMEM, or what the driver's init() returns. device_fini() is right after a failure
 * too. [init]
 */
int device_init(struct device *device, const struct device_spec *spec, unsigned index,
		struct image *image, struct err *err) MUST_CHECK;
void device_fini(struct device *device);

/** device_resolve - let its driver find channels of other devices; all are initialised. [init] */
void device_resolve(struct device *device, const struct device *devices,
		    unsigned device_count);

/**
 * device_init_idle - the same of one that will never be opened, without its driver's init(). -ENOMEM.
 * [init]
 */
int device_init_idle(struct device *device, const struct device_spec *spec,
		     unsigned index, struct image *image) MUST_CHECK;

/** device_begin - the image is sealed: what it holds now is no change to record. [init] */
void device_begin(struct device *device);

/** device_init_worker - the same for the worker behind @mirror; @image is its own. [init]
 */
int device_init_worker(struct device *worker, const struct device *mirror,
		       struct image *image, struct err *err) MUST_CHECK;

/** device_has_outputs - emits() of a driver that sends nothing else. [init] */
bool device_has_outputs(const struct device *device);

/** device_count - add to one of the counters. [rt] */
void device_count(struct device *device, enum device_count which, uint64_t n) RT_SAFE;

/**
 * device_publish - a frame was decoded into the channels: record the part as one message.
 *
 * Stamps the part with the cycle and with @now's wake-up time. [rt]
 */
void device_publish(struct device *device, const struct cycle_time *now) RT_SAFE;

/**
 * device_publish_at - the same, for what has a time of its own.
 * @sample_ns: of the newest sample, CLOCK_MONOTONIC; never before that of the last one
 *
 * [rt]
 */
void device_publish_at(struct device *device, int64_t sample_ns,
		       const struct cycle_time *now) RT_SAFE;

/**
 * device_sampled - sample() has put values into the channels: record the part if it
 * changed. [rt]
 */
void device_sampled(struct device *device, const struct cycle_time *now) RT_SAFE;

/**
 * device_publish_changes - record the part if a value or quality differs from what was
 * recorded last. [rt]
 */
void device_publish_changes(struct device *device, const struct cycle_time *now) RT_SAFE;

/**
 * device_record_again - after a cycle that was dropped: record the part as it is, for what was
 * recorded of it in that cycle is not in the log. [rt]
 */
void device_record_again(struct device *device, const struct cycle_time *now) RT_SAFE;

/**
 * device_age - turn channels stale that are older than max_age at this release. [rt]
 */
void device_age(struct device *device, const struct cycle_time *now) RT_SAFE;

/** device_mark_bad - the device is away: all its channels are bad from now on. [rt] */
void device_mark_bad(struct device *device, const struct cycle_time *now) RT_SAFE;

/**
 * device_mirror - take over a worker's values: @block as its part, @sample_ns one a
 * channel. Recorded if there is a newer sample or another value or quality. [rt]
 */
void device_mirror(struct device *mirror, const uint8_t *block, const int64_t *sample_ns,
		   const struct cycle_time *now) RT_SAFE;

/** device_copy_counts - the mirror shows its worker's counters. [rt] */
void device_copy_counts(struct device *mirror, const struct device *worker) RT_SAFE;

/** device_report_drops - an event for frames dropped, at most once a second. [rt] */
void device_report_drops(struct device *device, const struct cycle_time *now) RT_SAFE;

/**
 * device_lost - the device is gone: @code is why, of several the first. It is not polled
 * again; the cycle gives the link back before the next one. [rt]
 */
void device_lost(struct device *device, int code) RT_SAFE;

/** device_event - an event of this device for the log. [rt] */
void device_event(struct device *device, enum event_code code, int64_t value) RT_SAFE;

#endif
