#include "rtloop/cycle/right.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rtloop/cycle/privilege.h"

enum right right_to_priority(int priority, int *ret_limit)
{
	struct rlimit limit = { .rlim_cur = 0 };

	getrlimit(RLIMIT_RTPRIO, &limit);
	*ret_limit = limit.rlim_cur > INT_MAX ? INT_MAX : (int)limit.rlim_cur;
	if (*ret_limit >= priority ||
	    (privilege_has_nice() && !privilege_is_contained())) {
		return RIGHT_GRANTED;
	}
	if (*ret_limit > 0) {
		return RIGHT_TOO_LOW;
	}
	return geteuid() == 0 ? RIGHT_CONTAINED : RIGHT_MISSING;
}

/* "1:cpu,cpuacct:/machine": where the second part has the controller, the third; NULL otherwise. */
static const char *group_of_line(char *line)
{
	char *controllers = strchr(line, ':');
	char *group = controllers ? strchr(controllers + 1, ':') : NULL;
	char *rest = NULL;

	if (!group) {
		return NULL;
	}
	*group++ = '\0';
	group[strcspn(group, "\n")] = '\0';
	for (char *one = strtok_r(controllers + 1, ",", &rest); one;
	     one = strtok_r(NULL, ",", &rest)) {
		if (strcmp(one, "cpu") == 0) {
			return group;
		}
	}
	return NULL;
}

int right_group_file(char *path, size_t bytes)
{
	FILE *groups = fopen("/proc/self/cgroup", "re");
	const char *group = NULL;
	char line[PATH_MAX];
	int length = 0;

	while (groups && !group && fgets(line, sizeof(line), groups)) {
		group = group_of_line(line);
	}
	if (groups) {
		fclose(groups);
	}
	if (!group) {
		return -ENOENT;
	}
	length = snprintf(path, bytes, "/sys/fs/cgroup/cpu%s%scpu.rt_runtime_us", group,
			  strcmp(group, "/") == 0 ? "" : "/");
	if (length < 0 || (size_t)length >= bytes) {
		return -ENAMETOOLONG;
	}
	return access(path, F_OK) == 0 ? 0 : -ENOENT;
}
