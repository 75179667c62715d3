#include "drivers/modbus_frame.h"

#include <string.h>

#include "drivers/checksum.h"

#define EXCEPTION_FLAG 0x80u

#define RTU_EXCEPTION_BYTES 5u /* unit, function, code, CRC */
#define RTU_HEADER_BYTES    3u
#define RTU_WRITTEN_BYTES   8u /* unit, function, address, count or value, CRC */

#define WRITTEN_BYTES 4u /* address, count or value */

#define TCP_HEADER_BYTES 7u /* up to and with the unit */
#define TCP_PREFIX_BYTES 6u /* those that the length does not count */
#define TCP_LENGTH_MIN	 3u /* unit and an exception */
#define TCP_LENGTH_MAX	 254u
#define TCP_FRAMING_BYTES                                                                \
	3u /* unit, function, bytes: what the length counts besides the values */
#define TCP_WRITTEN_LENGTH (2u + WRITTEN_BYTES)
#define TCP_DATA	   9u

bool modbus_writes(const struct modbus_request *request)
{
	return request->function >= MODBUS_WRITE_COIL;
}

uint32_t modbus_data_bytes(const struct modbus_request *request)
{
	switch (request->function) {
	case MODBUS_READ_COILS:
	case MODBUS_READ_DISCRETE:
	case MODBUS_WRITE_COILS:
		return (request->count + 7u) / 8;
	case MODBUS_WRITE_COIL:
	case MODBUS_WRITE_REGISTER:
		return 0;
	default:
		return request->count * 2u;
	}
}

uint32_t modbus_rtu_answer_bytes(const struct modbus_request *request)
{
	return modbus_writes(request)
		       ? RTU_WRITTEN_BYTES
		       : MODBUS_RTU_FRAMING_BYTES + modbus_data_bytes(request);
}

static void put_word(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t get_word(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

/* From the unit on: both forms have this in common. */
static uint32_t put_request(const struct modbus_request *request, uint8_t *out)
{
	out[0] = request->unit;
	out[1] = request->function;
	put_word(out + 2, request->address);
	put_word(out + 4, request->count);
	if (request->function != MODBUS_WRITE_COILS &&
	    request->function != MODBUS_WRITE_REGISTERS) {
		return 6;
	}
	out[6] = (uint8_t)modbus_data_bytes(request);
	memcpy(out + 7, request->data, out[6]);
	return 7u + out[6];
}

uint32_t modbus_encode_rtu(const struct modbus_request *request, uint8_t *out)
{
	uint32_t bytes = put_request(request, out);
	uint32_t crc = checksum_of(CHECKSUM_CRC16_MODBUS, out, bytes);

	out[bytes] = (uint8_t)crc;
	out[bytes + 1] = (uint8_t)(crc >> 8);
	return bytes + 2;
}

uint32_t modbus_encode_tcp(const struct modbus_request *request, uint16_t transaction,
			   uint8_t *out)
{
	uint32_t length = put_request(request, out + TCP_PREFIX_BYTES);

	put_word(out, transaction);
	put_word(out + 2, 0);
	put_word(out + 4, length);
	return TCP_PREFIX_BYTES + length;
}

static bool is_crc_right(const uint8_t *frame, uint32_t bytes)
{
	const struct checksum_rule rule = { .kind = CHECKSUM_CRC16_MODBUS };
	uint32_t covered;

	return checksum_verify(&rule, frame, bytes, &covered) == 0;
}

static enum modbus_finding find_exception(const uint8_t *in, uint32_t bytes,
					  struct modbus_answer *ret_answer)
{
	if (bytes < RTU_EXCEPTION_BYTES) {
		ret_answer->bytes = 0;
		return MODBUS_MORE;
	}
	if (!is_crc_right(in, RTU_EXCEPTION_BYTES)) {
		return MODBUS_WRONG_CHECKSUM;
	}
	*ret_answer =
		(struct modbus_answer){ .bytes = RTU_EXCEPTION_BYTES, .code = in[2] };
	return MODBUS_EXCEPTION;
}

static enum modbus_finding find_values(const uint8_t *in, uint32_t bytes,
				       uint32_t data_bytes,
				       struct modbus_answer *ret_answer)
{
	if (bytes >= RTU_HEADER_BYTES && in[2] != data_bytes) {
		return MODBUS_WRONG_LENGTH;
	}
	if (bytes < data_bytes + MODBUS_RTU_FRAMING_BYTES) {
		ret_answer->bytes = 0;
		return MODBUS_MORE;
	}
	if (!is_crc_right(in, data_bytes + MODBUS_RTU_FRAMING_BYTES)) {
		return MODBUS_WRONG_CHECKSUM;
	}
	*ret_answer =
		(struct modbus_answer){ .bytes = data_bytes + MODBUS_RTU_FRAMING_BYTES,
					.data = RTU_HEADER_BYTES };
	return MODBUS_ANSWER;
}

/* Whether an answer says that just this was written. */
static bool says_written(const struct modbus_request *request, const uint8_t *at)
{
	return get_word(at) == request->address && get_word(at + 2) == request->count;
}

static enum modbus_finding find_written(const struct modbus_request *request,
					const uint8_t *in, uint32_t bytes,
					struct modbus_answer *ret_answer)
{
	if (bytes < RTU_WRITTEN_BYTES) {
		ret_answer->bytes = 0;
		return MODBUS_MORE;
	}
	if (!is_crc_right(in, RTU_WRITTEN_BYTES)) {
		return MODBUS_WRONG_CHECKSUM;
	}
	if (!says_written(request, in + 2)) {
		return MODBUS_WRONG_MATCH;
	}
	*ret_answer = (struct modbus_answer){ .bytes = RTU_WRITTEN_BYTES, .data = 2 };
	return MODBUS_ANSWER;
}

enum modbus_finding modbus_find_rtu(const struct modbus_request *request,
				    const uint8_t *in, uint32_t bytes,
				    struct modbus_answer *ret_answer)
{
	*ret_answer = (struct modbus_answer){ .bytes = request ? 1 : bytes };
	if (!request || in[0] != request->unit ||
	    (bytes > 1 && (in[1] & ~EXCEPTION_FLAG) != request->function)) {
		return MODBUS_WRONG_MATCH;
	}
	if (bytes > 1 && in[1] & EXCEPTION_FLAG) {
		return find_exception(in, bytes, ret_answer);
	}
	return modbus_writes(request)
		       ? find_written(request, in, bytes, ret_answer)
		       : find_values(in, bytes, modbus_data_bytes(request), ret_answer);
}

/* A whole frame of the transaction. */
static enum modbus_finding judge_tcp(const struct modbus_request *request,
				     const uint8_t *in, uint32_t length,
				     struct modbus_answer *ret_answer)
{
	uint32_t data_bytes = modbus_data_bytes(request);

	if (in[6] != request->unit || (in[7] & ~EXCEPTION_FLAG) != request->function) {
		return MODBUS_WRONG_MATCH;
	}
	if (in[7] & EXCEPTION_FLAG) {
		ret_answer->code = in[8];
		return length == TCP_LENGTH_MIN ? MODBUS_EXCEPTION : MODBUS_WRONG_LENGTH;
	}
	if (modbus_writes(request)) {
		if (length != TCP_WRITTEN_LENGTH) {
			return MODBUS_WRONG_LENGTH;
		}
		ret_answer->data = TCP_HEADER_BYTES + 1;
		return says_written(request, in + ret_answer->data) ? MODBUS_ANSWER
								    : MODBUS_WRONG_MATCH;
	}
	ret_answer->data = TCP_DATA;
	return in[8] == data_bytes && length == TCP_FRAMING_BYTES + data_bytes
		       ? MODBUS_ANSWER
		       : MODBUS_WRONG_LENGTH;
}

enum modbus_finding modbus_find_tcp(const struct modbus_request *request,
				    uint16_t transaction, const uint8_t *in,
				    uint32_t bytes, struct modbus_answer *ret_answer)
{
	uint32_t length;

	*ret_answer = (struct modbus_answer){ .bytes = 0 };
	if (bytes < TCP_HEADER_BYTES) {
		return MODBUS_MORE;
	}
	length = get_word(in + 4);
	if (get_word(in + 2) != 0 || length < TCP_LENGTH_MIN || length > TCP_LENGTH_MAX) {
		return MODBUS_BROKEN;
	}
	if (bytes < TCP_PREFIX_BYTES + length) {
		return MODBUS_MORE;
	}
	ret_answer->bytes = TCP_PREFIX_BYTES + length;
	if (!request || get_word(in) != transaction) {
		return MODBUS_LATE;
	}
	return judge_tcp(request, in, length, ret_answer);
}
