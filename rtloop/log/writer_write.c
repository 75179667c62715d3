#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/thread.h"
#include "rtloop/base/time.h"
#include "rtloop/log/writer.h"

#define STACK_BYTES (128 << 10)

struct job {
	struct writer_block *block;
	struct writer_room room; /* to be set aside before */
	bool cannot_allocate;
	int64_t taken; /* when its write has ended: so many bytes, and */
	int code;      /* why not all of them */
};

/* One thread writes what it is given, in that order. */
struct engine {
	struct writer *writer;
	struct thread thread;
	pthread_mutex_t mutex; /* over all that follows */
	pthread_cond_t changed;
	bool is_asked_to_stop;
	bool is_broken; /* one failed, or all were cancelled: none that follows is written */
	struct job *jobs;	      /* as many as there are blocks */
	unsigned given, done, reaped; /* free-running */
	bool is_waited_for; /* somebody sleeps until there is one more that is done: */
	int done_fd;
};

static struct job *job_at(const struct engine *engine, unsigned index)
{
	return &engine->jobs[index % engine->writer->depth];
}

/* A part of it may have been taken before the disk refused the rest. */
static void write_job(int fd, struct job *job)
{
	size_t bytes = job->block->bytes;
	struct iovec part = { .iov_base = job->block->data, .iov_len = bytes };

	if (job->room.bytes > 0) {
		job->cannot_allocate = sys_allocate(fd, job->room.offset,
						    job->room.bytes) == -EOPNOTSUPP;
	}
	job->code = sys_writev_all(fd, &part, 1);
	job->taken = job->code ? (int64_t)(bytes - part.iov_len) : (int64_t)bytes;
}

/* Called and left with the mutex held. */
static void work_once(struct engine *engine)
{
	struct job *job = job_at(engine, engine->done);

	if (!engine->is_broken) {
		pthread_mutex_unlock(&engine->mutex);
		write_job(engine->writer->fd, job);
		pthread_mutex_lock(&engine->mutex);
	}
	engine->is_broken |= job->code != 0;
	engine->done++;
	if (engine->is_waited_for) {
		engine->is_waited_for = false;
		sys_signal(engine->done_fd);
	}
}

static void *writer_main(void *arg)
{
	struct engine *engine = arg;

	pthread_mutex_lock(&engine->mutex);
	while (!engine->is_asked_to_stop) {
		if (engine->done != engine->given) {
			work_once(engine);
		} else {
			pthread_cond_wait(&engine->changed, &engine->mutex);
		}
	}
	pthread_mutex_unlock(&engine->mutex);
	return NULL;
}

static void free_engine(struct engine *engine)
{
	sys_close(engine->done_fd);
	pthread_mutex_destroy(&engine->mutex);
	pthread_cond_destroy(&engine->changed);
	free(engine->jobs);
	free(engine);
}

static int start_thread(struct engine *engine, struct err *err)
{
	const struct thread_options options = { .name = "rtloop-writer",
						.stack_bytes = STACK_BYTES,
						.priority = 0,
						.cpu = -1 };

	engine->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (engine->done_fd < 0) {
		return err_set_errno(err, -errno, "cannot make the writer's eventfd");
	}
	return thread_start(&engine->thread, &options, writer_main, engine, err);
}

static int write_open(struct writer *writer, struct err *err)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int code;

	if (engine) {
		engine->jobs = calloc(writer->depth, sizeof(*engine->jobs));
	}
	if (!engine || !engine->jobs) {
		free(engine);
		return err_set(err, -ENOMEM, "no memory for the log's writer");
	}
	engine->writer = writer;
	pthread_mutex_init(&engine->mutex, NULL);
	pthread_cond_init(&engine->changed, NULL);
	code = start_thread(engine, err);
	if (code) {
		free_engine(engine);
		return code;
	}
	writer->engine = engine;
	return 0;
}

static void write_close(struct writer *writer)
{
	struct engine *engine = writer->engine;

	pthread_mutex_lock(&engine->mutex);
	engine->is_asked_to_stop = true;
	pthread_cond_broadcast(&engine->changed);
	pthread_mutex_unlock(&engine->mutex);
	thread_join(&engine->thread);
	free_engine(engine);
}

static void write_start(struct writer *writer, struct writer_block *block)
{
	struct engine *engine = writer->engine;
	struct job job = { .block = block, .code = -ECANCELED };

	(void)writer_wants_room(writer, block->offset + block->bytes, &job.room);
	pthread_mutex_lock(&engine->mutex);
	engine->is_broken &= engine->given != engine->reaped;
	*job_at(engine, engine->given++) = job;
	pthread_cond_broadcast(&engine->changed);
	pthread_mutex_unlock(&engine->mutex);
}

/* The job is taken before it is answered: that may give another one. */
static bool take(struct engine *engine, struct job *ret_job)
{
	bool is_there;

	pthread_mutex_lock(&engine->mutex);
	is_there = engine->reaped != engine->done;
	if (is_there) {
		*ret_job = *job_at(engine, engine->reaped++);
	}
	pthread_mutex_unlock(&engine->mutex);
	return is_there;
}

static void wait_for_one(struct engine *engine, int64_t most_ns)
{
	struct pollfd done = { .fd = engine->done_fd, .events = POLLIN };
	uint64_t count;
	bool is_there;

	pthread_mutex_lock(&engine->mutex);
	is_there = engine->reaped != engine->done;
	engine->is_waited_for = !is_there;
	pthread_mutex_unlock(&engine->mutex);
	if (!is_there && poll(&done, 1, (int)(most_ns / NS_PER_MS)) > 0) {
		(void)sys_read(engine->done_fd, &count, sizeof(count));
	}
}

static void write_reap(struct writer *writer, int64_t most_ns)
{
	struct engine *engine = writer->engine;
	struct job job;

	if (most_ns > 0) {
		wait_for_one(engine, most_ns);
	}
	while (take(engine, &job)) {
		writer->cannot_allocate |= job.cannot_allocate;
		job.block->done_bytes = job.code ? (size_t)job.taken : 0;
		writer_written(writer, job.block, job.code ? job.code : job.taken);
	}
}

static void write_cancel(struct writer *writer)
{
	struct engine *engine = writer->engine;

	pthread_mutex_lock(&engine->mutex);
	engine->is_broken = true;
	pthread_mutex_unlock(&engine->mutex);
}

const struct writer_ops writer_write = {
	.name = "write",
	.open = write_open,
	.close = write_close,
	.start = write_start,
	.reap = write_reap,
	.cancel = write_cancel,
};
