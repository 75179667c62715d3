#include "config/syntax.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/utf8.h"

/* libyaml's words, and what they mean to the one who wrote the file. */
static const struct {
	const char *problem;
	const char *meaning;
} meanings[] = {
	{ "did not find expected key",
	  "no key begins here; expected 'key: value', indented like the line above" },
	{ "mapping values are not allowed in this context",
	  "a ':' where no key can stand; expected quotes around text with ': ' in it, or "
	  "other "
	  "indentation" },
	{ "could not find expected ':'", "a key without ':'; expected 'key: value'" },
	{ "did not find expected ',' or ']'",
	  "a list in [ ] goes wrong; expected ',' or ']'" },
	{ "did not find expected ',' or '}'",
	  "a mapping in { } goes wrong; expected ',' or '}'" },
	{ "did not find expected '-' indicator",
	  "a list goes wrong; expected '- ', indented like the item above" },
	{ "found unexpected end of stream",
	  "the file ends within quotes; expected a closing quote" },
	{ "found unknown escape character", "an unknown escape after \\; expected one of "
					    "\\n \\r \\t \\\\ \\\" \\xNN \\uNNNN" },
	{ "did not find expected hexdecimal number",
	  "an escape without its digits; expected two after \\x, four after \\u" },
	{ "found undefined tag handle",
	  "a tag (!) is not allowed; expected the value alone" },
	{ "did not find expected <document start>",
	  "text after the end of the document; expected one document, all indented "
	  "alike" },
	{ "block sequence entries are not allowed in this context",
	  "a '- ' where no list can stand; expected it on a line of its own" },
	{ "found a tab character that violates indentation",
	  "a tab in the indentation; expected spaces" },
	{ "found a tab character where an indentation space is expected",
	  "a tab in the indentation; expected spaces" },
	{ "did not find expected node content",
	  "no value can begin here; expected one, or the closing ] or }" },
	{ "found unexpected document indicator",
	  "the document ends within quotes; expected a closing quote" },
	{ "found unexpected ':'", "a ':' within [ ] or { }; expected a space after it, "
				  "or quotes around the text" },
	{ "mapping keys are not allowed in this context",
	  "a '?' where no key can stand; expected quotes around text that begins so" },
	{ "did not find expected comment or line break",
	  "text right after | or >; expected it on the lines below" },
	{ "did not find expected alphabetic or numeric character",
	  "'&' or '*' begins an anchor or an alias, which are not allowed; expected "
	  "quotes "
	  "around text that begins so" },
	{ "found unknown directive name",
	  "'%' begins a directive; expected quotes around text that begins so" },
	{ "could not find expected directive name",
	  "'%' begins a directive; expected quotes around text that begins so" },
};

static const char *meaning_of(const char *problem)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		if (strcmp(meanings[i].problem, problem) == 0) {
			return meanings[i].meaning;
		}
	}
	return NULL;
}

void syntax_error_at(const struct tree *tree, size_t offset, struct diag *diag,
		     const char *format, ...)
{
	unsigned line = 1;
	size_t line_start = 0;
	char text[256];
	va_list args;

	if (offset > tree->raw_bytes) {
		offset = tree->raw_bytes;
	}
	for (size_t i = 0; i < offset; i++) {
		if (tree->raw[i] == '\n') {
			line++;
			line_start = i + 1;
		}
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	diag_add(diag, line,
		 (unsigned)utf8_characters(tree->raw + line_start, offset - line_start) +
			 1,
		 "%s", text);
}

/* A character that no token can begin with. */
static void add_stray(const yaml_parser_t *parser, const struct tree *tree,
		      struct diag *diag)
{
	size_t offset = parser->problem_mark.index;
	unsigned line = (unsigned)parser->problem_mark.line + 1;
	unsigned column = (unsigned)parser->problem_mark.column + 1;
	/* The mark counts characters, not bytes: find the byte from the start of the
	 * file. */
	size_t byte = 0;

	while (byte < tree->raw_bytes && offset > 0) {
		byte++;
		while (byte < tree->raw_bytes && (tree->raw[byte] & 0xc0) == 0x80) {
			byte++;
		}
		offset--;
	}
	if (byte < tree->raw_bytes && tree->raw[byte] == '\t') {
		diag_add(diag, line, column, "a tab in the indentation; expected spaces");
	} else {
		diag_add(diag, line, column,
			 "'%c' cannot begin a value; expected quotes around text that "
			 "begins so",
			 byte < tree->raw_bytes ? tree->raw[byte] : ' ');
	}
}

int syntax_error(const yaml_parser_t *parser, const struct tree *tree, struct diag *diag)
{
	const char *problem = parser->problem ? parser->problem : "not YAML";
	const char *meaning = meaning_of(problem);
	unsigned line = (unsigned)parser->problem_mark.line + 1;
	unsigned column = (unsigned)parser->problem_mark.column + 1;

	if (parser->error == YAML_MEMORY_ERROR) {
		return -ENOMEM;
	}
	if (parser->error == YAML_READER_ERROR) {
		syntax_error_at(tree, parser->problem_offset, diag,
				"control character U+%04X; expected text; in \"quotes\" "
				"write \\x%02x",
				(unsigned)parser->problem_value,
				(unsigned)parser->problem_value);
	} else if (strcmp(problem, "found character that cannot start any token") == 0) {
		add_stray(parser, tree, diag);
	} else if (meaning) {
		diag_add(diag, line, column, "%s", meaning);
	} else {
		diag_add(diag, line, column, "not YAML: %s%s%s", problem,
			 parser->context ? " " : "",
			 parser->context ? parser->context : "");
	}
	return -EINVAL;
}
