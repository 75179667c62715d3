#include "rtloop/cmd/roff.h"

#include <stdbool.h>
#include <string.h>

#include "rtloop/cmd/version.h"

/* mandoc advises less than 80, and counts a character past ASCII as its escape. */
#define LINE_BYTES 72

void roff_print_header(FILE *out, const char *name, int section, const char *title)
{
	fprintf(out, ".TH %s %d %s \"rtloop %s\" \"%s\"\n", name, section, version_date(),
		version_text(), title);
}

/* '\' begins an escape, and '-' is a hyphen, which cannot be copied into a command. */
static const char *escape_of(char c)
{
	return c == '\\' ? "\\e" : c == '-' ? "\\-" : NULL;
}

static size_t escaped_bytes(const char *text, size_t bytes)
{
	size_t sum = bytes;

	for (size_t i = 0; i < bytes; i++) {
		sum += escape_of(text[i]) != NULL;
	}
	return sum;
}

static void print_escaped(FILE *out, const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		const char *escape = escape_of(text[i]);

		if (escape) {
			fputs(escape, out);
		} else {
			fputc(text[i], out);
		}
	}
}

/* A '.' or ''' that begins a line would be a request. */
static void print_line_start(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'') {
		fputs("\\&", out);
	}
}

void roff_print(FILE *out, const char *text)
{
	print_escaped(out, text, strlen(text));
}

void roff_print_line(FILE *out, const char *line, size_t bytes)
{
	size_t column = 0;

	for (size_t at = 0; at < bytes;) {
		size_t word_bytes = strcspn(line + at, " \n");
		size_t width = escaped_bytes(line + at, word_bytes);

		if (column > 0 && column + 1 + width > LINE_BYTES) {
			fputc('\n', out);
			column = 0;
		}
		if (column > 0) {
			fputc(' ', out);
			column++;
		} else {
			print_line_start(out, line + at);
		}
		print_escaped(out, line + at, word_bytes);
		column += width;
		at += word_bytes;
		at += strspn(line + at, " ");
	}
	fputc('\n', out);
}

/* A blank line is one of the example only where more of it follows. */
static bool is_in_example(const char *line)
{
	return *line == ' ' || (*line == '\n' && line[strspn(line, "\n")] == ' ');
}

void roff_print_text(FILE *out, const char *text)
{
	bool is_example = false;

	while (*text != '\0') {
		size_t bytes = strcspn(text, "\n");
		bool was_example = is_example;

		is_example = *text == ' ' || (is_example && is_in_example(text));
		if (is_example != was_example) {
			fputs(is_example ? ".RS 4\n.nf\n" : ".fi\n.RE\n", out);
		}
		if (is_example) {
			print_line_start(out, text);
			print_escaped(out, text, bytes);
			fputc('\n', out);
		} else if (bytes == 0) {
			/* what follows an indented example begins a paragraph by itself */
			fputs(text[1] == ' ' ? "" : ".PP\n", out);
		} else {
			roff_print_line(out, text, bytes);
		}
		text += bytes + (text[bytes] == '\n');
	}
	if (is_example) {
		fputs(".fi\n.RE\n", out);
	}
}

void roff_print_example(FILE *out, const char *text)
{
	fputs(".RS 4\n.nf\n", out);
	while (*text != '\0') {
		size_t bytes = strcspn(text, "\n");

		print_line_start(out, text);
		print_escaped(out, text, bytes);
		fputc('\n', out);
		text += bytes + (text[bytes] == '\n');
	}
	fputs(".fi\n.RE\n", out);
}
