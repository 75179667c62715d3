#include "rtloop/log/logger.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "rtloop/base/rights.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/log/logger_file.h"

#define STACK_BYTES (256 << 10)

/* It looks by itself this often at least: for the clock, notes, and what is to be synced. */
#define LOOK_NS (10 * NS_PER_MS)

/* The last part of a file, in which the next one waits for a state to begin with: 1/8. */
#define STATE_ASK_PART 8

/* Room goes back to the producer in pieces of this size, not only when all is done. */
#define TAKE_BYTES (32 << 10)

static void prune(struct logger *logger)
{
	int code = files_prune(&logger->files, logger->options->rotate_bytes);
	struct err err;

	if (code < 0) {
		err_set_errno(&err, code, "cannot remove old logs in %s",
			      logger->files.dir);
		logger_file_set_failure(logger, &err);
	}
}

/* Returns whether none is left. */
static bool take_notes(struct logger *logger)
{
	struct log_note note;

	while (logger_file_is_open(logger) && logger_file_has_room(logger)) {
		if (!notes_take(&logger->notes, &note)) {
			return true;
		}
		logger_file_event(logger, &note);
	}
	return false;
}

static void open_next(struct logger *logger)
{
	struct err err = { "" };
	int code = logger_file_begin(logger, &err);

	logger->has_asked_state = false;
	if (code) {
		logger_file_degrade(logger, code, &err);
		return;
	}
	syncer_begin(&logger->syncer, logger_file_open(logger), logger->files.path);
	prune(logger);
	(void)take_notes(logger);
}

static void ask_state(struct logger *logger)
{
	if (logger->state_topic) {
		atomic_store_explicit(&logger->recorder->is_state_wanted, true,
				      memory_order_relaxed);
	}
}

/* A gap is told of before the state that comes after it. */
static bool begins_with_state(const struct logger *logger, const struct record *record)
{
	return record->topic == logger->state_topic || record->topic == TOPIC_GAP;
}

/*
 * A file that begins with a state can be replayed from its first cycle on. So one is asked for when the
 * file is nearly full, and it ends where that comes; where it does not come in time, it comes later.
 */
static bool is_full_before(struct logger *logger, const struct record *record)
{
	uint64_t bytes = mcap_writer_bytes(logger->mcap);
	uint64_t most = (uint64_t)logger->options->rotate_bytes;

	if (!logger->state_topic) {
		return bytes >= most;
	}
	if (bytes < most - most / STATE_ASK_PART) {
		return false;
	}
	if (!logger->has_asked_state) {
		logger->has_asked_state = true;
		ask_state(logger);
	}
	return bytes >= most || begins_with_state(logger, record);
}

static void rotate_if_full(struct logger *logger, const struct record *record)
{
	if (!logger_file_is_open(logger) || !logger->options->dir ||
	    !is_full_before(logger, record)) {
		return;
	}
	if (logger_file_end(logger) == 0) {
		open_next(logger);
	}
	if (!begins_with_state(logger, record)) {
		ask_state(logger);
	}
}

static void handle_event(struct logger *logger, const struct record *record)
{
	struct log_note note = { .time_ns = record->time_ns };

	memcpy(&note.event, record + 1, sizeof(note.event));
	if (logger_file_is_open(logger)) {
		logger_file_event(logger, &note);
	} else {
		notes_add(&logger->notes, &note.event, note.time_ns, NULL);
	}
}

/* The events of a cycle come behind it: a new file is begun before whatever else comes next. */
static void handle_record(struct logger *logger, const struct record *record)
{
	if (record->topic == TOPIC_EVENT) {
		handle_event(logger, record);
		return;
	}
	if (logger->is_between_cycles) {
		rotate_if_full(logger, record);
	}
	/* behind a rotation: a file does not begin with what it brings itself */
	present_note(&logger->present, record);
	logger->is_between_cycles = record->topic == TOPIC_CYCLE;
	if (logger_file_is_open(logger)) {
		logger_file_record(logger, record);
	} else {
		logger_file_lose(logger, record);
	}
}

/* What the disk has taken, and what not. Without a file a sync of the last one may still end: what it keeps open until then
 * nobody can unmount. */
static void look_at_writer(struct logger *logger)
{
	writer_poll(&logger->writer);
	if (!logger_file_is_open(logger)) {
		return;
	}
	logger_file_confirm(logger);
	if (logger->writer.code) {
		logger_file_fail(logger, logger->writer.code);
	}
}

/* Where there is none the ring is left as it is: it bridges what it has room for. */
static bool has_room(struct logger *logger)
{
	if (logger_file_is_open(logger) && !logger_file_has_room(logger)) {
		look_at_writer(logger);
	}
	return !logger_file_is_open(logger) || logger_file_has_room(logger);
}

/* Returns whether all of it was taken. */
static bool drain(struct logger *logger)
{
	uint64_t bytes = 0, done = 0, given = 0;
	const uint8_t *data = ring_peek(&logger->ring, &bytes);

	while (done < bytes && has_room(logger)) {
		const struct record *record = (const struct record *)(data + done);

		done += record_bytes(record->bytes);
		handle_record(logger, record);
		if (done - given >= TAKE_BYTES) {
			ring_take(&logger->ring, done - given);
			given = done;
		}
	}
	ring_take(&logger->ring, done - given);
	return done == bytes;
}

static void look_at_clock(struct logger *logger)
{
	int64_t jump_ns = clock_watch_look(&logger->clock);

	if (jump_ns != 0) {
		logger_file_note(logger, EVENT_CLOCK_STEPPED, jump_ns);
	}
}

static void look_at_failures(struct logger *logger)
{
	struct syncer_failure failure = syncer_failure(&logger->syncer);

	for (; failure.code; failure = syncer_failure(&logger->syncer)) {
		logger_file_distrust(logger, &failure);
	}
}

/* A file that follows trouble has to prove first that the disk takes it. */
static void look_at_syncs(struct logger *logger)
{
	struct syncer_file good = syncer_good(&logger->syncer);

	look_at_failures(logger);
	unsynced_forget(&logger->unsynced, good.mark);
	if (logger_file_is_open(logger) && good.number == logger->file_number) {
		atomic_store(&logger->is_degraded, false);
	}
}

/* What is written must be durable within options->sync_ns: half of it is for the sync itself. */
static void flush_if_due(struct logger *logger)
{
	int64_t now_ns = sys_now();
	int code;

	if (!logger_file_is_open(logger) || !logger_file_has_room(logger) ||
	    now_ns - logger->flushed_ns < logger->options->sync_ns / 2) {
		return;
	}
	logger->flushed_ns = now_ns;
	if (logger_file_is_removed(logger)) {
		logger_file_give_up(logger);
		return;
	}
	code = mcap_writer_flush(logger->mcap);
	if (code) {
		logger_file_fail(logger, code);
		return;
	}
	writer_sync(&logger->writer, logger_file_open(logger));
}

/* Once a second at most: each that fails leaves work behind, and some leave a file. */
static void retry_if_due(struct logger *logger)
{
	int64_t now_ns = sys_now();

	if (!logger_file_is_open(logger) && now_ns >= logger->retry_ns) {
		logger->retry_ns = now_ns + LOGGER_RETRY_NS;
		open_next(logger);
		ask_state(logger);
	}
}

static void sleep_until_woken(struct logger *logger)
{
	struct pollfd poll_fd = { .fd = logger->wake_fd, .events = POLLIN };
	int64_t most_ns = logger->options->sync_ns / 4;
	int64_t look_ns = most_ns < LOOK_NS ? most_ns : LOOK_NS;
	uint64_t count;

	if (logger_file_is_open(logger) && !logger_file_has_room(logger)) {
		writer_wait(&logger->writer, look_ns);
		return;
	}
	if (recorder_fall_asleep(logger->recorder) &&
	    poll(&poll_fd, 1, (int)(look_ns / NS_PER_MS)) > 0 &&
	    read(logger->wake_fd, &count, sizeof(count)) < 0) {
		count = 0; /* then it only looks once more */
	}
	recorder_get_up(logger->recorder);
}

/* With all events that wait, however slow the disk is: there is no other turn. */
static bool end_whole(struct logger *logger)
{
	while (!take_notes(logger) && logger_file_is_open(logger)) {
		writer_wait(&logger->writer, LOGGER_WAIT_NS);
		look_at_writer(logger);
	}
	return logger_file_is_open(logger) && logger_file_end(logger) == 0;
}

/* Nothing more will come. A last try for what is still owed, where the disk refused. */
static void finish(struct logger *logger)
{
	logger->is_ended_whole = end_whole(logger);
	if (!logger->is_ended_whole) {
		open_next(logger);
		logger->is_ended_whole = end_whole(logger);
	}
	if (!logger->is_ended_whole) {
		notes_give_up(&logger->notes);
	}
}

static bool begin(struct logger *logger)
{
	struct err err = { "" };
	int code = writer_begin(&logger->writer, &err);

	pthread_mutex_lock(&logger->mutex);
	if (code) {
		logger->err = err;
	}
	logger->begin_code = code;
	logger->has_begun = true;
	pthread_cond_broadcast(&logger->begun);
	pthread_mutex_unlock(&logger->mutex);
	return code == 0;
}

static void *logger_main(void *arg)
{
	struct logger *logger = arg;
	bool is_last, is_drained;

	if (!begin(logger)) {
		return NULL;
	}
	syncer_begin(&logger->syncer, logger_file_open(logger), logger->files.path);
	do {
		/* read before draining: what was recorded before the stop is drained after it */
		is_last = atomic_load(&logger->is_asked_to_stop);
		look_at_clock(logger);
		/* before the ring is drained, so that nothing is lost between two files */
		look_at_writer(logger);
		look_at_syncs(logger);
		retry_if_due(logger);
		is_drained = drain(logger);
		(void)take_notes(logger);
		flush_if_due(logger);
		if (!is_last || !is_drained) {
			sleep_until_woken(logger);
		}
	} while (!is_last || !is_drained);
	finish(logger);
	writer_end(&logger->writer);
	return NULL;
}

int logger_set_devices(struct logger *logger, const struct log_device *devices,
		       unsigned device_count)
{
	int code = topics_create(&logger->topics, devices, device_count);

	logger->devices = devices;
	logger->device_count = device_count;
	logger->present_end = logger->topics.count;
	return code;
}

void logger_set_plugins(struct logger *logger, const struct log_plugin *plugins,
			unsigned plugin_count)
{
	logger->plugins = plugins;
	logger->plugin_count = plugin_count;
}

int logger_add_values(struct logger *logger, const struct log_values *values,
		      uint16_t *ret_topic)
{
	int code = topics_add_values(&logger->topics, values, ret_topic);

	logger->present_end = logger->topics.count;
	return code;
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

static void init(struct logger *logger, const struct log_options *options,
		 const struct log_description *description, struct recorder *recorder)
{
	logger->options = options;
	logger->description = description;
	logger->recorder = recorder;
	logger->wake_fd = -1;
	pthread_mutex_init(&logger->mutex, NULL);
	pthread_cond_init(&logger->begun, NULL);
	notes_init(&logger->notes);
	clock_watch_init(&logger->clock);
	logger->writer.fd = -1;
}

static int start_threads(struct logger *logger, struct err *err)
{
	const struct thread_options thread = { .name = "rtloop-logger",
					       .rights = RIGHT_FILES,
					       .stack_bytes = STACK_BYTES,
					       .priority = 0,
					       .cpu = -1 };
	int code = syncer_start(&logger->syncer, err);

	return code ? code
		    : thread_start(&logger->thread, &thread, logger_main, logger, err);
}

/* Only the thread itself can tell whether it may use what was opened for it. */
static int await_begin(struct logger *logger, struct err *err)
{
	pthread_mutex_lock(&logger->mutex);
	while (!logger->has_begun) {
		pthread_cond_wait(&logger->begun, &logger->mutex);
	}
	pthread_mutex_unlock(&logger->mutex);
	if (logger->begin_code == 0) {
		return 0;
	}
	thread_join(&logger->thread);
	return err_set(err, logger->begin_code, "%s", logger->err.text);
}

static int make_memory(struct logger *logger, uint64_t ring_bytes, struct err *err)
{
	int code;

	if ((uint64_t)logger->options->ring_bytes > ring_bytes) {
		ring_bytes = (uint64_t)logger->options->ring_bytes;
	}
	if (present_init(&logger->present, TOPIC_DEVICES + logger->device_count,
			 logger->present_end)) {
		return err_set(err, -ENOMEM, "no memory for the log's present values");
	}
	if (unput_init(&logger->unput, logger->topics.count)) {
		return err_set(err, -ENOMEM, "no memory for what is on its way");
	}
	logger->mcap = mcap_writer_create((size_t)logger->options->chunk_bytes);
	if (!logger->mcap) {
		return err_set(err, -ENOMEM, "no memory for the log's writer");
	}
	code = writer_open(&logger->writer, logger->options->writer,
			   (size_t)logger->options->chunk_bytes, &logger->syncer, err);
	return code ? code : make_ring(logger, ring_bytes, err);
}

int logger_start(struct logger *logger, const struct log_options *options,
		 const struct log_description *description, struct recorder *recorder,
		 uint64_t ring_bytes, struct err *err)
{
	int code;

	init(logger, options, description, recorder);
	code = make_memory(logger, ring_bytes, err);
	code = code ? code
		    : files_init(&logger->files, options->dir, options->file,
				 description->loop, options->keep_bytes, err);
	code = code ? code : logger_file_begin(logger, err);
	if (code) {
		return code;
	}
	prune(logger);
	code = start_threads(logger, err);
	code = code ? code : await_begin(logger, err);
	if (code) {
		files_discard(&logger->files, logger->writer.fd);
		logger->writer.fd = -1;
	}
	return code;
}

static int judge(struct logger *logger, struct err *err)
{
	look_at_failures(logger);
	atomic_store(&logger->is_degraded,
		     !logger->is_ended_whole ||
			     syncer_good(&logger->syncer).number != logger->file_number);
	if (atomic_load(&logger->is_degraded) || logger->has_sync_failed ||
	    counter_get(&logger->cycles_lost) > 0) {
		return err_set(err, -EIO, "the log is not complete: %s",
			       logger->err.text);
	}
	return 0;
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
	return judge(logger, err);
}

void logger_fini(struct logger *logger)
{
	topics_destroy(&logger->topics);
	if (!logger->options) {
		return;
	}
	syncer_stop(&logger->syncer);
	sys_close(logger->writer.fd);
	writer_close(&logger->writer);
	unput_fini(&logger->unput);
	sys_close(logger->wake_fd);
	mcap_writer_destroy(logger->mcap);
	present_fini(&logger->present);
	ring_fini(&logger->ring);
	notes_fini(&logger->notes);
	free(logger->config.text);
	free(logger->new_config.text);
	pthread_cond_destroy(&logger->begun);
	pthread_mutex_destroy(&logger->mutex);
	memset(logger, 0, sizeof(*logger));
}

void logger_note(struct logger *logger, const struct record_event *event)
{
	logger_tell(logger, event, NULL);
}

void logger_tell(struct logger *logger, const struct record_event *event,
		 const char *text)
{
	if (logger->options) {
		notes_add(&logger->notes, event, sys_now(), text);
	}
}

int logger_replace_config(struct logger *logger, const char *text, size_t bytes)
{
	struct log_config config = { .bytes = bytes };

	if (!logger->thread.is_running) {
		return 0;
	}
	config.text = malloc(bytes + 1);
	if (!config.text) {
		return -ENOMEM;
	}
	memcpy(config.text, text, bytes);
	pthread_mutex_lock(&logger->mutex);
	free(logger->new_config.text);
	logger->new_config = config;
	pthread_mutex_unlock(&logger->mutex);
	return 0;
}

void logger_path(struct logger *logger, char *ret_path)
{
	pthread_mutex_lock(&logger->mutex);
	memcpy(ret_path, logger->files.path, sizeof(logger->files.path));
	pthread_mutex_unlock(&logger->mutex);
}

void logger_failure(struct logger *logger, struct err *err)
{
	pthread_mutex_lock(&logger->mutex);
	*err = logger->err;
	pthread_mutex_unlock(&logger->mutex);
}
