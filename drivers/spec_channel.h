/* One channel of a device, read into its channel_spec: an entry of "in:" or of "out:". */
#ifndef DRIVERS_SPEC_CHANNEL_H
#define DRIVERS_SPEC_CHANNEL_H

#include "config/bind.h"
#include "drivers/driver.h"

/* What the channels of one map are read with. */
struct spec_channel_reader {
	const struct binder *binder; /* borrowed */
	struct arena *arena;	     /* borrowed: keeps the driver's structs */
	const struct driver *driver; /* NULL: it is unknown, and so are its keys */
	bool is_out;
};

/**
 * spec_channel_read - read one channel; @spec is zeroed by the caller.
 *
 * 0, though errors may have been added to the binder's diag; -ENOMEM. [init]
 */
int spec_channel_read(const struct spec_channel_reader *reader, const struct node *node,
		      struct channel_spec *spec) MUST_CHECK;

/* Keys that every input channel has, and every output channel, for the reference. */
extern const struct option spec_channel_rows[];
extern const struct option spec_output_rows[];

#endif
