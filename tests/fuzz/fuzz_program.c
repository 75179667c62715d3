/* A program: refused with places in its text, or compiled, bound and stepped; the same text does the same twice. */
#include <math.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "tests/fakes/logic.h"
#include "tests/fuzz/fuzz.h"

#define STEPS 8

/* The inputs are made of the text itself: any bits at all. */
static void put_inputs(struct logic *logic, struct fuzz_input input, unsigned step)
{
	for (unsigned symbol = LOGIC_A; symbol <= LOGIC_HOLD; symbol++) {
		union value value = { .as_int = 0 };
		struct fuzz_input piece;

		fuzz_piece(&input, step);
		piece = fuzz_piece(&input, sizeof(value));
		memcpy(&value, piece.data, piece.bytes);
		if (logic_symbols[symbol].type == TYPE_BOOL) {
			value = (union value){ .as_bool = piece.bytes > 0 &&
							  piece.data[0] & 1 };
		} else if (logic_symbols[symbol].type == TYPE_FLOAT &&
			   !isfinite(value.as_float)) {
			value.as_float = 0.0;
		}
		channel_put(&logic->channels[symbol], value, (enum quality)(step % 3),
			    NS_PER_SEC);
	}
}

static void check_floats(const struct logic *logic)
{
	for (unsigned symbol = LOGIC_F; symbol <= LOGIC_F2; symbol++) {
		FUZZ_CHECK(isfinite(logic_float(logic, symbol)));
	}
	FUZZ_CHECK(isfinite(logic_float(logic, LOGIC_VALVE)));
}

static void compare(struct program *a, struct program *b)
{
	FUZZ_CHECK(program_hash(a) == program_hash(b));
	FUZZ_CHECK(program_state_bytes(a) == program_state_bytes(b));
	FUZZ_CHECK(memcmp(program_state(a), program_state(b), program_state_bytes(a)) ==
		   0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const struct fuzz_input input = { data, bytes };
	struct logic logic, twin;
	char *text = malloc(bytes + 1);

	FUZZ_CHECK(text != NULL);
	memcpy(text, data, bytes);
	text[bytes] = '\0';
	logic_make(&logic, text);
	logic_make(&twin, text);
	FUZZ_CHECK((logic.program != NULL) == (logic.errors[0] == '\0'));
	FUZZ_CHECK(strcmp(logic.errors, twin.errors) == 0);
	for (unsigned step = 0; logic.program && step < STEPS; step++) {
		put_inputs(&logic, input, step);
		put_inputs(&twin, input, step);
		FUZZ_CHECK(logic_step(&logic, NS_PER_MS) == logic_step(&twin, NS_PER_MS));
		check_floats(&logic);
		compare(logic.program, twin.program);
	}
	logic_end(&logic);
	logic_end(&twin);
	free(text);
	return 0;
}
