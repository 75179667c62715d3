/* What the logic of a run carries over from cycle to cycle, put together for the log: see cycle/state.h. */
#ifndef RTLOOP_LOGIC_STATE_H
#define RTLOOP_LOGIC_STATE_H

#include "drivers/device.h"
#include "rtloop/base/attr.h"
#include "rtloop/cycle/sampled.h"
#include "rtloop/cycle/state.h"
#include "rtloop/cycle/step.h"
#include "rtloop/log/topics_state.h"
#include "rtloop/logic.h"
#include "rtloop/logic_run.h"

/** log_device_of - a device, as the log knows it. [init] */
struct log_device log_device_of(const struct device *device);

/* All borrowed; the image is sealed, the logic is bound, and all else has its topics. */
struct logic_parts {
	const struct logic_spec *spec;
	const struct logic_run *run;
	const struct step *step;
	struct device *devices;
	unsigned device_count;
};

/**
 * logic_state_describe - the parts of the state and the channels whose age is asked for, with their
 * topics. The state's is the last of all. Nothing where there is no logic.
 * @ret_force: the topic of what is forced
 * @ret_aged: the names of these channels; to be freed by the caller; NULL: not wanted
 *
 * -ENOMEM, -EFBIG. [init]
 */
int logic_state_describe(const struct logic_parts *parts, struct state *state,
			 struct sampled *sampled, struct topics *topics,
			 uint16_t *ret_force,
			 struct topics_sampled **ret_aged) MUST_CHECK;

#endif
