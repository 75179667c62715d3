#include "rtloop/cmd/clean.h"

#include <string.h>

void clean_print_text(FILE *out, struct mcap_text text)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.data[i];

		fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
	}
}

void clean_print(FILE *out, const char *text)
{
	clean_print_text(out, (struct mcap_text){ .data = text, .length = strlen(text) });
}
