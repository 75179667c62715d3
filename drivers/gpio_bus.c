#include "drivers/gpio_bus.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/base/time.h"

/* Names of the kernel's buses that transfer messages. A chip on a card in a PCI slot, or in the SoC, has
 * none of them above it. */
static const char *const buses[] = {
	"i2c", "i3c",	   "spi",     "spmi",	 "usb",	   "hid",
	"w1",  "mdio_bus", "greybus", "slimbus", "serial", "virtio",
};

static const char *known_bus(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(buses); i++) {
		if (strcmp(name, buses[i]) == 0) {
			return buses[i];
		}
	}
	return NULL;
}

/* The bus that a device of sysfs is on; NULL where it is on none, or on one that is not waited for. */
static const char *bus_of(const char *device)
{
	char path[PATH_MAX + sizeof("/subsystem")];
	char target[PATH_MAX];
	const char *name;
	ssize_t bytes;

	snprintf(path, sizeof(path), "%s/subsystem", device);
	bytes = readlink(path, target, sizeof(target) - 1);
	if (bytes < 0) {
		return NULL;
	}
	target[bytes] = '\0';
	name = strrchr(target, '/');
	return known_bus(name ? name + 1 : target);
}

const char *gpio_bus_find(const char *sysfs, const char *chip)
{
	char path[PATH_MAX];
	char device[PATH_MAX], root[PATH_MAX];
	const char *bus = NULL;
	size_t root_bytes;
	char *slash;

	snprintf(path, sizeof(path), "%s/bus/gpio/devices/%s", sysfs, chip);
	if (!realpath(sysfs, root) || !realpath(path, device)) {
		return NULL;
	}
	root_bytes = strlen(root);
	while (!bus && strlen(device) > root_bytes) {
		bus = bus_of(device);
		slash = strrchr(device, '/');
		*slash = '\0';
	}
	return bus;
}

int gpio_bus_judge(const char *sysfs, const char *chip, int64_t call_ns, struct err *err)
{
	const char *bus = gpio_bus_find(sysfs, chip);

	if (bus) {
		return err_set(err, -EOPNOTSUPP,
			       "%s is behind a bus, %s, that the cycle would wait for; "
			       "expected lane: async",
			       chip, bus);
	}
	if (call_ns > GPIO_BUS_CALL_NS_MAX) {
		return err_set(
			err, -EOPNOTSUPP,
			"%s takes %lld us to read one line, so that the cycle would "
			"wait for it; expected lane: async",
			chip, (long long)(call_ns / NS_PER_US));
	}
	return 0;
}
