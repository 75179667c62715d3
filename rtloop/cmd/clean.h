/* Texts out of a file, shown without what would drive a terminal. */
#ifndef RTLOOP_CMD_CLEAN_H
#define RTLOOP_CMD_CLEAN_H

#include <stdio.h>

#include "rtloop/mcap/record.h"

/** clean_print - control characters become question marks. [any but rt] */
void clean_print(FILE *out, const char *text);

/** clean_print_text - the same of a text that is not ended by a NUL. [any but rt] */
void clean_print_text(FILE *out, struct mcap_text text);

#endif
