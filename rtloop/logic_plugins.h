/* "plugins:" and "logic:" of a configuration: which plugins there are, and what runs in which order. */
#ifndef RTLOOP_LOGIC_PLUGINS_H
#define RTLOOP_LOGIC_PLUGINS_H

#include "config/bind.h"
#include "drivers/spec.h"

#define LOGIC_PLUGINS_MAX 32

/* One plugin. Text is borrowed from the tree. */
struct logic_plugin {
	const char *name;
	const char *path;	    /* absolute */
	const struct node *options; /* NULL: none */
	int64_t budget_ns;	    /* 0: none */
	const struct node *node;    /* the whole entry */
};

struct logic_plugins {
	struct logic_plugin *list; /* in the order of running */
	unsigned count;
	unsigned program_at; /* that run before the program */
};

/* What is read. */
struct logic_plugins_source {
	const struct node *plugins; /* NULL: none */
	const struct node *order;   /* "logic:"; NULL: not stated */
	const struct node *program; /* NULL: none */
	const struct spec_list *specs;
};

/**
 * logic_plugins_read - all of it. No file is loaded, but each must be there, and one that not everybody may
 * write to.
 * @plugins: its memory is the arena's of @binder
 *
 * 0, though errors may have been added to the binder's diag; -ENOMEM. [init]
 */
int logic_plugins_read(const struct binder *binder,
		       const struct logic_plugins_source *source,
		       struct logic_plugins *plugins) MUST_CHECK;

/* Keys of each plugin, for the reference. */
extern const struct option logic_plugin_rows[];

#endif
