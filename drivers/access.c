#include "drivers/access.h"

#include <errno.h>
#include <grp.h>
#include <sys/stat.h>

/* The group that may read the file, where that is not root's own. */
static const struct group *group_of(const struct stat *status)
{
	return status->st_gid != 0 && (status->st_mode & S_IRGRP)
		       ? getgrgid(status->st_gid)
		       : NULL;
}

int access_denied(struct err *err, int code, const char *path)
{
	const struct group *group;
	struct stat status;

	if ((code != -EACCES && code != -EPERM) || stat(path, &status)) {
		return err_set_errno(err, code, "%s", path);
	}
	group = group_of(&status);
	if (group) {
		return err_set(
			err, code,
			"%s: not allowed; its group may: sudo usermod -aG %s USER, "
			"then log in anew",
			path, group->gr_name);
	}
	return err_set(err, code,
		       "%s: not allowed; no group may: give it one by a udev rule "
		       "(GROUP=\"...\", MODE=\"0660\") in /etc/udev/rules.d",
		       path);
}
