/* What the guardian is told of a GPIO request, and how one that an earlier run has left is used again. */
#ifndef DRIVERS_GPIO_GUARDED_H
#define DRIVERS_GPIO_GUARDED_H

#include "drivers/gpio_chip.h"
#include "rtloop/base/guarded.h"

/** gpio_guarded_describe - a request whose chip and lines are known. [super] */
void gpio_guarded_describe(const struct gpio_wish *wish,
			   const struct gpio_request *request,
			   struct guarded *ret_guarded);

/**
 * gpio_guarded_take - use the very request that an earlier run has made, where one is left: its lines never change
 * hands. The outputs are at their safe values then, and edges that nobody has read are forgotten.
 * @request: chip and lines are known; fd is filled
 *
 * -ENOENT where there is none that fits, or its chip has gone meanwhile: then nothing stands in the way of a new one.
 * [super]
 */
int gpio_guarded_take(const struct gpio_wish *wish,
		      struct gpio_request *request) MUST_CHECK;

#endif
