#include "rtloop/mcap/schema_text.h"

#include <ctype.h>
#include <string.h>

/* Of an array: what fits into memory several times over. */
#define COUNT_MAX (1u << 20)

static struct mcap_text behind(struct mcap_text text, size_t length)
{
	return (struct mcap_text){ .data = text.data + length,
				   .length = text.length - length };
}

/* What stands before the first such character; all of it where there is none. */
static struct mcap_text before(struct mcap_text text, char c)
{
	const char *at = memchr(text.data, c, text.length);

	return (struct mcap_text){
		.data = text.data,
		.length = at ? (size_t)(at - text.data) : text.length,
	};
}

struct mcap_text schema_text_trim(struct mcap_text text)
{
	while (text.length && isspace((unsigned char)text.data[0])) {
		text.data++;
		text.length--;
	}
	while (text.length && isspace((unsigned char)text.data[text.length - 1])) {
		text.length--;
	}
	return text;
}

/* The next line, without its end; false where there is none. */
bool schema_text_take_line(struct mcap_text *left, struct mcap_text *ret_line)
{
	const char *end;

	if (left->length == 0) {
		return false;
	}
	end = memchr(left->data, '\n', left->length);
	ret_line->data = left->data;
	ret_line->length = end ? (size_t)(end - left->data) : left->length;
	left->data += ret_line->length + (end ? 1 : 0);
	left->length -= ret_line->length + (end ? 1 : 0);
	return true;
}

/* What stands before the next space; the space is taken as well. */
struct mcap_text schema_text_take_word(struct mcap_text *left)
{
	struct mcap_text word = schema_text_trim(*left);

	*left = word;
	word.length = 0;
	while (word.length < left->length &&
	       !isspace((unsigned char)left->data[word.length])) {
		word.length++;
	}
	left->data += word.length;
	left->length -= word.length;
	*left = schema_text_trim(*left);
	return word;
}

bool schema_text_starts_with(struct mcap_text text, const char *words)
{
	size_t length = strlen(words);

	return text.length >= length && memcmp(text.data, words, length) == 0;
}

/*
 * The line between two definitions: 80 of them by the book, but no field is made of any
 * number.
 */
bool schema_text_is_separator(struct mcap_text line)
{
	line = schema_text_trim(line);
	for (size_t i = 0; i < line.length; i++) {
		if (line.data[i] != '=') {
			return false;
		}
	}
	return line.length > 0;
}

/* A message's name in two: the package without "/msg", and the last word. */
static void split_name(struct mcap_text name, struct mcap_text *ret_package,
		       struct mcap_text *ret_last)
{
	const char *slash = memrchr(name.data, '/', name.length);
	size_t length = slash ? (size_t)(slash - name.data) : 0;

	*ret_last = behind(name, slash ? length + 1 : 0);
	if (length >= 4 && memcmp(slash - 4, "/msg", 4) == 0) {
		length -= 4;
	}
	*ret_package = (struct mcap_text){ .data = name.data, .length = length };
}

bool schema_text_names_message(struct mcap_text base, struct mcap_text name)
{
	struct mcap_text base_package, base_last, package, last;

	split_name(base, &base_package, &base_last);
	split_name(name, &package, &last);
	return mcap_text_equal(base_last, last) &&
	       (base_package.length == 0 || mcap_text_equal(base_package, package));
}

/* Digits to the text's end. */
static bool parse_count(struct mcap_text digits, uint32_t *ret_count)
{
	uint32_t count = 0;

	if (digits.length == 0) {
		return false;
	}
	for (size_t i = 0; i < digits.length; i++) {
		if (!isdigit((unsigned char)digits.data[i])) {
			return false;
		}
		count = count * 10 + (uint32_t)(digits.data[i] - '0');
		if (count > COUNT_MAX) {
			return false;
		}
	}
	*ret_count = count;
	return true;
}

/* "[3]", "[]", "[<=3]"; nothing: one value. */
static bool parse_brackets(struct mcap_text brackets, struct schema_type_word *type)
{
	struct mcap_text inside;

	if (brackets.length == 0) {
		return true;
	}
	inside = before(behind(brackets, 1), ']');
	if (inside.length + 2 != brackets.length) {
		return false;
	}
	if (inside.length == 0) {
		type->shape = SCHEMA_SEQUENCE;
		return true;
	}
	if (schema_text_starts_with(inside, "<=")) {
		type->shape = SCHEMA_SEQUENCE;
		return parse_count(behind(inside, 2), &type->count);
	}
	type->shape = SCHEMA_ARRAY;
	return parse_count(inside, &type->count);
}

/* "<=10" behind a string: each message's own length makes it moot. */
static bool is_bound(struct mcap_text bound)
{
	uint32_t most;

	if (bound.length == 0) {
		return true;
	}
	if (!schema_text_starts_with(bound, "<=")) {
		return false;
	}
	return parse_count(behind(bound, 2), &most);
}

bool schema_text_parse_type(struct mcap_text word, struct schema_type_word *ret_type)
{
	struct mcap_text scalar = before(word, '[');
	struct mcap_text base = before(scalar, '<');

	*ret_type = (struct schema_type_word){ .base = base };
	return is_bound(behind(scalar, base.length)) &&
	       parse_brackets(behind(word, scalar.length), ret_type);
}

bool schema_text_is_name(struct mcap_text name)
{
	for (size_t i = 0; i < name.length; i++) {
		unsigned char c = (unsigned char)name.data[i];

		if (!isalpha(c) && c != '_' && (i == 0 || !isdigit(c))) {
			return false;
		}
	}
	return name.length > 0;
}

/* Where a comment begins: a # outside quotes; the line's length where none does. */
size_t schema_text_find_comment(struct mcap_text line)
{
	char quote = '\0';

	for (size_t i = 0; i < line.length; i++) {
		char c = line.data[i];

		if (quote) {
			quote = c == quote ? '\0' : quote;
		} else if (c == '#') {
			return i;
		} else if (c == '"' || c == '\'') {
			quote = c;
		}
	}
	return line.length;
}
