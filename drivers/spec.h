/* "devices:" of a configuration, read into device_specs and checked by their drivers. */
#ifndef DRIVERS_SPEC_H
#define DRIVERS_SPEC_H

#include "config/bind.h"
#include "drivers/driver.h"

#define SPEC_DEVICES_MAX  1024
#define SPEC_CHANNELS_MAX 4096

struct spec_list {
	struct device_spec *devices; /* in the order of the file */
	unsigned device_count;
	unsigned channel_count; /* of all devices */
	struct arena arena;	/* owns all of it; text is borrowed from the tree */
};

/**
 * spec_list_create - read the devices.
 * @devices: the value of "devices:", a mapping; NULL: there are none
 * @drivers: to choose from; NULL-terminated
 *
 * 0, though errors may have been added to the binder's diag; -ENOMEM. [init]
 */
int spec_list_create(const struct binder *binder, const struct node *devices,
		     const struct driver *const *drivers,
		     struct spec_list **ret_list) MUST_CHECK;
void spec_list_destroy(struct spec_list *list);

/* Keys that every device has, for the reference. */
extern const struct option spec_device_rows[];

#endif
