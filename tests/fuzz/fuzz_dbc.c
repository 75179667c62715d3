/* A DBC file: refused at a line of it, or its signals are found by name, and taken out of a frame. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "drivers/dbc.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t frame[CAN_FD_BYTES] = { 0xff, 0x80, 0x01, 0x55, 0xaa, 0x10 };

static void decode(const struct dbc_found *found)
{
	struct sample sample;

	for (uint32_t bytes = 0; bytes <= sizeof(frame); bytes++) {
		int code = can_signal_decode(&found->signal, frame, bytes, &sample);

		FUZZ_CHECK(code == 0 || code == -ENOENT || code == -EMSGSIZE);
	}
}

static void find(const struct dbc *dbc, const struct dbc_message *message,
		 const struct dbc_signal *signal)
{
	struct dbc_found found;
	struct arena arena;
	struct err err;
	char *name = NULL;
	int code;

	FUZZ_CHECK(asprintf(&name, "%s.%s", message->name, signal->name) > 0);
	arena_init(&arena);
	code = dbc_find(dbc, name, &arena, &found, &err);
	FUZZ_CHECK(code == 0 || code == -EINVAL || code == -ENOENT);
	if (code == 0) {
		FUZZ_CHECK(can_bits_end(&found.signal.bits) <= CAN_FD_BYTES);
		decode(&found);
	}
	arena_fini(&arena);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct err err = { "" };
	struct dbc *dbc = NULL;
	int code = dbc_parse("fuzz.dbc", (const char *)data, bytes, &dbc, &err);

	FUZZ_CHECK(code == 0 || err.text[0] != '\0');
	if (code) {
		FUZZ_CHECK(code == -EINVAL || code == -EFBIG);
		return 0;
	}
	for (uint32_t i = 0; i < dbc->messages.count; i++) {
		const struct dbc_message *message =
			(const struct dbc_message *)dbc->messages.items + i;

		FUZZ_CHECK(message->first_signal + message->signal_count <=
			   dbc->signals.count);
		for (uint32_t k = 0; k < message->signal_count && k < 16; k++) {
			find(dbc, message,
			     (const struct dbc_signal *)dbc->signals.items +
				     message->first_signal + k);
		}
	}
	dbc_destroy(dbc);
	return 0;
}
