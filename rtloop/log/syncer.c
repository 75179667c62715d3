#include "rtloop/log/syncer.h"

#include <string.h>

#include "rtloop/base/sys.h"

#define STACK_BYTES (128 << 10)

/* What a file's sync came to; a folder that is to be synced with it is part of it. */
static int sync_file(int fd, const char *path)
{
	int code = sys_datasync(fd);

	return code || !path[0] ? code : sys_sync_folder(path);
}

static void count(struct syncer *syncer, int64_t took_ns)
{
	counter_add(&syncer->syncs, 1);
	if ((uint64_t)took_ns > counter_get(&syncer->longest_ns)) {
		counter_set(&syncer->longest_ns, (uint64_t)took_ns);
	}
}

static struct syncer_file take_file(struct syncer *syncer, bool is_retired)
{
	struct syncer_file file = is_retired ? syncer->retired[0] : syncer->current;

	if (is_retired) {
		syncer->retired_count--;
		memmove(syncer->retired, syncer->retired + 1,
			syncer->retired_count * sizeof(*syncer->retired));
	} else {
		syncer->current.fd = -1;
	}
	return file;
}

static bool is_bad(const struct syncer *syncer, uint32_t number)
{
	for (unsigned i = 0; i < syncer->failure_count; i++) {
		if (syncer->failures[i].number == number) {
			return true;
		}
	}
	return false;
}

/* Where there are too many the oldest goes: that file is closed, and nothing more comes of it. */
static void add_failure(struct syncer *syncer, struct syncer_failure failure)
{
	if (syncer->failure_count == SYNCER_FAILED_MAX) {
		syncer->failure_count--;
		syncer->told_count -= syncer->told_count > 0;
		memmove(syncer->failures, syncer->failures + 1,
			syncer->failure_count * sizeof(*syncer->failures));
	}
	syncer->failures[syncer->failure_count++] = failure;
}

/* A file is not trusted again after a sync of it has failed, even if a later one does not. */
static void note_end(struct syncer *syncer, struct syncer_file file, int code)
{
	if (is_bad(syncer, file.number)) {
		return;
	}
	if (code) {
		add_failure(syncer, (struct syncer_failure){ code, file.number });
	} else {
		syncer->good = file;
	}
}

static void take_path(struct syncer *syncer, uint32_t number, char path[PATH_MAX])
{
	path[0] = '\0';
	if (number == syncer->path_number) {
		memcpy(path, syncer->path, PATH_MAX);
		syncer->path_number = 0;
	}
}

/* Called and left with the mutex held. Returns whether there was anything to do. */
static bool work_once(struct syncer *syncer)
{
	bool is_retired = syncer->retired_count > 0;
	struct syncer_file file = take_file(syncer, is_retired);
	char path[PATH_MAX];
	int64_t start_ns, took_ns;
	int code;

	if (file.fd < 0) {
		return false;
	}
	take_path(syncer, file.number, path);
	pthread_mutex_unlock(&syncer->mutex);
	start_ns = sys_now();
	code = sync_file(file.fd, path);
	took_ns = sys_now() - start_ns;
	if (is_retired) {
		sys_close(file.fd);
	}
	pthread_mutex_lock(&syncer->mutex);
	count(syncer, took_ns);
	note_end(syncer, file, code);
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
	syncer->current.fd = -1;
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

void syncer_ask(struct syncer *syncer, struct syncer_file file)
{
	pthread_mutex_lock(&syncer->mutex);
	syncer->current = file;
	pthread_cond_broadcast(&syncer->changed);
	pthread_mutex_unlock(&syncer->mutex);
}

void syncer_begin(struct syncer *syncer, struct syncer_file file, const char *path)
{
	pthread_mutex_lock(&syncer->mutex);
	memcpy(syncer->path, path, strnlen(path, sizeof(syncer->path) - 1) + 1);
	syncer->path_number = file.number;
	pthread_mutex_unlock(&syncer->mutex);
	syncer_ask(syncer, file);
}

/* Of a file whose name is not known to be on the disk yet, that does not make it good. */
void syncer_note(struct syncer *syncer, struct syncer_file file, int code,
		 int64_t took_ns)
{
	pthread_mutex_lock(&syncer->mutex);
	count(syncer, took_ns);
	if (code || file.number == syncer->good.number) {
		note_end(syncer, file, code);
	}
	pthread_mutex_unlock(&syncer->mutex);
}

/* One thread works through the list in order: a sync of the same file that has begun ends first. */
void syncer_retire(struct syncer *syncer, struct syncer_file file)
{
	pthread_mutex_lock(&syncer->mutex);
	if (syncer->current.fd == file.fd) {
		syncer->current.fd = -1;
	}
	while (syncer->retired_count == SYNCER_RETIRED_MAX) {
		pthread_cond_wait(&syncer->changed, &syncer->mutex);
	}
	syncer->retired[syncer->retired_count++] = file;
	pthread_cond_broadcast(&syncer->changed);
	pthread_mutex_unlock(&syncer->mutex);
}

/* When stopped there is no mutex, and nobody to be kept out by it. */
static bool lock(struct syncer *syncer)
{
	if (syncer->thread.is_running) {
		pthread_mutex_lock(&syncer->mutex);
	}
	return syncer->thread.is_running;
}

static void unlock(struct syncer *syncer, bool is_locked)
{
	if (is_locked) {
		pthread_mutex_unlock(&syncer->mutex);
	}
}

struct syncer_failure syncer_failure(struct syncer *syncer)
{
	struct syncer_failure failure = { 0, 0 };
	bool is_locked = lock(syncer);

	if (syncer->told_count < syncer->failure_count) {
		failure = syncer->failures[syncer->told_count++];
	}
	unlock(syncer, is_locked);
	return failure;
}

struct syncer_file syncer_good(struct syncer *syncer)
{
	bool is_locked = lock(syncer);
	struct syncer_file good = syncer->good;

	unlock(syncer, is_locked);
	return good;
}
