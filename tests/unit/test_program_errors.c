#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fakes/logic.h"

static void assert_errors(const char *text, const char *errors)
{
	struct logic logic;

	logic_make(&logic, text);
	if (strcmp(logic.errors, errors) != 0) {
		print_error("of the program:\n%s\n", text);
	}
	assert_string_equal(logic.errors, errors);
	assert_int_equal(logic.code, *errors ? -EINVAL : 0);
	logic_end(&logic);
}

struct broken {
	const char *text;
	const char *errors; /* line:column+marked bytes: text */
};

static void assert_all(const struct broken *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_errors(list[i].text, list[i].errors);
	}
}

static const struct broken words[] = {
	{ "q := in.a == in.b", "1:11+2: '==' means nothing here; expected '='\n" },
	{ "q := in.a != in.b", "1:11+2: '!=' means nothing here; expected '<>'\n" },
	{ "q := in.a && in.b", "1:11+2: '&&' means nothing here; expected 'and'\n" },
	{ "q := in.a & in.b", "1:11+1: '&' means nothing here; expected 'and'\n" },
	{ "q := in.a || in.b", "1:11+2: '||' means nothing here; expected 'or'\n" },
	{ "q := !in.a", "1:6+1: '!' means nothing here; expected 'not'\n" },
	{ "n := in.i % 3", "1:11+1: '%' means nothing here; expected 'mod'\n" },
	{ "f := in.x ** 2", "1:11+2: '**' means nothing here; expected '*'\n" },
	{ "q := true // yes",
	  "1:11+2: '//' means nothing here; expected '#' before a comment\n" },
	{ "q := (* yes *) true",
	  "1:6+2: '(*' means nothing here; expected '#' before a comment\n" },
	{ "f := in.x ? 1 : 2",
	  "1:11+1: '?' means nothing here; expected 'if ... then ... else ...'\n" },
	{ "f : 1", "1:3+1: ':' means nothing here; expected ':='\n" },
	{ "f := $x", "1:6+1: '$' means nothing here; expected letters, digits and signs "
		     "of the language\n" },
	{ "f := in.x · 2", "1:11+2: '·' means nothing here; expected letters, digits and "
			   "signs of the language\n" },
	{ "f := 5sec",
	  "1:6+4: '5sec' is not a number; expected one such as 10, 1.5, 1e-3, 0x1f, or a "
	  "duration with its unit: ns, us, ms, s, min or h\n" },
	{ "f := 1.2.3",
	  "1:6+5: '1.2.3' is not a number; expected one such as 10, 1.5, 1e-3, 0x1f, or "
	  "a duration with its unit: ns, us, ms, s, min or h\n" },
	{ "f := 0x", "1:6+2: '0x' is not a number; expected one such as 10, 1.5, 1e-3, "
		     "0x1f, or a duration with its unit: ns, us, ms, s, min or h\n" },
	{ "f := 1e", "1:6+2: '1e' is not a number; expected one such as 10, 1.5, 1e-3, "
		     "0x1f, or a duration with its unit: ns, us, ms, s, min or h\n" },
	{ "t := 1.5ns",
	  "1:6+5: '1.5ns' is not a number; expected one such as 10, 1.5, 1e-3, 0x1f, or "
	  "a duration with its unit: ns, us, ms, s, min or h\n" },
	{ "n := 9223372036854775808",
	  "1:6+19: '9223372036854775808' is too large; expected what fits 64 bits\n" },
	{ "f := 1e999", "1:6+5: '1e999' is too large; expected what fits 64 bits\n" },
	{ "t := 3000000h",
	  "1:6+8: '3000000h' is too large; expected what fits 64 bits\n" },
	{ "q := \"yes\"", "1:6+1: '\"' means nothing here; expected letters, digits and "
			  "signs of the language\n" },
	{ "q := 'yes'", "1:6+1: ''' means nothing here; expected letters, digits and "
			"signs of the language\n" },
	{ "f := 1 @ 2", "1:8+1: '@' means nothing here; expected letters, digits and "
			"signs of the language\n" },
};

static const struct broken names[] = {
	{ "x := 1", "1:1+1: unknown name 'x'; expected a channel as device.channel, a "
		    "param or a var\n" },
	{ "f := in.w", "1:6+4: unknown name 'in.w'; did you mean 'in.a'?\n" },
	{ "f := in.x.y", "1:6+6: unknown name 'in.x.y'; did you mean 'in.a'?\n" },
	{ "f := tonn(in.a)",
	  "1:6+4: there is no function 'tonn'; did you mean 'ton'?\n" },
	{ "q := zzz(in.a)",
	  "1:6+3: there is no function 'zzz'; 'rtloop help program' lists them\n" },
	{ "q := ton",
	  "1:6+3: 'ton' is a function; expected '(' and its arguments behind it\n" },
	{ "q := ton(inn := in.a, pt := 2s)",
	  "1:10+3: ton has no argument 'inn'; did you mean 'in'?\n" },
	{ "q := ton(zz := in.a, pt := 2s)",
	  "1:10+2: ton has no argument 'zz'; 'rtloop help program' lists them\n" },
	{ "f := x.y", "1:6+3: unknown name 'x.y'; expected a channel as device.channel, "
		      "a param or a var\n" },
	{ "in.a := true", "1:1+4: 'in.a' is an input; expected a var or an output\n" },
	{ "target := 5", "1:1+6: 'target' is a param, which 'rtloop set' changes; "
			 "expected a var or an output\n" },
	{ "ton := true",
	  "1:1+3: 'ton' is a function; expected '(' and its arguments behind it\n" },
	{ "and := true", "1:1+3: a statement begins here; expected the name of a var or "
			 "an output, and ':='\n" },
	{ "f := "
	  "0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaa",
	  "1:6+88: 'the number' is too large; expected what fits 64 bits\n" },
};

static const struct broken statements[] = {
	{ "f = 1", "1:3+1: '=' compares; expected ':=' behind the target\n" },
	{ "f 1", "1:3+1: expected ':=' behind the target\n" },
	{ "f := ", "1:3+2: the statement ends here; expected a value behind this\n" },
	{ "f :=\nq := true",
	  "1:3+2: the statement ends here; expected a value behind this\n" },
	{ ":= 1", "1:1+2: a statement begins here; expected the name of a var or an "
		  "output, and ':='\n" },
	{ "1 := 2", "1:1+1: a statement begins here; expected the name of a var or an "
		    "output, and ':='\n" },
	{ "if in.a then q := true", "1:1+2: 'if' begins an expression; expected target "
				    ":= if ... then ... else ...\n" },
	{ "f := 1 2", "1:8+1: expected an operator before this, or a new line\n" },
	{ "f := in.x in.y", "1:11+4: expected an operator before this, or a new line\n" },
	{ "f := 1 := 2", "1:8+2: ':=' assigns, within a statement it only names an "
			 "argument of a function; expected '=' to compare\n" },
	{ "f := in.x => 3",
	  "1:11+2: '=>' takes a result of a block; expected '>=' to compare\n" },
	{ "f := 1,", "1:7+1: ',' does not belong here; expected it between the arguments "
		     "of a function\n" },
	{ "f := 1; 2", "1:9+1: a statement begins here; expected the name of a var or an "
		       "output, and ':='\n" },
	{ "q := true\nq := false", "2:1+1: 'q' is assigned a second time; expected it "
				   "once: the first is on line 1\n" },
	{ "f := 1 +\nq := true",
	  "1:8+1: the statement ends here; expected a value behind this\n" },
	{ "f := (1 + \nq := true",
	  "1:9+1: the statement ends here; expected a value behind this\n" },
	{ "f := 1 )", "1:8+1: ')' does not belong here; expected '(' before it\n" },
	{ "f := (1", "1:6+1: '(' is not closed; expected ')'\n" },
	{ "f := lookup(in.x, [0, 1", "1:19+1: '[' is not closed; expected ']'\n" },
	{ "f := ()", "1:7+1: ')' stands where a value should; expected a number, a name, "
		     "a function or '('\n" },
	{ "f := ]", "1:6+1: ']' stands where a value should; expected a number, a name, "
		    "a function or '('\n" },
	{ "f := [1, 2]", "1:6+1: '[' stands where a value should; a point [x, y] is an "
			 "argument of lookup only\n" },
	{ "f := 1 then 2", "1:8+4: 'then' does not belong here; expected 'if' and a "
			   "condition before it\n" },
	{ "f := 1 else 2", "1:8+4: 'else' does not belong here; expected 'if', a "
			   "condition, 'then' and a value before it\n" },
	{ "f := if in.a",
	  "1:6+2: 'if' has no 'then'; expected if ... then ... else ...\n" },
	{ "f := if in.a then 1", "1:14+4: this 'then' has no 'else'; expected one, since "
				 "an expression always has a value\n" },
	{ "f := if in.a else 1", "1:14+4: 'else' does not belong here; expected 'if', a "
				 "condition, 'then' and a value before it\n" },
	{ "f := else", "1:6+4: 'else' stands where a value should; expected a number, a "
		       "name, a function or '('\n" },
	{ "out.lamp := out.valve > 1", "1:13+9: 'out.valve' is an output that nothing "
				       "assigns; expected a statement that does\n" },
	{ "q := not", "1:6+3: the statement ends here; expected a value behind this\n" },
	{ "q := in.a and",
	  "1:11+3: the statement ends here; expected a value behind this\n" },
	{ "q := and in.b", "1:6+3: 'and' stands where a value should; expected a number, "
			   "a name, a function or '('\n" },
};

static const struct broken types[] = {
	{ "q := 1", "1:6+1: 'q' is a bool, and this is an integer; expected a bool: a "
		    "comparison makes one\n" },
	{ "q := in.x", "1:6+4: 'q' is a bool, and this is a float; expected a bool: a "
		       "comparison makes one\n" },
	{ "n := 1.5", "1:6+3: 'n' is an integer, and this is a float; expected an "
		      "integer: round(), trunc(), floor() or ceil() makes one\n" },
	{ "n := in.x", "1:6+4: 'n' is an integer, and this is a float; expected an "
		       "integer: round(), trunc(), floor() or ceil() makes one\n" },
	{ "n := true", "1:6+4: 'n' is an integer, and this is a bool; expected an "
		       "integer: int() makes one\n" },
	{ "f := true", "1:6+4: 'f' is a float, and this is a bool; expected a float\n" },
	{ "f := 2s", "1:6+2: 'f' is a float, and this is a duration; expected a float: "
		     "seconds() makes one\n" },
	{ "t := 5",
	  "1:6+1: 't' is a duration, and this is an integer; expected a duration, such "
	  "as 2s: duration() makes one of a number of seconds\n" },
	{ "t := 5.0",
	  "1:6+3: 't' is a duration, and this is a float; expected a duration, such as "
	  "2s: duration() makes one of a number of seconds\n" },
	{ "n := 7 / 2", "1:6+5: 'n' is an integer, and this is a float; expected an "
			"integer: round(), trunc(), floor() or ceil() makes one\n" },
	{ "q := in.x and in.a",
	  "1:11+3: 'and' takes bools; here it stands between a float and a bool\n" },
	{ "q := in.a or 1",
	  "1:11+2: 'or' takes bools; here it stands between a bool and an integer\n" },
	{ "q := not in.x", "1:6+3: 'not' takes a bool; here it stands before a float\n" },
	{ "f := -in.a",
	  "1:6+1: '-' takes a number or a duration; here it stands before a bool\n" },
	{ "f := in.a + 1", "1:11+1: '+' takes two numbers or two durations; here it "
			   "stands between a bool and an integer\n" },
	{ "f := 2s + 1", "1:9+1: '+' takes two numbers or two durations; here it stands "
			 "between a duration and an integer\n" },
	{ "t := 2s * 1.5", "1:9+1: '*' takes two numbers, or a duration and an integer; "
			   "here it stands between a duration and a float\n" },
	{ "t := 2s * 2s", "1:9+1: '*' takes two numbers, or a duration and an integer; "
			  "here it stands between a duration and a duration\n" },
	{ "n := in.x mod 2", "1:11+3: 'mod' takes two integers; here it stands between a "
			     "float and an integer\n" },
	{ "n := 7 div 2.0", "1:8+3: 'div' takes two integers; here it stands between an "
			    "integer and a float\n" },
	{ "q := in.a < in.b", "1:11+1: '<' takes two numbers or two durations; here it "
			      "stands between a bool and a bool\n" },
	{ "q := in.a = 1", "1:11+1: '=' takes two values of one type; here it stands "
			   "between a bool and an integer\n" },
	{ "q := 2s > 1", "1:9+1: '>' takes two numbers or two durations; here it stands "
			 "between a duration and an integer\n" },
	{ "q := in.x < in.y < in.z",
	  "1:18+1: '<' takes two numbers or two durations; here it stands between a bool "
	  "and a float: write a < b < c as a < b and b < c\n" },
	{ "f := if in.x then 1 else 2",
	  "1:9+4: the condition after 'if' is a float; expected a bool\n" },
	{ "f := if in.a then 1 else true",
	  "1:14+4: 'then' gives an integer, and 'else' a bool; expected one type\n" },
	{ "f := if in.a then 2s else 1",
	  "1:14+4: 'then' gives a duration, and 'else' an integer; expected one type\n" },
	{ "n := if in.a then 1 else 2.5",
	  "1:9+20: 'n' is an integer, and this is a float; expected an integer: round(), "
	  "trunc(), floor() or ceil() makes one\n" },
};

static const struct broken calls[] = {
	{ "q := ton()", "1:6+4: ton has no 'in'; expected in := a bool\n" },
	{ "q := ton(in.a)",
	  "1:6+4: ton has no 'pt'; expected pt := a duration such as 2s\n" },
	{ "q := ton(in.a, 5)",
	  "1:16+1: 'pt' of ton is an integer; expected a duration such as 2s\n" },
	{ "q := ton(in.x, 5s)", "1:10+4: 'in' of ton is a float; expected a bool\n" },
	{ "q := ton(in.a, 5s, 6s)",
	  "1:20+2: too many arguments of ton; expected at most 2\n" },
	{ "q := ton(in.a, 5s", "1:6+4: '(' is not closed; expected ')'\n" },
	{ "q := ton in.a",
	  "1:6+3: 'ton' is a function; expected '(' and its arguments behind it\n" },
	{ "q := ton(pt := 5s, in.a)", "1:20+4: an argument without a name behind one "
				      "with; expected its name and ':=' before it\n" },
	{ "q := ton(in.a, in := in.b, pt := 1s)",
	  "1:22+4: 'in' of ton is given twice; expected it once\n" },
	{ "q := ton(in.a, 5s, et => n)",
	  "1:26+1: 'n' is an integer, and this is a duration; expected an integer\n" },
	{ "q := ton(in.a, 5s, xx => t)",
	  "1:20+2: 'xx' is no result of ton; 'rtloop help program' lists them\n" },
	{ "q := ton(in.a, 5s, et => )",
	  "1:26+1: expected a var or an output behind '=>', which takes the result\n" },
	{ "q := ton(in.a, 5s, et => in.x)",
	  "1:26+4: 'in.x' is an input; expected a var or an output\n" },
	{ "q := ton(in.a, 5s, et => t) and ton(in.b, 5s, et => t)",
	  "1:53+1: 't' is assigned a second time; expected it once: the first is on line "
	  "1\n" },
	{ "q := ton(in.a, 5s, q => q)", "1:1+1: 'q' is assigned a second time; expected "
					"it once: the first is on line 1\n" },
	{ "q := ton(,)", "1:10+1: ',' stands where a value should; expected a number, a "
			 "name, a function or '('\n" },
	{ "q := ton(in.a,, 5s)", "1:15+1: ',' stands where a value should; expected a "
				 "number, a name, a function or '('\n" },
	{ "f := min(1)",
	  "1:6+4: min has too few arguments; expected two or more values\n" },
	{ "f := min()",
	  "1:6+4: min has too few arguments; expected two or more values\n" },
	{ "f := min(1, true)",
	  "1:13+4: 'in' of min is a bool; expected a number or a duration\n" },
	{ "f := min(in := 1, 2)",
	  "1:10+2: the arguments of min have no names; expected them in their order\n" },
	{ "f := min(2s, 1)", "1:14+1: the arguments of min are a duration and an "
			     "integer; expected one type\n" },
	{ "f := abs(in.a)", "1:10+4: 'in' of abs is a bool; expected a number\n" },
	{ "f := sqrt(2s)", "1:11+2: 'in' of sqrt is a duration; expected a number\n" },
	{ "f := select(in.x, 1, 2)",
	  "1:13+4: 'k' of select is a float; expected an integer\n" },
	{ "f := select(0, 1)", "1:6+7: select has too few arguments; expected an integer "
			       "and two or more values\n" },
	{ "f := select(0, 1, true)", "1:19+4: the arguments of select are an integer and "
				     "a bool; expected one type\n" },
	{ "f := average(in.x, 0)", "1:20+1: 'n' of average sets aside memory; expected a "
				   "constant from 1 to 1000\n" },
	{ "f := average(in.x, 1001)", "1:20+4: 'n' of average sets aside memory; "
				      "expected a constant from 1 to 1000\n" },
	{ "f := average(in.x, in.i)", "1:20+4: 'n' of average sets aside memory; "
				      "expected a constant from 1 to 1000\n" },
	{ "f := average(in.x, 2.5)", "1:20+3: 'n' of average sets aside memory; expected "
				     "a constant from 1 to 1000\n" },
	{ "t := age(q)",
	  "1:10+1: age takes the name of an input channel, such as device.channel\n" },
	{ "t := age(in.x + 1)",
	  "1:10+8: age takes the name of an input channel, such as device.channel\n" },
	{ "t := age(target)",
	  "1:10+6: age takes the name of an input channel, such as device.channel\n" },
	{ "f := lookup(in.x)", "1:6+7: lookup has too few arguments; expected a number "
			       "and two or more points [x, y]\n" },
	{ "f := lookup(in.x, [0, 1])", "1:6+7: lookup has too few arguments; expected a "
				       "number and two or more points [x, y]\n" },
	{ "f := lookup(in.x, 0, 1, 2, 3)",
	  "1:19+1: lookup takes points behind its number; expected [x, y]\n" },
	{ "f := lookup(in.x, [0, 1], [0, 2])",
	  "1:28+1: the x of the points of lookup do not rise; expected one above 0\n" },
	{ "f := lookup(in.x, [0, 1], [1, in.y])",
	  "1:31+4: a point of lookup is not constant; expected numbers\n" },
	{ "f := lookup(in.x, [0, 1, 2], [1, 2])",
	  "1:27+1: ']' does not belong here; expected a point of two constants, [x, "
	  "y]\n" },
	{ "f := lookup(in.x, [0], [1, 2])", "1:21+1: ']' does not belong here; expected "
					    "a point of two constants, [x, y]\n" },
	{ "f := lookup(in.x, [0, 1, [1, 2])",
	  "1:26+1: '[' stands where a value should; a point [x, y] is an argument of "
	  "lookup only\n" },
	{ "f := lookup([0, 1], [1, 2], [2, 3])",
	  "1:13+1: '[' stands where a value should; a point [x, y] is an argument of "
	  "lookup only\n" },
	{ "f := pid(sp := 1, pv := in.x, kp := 1)",
	  "1:6+4: pid has no 'min'; expected min := a number\n" },
	{ "f := in.x(3)",
	  "1:6+4: there is no function 'in.x'; did you mean 'integral'?\n" },
	{ "f := limit(1, true, 2)",
	  "1:15+4: 'in' of limit is a bool; expected a number or a duration\n" },
};

static const struct broken constants[] = {
	{ "f := 1 / 0", "1:6+5: these constants give a division by zero\n" },
	{ "n := 7 div 0", "1:6+7: these constants give a division by zero\n" },
	{ "n := 7 mod 0", "1:6+7: these constants give a division by zero\n" },
	{ "n := 9223372036854775807 + 1", "1:6+23: these constants give an overflow\n" },
	{ "f := 1e308 * 10", "1:6+10: these constants give an overflow\n" },
	{ "f := sqrt(-1)",
	  "1:6+8: these constants give a result that is not a number\n" },
	{ "n := round(1e300)", "1:6+12: these constants give an overflow\n" },
	{ "f := limit(3, 2, 1)",
	  "1:6+14: these constants give an argument out of range\n" },
	{ "f := select(5, 1, 2)",
	  "1:6+15: these constants give an argument out of range\n" },
	{ "f := scale(1, 2, 2, 3, 4)",
	  "1:6+20: these constants give a division by zero\n" },
};

#define ASSERT_ALL(list) assert_all(list, ARRAY_SIZE(list))

static void what_is_no_word_of_the_language_is_marked(void **state)
{
	ASSERT_ALL(words);
}

static void unknown_names_are_met_with_the_nearest_one(void **state)
{
	ASSERT_ALL(names);
}

static void what_is_no_statement_is_refused(void **state)
{
	ASSERT_ALL(statements);
}

static void types_are_never_narrowed_silently(void **state)
{
	ASSERT_ALL(types);
}

static void arguments_are_checked_against_the_function(void **state)
{
	ASSERT_ALL(calls);
}

static void constants_that_have_no_result_are_refused_at_start(void **state)
{
	ASSERT_ALL(constants);
}

static void each_statement_tells_of_its_own_mistake(void **state)
{
	assert_errors(
		"q := in.a +\n"
		"# nothing\n"
		"n := in.x\n"
		"f := 1.5\n"
		"t := (2s\n",
		"1:11+1: the statement ends here; expected a value behind this\n"
		"3:6+4: 'n' is an integer, and this is a float; expected an integer: "
		"round(), trunc(), floor() or ceil() makes one\n"
		"5:6+1: '(' is not closed; expected ')'\n");
	/* the lines of a call that is wrong are no statements */
	assert_errors(
		"f := pid(sp := nowhere,\n  pv := in.x,\n  kp := 1)\nn := in.x\n",
		"1:16+7: unknown name 'nowhere'; expected a channel as "
		"device.channel, a param or a var\n"
		"4:6+4: 'n' is an integer, and this is a float; expected an integer: "
		"round(), trunc(), floor() or ceil() makes one\n");
}

static void what_is_right_is_no_mistake(void **state)
{
	assert_errors("", "");
	assert_errors("# only a comment", "");
	assert_errors("\n\n  q := in.a # why\n", "");
	assert_errors("q := in.a; n := in.i;\nf := in.x", "");
	assert_errors("q := in.a and\n  in.b\n  and in.c", "");
	assert_errors("f := pid(sp := target,\n  pv := in.x,\n  kp := 1, min := 0,\n"
		      "  max := 100\n)\nq := true",
		      "");
	assert_errors("F := IF In.A THEN 1 ELSIF IN.B THEN 2 ELSE MAX(1, 2)", "");
	assert_errors("q := TON(IN := in.a, PT := hold, ET => t)", "");
	assert_errors("out.valve := f\nf := out.valve + 1", "");
}

static char *repeat(const char *head, const char *piece, unsigned times, const char *tail)
{
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);

	fputs(head, stream);
	for (unsigned i = 0; i < times; i++) {
		fputs(piece, stream);
	}
	fputs(tail, stream);
	fclose(stream);
	return text;
}

static void assert_begins(const char *text, const char *error)
{
	struct logic logic;

	logic_make(&logic, text);
	assert_int_equal(logic.code, -EINVAL);
	assert_int_equal(strncmp(logic.errors, error, strlen(error)), 0);
	logic_end(&logic);
}

static void size_and_depth_have_an_end(void **state)
{
	char *deep = repeat("f := ", "(", 65, "1");
	char *unary = repeat("f := ", "-", 65, "1");
	char *calls_ = repeat("f := ", "abs(", 65, "1");
	char *wide = repeat("f := min(1", ", in.x", 256, ")");
	char *many = repeat("f := min(1", ", in.x", 128, ")");
	char *large = repeat("f := in.x", " + in.x", 8200, "");
	char *state_ = repeat("f := 0", " + average(in.x, 1000)", 140, "");
	char *name = repeat("f := x", "0123456789", 13, "");
	char *huge = repeat("# ", "0123456789", 6554, "");

	assert_begins(deep, "1:70+1: nested too deeply; expected at most 64 levels");
	assert_begins(unary, "1:70+1: nested too deeply; expected at most 64 levels");
	assert_begins(calls_, "1:262+3: nested too deeply; expected at most 64 levels");
	assert_begins(wide, "1:1543+4: too many values wait for their operators");
	assert_begins(many, "1:6+4: min has too many arguments; expected at most 128");
	assert_begins(large, "1:1+1: the program is too large; expected at most 8192");
	assert_begins(state_, "1:1+1: the program is too large");
	assert_begins(name, "1:6+131: a name of 131 characters; expected at most 127");
	assert_begins(huge, "1:1+1: the program is over 64 KiB; expected less");
	free(deep);
	free(unary);
	free(calls_);
	free(wide);
	free(many);
	free(large);
	free(state_);
	free(name);
	free(huge);
}

static void words_of_the_language_are_reserved(void **state)
{
	assert_true(program_is_reserved("and"));
	assert_true(program_is_reserved("if"));
	assert_true(program_is_reserved("mod"));
	assert_true(program_is_reserved("ton"));
	assert_true(program_is_reserved("pid"));
	assert_false(program_is_reserved("duty"));
	assert_false(program_is_reserved("q1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_word_of_the_language_is_marked),
		cmocka_unit_test(unknown_names_are_met_with_the_nearest_one),
		cmocka_unit_test(what_is_no_statement_is_refused),
		cmocka_unit_test(types_are_never_narrowed_silently),
		cmocka_unit_test(arguments_are_checked_against_the_function),
		cmocka_unit_test(constants_that_have_no_result_are_refused_at_start),
		cmocka_unit_test(each_statement_tells_of_its_own_mistake),
		cmocka_unit_test(what_is_right_is_no_mistake),
		cmocka_unit_test(size_and_depth_have_an_end),
		cmocka_unit_test(words_of_the_language_are_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
