/* The version of this program, as one place knows it. */
#ifndef RTLOOP_CMD_VERSION_H
#define RTLOOP_CMD_VERSION_H

#include "rtloop/base/attr.h"

/** version_text - "0.1.0", or "0.1.0+g1a2b3c4d5-dirty" between releases. [any] */
const char *version_text(void) RT_SAFE;

/** version_date - of what this program was built from: "2026-11-25". [any] */
const char *version_date(void) RT_SAFE;

#endif
