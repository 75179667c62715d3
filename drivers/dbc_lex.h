/* The words, numbers, texts and marks of a DBC file. */
#ifndef DRIVERS_DBC_LEX_H
#define DRIVERS_DBC_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dbc_kind {
	DBC_END,    /* of the file; again and again */
	DBC_WORD,   /* a letter or _, then letters, digits and _ */
	DBC_NUMBER, /* decimal, without a sign: "1", "0.5", "1E-005" */
	DBC_TEXT,   /* what stands between quotes; \" is no end; over several lines */
	DBC_MARK,   /* any other character, one byte of it */
	DBC_BROKEN, /* a text that has no end */
};

struct dbc_token {
	enum dbc_kind kind;
	const char *text; /* borrowed from the file; not terminated */
	size_t bytes;
	unsigned line; /* in which it begins, from 1 */
	bool is_first; /* in its line */
};

struct dbc_lexer {
	const char *at;
	const char *end;
	unsigned line;
	struct dbc_token token; /* the current one */
};

/** dbc_lex_begin - the first token of @text is the current one. [init] */
void dbc_lex_begin(struct dbc_lexer *lexer, const char *text, size_t bytes);

/** dbc_lex_next - on to the next token, over blanks and comments. [init] */
void dbc_lex_next(struct dbc_lexer *lexer);

/** dbc_token_is - whether it is this word, or this mark. [init] */
bool dbc_token_is(const struct dbc_token *token, const char *word);

/**
 * dbc_token_print - for an error: printable, and short.
 * @text: 40 bytes are enough
 *
 * Returns @text. [init]
 */
const char *dbc_token_print(const struct dbc_token *token, char *text, size_t text_bytes);

#endif
