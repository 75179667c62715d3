/* The shared object of a plugin: found, trusted, loaded, and what it says of itself. */
#ifndef RTLOOP_PLUGIN_LIBRARY_H
#define RTLOOP_PLUGIN_LIBRARY_H

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/plugin/rtloop_plugin.h"

/* It is code that runs with the rights of the loop. */
struct library {
	void *handle; /* NULL: not loaded */
	const struct rtloop_plugin *plugin;
};

/**
 * library_check - whether a file may be loaded: it is there, is a file, can be read, and neither it nor a
 * folder that it is in, up to the root, can be changed by others: they belong to root or to the user that runs
 * rtloop, and neither group nor others may write (in a folder with the sticky bit they may: it keeps what is in it).
 * @path: absolute
 *
 * -ENOENT, -EACCES, -EINVAL, -EPERM, with @err filled: what is wrong; what is expected. [init]
 */
int library_check(const char *path, struct err *err) MUST_CHECK;

/**
 * library_open - load it, all symbols bound at once, visible to nobody else; before memory is locked.
 *
 * -EPERM and the like as library_check(); -EINVAL it cannot be loaded, has no symbol "rtloop_plugin", is of
 * another ABI, or lacks what every plugin has; with @err filled. [init]
 */
int library_open(struct library *library, const char *path, struct err *err) MUST_CHECK;
void library_close(struct library *library);

#endif
