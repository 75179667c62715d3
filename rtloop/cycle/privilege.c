#include "rtloop/cycle/privilege.h"

#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rtloop/base/scan.h"

bool privilege_has_nice(void)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[0].effective & (1u << CAP_SYS_NICE)) != 0;
}

/* The first namespace maps all there are to themselves. */
bool privilege_is_contained(void)
{
	uint64_t inside = 0, outside = 0, count = 0;
	char text[128] = "";
	const char *at = text;
	FILE *map = fopen("/proc/self/uid_map", "re");

	if (!map) {
		return false; /* a kernel without namespaces */
	}
	if (!fgets(text, sizeof(text), map) || !scan_number(&at, &inside) ||
	    !scan_number(&at, &outside) || !scan_number(&at, &count)) {
		count = 0;
	}
	fclose(map);
	return inside != 0 || outside != 0 || count < UINT32_MAX;
}
