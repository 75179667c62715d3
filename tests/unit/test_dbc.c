#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/can.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/dbc.h"

#define HEAD                                                                             \
	"VERSION \"\"\n\nNS_ :\n\tCM_\n\tBA_\n\tSIG_VALTYPE_\n\nBS_:\n\nBU_: ECU1 "      \
	"ECU2\n\n"

/* A file and what was found in it. */
struct bed {
	struct dbc *dbc;
	struct arena arena;
	struct dbc_found found;
	struct err err;
};

static struct bed bed;

static int set_up(void **state)
{
	memset(&bed, 0, sizeof(bed));
	arena_init(&bed.arena);
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	dbc_destroy(bed.dbc);
	arena_fini(&bed.arena);
	return 0;
}

static int parse(const char *text)
{
	dbc_destroy(bed.dbc);
	bed.dbc = NULL;
	return dbc_parse("f.dbc", text, strlen(text), &bed.dbc, &bed.err);
}

static void load(const char *text)
{
	if (parse(text)) {
		fail_msg("%s", bed.err.text);
	}
}

static int look_up(const char *name)
{
	return dbc_find(bed.dbc, name, &bed.arena, &bed.found, &bed.err);
}

static void find(const char *name)
{
	if (look_up(name)) {
		fail_msg("%s", bed.err.text);
	}
}

/* NAN where the signal is not in the frame. */
static double value_of(const char *name, const char *data, uint32_t bytes)
{
	const struct scaling *scaling = &bed.found.signal.scaling;
	struct sample sample;
	double value;

	find(name);
	if (can_signal_decode(&bed.found.signal, (const uint8_t *)data, bytes, &sample)) {
		return NAN;
	}
	value = sample.as_float;
	value = scaling->has_scale ? value * scaling->scale : value;
	return scaling->has_offset ? value + scaling->offset : value;
}

static bool is_near(double value, double expected)
{
	return fabs(value - expected) <= 1e-12 * (1 + fabs(expected));
}

/* what others have published */

/* The example of cantools' documentation (its motohawk.dbc): of this frame it says Enable 1,
 * AverageRadius 3.2 and Temperature 250.55. */
static void the_example_of_cantools_is_read_as_there(void **state)
{
	const char *data = "\xc0\x06\xe0\0\0\0\0\0";

	load(HEAD
	     "BO_ 496 ExampleMessage: 8 PCM1\n"
	     " SG_ Temperature : 0|12@0- (0.01,250) [229.52|270.47] \"degK\"  PCM1,FOO\n"
	     " SG_ AverageRadius : 6|6@0+ (0.1,0) [0|5] \"m\"  Vector__XXX\n"
	     " SG_ Enable : 7|1@0+ (1,0) [0|0] \"-\"  Vector__XXX\n"
	     "CM_ BO_ 496 \"Example message used as template in MotoHawk models.\";\n"
	     "VAL_ 496 Enable 1 \"Enabled\" 0 \"Disabled\" ;\n");
	assert_true(is_near(value_of("ExampleMessage.Temperature", data, 8), 250.55));
	assert_string_equal(bed.found.unit, "degK");
	assert_int_equal(bed.found.signal.id, 496);
	assert_int_equal(bed.found.message_bytes, 8);
	assert_true(is_near(value_of("ExampleMessage.AverageRadius", data, 8), 3.2));
	assert_true(value_of("ExampleMessage.Enable", data, 8) == 1);
}

/* SAE J1939's EEC1: engine speed is bytes 4 and 5, 0.125 rpm a bit, the least significant
 * byte first: 68 13 is 0x1368, 621 rpm. */
static void an_engine_speed_of_j1939_is_read(void **state)
{
	load(HEAD
	     "BO_ 2364540158 EEC1: 8 Vector__XXX\n"
	     " SG_ EngineSpeed : 24|16@1+ (0.125,0) [0|8031.875] \"rpm\" Vector__XXX\n");
	assert_true(value_of("EEC1.EngineSpeed", "\xff\xff\xff\x68\x13\xff\xff\xff", 8) ==
		    621);
	assert_int_equal(bed.found.signal.id, 0x0CF004FE | CAN_EFF_FLAG);
}

/* what a signal may say */

static void sign_factor_and_offset_are_read_as_written(void **state)
{
	load(HEAD "BO_ 1 M: 8 X\n"
		  " SG_ a : 0|8@1- (-1E-001,+.5) [-1.#IND|1e999] \"\" A, B C\n"
		  "SG_ b:8|8@1+(2,-40)[0|0]\"\"A\n"
		  " SG_ c : 0|16@1- (1,0) [0|0] \"\" A\n");
	assert_true(is_near(value_of("M.a", "\xf6\0", 2), 1.5));
	assert_true(value_of("M.b", "\0\x0a", 2) == -20);
	find("M.c");
	assert_false(bed.found.signal.scaling.has_scale);
	assert_false(bed.found.signal.scaling.has_offset);
	assert_int_equal(bed.found.signal.encoding, CAN_SIGNED);
	assert_null(bed.found.unit);
}

static void sig_valtype_tells_the_floats(void **state)
{
	load(HEAD "BO_ 1 M: 8 X\n"
		  " SG_ a : 0|32@1- (1,0) [0|0] \"\" A\n"
		  " SG_ b : 0|64@1- (1,0) [0|0] \"\" A\n"
		  " SG_ c : 0|32@1+ (1,0) [0|0] \"\" A\n"
		  " SG_ d : 0|16@1+ (1,0) [0|0] \"\" A\n"
		  "BO_ 2 N: 8 X\n"
		  " SG_ a : 0|32@1- (1,0) [0|0] \"\" A\n"
		  "SIG_VALTYPE_ 1 a : 1;\n"
		  "SIG_VALTYPE_ 1 b 2 ;\n"
		  "SIG_VALTYPE_ 1 c : 0;\n"
		  "SIG_VALTYPE_ 1 d : 1;\n"
		  "SIG_VALTYPE_ 7 nowhere : 1;\n");
	assert_true(value_of("M.a", "\0\0\xc0\x3f\0\0\0\0", 8) == 1.5);
	assert_true(value_of("M.b", "\0\0\0\0\0\0\xf8\x3f", 8) == 1.5);
	assert_true(value_of("M.c", "\1\0\0\0\0\0\0\0", 8) == 1);
	assert_true(value_of("N.a", "\1\0\0\0\0\0\0\0", 8) == 1);
	assert_int_equal(look_up("M.d"), -EINVAL);
	assert_string_equal(bed.err.text,
			    "f.dbc:16: 'd' is a float of 32 bits by SIG_VALTYPE_, but 16 "
			    "bits long");
}

static void a_multiplexed_signal_follows_the_one_multiplexor(void **state)
{
	load(HEAD "BO_ 1 M: 8 X\n"
		  " SG_ first m0 : 8|8@1+ (1,0) [0|0] \"\" A\n"
		  " SG_ second m17 : 8|8@1+ (1,0) [0|0] \"\" A\n"
		  " SG_ always : 16|8@1+ (1,0) [0|0] \"\" A\n"
		  " SG_ which M : 7|8@0+ (1,0) [0|0] \"\" A\n");
	assert_true(value_of("M.first", "\x00\x05\x06", 3) == 5);
	assert_true(isnan(value_of("M.first", "\x11\x05\x06", 3)));
	assert_true(value_of("M.second", "\x11\x05\x06", 3) == 5);
	assert_true(isnan(value_of("M.second", "\x01\x05\x06", 3)));
	assert_true(value_of("M.always", "\x11\x05\x06", 3) == 6);
	assert_true(value_of("M.which", "\x11\x05\x06", 3) == 17);
}

/* The third way of writing it: M alone, and SG_MUL_VAL_ says the rest. */
static void sg_mul_val_tells_of_multiplexors_below_multiplexors(void **state)
{
	static const char *const middles[] = { "m2M", "M" };

	for (size_t i = 0; i < ARRAY_SIZE(middles); i++) {
		char text[1024];

		snprintf(text, sizeof(text),
			 HEAD "BO_ 1 M: 8 X\n"
			      " SG_ outer M : 0|8@1+ (1,0) [0|0] \"\" A\n"
			      " SG_ inner %s : 8|8@1+ (1,0) [0|0] \"\" A\n"
			      " SG_ deep m4 : 16|8@1+ (1,0) [0|0] \"\" A\n"
			      " SG_ flat m3 : 8|8@1+ (1,0) [0|0] \"\" A\n"
			      "SG_MUL_VAL_ 1 inner outer 2-2;\n"
			      "SG_MUL_VAL_ 1 deep inner 4-4, 6-9 ;\n"
			      "SG_MUL_VAL_ 2 deep outer 0-255;\n",
			 middles[i]);
		load(text);
		assert_true(value_of("M.deep", "\2\4\7", 3) == 7);
		assert_true(value_of("M.deep", "\2\6\7", 3) == 7);
		assert_true(value_of("M.deep", "\2\x09\7", 3) == 7);
		assert_true(isnan(value_of("M.deep", "\2\5\7", 3)));
		assert_true(isnan(value_of("M.deep", "\3\4\7", 3)));
		assert_true(value_of("M.inner", "\2\5\7", 3) == 5);
		assert_true(isnan(value_of("M.inner", "\3\5\7", 3)));
		assert_true(value_of("M.flat", "\3\5\7", 3) == 5);
		assert_true(isnan(value_of("M.flat", "\2\5\7", 3)));
	}
}

static void assert_unit(const char *written, const char *expected)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "BO_ 1 M: 8 X\n SG_ a : 0|8@1+ (1,0) [0|0] \"%s\" A\n", written);
	load(text);
	find("M.a");
	if (!expected) {
		assert_null(bed.found.unit);
	} else {
		assert_string_equal(bed.found.unit, expected);
	}
}

static void units_are_utf8_whatever_they_were(void **state)
{
	assert_unit("km/h", "km/h");
	assert_unit("", NULL);
	assert_unit("  ", NULL);
	assert_unit("\xb0"
		    "C",
		    "\xc2\xb0"
		    "C");
	assert_unit("\xc2\xb0"
		    "C",
		    "\xc2\xb0"
		    "C");
	assert_unit("\xe2\x84\xa6 ", "\xe2\x84\xa6");
	assert_unit("a\x80", "a?");
	assert_unit("a\tb\nc", "a b c");
	assert_unit("0123456789012345678901234567890\xb2"
		    "3",
		    "0123456789012345678901234567890\xc2\xb2");
}

static void what_is_not_used_is_passed_over(void **state)
{
	load("\xef\xbb\xbf" HEAD "VAL_TABLE_ T 1 \"a;b\" 0 \"c\" ;\n"
	     "// BO_ in a comment\n"
	     "BO_ 1 M: 8 X\n"
	     " SG_ a : 0|8@1+ (1,0) [0|0] \"\" A\r\n"
	     "BO_ 3221225472 VECTOR__INDEPENDENT_SIG_MSG: 0 Vector__XXX\n"
	     " SG_ orphan : 900|99@1+ (0,0) [0|0] \"\" A\n"
	     "BO_TX_BU_ 1 : A,B;\n"
	     "EV_ e: 0 [0|1] \"\" 0 3 DUMMY_NODE_VECTOR0 Vector__XXX;\n"
	     "CM_ \"a text; with \\\" a quote,\n BO_ 1 no message: 8\";\n"
	     "BA_DEF_ BO_ \"x\" ENUM \"a\",\"b\";\n"
	     "BA_ \"x\" BO_ 1 1;\n"
	     "BA_REL_ \"y\" BU_SG_REL_ A SG_ 1 a 5;\n"
	     "SIG_GROUP_ 1 g 1 : a;\n"
	     "FROM_THE_FUTURE_ 1 2 3;\n"
	     "BO_ 2 N: 8 X\n"
	     " SG_ b : 0|8@1+ (1,0) [0|0] \"\" A\n"
	     "VAL_ 1 a 1 \"last, without its end\"");
	find("M.a");
	find("N.b");
	assert_int_equal(look_up("VECTOR__INDEPENDENT_SIG_MSG.orphan"), -EINVAL);
}

/* what is wrong with a file */

static void assert_broken(const char *text, const char *expected)
{
	assert_int_equal(parse(text), -EINVAL);
	assert_string_equal(bed.err.text, expected);
}

static void a_broken_file_is_told_with_its_line(void **state)
{
	assert_broken("", "f.dbc: holds no message");
	assert_broken(HEAD, "f.dbc: holds no message");
	assert_broken("VERSION \"", "f.dbc:1: expected a statement, found a text without "
				    "its end");
	assert_broken("\n\nhello\n", "f.dbc:3: expected a statement, found 'hello'");
	assert_broken("\x7f"
		      "ELF\1",
		      "f.dbc:1: expected a statement, found '?'");
	assert_broken("SG_ a : 0|8@1+ (1,0) [0|0] \"\" A\n",
		      "f.dbc:1: a signal before any message");
	assert_broken("\nBO_ x M: 8 A\n",
		      "f.dbc:2: expected the message's id, found 'x'");
	assert_broken("BO_ 4294967296 M: 8 A\n",
		      "f.dbc:1: expected the message's id, found '4294967296'");
	assert_broken("BO_ 1 2: 8 A\n",
		      "f.dbc:1: expected the message's name, found '2'");
	assert_broken("BO_ 1 M 8 A\n",
		      "f.dbc:1: expected ':' behind the message's name, found '8'");
	assert_broken("BO_ 1 M: \"8\" A\n",
		      "f.dbc:1: expected how many bytes the message has, found \"8\"");
	assert_broken("BO_ 1 M: 8 A\n SIG a;\n CM_ \"x\" BO_ 1 \"y;\n",
		      "f.dbc:3: there is no ';' after this");
	assert_broken("BO_ 1 M: 8 A\nVAL_ 1 a 1 \"x\"\nVAL_ 1 b 1 \"x\";\n",
		      "f.dbc:2: there is no ';' after this");
	assert_broken(
		"BO_ 1 M: 8 A\nSIG_VALTYPE_ 1 a : 3;\n",
		"f.dbc:2: expected 0 (integer), 1 (float) or 2 (double), found '3'");
	assert_broken("BO_ 1 M: 8 A\nSG_MUL_VAL_ 1 a b 1;\n",
		      "f.dbc:2: expected '-' between two values, found ';'");
	assert_broken("BO_ 1 M: 8 A\nSG_MUL_VAL_ 1 a b ;\n",
		      "f.dbc:2: expected a value of the multiplexor, found ';'");
}

/* In line 2 of the file. */
static void assert_broken_signal(const char *signal, const char *expected)
{
	char text[512], all[256];

	snprintf(text, sizeof(text), "BO_ 1 M: 8 X\n SG_ %s", signal);
	snprintf(all, sizeof(all), "f.dbc:2: %s", expected);
	assert_broken(text, all);
}

static void a_broken_signal_is_told_with_its_line(void **state)
{
	assert_broken_signal("", "expected the signal's name, found the end of the file");
	assert_broken_signal("a 0|8@1+",
			     "expected ':' behind the signal's name, found '0'");
	assert_broken_signal("a x1 : 0|8@1+",
			     "expected ':', M or m with a number, found 'x1'");
	assert_broken_signal("a mm : 0|8@1+",
			     "expected ':', M or m with a number, found 'mm'");
	assert_broken_signal("a m1x : 0|8@1+",
			     "expected ':', M or m with a number, found 'm1x'");
	assert_broken_signal("a : -1|8@1+", "expected the signal's start bit, found '-'");
	assert_broken_signal("a : 65536|8@1+",
			     "expected the signal's start bit, found '65536'");
	assert_broken_signal("a : 0.5|8@1+",
			     "expected the signal's start bit, found '0.5'");
	assert_broken_signal("a : 0,8@1+",
			     "expected '|' behind the start bit, found ','");
	assert_broken_signal("a : 0|x@1+", "expected the signal's length, found 'x'");
	assert_broken_signal("a : 0|8+",
			     "expected '@' behind the signal's length, found '+'");
	assert_broken_signal("a : 0|8@2+", "expected 0 or 1 behind '@', found '2'");
	assert_broken_signal("a : 0|8@1 (",
			     "expected the signal's sign, + or -, found '('");
	assert_broken_signal("a : 0|8@1+ [", "expected '(' before the factor, found '['");
	assert_broken_signal("a : 0|8@1+ (x,", "expected the factor, found 'x'");
	assert_broken_signal("a : 0|8@1+ (1e999,", "expected the factor, found '1e999'");
	assert_broken_signal("a : 0|8@1+ (1;",
			     "expected ',' behind the factor, found ';'");
	assert_broken_signal("a : 0|8@1+ (1,-)", "expected the offset, found ')'");
	assert_broken_signal("a : 0|8@1+ (1,0(",
			     "expected ')' behind the offset, found '('");
	assert_broken_signal(
		"a : 0|8@1+ (1,0) \"",
		"expected '[' before the limits, found a text without its end");
	assert_broken_signal("a : 0|8@1+ (1,0) [0|0 \"m\"", "there is no ']' after this");
	assert_broken_signal("a : 0|8@1+ (1,0) [0|0] m",
			     "expected the unit, in quotes, found 'm'");
	assert_broken_signal("a : 0|8@1+ (1,0) [0|0] \"\" A \"",
			     "expected a statement, found a text without its end");
}

static void too_much_of_a_kind_is_refused(void **state)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	for (unsigned i = 0; i <= DBC_ITEMS_MAX; i++) {
		fprintf(out, "BO_ %u M%u: 8 X\n", i, i);
	}
	fclose(out);
	assert_int_equal(parse(text), -EINVAL);
	assert_string_equal(bed.err.text,
			    "f.dbc:65537: more than 65536 statements of this kind");
	free(text);
}

/* what is wrong with a signal that is asked for */

static void assert_unusable(const char *name, int code, const char *expected)
{
	assert_int_equal(look_up(name), code);
	assert_string_equal(bed.err.text, expected);
}

static void a_name_that_is_not_there_is_told_with_what_was_meant(void **state)
{
	load("BO_ 1 ENGINE: 8 X\n SG_ SPEED : 0|8@1+ (1,0) [0|0] \"\" A\n"
	     "BO_ 2 OTHER: 8 X\n");
	assert_unusable("ENGIN.SPEED", -ENOENT,
			"no message 'ENGIN' in f.dbc; did you mean 'ENGINE'?");
	assert_unusable("ENGINE.SPED", -ENOENT,
			"f.dbc:1: no signal 'SPED' in message 'ENGINE'; did you mean "
			"'SPEED'?");
	assert_unusable("OTHER.SPEED", -ENOENT,
			"f.dbc:3: no signal 'SPEED' in message "
			"'OTHER'");
	assert_unusable("SPEED", -ENOENT,
			"'SPEED' names no signal; expected MESSAGE.SIGNAL");
	assert_unusable(".SPEED", -ENOENT,
			"'.SPEED' names no signal; expected MESSAGE.SIGNAL");
	assert_unusable("ENGINE.", -ENOENT,
			"'ENGINE.' names no signal; expected MESSAGE.SIGNAL");
}

static void a_name_that_is_there_twice_is_told(void **state)
{
	load("BO_ 1 M: 8 X\n SG_ a : 0|8@1+ (1,0) [0|0] \"\" A\n"
	     " SG_ a : 8|8@1+ (1,0) [0|0] \"\" A\n SG_ b : 0|8@1+ (1,0) [0|0] \"\" A\n"
	     "BO_ 2 N: 8 X\n SG_ a : 0|8@1+ (1,0) [0|0] \"\" A\nBO_ 3 N: 8 X\n");
	assert_unusable("M.a", -EINVAL, "f.dbc:3: there is a 'a' in line 2 too");
	assert_unusable("N.a", -EINVAL, "f.dbc:7: there is a 'N' in line 5 too");
	find("M.b");
}

static void a_signal_that_makes_no_sense_is_told(void **state)
{
	load("BO_ 1 M: 4 X\n"
	     " SG_ a : 25|8@1+ (1,0) [0|0] \"\" A\n"
	     " SG_ b : 24|9@0+ (1,0) [0|0] \"\" A\n"
	     " SG_ c : 0|0@1+ (1,0) [0|0] \"\" A\n"
	     " SG_ d : 0|65@1+ (1,0) [0|0] \"\" A\n"
	     " SG_ e : 0|8@1+ (0,1) [0|0] \"\" A\n"
	     "BO_ 2048 STANDARD: 8 X\n SG_ a : 0|8@1+ (1,0) [0|0] \"\" A\n"
	     "BO_ 2684354560 EXTENDED: 8 X\n SG_ a : 0|8@1+ (1,0) [0|0] \"\" A\n"
	     "BO_ 2 LONG: 65 X\n SG_ a : 0|8@1+ (1,0) [0|0] \"\" A\n"
	     "BO_ 3 UNSTATED: 0 X\n SG_ a : 504|8@1+ (1,0) [0|0] \"\" A\n"
	     " SG_ b : 505|8@1+ (1,0) [0|0] \"\" A\n");
	assert_unusable("M.a", -EINVAL,
			"f.dbc:2: 'a' is past the end of its message of 4 bytes");
	assert_unusable("M.b", -EINVAL,
			"f.dbc:3: 'b' is past the end of its message of 4 bytes");
	assert_unusable("M.c", -EINVAL, "f.dbc:4: 'c' is 0 bits long; expected 1 to 64");
	assert_unusable("M.d", -EINVAL, "f.dbc:5: 'd' is 65 bits long; expected 1 to 64");
	assert_unusable("M.e", -EINVAL,
			"f.dbc:6: 'e' has the factor 0: it would never change");
	assert_unusable("STANDARD.a", -EINVAL,
			"f.dbc:8: 'a' is of a message whose id 2048 is none of CAN");
	assert_unusable(
		"EXTENDED.a", -EINVAL,
		"f.dbc:10: 'a' is of a message whose id 2684354560 is none of CAN");
	assert_unusable(
		"LONG.a", -EINVAL,
		"f.dbc:12: 'a' is of a message of 65 bytes; a frame has at most 64");
	find("UNSTATED.a");
	assert_int_equal(bed.found.message_bytes, 0);
	assert_unusable("UNSTATED.b", -EINVAL,
			"f.dbc:15: 'b' is past the end of its message of 64 bytes");
}

static void a_multiplexor_that_makes_no_sense_is_told(void **state)
{
	load("BO_ 1 NONE: 8 X\n SG_ a m1 : 0|8@1+ (1,0) [0|0] \"\" A\n"
	     "BO_ 2 TWO: 8 X\n SG_ a m1 : 0|8@1+ (1,0) [0|0] \"\" A\n"
	     " SG_ x M : 8|8@1+ (1,0) [0|0] \"\" A\n"
	     " SG_ y M : 16|8@1+ (1,0) [0|0] \"\" A\n"
	     "BO_ 3 SHARED: 8 X\n SG_ a m1 : 0|8@1+ (1,0) [0|0] \"\" A\n"
	     " SG_ x M : 7|8@1+ (1,0) [0|0] \"\" A\n"
	     "BO_ 4 ROUND: 8 X\n SG_ a m1M : 0|8@1+ (1,0) [0|0] \"\" A\n"
	     " SG_ b m1M : 8|8@1+ (1,0) [0|0] \"\" A\n"
	     " SG_ c m1 : 16|8@1+ (1,0) [0|0] \"\" A\n"
	     "BO_ 5 GONE: 8 X\n SG_ a m1 : 0|8@1+ (1,0) [0|0] \"\" A\n"
	     "BO_ 6 WIDE: 8 X\n SG_ a m1 : 0|8@1+ (1,0) [0|0] \"\" A\n"
	     " SG_ x M : 60|8@1+ (1,0) [0|0] \"\" A\n"
	     "SG_MUL_VAL_ 4 a b 1-1;\nSG_MUL_VAL_ 4 b a 1-1;\nSG_MUL_VAL_ 4 c a 1-1;\n"
	     "SG_MUL_VAL_ 5 a nowhere 1-1;\n");
	assert_unusable("NONE.a", -EINVAL,
			"f.dbc:2: 'a' is multiplexed, but its message has no multiplexor "
			"(M)");
	assert_unusable(
		"TWO.a", -EINVAL,
		"f.dbc:4: 'a' is multiplexed, and there are two multiplexors: 'x' "
		"and 'y'");
	assert_unusable("SHARED.a", -EINVAL,
			"f.dbc:8: 'a' shares bits with its own multiplexor");
	assert_unusable("ROUND.c", -EINVAL,
			"f.dbc:13: 'c' has more than 8 multiplexors above it");
	assert_unusable("GONE.a", -ENOENT,
			"f.dbc:14: no signal 'nowhere' in message 'GONE'");
	assert_unusable("WIDE.a", -EINVAL,
			"f.dbc:18: 'x' is past the end of its message of 8 bytes");
}

/* files */

static void a_file_is_read_and_its_errors_are_told(void **state)
{
	char path[] = "/tmp/rtloop-dbc-XXXXXX";
	int fd = mkstemp(path);
	const char *text = "BO_ 1 M: 8 X\n SG_ a : 0|8@1+ (1,0) [0|0] \"\" A\n";

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(dbc_load(path, &bed.dbc, &bed.err), 0);
	find("M.a");
	dbc_destroy(bed.dbc);
	bed.dbc = NULL;
	assert_int_equal(ftruncate(fd, DBC_FILE_BYTES_MAX + 1), 0);
	assert_int_equal(dbc_load(path, &bed.dbc, &bed.err), -EFBIG);
	assert_non_null(strstr(bed.err.text, "more than 16 MiB"));
	close(fd);
	unlink(path);
	assert_int_equal(dbc_load(path, &bed.dbc, &bed.err), -ENOENT);
	assert_non_null(strstr(bed.err.text, path));
	assert_int_equal(dbc_load("/tmp", &bed.dbc, &bed.err), -EINVAL);
	assert_string_equal(bed.err.text, "/tmp: not a regular file");
}

/* hostile input */

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static void use_all(const struct dbc *dbc)
{
	const struct dbc_message *messages = dbc->messages.items;
	const struct dbc_signal *signals = dbc->signals.items;
	static const uint8_t data[CAN_FD_BYTES];

	for (uint32_t i = 0; i < dbc->messages.count; i++) {
		for (uint32_t k = 0; k < messages[i].signal_count; k++) {
			char name[512];
			struct sample sample;

			snprintf(name, sizeof(name), "%.200s.%.200s", messages[i].name,
				 signals[messages[i].first_signal + k].name);
			if (look_up(name) == 0) {
				(void)!can_signal_decode(&bed.found.signal, data, 8,
							 &sample);
			}
		}
	}
}

static void no_change_of_a_few_bytes_does_harm(void **state)
{
	static const char good[] =
		HEAD "BO_ 1 M: 8 X\n"
		     " SG_ outer M : 0|8@1+ (1,0) [0|0] \"\" A\n"
		     " SG_ inner m2M : 8|8@1+ (0.5,-1) [0|0] \"\xb0\" A\n"
		     " SG_ deep m4 : 23|16@0- (1e3,0) [0|0] \"m/s\" A,B\n"
		     "BO_ 2147483650 N: 64 X\n"
		     " SG_ f : 480|32@1- (1,0) [0|0] \"\" A\n"
		     "CM_ SG_ 1 outer \"text\";\n"
		     "SIG_VALTYPE_ 2147483650 f : 1;\n"
		     "SG_MUL_VAL_ 1 inner outer 2-2;\n"
		     "SG_MUL_VAL_ 1 deep inner 4-4, 6-9;\n";
	uint64_t seed = 3;
	unsigned taken = 0;

	for (unsigned round = 0; round < 20000; round++) {
		char text[sizeof(good)];
		size_t bytes = sizeof(good) - 1;

		memcpy(text, good, sizeof(good));
		for (unsigned i = 0; i < 1 + round % 3; i++) {
			text[next_random(&seed) % bytes] =
				(char)(next_random(&seed) % 4 == 0
					       ? next_random(&seed)
					       : (uint64_t)good[next_random(&seed) %
								bytes]);
		}
		bytes -= round % 5 == 0 ? (size_t)next_random(&seed) % bytes : 0;
		dbc_destroy(bed.dbc);
		bed.dbc = NULL;
		if (dbc_parse("f.dbc", text, bytes, &bed.dbc, &bed.err) == 0) {
			use_all(bed.dbc);
			taken++;
		}
	}
	assert_in_range(taken, 1000, 19000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_example_of_cantools_is_read_as_there),
		TEST(an_engine_speed_of_j1939_is_read),
		TEST(sign_factor_and_offset_are_read_as_written),
		TEST(sig_valtype_tells_the_floats),
		TEST(a_multiplexed_signal_follows_the_one_multiplexor),
		TEST(sg_mul_val_tells_of_multiplexors_below_multiplexors),
		TEST(units_are_utf8_whatever_they_were),
		TEST(what_is_not_used_is_passed_over),
		TEST(a_broken_file_is_told_with_its_line),
		TEST(a_broken_signal_is_told_with_its_line),
		TEST(too_much_of_a_kind_is_refused),
		TEST(a_name_that_is_not_there_is_told_with_what_was_meant),
		TEST(a_name_that_is_there_twice_is_told),
		TEST(a_signal_that_makes_no_sense_is_told),
		TEST(a_multiplexor_that_makes_no_sense_is_told),
		TEST(a_file_is_read_and_its_errors_are_told),
		TEST(no_change_of_a_few_bytes_does_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
