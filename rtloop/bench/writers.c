/* How long each way of writing keeps its caller, and what it costs; made durable or not. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/bench/disk.h"
#include "rtloop/bench/part.h"

#define SLICE_NS  NS_PER_SEC
#define BLOCK_NS  (4 * NS_PER_MS)   /* from block to block: 16 MB/s */
#define SYNC_NS	  (250 * NS_PER_MS) /* or a quarter of a turn, where that is short */
#define DISKS_MAX 16
#define LOG_BYTE  0x5a

struct writers {
	struct part_run *run;
	struct disk disks[DISKS_MAX];
	unsigned count;
	uint8_t *block;
};

/* A block is kept back until its time has come: a log grows at its own pace. */
static int put_blocks(struct writers *writers, struct disk *disk, struct row *row,
		      int64_t slice_ns)
{
	int64_t due_ns = sys_now();
	int64_t end_ns = due_ns + slice_ns;
	int64_t every_ns = slice_ns / 4 < SYNC_NS ? slice_ns / 4 : SYNC_NS;
	int64_t sync_ns = due_ns + every_ns;
	int code = 0;

	for (; code == 0 && due_ns < end_ns; due_ns += BLOCK_NS) {
		int64_t begun_ns;
		bool is_sync_due;

		(void)sys_sleep_until(due_ns);
		begun_ns = sys_now();
		is_sync_due = begun_ns >= sync_ns;
		sync_ns = is_sync_due ? begun_ns + every_ns : sync_ns;
		code = disk->ops->put(disk, writers->block, is_sync_due);
		samples_add(&row->samples, (double)(sys_now() - begun_ns));
		row->bytes += DISK_BLOCK_BYTES;
	}
	return code;
}

static void measure(void *context, unsigned item, int64_t slice_ns)
{
	struct writers *writers = context;
	struct row *row = &writers->run->table->rows[item];
	struct disk *disk = &writers->disks[item];
	int64_t cpu_ns;
	int code;

	if (row->failure[0]) {
		return;
	}
	cpu_ns = part_process_cpu_ns();
	code = put_blocks(writers, disk, row, slice_ns);
	code = code ? code : disk->ops->drain(disk);
	row->cpu_ns += (double)(part_process_cpu_ns() - cpu_ns);
	code = code ? code : disk_rewind(disk);
	if (code) {
		row_fail(row, "%s", strerror(-code));
	}
}

static int open_all(struct writers *writers, struct err *err)
{
	struct part_run *run = writers->run;
	const struct disk_ops *ops;

	for (unsigned i = 0; i < DISKS_MAX && (ops = disk_at(i)); i++) {
		struct row *row;
		struct err why;
		int code = part_add_row(run, ops->name, &row, err);

		if (code) {
			return code;
		}
		row->sync = ops->sync;
		row->writer = ops->writer;
		if (disk_open(&writers->disks[i], ops, run->conditions->folder, &why)) {
			row_fail(row, "%s", why.text);
		}
		writers->count++;
	}
	return 0;
}

static int run_writers(struct part_run *run, struct err *err)
{
	struct writers *writers = calloc(1, sizeof(*writers));
	struct turns turns = { .all_ns = run->all_ns,
			       .slice_ns = SLICE_NS,
			       .measure = measure,
			       .context = writers };
	int code = -ENOMEM;

	if (!writers ||
	    posix_memalign((void **)&writers->block, DISK_ALIGN, DISK_BLOCK_BYTES)) {
		free(writers);
		return err_set(err, code, "no memory for writers");
	}
	memset(writers->block, LOG_BYTE, DISK_BLOCK_BYTES);
	writers->run = run;
	code = open_all(writers, err);
	if (code == 0) {
		turns.items = writers->count;
		turns_take(&turns, run->course);
	}
	for (unsigned i = 0; i < writers->count; i++) {
		disk_close(&writers->disks[i]);
	}
	free(writers->block);
	free(writers);
	return code;
}

const struct part_ops part_writers = {
	.name = "writers",
	.title = "Writers: how long 64 KiB of a log keep the thread that hands them over",
	.is_of_cycle = false,
	.share = 20,
	.run = run_writers,
};
