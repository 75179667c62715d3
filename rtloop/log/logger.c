#include "rtloop/log/logger.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/mcap/cdr.h"

#define STACK_BYTES (256 << 10)

/* It looks by itself this often, so that a wake-up that was missed costs no more. */
#define LOOK_MS 10

/* Room goes back to the producer in pieces of this size, not only when all is done. */
#define TAKE_BYTES (32 << 10)

#define RETRY_NS      NS_PER_SEC
#define CLOCK_STEP_NS (20 * NS_PER_MS)
#define EVENT_BYTES   512

static int64_t clock_offset(void)
{
	return sys_realtime() - sys_now();
}

static uint64_t log_time(const struct logger *logger, int64_t time_ns)
{
	return (uint64_t)(time_ns + logger->offset_ns);
}

/* The sink of the MCAP writer: all that was put into the open chunk before this is on its way. */
static int put_bytes(void *context, const void *data, size_t bytes)
{
	struct logger *logger = context;
	int code = logger->writer.ops->put(&logger->writer, data, bytes);

	if (code == 0) {
		counter_add(&logger->bytes, bytes);
		logger->cycles_put = logger->cycles_seen;
	}
	return code;
}

static int write_description(struct logger *logger)
{
	const struct log_description *description = logger->description;
	char period[32], offset[32], sequence[32];
	const struct mcap_pair pairs[] = {
		{ "loop", description->loop },	   { "version", description->version },
		{ "kernel", description->kernel }, { "boot", logger->files.boot },
		{ "period_ns", period },	   { "monotonic_to_log_time_ns", offset },
		{ "sequence", sequence },
	};
	int code;

	snprintf(period, sizeof(period), "%" PRId64, description->period_ns);
	snprintf(offset, sizeof(offset), "%" PRId64, logger->offset_ns);
	snprintf(sequence, sizeof(sequence), "%" PRIu32, logger->files.sequence);
	code = mcap_writer_metadata(logger->mcap, "rtloop", pairs, ARRAY_SIZE(pairs));
	if (code || !description->config) {
		return code;
	}
	return mcap_writer_attach(logger->mcap, description->config_name,
				  "application/yaml", description->config,
				  description->config_bytes, log_time(logger, sys_now()));
}

static int write_gap(struct logger *logger, const struct record_gap *gap, int64_t time_ns)
{
	return mcap_writer_message(logger->mcap, TOPIC_GAP, log_time(logger, time_ns),
				   gap, sizeof(*gap));
}

/* A new file, and what was lost before it. */
static int begin_file(struct logger *logger, struct err *err)
{
	const struct mcap_sink sink = { .put = put_bytes, .context = logger };
	int fd = files_create(&logger->files, err);
	int code;

	if (fd < 0) {
		return fd;
	}
	logger->writer.fd = fd;
	logger->clock_offset_ns = clock_offset();
	logger->offset_ns = logger->clock_offset_ns;
	logger->flushed_ns = sys_now();
	code = mcap_writer_begin(logger->mcap, &sink, logger->topics.topics,
				 logger->topics.count, logger->description->version);
	code = code ? code : write_description(logger);
	if (code == 0 && logger->lost.any) {
		code = write_gap(logger, &logger->lost.gap, logger->flushed_ns);
	}
	if (code) {
		sys_close(fd);
		logger->writer.fd = -1;
		return err_set_errno(err, code, "cannot write the log %s",
				     logger->files.path);
	}
	logger->lost.any = false;
	counter_add(&logger->files_done, 1);
	return 0;
}

static void set_failure(struct logger *logger, const struct err *err)
{
	pthread_mutex_lock(&logger->mutex);
	logger->err = *err;
	pthread_mutex_unlock(&logger->mutex);
}

static void lose_cycles(struct logger *logger, uint64_t first, uint64_t last)
{
	if (!logger->lost.any) {
		logger->lost.any = true;
		logger->lost.gap.first = first;
	}
	logger->lost.gap.last = last;
	counter_add(&logger->cycles_lost, last - first + 1);
}

/* The disk refused: what was in the open chunk is lost, and so is what comes until a file opens. */
static void degrade(struct logger *logger, const struct err *err)
{
	set_failure(logger, err);
	counter_add(&logger->failures, 1);
	if (logger->cycles_seen > logger->cycles_put) {
		lose_cycles(logger, logger->cycles_put, logger->cycles_seen - 1);
	}
	logger->cycles_put = logger->cycles_seen;
	if (logger->writer.fd >= 0) {
		syncer_retire(&logger->syncer, logger->writer.fd);
		logger->writer.fd = -1;
	}
	logger->retry_ns = sys_now() + RETRY_NS;
	atomic_store(&logger->is_degraded, true);
}

static void fail(struct logger *logger, int code)
{
	struct err err;

	err_set_errno(&err, code, "cannot write the log %s", logger->files.path);
	degrade(logger, &err);
}

static const char *device_name(const struct logger *logger, uint32_t device)
{
	return device < logger->device_count ? logger->devices[device].name : "";
}

static int write_event(struct logger *logger, const struct record_event *event,
		       int64_t time_ns)
{
	const struct event_kind *kind = event_kind(event->code);
	uint8_t body[EVENT_BYTES];
	struct cdr_writer cdr;
	size_t bytes;

	cdr_writer_init(&cdr, body, sizeof(body));
	cdr_put_u64(&cdr, event->cycle);
	cdr_put_i64(&cdr, time_ns);
	cdr_put_i64(&cdr, event->value);
	cdr_put_u8(&cdr, (uint8_t)kind->level);
	cdr_put_string(&cdr, kind->name);
	cdr_put_string(&cdr, device_name(logger, event->device));
	cdr_put_string(&cdr, kind->text);
	if (cdr_writer_end(&cdr, &bytes)) {
		return 0; /* cannot be: names and texts are bounded */
	}
	return mcap_writer_message(logger->mcap, TOPIC_EVENT, log_time(logger, time_ns),
				   body, bytes);
}

static bool is_writing(const struct logger *logger)
{
	return logger->writer.fd >= 0;
}

static void add_note(struct logger *logger, const struct record_event *event,
		     int64_t time_ns)
{
	pthread_mutex_lock(&logger->mutex);
	if (logger->note_count < LOGGER_NOTES_MAX) {
		logger->notes[logger->note_count++] =
			(struct log_note){ .event = *event, .time_ns = time_ns };
	} else {
		counter_add(&logger->events_lost, 1);
	}
	pthread_mutex_unlock(&logger->mutex);
}

/* No file is open: cycles of this record are lost, an event waits. */
static void lose_record(struct logger *logger, const struct record *record)
{
	uint64_t cycle;

	if (record->topic == TOPIC_CYCLE) {
		memcpy(&cycle, record + 1, sizeof(cycle));
		lose_cycles(logger, cycle, cycle);
		logger->cycles_seen = cycle + 1;
	} else if (record->topic == TOPIC_GAP) {
		struct record_gap gap;

		memcpy(&gap, record + 1, sizeof(gap));
		lose_cycles(logger, gap.first, gap.last);
		logger->cycles_seen = gap.last + 1;
	} else if (record->topic == TOPIC_EVENT) {
		struct record_event event;

		memcpy(&event, record + 1, sizeof(event));
		add_note(logger, &event, record->time_ns);
	}
	logger->cycles_put = logger->cycles_seen;
}

static void note_cycle(struct logger *logger, const struct record *record)
{
	uint64_t number;

	if (record->topic == TOPIC_CYCLE) {
		memcpy(&number, record + 1, sizeof(number));
		logger->cycles_seen = number + 1;
	} else if (record->topic == TOPIC_GAP) {
		memcpy(&number,
		       (const char *)(record + 1) + offsetof(struct record_gap, last),
		       sizeof(number));
		logger->cycles_seen = number + 1;
	}
}

static void handle_record(struct logger *logger, const struct record *record)
{
	int code;

	if (!is_writing(logger)) {
		lose_record(logger, record);
		return;
	}
	if (record->topic == TOPIC_EVENT) {
		struct record_event event;

		memcpy(&event, record + 1, sizeof(event));
		code = write_event(logger, &event, record->time_ns);
	} else {
		code = mcap_writer_message(logger->mcap, record->topic,
					   log_time(logger, record->time_ns), record + 1,
					   record->bytes);
	}
	note_cycle(logger, record);
	if (code) {
		fail(logger, code);
	}
}

static void end_file(struct logger *logger)
{
	int code = mcap_writer_end(logger->mcap);

	if (code) {
		fail(logger, code);
		return;
	}
	syncer_retire(&logger->syncer, logger->writer.fd);
	logger->writer.fd = -1;
}

static void open_next(struct logger *logger)
{
	struct err err = { "" };
	int code = begin_file(logger, &err);

	if (code) {
		degrade(logger, &err);
		return;
	}
	atomic_store(&logger->is_degraded, false);
	code = files_prune(&logger->files);
	if (code < 0) {
		err_set_errno(&err, code, "cannot remove old logs in %s",
			      logger->files.dir);
		set_failure(logger, &err);
		counter_add(&logger->failures, 1);
	}
}

/* Only between two cycles, so that none is torn over two files. */
static void rotate_if_full(struct logger *logger)
{
	if (is_writing(logger) && logger->options->dir &&
	    mcap_writer_bytes(logger->mcap) >= (uint64_t)logger->options->rotate_bytes) {
		end_file(logger);
		if (!is_writing(logger) && !atomic_load(&logger->is_degraded)) {
			open_next(logger);
		}
	}
}

/* Returns whether there was anything. */
static bool drain(struct logger *logger)
{
	uint64_t bytes = 0, done = 0, given = 0;
	const uint8_t *data = ring_peek(&logger->ring, &bytes);

	while (done < bytes) {
		const struct record *record = (const struct record *)(data + done);

		handle_record(logger, record);
		done += record_bytes(record->bytes);
		if (record->topic == TOPIC_CYCLE) {
			rotate_if_full(logger);
		}
		if (done - given >= TAKE_BYTES) {
			ring_take(&logger->ring, done - given);
			given = done;
		}
	}
	ring_take(&logger->ring, done - given);
	return bytes > 0;
}

/* Oldest first; what the disk refuses stays for the next file. */
static int write_first_note(struct logger *logger)
{
	struct log_note note;

	pthread_mutex_lock(&logger->mutex);
	if (logger->note_count == 0) {
		pthread_mutex_unlock(&logger->mutex);
		return -ENOENT;
	}
	note = logger->notes[0];
	logger->note_count--;
	memmove(logger->notes, logger->notes + 1, logger->note_count * sizeof(note));
	pthread_mutex_unlock(&logger->mutex);
	return write_event(logger, &note.event, note.time_ns);
}

static void take_notes(struct logger *logger)
{
	int code = 0;

	while (is_writing(logger) && code == 0) {
		code = write_first_note(logger);
	}
	if (is_writing(logger) && code != -ENOENT) {
		fail(logger, code);
	}
}

static void look_at_clock(struct logger *logger)
{
	int64_t offset_ns = clock_offset();
	int64_t jump_ns = offset_ns - logger->clock_offset_ns;

	logger->clock_offset_ns = offset_ns;
	if (llabs(jump_ns) >= CLOCK_STEP_NS) {
		const struct record_event event = { .code = EVENT_CLOCK_STEPPED,
						    .device = EVENT_NO_DEVICE,
						    .cycle = logger->cycles_seen,
						    .value = jump_ns };

		add_note(logger, &event, sys_now());
	}
}

/* What is written must be durable within options->sync_ns: half of it is for the sync itself. */
static void flush_if_due(struct logger *logger)
{
	int64_t now_ns = sys_now();
	int code;

	if (!is_writing(logger) ||
	    now_ns - logger->flushed_ns < logger->options->sync_ns / 2) {
		return;
	}
	logger->flushed_ns = now_ns;
	code = mcap_writer_flush(logger->mcap);
	code = code ? code : syncer_failure(&logger->syncer);
	if (code) {
		fail(logger, code);
		return;
	}
	syncer_ask(&logger->syncer, logger->writer.fd);
}

static void retry_if_due(struct logger *logger)
{
	if (!is_writing(logger) && logger->options->dir &&
	    sys_now() >= logger->retry_ns) {
		open_next(logger);
	}
}

static void sleep_until_woken(struct logger *logger)
{
	struct pollfd poll_fd = { .fd = logger->wake_fd, .events = POLLIN };
	uint64_t count;

	atomic_store(&logger->recorder->is_logger_asleep, true);
	if (poll(&poll_fd, 1, LOOK_MS) > 0 &&
	    read(logger->wake_fd, &count, sizeof(count)) < 0) {
		return; /* another look will come */
	}
	atomic_store(&logger->recorder->is_logger_asleep, false);
}

static void *logger_main(void *arg)
{
	struct logger *logger = arg;
	bool is_last;

	do {
		/* read before draining: what was recorded before the stop is drained after it */
		is_last = atomic_load(&logger->is_asked_to_stop);
		look_at_clock(logger);
		drain(logger);
		take_notes(logger);
		flush_if_due(logger);
		retry_if_due(logger);
		if (!is_last) {
			sleep_until_woken(logger);
		}
	} while (!is_last);
	if (is_writing(logger)) {
		end_file(logger);
	}
	return NULL;
}

int logger_set_devices(struct logger *logger, const struct log_device *devices,
		       unsigned device_count)
{
	logger->devices = devices;
	logger->device_count = device_count;
	return topics_create(&logger->topics, devices, device_count);
}

static int make_ring(struct logger *logger, uint64_t bytes, struct err *err)
{
	struct recorder *recorder = logger->recorder;
	int code = ring_init(&logger->ring, bytes, err);

	if (code) {
		return code;
	}
	logger->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (logger->wake_fd < 0) {
		return err_set_errno(err, -errno, "cannot make the logger's eventfd");
	}
	recorder->ring = &logger->ring;
	recorder->wake_fd = logger->wake_fd;
	recorder->wake_mark_bytes = logger->ring.bytes / 8;
	return 0;
}

int logger_start(struct logger *logger, const struct log_options *options,
		 const struct log_description *description, struct recorder *recorder,
		 uint64_t ring_bytes, struct err *err)
{
	const struct thread_options thread = { .name = "rtloop-logger",
					       .stack_bytes = STACK_BYTES,
					       .priority = 0,
					       .cpu = -1 };
	int code;

	logger->options = options;
	logger->description = description;
	logger->recorder = recorder;
	logger->wake_fd = -1;
	pthread_mutex_init(&logger->mutex, NULL);
	writer_init(&logger->writer, options->writer);
	if ((uint64_t)options->ring_bytes > ring_bytes) {
		ring_bytes = (uint64_t)options->ring_bytes;
	}
	logger->mcap = mcap_writer_create((size_t)options->chunk_bytes);
	if (!logger->mcap) {
		return err_set(err, -ENOMEM, "no memory for the log's writer");
	}
	code = make_ring(logger, ring_bytes, err);
	code = code ? code
		    : files_init(&logger->files, options->dir, options->file,
				 description->loop, options->keep_bytes, err);
	code = code ? code : begin_file(logger, err);
	code = code ? code : syncer_start(&logger->syncer, err);
	return code ? code
		    : thread_start(&logger->thread, &thread, logger_main, logger, err);
}

int logger_stop(struct logger *logger, struct err *err)
{
	if (!logger->thread.is_running) {
		return 0;
	}
	atomic_store(&logger->is_asked_to_stop, true);
	sys_signal(logger->wake_fd);
	thread_join(&logger->thread);
	syncer_stop(&logger->syncer);
	if (syncer_failure(&logger->syncer) || atomic_load(&logger->is_degraded)) {
		return err_set(err, -EIO, "the log is not complete: %s",
			       logger->err.text[0] ? logger->err.text : "a sync failed");
	}
	return 0;
}

void logger_fini(struct logger *logger)
{
	topics_destroy(&logger->topics);
	if (!logger->options) {
		return;
	}
	syncer_stop(&logger->syncer);
	sys_close(logger->writer.fd);
	sys_close(logger->wake_fd);
	mcap_writer_destroy(logger->mcap);
	ring_fini(&logger->ring);
	pthread_mutex_destroy(&logger->mutex);
	memset(logger, 0, sizeof(*logger));
}

void logger_note(struct logger *logger, const struct record_event *event)
{
	if (logger->options) {
		add_note(logger, event, sys_now());
	}
}

void logger_failure(struct logger *logger, struct err *err)
{
	pthread_mutex_lock(&logger->mutex);
	*err = logger->err;
	pthread_mutex_unlock(&logger->mutex);
}
