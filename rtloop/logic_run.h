/* The logic of a run: its values in the process image, and the program bound to them. */
#ifndef RTLOOP_LOGIC_RUN_H
#define RTLOOP_LOGIC_RUN_H

#include "drivers/device.h"
#include "rtloop/base/attr.h"
#include "rtloop/cycle/step.h"
#include "rtloop/log/logger.h"
#include "rtloop/logic.h"
#include "rtloop/logic_host.h"
#include "rtloop/setup.h"

struct logic_run {
	struct channel **channels; /* owned; one a symbol of the logic */
	struct channel *asked;	   /* owned; one an output: what is asked of it */
	struct logic_use *uses;	   /* owned; one a symbol: what plugins do with it */
	struct plugin *plugins;	   /* owned; in the order of running */
	unsigned plugin_count;	   /* opened so far */
	struct arena arena;	   /* owns what plugins were given at their start */
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

/**
 * logic_run_load - the plugins: loaded, and started; after logic_run_bind(), before memory is locked.
 *
 * Executes what their files hold. -EINVAL and what library_open() says, with @err filled, as
 * "FILE:LINE:COLUMN: what is wrong; what is expected"; -ENOMEM. logic_run_fini() is right after a failure
 * too. [init]
 */
int logic_run_load(struct logic_run *run, struct step *step, const struct setup *setup,
		   struct err *err) MUST_CHECK;

/** logic_run_plugins - as a log names them, in the order of running; to be freed; NULL: no memory. [init] */
struct log_plugin *logic_run_plugins(const struct step *step) MUST_CHECK;

/** logic_run_fini - plugins end here, the last one first; when nothing steps any more. [init] */
void logic_run_fini(struct logic_run *run);

/** logic_run_hash - of all the logic: equal where it does the same. [init] */
uint64_t logic_run_hash(const struct step *step);

/**
 * logic_run_reads, _ages, _writes - whether any of the logic reads a symbol's value, asks for its age, or
 * gives it a value. [init]
 */
bool logic_run_reads(const struct logic_run *run, const struct logic_spec *logic,
		     unsigned symbol);
bool logic_run_ages(const struct logic_run *run, const struct logic_spec *logic,
		    unsigned symbol);
bool logic_run_writes(const struct logic_run *run, const struct logic_spec *logic,
		      unsigned symbol);

#endif
