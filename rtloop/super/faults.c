#include "rtloop/super/faults.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "rtloop/base/sys.h"

/* One page of the kernel's own, then these: some thousand faults of other threads between two looks. */
#define DATA_PAGES 16u

/* What a sample holds, in the order of the kernel's interface. */
struct sample {
	struct perf_event_header header;
	uint64_t ip;
	uint32_t process, thread;
	uint64_t time_ns;
	uint64_t address;
};

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static int open_event(uint64_t kind, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = kind,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
			       PERF_SAMPLE_ADDR,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		/* nobody sleeps on it */
		.watermark = 1,
		.wakeup_watermark = UINT32_MAX,
	};
	long fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static int open_kind(struct faults *faults, unsigned which, int cpu)
{
	static const uint64_t kinds[FAULTS_KINDS] = { PERF_COUNT_SW_PAGE_FAULTS_MIN,
						      PERF_COUNT_SW_PAGE_FAULTS_MAJ };
	int fd = open_event(kinds[which], cpu);
	void *map;

	if (fd < 0) {
		return fd;
	}
	map = mmap(NULL, (1 + DATA_PAGES) * page_bytes(), PROT_READ | PROT_WRITE,
		   MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		int code = -errno;

		sys_close(fd);
		return code;
	}
	faults->fds[which] = fd;
	faults->maps[which] = map;
	return 0;
}

int faults_open(struct faults *faults, int cpu)
{
	int code;

	*faults = (struct faults){ .fds = { -1, -1 },
				   .copy = malloc(DATA_PAGES * page_bytes()) };
	code = faults->copy ? 0 : -ENOMEM;
	for (unsigned i = 0; i < FAULTS_KINDS && code == 0; i++) {
		code = open_kind(faults, i, cpu);
	}
	if (code) {
		faults_close(faults);
	}
	return code;
}

void faults_close(struct faults *faults)
{
	for (unsigned i = 0; i < FAULTS_KINDS; i++) {
		if (faults->maps[i]) {
			munmap(faults->maps[i], (1 + DATA_PAGES) * page_bytes());
			sys_close(faults->fds[i]);
			faults->maps[i] = NULL;
		}
	}
	free(faults->copy);
	faults->copy = NULL;
}

bool faults_is_open(const struct faults *faults)
{
	return faults->maps[0] != NULL;
}

unsigned faults_parse(struct faults *faults, bool is_major, const uint8_t *records,
		      uint64_t bytes, struct fault *list, unsigned capacity)
{
	unsigned count = 0;
	struct sample sample;
	uint64_t lost;

	for (uint64_t at = 0; bytes - at >= sizeof(sample.header);
	     at += sample.header.size) {
		memcpy(&sample.header, records + at, sizeof(sample.header));
		if (sample.header.size < sizeof(sample.header) ||
		    sample.header.size > bytes - at) {
			break;
		}
		if (sample.header.type == PERF_RECORD_LOST &&
		    sample.header.size >= sizeof(sample.header) + 16) {
			memcpy(&lost, records + at + sizeof(sample.header) + 8, 8);
			faults->lost += lost;
		}
		if (sample.header.type != PERF_RECORD_SAMPLE ||
		    sample.header.size < sizeof(sample)) {
			continue;
		}
		memcpy(&sample, records + at, sizeof(sample));
		if ((int)sample.thread != faults->thread) {
			continue;
		}
		if (count < capacity) {
			list[count] = (struct fault){ .time_ns = (int64_t)sample.time_ns,
						      .address = sample.address,
						      .ip = sample.ip,
						      .is_major = is_major };
		}
		count++;
	}
	return count;
}

/* A record may run over the buffer's end: a copy is whole. */
static unsigned take_kind(struct faults *faults, unsigned which, struct fault *list,
			  unsigned capacity)
{
	struct perf_event_mmap_page *page = (void *)faults->maps[which];
	size_t bytes = DATA_PAGES * page_bytes();
	const uint8_t *data = faults->maps[which] + page_bytes();
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = page->data_tail;
	size_t used = (size_t)(head - tail); /* never more than the buffer */
	size_t at = (size_t)(tail % bytes);
	size_t first = used < bytes - at ? used : bytes - at;
	unsigned count;

	memcpy(faults->copy, data + at, first);
	memcpy(faults->copy + first, data, used - first);
	count = faults_parse(faults, which == 1, faults->copy, used, list, capacity);
	__atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
	return count;
}

unsigned faults_take(struct faults *faults, struct fault *list, unsigned capacity)
{
	unsigned count = 0, kept;

	faults->lost = 0;
	for (unsigned i = 0; i < FAULTS_KINDS; i++) {
		if (faults->maps[FAULTS_KINDS - 1 - i]) {
			/* the major ones first: they are what costs */
			kept = count < capacity ? count : capacity;
			count += take_kind(faults, FAULTS_KINDS - 1 - i, list + kept,
					   capacity - kept);
		}
	}
	return count;
}
