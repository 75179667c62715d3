#include "rtloop/base/rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WORDS _LINUX_CAPABILITY_U32S_3

#define BIT(capability) (UINT64_C(1) << (capability))

static const uint64_t capability_of[] = { BIT(CAP_DAC_OVERRIDE),
					  BIT(CAP_NET_BIND_SERVICE), BIT(CAP_NET_ADMIN),
					  BIT(CAP_SYS_RESOURCE) };

static int read_own(struct __user_cap_data_struct data[WORDS])
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capget, &header, data) ? -errno : 0;
}

static int write_own(const struct __user_cap_data_struct data[WORDS])
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

static bool has_memory_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur != RLIM_INFINITY;
}

int rights_begin(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

static uint64_t capabilities_of(uint32_t rights)
{
	uint64_t kept = has_memory_limit() ? BIT(CAP_IPC_LOCK) : 0;

	for (unsigned i = 0; i < ARRAY_SIZE(capability_of); i++) {
		kept |= rights & (1u << i) ? capability_of[i] : 0;
	}
	return kept;
}

/* What could be had again by starting a program; only who may (CAP_SETPCAP) can, and no_new_privs does it too. */
static void lower_bound(uint64_t kept)
{
	for (int i = 0; i < 64 && prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++) {
		if (!(kept & BIT(i))) {
			(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
		}
	}
}

int rights_keep(uint32_t rights)
{
	struct __user_cap_data_struct data[WORDS];
	uint64_t kept = capabilities_of(rights);
	bool has_changed = false;
	int code = rights & RIGHT_ALL ? 0 : read_own(data);

	if (code || rights & RIGHT_ALL) {
		return code;
	}
	lower_bound(kept);
	for (unsigned i = 0; i < WORDS; i++) {
		const struct __user_cap_data_struct before = data[i];

		data[i].permitted &= (uint32_t)(kept >> (32 * i));
		data[i].effective &= data[i].permitted;
		data[i].inheritable = 0;
		has_changed |= memcmp(&before, &data[i], sizeof(before)) != 0;
	}
	/* a filter of calls (systemd's @privileged) may refuse even what changes nothing */
	return has_changed ? write_own(data) : 0;
}
