/* What libyaml says of a syntax error, in the words and with the place that a user needs.
 */
#ifndef CONFIG_SYNTAX_H
#define CONFIG_SYNTAX_H

#include <yaml.h>

#include "config/tree.h"

/** syntax_error - add the parser's error; -EINVAL, or -ENOMEM where that is what it was.
 * [init] */
int syntax_error(const yaml_parser_t *parser, const struct tree *tree,
		 struct diag *diag) MUST_CHECK;

/** syntax_error_at - add an error at a byte of the file. [init] */
void syntax_error_at(const struct tree *tree, size_t offset, struct diag *diag,
		     const char *format, ...) PRINTF_LIKE(4, 5);

#endif
