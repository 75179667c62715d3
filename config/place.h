/*
 * Where in the configuration file a checked struct came from, so that a room that never
 * sees YAML can still say "file:line:column: what is wrong; what is expected" of one of
 * its options.
 */
#ifndef CONFIG_PLACE_H
#define CONFIG_PLACE_H

#include "rtloop/base/attr.h"

struct diag; /* config/diag.h: the errors of a file, all of them in one go */
struct node; /* config/tree.h: the YAML tree */

struct place {
	struct diag *diag;	 /* borrowed */
	const struct node *node; /* borrowed: the mapping that was bound */
};

/**
 * place_error - add an error at one option of the mapping.
 * @key: dotted path of the key within it, such as "frame.match"; where it is not there,
 *       the innermost mapping of the path that is; NULL: the bound mapping itself
 * @format: what is wrong; then "; " and what is expected
 *
 * The key at that place is put before the text: "'match': what is wrong; what is expected".
 *
 * [init]
 */
void place_error(const struct place *place, const char *key, const char *format, ...)
	PRINTF_LIKE(3, 4);

#endif
