/* The logic of a run: its values in the process image, and the program bound to them. */
#ifndef RTLOOP_LOGIC_RUN_H
#define RTLOOP_LOGIC_RUN_H

#include "drivers/device.h"
#include "rtloop/base/attr.h"
#include "rtloop/cycle/step.h"
#include "rtloop/log/logger.h"
#include "rtloop/logic.h"

struct logic_run {
	struct channel **channels; /* owned; one a symbol of the program */
	struct channel *asked;	   /* owned; one an output: what is asked of it */
};

/**
 * logic_run_add - params and vars become parts of an image that is still to be sealed.
 * @step: of the loop, which owns them from then on
 *
 * -ENOMEM. [init]
 */
int logic_run_add(struct step *step, const struct logic_spec *logic,
		  struct image *image) MUST_CHECK;

/** logic_run_describe - their topics; after the devices have theirs. -ENOMEM. [init] */
int logic_run_describe(struct step *step, struct logger *logger) MUST_CHECK;

/**
 * logic_run_bind - initial values, and the program on them; the image is sealed.
 * @devices: in the order that the symbols have; borrowed
 *
 * -ENOMEM; logic_run_fini() is right after a failure too. [init]
 */
int logic_run_bind(struct logic_run *run, struct step *step,
		   const struct logic_spec *logic, struct device *devices,
		   unsigned device_count) MUST_CHECK;
void logic_run_fini(struct logic_run *run);

#endif
