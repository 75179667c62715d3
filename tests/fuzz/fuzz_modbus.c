/* What comes for a Modbus request: the first bytes are the request, as RTU and as TCP. */
#include <string.h>

#include "drivers/modbus_frame.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t functions[] = { MODBUS_READ_COILS,	  MODBUS_READ_DISCRETE,
				     MODBUS_READ_HOLDING, MODBUS_READ_INPUT,
				     MODBUS_WRITE_COIL,	  MODBUS_WRITE_REGISTER,
				     MODBUS_WRITE_COILS,  MODBUS_WRITE_REGISTERS };

static uint16_t most(uint8_t function)
{
	switch (function) {
	case MODBUS_READ_COILS:
	case MODBUS_READ_DISCRETE:
		return MODBUS_BITS_MAX;
	case MODBUS_WRITE_COILS:
		return MODBUS_WRITE_COILS_MAX;
	case MODBUS_WRITE_REGISTERS:
		return MODBUS_WRITE_REGISTERS_MAX;
	default:
		return MODBUS_REGISTERS_MAX;
	}
}

static struct modbus_request take_request(struct fuzz_input *input)
{
	static const uint8_t data[MODBUS_WRITE_DATA_BYTES_MAX];
	struct modbus_request request = { .unit = fuzz_byte(input), .data = data };

	request.function = functions[fuzz_below(input, sizeof(functions))];
	request.address = (uint16_t)(fuzz_byte(input) << 8);
	request.address = (uint16_t)(request.address | fuzz_byte(input));
	request.count = (uint16_t)(fuzz_byte(input) << 8);
	request.count = (uint16_t)(request.count | fuzz_byte(input));
	if (request.function == MODBUS_WRITE_COIL) {
		request.count = request.count & 1 ? 0xff00 : 0;
	} else if (request.function != MODBUS_WRITE_REGISTER) {
		request.count = (uint16_t)(1 + request.count % most(request.function));
	}
	return request;
}

/* Returns how many bytes are to be taken off; 0: no more can be said. */
static uint32_t judge(const struct modbus_request *request, enum modbus_finding finding,
		      const struct modbus_answer *answer, size_t bytes)
{
	if (finding == MODBUS_MORE || finding == MODBUS_BROKEN) {
		FUZZ_CHECK(finding == MODBUS_BROKEN || bytes < MODBUS_ANSWER_BYTES_MAX);
		return 0;
	}
	FUZZ_CHECK(answer->bytes > 0 && answer->bytes <= bytes);
	if (finding == MODBUS_ANSWER) {
		FUZZ_CHECK(request != NULL);
		if (!modbus_writes(request)) {
			FUZZ_CHECK(answer->data + modbus_data_bytes(request) <=
				   answer->bytes);
		}
	}
	return answer->bytes;
}

static void read_rtu(const struct modbus_request *request, struct fuzz_input stream)
{
	while (stream.bytes > 0) {
		struct modbus_answer answer = { .bytes = 0 };
		enum modbus_finding finding = modbus_find_rtu(
			request, stream.data, (uint32_t)stream.bytes, &answer);
		uint32_t taken = judge(request, finding, &answer, stream.bytes);

		FUZZ_CHECK(finding != MODBUS_LATE && finding != MODBUS_BROKEN);
		if (taken == 0) {
			return;
		}
		fuzz_piece(&stream, taken);
	}
}

static void read_tcp(const struct modbus_request *request, struct fuzz_input stream)
{
	while (stream.bytes > 0) {
		struct modbus_answer answer = { .bytes = 0 };
		enum modbus_finding finding = modbus_find_tcp(
			request, 0, stream.data, (uint32_t)stream.bytes, &answer);
		uint32_t taken = judge(request, finding, &answer, stream.bytes);

		if (taken == 0) {
			return;
		}
		fuzz_piece(&stream, taken);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input input = { data, bytes };
	struct modbus_request request = take_request(&input);
	uint8_t out[MODBUS_REQUEST_BYTES_MAX];

	FUZZ_CHECK(modbus_encode_rtu(&request, out) <= sizeof(out));
	FUZZ_CHECK(modbus_encode_tcp(&request, 0, out) <= sizeof(out));
	read_rtu(&request, input);
	read_rtu(NULL, input);
	read_tcp(&request, input);
	read_tcp(NULL, input);
	return 0;
}
