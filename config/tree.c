#include "config/tree.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "config/describe.h"
#include "config/syntax.h"
#include "config/utf8.h"

/* The tree as it grows, event by event. */
struct builder {
	struct tree *tree;
	struct diag *diag;
	struct node *at;  /* the open collection; NULL: none yet */
	unsigned depth;	  /* of open collections that are kept */
	unsigned skipped; /* of open collections in what is not kept */
	unsigned documents;
	bool has_key; /* @key waits for its value */
	struct node key;
};

static struct node *take_node(struct builder *builder, const yaml_event_t *event,
			      enum node_kind kind)
{
	struct node *node = arena_take(&builder->tree->arena, sizeof(*node));

	if (node) {
		node->kind = kind;
		node->line = (unsigned)event->start_mark.line + 1;
		node->column = (unsigned)event->start_mark.column + 1;
	}
	return node;
}

static void append_child(struct node *parent, struct node *child)
{
	child->parent = parent;
	child->order = parent->child_count++;
	if (parent->last) {
		parent->last->next = child;
	} else {
		parent->first = child;
	}
	parent->last = child;
}

/* Put a finished or just opened value where the document has it. */
static void place_value(struct builder *builder, struct node *node)
{
	if (builder->has_key) {
		node->key = builder->key.text;
		node->key_line = builder->key.line;
		node->key_column = builder->key.column;
		node->is_broken |= builder->key.is_broken;
		builder->has_key = false;
	}
	if (builder->at) {
		append_child(builder->at, node);
	} else {
		builder->tree->root = node;
	}
}

static bool expects_key(const struct builder *builder)
{
	return builder->at && builder->at->kind == NODE_MAPPING && !builder->has_key;
}

/* A key that is not text, or whose text is not known: its value is kept, but never looked
 * at. */
static void take_broken_key(struct builder *builder, const yaml_event_t *event)
{
	builder->key = (struct node){
		.text = "",
		.is_broken = true,
		.line = (unsigned)event->start_mark.line + 1,
		.column = (unsigned)event->start_mark.column + 1,
	};
	builder->has_key = true;
}

static void event_error(struct builder *builder, const yaml_event_t *event,
			const char *text)
{
	diag_add(builder->diag, (unsigned)event->start_mark.line + 1,
		 (unsigned)event->start_mark.column + 1, "%s", text);
}

static void check_properties(struct builder *builder, const yaml_event_t *event,
			     const unsigned char *anchor, const unsigned char *tag)
{
	if (anchor) {
		event_error(builder, event,
			    "an anchor (&) is not allowed; expected the value alone");
	}
	if (tag) {
		event_error(builder, event,
			    "a tag (!) is not allowed; expected the value alone");
	}
}

static int take_scalar(struct builder *builder, const yaml_event_t *event)
{
	struct node *node = take_node(builder, event, NODE_SCALAR);

	if (!node) {
		return -ENOMEM;
	}
	node->bytes = event->data.scalar.length;
	node->text = arena_copy(&builder->tree->arena,
				(const char *)event->data.scalar.value, node->bytes);
	if (!node->text) {
		return -ENOMEM;
	}
	node->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->is_broken = event->data.scalar.tag != NULL;
	check_properties(builder, event, event->data.scalar.anchor,
			 event->data.scalar.tag);
	if (!expects_key(builder)) {
		place_value(builder, node);
		return 0;
	}
	builder->key = *node;
	builder->has_key = true;
	if (strlen(node->text) != node->bytes) {
		event_error(builder, event, "a key holds a NUL; expected a name");
		builder->key.is_broken = true;
	}
	return 0;
}

static int take_alias(struct builder *builder, const yaml_event_t *event)
{
	struct node *node;

	event_error(builder, event,
		    "an alias (*) is not allowed; expected the value itself, or quotes "
		    "around text "
		    "that begins with *");
	if (expects_key(builder)) {
		take_broken_key(builder, event);
		return 0;
	}
	node = take_node(builder, event, NODE_SCALAR);
	if (!node) {
		return -ENOMEM;
	}
	node->text = "";
	node->is_broken = true;
	place_value(builder, node);
	return 0;
}

static int open_collection(struct builder *builder, const yaml_event_t *event,
			   enum node_kind kind)
{
	struct node *node;

	if (expects_key(builder)) {
		event_error(builder, event,
			    "a key is a mapping or a list; expected a name, or quotes "
			    "around text "
			    "that begins with { or [");
		take_broken_key(builder, event);
		builder->skipped = 1;
		return 0;
	}
	node = take_node(builder, event, kind);
	if (!node) {
		return -ENOMEM;
	}
	place_value(builder, node);
	if (builder->depth == TREE_DEPTH_MAX) {
		diag_add(builder->diag, node->line, node->column,
			 "nested too deeply; expected at most %d levels", TREE_DEPTH_MAX);
		node->is_broken = true;
		builder->skipped = 1;
		return 0;
	}
	builder->at = node;
	builder->depth++;
	return 0;
}

static int compare_keys(const void *left, const void *right)
{
	const struct node *a = *(struct node *const *)left;
	const struct node *b = *(struct node *const *)right;
	int order = strcmp(a->key, b->key);

	return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

static void duplicate_key(struct builder *builder, const struct node *node,
			  const struct node *first)
{
	struct words words = { .length = 0 };

	describe_key(&words, node->key);
	node_key_error(node, builder->diag,
		       "duplicate key %s; expected it once: the first is on line %u",
		       words.text, first->key_line);
}

/* By sorting, since a hostile file can hold a hundred thousand keys. */
static int check_duplicates(struct builder *builder, const struct node *mapping)
{
	struct node **sorted = calloc(mapping->child_count + 1, sizeof(*sorted));
	const struct node *first = NULL;
	unsigned count = 0;

	if (!sorted) {
		return -ENOMEM;
	}
	for (struct node *child = mapping->first; child; child = child->next) {
		/* Keys that are broken have no text to compare. */
		if (child->key[0] || !child->is_broken) {
			sorted[count++] = child;
		}
	}
	qsort(sorted, count, sizeof(*sorted), compare_keys);
	for (unsigned i = 0; i < count; i++) {
		if (!first || strcmp(first->key, sorted[i]->key) != 0) {
			first = sorted[i];
			continue;
		}
		duplicate_key(builder, sorted[i], first);
		sorted[i]->is_broken = true;
	}
	free(sorted);
	return 0;
}

static int close_collection(struct builder *builder)
{
	struct node *node = builder->at;

	assert(node); /* libyaml ends nothing that it has not begun */
	builder->at = node->parent;
	builder->depth--;
	return node->kind == NODE_MAPPING ? check_duplicates(builder, node) : 0;
}

/* The contents of what is not kept: only its end matters. */
static void skip_event(struct builder *builder, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		builder->skipped++;
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		builder->skipped--;
		break;
	default:
		break;
	}
}

static int begin_document(struct builder *builder, const yaml_event_t *event)
{
	if (++builder->documents > 1) {
		event_error(builder, event,
			    "a second document begins; expected one document in a file");
		return -E2BIG;
	}
	if (event->data.document_start.tag_directives.start !=
	    event->data.document_start.tag_directives.end) {
		event_error(
			builder, event,
			"a %TAG directive is not allowed; expected the document alone");
	}
	return 0;
}

static int take_event(struct builder *builder, const yaml_event_t *event)
{
	if (builder->skipped > 0) {
		skip_event(builder, event);
		return 0;
	}
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return begin_document(builder, event);
	case YAML_ALIAS_EVENT:
		return take_alias(builder, event);
	case YAML_SCALAR_EVENT:
		return take_scalar(builder, event);
	case YAML_SEQUENCE_START_EVENT:
		check_properties(builder, event, event->data.sequence_start.anchor,
				 event->data.sequence_start.tag);
		return open_collection(builder, event, NODE_SEQUENCE);
	case YAML_MAPPING_START_EVENT:
		check_properties(builder, event, event->data.mapping_start.anchor,
				 event->data.mapping_start.tag);
		return open_collection(builder, event, NODE_MAPPING);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_collection(builder);
	default:
		return 0;
	}
}

/* 0 at the end of the file; -E2BIG: what follows is not looked at. */
static int build_tree(struct builder *builder, yaml_parser_t *parser)
{
	yaml_event_type_t type = YAML_NO_EVENT;
	int code = 0;

	while (code == 0 && type != YAML_STREAM_END_EVENT) {
		yaml_event_t event;

		if (!yaml_parser_parse(parser, &event)) {
			return syntax_error(parser, builder->tree, builder->diag);
		}
		type = event.type;
		code = take_event(builder, &event);
		yaml_event_delete(&event);
	}
	return code;
}

static int run_parser(struct tree *tree, struct diag *diag)
{
	struct builder builder = { .tree = tree, .diag = diag };
	yaml_parser_t parser;
	int code;

	if (!yaml_parser_initialize(&parser)) {
		return -ENOMEM;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)tree->raw,
				     tree->raw_bytes);
	code = build_tree(&builder, &parser);
	yaml_parser_delete(&parser);
	return code == -E2BIG ? 0 : code;
}

/* Checked here for its place in the file; libyaml tells a byte's offset only. */
static int check_encoding(const struct tree *tree, struct diag *diag)
{
	size_t valid = utf8_valid_bytes(tree->raw, tree->raw_bytes);

	if (valid < tree->raw_bytes) {
		syntax_error_at(tree, valid, diag,
				"byte 0x%02x is not UTF-8; expected UTF-8 text",
				(unsigned)(unsigned char)tree->raw[valid]);
		return -EINVAL;
	}
	return 0;
}

/* Lines are counted by their line feeds, here and by whoever looks into the file; YAML knows more ends of lines. */
static int check_line_ends(const struct tree *tree, struct diag *diag)
{
	static const struct {
		const char *bytes;
		unsigned code_point;
		char escape;
	} others[] = { { "\r", 0x0d, 'r' },
		       { "\xc2\x85", 0x85, 'N' },
		       { "\xe2\x80\xa8", 0x2028, 'L' },
		       { "\xe2\x80\xa9", 0x2029, 'P' } };
	const char *end = tree->raw + tree->raw_bytes;

	for (const char *at = tree->raw; at < end; at++) {
		for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
			/* a NUL is behind the last byte */
			if (strncmp(at, others[i].bytes, strlen(others[i].bytes)) != 0 ||
			    (*at == '\r' && at[1] == '\n')) {
				continue;
			}
			syntax_error_at(
				tree, (size_t)(at - tree->raw), diag,
				"U+%04X ends a line here; expected a line feed; in "
				"\"quotes\" write \\%c",
				others[i].code_point, others[i].escape);
			return -EINVAL;
		}
	}
	return 0;
}

static int check_root(const struct tree *tree, struct diag *diag)
{
	if (!tree->root ||
	    (tree->root->kind == NODE_SCALAR && node_is_empty(tree->root))) {
		diag_add(diag, 0, 0,
			 "the file holds no configuration; expected a mapping");
		return -EINVAL;
	}
	return 0;
}

int tree_parse(struct tree *tree, const char *text, size_t bytes, const char *folder,
	       struct diag *diag)
{
	struct tree made = { .raw_bytes = bytes };
	int code = -ENOMEM;

	arena_init(&made.arena);
	made.raw = arena_copy(&made.arena, text, bytes);
	made.folder = arena_copy(&made.arena, folder, strlen(folder));
	if (made.raw && made.folder) {
		code = check_encoding(&made, diag);
	}
	if (code == 0) {
		code = check_line_ends(&made, diag);
	}
	if (code == 0) {
		code = run_parser(&made, diag);
	}
	if (code == 0) {
		code = check_root(&made, diag);
	}
	if (code < 0) {
		arena_fini(&made.arena);
		return code;
	}
	*tree = made;
	return 0;
}

void tree_fini(struct tree *tree)
{
	arena_fini(&tree->arena);
	tree->root = NULL;
}
