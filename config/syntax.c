#include "config/syntax.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/utf8.h"

/* Which of the parser's two marks helps. */
enum mark {
	MARK_PROBLEM, /* where it noticed */
	MARK_CONTEXT, /* where what it was reading begins */
	MARK_BOTH,    /* where it noticed, and the line of the other is told too */
};

/* libyaml's words, and what they mean to the one who wrote the file. */
static const struct meaning {
	const char *problem;
	const char *wrong;
	const char *expected;
	enum mark mark;
} meanings[] = {
	{ "did not find expected key", "no key begins here",
	  "'key: value', indented like the line above", MARK_PROBLEM },
	{ "mapping values are not allowed in this context",
	  "a ':' where no key can stand",
	  "quotes around text with ': ' in it, or other indentation", MARK_PROBLEM },
	{ "could not find expected ':'", "a key without ':'", "'key: value'",
	  MARK_CONTEXT },
	{ "did not find expected ',' or ']'", "a list in [ ] goes wrong", "',' or ']'",
	  MARK_BOTH },
	{ "did not find expected ',' or '}'", "a mapping in { } goes wrong", "',' or '}'",
	  MARK_BOTH },
	{ "did not find expected '-' indicator", "a list goes wrong",
	  "'- ', indented like the item above", MARK_PROBLEM },
	{ "found unexpected end of stream", "the file ends within quotes",
	  "a closing quote", MARK_BOTH },
	{ "found unexpected document indicator", "the document ends within quotes",
	  "a closing quote", MARK_BOTH },
	{ "found unknown escape character", "an unknown escape after \\",
	  "one of \\n \\r \\t \\\\ \\\" \\xNN \\uNNNN", MARK_PROBLEM },
	{ "did not find expected hexdecimal number", "an escape without its digits",
	  "two after \\x, four after \\u", MARK_PROBLEM },
	{ "found undefined tag handle", "a tag (!) is not allowed", "the value alone",
	  MARK_PROBLEM },
	{ "did not find expected <document start>", "text after the end of the document",
	  "one document, all indented alike", MARK_PROBLEM },
	{ "block sequence entries are not allowed in this context",
	  "a '- ' where no list can stand", "it on a line of its own", MARK_PROBLEM },
	{ "found a tab character that violates indentation", "a tab in the indentation",
	  "spaces", MARK_PROBLEM },
	{ "found a tab character where an indentation space is expected",
	  "a tab in the indentation", "spaces", MARK_PROBLEM },
	{ "did not find expected node content", "no value can begin here",
	  "one, or the closing ] or }", MARK_PROBLEM },
	{ "found unexpected ':'", "a ':' within [ ] or { }",
	  "a space after it, or quotes around the text", MARK_PROBLEM },
	{ "mapping keys are not allowed in this context", "a '?' where no key can stand",
	  "quotes around text that begins so", MARK_PROBLEM },
	{ "did not find expected comment or line break", "text right after | or >",
	  "it on the lines below", MARK_PROBLEM },
	{ "did not find expected alphabetic or numeric character",
	  "'&' or '*' begins an anchor or an alias, which are not allowed",
	  "quotes around text that begins so", MARK_PROBLEM },
	{ "found unknown directive name", "'%' begins a directive",
	  "quotes around text that begins so", MARK_PROBLEM },
	{ "could not find expected directive name", "'%' begins a directive",
	  "quotes around text that begins so", MARK_PROBLEM },
};

static const struct meaning *meaning_of(const char *problem)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		if (strcmp(meanings[i].problem, problem) == 0) {
			return &meanings[i];
		}
	}
	return NULL;
}

static void add_meaning(const yaml_parser_t *parser, const struct meaning *meaning,
			struct diag *diag)
{
	bool is_at_context = meaning->mark == MARK_CONTEXT && parser->context;
	const yaml_mark_t *mark =
		is_at_context ? &parser->context_mark : &parser->problem_mark;
	unsigned line = (unsigned)mark->line + 1;
	unsigned column = (unsigned)mark->column + 1;

	if (meaning->mark == MARK_BOTH && parser->context &&
	    parser->context_mark.line != mark->line) {
		diag_add(diag, line, column, "%s, begun on line %u; expected %s",
			 meaning->wrong, (unsigned)parser->context_mark.line + 1,
			 meaning->expected);
	} else {
		diag_add(diag, line, column, "%s; expected %s", meaning->wrong,
			 meaning->expected);
	}
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
	const struct meaning *meaning = meaning_of(problem);
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
		add_meaning(parser, meaning, diag);
	} else {
		diag_add(diag, line, column, "not YAML: %s%s%s", problem,
			 parser->context ? " " : "",
			 parser->context ? parser->context : "");
	}
	return -EINVAL;
}
