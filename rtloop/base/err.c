#include "rtloop/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *format, ...)
{
	va_list args;

	if (err) {
		va_start(args, format);
		vsnprintf(err->text, sizeof(err->text), format, args);
		va_end(args);
	}
	return code;
}

int err_set_errno(struct err *err, int code, const char *format, ...)
{
	va_list args;
	size_t length;

	if (err) {
		va_start(args, format);
		vsnprintf(err->text, sizeof(err->text), format, args);
		va_end(args);
		length = strlen(err->text);
		snprintf(err->text + length, sizeof(err->text) - length, ": %s",
			 strerror(-code));
	}
	return code;
}
