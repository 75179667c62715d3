#include "config/literal.h"

#include <string.h>

#include "config/utf8.h"

/* A line of a text, without its end. */
struct line {
	const char *text;
	size_t bytes;
};

static struct line line_at(const char *text, size_t bytes)
{
	const char *end = memchr(text, '\n', bytes);
	size_t length = end ? (size_t)(end - text) : bytes;

	while (length > 0 && text[length - 1] == '\r') {
		length--;
	}
	return (struct line){ text, length };
}

/* Counted from 1; empty behind the last. */
static struct line find_line(const char *text, size_t bytes, unsigned number)
{
	const char *at = text;

	for (; number > 1; number--) {
		const char *end = memchr(at, '\n', bytes - (size_t)(at - text));

		if (!end) {
			return (struct line){ text + bytes, 0 };
		}
		at = end + 1;
	}
	return line_at(at, bytes - (size_t)(at - text));
}

static size_t bytes_of_characters(struct line line, size_t characters)
{
	size_t at = 0;

	for (; at < line.bytes && characters > 0; characters--) {
		do {
			at++;
		} while (at < line.bytes &&
			 ((unsigned char)line.text[at] & 0xc0) == 0x80);
	}
	return at;
}

bool literal_is_one(const struct tree *tree, const struct node *node)
{
	struct line line = find_line(tree->raw, tree->raw_bytes, node->line);
	size_t at = bytes_of_characters(line, node->column - 1);

	return node->kind == NODE_SCALAR && node->is_quoted && at < line.bytes &&
	       line.text[at] == '|';
}

unsigned literal_line(const struct node *node)
{
	return node->line + 1;
}

/* The file has each line of the block as it is, behind what it is indented by. */
void literal_error(const struct tree *tree, const struct node *node, size_t offset,
		   size_t bytes, struct diag *diag, const char *text)
{
	unsigned number = 1;
	size_t start = 0;
	struct line inner, outer;
	struct diag_mark mark;
	size_t before;

	for (size_t i = 0; i < offset; i++) {
		if (node->text[i] == '\n') {
			number++;
			start = i + 1;
		}
	}
	inner = line_at(node->text + start, node->bytes - start);
	outer = find_line(tree->raw, tree->raw_bytes, node->line + number);
	before = offset - start;
	bytes = before + bytes > inner.bytes ? inner.bytes - before : bytes;
	mark = (struct diag_mark){
		.source = outer.text,
		.bytes = outer.bytes,
		.line = node->line + number,
		.column = (unsigned)(utf8_characters(outer.text,
						     outer.bytes - inner.bytes + before) +
				     1),
		.characters = (unsigned)utf8_characters(node->text + offset, bytes),
	};
	diag_add_marked(diag, &mark, text);
}
