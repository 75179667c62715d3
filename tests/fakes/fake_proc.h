/* A /proc and /sys of a test's own, below a folder: what one puts there is what the supervisor reads. */
#ifndef TESTS_FAKES_FAKE_PROC_H
#define TESTS_FAKES_FAKE_PROC_H

#include "rtloop/base/attr.h"
#include "tests/fakes/folder.h"

/** fake_proc_put - a file, with the folders above it; one that is there is written over. */
void fake_proc_put(struct folder *folder, const char *path, const char *format, ...)
	PRINTF_LIKE(3, 4);

/** fake_proc_thread - what the kernel tells of a thread. @task: "30/task/31" */
void fake_proc_thread(struct folder *folder, const char *task, const char *name,
		      const char *policy_and_cpu, uint64_t run_ns, uint64_t delay_ns);

/** fake_proc_remove - a file. */
void fake_proc_remove(struct folder *folder, const char *path);

#endif
