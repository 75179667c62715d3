#include "drivers/dbc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/dbc_lex.h"
#include "drivers/number.h"

struct parser {
	struct dbc_lexer lexer;
	struct dbc *dbc;
	struct err *err;
	int code; /* why add() returned nothing */
};

/* Words that begin a statement; a list of nodes or of receivers ends before them. */
static const char *const keywords[] = {
	"VERSION",
	"NS_",
	"NS_DESC_",
	"BS_",
	"BU_",
	"BO_",
	"SG_",
	"BO_TX_BU_",
	"CM_",
	"BA_DEF_",
	"BA_",
	"VAL_",
	"CAT_DEF_",
	"CAT_",
	"FILTER",
	"BA_DEF_DEF_",
	"EV_",
	"EV_DATA_",
	"ENVVAR_DATA_",
	"SGTYPE_",
	"SGTYPE_VAL_",
	"BA_DEF_SGTYPE_",
	"BA_SGTYPE_",
	"SIG_TYPE_REF_",
	"VAL_TABLE_",
	"SIG_GROUP_",
	"SIG_VALTYPE_",
	"SIGTYPE_VALTYPE_",
	"BA_DEF_REL_",
	"BA_REL_",
	"BA_SGTYPE_REL_",
	"BA_DEF_DEF_REL_",
	"BU_SG_REL_",
	"BU_EV_REL_",
	"BU_BO_REL_",
	"SG_MUL_VAL_",
	"BU_DEF_REL_",
	"BA_DEF_SGTYPE_REL_",
};

static int fail_at(const struct parser *parser, unsigned line, const char *format, ...)
	PRINTF_LIKE(3, 4);
static int fail_at(const struct parser *parser, unsigned line, const char *format, ...)
{
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return err_set(parser->err, -EINVAL, "%s:%u: %s", parser->dbc->path, line, what);
}

static const struct dbc_token *current(const struct parser *parser)
{
	return &parser->lexer.token;
}

static void advance(struct parser *parser)
{
	dbc_lex_next(&parser->lexer);
}

static int expected(const struct parser *parser, const char *what)
{
	char found[64];

	dbc_token_print(current(parser), found, sizeof(found));
	fail_at(parser, current(parser)->line, "expected %s, found %s", what, found);
	return -EINVAL;
}

static int no_memory(const struct parser *parser)
{
	err_set(parser->err, -ENOMEM, "%s: no memory", parser->dbc->path);
	return -ENOMEM;
}

static bool is_keyword(const struct dbc_token *token)
{
	if (token->kind != DBC_WORD) {
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (dbc_token_is(token, keywords[i])) {
			return true;
		}
	}
	return false;
}

/* --- pieces of statements ------------------------------------------------------------- */

static int take_mark(struct parser *parser, const char *mark, const char *what)
{
	if (!dbc_token_is(current(parser), mark)) {
		return expected(parser, what);
	}
	advance(parser);
	return 0;
}

/* A copy of the word, or of the text. */
static int take_string(struct parser *parser, enum dbc_kind kind, const char *what,
		       const char **ret_text)
{
	const struct dbc_token *token = current(parser);
	const char *text;

	if (token->kind != kind) {
		return expected(parser, what);
	}
	text = arena_copy(&parser->dbc->arena, token->text, token->bytes);
	if (!text) {
		return no_memory(parser);
	}
	*ret_text = text;
	advance(parser);
	return 0;
}

static int take_whole(struct parser *parser, const char *what, uint64_t max,
		      uint64_t *ret_value)
{
	const struct dbc_token *token = current(parser);
	struct number number;

	if (token->kind != DBC_NUMBER || token->bytes > UINT32_MAX ||
	    number_parse((const uint8_t *)token->text, (uint32_t)token->bytes, 10,
			 &number) ||
	    !number.is_int || number.magnitude > max) {
		return expected(parser, what);
	}
	*ret_value = number.magnitude;
	advance(parser);
	return 0;
}

static int take_real(struct parser *parser, const char *what, double *ret_value)
{
	bool is_negative = dbc_token_is(current(parser), "-");
	const struct dbc_token *token = current(parser);
	struct number number;

	if (is_negative || dbc_token_is(token, "+")) {
		advance(parser);
	}
	if (token->kind != DBC_NUMBER || token->bytes > UINT32_MAX ||
	    number_parse((const uint8_t *)token->text, (uint32_t)token->bytes, 10,
			 &number)) {
		return expected(parser, what);
	}
	*ret_value = is_negative ? -number.as_float : number.as_float;
	advance(parser);
	return 0;
}

/* Where the next statement begins before the mark, it would be lost with this one. */
static bool is_over(const struct dbc_token *token, unsigned line)
{
	return token->kind == DBC_END || token->kind == DBC_BROKEN ||
	       (token->is_first && token->line > line && is_keyword(token));
}

/* Only the last statement of a file may lack its ';'. */
static int skip_behind(struct parser *parser, const char *mark)
{
	unsigned line = current(parser)->line;

	while (!dbc_token_is(current(parser), mark)) {
		if (current(parser)->kind == DBC_END && strcmp(mark, ";") == 0) {
			return 0;
		}
		if (is_over(current(parser), line)) {
			return fail_at(parser, line, "there is no '%s' after this", mark);
		}
		advance(parser);
	}
	advance(parser);
	return 0;
}

static int skip_to_keyword(struct parser *parser)
{
	while (!is_keyword(current(parser)) && current(parser)->kind != DBC_END) {
		if (current(parser)->kind == DBC_BROKEN) {
			return expected(parser, "a statement");
		}
		advance(parser);
	}
	return 0;
}

/* A zeroed item at the end of the list; NULL with parser->code. */
static void *add(struct parser *parser, struct dbc_list *list, size_t item_bytes)
{
	char *item;

	if (list->count == DBC_ITEMS_MAX) {
		parser->code =
			fail_at(parser, current(parser)->line,
				"more than %d statements of this kind", DBC_ITEMS_MAX);
		return NULL;
	}
	if (list->count == list->capacity) {
		uint32_t capacity = list->capacity > 0 ? 2 * list->capacity : 64;
		void *items = realloc(list->items, capacity * item_bytes);

		if (!items) {
			parser->code = no_memory(parser);
			return NULL;
		}
		list->items = items;
		list->capacity = capacity;
	}
	item = (char *)list->items + list->count * item_bytes;
	memset(item, 0, item_bytes);
	list->count++;
	return item;
}

/* --- statements ----------------------------------------------------------------------- */

/* BO_ 2364540158 Name: 8 Sender */
static int parse_message(struct parser *parser)
{
	struct dbc_message *message =
		add(parser, &parser->dbc->messages, sizeof(*message));
	uint64_t id = 0, bytes = 0;
	int rc;

	if (!message) {
		return parser->code;
	}
	message->line = current(parser)->line;
	message->first_signal = parser->dbc->signals.count;
	advance(parser);
	rc = take_whole(parser, "the message's id", UINT32_MAX, &id);
	rc = rc ? rc
		: take_string(parser, DBC_WORD, "the message's name", &message->name);
	rc = rc ? rc : take_mark(parser, ":", "':' behind the message's name");
	rc = rc ? rc
		: take_whole(parser, "how many bytes the message has", UINT16_MAX,
			     &bytes);
	if (rc) {
		return rc;
	}
	message->id = (uint32_t)id;
	message->bytes = (uint32_t)bytes;
	return skip_to_keyword(parser);
}

/* M, m7 or m7M; ":" where it is none. An m alone is taken for M. */
static int parse_multiplexing(struct parser *parser, struct dbc_signal *signal)
{
	const struct dbc_token *token = current(parser);
	size_t digits = token->bytes;
	struct number number;

	if (token->kind != DBC_WORD) {
		return 0;
	}
	if (token->text[digits - 1] == 'M' || dbc_token_is(token, "m")) {
		signal->is_switch = true;
		digits--;
	}
	if (digits > 0) {
		if (token->text[0] != 'm' || digits > NUMBER_DIGITS ||
		    number_parse((const uint8_t *)token->text + 1, (uint32_t)digits - 1,
				 10, &number) ||
		    !number.is_int) {
			return expected(parser, "':', M or m with a number");
		}
		signal->is_multiplexed = true;
		signal->switch_value = number.magnitude;
	}
	advance(parser);
	return 0;
}

/* 24|16@1+ */
static int parse_bits(struct parser *parser, struct dbc_signal *signal)
{
	uint64_t start = 0, length = 0, order = 0;
	int rc = take_whole(parser, "the signal's start bit", UINT16_MAX, &start);

	rc = rc ? rc : take_mark(parser, "|", "'|' behind the start bit");
	rc = rc ? rc : take_whole(parser, "the signal's length", UINT16_MAX, &length);
	rc = rc ? rc : take_mark(parser, "@", "'@' behind the signal's length");
	rc = rc ? rc : take_whole(parser, "0 or 1 behind '@'", 1, &order);
	if (rc) {
		return rc;
	}
	signal->start = (uint32_t)start;
	signal->length = (uint32_t)length;
	signal->is_big = order == 0;
	signal->is_signed = dbc_token_is(current(parser), "-");
	return signal->is_signed ? take_mark(parser, "-", "")
				 : take_mark(parser, "+", "the signal's sign, + or -");
}

/* (0.125,-40) [0|8031.875] "rpm" */
static int parse_scaling(struct parser *parser, struct dbc_signal *signal)
{
	int rc = take_mark(parser, "(", "'(' before the factor");

	rc = rc ? rc : take_real(parser, "the factor", &signal->scale);
	rc = rc ? rc : take_mark(parser, ",", "',' behind the factor");
	rc = rc ? rc : take_real(parser, "the offset", &signal->offset);
	rc = rc ? rc : take_mark(parser, ")", "')' behind the offset");
	rc = rc ? rc : take_mark(parser, "[", "'[' before the limits");
	rc = rc ? rc : skip_behind(parser, "]");
	return rc ? rc
		  : take_string(parser, DBC_TEXT, "the unit, in quotes", &signal->unit);
}

static int parse_signal(struct parser *parser)
{
	struct dbc_list *messages = &parser->dbc->messages;
	struct dbc_signal *signal;
	int rc;

	if (messages->count == 0) {
		return fail_at(parser, current(parser)->line,
			       "a signal before any message");
	}
	signal = add(parser, &parser->dbc->signals, sizeof(*signal));
	if (!signal) {
		return parser->code;
	}
	((struct dbc_message *)messages->items)[messages->count - 1].signal_count++;
	signal->line = current(parser)->line;
	advance(parser);
	rc = take_string(parser, DBC_WORD, "the signal's name", &signal->name);
	rc = rc ? rc : parse_multiplexing(parser, signal);
	rc = rc ? rc : take_mark(parser, ":", "':' behind the signal's name");
	rc = rc ? rc : parse_bits(parser, signal);
	rc = rc ? rc : parse_scaling(parser, signal);
	return rc ? rc : skip_to_keyword(parser);
}

/* SIG_VALTYPE_ 100 Name : 1; */
static int parse_float(struct parser *parser)
{
	struct dbc_float *item = add(parser, &parser->dbc->floats, sizeof(*item));
	uint64_t id = 0, kind = 0;
	int rc;

	if (!item) {
		return parser->code;
	}
	advance(parser);
	rc = take_whole(parser, "a message's id", UINT32_MAX, &id);
	rc = rc ? rc : take_string(parser, DBC_WORD, "a signal's name", &item->signal);
	if (rc == 0 && dbc_token_is(current(parser), ":")) {
		advance(parser);
	}
	rc = rc ? rc
		: take_whole(parser, "0 (integer), 1 (float) or 2 (double)", 2, &kind);
	if (rc) {
		return rc;
	}
	item->id = (uint32_t)id;
	item->bytes = (uint32_t)kind * 4;
	return skip_behind(parser, ";");
}

/* 3-3, 5-10; */
static int parse_ranges(struct parser *parser, struct dbc_switch *multiplexed)
{
	struct can_range *range;
	int rc;

	do {
		range = add(parser, &parser->dbc->ranges, sizeof(*range));
		if (!range) {
			return parser->code;
		}
		rc = take_whole(parser, "a value of the multiplexor", UINT64_MAX,
				&range->first);
		rc = rc ? rc : take_mark(parser, "-", "'-' between two values");
		rc = rc ? rc
			: take_whole(parser, "a value of the multiplexor", UINT64_MAX,
				     &range->last);
		multiplexed->range_count++;
		if (dbc_token_is(current(parser), ",")) {
			advance(parser);
		}
	} while (rc == 0 && !dbc_token_is(current(parser), ";"));
	advance(parser);
	return rc;
}

/* SG_MUL_VAL_ 100 Name Multiplexor 3-3, 5-10; */
static int parse_switch(struct parser *parser)
{
	struct dbc_switch *multiplexed =
		add(parser, &parser->dbc->switches, sizeof(*multiplexed));
	uint64_t id = 0;
	int rc;

	if (!multiplexed) {
		return parser->code;
	}
	multiplexed->first_range = parser->dbc->ranges.count;
	advance(parser);
	rc = take_whole(parser, "a message's id", UINT32_MAX, &id);
	rc = rc ? rc
		: take_string(parser, DBC_WORD, "a signal's name", &multiplexed->signal);
	rc = rc ? rc
		: take_string(parser, DBC_WORD, "a multiplexor's name", &multiplexed->by);
	if (rc) {
		return rc;
	}
	multiplexed->id = (uint32_t)id;
	return parse_ranges(parser, multiplexed);
}

/* NS_ : and the words that the file may use; some of them begin statements elsewhere. What
 * follows is the first statement: a word with no other word behind it. */
static int parse_symbols(struct parser *parser)
{
	struct dbc_lexer before;

	advance(parser);
	if (dbc_token_is(current(parser), ":")) {
		advance(parser);
	}
	while (current(parser)->kind == DBC_WORD) {
		before = parser->lexer;
		advance(parser);
		if (current(parser)->kind != DBC_WORD &&
		    current(parser)->kind != DBC_END) {
			parser->lexer = before;
			return 0;
		}
	}
	return 0;
}

/* What ends where the next statement begins. */
static bool is_open_ended(const struct dbc_token *token)
{
	return dbc_token_is(token, "VERSION") || dbc_token_is(token, "BS_") ||
	       dbc_token_is(token, "BU_");
}

/* A statement that is not known here is passed over like those that are not used. */
static bool is_like_keyword(const struct dbc_token *token)
{
	return token->kind == DBC_WORD && token->text[token->bytes - 1] == '_';
}

static int parse_statement(struct parser *parser)
{
	const struct dbc_token *token = current(parser);

	if (!is_keyword(token) && !is_like_keyword(token)) {
		return expected(parser, "a statement");
	}
	if (dbc_token_is(token, "BO_")) {
		return parse_message(parser);
	}
	if (dbc_token_is(token, "SG_")) {
		return parse_signal(parser);
	}
	if (dbc_token_is(token, "SIG_VALTYPE_")) {
		return parse_float(parser);
	}
	if (dbc_token_is(token, "SG_MUL_VAL_")) {
		return parse_switch(parser);
	}
	if (dbc_token_is(token, "NS_")) {
		return parse_symbols(parser);
	}
	if (is_open_ended(token)) {
		advance(parser);
		return skip_to_keyword(parser);
	}
	return skip_behind(parser, ";");
}

static int parse_file(struct parser *parser, const char *text, size_t bytes)
{
	int rc = 0;

	dbc_lex_begin(&parser->lexer, text, bytes);
	while (!rc && current(parser)->kind != DBC_END) {
		rc = parse_statement(parser);
	}
	if (!rc && parser->dbc->messages.count == 0) {
		return err_set(parser->err, -EINVAL, "%s: holds no message",
			       parser->dbc->path);
	}
	return rc;
}

int dbc_parse(const char *path, const char *text, size_t bytes, struct dbc **ret_dbc,
	      struct err *err)
{
	struct dbc *dbc = calloc(1, sizeof(*dbc));
	struct parser parser = { .dbc = dbc, .err = err };
	int rc;

	if (!dbc) {
		return err_set(err, -ENOMEM, "%s: no memory", path);
	}
	arena_init(&dbc->arena);
	dbc->path = arena_copy(&dbc->arena, path, strlen(path));
	rc = dbc->path ? parse_file(&parser, text, bytes)
		       : err_set(err, -ENOMEM, "%s: no memory", path);
	if (rc) {
		dbc_destroy(dbc);
		return rc;
	}
	*ret_dbc = dbc;
	return 0;
}
