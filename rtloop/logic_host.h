/* What a plugin's init() asks for: channels by name, options, memory. See rtloop/plugin/rtloop_plugin.h. */
#ifndef RTLOOP_LOGIC_HOST_H
#define RTLOOP_LOGIC_HOST_H

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/logic.h"
#include "rtloop/logic_plugins.h"
#include "rtloop/plugin/plugin.h"

/* What plugins do with a symbol of the logic. */
struct logic_use {
	bool is_read;
	bool is_aged;	    /* its age is asked for */
	const char *writer; /* borrowed: the plugin's name; NULL: none is */
};

/* All borrowed. */
struct logic_host_source {
	const char *file; /* as errors name it */
	const struct logic_spec *logic;
	struct channel *const *channels; /* one a symbol; of the sealed image */
	struct logic_use *uses;		 /* one a symbol */
	struct arena *arena;		 /* keeps the handles, until exit() */
	int64_t period_ns;
};

/**
 * logic_host_begin - have a plugin that was opened find what it needs: its init().
 * @spec: what the configuration says of it
 *
 * -EINVAL: it lacks something or does not want to start; @err has an error for each thing, as
 * "FILE:LINE:COLUMN: what is wrong; what is expected"; -ENOMEM. [init]
 */
int logic_host_begin(struct plugin *plugin, const struct logic_plugin *spec,
		     const struct logic_host_source *source, struct err *err) MUST_CHECK;

/**
 * logic_host_error - @text as an error of a plugin's entry in the file, or of one of its keys.
 * @key: NULL: the entry itself
 *
 * Returns @code. [init]
 */
int logic_host_error(struct err *err, int code, const struct logic_host_source *source,
		     const struct logic_plugin *spec, const char *key, const char *text);

#endif
