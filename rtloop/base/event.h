/*
 * Events: what happened, as a code, a device and a number. The cycle thread records these
 * three; the words are put to them when the log is written.
 */
#ifndef RTLOOP_BASE_EVENT_H
#define RTLOOP_BASE_EVENT_H

#include <stdint.h>

#include "rtloop/base/attr.h"

enum event_code {
	EVENT_RUN_STARTED, /* value: 0 */
	EVENT_RUN_ENDED,   /* value: cycles run */
	EVENT_LATE_WAKE,   /* overrun: woke after the next release; value: releases missed
			    */
	EVENT_LONG_WORK,   /* overrun: busy at the next release; value: releases missed */
	EVENT_DEVICE_LOST, /* value: errno; 0: end of file */
	EVENT_DEVICE_OPENED,	/* value: times opened */
	EVENT_DEVICE_STALE,	/* value: channels that turned stale */
	EVENT_FRAME_DROPPED,	/* value: frames dropped since the last such event */
	EVENT_CLOCK_STEPPED,	/* value: ns that CLOCK_REALTIME jumped */
	EVENT_EVENTS_LOST,	/* value: events that had no room */
	EVENT_OPEN_FAILED,	/* value: errno */
	EVENT_LOG_FAILED,	/* value: errno */
	EVENT_BUS_ERROR,	/* value: classes of the bus's errors, as bits */
	EVENT_REQUEST_REFUSED,	/* value: the code that the device gave */
	EVENT_EVIDENCE,		/* with a text of its own; value: number of the look */
	EVENT_OUTPUTS_SAFE,	/* value: devices left at their safe values at the end */
	EVENT_OUTPUTS_UNSAFE,	/* value: 0 */
	EVENT_PROGRAM_TROUBLE,	/* value: line of the first statement of that cycle */
	EVENT_STEP_OVER_BUDGET, /* value: ns that the logic took */
	EVENT_FORCED, /* value: number of the channel in the device, outputs after inputs */
	EVENT_RELEASED,		  /* likewise: it is no longer forced */
	EVENT_TOLD,		  /* with a text of its own: who has told the run what */
	EVENT_PLUGIN_OVER_BUDGET, /* value: ns that the plugin's step took */
	EVENT_PLUGIN_REPORT,	  /* value: of the plugin, and its own code as a detail */
	EVENT_OVERRUN_FAULT,	  /* value: overruns that are allowed */
	EVENT_CYCLE_HUNG, /* value: ns that it had been silent; device: in whose call */
	EVENT_GUARDIAN_LOST, /* value: its process */
	EVENT_TAKEN_OVER, /* with a text of its own; value: the process of the earlier run */
	EVENT_CALL_CAUGHT, /* value: number of the system call */
	EVENT_CODES,
};

/* What a code carries beside the kind: the upper half. */
#define EVENT_DETAIL_SHIFT 16

enum event_level { EVENT_INFO, EVENT_WARNING, EVENT_ERROR };

struct event_kind {
	const char *name; /* "late_wake" */
	enum event_level level;
	const char *text; /* a sentence about the value */
};

#define EVENT_NO_DEVICE UINT32_MAX

/* In the place of a device: this, and the index of a plugin in the order of running. */
#define EVENT_PLUGINS UINT32_C(0x40000000)

/** event_kind - of a code, whatever its detail; never NULL; an unknown code has the kind "unknown". [any] */
const struct event_kind *event_kind(uint32_t code) RT_SAFE;

#endif
