/* Numbers in text: what is read and printed reads as the same again. The first byte picks the base. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "drivers/number.h"
#include "drivers/number_print.h"
#include "tests/fuzz/fuzz.h"

static void read_again(const char *text, uint32_t bytes, struct number *ret_number)
{
	FUZZ_CHECK(bytes > 0 && bytes < NUMBER_TEXT_BYTES);
	FUZZ_CHECK(number_parse((const uint8_t *)text, bytes, 10, ret_number) == 0);
}

static void print_and_read(const struct number *number)
{
	char text[NUMBER_TEXT_BYTES];
	struct number again;

	read_again(text, number_print_float(number->as_float, text), &again);
	FUZZ_CHECK(again.as_float == number->as_float);
	if (number->is_int) {
		read_again(text, number_print_int(number->as_int, text), &again);
		FUZZ_CHECK(again.is_int && again.as_int == number->as_int);
	}
	for (unsigned decimals = 0; decimals <= NUMBER_DECIMALS_MAX; decimals++) {
		read_again(text, number_print_fixed(number->as_float, decimals, text),
			   &again);
		FUZZ_CHECK(fabs(again.as_float - number->as_float) <=
			   pow(10, -(double)decimals) + fabs(number->as_float) * 1e-15);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input input = { data, bytes };
	unsigned base = fuzz_byte(&input) % 4 ? 10 : 2 + fuzz_below(&input, 15);
	struct number number;
	int code = number_parse(input.data, (uint32_t)input.bytes, base, &number);

	FUZZ_CHECK(code == 0 || code == -EINVAL || code == -ERANGE);
	if (code == 0) {
		FUZZ_CHECK(isfinite(number.as_float));
		print_and_read(&number);
	}
	return 0;
}
