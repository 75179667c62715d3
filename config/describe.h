/* Option rows in words, for errors and for the reference. */
#ifndef CONFIG_DESCRIBE_H
#define CONFIG_DESCRIBE_H

#include <stddef.h>

#include "config/option.h"
#include "config/tree.h"

/* Text that is put together piece by piece; what does not fit is cut off. */
struct words {
	char text[1024];
	size_t length;
};

/** words_add - append; returns the whole text. [init] */
const char *words_add(struct words *words, const char *format, ...) PRINTF_LIKE(2, 3);

/** words_add_list - append "a, b or c" of NULL-terminated names. @last: "or", "and".
 * [init] */
void words_add_list(struct words *words, const char *const *names, const char *last);

/** describe_type - "whole number", "duration": what kind of value a row takes. [init] */
const char *describe_type(enum option_type type);

/** describe_range - append "50 to 4000000 Bd", "64KiB or more"; nothing for any value.
 * [init] */
void describe_range(struct words *words, const struct option *row);

/**
 * describe_expected - append what stands after "expected": "a whole number from 50 to
 * 4000000".
 * @with_syntax: say how it is written too, such as the units that there are
 *
 * [init]
 */
void describe_expected(struct words *words, const struct option *row, bool with_syntax);

/** describe_value - append kind, choices and range, as the reference has them. [init] */
void describe_value(struct words *words, const struct option *row);

/** describe_text - append text with escapes for what cannot be printed. [init] */
void describe_text(struct words *words, const char *text, size_t bytes);

/** describe_key - append a key in single quotes, shortened. [init] */
void describe_key(struct words *words, const char *key);

/** describe_node - append a value as it stands in the file, shortened; "a list". [init]
 */
void describe_node(struct words *words, const struct node *node);

#endif
