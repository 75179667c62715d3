/* What a configuration says of a Modbus device and its channels. */
#ifndef DRIVERS_MODBUS_OPTIONS_H
#define DRIVERS_MODBUS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/option.h"
#include "drivers/address.h"
#include "drivers/driver.h"
#include "drivers/sample.h"

struct modbus_serial_options {
	const char *path;
	int64_t baud;
	int parity; /* enum tty_parity */
	int64_t stop_bits;
	int64_t silence_ns;
	bool is_exclusive;
	bool is_low_latency;
	bool has_low_latency;
	bool has_stop_bits;
};

struct modbus_send_options {
	int64_t every_ns;
	int on; /* 0: change */
	bool is_multiple;
	bool has_every;
	bool has_on;
};

/* Exactly one of serial and tcp is given. */
struct modbus_options {
	struct modbus_serial_options serial;
	const char *tcp;
	int64_t unit_id;
	int64_t poll_ns;
	int64_t timeout_ns;
	int64_t retries;
	int64_t gap;
	int64_t registers_max;
	bool has_serial;
	struct modbus_send_options send;
	bool has_send;
};

enum modbus_encoding { MODBUS_UNSIGNED, MODBUS_SIGNED, MODBUS_FLOAT };
enum modbus_words { MODBUS_HIGH_FIRST, MODBUS_LOW_FIRST };

/* One channel. Exactly one of holding, input, coil and discrete is given. */
struct modbus_channel {
	int64_t holding;
	int64_t input;
	int64_t coil;
	int64_t discrete;
	int64_t unit_id;
	int width;    /* the value takes 2 to the power of it registers */
	int encoding; /* enum modbus_encoding */
	int words;    /* enum modbus_words */
	bool is_swapped;
	int64_t bit;
	int64_t bits;
	struct scaling scaling;
	bool has_holding;
	bool has_input;
	bool has_coil;
	bool has_discrete;
	bool has_unit_id;
	bool has_registers;
	bool has_encoding;
	bool has_words;
	bool has_swap_bytes;
	bool has_bit;
	bool has_bits;
};

extern const struct option modbus_rows[];	  /* bound to struct modbus_options */
extern const struct option modbus_channel_rows[]; /* bound to struct modbus_channel */
extern const struct option modbus_output_rows[];  /* likewise; of what is written */
extern const struct option modbus_send_rows[]; /* bound to struct modbus_send_options */

/** modbus_check - what no row can see, said with place_error(). [init] */
void modbus_check(const struct device_spec *spec);

/** modbus_channel_type - bool for a coil or a discrete input, else float. [init] */
enum value_type modbus_channel_type(const void *in_options);

/* Where a channel's value stands. */
struct modbus_span {
	uint8_t unit;
	uint8_t function; /* enum modbus_function */
	int64_t address;
	int64_t count; /* registers; 1 of a coil or a discrete input */
};

/** modbus_span_of - of a channel that modbus_check() found right. [init] */
struct modbus_span modbus_span_of(const struct modbus_options *options,
				  const struct modbus_channel *channel);

/** modbus_address - where `tcp` points, at port 502 where it says none. -EINVAL. [super] */
int modbus_address(const struct modbus_options *options,
		   struct address *ret_address) MUST_CHECK;

/** modbus_stop_bits - as given; else 1 with parity and 2 without, as the standard has it.
 * [super] */
int64_t modbus_stop_bits(const struct modbus_serial_options *serial);

/** modbus_character_ns - what one byte takes on the wire; 0: TCP. [init] */
int64_t modbus_character_ns(const struct modbus_options *options);

/**
 * modbus_silence_ns - between two frames of RTU: 3.5 characters, 1.75 ms above 19200 baud, or
 * `silence` where that is longer; 0: TCP. [init]
 */
int64_t modbus_silence_ns(const struct modbus_options *options);

#endif
