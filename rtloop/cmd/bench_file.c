/* What a bench takes from a configuration. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/cmd/bench.h"

/* What stands for the endpoint of a device: the descriptor that is read is of this kind, or of one that the kernel
 * treats alike. A driver that is not here has none. */
static const struct {
	const char *driver;
	enum source_kind kind;
} stand_ins[] = {
	{ "can", SOURCE_PACKET },  { "chardev", SOURCE_PIPE },
	{ "gpio", SOURCE_PIPE },   { "modbus", SOURCE_STREAM },
	{ "mqueue", SOURCE_PIPE }, { "serial", SOURCE_PTY },
	{ "tcp", SOURCE_STREAM },  { "udp", SOURCE_UDP },
	{ "unix", SOURCE_STREAM },
};

struct source_set bench_file_sources(const struct setup *setup)
{
	struct source_set set = { .counts = { 0 } };

	for (unsigned i = 0; i < setup->device_count; i++) {
		const struct device_spec *device = &setup->devices[i];

		for (size_t k = 0; k < ARRAY_SIZE(stand_ins); k++) {
			if (device->lane == LANE_CYCLE && device->in_count > 0 &&
			    strcmp(device->driver->name, stand_ins[k].driver) == 0) {
				set.counts[stand_ins[k].kind]++;
			}
		}
	}
	return set;
}

void bench_file_conditions(const struct setup *setup, struct conditions *conditions)
{
	conditions->has_file = true;
	conditions->has_log = setup->has_log;
	conditions->period_ns = setup->loop.period_ns;
	conditions->priority = (int)setup->loop.priority;
	conditions->cpu = (int)setup->loop.cpu;
	conditions->file = bench_file_sources(setup);
	conditions->sync_ns = setup->log.sync_ns;
}

static char *temporary(void)
{
	const char *folder = getenv("TMPDIR");

	return strdup(folder && folder[0] ? folder : "/var/tmp");
}

char *bench_file_folder(const struct setup *setup)
{
	const struct log_options *log = setup ? &setup->log : NULL;
	char *path = setup && setup->has_log ? strdup(log->dir	  ? log->dir
						      : log->file ? log->file
								  : "")
					     : NULL;
	char *shortest;
	char *slash = path && !log->dir ? strrchr(path, '/') : NULL;

	if (slash) {
		*slash = '\0';
	}
	/* it may be a folder that the run would make, or one that is not this user's */
	while (path && path[0] == '/' && access(path, F_OK)) {
		*strrchr(path, '/') = '\0';
	}
	if (!path || path[0] != '/' || access(path, W_OK | X_OK)) {
		free(path);
		return temporary();
	}
	shortest = realpath(path, NULL);
	free(path);
	return shortest ? shortest : temporary();
}
