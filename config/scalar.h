/* One scalar to one member, by an option's row; bind.c and its errors stand on this. */
#ifndef CONFIG_SCALAR_H
#define CONFIG_SCALAR_H

#include "config/bind.h"

/**
 * scalar_store - parse a text by a row, check its range, and store it.
 * @text: a NUL follows it; must stay as long as what is bound
 *
 * 0; -EINVAL: not written as the type wants it; -ERANGE: out of the row's range; -EILSEQ:
 * text with a NUL, or bytes with a character above U+00FF; -ENOMEM. [init]
 */
int scalar_store(const struct binder *binder, const struct option *row, const char *text,
		 size_t bytes, void *member) MUST_CHECK;

/** scalar_takes_quotes - whether a quoted scalar can be one of this type. [init] */
bool scalar_takes_quotes(enum option_type type);

/** scalar_error - add the error that scalar_store() returned @code for. [init] */
void scalar_error(const struct binder *binder, const struct option *row,
		  const struct node *node, int code);

#endif
