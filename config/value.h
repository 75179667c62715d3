/* Scalars, from their text to what the program works with, and back. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

/*
 * Every parser takes the whole text, and returns 0, -EINVAL (it is not written as one) or
 * -ERANGE (it is, but does not fit the type).
 */

/** value_parse_bool - "true" or "false" alone: other words mean different things to
 * different YAML tools. [init] */
int value_parse_bool(const char *text, bool *ret_value) MUST_CHECK;

/** value_parse_int - decimal, or hexadecimal after 0x; a sign; no leading zeros. [init]
 */
int value_parse_int(const char *text, int64_t *ret_value) MUST_CHECK;

/** value_parse_float - decimal, with an optional exponent; finite. [init] */
int value_parse_float(const char *text, double *ret_value) MUST_CHECK;

/** value_parse_duration - "250us", "1.5s": ns us ms s min h; exact, never negative.
 * [init] */
int value_parse_duration(const char *text, int64_t *ret_ns) MUST_CHECK;

/** value_parse_size - "64KiB": B KiB MiB GiB, or a plain number of bytes; exact. [init]
 */
int value_parse_size(const char *text, int64_t *ret_bytes) MUST_CHECK;

/**
 * value_parse_bytes - UTF-8 in which every character up to U+00FF stands for one byte.
 * @data: at least @bytes long
 *
 * -ERANGE: a character above U+00FF. [init]
 */
int value_parse_bytes(const char *text, size_t bytes, uint8_t *data,
		      size_t *ret_bytes) MUST_CHECK;

#define VALUE_HINT_BYTES 64

/*
 * What was probably meant by a text that a parser refused: written so that it would be
 * taken, or "" where nothing comes to mind. Each returns @hint. [init]
 */
const char *value_hint_bool(const char *text, char hint[VALUE_HINT_BYTES]);
const char *value_hint_number(const char *text, char hint[VALUE_HINT_BYTES]);
const char *value_hint_duration(const char *text, char hint[VALUE_HINT_BYTES]);
const char *value_hint_size(const char *text, char hint[VALUE_HINT_BYTES]);

/**
 * value_print_size - "64KiB", as a configuration would write it, exact.
 * @text: 32 bytes are always enough
 *
 * Returns @text. [init]
 */
const char *value_print_size(char *text, size_t text_bytes, int64_t bytes);

/** value_is_name - [a-z][a-z0-9_]*, at most VALUE_NAME_MAX characters. [init] */
bool value_is_name(const char *text);

#define VALUE_NAME_MAX 63

/**
 * value_make_name - the nearest text that is a name: "Oven-2" becomes "oven_2".
 * @fallback: put before a text that begins with a digit, and taken where nothing is left
 *
 * Returns @name. [init]
 */
const char *value_make_name(const char *text, const char *fallback,
			    char name[VALUE_NAME_MAX + 1]);

#endif
