/*
 * Binds a mapping of the tree to structs, by their option rows. All errors of the mapping
 * are added in one go: unknown and missing keys, wrong types, values out of range.
 */
#ifndef CONFIG_BIND_H
#define CONFIG_BIND_H

#include <stdbool.h>

#include "config/diag.h"
#include "config/option.h"
#include "config/tree.h"
#include "rtloop/base/attr.h"

struct binder {
	struct arena *arena; /* borrowed: keeps the bytes and paths that are bound */
	const char *folder;  /* borrowed: absolute; where relative paths start */
	struct diag *diag;   /* borrowed */
};

/* Rows and the struct that they are bound to; zeroed by the caller. */
struct bind_part {
	const struct option *rows;
	void *base;
};

#define BIND_PARTS_MAX 2

struct bind_target {
	const char *what; /* "device 'probe'": in errors of missing keys */
	struct bind_part
		parts[BIND_PARTS_MAX]; /* those whose rows are NULL are not there */
	bool ignores_unknown;	       /* unknown keys are no error */
};

/**
 * bind_mapping - fill the structs of @target.
 * @mapping: NULL: every fallback is taken and nothing is missing
 *
 * Groups are bound with it; the fallbacks within a group that is absent are taken too. 0,
 * though errors may have been added; -ENOMEM. [init]
 */
int bind_mapping(const struct binder *binder, const struct node *mapping,
		 const struct bind_target *target) MUST_CHECK;

/**
 * bind_value - one scalar to one member, as a row of a mapping would.
 * @member: of the row's C type
 *
 * 0; -EINVAL where an error was added; -ENOMEM. [init]
 */
int bind_value(const struct binder *binder, const struct node *node,
	       const struct option *row, void *member) MUST_CHECK;

/**
 * bind_name - whether a key is a name, [a-z][a-z0-9_]*; adds an error where it is not.
 * @what: "a device's name": what the key should be
 *
 * [init]
 */
bool bind_name(const struct binder *binder, const struct node *node, const char *what);

#endif
