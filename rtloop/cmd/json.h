/*
 * Writes JSON to a stream, one value after the other; commas and indentation are seen to.
 * Texts may hold anything: what is not UTF-8 becomes U+FFFD.
 */
#ifndef RTLOOP_CMD_JSON_H
#define RTLOOP_CMD_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out; /* borrowed */
	unsigned depth;
	bool has_members; /* of the innermost object or array */
};

/*
 * @name: the member's name; NULL within an array and for the outermost value. Numbers that JSON does
 * not have (not a number, infinite) are written as null. [init]
 */
void json_begin(struct json *json, const char *name, char bracket);
void json_end(struct json *json, char bracket);
void json_text(struct json *json, const char *name, const char *text);
void json_uint(struct json *json, const char *name, uint64_t value);
void json_int(struct json *json, const char *name, int64_t value);
void json_float(struct json *json, const char *name, double value);
void json_bool(struct json *json, const char *name, bool value);

#endif
