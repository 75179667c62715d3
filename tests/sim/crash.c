#include "tests/sim/crash.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/mcap/recover.h"
#include "rtloop/mcap/verify.h"
#include "tests/sim/disk.h"
#include "tests/sim/sim.h"

#define FOLDER "/crash"

static struct {
	uint8_t *data; /* owned; NULL: nothing was kept */
	size_t bytes;
	size_t synced;
} crash;

void crash_begin(void)
{
	free(crash.data);
	crash.data = NULL;
}

static const struct disk_file *find_open(void)
{
	const struct disk_file *file;

	for (unsigned i = 0; (file = disk_at(i)); i++) {
		if (file->is_used && file->opened > 0 && strstr(file->path, ".mcap") &&
		    file->synced > 0) {
			return file;
		}
	}
	return NULL;
}

/* Of what was not synced the disk may have taken any part; here it is the first of it. */
void crash_take(void)
{
	const struct disk_file *file = find_open();

	if (!file || crash.data) {
		return;
	}
	crash.synced = file->synced;
	crash.bytes = file->synced + (size_t)rng_below(sim_rng(STREAM_DISK),
						       file->bytes - file->synced + 1);
	crash.data = malloc(crash.bytes);
	SIM_CHECK(crash.data, "no memory");
	memcpy(crash.data, file->data, crash.bytes);
}

static void ignore_problem(void *context, uint64_t offset, const char *text)
{
	(void)context;
	(void)offset;
	(void)text;
}

static void refuse_problem(void *context, uint64_t offset, const char *text)
{
	(void)context;
	sim_fail("a recovered log, byte %" PRIu64 ": %s", offset, text);
}

static void verify(const char *path)
{
	const struct mcap_verify_listener listener = { .problem = refuse_problem };
	struct mcap_cycles cycles = { 0 };
	struct mcap_verify_result result;
	struct err err = { "" };

	if (mcap_verify(path, &listener, &cycles, &result, &err)) {
		sim_fail("a recovered log: %s", err.text);
	}
}

/* Returns how many cycles of the first so many bytes are recovered, those in gaps with them. */
static uint64_t recover(const char *path, const char *out, size_t bytes)
{
	const struct mcap_recover_request request = {
		.log = path, .out = out, .version = "sim", .problem = ignore_problem
	};
	struct mcap_recover_result result;
	enum mcap_recover_failure failure;
	struct err err = { "" };

	disk_put(path, crash.data, bytes);
	if (mcap_recover(&request, &result, &failure, &err)) {
		sim_fail("of %zu bytes nothing is recovered: %s", bytes, err.text);
	}
	verify(out);
	return result.cycles.logged + result.cycles.in_gaps;
}

void crash_check(void)
{
	uint64_t synced, all;

	if (!crash.data) {
		return;
	}
	*disk_faults() = (struct disk_faults){ .code = 0 };
	disk_set_room(SIZE_MAX / 2);
	(void)disk_make_folder(FOLDER);
	synced = recover(FOLDER "/synced", FOLDER "/synced.out", crash.synced);
	all = recover(FOLDER "/cut", FOLDER "/cut.out", crash.bytes);
	SIM_CHECK(all >= synced,
		  "%" PRIu64 " cycles are recovered, and %" PRIu64 " were synced", all,
		  synced);
}
