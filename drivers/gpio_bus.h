/*
 * Whether a cycle may call a GPIO chip. The kernel knows whether a chip's calls can sleep, but does not
 * tell user space: it is judged by the bus behind which the chip is, in sysfs, and by the time that a
 * call takes.
 */
#ifndef DRIVERS_GPIO_BUS_H
#define DRIVERS_GPIO_BUS_H

#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

/**
 * gpio_bus_find - the bus, between the chip and the processor, whose transfers are waited for.
 * @sysfs: where sysfs is, "/sys"
 * @chip: the chip's name, "gpiochip0"
 *
 * "i2c", "spi", "usb" and the like; NULL where there is none, or sysfs does not know the chip. [super]
 */
const char *gpio_bus_find(const char *sysfs, const char *chip);

/* A register is read in less than a tenth of this; the fastest bus takes longer. */
#define GPIO_BUS_CALL_NS_MAX 50000

/**
 * gpio_bus_judge - whether the cycle may read levels of the chip.
 * @call_ns: the shortest of several readings
 *
 * 0, or -EOPNOTSUPP with @err filled. [super]
 */
int gpio_bus_judge(const char *sysfs, const char *chip, int64_t call_ns,
		   struct err *err) MUST_CHECK;

#endif
