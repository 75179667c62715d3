#include "config/scalar.h"

#include <errno.h>
#include <string.h>

#include "config/describe.h"
#include "config/suggest.h"
#include "config/value.h"

static int check_range(const struct option *row, double number)
{
	bool is_any = row->min == 0 && row->max == 0;

	return is_any || (number >= row->min && number <= row->max) ? 0 : -ERANGE;
}

static int store_integer(const struct option *row, const char *text, int64_t *member)
{
	int64_t value = 0;
	int code;

	if (row->type == OPTION_DURATION) {
		code = value_parse_duration(text, &value);
	} else if (row->type == OPTION_SIZE) {
		code = value_parse_size(text, &value);
	} else {
		code = value_parse_int(text, &value);
	}
	if (code == 0) {
		code = check_range(row, (double)value);
	}
	if (code == 0) {
		*member = value;
	}
	return code;
}

static int store_float(const struct option *row, const char *text, double *member)
{
	double value;
	int code = value_parse_float(text, &value);

	if (code == 0) {
		code = check_range(row, value);
	}
	if (code == 0) {
		*member = value;
	}
	return code;
}

static int store_bytes(const struct binder *binder, const struct option *row,
		       const char *text, size_t bytes, struct option_bytes *member)
{
	uint8_t *data = arena_take(binder->arena, bytes + 1);
	size_t count;

	if (!data) {
		return -ENOMEM;
	}
	if (value_parse_bytes(text, bytes, data, &count) < 0) {
		return -EILSEQ;
	}
	if (check_range(row, (double)count) < 0) {
		return -ERANGE;
	}
	*member = (struct option_bytes){ .data = data, .bytes = count };
	return 0;
}

static int store_path(const struct binder *binder, const char *text, const char **member)
{
	size_t folder_length = strlen(binder->folder);
	size_t length = strlen(text);
	char *path;

	if (text[0] == '/') {
		*member = text;
		return 0;
	}
	if (folder_length > 0 && binder->folder[folder_length - 1] == '/') {
		folder_length--;
	}
	path = arena_take(binder->arena, folder_length + length + 2);
	if (!path) {
		return -ENOMEM;
	}
	memcpy(path, binder->folder, folder_length);
	path[folder_length] = '/';
	memcpy(path + folder_length + 1, text, length);
	*member = path;
	return 0;
}

static int store_text(const struct binder *binder, const struct option *row,
		      const char *text, const char **member)
{
	size_t length = strlen(text);

	if (row->type == OPTION_PATH && length == 0) {
		return -EINVAL;
	}
	if (check_range(row, (double)length) < 0) {
		return -ERANGE;
	}
	if (row->type == OPTION_PATH) {
		return store_path(binder, text, member);
	}
	*member = text;
	return 0;
}

static int store_choice(const struct option *row, const char *text, int *member)
{
	for (int i = 0; row->choices[i]; i++) {
		if (strcmp(row->choices[i], text) == 0) {
			*member = i;
			return 0;
		}
	}
	return -EINVAL;
}

int scalar_store(const struct binder *binder, const struct option *row, const char *text,
		 size_t bytes, void *member)
{
	if (row->type != OPTION_BYTES && strlen(text) != bytes) {
		return row->type == OPTION_TEXT || row->type == OPTION_PATH ? -EILSEQ
									    : -EINVAL;
	}
	switch (row->type) {
	case OPTION_BOOL:
		return value_parse_bool(text, member);
	case OPTION_INT:
	case OPTION_DURATION:
	case OPTION_SIZE:
		return store_integer(row, text, member);
	case OPTION_FLOAT:
		return store_float(row, text, member);
	case OPTION_BYTES:
		return store_bytes(binder, row, text, bytes, member);
	case OPTION_TEXT:
	case OPTION_PATH:
		return store_text(binder, row, text, member);
	case OPTION_CHOICE:
		return store_choice(row, text, member);
	case OPTION_GROUP:
	case OPTION_MAP:
	case OPTION_LIST:
		break;
	}
	return -EINVAL;
}

bool scalar_takes_quotes(enum option_type type)
{
	return type == OPTION_TEXT || type == OPTION_BYTES || type == OPTION_PATH ||
	       type == OPTION_CHOICE;
}

static const char *make_hint(const struct option *row, const char *text,
			     char hint[VALUE_HINT_BYTES])
{
	switch (row->type) {
	case OPTION_BOOL:
		return value_hint_bool(text, hint);
	case OPTION_INT:
	case OPTION_FLOAT:
		return value_hint_number(text, hint);
	case OPTION_DURATION:
		return value_hint_duration(text, hint);
	case OPTION_SIZE:
		return value_hint_size(text, hint);
	default:
		return "";
	}
}

static const char *nearest_choice(const struct option *row, const char *text)
{
	struct suggest suggest;

	suggest_init(&suggest, text);
	for (unsigned i = 0; row->choices[i]; i++) {
		suggest_offer(&suggest, row->choices[i]);
	}
	return suggest.best ? suggest.best : "";
}

/* Only what would be taken is suggested. */
static void add_hint(struct words *words, const struct binder *binder,
		     const struct option *row, const struct node *node)
{
	bool needs_bare = node->is_quoted && !scalar_takes_quotes(row->type);
	char hint[VALUE_HINT_BYTES];
	const char *meant;
	union {
		bool as_bool;
		int64_t as_int;
		double as_float;
		int as_choice;
	} ignored;

	if (row->type == OPTION_CHOICE) {
		meant = nearest_choice(row, node->text);
	} else if (scalar_takes_quotes(row->type)) {
		return;
	} else if (needs_bare && node->bytes < sizeof(hint)) {
		meant = node->text;
	} else {
		meant = make_hint(row, node->text, hint);
	}
	if (scalar_store(binder, row, meant, strlen(meant), &ignored) == 0) {
		words_add(words, "; did you mean %s%s?", meant,
			  needs_bare ? " without quotes" : "");
	}
}

static void add_sequence_error(const struct binder *binder, const struct option *row,
			       const struct node *node)
{
	if (row->type == OPTION_BYTES) {
		node_error(node, binder->diag,
			   "'%s' holds a character above U+00FF; expected bytes: ASCII, "
			   "or escapes "
			   "from \\x00 to \\xff",
			   row->name);
	} else {
		node_error(node, binder->diag,
			   "'%s' holds a NUL; expected a text without", row->name);
	}
}

void scalar_error(const struct binder *binder, const struct option *row,
		  const struct node *node, int code)
{
	struct words words = { .length = 0 };

	if (code == -EILSEQ) {
		add_sequence_error(binder, row, node);
		return;
	}
	words_add(&words, "'%s' is ", row->name);
	describe_node(&words, node);
	words_add(&words, "; expected ");
	describe_expected(&words, row, code == -EINVAL);
	if (node->kind == NODE_SCALAR) {
		add_hint(&words, binder, row, node);
	}
	node_error(node, binder->diag, "%s", words.text);
}
