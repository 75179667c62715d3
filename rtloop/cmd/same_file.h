/* Whether two paths lead to one file. */
#ifndef RTLOOP_CMD_SAME_FILE_H
#define RTLOOP_CMD_SAME_FILE_H

#include <stdbool.h>

/** same_file_among - whether a file is one of others, by whatever path; false where it is not there. [init] */
bool same_file_among(const char *path, char *const *paths, unsigned count);

#endif
