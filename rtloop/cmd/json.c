#include "rtloop/cmd/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "config/utf8.h"

static void put_character(FILE *out, const char *at, size_t bytes)
{
	unsigned char c = (unsigned char)*at;

	if (bytes == 0) {
		fputs("\\ufffd", out);
	} else if (c == '"' || c == '\\') {
		fprintf(out, "\\%c", c);
	} else if (c < 0x20 || c == 0x7f) {
		fprintf(out, "\\u%04x", c);
	} else {
		fwrite(at, 1, bytes, out);
	}
}

static void put_quoted(FILE *out, const char *text)
{
	size_t left = strlen(text);
	size_t bytes;

	fputc('"', out);
	for (; left > 0; text += bytes ? bytes : 1, left -= bytes ? bytes : 1) {
		bytes = utf8_character_bytes(text, left);
		put_character(out, text, bytes);
	}
	fputc('"', out);
}

static void begin_value(struct json *json, const char *name)
{
	if (json->depth > 0) {
		fputs(json->has_members ? ",\n" : "\n", json->out);
		fprintf(json->out, "%*s", (int)(2 * json->depth), "");
	}
	json->has_members = true;
	if (name) {
		put_quoted(json->out, name);
		fputs(": ", json->out);
	}
}

void json_begin(struct json *json, const char *name, char bracket)
{
	begin_value(json, name);
	fputc(bracket, json->out);
	json->depth++;
	json->has_members = false;
}

void json_end(struct json *json, char bracket)
{
	json->depth--;
	if (json->has_members) {
		fprintf(json->out, "\n%*s", (int)(2 * json->depth), "");
	}
	fputc(bracket, json->out);
	json->has_members = true;
	if (json->depth == 0) {
		fputc('\n', json->out);
	}
}

void json_text(struct json *json, const char *name, const char *text)
{
	begin_value(json, name);
	put_quoted(json->out, text);
}

void json_uint(struct json *json, const char *name, uint64_t value)
{
	begin_value(json, name);
	fprintf(json->out, "%" PRIu64, value);
}

void json_int(struct json *json, const char *name, int64_t value)
{
	begin_value(json, name);
	fprintf(json->out, "%" PRId64, value);
}

void json_float(struct json *json, const char *name, double value)
{
	begin_value(json, name);
	if (isfinite(value)) {
		fprintf(json->out, "%.17g", value);
	} else {
		fputs("null", json->out);
	}
}

void json_bool(struct json *json, const char *name, bool value)
{
	begin_value(json, name);
	fputs(value ? "true" : "false", json->out);
}
