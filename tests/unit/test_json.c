/* What is written as JSON: any text gives valid JSON, and commas and brackets are where they must be. */
#include "rtloop/cmd/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static char *text;
static size_t bytes;
static struct json json;

static void begin(void)
{
	json = (struct json){ .out = open_memstream(&text, &bytes) };
	assert_non_null(json.out);
}

static void end(const char *expected)
{
	fclose(json.out);
	assert_string_equal(text, expected);
	free(text);
}

static void members_are_separated_by_commas(void **state)
{
	begin();
	json_begin(&json, NULL, '{');
	json_uint(&json, "a", UINT64_MAX);
	json_begin(&json, "b", '[');
	json_int(&json, NULL, -1);
	json_bool(&json, NULL, true);
	json_end(&json, ']');
	json_begin(&json, "c", '{');
	json_end(&json, '}');
	json_end(&json, '}');
	end("{\n  \"a\": 18446744073709551615,\n  \"b\": [\n    -1,\n    true\n  ],\n"
	    "  \"c\": {}\n}\n");
}

static void a_float_that_json_lacks_is_null(void **state)
{
	begin();
	json_begin(&json, NULL, '[');
	json_float(&json, NULL, NAN);
	json_float(&json, NULL, -INFINITY);
	json_float(&json, NULL, 0.5);
	json_end(&json, ']');
	end("[\n  null,\n  null,\n  0.5\n]\n");
}

static void quotes_and_control_characters_are_escaped(void **state)
{
	begin();
	json_text(&json, NULL, "a\"b\\c\n\x7f");
	end("\"a\\\"b\\\\c\\u000a\\u007f\"");
}

static void utf8_stays_and_what_is_none_is_replaced(void **state)
{
	begin();
	json_text(&json, NULL, "5 \xc2\xb5s");
	end("\"5 \xc2\xb5s\"");
	begin();
	json_text(&json, NULL, "\xff|\xc2|\xe2\x82");
	end("\"\\ufffd|\\ufffd|\\ufffd\\ufffd\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_separated_by_commas),
		cmocka_unit_test(a_float_that_json_lacks_is_null),
		cmocka_unit_test(quotes_and_control_characters_are_escaped),
		cmocka_unit_test(utf8_stays_and_what_is_none_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
