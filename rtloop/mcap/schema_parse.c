#include "rtloop/mcap/schema_parse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/mcap/schema_text.h"

#define DEFINITIONS_MAX 256
#define DEPTH_MAX	16
#define PATH_BYTES	512

/* Lines read, over and over where messages are nested: what a hostile schema may cost. */
#define LINES_MAX 262144

/* One message's definition in the text. */
struct definition {
	struct mcap_text name; /* "rtloop/msg/Probe" */
	struct mcap_text body;
	unsigned line; /* of the body's beginning */
};

/* One message being read: the schema's own, or one nested in the frame below. */
struct frame {
	const struct definition *definition;
	struct mcap_text left; /* of the body */
	unsigned line;
	size_t path_bytes; /* of the name that this field has, without index and dot */
	uint32_t count;	   /* 0: not an array */
	uint32_t index;
};

struct parser {
	const char *name;
	struct err *err;
	struct schema *schema;
	unsigned capacity; /* of fields */
	struct definition *definitions;
	unsigned definition_count;
	struct frame frames[DEPTH_MAX];
	unsigned depth;
	unsigned lines;
	char path[PATH_BYTES];
};

static const struct {
	const char *name;
	enum schema_type type;
} primitives[] = {
	{ "bool", SCHEMA_BOOL },       { "byte", SCHEMA_UINT8 },
	{ "char", SCHEMA_UINT8 },      { "int8", SCHEMA_INT8 },
	{ "uint8", SCHEMA_UINT8 },     { "int16", SCHEMA_INT16 },
	{ "uint16", SCHEMA_UINT16 },   { "int32", SCHEMA_INT32 },
	{ "uint32", SCHEMA_UINT32 },   { "int64", SCHEMA_INT64 },
	{ "uint64", SCHEMA_UINT64 },   { "float32", SCHEMA_FLOAT32 },
	{ "float64", SCHEMA_FLOAT64 }, { "string", SCHEMA_STRING },
};

#define TEXT(words)                                                                      \
	{                                                                                \
		.data = (words), .length = sizeof(words) - 1                             \
	}
#define TIME_BODY TEXT("int32 sec\nuint32 nanosec\n")

/* Messages that ROS 2 schemas may name without defining them. */
static const struct definition known_definitions[] = {
	{ TEXT("builtin_interfaces/msg/Time"), TIME_BODY, 1 },
	{ TEXT("builtin_interfaces/msg/Duration"), TIME_BODY, 1 },
	{ TEXT("time"), TIME_BODY, 1 },
	{ TEXT("duration"), TIME_BODY, 1 },
};

PRINTF_LIKE(3, 4)
static int fail(const struct parser *parser, int code, const char *format, ...)
{
	char text[256];
	unsigned line = parser->depth ? parser->frames[parser->depth - 1].line : 0;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (line) {
		return err_set(parser->err, code, "schema %s, line %u: %s", parser->name,
			       line, text);
	}
	return err_set(parser->err, code, "schema %s: %s", parser->name, text);
}

static int add_definition(struct parser *parser, struct mcap_text name,
			  struct mcap_text body, unsigned line)
{
	if (parser->definition_count == DEFINITIONS_MAX) {
		return fail(parser, -E2BIG, "more than %d messages", DEFINITIONS_MAX);
	}
	parser->definitions[parser->definition_count++] =
		(struct definition){ .name = name, .body = body, .line = line };
	return 0;
}

/* "MSG: pkg/Name" behind a separator begins a definition. */
static int begin_definition(struct parser *parser, struct mcap_text *left, unsigned line)
{
	struct mcap_text title;

	if (!schema_text_take_line(left, &title) ||
	    !schema_text_starts_with(title, "MSG:")) {
		return err_set(parser->err, -EBADMSG,
			       "schema %s, line %u: expected \"MSG: NAME\"", parser->name,
			       line);
	}
	title.data += strlen("MSG:");
	title.length -= strlen("MSG:");
	return add_definition(parser, schema_text_trim(title),
			      (struct mcap_text){ .data = left->data, .length = 0 },
			      line + 1);
}

static int split_definitions(struct parser *parser, struct mcap_text text)
{
	struct mcap_text name = { .data = parser->name, .length = strlen(parser->name) };
	struct definition *current;
	struct mcap_text line;
	int code = add_definition(
		parser, name, (struct mcap_text){ .data = text.data, .length = 0 }, 1);

	for (unsigned n = 2; !code && schema_text_take_line(&text, &line); n++) {
		if (schema_text_is_separator(line)) {
			code = begin_definition(parser, &text, n);
			n++;
			continue;
		}
		current = &parser->definitions[parser->definition_count - 1];
		current->body.length = (size_t)(text.data - current->body.data);
	}
	return code;
}

static const struct definition *find_definition(const struct parser *parser,
						struct mcap_text base)
{
	for (unsigned i = 0; i < parser->definition_count; i++) {
		if (mcap_text_equal(base, parser->definitions[i].name)) {
			return &parser->definitions[i];
		}
	}
	for (unsigned i = 0; i < parser->definition_count; i++) {
		if (schema_text_names_message(base, parser->definitions[i].name)) {
			return &parser->definitions[i];
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(known_definitions); i++) {
		if (schema_text_names_message(base, known_definitions[i].name)) {
			return &known_definitions[i];
		}
	}
	return NULL;
}

static bool find_primitive(struct mcap_text base, enum schema_type *ret_type)
{
	for (size_t i = 0; i < ARRAY_SIZE(primitives); i++) {
		if (mcap_text_is(base, primitives[i].name)) {
			*ret_type = primitives[i].type;
			return true;
		}
	}
	return false;
}

static struct frame *top(struct parser *parser)
{
	return &parser->frames[parser->depth - 1];
}

/* What stands before a field's own name: "leg[2]." for all fields of a third leg. */
static int set_prefix(struct parser *parser, size_t *ret_bytes)
{
	const struct frame *frame = top(parser);
	size_t at = frame->path_bytes;
	int count = 0;

	if (parser->depth == 1) {
		*ret_bytes = 0;
		return 0;
	}
	if (frame->count) {
		count = snprintf(parser->path + at, sizeof(parser->path) - at, "[%u].",
				 frame->index);
	} else {
		count = snprintf(parser->path + at, sizeof(parser->path) - at, ".");
	}
	if ((size_t)count >= sizeof(parser->path) - at) {
		return fail(parser, -E2BIG, "a field's name is too long");
	}
	*ret_bytes = at + (size_t)count;
	return 0;
}

/* The whole dotted name into path. */
static int set_path(struct parser *parser, struct mcap_text name, size_t *ret_bytes)
{
	size_t prefix_bytes = 0;
	int code = set_prefix(parser, &prefix_bytes);

	if (code) {
		return code;
	}
	if (name.length >= sizeof(parser->path) - prefix_bytes) {
		return fail(parser, -E2BIG, "a field's name is too long");
	}
	memcpy(parser->path + prefix_bytes, name.data, name.length);
	*ret_bytes = prefix_bytes + name.length;
	parser->path[*ret_bytes] = '\0';
	return 0;
}

static int reserve_field(struct parser *parser)
{
	unsigned capacity = parser->capacity ? 2 * parser->capacity : 16;
	struct schema_field *fields;

	if (parser->schema->field_count < parser->capacity) {
		return 0;
	}
	if (parser->schema->field_count >= SCHEMA_FIELDS_MAX) {
		return fail(parser, -E2BIG, "more than %d fields", SCHEMA_FIELDS_MAX);
	}
	fields = realloc(parser->schema->fields, capacity * sizeof(*fields));
	if (!fields) {
		return fail(parser, -ENOMEM, "no memory");
	}
	parser->schema->fields = fields;
	parser->capacity = capacity;
	return 0;
}

/* A primitive field, named by path. */
static int add_field(struct parser *parser, enum schema_type primitive,
		     const struct schema_type_word *type, struct mcap_text comment)
{
	struct schema_field *field;
	int code = reserve_field(parser);

	if (code) {
		return code;
	}
	field = &parser->schema->fields[parser->schema->field_count];
	*field = (struct schema_field){
		.name = strdup(parser->path),
		.comment = mcap_text_copy(schema_text_trim(comment)),
		.type = primitive,
		.shape = type->shape,
		.count = type->count,
		.offset = SCHEMA_NO_OFFSET,
	};
	parser->schema->field_count++;
	return field->name && field->comment ? 0 : fail(parser, -ENOMEM, "no memory");
}

/* Go on in the definition of a nested message; its frame ends by itself. */
static int push_message(struct parser *parser, const struct schema_type_word *type,
			size_t path_bytes)
{
	const struct definition *definition = find_definition(parser, type->base);

	if (!definition) {
		return fail(parser,
			    mcap_text_is(type->base, "wstring") ? -ENOTSUP : -EBADMSG,
			    "the type \"%.*s\" is not known", (int)type->base.length,
			    type->base.data);
	}
	if (type->shape == SCHEMA_SEQUENCE) {
		return fail(parser, -ENOTSUP, "a sequence of messages: \"%.*s\"",
			    (int)type->base.length, type->base.data);
	}
	if (parser->depth == DEPTH_MAX) {
		return fail(parser, -E2BIG, "messages nested more than %d deep",
			    DEPTH_MAX);
	}
	if (type->shape == SCHEMA_ARRAY && type->count == 0) {
		return 0;
	}
	parser->frames[parser->depth++] = (struct frame){
		.definition = definition,
		.left = definition->body,
		.line = definition->line - 1,
		.path_bytes = path_bytes,
		.count = type->count,
	};
	return 0;
}

static int parse_field(struct parser *parser, struct mcap_text line,
		       struct mcap_text comment)
{
	struct mcap_text type_word = schema_text_take_word(&line);
	struct mcap_text name = schema_text_take_word(&line);
	const char *equals = memchr(name.data, '=', name.length);
	enum schema_type primitive;
	struct schema_type_word type;
	size_t path_bytes = 0;
	int code;

	if (equals || schema_text_starts_with(line, "=")) {
		return 0; /* a constant */
	}
	if (!schema_text_parse_type(type_word, &type)) {
		return fail(parser, -EBADMSG, "\"%.*s\" is not a type",
			    (int)type_word.length, type_word.data);
	}
	if (!schema_text_is_name(name)) {
		return fail(parser, -EBADMSG, "\"%.*s\" is not a name", (int)name.length,
			    name.data);
	}
	code = set_path(parser, name, &path_bytes);
	if (code) {
		return code;
	}
	if (find_primitive(type.base, &primitive)) {
		return add_field(parser, primitive, &type, comment);
	}
	return push_message(parser, &type, path_bytes);
}

static int parse_line(struct parser *parser, struct mcap_text line)
{
	size_t length = schema_text_find_comment(line);
	struct mcap_text comment = { .data = line.data + length,
				     .length = line.length - length };

	if (comment.length) {
		comment.data++;
		comment.length--;
	}
	line.length = length;
	line = schema_text_trim(line);
	if (line.length == 0) {
		return 0;
	}
	return parse_field(parser, line, comment);
}

/*
 * The end of a message: its next element in an array of them, or back to where it was
 * nested.
 */
static void end_message(struct parser *parser)
{
	struct frame *frame = top(parser);

	if (frame->index + 1 < frame->count) {
		frame->index++;
		frame->left = frame->definition->body;
		frame->line = frame->definition->line - 1;
	} else {
		parser->depth--;
	}
}

static int parse_messages(struct parser *parser)
{
	struct mcap_text line;
	int code = 0;

	parser->frames[0] = (struct frame){
		.definition = &parser->definitions[0],
		.left = parser->definitions[0].body,
		.line = 0,
	};
	parser->depth = 1;
	while (!code && parser->depth) {
		if (++parser->lines > LINES_MAX) {
			return fail(parser, -E2BIG, "messages nested too often");
		}
		if (schema_text_take_line(&top(parser)->left, &line)) {
			top(parser)->line++;
			code = parse_line(parser, line);
		} else {
			end_message(parser);
		}
	}
	return code;
}

int schema_parse(const char *name, struct mcap_text text, struct schema *schema,
		 struct err *err)
{
	struct parser parser = { .name = name, .err = err, .schema = schema };
	int code;

	parser.definitions = calloc(DEFINITIONS_MAX, sizeof(*parser.definitions));
	if (!parser.definitions) {
		return fail(&parser, -ENOMEM, "no memory");
	}
	code = split_definitions(&parser, text);
	if (!code) {
		code = parse_messages(&parser);
	}
	free(parser.definitions);
	return code;
}
