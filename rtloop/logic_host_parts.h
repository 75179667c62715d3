/*
 * What the parts of the host share. Private to it.
 *
 *   logic_host.c          channels, the state, init()
 *   logic_host_options.c  options
 */
#ifndef RTLOOP_LOGIC_HOST_PARTS_H
#define RTLOOP_LOGIC_HOST_PARTS_H

#include <stdbool.h>

#include "rtloop/logic_host.h"

/* Options that a plugin asks for; what is beyond is asked in vain. */
#define ASKED_MAX 64

struct binding {
	struct rtloop_host host; /* first: host functions find the rest behind it */
	struct plugin *plugin;
	const struct logic_plugin *spec;
	const struct logic_host_source *source;
	struct diag diag;
	const char *asked[ASKED_MAX];
	unsigned asked_count;
	bool has_failed;
	bool is_out_of_memory;
};

static inline struct binding *binding_of(struct rtloop_host *host)
{
	return container_of(host, struct binding, host);
}

/** binding_out_of_memory - init() has failed for that. [init] */
void binding_out_of_memory(struct binding *binding);

/** binding_add_options - the functions of the host that give options. [init] */
void binding_add_options(struct binding *binding);

/** binding_check_unasked - an error for each option that was given, and not asked for. [init] */
void binding_check_unasked(struct binding *binding);

#endif
