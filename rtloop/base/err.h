/* What went wrong, in words: filled once, by the deepest function that knows the name of
 * the thing. */
#ifndef RTLOOP_BASE_ERR_H
#define RTLOOP_BASE_ERR_H

#include "rtloop/base/attr.h"

struct err {
	char text[1024];
};

/**
 * err_set - fill an error once.
 * @err: may be NULL: then only the code is returned
 * @code: a negative errno value
 *
 * Returns @code, so that "return err_set(err, -EINVAL, ...)" is one line. [any but rt]
 */
int err_set(struct err *err, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/**
 * err_set_errno - the same, with ": " and strerror(-code) appended. [any but rt]
 */
int err_set_errno(struct err *err, int code, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
