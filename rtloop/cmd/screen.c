#include "rtloop/cmd/screen.h"

#include <stdarg.h>
#include <string.h>

#include "config/utf8.h"

static const char *const colours[] = {
	[SCREEN_PLAIN] = "",	       [SCREEN_BOLD] = "\033[1m",
	[SCREEN_DIM] = "\033[2m",      [SCREEN_GOOD] = "\033[32m",
	[SCREEN_WARNING] = "\033[33m", [SCREEN_BAD] = "\033[31m",
	[SCREEN_LOUD] = "\033[7;31m",
};

/* NO_COLOR is about colours only. */
static const char *const marks[] = {
	[SCREEN_PLAIN] = "",	   [SCREEN_BOLD] = "\033[1m", [SCREEN_DIM] = "",
	[SCREEN_GOOD] = "",	   [SCREEN_WARNING] = "",     [SCREEN_BAD] = "\033[1m",
	[SCREEN_LOUD] = "\033[7m",
};

void screen_begin(struct screen *screen, FILE *out, unsigned width, unsigned rows,
		  bool has_colour)
{
	*screen = (struct screen){ .out = out,
				   .width = width,
				   .rows = rows,
				   .limit = rows,
				   .has_colour = has_colour };
	fputs("\033[H", out);
}

void screen_end(struct screen *screen)
{
	fputs("\033[J", screen->out);
}

bool screen_is_full(const struct screen *screen)
{
	return screen->row >= screen->limit;
}

static bool is_shown(const struct screen *screen)
{
	return screen->skipped >= screen->skip && !screen_is_full(screen);
}

/* Bytes of the text that take at most so many columns; how many they take. */
static size_t fit(const char *text, unsigned columns, unsigned *ret_columns)
{
	size_t left = strlen(text), bytes = 0;

	*ret_columns = 0;
	while (bytes < left && *ret_columns < columns) {
		size_t one = utf8_character_bytes(text + bytes, left - bytes);

		bytes += one ? one : 1;
		(*ret_columns)++;
	}
	return bytes;
}

/* A control character of a text that came from elsewhere must not reach the terminal. */
static void put_clean(FILE *out, const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		unsigned char c = (unsigned char)text[i];

		fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
	}
}

static void put_text(struct screen *screen, enum screen_style style, const char *text)
{
	const char *before = (screen->has_colour ? colours : marks)[style];
	unsigned columns;
	size_t bytes = fit(text, screen->width - screen->column, &columns);

	if (!is_shown(screen) || bytes == 0) {
		return;
	}
	fputs(before, screen->out);
	put_clean(screen->out, text, bytes);
	fputs(*before ? "\033[0m" : "", screen->out);
	screen->column += columns;
}

void screen_put(struct screen *screen, enum screen_style style, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put_text(screen, style, text);
}

void screen_cell(struct screen *screen, enum screen_style style, int width,
		 const char *text)
{
	unsigned wanted = (unsigned)(width < 0 ? -width : width);
	unsigned columns;
	size_t bytes = fit(text, wanted, &columns);
	int blanks = (int)(wanted - columns);
	char cell[256];

	if (width < 0) {
		snprintf(cell, sizeof(cell), "%*s%.*s ", blanks, "", (int)bytes, text);
	} else {
		snprintf(cell, sizeof(cell), "%.*s%*s ", (int)bytes, text, blanks, "");
	}
	put_text(screen, style, cell);
}

void screen_line(struct screen *screen)
{
	screen->column = 0;
	if (screen->skipped < screen->skip) {
		screen->skipped++;
		return;
	}
	if (screen_is_full(screen)) {
		return;
	}
	/* after the last line a new one would scroll the terminal */
	fputs(++screen->row < screen->rows ? "\033[K\r\n" : "\033[K", screen->out);
}
