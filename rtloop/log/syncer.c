#include "rtloop/log/syncer.h"

#include <string.h>

#include "rtloop/base/sys.h"

#define STACK_BYTES (128 << 10)

static void sync_file(struct syncer *syncer, int fd)
{
	int64_t start_ns = sys_now();
	int code = sys_datasync(fd);
	uint64_t took_ns = (uint64_t)(sys_now() - start_ns);

	counter_add(&syncer->syncs, 1);
	if (took_ns > counter_get(&syncer->longest_ns)) {
		counter_set(&syncer->longest_ns, took_ns);
	}
	if (code) {
		atomic_store(&syncer->failed_code, code);
	}
}

/* Called and left with the mutex held. Returns whether there was anything to do. */
static bool work_once(struct syncer *syncer)
{
	bool is_retired = syncer->retired_count > 0;
	int fd = is_retired ? syncer->retired[0] : syncer->current;

	if (fd < 0) {
		return false;
	}
	if (is_retired) {
		syncer->retired_count--;
		memmove(syncer->retired, syncer->retired + 1,
			syncer->retired_count * sizeof(*syncer->retired));
	} else {
		syncer->current = -1;
	}
	pthread_mutex_unlock(&syncer->mutex);
	sync_file(syncer, fd);
	if (is_retired) {
		sys_close(fd);
	}
	pthread_mutex_lock(&syncer->mutex);
	pthread_cond_broadcast(&syncer->changed);
	return true;
}

static void *syncer_main(void *arg)
{
	struct syncer *syncer = arg;

	pthread_mutex_lock(&syncer->mutex);
	for (;;) {
		if (work_once(syncer)) {
			continue;
		}
		if (syncer->is_asked_to_stop) {
			break;
		}
		pthread_cond_wait(&syncer->changed, &syncer->mutex);
	}
	pthread_mutex_unlock(&syncer->mutex);
	return NULL;
}

int syncer_start(struct syncer *syncer, struct err *err)
{
	const struct thread_options options = { .name = "rtloop-syncer",
						.stack_bytes = STACK_BYTES,
						.priority = 0,
						.cpu = -1 };

	memset(syncer, 0, sizeof(*syncer));
	pthread_mutex_init(&syncer->mutex, NULL);
	pthread_cond_init(&syncer->changed, NULL);
	syncer->current = -1;
	return thread_start(&syncer->thread, &options, syncer_main, syncer, err);
}

void syncer_stop(struct syncer *syncer)
{
	if (!syncer->thread.is_running) {
		return;
	}
	pthread_mutex_lock(&syncer->mutex);
	syncer->is_asked_to_stop = true;
	pthread_cond_broadcast(&syncer->changed);
	pthread_mutex_unlock(&syncer->mutex);
	thread_join(&syncer->thread);
	pthread_mutex_destroy(&syncer->mutex);
	pthread_cond_destroy(&syncer->changed);
}

void syncer_ask(struct syncer *syncer, int fd)
{
	pthread_mutex_lock(&syncer->mutex);
	syncer->current = fd;
	pthread_cond_broadcast(&syncer->changed);
	pthread_mutex_unlock(&syncer->mutex);
}

/* One thread works through the list in order: a sync of the same file that has begun ends first. */
void syncer_retire(struct syncer *syncer, int fd)
{
	pthread_mutex_lock(&syncer->mutex);
	if (syncer->current == fd) {
		syncer->current = -1;
	}
	while (syncer->retired_count == SYNCER_RETIRED_MAX) {
		pthread_cond_wait(&syncer->changed, &syncer->mutex);
	}
	syncer->retired[syncer->retired_count++] = fd;
	pthread_cond_broadcast(&syncer->changed);
	pthread_mutex_unlock(&syncer->mutex);
}

int syncer_failure(struct syncer *syncer)
{
	return atomic_exchange(&syncer->failed_code, 0);
}
