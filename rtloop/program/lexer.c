#include "rtloop/program/lexer.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/scaled.h"

#define NUMBER_BYTES 64

struct word {
	const char *text;
	enum token_kind kind;
};

static const struct word keywords[] = {
	{ "and", TOKEN_AND },	  { "div", TOKEN_DIV },	    { "else", TOKEN_ELSE },
	{ "elsif", TOKEN_ELSIF }, { "false", TOKEN_FALSE }, { "if", TOKEN_IF },
	{ "mod", TOKEN_MOD },	  { "not", TOKEN_NOT },	    { "or", TOKEN_OR },
	{ "then", TOKEN_THEN },	  { "true", TOKEN_TRUE },   { "xor", TOKEN_XOR },
};

/* Longer ones before those that they begin with. */
static const struct word signs[] = {
	{ ":=", TOKEN_ASSIGN }, { "=>", TOKEN_ARROW },	   { "<>", TOKEN_NE },
	{ "<=", TOKEN_LE },	{ ">=", TOKEN_GE },	   { "<", TOKEN_LT },
	{ ">", TOKEN_GT },	{ "=", TOKEN_EQ },	   { "(", TOKEN_OPEN },
	{ ")", TOKEN_CLOSE },	{ "[", TOKEN_OPEN_POINT }, { "]", TOKEN_CLOSE_POINT },
	{ ",", TOKEN_COMMA },	{ ";", TOKEN_SEMICOLON },  { "+", TOKEN_PLUS },
	{ "-", TOKEN_MINUS },	{ "*", TOKEN_TIMES },	   { "/", TOKEN_OVER },
};

/* What other languages write, and what is meant. */
static const struct {
	const char *text;
	const char *meant;
} foreign[] = {
	{ "==", "'='" },
	{ "!=", "'<>'" },
	{ "&&", "'and'" },
	{ "&", "'and'" },
	{ "||", "'or'" },
	{ "|", "'or'" },
	{ "!", "'not'" },
	{ "%", "'mod'" },
	{ "//", "'#' before a comment" },
	{ "(*", "'#' before a comment" },
	{ "**", "'*'" },
	{ "?", "'if ... then ... else ...'" },
	{ ":", "':='" },
};

void lexer_init(struct lexer *lexer, const char *text, size_t bytes)
{
	*lexer = (struct lexer){ .text = text, .bytes = bytes };
}

static bool starts_with(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

/* A comment reaches to the end of its line. Returns whether a line began. */
static bool skip_space(struct lexer *lexer)
{
	bool starts_line = lexer->at == 0;

	for (; lexer->at < lexer->bytes; lexer->at++) {
		char c = lexer->text[lexer->at];

		if (c == '#') {
			lexer->at += strcspn(lexer->text + lexer->at, "\n");
			c = lexer->text[lexer->at];
		}
		if (c == '\n') {
			starts_line = true;
		} else if (c != ' ' && c != '\t' && c != '\r') {
			break;
		}
	}
	return starts_line;
}

static bool is_of_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* A point belongs to a name where a name goes on behind it. */
static size_t name_bytes(const char *text)
{
	size_t bytes = 0;

	while (is_of_name(text[bytes]) ||
	       (text[bytes] == '.' && is_of_name(text[bytes + 1]))) {
		bytes++;
	}
	return bytes;
}

static void take_name(const char *text, struct token *token)
{
	token->bytes = name_bytes(text);
	token->kind = TOKEN_NAME;
	if (token->bytes >= TOKEN_NAME_BYTES) {
		token->kind = TOKEN_WRONG;
		snprintf(token->message, sizeof(token->message),
			 "a name of %zu characters; expected at most 127", token->bytes);
		return;
	}
	for (size_t i = 0; i < token->bytes; i++) {
		token->name[i] = (char)tolower((unsigned char)text[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (strcmp(token->name, keywords[i].text) == 0) {
			token->kind = keywords[i].kind;
		}
	}
}

/* All that looks like one number: digits, a point, letters behind, the sign of an exponent. */
static size_t number_bytes(const char *text)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	size_t bytes = 0;

	while (is_of_name(text[bytes]) || text[bytes] == '.' ||
	       (!is_hex && bytes > 0 && (text[bytes] == '-' || text[bytes] == '+') &&
		(text[bytes - 1] == 'e' || text[bytes - 1] == 'E') &&
		isdigit((unsigned char)text[bytes + 1]))) {
		bytes++;
	}
	return bytes;
}

static bool parse_int(const char *text, struct token *token, bool *ret_fits)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = is_hex ? text + 2 : text;
	size_t count = strspn(digits, is_hex ? "0123456789abcdefABCDEF" : "0123456789");

	if (count == 0 || digits[count]) {
		return false;
	}
	errno = 0;
	token->i = strtoll(digits, NULL, is_hex ? 16 : 10);
	*ret_fits = errno == 0;
	token->kind = TOKEN_INT;
	return true;
}

static bool parse_float(const char *text, struct token *token, bool *ret_fits)
{
	const char *end = scaled_skip_decimal(text);

	if (end && (*end == 'e' || *end == 'E')) {
		end++;
		end += *end == '-' || *end == '+';
		if (!isdigit((unsigned char)*end)) {
			return false;
		}
		end += strspn(end, "0123456789");
	}
	if (!end || *end) {
		return false;
	}
	token->f = strtod(text, NULL);
	*ret_fits = isfinite(token->f);
	token->kind = TOKEN_FLOAT;
	return true;
}

static bool parse_time(const char *text, struct token *token, bool *ret_fits)
{
	int code = scaled_parse(text, scaled_duration_units, &token->i);

	*ret_fits = code != -ERANGE;
	token->kind = TOKEN_TIME;
	return code != -EINVAL;
}

static void take_number(const char *text, struct token *token)
{
	char number[NUMBER_BYTES];
	bool fits = true;

	token->bytes = number_bytes(text);
	if (token->bytes < sizeof(number)) {
		memcpy(number, text, token->bytes);
		number[token->bytes] = '\0';
		if ((parse_int(number, token, &fits) ||
		     parse_float(number, token, &fits) ||
		     parse_time(number, token, &fits)) &&
		    fits) {
			return;
		}
	} else {
		fits = false;
	}
	token->kind = TOKEN_WRONG;
	snprintf(token->message, sizeof(token->message),
		 fits ? "'%.40s' is not a number; expected one such as 10, 1.5, 1e-3, "
			"0x1f, "
			"or a duration with its unit: ns, us, ms, s, min or h"
		      : "'%.40s' is too large; expected what fits 64 bits",
		 token->bytes < sizeof(number) ? number : "the number");
}

static bool take_foreign(const char *text, struct token *token)
{
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		/* "a <- b" is a comparison with -b, and := is no foreign colon */
		if (starts_with(text, foreign[i].text) && !starts_with(text, ":=")) {
			token->kind = TOKEN_WRONG;
			token->bytes = strlen(foreign[i].text);
			snprintf(token->message, sizeof(token->message),
				 "'%s' means nothing here; expected %s", foreign[i].text,
				 foreign[i].meant);
			return true;
		}
	}
	return false;
}

/* What cannot be shown is marked only; of a character of several bytes all of them are. */
static void take_unknown(const char *text, struct token *token)
{
	token->kind = TOKEN_WRONG;
	token->bytes = 1;
	while (((unsigned char)text[token->bytes] & 0xc0) == 0x80) {
		token->bytes++;
	}
	snprintf(token->message, sizeof(token->message),
		 isgraph((unsigned char)*text) || token->bytes > 1
			 ? "'%.*s' means nothing here; expected letters, digits and "
			   "signs of "
			   "the language"
			 : "a character that cannot be shown; expected none",
		 (int)token->bytes, text);
}

static void take_sign(const char *text, struct token *token)
{
	if (take_foreign(text, token)) {
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		if (starts_with(text, signs[i].text)) {
			token->kind = signs[i].kind;
			token->bytes = strlen(signs[i].text);
			return;
		}
	}
	take_unknown(text, token);
}

void lexer_next(struct lexer *lexer, struct token *ret_token)
{
	const char *text;

	*ret_token = (struct token){ .starts_line = skip_space(lexer) };
	ret_token->offset = lexer->at;
	text = lexer->text + lexer->at;
	if (lexer->at >= lexer->bytes) {
		ret_token->kind = TOKEN_END;
	} else if (isdigit((unsigned char)*text) ||
		   (*text == '.' && isdigit((unsigned char)text[1]))) {
		take_number(text, ret_token);
	} else if (is_of_name(*text)) {
		take_name(text, ret_token);
	} else {
		take_sign(text, ret_token);
	}
	lexer->at += ret_token->bytes;
}

const char *token_text(enum token_kind kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		if (signs[i].kind == kind) {
			return signs[i].text;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (keywords[i].kind == kind) {
			return keywords[i].text;
		}
	}
	return NULL;
}

bool lexer_is_keyword(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (strcmp(name, keywords[i].text) == 0) {
			return true;
		}
	}
	return false;
}
