/* The functions and blocks of the program's language, from its own table: for a terminal and for Markdown. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "config/describe.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/help.h"
#include "rtloop/program/function.h"

static void add_fallback(struct words *words, const struct function *function,
			 const struct param *param)
{
	char duration[32];

	if (param->same_as) {
		words_add(words, " := %s", function->params[param->same_as - 1].name);
	} else if (param->kind == KIND_BOOL) {
		words_add(words, " := %s", param->fallback != 0.0 ? "true" : "false");
	} else if (param->kind == KIND_TIME) {
		words_add(words, " := %s",
			  time_print_duration(duration, sizeof(duration),
					      (int64_t)param->fallback));
	} else if (fabs(param->fallback) == DBL_MAX) {
		words_add(words, " := none");
	} else {
		words_add(words, " := %g", param->fallback);
	}
}

/* "ton(in, pt)", "min(in, ...)", "lookup(in, [x, y], ...)" */
static void add_call(struct words *words, const struct function *function)
{
	words_add(words, "%s(", function->name);
	for (unsigned i = 0; function->params[i].name; i++) {
		const struct param *param = &function->params[i];

		words_add(words, i > 0 ? ", %s" : "%s",
			  param->kind == KIND_POINT ? "[x, y]" : param->name);
		if (param->is_optional) {
			add_fallback(words, function, param);
		}
	}
	words_add(words, function->repeats_from ? ", ...)" : ")");
}

/* Types, without their article. */
static const char *type_word(enum kind kind)
{
	switch (kind) {
	case KIND_BOOL:
		return "bool";
	case KIND_INT:
		return "integer";
	case KIND_TIME:
		return "duration";
	case KIND_FLOAT:
		return "float";
	default:
		return "as given";
	}
}

/* "q: bool, et: duration" */
static void add_results(struct words *words, const struct function *function)
{
	for (unsigned i = 0; function->results[i].name; i++) {
		words_add(words, "%s%s: %s", i > 0 ? ", " : "", function->results[i].name,
			  type_word(function->results[i].kind));
	}
}

static bool begins_group(unsigned index)
{
	return index == 0 ||
	       strcmp(function_at(index)->group, function_at(index - 1)->group) != 0;
}

static const char *const operators[][2] = {
	{ "not  -", "before a value" },
	{ "*  /  div  mod", "/ gives a float; div and mod are of integers" },
	{ "+  -", "" },
	{ "<  <=  >  >=", "" },
	{ "=  <>", "equal, not equal" },
	{ "and", "false and anything is false, and good" },
	{ "xor", "" },
	{ "or", "true or anything is true, and good" },
	{ "if ... then ... else ...", "also elsif; the widest reach" },
};

void help_print_program(FILE *out)
{
	fputs("The language of \"program:\" in a configuration; docs/program.md explains "
	      "it.\n\n"
	      "  target := expression     a var or an output; each has one such line\n"
	      "  # comment                up to the end of the line\n"
	      "  true  42  0x2a  1.5e-3  2s  100ms\n"
	      "  name  device.channel     params, vars, inputs, outputs\n"
	      "  ton(in.a, pt := 2s, et => elapsed)\n"
	      "                           a call; := names an argument, => takes a "
	      "result\n\n"
	      "Operators, the strongest first:\n\n",
	      out);
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		fprintf(out, operators[i][1][0] ? "  %-26s %s\n" : "  %s\n",
			operators[i][0], operators[i][1]);
	}
	for (unsigned i = 0; function_at(i); i++) {
		struct words call = { .length = 0 }, results = { .length = 0 };

		if (begins_group(i)) {
			fprintf(out, "\n%s:\n\n", function_at(i)->group);
		}
		add_call(&call, function_at(i));
		add_results(&results, function_at(i));
		help_print_text(out, call.text, 2);
		help_print_text(out, function_at(i)->summary, 6);
		fprintf(out, "      gives %s\n", results.text);
	}
}

static void print_row(FILE *out, const struct function *function)
{
	struct words call = { .length = 0 }, results = { .length = 0 };

	add_call(&call, function);
	add_results(&results, function);
	fprintf(out, "| `%s` | %s | %s |\n", call.text, results.text, function->summary);
}

void help_print_program_markdown(FILE *out)
{
	fputs("## Functions and blocks of `program`\n\n"
	      "[program.md](program.md) explains the language. Arguments that have a "
	      "`:=` here "
	      "may be left out.\n",
	      out);
	for (unsigned i = 0; function_at(i); i++) {
		if (begins_group(i)) {
			fprintf(out,
				"\n### %s\n\n| Call | Gives | Meaning |\n|---|---|---|\n",
				function_at(i)->group);
		}
		print_row(out, function_at(i));
	}
}
