#include "config/utf8.h"

#include <stdbool.h>

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* By its first byte; 0: no character begins so. */
static size_t length_of(unsigned char lead)
{
	if (lead < 0x80) {
		return 1;
	}
	if (lead < 0xc2) {
		return 0;
	}
	if (lead < 0xe0) {
		return 2;
	}
	if (lead < 0xf0) {
		return 3;
	}
	return lead < 0xf5 ? 4 : 0;
}

/* Overlong forms, surrogates and what is above U+10FFFF show in the second byte. */
static bool second_fits(unsigned char lead, unsigned char second)
{
	switch (lead) {
	case 0xe0:
		return second >= 0xa0;
	case 0xed:
		return second < 0xa0;
	case 0xf0:
		return second >= 0x90;
	case 0xf4:
		return second < 0x90;
	default:
		return true;
	}
}

size_t utf8_character_bytes(const char *at, size_t bytes)
{
	const unsigned char *text = (const unsigned char *)at;
	size_t length = length_of(text[0]);

	if (length == 0 || length > bytes) {
		return 0;
	}
	for (size_t i = 1; i < length; i++) {
		if (!is_continuation(text[i])) {
			return 0;
		}
	}
	return length == 1 || second_fits(text[0], text[1]) ? length : 0;
}

size_t utf8_valid_bytes(const char *text, size_t bytes)
{
	size_t valid = 0;

	while (valid < bytes) {
		size_t length = utf8_character_bytes(text + valid, bytes - valid);

		if (length == 0) {
			break;
		}
		valid += length;
	}
	return valid;
}

size_t utf8_characters(const char *text, size_t bytes)
{
	size_t count = 0;

	for (size_t i = 0; i < bytes; i++) {
		count += !is_continuation((unsigned char)text[i]);
	}
	return count;
}
