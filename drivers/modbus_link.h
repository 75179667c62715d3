/* The way to a Modbus device: a serial line or a TCP connection, ready for the cycle. */
#ifndef DRIVERS_MODBUS_LINK_H
#define DRIVERS_MODBUS_LINK_H

#include "drivers/modbus_options.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

#define MODBUS_CONNECT_TIMEOUT_MS 2000
#define MODBUS_SILENT_PEER_MS                                                            \
	10000 /* a peer that acknowledges nothing for so long is gone */

/**
 * modbus_link_open - a non-blocking descriptor.
 *
 * Serial: what tty_open() returns. TCP: what connect(2) returns; -EINPROGRESS, with @ret_fd filled:
 * modbus_link_proceed() goes on with it. With @err filled otherwise. [super]
 */
int modbus_link_open(const struct modbus_options *options, int *ret_fd,
		     struct err *err) MUST_CHECK;

/** modbus_link_proceed - what connection_look() returns, with @err filled but for -EINPROGRESS. [super] */
int modbus_link_proceed(const struct modbus_options *options, int fd, int64_t deadline_ns,
			struct err *err) MUST_CHECK;

/** modbus_link_close - [super] */
void modbus_link_close(const struct modbus_options *options, int fd);

#endif
