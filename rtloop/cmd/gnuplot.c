#include "rtloop/cmd/gnuplot.h"

#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* As they are installed; and in the project's own tree, from build/ and build/asan/. */
static const char *const script_folders[] = { "../share/rtloop/plot", "../scripts/plot",
					      "../../scripts/plot" };

/* The folder of this program; NULL without memory or where /proc is not there. */
static char *own_folder(void)
{
	char *path = realpath("/proc/self/exe", NULL);
	char *slash = path ? strrchr(path, '/') : NULL;

	if (slash) {
		*slash = '\0';
	}
	return path;
}

/* NULL where the scripts are not there. */
static char *look_in(const char *own, const char *folder)
{
	char *path = NULL, *found = NULL;
	char *script = NULL;

	if (asprintf(&path, "%s/%s", own, folder) < 0) {
		return NULL;
	}
	if (asprintf(&script, "%s/latency.gp", path) >= 0) {
		found = access(script, R_OK) == 0 ? realpath(path, NULL) : NULL;
		free(script);
	}
	free(path);
	return found;
}

int gnuplot_find_scripts(char **ret_folder, struct err *err)
{
	char *own = own_folder();
	char *found = NULL;
	int code = 0;

	for (unsigned i = 0; own && i < ARRAY_SIZE(script_folders) && !found; i++) {
		found = look_in(own, script_folders[i]);
	}
	if (found) {
		*ret_folder = found;
	} else {
		code = err_set(err, -ENOENT,
			       "latency.gp, which plots, is not in %s/%s; 'make install' "
			       "puts it there",
			       own ? own : "", script_folders[0]);
	}
	free(own);
	return code;
}

static int wait_for(pid_t child, struct err *err)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR) {
			return err_set_errno(err, -errno, "gnuplot");
		}
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		return err_set(err, -EIO,
			       "gnuplot could not draw; what it says stands above");
	}
	return 0;
}

static int spawn(const char *folder, char *const *argv, pid_t *ret_child)
{
	posix_spawn_file_actions_t actions;
	int code;

	/* in the locale C gnuplot warns of each picture; and no picture is to depend on the user's */
	if (setenv("LC_ALL", "C.UTF-8", 1) || posix_spawn_file_actions_init(&actions)) {
		return -ENOMEM;
	}
	code = -posix_spawn_file_actions_addchdir_np(&actions, folder);
	code = code ? code
		    : -posix_spawnp(ret_child, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

int gnuplot_draw(const char *folder, const char *script, const char *const *arguments,
		 struct err *err)
{
	/* -d: whatever the user's own start-up file says */
	char *argv[GNUPLOT_ARGUMENTS_MAX + 5] = { (char *)"gnuplot", (char *)"-d",
						  (char *)"-c", (char *)script };
	pid_t child;
	int code;

	for (unsigned i = 0; i < GNUPLOT_ARGUMENTS_MAX && arguments[i]; i++) {
		argv[4 + i] = (char *)arguments[i];
	}
	code = spawn(folder, argv, &child);
	if (code == -ENOENT) {
		return err_set(
			err, code,
			"gnuplot is not installed, so there are no pictures; the data "
			"are in %s. "
			"Install it ('apt-get install gnuplot-nox'), and try again",
			folder);
	}
	return code ? err_set_errno(err, code, "gnuplot cannot be started")
		    : wait_for(child, err);
}
