/* "params:", "vars:" and "program:" of a configuration. */
#ifndef RTLOOP_LOGIC_H
#define RTLOOP_LOGIC_H

#include "config/bind.h"
#include "drivers/spec.h"
#include "rtloop/program/program.h"

#define LOGIC_VALUES_MAX 1024 /* params, and likewise vars */

/* One param or var. Text is borrowed from the tree. */
struct logic_value {
	const char *name;
	const char *unit; /* NULL: none; "ns" of a duration */
	enum program_type type;
	union value value;
	bool has_min;
	bool has_max;
	union value min; /* of a param that is no bool, inclusive */
	union value max;
};

struct logic_list {
	struct logic_value *values; /* in the order of the file */
	unsigned count;
};

/* The symbols of the program: all input channels, device by device, then all outputs, the params, the
 * vars. */
struct logic_spec {
	struct logic_list params;
	struct logic_list vars;
	struct program_symbol *symbols;
	unsigned symbol_count;
	struct program *program; /* owned; NULL: there is none */
	struct arena arena;	 /* owns all else */
};

/* What is read. */
struct logic_source {
	const struct tree *tree;
	const struct node *params; /* NULL: none */
	const struct node *vars;
	const struct node *program;
	const struct spec_list *specs;
	bool has_plugins; /* which may write the vars that the program does not assign */
};

/**
 * logic_create - read all of it, and compile the program.
 * @compiles: devices, params and vars are right so far: names are not missed that only broke
 *
 * 0, though errors may have been added to the binder's diag; -ENOMEM. [init]
 */
int logic_create(const struct binder *binder, const struct logic_source *source,
		 bool compiles, struct logic_spec **ret_logic) MUST_CHECK;
void logic_destroy(struct logic_spec *logic);

/** logic_value_type - as it is kept in the image. [any] */
enum value_type logic_value_type(enum program_type type) RT_SAFE;

/* Keys of each param, and of each var that is written as a mapping, for the reference. */
extern const struct option logic_param_rows[];
extern const struct option logic_var_rows[];

#endif
