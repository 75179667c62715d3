#include "drivers/registry.h"

#include <string.h>

const struct driver *const registry_drivers[] = {
	&can_driver,	&chardev_driver, &gpio_driver, &modbus_driver,
	&mqueue_driver, &serial_driver,	 &sim_driver,  &tcp_driver,
	&udp_driver,	&unix_driver,	 NULL,
};

const struct driver *driver_find(const char *name)
{
	for (const struct driver *const *driver = registry_drivers; *driver; driver++) {
		if (strcmp((*driver)->name, name) == 0) {
			return *driver;
		}
	}
	return NULL;
}

const struct driver *driver_at(unsigned index)
{
	return index < ARRAY_SIZE(registry_drivers) ? registry_drivers[index] : NULL;
}
