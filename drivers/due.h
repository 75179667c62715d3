/* What is due again and again, on the grid of releases. */
#ifndef DRIVERS_DUE_H
#define DRIVERS_DUE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

/**
 * due_take - whether one is due at this release; those whose time has passed unused are not made up for.
 * @next_ns: when the next one is due; moved on past the release where one is
 * @every_ns: above 0
 *
 * [any]
 */
bool due_take(int64_t *next_ns, int64_t every_ns, int64_t release_ns) RT_SAFE;

#endif
