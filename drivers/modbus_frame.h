/*
 * Modbus frames as a master needs them: a request as bytes, and whether bytes are the answer to it.
 *
 *   RTU  unit | PDU | CRC, low byte first
 *   TCP  transaction | 0 0 | bytes from unit on | unit | PDU
 *   PDU  function | address | count              a request that reads
 *        function | bytes | data                 the answer
 *        function | address | value              one that writes a coil or a register, and the answer
 *        function | address | count | bytes | data   one that writes several
 *        function | address | count              the answer
 *        function + 0x80 | code                  an exception
 *
 * Numbers are big-endian; bits of coils and discrete inputs stand in their bytes from the lowest
 * on. After: Modbus Application Protocol Specification V1.1b3; Modbus over Serial Line V1.02;
 * Modbus Messaging on TCP/IP Implementation Guide V1.0b.
 */
#ifndef DRIVERS_MODBUS_FRAME_H
#define DRIVERS_MODBUS_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

/* The functions, by their codes. */
enum modbus_function {
	MODBUS_READ_COILS = 1,
	MODBUS_READ_DISCRETE = 2,
	MODBUS_READ_HOLDING = 3,
	MODBUS_READ_INPUT = 4,
	MODBUS_WRITE_COIL = 5,
	MODBUS_WRITE_REGISTER = 6,
	MODBUS_WRITE_COILS = 15,
	MODBUS_WRITE_REGISTERS = 16,
};

#define MODBUS_REGISTERS_MAX	    125	 /* that one request may ask for */
#define MODBUS_BITS_MAX		    2000 /* likewise */
#define MODBUS_WRITE_REGISTERS_MAX  123	 /* that one request may write */
#define MODBUS_WRITE_COILS_MAX	    1968 /* likewise */
#define MODBUS_WRITE_DATA_BYTES_MAX 246
#define MODBUS_REQUEST_BYTES_MAX    260
#define MODBUS_RTU_FRAMING_BYTES                                                         \
	5 /* of an answer besides the values: unit, function, bytes, CRC */
#define MODBUS_ANSWER_BYTES_MAX 260 /* the longest frame that there is, of TCP */

struct modbus_request {
	uint8_t unit;
	uint8_t function;    /* enum modbus_function */
	uint16_t address;    /* of the first, from 0 */
	uint16_t count;	     /* registers, or coils and discrete inputs; of WRITE_COIL and
			     WRITE_REGISTER the value: 0xFF00 or 0 of a coil */
	const uint8_t *data; /* WRITE_COILS, WRITE_REGISTERS: borrowed */
};

/* What the bytes are that came after a request. */
enum modbus_finding {
	MODBUS_MORE,	       /* nothing can be said before there are more */
	MODBUS_ANSWER,	       /* the answer */
	MODBUS_EXCEPTION,      /* the refusal */
	MODBUS_WRONG_CHECKSUM, /* of the right form; RTU only */
	MODBUS_WRONG_LENGTH,   /* not as many values as were asked for */
	MODBUS_WRONG_MATCH, /* of another unit or function; RTU: or nothing was asked */
	MODBUS_LATE,	    /* of another transaction; TCP only */
	MODBUS_BROKEN,	    /* no header: where the next frame begins is lost; TCP only */
};

struct modbus_answer {
	uint32_t bytes; /* to be taken off the stream; 0 for MORE and BROKEN */
	uint32_t data;	/* ANSWER: where in the bytes the values begin */
	uint8_t code;	/* EXCEPTION: why */
};

/** modbus_writes - whether it is a request that writes. [any] */
bool modbus_writes(const struct modbus_request *request) RT_SAFE;

/** modbus_data_bytes - of the values in the answer of one that reads, or in the request of one that writes
 * several: 1 to 250; 0 of one that writes a single one. [any] */
uint32_t modbus_data_bytes(const struct modbus_request *request) RT_SAFE;

/** modbus_rtu_answer_bytes - of a good answer. [any] */
uint32_t modbus_rtu_answer_bytes(const struct modbus_request *request) RT_SAFE;

/**
 * modbus_encode_rtu - the request as a frame in @out, of MODBUS_REQUEST_BYTES_MAX.
 *
 * Returns its bytes. [any]
 */
uint32_t modbus_encode_rtu(const struct modbus_request *request, uint8_t *out) RT_SAFE;

/** modbus_encode_tcp - likewise. [any] */
uint32_t modbus_encode_tcp(const struct modbus_request *request, uint16_t transaction,
			   uint8_t *out) RT_SAFE;

/**
 * modbus_find_rtu - judge the beginning of what came.
 * @request: NULL: nothing was asked, all of it is WRONG_MATCH
 * @bytes: at least 1
 *
 * No border of frames can be seen in RTU's bytes: where a frame does not begin as the answer
 * must, or fails, one byte is to be taken off, and the rest to be judged again. Never MORE once
 * MODBUS_ANSWER_BYTES_MAX are there. [any]
 */
enum modbus_finding modbus_find_rtu(const struct modbus_request *request,
				    const uint8_t *in, uint32_t bytes,
				    struct modbus_answer *ret_answer) RT_SAFE;

/**
 * modbus_find_tcp - the same, a whole frame at a time.
 * @request: NULL: nothing was asked, every frame is LATE
 *
 * [any]
 */
enum modbus_finding modbus_find_tcp(const struct modbus_request *request,
				    uint16_t transaction, const uint8_t *in,
				    uint32_t bytes,
				    struct modbus_answer *ret_answer) RT_SAFE;

#endif
