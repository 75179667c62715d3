#include "rtloop/super/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES 2048
#define CPU_FOLDER "/sys/devices/system/cpu"

/* Of the unified hierarchy: "0::/system.slice/rtloop.service". */
static void find_group(struct look_files *files)
{
	char text[TEXT_BYTES];
	char *line;

	if (proc_read_once(text, sizeof(text), "%s/proc/self/cgroup", files->root) <= 0) {
		return;
	}
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (line) {
		line += *line == '\n' ? 4 : 3;
		line[strcspn(line, "\n")] = '\0';
		snprintf(files->group, sizeof(files->group), "%.500s", line);
	}
}

void look_open(struct look_files *files, const char *root)
{
	*files = (struct look_files){ .root = root };
	proc_file_open(&files->interrupts, "%s/proc/interrupts", root);
	proc_file_open(&files->softirqs, "%s/proc/softirqs", root);
	proc_file_open(&files->schedstat, "%s/proc/schedstat", root);
	proc_file_open(&files->stat, "%s/proc/stat", root);
	find_group(files);
}

void look_close(struct look_files *files)
{
	proc_file_close(&files->interrupts);
	proc_file_close(&files->softirqs);
	proc_file_close(&files->schedstat);
	proc_file_close(&files->stat);
}

static void take_counts(struct proc_file *file, int cpu, struct proc_counts *ret_counts)
{
	const char *text = proc_file_read(file);

	if (!text || proc_parse_counts(text, cpu, ret_counts)) {
		ret_counts->count = 0;
	}
}

static uint64_t read_number(const char *root, const char *file, int cpu)
{
	char text[32];

	if (proc_read_once(text, sizeof(text), "%s" CPU_FOLDER "/cpu%d/%s", root, cpu,
			   file) <= 0) {
		return 0;
	}
	return strtoull(text, NULL, 10);
}

static uint64_t group_throttles(const struct look_files *files)
{
	char text[TEXT_BYTES];
	uint64_t count = 0;

	if (proc_read_once(text, sizeof(text), "%s/sys/fs/cgroup%s/cpu.stat", files->root,
			   files->group) <= 0 ||
	    proc_parse_value(text, "nr_throttled", &count)) {
		return 0;
	}
	return count;
}

void look_take(struct look_files *files, int cpu, int64_t now_ns, struct look *ret_look)
{
	const char *text;

	ret_look->at_ns = now_ns;
	ret_look->cpu = cpu;
	take_counts(&files->interrupts, cpu, &ret_look->interrupts);
	take_counts(&files->softirqs, cpu, &ret_look->softirqs);
	text = proc_file_read(&files->schedstat);
	ret_look->has_sched =
		text && proc_parse_cpu_sched(text, cpu, &ret_look->sched) == 0;
	text = proc_file_read(&files->stat);
	ret_look->has_steal =
		text && proc_parse_steal(text, cpu, &ret_look->steal_ticks) == 0;
	ret_look->thermal_throttles =
		read_number(files->root, "thermal_throttle/core_throttle_count", cpu) +
		read_number(files->root, "thermal_throttle/package_throttle_count", cpu);
	ret_look->group_throttles = group_throttles(files);
}

uint64_t look_frequency(const struct look_files *files, int cpu)
{
	return read_number(files->root, "cpufreq/scaling_cur_freq", cpu);
}
