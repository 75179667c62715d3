/*
 * Option rows: what a mapping of the configuration file may hold, bound to the members of
 * a struct. A room that has options declares a table of rows beside its struct; config/
 * reads YAML into the struct through them, and the same rows print "rtloop drivers" and
 * the reference in docs/.
 */
#ifndef CONFIG_OPTION_H
#define CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The member's C type stands behind each kind. */
enum option_type {
	OPTION_BOOL,	 /* bool: true or false */
	OPTION_INT,	 /* int64_t */
	OPTION_FLOAT,	 /* double, finite */
	OPTION_DURATION, /* int64_t, ns; written with its unit: ns us ms s min h */
	OPTION_SIZE,   /* int64_t, bytes; written with its unit: B KiB MiB GiB, or a plain
			  number */
	OPTION_TEXT,   /* const char *, UTF-8 without NUL; NULL where absent without a
			  fallback */
	OPTION_BYTES,  /* struct option_bytes; YAML escapes to "\xff" are one byte each */
	OPTION_PATH,   /* const char *, absolute: a relative one starts at the file's own
			  folder */
	OPTION_CHOICE, /* int, the index in choices[] */
	OPTION_GROUP,  /* a struct of its own, with rows of its own */
	OPTION_MAP,    /* const struct node *: a mapping of names to entries, read by its
			  room */
	OPTION_LIST,   /* const struct node *: a list of names, read by its room */
};

struct option_bytes {
	const uint8_t *data; /* NULL where absent */
	size_t bytes;
};

/**
 * struct option - one row; tables end with a row whose name is NULL.
 * @name: the key, [a-z][a-z0-9_]*
 * @offset: of the member in the struct that the table is bound to
 * @fallback: the default, as a file would write it; NULL: the member stays zero where
 * absent
 * @is_required: absent is an error (within a group: where the group is given)
 * @min: least value, inclusive: the number itself, ns, or bytes; for text its length
 * @max: greatest value, inclusive; where min and max are both 0, any value
 * @unit: of a plain number, for the reference: "Hz", "bit"; NULL: none
 * @help: one sentence without a full stop
 * @choices: OPTION_CHOICE: NULL-terminated names
 * @rows: OPTION_GROUP: the inner table, whose offsets count from this row's member
 * @is_given_offset: offset of a bool in the same struct that becomes true where the key
 * is given; 0: none (a struct's first member is never one)
 */
struct option {
	const char *name;
	enum option_type type;
	size_t offset;
	const char *fallback;
	bool is_required;
	double min;
	double max;
	const char *unit;
	const char *help;
	const char *const *choices;
	const struct option *rows;
	size_t is_given_offset;
};

#endif
