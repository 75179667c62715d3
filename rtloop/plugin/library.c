#include "rtloop/plugin/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYMBOL "rtloop_plugin"

/* Bigger is a mistake of whoever filled the struct in. */
#define INSTANCE_BYTES_MAX ((size_t)16 << 20)

static bool is_own(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

static int check_owner(const char *path, const struct stat *info, struct err *err)
{
	return is_own(info->st_uid)
		       ? 0
		       : err_set(err, -EPERM,
				 "%s belongs to user %u, who may put other code there; "
				 "expected 'chown root', or the user that runs rtloop",
				 path, (unsigned)info->st_uid);
}

/* Others than the owner, as the bits say it that an access list is masked by; NULL: nobody else. */
static const char *who_else_writes(mode_t mode, const char **ret_fix)
{
	*ret_fix = mode & S_IWOTH ? "o-w" : "g-w";
	return mode & S_IWOTH ? "everybody" : mode & S_IWGRP ? "its group" : NULL;
}

/* Whoever may write to a folder may put another file in the place of one that is in it: but for one with
 * the sticky bit, where this takes the file's owner. */
static int check_folder(const char *folder, struct err *err)
{
	const char *who, *fix;
	struct stat info;

	if (stat(folder, &info)) {
		return err_set_errno(err, -errno, "%s cannot be looked at", folder);
	}
	who = who_else_writes(info.st_mode, &fix);
	if (who && !(info.st_mode & S_ISVTX)) {
		return err_set(err, -EPERM,
			       "%s may write to its folder %s, and so may put other code "
			       "there; expected 'chmod %s'",
			       who, folder, fix);
	}
	return check_owner(folder, &info, err);
}

static int check_folders(const char *path, struct err *err)
{
	char *folder = strdup(path);
	int code = 0;

	if (!folder) {
		return err_set(err, -ENOMEM, "no memory for a path");
	}
	for (char *slash; code == 0 && (slash = strrchr(folder, '/')) != NULL;) {
		slash[slash == folder] = '\0';
		code = check_folder(folder, err);
		if (slash == folder) {
			break;
		}
	}
	free(folder);
	return code;
}

static int check_file(const char *path, struct err *err)
{
	const char *who, *fix;
	struct stat info;

	if (stat(path, &info)) {
		return err_set_errno(err, -errno, "%s cannot be opened", path);
	}
	if (!S_ISREG(info.st_mode)) {
		return err_set(err, -EINVAL, "%s is no file; expected a shared object",
			       path);
	}
	who = who_else_writes(info.st_mode, &fix);
	if (who) {
		return err_set(err, -EPERM,
			       "%s may write to %s; expected 'chmod %s', for it is code "
			       "that rtloop runs",
			       who, path, fix);
	}
	if (access(path, R_OK)) {
		return err_set_errno(err, -errno, "%s cannot be opened", path);
	}
	return check_owner(path, &info, err);
}

/* Where it really is. NULL: @ret_code and @err say why. */
static char *find(const char *path, int *ret_code, struct err *err)
{
	char *real = realpath(path, NULL);

	if (!real) {
		*ret_code = err_set_errno(err, -errno, "%s cannot be opened", path);
		return NULL;
	}
	*ret_code = check_file(real, err);
	if (*ret_code == 0) {
		*ret_code = check_folders(real, err);
	}
	if (*ret_code) {
		free(real);
		return NULL;
	}
	return real;
}

int library_check(const char *path, struct err *err)
{
	int code;

	free(find(path, &code, err));
	return code;
}

static int check_plugin(const struct rtloop_plugin *plugin, const char *path,
			struct err *err)
{
	if (plugin->abi != RTLOOP_PLUGIN_ABI) {
		return err_set(
			err, -EINVAL,
			"%s is made for ABI %u of plugins; expected %d: compile it "
			"with the header of this rtloop",
			path, plugin->abi, RTLOOP_PLUGIN_ABI);
	}
	if (plugin->bytes < sizeof(*plugin)) {
		return err_set(err, -EINVAL,
			       "%s says that its struct rtloop_plugin has %u bytes; "
			       "expected at least %zu, by RTLOOP_PLUGIN_HEAD",
			       path, plugin->bytes, sizeof(*plugin));
	}
	if (!plugin->name || !plugin->version || !plugin->init || !plugin->step) {
		return err_set(err, -EINVAL,
			       "%s lacks '%s'; expected name, version, init and step",
			       path,
			       !plugin->name	  ? "name"
			       : !plugin->version ? "version"
			       : !plugin->init	  ? "init"
						  : "step");
	}
	if (plugin->instance_bytes > INSTANCE_BYTES_MAX ||
	    (plugin->report_count > 0 && !plugin->reports)) {
		return err_set(
			err, -EINVAL,
			"%s asks for an instance of %zu bytes and has %u reports%s; "
			"expected at most 16 MiB, and a text for each",
			path, plugin->instance_bytes, plugin->report_count,
			plugin->reports ? "" : " without texts");
	}
	return 0;
}

static int load(struct library *library, const char *path, struct err *err)
{
	const char *why;

	library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library->handle) {
		why = dlerror();
		return err_set(err, -EINVAL,
			       "cannot be loaded: %s; expected a shared object for this "
			       "machine, with all that it needs",
			       why ? why : path);
	}
	library->plugin = dlsym(library->handle, SYMBOL);
	if (!library->plugin) {
		return err_set(err, -EINVAL,
			       "%s has no symbol '" SYMBOL "'; expected 'const struct "
			       "rtloop_plugin " SYMBOL "', not static, and extern \"C\" "
			       "in C++",
			       path);
	}
	return check_plugin(library->plugin, path, err);
}

int library_open(struct library *library, const char *path, struct err *err)
{
	char *real;
	int code;

	*library = (struct library){ .handle = NULL };
	real = find(path, &code, err);
	if (!real) {
		return code;
	}
	code = load(library, real, err);
	if (code) {
		library_close(library);
	}
	free(real);
	return code;
}

void library_close(struct library *library)
{
	if (library->handle) {
		dlclose(library->handle);
	}
	*library = (struct library){ .handle = NULL };
}
