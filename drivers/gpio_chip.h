/*
 * A GPIO chip and a request for its lines, by libgpiod 2. What is asked of a request in the cycle needs
 * no library: base/sys.h reads levels, and the poller edges.
 */
#ifndef DRIVERS_GPIO_CHIP_H
#define DRIVERS_GPIO_CHIP_H

#include "drivers/gpio_lines.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

/* The library, where this build lacks it; NULL where it has it. */
#ifdef HAVE_LIBGPIOD
#define GPIO_CHIP_LACKS NULL
#else
#define GPIO_CHIP_LACKS                                                                  \
	"libgpiod 2 (Debian: libgpiod-dev; on Debian 12 from its backports)"
#endif

/* A request in force. */
struct gpio_request {
	struct gpio_lines lines;
	char chip[GPIO_MAX_NAME_SIZE]; /* "gpiochip0" */
	int fd;			       /* of the lines, in their order; non-blocking */
	void *handle;		       /* libgpiod's */
};

/**
 * gpio_chip_request - request the lines of a device's channels: those of its outputs are at their safe
 * values from then on.
 * @is_dry: only those that are read; where there are none, nothing is requested and fd is -1
 * @chip: name, path or label
 * @edge_buffer: edges that the kernel holds; 0: as many as it likes
 *
 * With @err filled: -ENOENT or -EINVAL for a chip or a line that is not there or not the only one of its
 * name; -EBUSY for a line that is held, with who holds it; -EACCES; -ENXIO for edges or debounce of a
 * chip without interrupts; -E2BIG for too many lines or settings; -ENOMEM; -ENOSYS without the library.
 * [super]
 */
int gpio_chip_request(const struct device_spec *spec, bool is_dry, const char *chip,
		      unsigned edge_buffer, struct gpio_request **ret_request,
		      struct err *err) MUST_CHECK;

/** gpio_chip_release - NULL is a no-op. [super] */
void gpio_chip_release(struct gpio_request *request);

#endif
