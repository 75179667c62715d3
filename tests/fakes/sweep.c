#include "tests/fakes/sweep.h"

#include <stdint.h>
#include <stdlib.h>

#include "config/value.h"

size_t sweep_step(void)
{
	const char *text = getenv("TEST_STRIDE");
	int64_t step;

	return text && value_parse_int(text, &step) == 0 && step > 0 ? (size_t)step : 1;
}

unsigned sweep_count(unsigned count)
{
	return (count - 1) / (unsigned)sweep_step() + 1;
}
