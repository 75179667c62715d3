#include "config/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void diag_init(struct diag *diag, const char *file)
{
	*diag = (struct diag){ .file = strdup(file) };
}

void diag_fini(struct diag *diag)
{
	for (unsigned i = 0; i < diag->count; i++) {
		free(diag->errors[i].text);
		free(diag->errors[i].source);
	}
	free(diag->errors);
	free(diag->file);
	*diag = (struct diag){ 0 };
}

/* NULL where the error cannot be kept. */
static struct diag_error *next_error(struct diag *diag)
{
	if (!diag->errors) {
		diag->errors = calloc(DIAG_ERRORS_MAX, sizeof(*diag->errors));
	}
	if (!diag->errors || diag->count == DIAG_ERRORS_MAX) {
		return NULL;
	}
	return &diag->errors[diag->count];
}

void diag_add(struct diag *diag, unsigned line, unsigned column, const char *format, ...)
{
	struct diag_error *error = next_error(diag);
	va_list args;
	int length = -1;

	if (error) {
		va_start(args, format);
		length = vasprintf(&error->text, format, args);
		va_end(args);
	}
	if (length < 0) {
		diag->dropped++;
		return;
	}
	error->line = line;
	error->column = column;
	diag->count++;
}

/* An error that cannot show its line is one all the same. */
void diag_add_marked(struct diag *diag, const struct diag_mark *mark, const char *text)
{
	unsigned count = diag->count;

	diag_add(diag, mark->line, mark->column, "%s", text);
	if (diag->count > count) {
		diag->errors[count].source = strndup(mark->source, mark->bytes);
		diag->errors[count].marked = mark->characters;
	}
}

unsigned diag_total(const struct diag *diag)
{
	return diag->count + diag->dropped;
}

bool diag_is_full(const struct diag *diag)
{
	return diag->count == DIAG_ERRORS_MAX;
}

static int compare_unsigned(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

static int compare_errors(const void *left, const void *right)
{
	const struct diag_error *a = left;
	const struct diag_error *b = right;
	int order = compare_unsigned(a->line, b->line);

	if (order == 0) {
		order = compare_unsigned(a->column, b->column);
	}
	return order != 0 ? order : strcmp(a->text, b->text);
}

/* Tabs stay what they are, so that the mark stands below what it marks. */
static void print_mark(const struct diag_error *error, FILE *stream)
{
	const char *at = error->source;

	fprintf(stream, "%6u | %s\n       | ", error->line, error->source);
	for (unsigned column = 1; column < error->column && *at; column++) {
		fputc(*at == '\t' ? '\t' : ' ', stream);
		do {
			at++;
		} while (((unsigned char)*at & 0xc0) == 0x80);
	}
	fputc('^', stream);
	for (unsigned i = 1; i < error->marked; i++) {
		fputc('~', stream);
	}
	fputc('\n', stream);
}

void diag_print(struct diag *diag, FILE *stream)
{
	const char *file = diag->file ? diag->file : "configuration";

	if (diag->count > 0) {
		qsort(diag->errors, diag->count, sizeof(*diag->errors), compare_errors);
	}
	for (unsigned i = 0; i < diag->count; i++) {
		const struct diag_error *error = &diag->errors[i];

		if (i > 0 && compare_errors(error - 1, error) == 0) {
			continue;
		}
		if (error->line > 0) {
			fprintf(stream, "%s:%u:%u: %s\n", file, error->line,
				error->column, error->text);
			if (error->source) {
				print_mark(error, stream);
			}
		} else {
			fprintf(stream, "%s: %s\n", file, error->text);
		}
	}
	if (diag->dropped > 0 && diag_is_full(diag)) {
		fprintf(stream, "%s: and %u more; mend these first\n", file,
			diag->dropped);
	} else if (diag->dropped > 0) {
		fprintf(stream, "%s: out of memory\n", file);
	}
}
