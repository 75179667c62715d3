/* A whole configuration file, read and checked: what everything else is built from. */
#ifndef RTLOOP_SETUP_H
#define RTLOOP_SETUP_H

#include <stdbool.h>

#include "config/diag.h"
#include "config/tree.h"
#include "drivers/spec.h"
#include "rtloop/cycle/options.h"
#include "rtloop/log/options.h"
#include "rtloop/logic.h"
#include "rtloop/logic_plugins.h"

/* Text in it belongs to the tree; a command line that overrides an option keeps its own.
 */
struct setup {
	struct tree tree; /* tree.raw is the file as it was read */
	const char *file; /* as errors name it */
	const char *name; /* of the loop: "name:", or made from the file's name */
	struct loop_options loop;
	struct log_options log;
	bool has_log;
	bool has_control;
	bool is_dry; /* no output is driven: of the command line */
	const struct node
		*device_nodes; /* borrowed from the tree: "devices:"; NULL: none */
	const struct device_spec *devices; /* borrowed from @specs */
	unsigned device_count;
	unsigned channel_count; /* of all devices */
	struct spec_list *specs;
	const struct node *param_nodes; /* likewise: "params:" */
	const struct node *var_nodes;	/* "vars:" */
	const char *program;		/* "program:"; NULL: none */
	struct logic_spec *logic;
	const struct node *plugin_nodes; /* likewise: "plugins:" */
	const struct node *order;	 /* "logic:" */
	struct logic_plugins plugins;
};

/**
 * setup_load - read a configuration file and check all of it.
 * @diag: initialised by the caller with the file's name; must outlive the set-up
 *
 * -EINVAL; -ENOMEM; @diag says what is wrong in both cases. [init]
 */
int setup_load(const char *path, struct setup **ret_setup, struct diag *diag) MUST_CHECK;
void setup_destroy(struct setup *setup);

/**
 * setup_parse - the same from memory.
 * @folder: absolute: where relative paths in it start
 *
 * [init]
 */
int setup_parse(const char *text, size_t bytes, const char *folder,
		struct setup **ret_setup, struct diag *diag) MUST_CHECK;

/**
 * setup_check - options of loop and log that exclude each other; part of setup_load().
 *
 * To be called again when a command line has changed the options. -EINVAL where @diag
 * says what is wrong. [init]
 */
int setup_check(const struct setup *setup, struct diag *diag) MUST_CHECK;

/**
 * setup_is_place - whether an error's text begins with a place in the file, as "FILE:LINE:COLUMN: ": that
 * the file is wrong showed only when a run was built from it. [init]
 */
bool setup_is_place(const struct setup *setup, const char *text);

/* The keys at the top of a file, for the reference. Bound to struct setup. */
extern const struct option setup_rows[];

#endif
