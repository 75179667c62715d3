#include "rtloop/bench/part.h"

#include <errno.h>
#include <time.h>

#include "rtloop/base/time.h"

int part_add_row(struct part_run *run, const char *name, struct row **ret_row,
		 struct err *err)
{
	struct row *row = table_add(run->table, name);

	if (!row) {
		return err_set(err, -ENOMEM, "no memory for a table");
	}
	*ret_row = row;
	return 0;
}

static int64_t read_clock(clockid_t clock)
{
	struct timespec now = { .tv_sec = 0 };

	clock_gettime(clock, &now);
	return time_from_timespec(&now);
}

int64_t part_thread_cpu_ns(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

int64_t part_process_cpu_ns(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}
