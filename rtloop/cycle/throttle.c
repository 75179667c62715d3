#include "rtloop/cycle/throttle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "rtloop/base/scan.h"

static int read_number(const char *root, const char *path, int64_t *ret_number)
{
	char whole[512];
	char text[32] = "";
	char *end = text;
	FILE *file;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	file = fopen(whole, "re");
	if (!file) {
		return -errno;
	}
	if (fgets(text, sizeof(text), file)) {
		*ret_number = strtoll(text, &end, 10);
	}
	fclose(file);
	return end == text ? -EBADMSG : 0;
}

static void look_at_throttling(struct throttle *throttle, const char *root)
{
	int64_t runtime_us = 0, period_us = 0;

	snprintf(throttle->path, sizeof(throttle->path),
		 "/proc/sys/kernel/sched_rt_runtime_us");
	throttle->off = "-1";
	if (read_number(root, throttle->path, &runtime_us) ||
	    read_number(root, "/proc/sys/kernel/sched_rt_period_us", &period_us) ||
	    period_us <= 0) {
		return;
	}
	throttle->is_known = true;
	throttle->period_us = period_us;
	throttle->rt_us = runtime_us < 0 ? period_us : runtime_us;
}

/* Only root can read it. */
static void look_at_server(struct throttle *throttle, int cpu, const char *root)
{
	char period_path[THROTTLE_PATH_BYTES];
	int64_t runtime_ns = 0, period_ns = 0;

	snprintf(throttle->path, sizeof(throttle->path),
		 "/sys/kernel/debug/sched/fair_server/cpu%d/runtime", cpu < 0 ? 0 : cpu);
	snprintf(period_path, sizeof(period_path),
		 "/sys/kernel/debug/sched/fair_server/cpu%d/period", cpu < 0 ? 0 : cpu);
	throttle->off = "0";
	if (read_number(root, throttle->path, &runtime_ns) ||
	    read_number(root, period_path, &period_ns) || period_ns <= 0) {
		return;
	}
	throttle->is_known = true;
	throttle->period_us = period_ns / 1000;
	throttle->rt_us = (period_ns - runtime_ns) / 1000;
}

void throttle_look(struct throttle *throttle, const char *release, int cpu,
		   const char *root)
{
	int major = 0, minor = 0;

	*throttle = (struct throttle){ .is_known = false };
	if (!scan_int(&release, &major) || !scan_char(&release, '.') ||
	    !scan_int(&release, &minor)) {
		return;
	}
	if (major > 6 || (major == 6 && minor >= 12)) {
		look_at_server(throttle, cpu, root);
	} else {
		look_at_throttling(throttle, root);
	}
}

bool throttle_has_room(const struct throttle *throttle, int percent)
{
	return !throttle->is_known ||
	       throttle->rt_us * 100 >= throttle->period_us * percent;
}
