/* gnuplot as a program of its own, and the scripts that it draws with. */
#ifndef RTLOOP_CMD_GNUPLOT_H
#define RTLOOP_CMD_GNUPLOT_H

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

/**
 * gnuplot_find_scripts - the folder of latency.gp and timeline.gp, by where this program is.
 * @ret_folder: to be freed
 *
 * -ENOENT with @err filled. [init]
 */
int gnuplot_find_scripts(char **ret_folder, struct err *err) MUST_CHECK;

/**
 * gnuplot_draw - run a script and wait for its end.
 * @folder: where it runs, and its files are
 * @script: its path
 * @arguments: of the script, ended by NULL; at most GNUPLOT_ARGUMENTS_MAX
 *
 * -ENOENT gnuplot is not installed, -EIO it failed, having said why on stderr, -errno; @err filled. [init]
 */
int gnuplot_draw(const char *folder, const char *script, const char *const *arguments,
		 struct err *err) MUST_CHECK;

#define GNUPLOT_ARGUMENTS_MAX 9

#endif
