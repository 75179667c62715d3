/*
 * The logic of a configuration, compiled at start to a flat list of operations on
 * preallocated memory. Every operation runs in every cycle, whatever the values are: the
 * time of a cycle is bounded by its number. docs/program.md describes the language.
 *
 * Nothing here knows YAML or devices: names come as a table of symbols, and values are
 * channels of the process image.
 */
#ifndef RTLOOP_PROGRAM_PROGRAM_H
#define RTLOOP_PROGRAM_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/counter.h"
#include "rtloop/base/image.h"

/* What an expression can be. A time is whole ns: VALUE_INT outside of the program. */
enum program_type { TYPE_BOOL, TYPE_INT, TYPE_FLOAT, TYPE_TIME };

enum symbol_kind {
	SYMBOL_INPUT, /* an input channel: read only */
	SYMBOL_PARAM, /* read only, changed between cycles by others */
	SYMBOL_VAR,   /* the program's own; keeps its value from cycle to cycle */
	SYMBOL_OUTPUT /* an output channel; what is assigned to it can be read back */
};

struct program_symbol {
	const char *name; /* borrowed until compiled: "target", "probe.temp" */
	enum symbol_kind kind;
	enum program_type type;
	union value initial; /* of a var */
};

/* One mistake, as a place in the text. */
struct program_error {
	size_t offset; /* of the first byte to mark */
	size_t bytes;  /* to mark; at least 1 */
	const char *text;
};

#define PROGRAM_TEXT_MAX       ((size_t)64 * 1024)
#define PROGRAM_OPERATIONS_MAX 8192
#define PROGRAM_WEIGHT_MAX                                                               \
	65536 /* operations, where one with a loop in it counts for several */

struct program_source {
	const char *text; /* a NUL follows it */
	size_t bytes;
	unsigned line; /* of its first line in the file */
	const struct program_symbol *symbols;
	unsigned symbol_count;
	bool others_write; /* vars that the program does not assign: they are read anew each
			      time */
	void *context;
	/* report - called for each mistake, in the order of the text. [init] */
	void (*report)(void *context, const struct program_error *error);
	/* nearest - of NULL-terminated names to a misspelt one; NULL: none; a NULL slot
	 * never finds one. [init] */
	const char *(*nearest)(const char *word, const char *const *names);
};

/* Why a result is not the proper one. */
enum trouble {
	TROUBLE_DIVISION, /* by zero: the result is 0, and bad */
	TROUBLE_OVERFLOW, /* the result is the nearest value that there is */
	TROUBLE_INVALID,  /* not a number: the result is 0, and bad */
	TROUBLE_RANGE,	  /* an argument that makes no sense; the result is bad */
	TROUBLE_KINDS
};

/* One thread writes, any reads. */
struct program_trouble {
	struct counter count; /* statements whose result was touched by it */
	struct counter line;  /* of the first such statement; 0: none yet */
};

/* What logic sees of now: the release, never a clock. */
struct program_time {
	int64_t release_ns; /* of this cycle, CLOCK_MONOTONIC */
	int64_t dt_ns;	    /* since the release before; missed ones included; > 0 */
};

struct program;

/**
 * program_compile - check a text and turn it into a program.
 *
 * -EINVAL where mistakes were reported; -ENOMEM. [init]
 */
int program_compile(const struct program_source *source,
		    struct program **ret_program) MUST_CHECK;
void program_destroy(struct program *program);

/**
 * program_bind - where the values are.
 * @channels: one a symbol, in the order of the symbols; borrowed; of the sealed image.
 *            NULL for a symbol that has none
 *
 * Variables and outputs that the program writes take their initial values there. [init]
 */
void program_bind(struct program *program, struct channel *const *channels);

/**
 * program_step - run it once: read its inputs, compute, write variables and outputs.
 *
 * Returns the line in the file of the first statement of this step that met with trouble; 0: none did.
 * [rt]
 */
unsigned program_step(struct program *program, const struct program_time *now) RT_SAFE;

/** program_operations - that each step runs. [any] */
unsigned program_operations(const struct program *program) RT_SAFE;

/** program_trouble - counted so far. [any] */
const struct program_trouble *program_trouble(const struct program *program,
					      enum trouble kind) RT_SAFE;

/** program_trouble_name - "division by zero" and so on; _key: "division" as in JSON. [any] */
const char *program_trouble_name(enum trouble kind);
const char *program_trouble_key(enum trouble kind);

/**
 * program_writes - whether a symbol is the target of an assignment. [any]
 */
bool program_writes(const struct program *program, unsigned symbol) RT_SAFE;

/** program_reads - whether a symbol's value is used. [any] */
bool program_reads(const struct program *program, unsigned symbol) RT_SAFE;

/** program_ages - whether the age of a symbol's channel is asked for. [any] */
bool program_ages(const struct program *program, unsigned symbol) RT_SAFE;

/*
 * All that the program remembers from one cycle to the next: variables, outputs as assigned, and the
 * state of its blocks. A copy of these bytes, put back between two cycles into a program of the same
 * hash, continues it exactly. [rt]
 */
void *program_state(struct program *program) RT_SAFE;
size_t program_state_bytes(const struct program *program) RT_SAFE;

/** program_hash - of the operations, constants and names: equal for equal programs. [any] */
uint64_t program_hash(const struct program *program) RT_SAFE;

/** program_is_reserved - a word of the language, which cannot be a name. [init] */
bool program_is_reserved(const char *name);

/** program_type_name - "bool", "integer", "float", "duration". [any] */
const char *program_type_name(enum program_type type) RT_SAFE;

#endif
