#include "config/suggest.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define LETTERS_MAX 64
/* Below this, too many words begin alike for it to mean anything. */
#define PREFIX_MIN 3
/* A weaker sign than any slip of the finger. */
#define COST_PREFIX (UINT_MAX - 1)

void suggest_init(struct suggest *suggest, const char *word)
{
	*suggest = (struct suggest){ .word = word, .best_cost = UINT_MAX };
}

static char fold(char letter)
{
	return letter == '-' ? '_' : (char)tolower((unsigned char)letter);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The cost of one field from its three neighbours, and from the swap of two letters. */
static unsigned step_cost(const char *a, const char *b, unsigned i, unsigned j,
			  unsigned rows[3][LETTERS_MAX + 1])
{
	bool differs = fold(a[i - 1]) != fold(b[j - 1]);
	unsigned cost = rows[1][j - 1] + differs;

	cost = least(cost, least(rows[1][j], rows[2][j - 1]) + 1);
	if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
	    fold(a[i - 2]) == fold(b[j - 1])) {
		cost = least(cost, rows[0][j - 2] + 1);
	}
	return cost;
}

/* The Damerau-Levenshtein distance (optimal string alignment), with three rows of its
 * matrix. */
static unsigned distance(const char *a, unsigned a_length, const char *b,
			 unsigned b_length)
{
	unsigned rows[3][LETTERS_MAX + 1] = { 0 };

	for (unsigned j = 0; j <= b_length; j++) {
		rows[2][j] = j;
	}
	for (unsigned i = 1; i <= a_length; i++) {
		memcpy(rows[0], rows[1], sizeof(rows[0]));
		memcpy(rows[1], rows[2], sizeof(rows[1]));
		rows[2][0] = i;
		for (unsigned j = 1; j <= b_length; j++) {
			rows[2][j] = step_cost(a, b, i, j, rows);
		}
	}
	return rows[2][b_length];
}

static bool is_prefix(const char *a, const char *b, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (fold(a[i]) != fold(b[i])) {
			return false;
		}
	}
	return true;
}

/* The limit below which two words are near: about a third of the letters. */
static unsigned limit_of(size_t length)
{
	return length < 3 ? 1 : (unsigned)(length + 1) / 3;
}

void suggest_offer(struct suggest *suggest, const char *name)
{
	size_t word_length = strlen(suggest->word);
	size_t name_length = strlen(name);
	size_t shorter = word_length < name_length ? word_length : name_length;
	unsigned cost;

	if (word_length == 0 || word_length > LETTERS_MAX || name_length > LETTERS_MAX) {
		return;
	}
	cost = distance(suggest->word, (unsigned)word_length, name,
			(unsigned)name_length);
	if (cost > limit_of(word_length)) {
		if (shorter < PREFIX_MIN || !is_prefix(suggest->word, name, shorter)) {
			return;
		}
		cost = COST_PREFIX;
	}
	if (cost < suggest->best_cost) {
		suggest->best = name;
		suggest->best_cost = cost;
	} else if (cost == COST_PREFIX && suggest->best_cost == COST_PREFIX) {
		suggest->best = NULL;
	}
}
