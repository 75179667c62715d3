#include "drivers/dbc_lex.h"

#include <stdio.h>
#include <string.h>

#define PRINTED_BYTES_MAX 24

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

static char peek(const struct dbc_lexer *lexer, size_t ahead)
{
	return (size_t)(lexer->end - lexer->at) > ahead ? lexer->at[ahead] : '\0';
}

static void pass_line(struct dbc_lexer *lexer)
{
	while (lexer->at < lexer->end && *lexer->at != '\n') {
		lexer->at++;
	}
}

static void pass_blanks(struct dbc_lexer *lexer)
{
	while (lexer->at < lexer->end) {
		if (peek(lexer, 0) == '/' && peek(lexer, 1) == '/') {
			pass_line(lexer);
		} else if (is_blank(*lexer->at)) {
			lexer->line += *lexer->at == '\n';
			lexer->at++;
		} else {
			return;
		}
	}
}

static void pass_digits(struct dbc_lexer *lexer)
{
	while (is_digit(peek(lexer, 0))) {
		lexer->at++;
	}
}

static void pass_number(struct dbc_lexer *lexer)
{
	char sign;

	pass_digits(lexer);
	if (peek(lexer, 0) == '.') {
		lexer->at++;
		pass_digits(lexer);
	}
	if (peek(lexer, 0) != 'e' && peek(lexer, 0) != 'E') {
		return;
	}
	sign = peek(lexer, 1);
	if (is_digit(sign)) {
		lexer->at += 2;
	} else if ((sign == '+' || sign == '-') && is_digit(peek(lexer, 2))) {
		lexer->at += 3;
	}
	pass_digits(lexer);
}

static void pass_word(struct dbc_lexer *lexer)
{
	while (is_letter(peek(lexer, 0)) || is_digit(peek(lexer, 0))) {
		lexer->at++;
	}
}

/* From behind the opening quote; false where there is no closing one. */
static bool pass_text(struct dbc_lexer *lexer)
{
	for (; lexer->at < lexer->end && *lexer->at != '"'; lexer->at++) {
		if (*lexer->at == '\\' && peek(lexer, 1) == '"') {
			lexer->at++;
		}
		lexer->line += *lexer->at == '\n';
	}
	return lexer->at < lexer->end;
}

static void lex_text(struct dbc_lexer *lexer)
{
	struct dbc_token *token = &lexer->token;

	lexer->at++;
	token->text = lexer->at;
	token->kind = pass_text(lexer) ? DBC_TEXT : DBC_BROKEN;
	token->bytes = (size_t)(lexer->at - token->text);
	lexer->at += token->kind == DBC_TEXT;
}

void dbc_lex_next(struct dbc_lexer *lexer)
{
	struct dbc_token *token = &lexer->token;
	unsigned line_before = lexer->line;
	char first, second;

	pass_blanks(lexer);
	first = peek(lexer, 0);
	second = peek(lexer, 1);
	*token = (struct dbc_token){
		.text = lexer->at,
		.line = lexer->line,
		.is_first = lexer->line > line_before,
	};
	if (lexer->at == lexer->end) {
		token->kind = DBC_END;
	} else if (first == '"') {
		lex_text(lexer);
		return;
	} else if (is_letter(first)) {
		token->kind = DBC_WORD;
		pass_word(lexer);
	} else if (is_digit(first) || (first == '.' && is_digit(second))) {
		token->kind = DBC_NUMBER;
		pass_number(lexer);
	} else {
		token->kind = DBC_MARK;
		lexer->at++;
	}
	token->bytes = (size_t)(lexer->at - token->text);
}

void dbc_lex_begin(struct dbc_lexer *lexer, const char *text, size_t bytes)
{
	bool has_mark = bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;

	*lexer = (struct dbc_lexer){ .at = text + (has_mark ? 3 : 0),
				     .end = text + bytes,
				     .line = 1 };
	dbc_lex_next(lexer);
}

bool dbc_token_is(const struct dbc_token *token, const char *word)
{
	return (token->kind == DBC_WORD || token->kind == DBC_MARK) &&
	       strlen(word) == token->bytes &&
	       memcmp(token->text, word, token->bytes) == 0;
}

const char *dbc_token_print(const struct dbc_token *token, char *text, size_t text_bytes)
{
	size_t bytes =
		token->bytes < PRINTED_BYTES_MAX ? token->bytes : PRINTED_BYTES_MAX;
	char printed[PRINTED_BYTES_MAX + 1] = "";

	if (token->kind == DBC_END) {
		snprintf(text, text_bytes, "the end of the file");
		return text;
	}
	if (token->kind == DBC_BROKEN) {
		snprintf(text, text_bytes, "a text without its end");
		return text;
	}
	for (size_t i = 0; i < bytes; i++) {
		char c = token->text[i];

		printed[i] = (char)(c >= ' ' && c <= '~' ? c : '?');
	}
	snprintf(text, text_bytes, token->kind == DBC_TEXT ? "\"%s\"%s" : "'%s'%s",
		 printed, bytes < token->bytes ? "..." : "");
	return text;
}
