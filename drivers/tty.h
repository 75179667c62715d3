/*
 * A serial line, opened and set up: raw, non-blocking, at any rate that the hardware can do.
 */
#ifndef DRIVERS_TTY_H
#define DRIVERS_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

enum tty_parity {
	TTY_PARITY_NONE,
	TTY_PARITY_EVEN,
	TTY_PARITY_ODD,
	TTY_PARITY_MARK,
	TTY_PARITY_SPACE
};
enum tty_flow { TTY_FLOW_NONE, TTY_FLOW_RTSCTS, TTY_FLOW_XONXOFF };

struct tty_options {
	const char *path; /* borrowed */
	int64_t baud;
	int parity;	   /* enum tty_parity */
	int64_t data_bits; /* 5 to 8 */
	int64_t stop_bits; /* 1 or 2 */
	int flow;	   /* enum tty_flow */
	bool is_exclusive; /* nobody else may have it open */
	bool is_low_latency;
	bool insists_on_low_latency; /* it is an error when the device refuses */
};

/**
 * tty_open - open and set up; what came before is thrown away.
 *
 * With @err filled: what open(2) returned; -EBUSY when another program holds it; -ENOTTY when it is
 * no serial line; -EINVAL when the device cannot do what the options say, such as a rate that is off
 * by more than 2 %. A pseudo-terminal takes any setting of parity and bits. [super]
 */
int tty_open(const struct tty_options *options, int *ret_fd, struct err *err) MUST_CHECK;

/**
 * tty_send - write all of @data, waiting for the line where it must.
 *
 * 0; -ETIMEDOUT when it was not all taken within @timeout_ms; what write(2) returned. [super]
 */
int tty_send(int fd, const uint8_t *data, size_t bytes, int timeout_ms) MUST_CHECK;

/** tty_close - without waiting for bytes that the other side does not take. [super] */
void tty_close(int fd);

#endif
