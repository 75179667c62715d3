/* UTF-8, checked: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef CONFIG_UTF8_H
#define CONFIG_UTF8_H

#include <stddef.h>

#include "rtloop/base/attr.h"

/** utf8_valid_bytes - how many bytes from the start are whole, valid characters. [init]
 */
size_t utf8_valid_bytes(const char *text, size_t bytes);

/** utf8_character_bytes - of the whole, valid character at the start; 0: none begins
 * there. @bytes: at least 1. [init] */
size_t utf8_character_bytes(const char *text, size_t bytes);

/** utf8_characters - of valid UTF-8. [init] */
size_t utf8_characters(const char *text, size_t bytes);

#endif
