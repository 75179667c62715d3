/* "params:" and "vars:", read into lists. Private to logic.c. */
#ifndef RTLOOP_LOGIC_VALUES_H
#define RTLOOP_LOGIC_VALUES_H

#include "rtloop/logic.h"

/* What reading needs at every step. */
struct logic_reader {
	const struct binder *binder;
	const struct logic_source *source;
	struct logic_spec *logic;
};

/**
 * logic_values_read - one of both.
 * @mapping: NULL: there is none
 *
 * 0, though errors may have been added; -ENOMEM. [init]
 */
int logic_values_read(const struct logic_reader *reader, const struct node *mapping,
		      bool is_param, struct logic_list *list) MUST_CHECK;

#endif
