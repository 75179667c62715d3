/* The words of a program. Private to rtloop/program. */
#ifndef RTLOOP_PROGRAM_LEXER_H
#define RTLOOP_PROGRAM_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind {
	TOKEN_END,
	TOKEN_WRONG, /* @message says what is wrong */
	TOKEN_NAME,  /* "temp", "probe.temp" */
	TOKEN_INT,
	TOKEN_FLOAT,
	TOKEN_TIME,
	TOKEN_ASSIGN, /* := */
	TOKEN_ARROW,  /* => */
	TOKEN_OPEN,   /* ( */
	TOKEN_CLOSE,
	TOKEN_OPEN_POINT, /* [ */
	TOKEN_CLOSE_POINT,
	TOKEN_COMMA,
	TOKEN_SEMICOLON,
	TOKEN_TRUE,
	TOKEN_FALSE,
	TOKEN_IF,
	TOKEN_THEN,
	TOKEN_ELSIF,
	TOKEN_ELSE,
	/* operators */
	TOKEN_OR,
	TOKEN_XOR,
	TOKEN_AND,
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_TIMES,
	TOKEN_OVER, /* / */
	TOKEN_DIV,
	TOKEN_MOD,
	TOKEN_NOT,
	TOKEN_KINDS
};

#define TOKEN_NAME_BYTES                                                                 \
	129 /* two names of 63, a point, a NUL, and one to see that it is too long */

struct token {
	enum token_kind kind;
	bool starts_line; /* nothing but space is before it in its line */
	size_t offset;
	size_t bytes;
	int64_t i;		     /* TOKEN_INT, TOKEN_TIME (ns) */
	double f;		     /* TOKEN_FLOAT */
	char name[TOKEN_NAME_BYTES]; /* of TOKEN_NAME, in lower case: case is ignored */
	char message[160];
};

struct lexer {
	const char *text; /* borrowed; a NUL follows it */
	size_t bytes;
	size_t at;
};

/** lexer_init - a NUL follows the text. [init] */
void lexer_init(struct lexer *lexer, const char *text, size_t bytes);

/** lexer_next - the next word; TOKEN_END for ever behind the last. [init] */
void lexer_next(struct lexer *lexer, struct token *ret_token);

/** token_text - ":=", "and": how a kind is written; NULL where it can be written in many ways. [init] */
const char *token_text(enum token_kind kind);

/** lexer_is_keyword - @name: in lower case. [init] */
bool lexer_is_keyword(const char *name);

#endif
