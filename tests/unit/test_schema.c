#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/mcap/schema.h"
#include "tests/fakes/sweep.h"

#define LINE                                                                             \
	"==============================================================================" \
	"==\n"

static struct err err;

static struct schema *parse(const char *text)
{
	struct schema *schema = NULL;

	assert_int_equal(schema_create("pkg/msg/Top", text, strlen(text), &schema, &err),
			 0);
	return schema;
}

static void refuse(const char *text, int code, const char *message)
{
	struct schema *schema = NULL;

	assert_int_equal(schema_create("pkg/msg/Top", text, strlen(text), &schema, &err),
			 code);
	assert_null(schema);
	assert_string_equal(err.text, message);
}

static void expect_field(const struct schema *schema, unsigned i, const char *name,
			 enum schema_type type)
{
	assert_true(i < schema->field_count);
	assert_string_equal(schema->fields[i].name, name);
	assert_int_equal(schema->fields[i].type, type);
}

static void every_primitive_is_known(void **state)
{
	static const char *const words[] = { "bool",   "int8",	  "uint8",   "int16",
					     "uint16", "int32",	  "uint32",  "int64",
					     "uint64", "float32", "float64", "string" };
	char text[32];

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct schema *schema;

		snprintf(text, sizeof(text), "%s x\n", words[i]);
		schema = parse(text);
		assert_int_equal(schema->field_count, 1);
		expect_field(schema, 0, "x", (enum schema_type)i);
		assert_int_equal(schema->fields[0].shape, SCHEMA_ONE);
		schema_destroy(schema);
	}
}

static void byte_and_char_are_unsigned_bytes(void **state)
{
	struct schema *schema = parse("byte a\nchar b");

	expect_field(schema, 0, "a", SCHEMA_UINT8);
	expect_field(schema, 1, "b", SCHEMA_UINT8);
	schema_destroy(schema);
}

static void comments_constants_defaults_and_blank_lines_make_no_fields(void **state)
{
	struct schema *schema = parse("# a comment\n"
				      "\n"
				      "   \t \r\n"
				      "int32 A=5\n"
				      "string B = \"x # y\"\n"
				      "float64 temp 20.5 # degC\r\n"
				      "string name \"a # b\" # who\n"
				      "  uint8 last");

	assert_int_equal(schema->field_count, 3);
	expect_field(schema, 0, "temp", SCHEMA_FLOAT64);
	assert_string_equal(schema->fields[0].comment, "degC");
	expect_field(schema, 1, "name", SCHEMA_STRING);
	assert_string_equal(schema->fields[1].comment, "who");
	expect_field(schema, 2, "last", SCHEMA_UINT8);
	assert_string_equal(schema->fields[2].comment, "");
	schema_destroy(schema);
}

static void arrays_and_sequences_have_their_counts(void **state)
{
	struct schema *schema =
		parse("int16[3] a\nfloat32[] b\nuint8[<=7] c\nstring<=9 d\n"
		      "string<=9[2] e\nstring[] f\n");

	assert_int_equal(schema->fields[0].shape, SCHEMA_ARRAY);
	assert_int_equal(schema->fields[0].count, 3);
	assert_int_equal(schema->fields[1].shape, SCHEMA_SEQUENCE);
	assert_int_equal(schema->fields[1].count, 0);
	assert_int_equal(schema->fields[2].shape, SCHEMA_SEQUENCE);
	assert_int_equal(schema->fields[2].count, 7);
	assert_int_equal(schema->fields[3].shape, SCHEMA_ONE);
	assert_int_equal(schema->fields[4].shape, SCHEMA_ARRAY);
	assert_int_equal(schema->fields[4].count, 2);
	assert_int_equal(schema->fields[5].shape, SCHEMA_SEQUENCE);
	schema_destroy(schema);
}

static void nested_messages_give_dotted_names(void **state)
{
	struct schema *schema =
		parse("uint8 a\npkg/Leg left\nLeg right\npkg/msg/Leg[2] more\n"
		      "uint8 z\n" LINE "MSG: pkg/Leg\nfloat64 angle # rad\n"
		      "Foot foot\n" LINE "MSG: pkg/Foot\nbool is_down\n");
	static const char *const names[] = {
		"a",
		"left.angle",
		"left.foot.is_down",
		"right.angle",
		"right.foot.is_down",
		"more[0].angle",
		"more[0].foot.is_down",
		"more[1].angle",
		"more[1].foot.is_down",
		"z",
	};

	assert_int_equal(schema->field_count, ARRAY_SIZE(names));
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		assert_string_equal(schema->fields[i].name, names[i]);
		assert_ptr_equal(schema_find(schema, names[i]), &schema->fields[i]);
	}
	assert_string_equal(schema->fields[1].comment, "rad");
	assert_null(schema_find(schema, "left"));
	schema_destroy(schema);
}

static void time_needs_no_definition(void **state)
{
	struct schema *schema = parse("builtin_interfaces/Time stamp\n");

	expect_field(schema, 0, "stamp.sec", SCHEMA_INT32);
	expect_field(schema, 1, "stamp.nanosec", SCHEMA_UINT32);
	schema_destroy(schema);
}

static void an_empty_schema_has_no_fields(void **state)
{
	struct schema *schema = parse("");

	assert_int_equal(schema->field_count, 0);
	schema_destroy(schema);
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
	refuse("uint8 a\nfloat65 b\n", -EBADMSG,
	       "schema pkg/msg/Top, line 2: the type \"float65\" is not known");
	refuse("uint8\n", -EBADMSG, "schema pkg/msg/Top, line 1: \"\" is not a name");
	refuse("uint8 2nd\n", -EBADMSG,
	       "schema pkg/msg/Top, line 1: \"2nd\" is not a name");
	refuse("uint8[ a\n", -EBADMSG,
	       "schema pkg/msg/Top, line 1: \"uint8[\" is not a type");
	refuse("uint8[x] a\n", -EBADMSG,
	       "schema pkg/msg/Top, line 1: \"uint8[x]\" is not a type");
	refuse("uint8[9999999999] a\n", -EBADMSG,
	       "schema pkg/msg/Top, line 1: \"uint8[9999999999]\" is not a type");
	refuse("string<9 a\n", -EBADMSG,
	       "schema pkg/msg/Top, line 1: \"string<9\" is not a type");
	refuse("uint8 a\n" LINE "pkg/Leg\n", -EBADMSG,
	       "schema pkg/msg/Top, line 3: expected \"MSG: NAME\"");
	refuse("Leg a\n" LINE "MSG: pkg/Leg\n\nuint8 a b c\nuint9 b\n", -EBADMSG,
	       "schema pkg/msg/Top, line 6: the type \"uint9\" is not known");
}

static void what_is_not_understood_is_said_to_be(void **state)
{
	refuse("wstring a\n", -ENOTSUP,
	       "schema pkg/msg/Top, line 1: the type \"wstring\" is not known");
	refuse("Leg[] a\n" LINE "MSG: pkg/Leg\nuint8 a\n", -ENOTSUP,
	       "schema pkg/msg/Top, line 1: a sequence of messages: \"Leg\"");
}

static void messages_nested_in_themselves_are_refused(void **state)
{
	refuse("pkg/Top a\n", -E2BIG,
	       "schema pkg/msg/Top, line 1: messages nested more than 16 deep");
}

static void a_short_schema_cannot_make_work_without_end(void **state)
{
	struct schema *schema;
	char text[4096] = "A a\n";
	size_t at = strlen(text);

	/* Each message holds a thousand of the next: none of them has a field of its own. */
	for (int c = 'A'; c < 'K'; c++) {
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       LINE "MSG: pkg/%c\n%c[1000] x\n", c, c + 1);
	}
	snprintf(text + at, sizeof(text) - at, LINE "MSG: pkg/K\n");
	assert_int_equal(schema_create("x", text, strlen(text), &schema, &err), -E2BIG);
}

static void a_schema_of_too_many_fields_is_refused(void **state)
{
	refuse("A[1000] a\n" LINE "MSG: pkg/A\nuint8[4] a\nB[100] b\n" LINE
	       "MSG: pkg/B\nuint8 c\n",
	       -E2BIG, "schema pkg/msg/Top, line 8: more than 16384 fields");
}

static void a_name_that_grows_too_long_is_refused(void **state)
{
	char text[2048];
	char word[300];

	memset(word, 'a', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	snprintf(text, sizeof(text), "A %s\n" LINE "MSG: pkg/A\nuint8 %s\n", word, word);
	refuse(text, -E2BIG, "schema pkg/msg/Top, line 4: a field's name is too long");
}

/* bool, [3 pad] uint32[2], int64, string, uint8[] behind a CDR head. */
static const uint8_t message[] = {
	0, 1, 0, 0, 1,	 0,   0,    0,	  1,	0,    0,    0,	  2,	0,
	0, 0, 0, 0, 0,	 0,   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	3, 0, 0, 0, 'o', 'k', 0,    0,	  2,	0,    0,    0,	  8,	9,
};

/* What stands before an int64 at 16: 4 bytes more than the two numbers need. */
static const char message_schema[] =
	"bool b\nuint32[2] n\nint64 i\nstring s\nuint8[] q\n";

static void a_message_gives_each_value_of_each_field(void **state)
{
	static const struct {
		const char *name;
		int64_t value;
	} expected[] = { { "b", 1 }, { "n", 1 }, { "n", 2 }, { "i", -1 },
			 { "s", 0 }, { "q", 8 }, { "q", 9 } };
	struct schema *schema = parse(message_schema);
	struct schema_walk walk;
	struct schema_value value;

	assert_int_equal(schema_walk_begin(&walk, schema, message, sizeof(message)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(schema_walk_next(&walk, &value), 1);
		assert_string_equal(value.field->name, expected[i].name);
		if (value.field->type == SCHEMA_STRING) {
			assert_int_equal(value.length, 2);
			assert_memory_equal(value.text, "ok", 2);
		} else {
			assert_true(value.as_int == expected[i].value);
		}
	}
	assert_int_equal(schema_walk_next(&walk, &value), 0);
	assert_int_equal(schema_walk_next(&walk, &value), 0);
	schema_destroy(schema);
}

static void a_message_cut_anywhere_is_too_short(void **state)
{
	struct schema *schema = parse(message_schema);
	struct schema_value value;
	struct schema_walk walk;
	int code;

	for (size_t bytes = 0; bytes < sizeof(message); bytes++) {
		/* A copy of its own, so that a sanitizer sees what is read behind its end. */
		uint8_t *copy = malloc(bytes ? bytes : 1);

		memcpy(copy, message, bytes);
		code = schema_walk_begin(&walk, schema, copy, bytes);
		if (!code) {
			while ((code = schema_walk_next(&walk, &value)) > 0) {
			}
		}
		assert_int_equal(code, -EBADMSG);
		free(copy);
	}
	schema_destroy(schema);
}

static void a_field_is_got_by_its_offset_or_by_walking(void **state)
{
	struct schema *schema = parse(message_schema);
	struct schema_value value;

	assert_int_equal(schema->fields[0].offset, 0);
	assert_int_equal(schema->fields[1].offset, 4);
	assert_int_equal(schema->fields[2].offset, 16);
	assert_int_equal(schema->fields[3].offset, 24);
	assert_true(schema->fields[4].offset == SCHEMA_NO_OFFSET);
	assert_int_equal(schema_get(schema, schema_find(schema, "i"), message,
				    sizeof(message), &value),
			 0);
	assert_true(value.as_int == -1);
	assert_int_equal(schema_get(schema, schema_find(schema, "q"), message,
				    sizeof(message), &value),
			 0);
	assert_true(value.as_int == 8);
	assert_int_equal(value.count, 2);
	assert_int_equal(
		schema_get(schema, schema_find(schema, "i"), message, 20, &value),
		-EBADMSG);
	assert_int_equal(
		schema_get(schema, schema_find(schema, "q"), message, 20, &value),
		-EBADMSG);
	schema_destroy(schema);
}

static void an_empty_sequence_is_no_value(void **state)
{
	static const uint8_t empty[] = { 0, 1, 0, 0, 0, 0, 0, 0, 5 };
	struct schema *schema = parse("float64[] a\nuint8 b\n");
	struct schema_value value;
	struct schema_walk walk;

	assert_int_equal(
		schema_get(schema, &schema->fields[0], empty, sizeof(empty), &value),
		-ENODATA);
	assert_int_equal(schema_walk_begin(&walk, schema, empty, sizeof(empty)), 0);
	assert_int_equal(schema_walk_next(&walk, &value), 1);
	assert_int_equal(value.count, 0);
	assert_true(isnan(schema_value_as_float(&value)));
	assert_int_equal(schema_walk_next(&walk, &value), 1);
	assert_int_equal(value.as_int, 5);
	assert_int_equal(schema_walk_next(&walk, &value), 0);
	schema_destroy(schema);
}

static void a_sequence_beyond_its_bound_or_its_message_is_refused(void **state)
{
	static const uint8_t three[] = { 0, 1, 0, 0, 3, 0, 0, 0, 1, 2, 3 };
	static const uint8_t many[] = { 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3 };
	struct schema *bounded = parse("uint8[<=2] a\n");
	struct schema *unbounded = parse("uint8[] a\n");
	struct schema_value value;
	struct schema_walk walk;
	unsigned count = 0;

	assert_int_equal(schema_walk_begin(&walk, bounded, three, sizeof(three)), 0);
	assert_int_equal(schema_walk_next(&walk, &value), -EBADMSG);
	assert_int_equal(schema_walk_begin(&walk, unbounded, many, sizeof(many)), 0);
	while (schema_walk_next(&walk, &value) > 0) {
		count++;
	}
	assert_int_equal(count, 3);
	schema_destroy(bounded);
	schema_destroy(unbounded);
}

static void every_number_can_be_had_as_a_float(void **state)
{
	static const uint8_t numbers[] = { 0,	 1,    0,    0,	   1,	 0xff, 0xfe, 0xff,
					   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					   0xff, 0xff, 0xff, 0xff, 0,	 0,    0xc0, 0x3f,
					   1,	 0,    0,    0,	   0 };
	static const double expected[] = { 1, -1, -2, -1, 18446744073709551615.0, 1.5 };
	struct schema *schema = parse(
		"bool b\nint8 a\nint16 c\nint32 d\nuint64 e\nfloat32 f\nstring s\n");
	struct schema_value value;
	struct schema_walk walk;

	assert_int_equal(schema_walk_begin(&walk, schema, numbers, sizeof(numbers)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(schema_walk_next(&walk, &value), 1);
		assert_true(schema_value_as_float(&value) == expected[i]);
	}
	assert_int_equal(schema_walk_next(&walk, &value), 1);
	assert_true(isnan(schema_value_as_float(&value)));
	schema_destroy(schema);
}

static void other_encodings_are_refused(void **state)
{
	static const uint8_t list[] = { 0, 3, 0, 0, 1 };
	struct schema *schema = parse("uint8 a\n");
	struct schema_value value;
	struct schema_walk walk;

	assert_int_equal(schema_walk_begin(&walk, schema, list, sizeof(list)), -ENOTSUP);
	assert_int_equal(
		schema_get(schema, &schema->fields[0], list, sizeof(list), &value),
		-ENOTSUP);
	schema_destroy(schema);
}

static uint32_t next_random(uint32_t *random)
{
	*random = *random * 1664525u + 1013904223u;
	return *random >> 16;
}

static void spoilt_schemas_are_parsed_or_refused(void **state)
{
	static const char good[] = "uint8 a\nLeg[2] leg # x\nstring<=9[] s 'y'\n" LINE
				   "MSG: pkg/Leg\nfloat64[3] angle\nint8 A=1\n";
	static const char letters[] = "\n\n=[]<># aLM:/9'\"";
	struct schema *schema;
	uint32_t random = 1;
	char text[sizeof(good)];

	for (unsigned i = 0; i < sweep_count(20000); i++) {
		memcpy(text, good, sizeof(good));
		for (unsigned k = 0; k < 1 + i % 4; k++) {
			text[next_random(&random) % (sizeof(good) - 1)] =
				letters[next_random(&random) % (sizeof(letters) - 1)];
		}
		if (!schema_create("pkg/msg/Top", text, sizeof(good) - 1, &schema,
				   &err)) {
			schema_destroy(schema);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_primitive_is_known),
		cmocka_unit_test(byte_and_char_are_unsigned_bytes),
		cmocka_unit_test(
			comments_constants_defaults_and_blank_lines_make_no_fields),
		cmocka_unit_test(arrays_and_sequences_have_their_counts),
		cmocka_unit_test(nested_messages_give_dotted_names),
		cmocka_unit_test(time_needs_no_definition),
		cmocka_unit_test(an_empty_schema_has_no_fields),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(what_is_not_understood_is_said_to_be),
		cmocka_unit_test(messages_nested_in_themselves_are_refused),
		cmocka_unit_test(a_short_schema_cannot_make_work_without_end),
		cmocka_unit_test(a_schema_of_too_many_fields_is_refused),
		cmocka_unit_test(a_name_that_grows_too_long_is_refused),
		cmocka_unit_test(a_message_gives_each_value_of_each_field),
		cmocka_unit_test(a_message_cut_anywhere_is_too_short),
		cmocka_unit_test(a_field_is_got_by_its_offset_or_by_walking),
		cmocka_unit_test(an_empty_sequence_is_no_value),
		cmocka_unit_test(a_sequence_beyond_its_bound_or_its_message_is_refused),
		cmocka_unit_test(every_number_can_be_had_as_a_float),
		cmocka_unit_test(other_encodings_are_refused),
		cmocka_unit_test(spoilt_schemas_are_parsed_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
