#include "rtloop/log/options.h"

#include <math.h>

#include "rtloop/base/time.h"

#define KIB 1024.0
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

static const char *const writer_names[] = { "write", "uring", "aio", NULL };

const struct option log_rows[] = {
	{
		.name = "dir",
		.type = OPTION_PATH,
		.offset = offsetof(struct log_options, dir),
		.help = "folder of the log files, which are named, rotated and pruned; "
			"this or file",
	},
	{
		.name = "file",
		.type = OPTION_PATH,
		.offset = offsetof(struct log_options, file),
		.help = "one log file, never rotated, refused at start if it exists; "
			"where the disk refuses it, the next one has a number; this or "
			"dir",
	},
	{
		.name = "rotate",
		.type = OPTION_SIZE,
		.offset = offsetof(struct log_options, rotate_bytes),
		.fallback = "100MiB",
		.min = 64 * KIB,
		.max = INFINITY,
		.help = "a file in dir that has grown to this is closed and the next one "
			"begun",
	},
	{
		.name = "keep",
		.type = OPTION_SIZE,
		.offset = offsetof(struct log_options, keep_bytes),
		.fallback = "2GiB",
		.max = INFINITY,
		.help = "the oldest files in dir are deleted past this; at least twice "
			"rotate; 0: "
			"keep all",
	},
	{
		.name = "sync",
		.type = OPTION_DURATION,
		.offset = offsetof(struct log_options, sync_ns),
		.fallback = "1s",
		.min = 10 * NS_PER_MS,
		.max = 60 * NS_PER_SEC,
		.help = "most time that a power cut can take from the log",
	},
	{
		.name = "ring",
		.type = OPTION_SIZE,
		.offset = offsetof(struct log_options, ring_bytes),
		.fallback = "0",
		.max = GIB,
		.help = "memory between the cycle and the logger; 0: chosen at start",
	},
	{
		.name = "writer",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct log_options, writer),
		.fallback = "write",
		.choices = writer_names,
		.help = "how the log reaches the disk: a thread that writes, io_uring, "
			"or POSIX AIO",
	},
	{
		.name = "chunk",
		.type = OPTION_SIZE,
		.offset = offsetof(struct log_options, chunk_bytes),
		.fallback = "256KiB",
		.min = 4 * KIB,
		.max = 4 * MIB,
		.help = "size of an MCAP chunk: what one write brings to the disk",
	},
	{ .name = NULL },
};
