/* What is left of a file that could not be written whole. */
#ifndef RTLOOP_CMD_HALF_FILE_H
#define RTLOOP_CMD_HALF_FILE_H

/** half_file_remove - a regular file of that name, which nobody is to take for whole; others stay. [init] */
void half_file_remove(const char *path);

#endif
