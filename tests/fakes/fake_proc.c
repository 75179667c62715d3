#include "tests/fakes/fake_proc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtloop/base/scan.h"

static void make_folders(char *path, size_t from)
{
	for (char *slash = strchr(path + from, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
}

/* Written in place: who has the file open reads what is in it now. */
void fake_proc_put(struct folder *folder, const char *path, const char *format, ...)
{
	char full[PATH_MAX];
	va_list args;
	FILE *out;

	snprintf(full, sizeof(full), "%s/%s", folder->path, path);
	make_folders(full, strlen(folder->path) + 1);
	out = fopen(full, "w");
	assert_non_null(out);
	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
	assert_int_equal(fclose(out), 0);
}

/* @policy_and_cpu: "fifo 90 1": policy, real-time priority, CPU */
void fake_proc_thread(struct folder *folder, const char *task, const char *name,
		      const char *policy_and_cpu, uint64_t run_ns, uint64_t delay_ns)
{
	bool is_fifo = strncmp(policy_and_cpu, "fifo ", 5) == 0;
	const char *number = strrchr(task, '/') + 1, *rest = policy_and_cpu;
	char path[128], line[512];
	int id = 0, priority = 0, cpu = 0;

	assert_true(scan_int(&number, &id));
	assert_true(scan_skip(&rest, 1) && scan_int(&rest, &priority) &&
		    scan_int(&rest, &cpu));
	snprintf(line, sizeof(line),
		 "%d (%s) S 1 89 89 0 -1 4194368 11 0 13 0 15 16 17 18 20 0 5 0 7190 0 0 "
		 "0 1 1 0 "
		 "0 0 0 0 0 0 1 0 0 -1 %d %d %d 0\n",
		 id, name, cpu, priority, is_fifo);
	snprintf(path, sizeof(path), "proc/%s/schedstat", task);
	fake_proc_put(folder, path, "%" PRIu64 " %" PRIu64 " 5\n", run_ns, delay_ns);
	snprintf(path, sizeof(path), "proc/%s/stat", task);
	fake_proc_put(folder, path, "%s", line);
	/* each thread has a folder of its own beside those of processes, listed or not */
	snprintf(path, sizeof(path), "proc/%d/stat", id);
	fake_proc_put(folder, path, "%s", line);
	snprintf(path, sizeof(path), "proc/%s/status", task);
	fake_proc_put(folder, path,
		      "voluntary_ctxt_switches:\t13\nnonvoluntary_ctxt_switches:\t3\n");
}

void fake_proc_remove(struct folder *folder, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s/%s", folder->path, path);
	assert_int_equal(unlink(full), 0);
}
