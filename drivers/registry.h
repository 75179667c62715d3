/* The drivers that are built in. */
#ifndef DRIVERS_REGISTRY_H
#define DRIVERS_REGISTRY_H

#include "drivers/driver.h"

extern const struct driver can_driver;
extern const struct driver chardev_driver;
extern const struct driver gpio_driver;
extern const struct driver modbus_driver;
extern const struct driver mqueue_driver;
extern const struct driver serial_driver;
extern const struct driver sim_driver;
extern const struct driver tcp_driver;
extern const struct driver udp_driver;
extern const struct driver unix_driver;

/* In order of names; NULL-terminated. */
extern const struct driver *const registry_drivers[];

#endif
