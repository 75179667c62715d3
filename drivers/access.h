/* Opening the file of a device that the system may keep from us. */
#ifndef DRIVERS_ACCESS_H
#define DRIVERS_ACCESS_H

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

/**
 * access_denied - say why @path could not be opened, and with -EACCES or -EPERM what mends it: the group
 * that may, or a udev rule where there is none.
 *
 * Returns @code. [super]
 */
int access_denied(struct err *err, int code, const char *path);

#endif
