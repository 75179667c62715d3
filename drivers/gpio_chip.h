/*
 * A GPIO chip and a request for its lines, by libgpiod 2. What is asked of a request in the cycle needs
 * no library: base/sys.h reads levels, and the poller edges.
 */
#ifndef DRIVERS_GPIO_CHIP_H
#define DRIVERS_GPIO_CHIP_H

#include "drivers/gpio_lines.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/base/guarded.h"

/* The library, where this build lacks it; NULL where it has it. */
#ifdef HAVE_LIBGPIOD
#define GPIO_CHIP_LACKS NULL
#else
#define GPIO_CHIP_LACKS                                                                  \
	"libgpiod 2 (Debian: libgpiod-dev; on Debian 12 from its backports)"
#endif

/* What a device wants of a chip. */
struct gpio_wish {
	const struct device_spec *spec;
	const char *chip;     /* name, path or label */
	unsigned edge_buffer; /* edges that the kernel holds; 0: as many as it likes */
	bool is_dry; /* only lines that are read; where there are none, nothing is requested and fd is -1 */
	struct heritage *heritage; /* requests that an earlier run has left; NULL: none */
};

/* A request in force. */
struct gpio_request {
	struct gpio_lines lines;
	char chip[GPIO_MAX_NAME_SIZE]; /* "gpiochip0" */
	int fd;			       /* of the lines, in their order; non-blocking */
	void *handle;		       /* libgpiod's; NULL of one that was taken over */
	bool is_taken_over; /* an earlier run has made it: the kernel went on numbering its edges */
};

/**
 * gpio_chip_request - request the lines of a device's channels: those of its outputs are at their safe
 * values from then on. One that an earlier run has left is used as it is.
 *
 * With @err filled: -ENOENT or -EINVAL for a chip or a line that is not there or not the only one of its
 * name; -EBUSY for a line that is held, with who holds it; -EACCES; -ENXIO for edges or debounce of a
 * chip without interrupts; -E2BIG for too many lines or settings; -ENOMEM; -ENOSYS without the library.
 * [super]
 */
int gpio_chip_request(const struct gpio_wish *wish, struct gpio_request **ret_request,
		      struct err *err) MUST_CHECK;

/** gpio_chip_release - NULL is a no-op. [super] */
void gpio_chip_release(struct gpio_request *request);

#endif
