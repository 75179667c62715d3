#include "rtloop/log/logger_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/log/event_body.h"

static uint64_t log_time(const struct logger *logger, int64_t time_ns)
{
	return (uint64_t)(time_ns + logger->offset_ns);
}

/* What was put up to there is written. */
static void note_written(struct logger *logger, uint64_t end, uint64_t cycles_seen,
			 const struct tally *put)
{
	struct unput *unput = &logger->unput;
	const struct tally *before = &unput->confirmed;
	struct in_file *in_file = &logger->in_file;

	counter_add(&logger->bytes, end - logger->file_bytes);
	logger->file_bytes = end;
	logger->cycles_put = cycles_seen;
	in_file->cycles += put->cycles - before->cycles;
	in_file->gaps += put->gaps - before->gaps;
	in_file->events +=
		put->events - before->events + put->events_more - before->events_more;
	for (unsigned i = 0; i < put->events - before->events; i++) {
		unsynced_add(&logger->unsynced, &unput->events[i], logger->file_number);
	}
	unsynced_add_more(&logger->unsynced, put->events_more - before->events_more);
	unput_confirm(unput, put);
}

void logger_file_confirm(struct logger *logger)
{
	const struct unput_mark *mark;

	while ((mark = unput_oldest(&logger->unput)) &&
	       mark->end <= logger->writer.written_bytes) {
		const struct tally put = mark->put;

		note_written(logger, mark->end, mark->cycles_seen, &put);
	}
}

bool logger_file_has_room(struct logger *logger)
{
	if (unput_is_full(&logger->unput)) {
		writer_push(&logger->writer);
		return false;
	}
	return writer_has_room(&logger->writer);
}

static struct unput_mark *wait_for_mark(struct logger *logger)
{
	struct unput_mark *mark;

	while (!(mark = unput_next(&logger->unput)) && logger->writer.code == 0) {
		writer_push(&logger->writer);
		writer_wait(&logger->writer, LOGGER_WAIT_NS);
		logger_file_confirm(logger);
	}
	return mark;
}

static int put_queued(struct logger *logger, const void *data, size_t bytes)
{
	struct unput_mark *mark = wait_for_mark(logger);
	int code;

	if (!mark) {
		return logger->writer.code;
	}
	mcap_writer_save(logger->mcap, &mark->before);
	code = writer_put(&logger->writer, data, bytes);
	if (code == 0) {
		mark->end = logger->writer.put_bytes;
		mark->cycles_seen = logger->cycles_seen;
		mark->put = logger->unput.seen;
		unput_add(&logger->unput);
	}
	return code;
}

/* The sink of the MCAP writer: all that was put into the open chunk before this is on its way. */
static int put_bytes(void *context, const void *data, size_t bytes)
{
	struct logger *logger = context;
	int code;

	if (!logger->writer.is_direct) {
		return put_queued(logger, data, bytes);
	}
	code = writer_put(&logger->writer, data, bytes);
	if (code == 0) {
		const struct tally put = logger->unput.seen;

		note_written(logger, logger->file_bytes + bytes, logger->cycles_seen,
			     &put);
	}
	return code;
}

static void take_config(struct logger *logger)
{
	pthread_mutex_lock(&logger->mutex);
	if (logger->new_config.text) {
		free(logger->config.text);
		logger->config = logger->new_config;
		logger->new_config = (struct log_config){ .text = NULL };
	}
	pthread_mutex_unlock(&logger->mutex);
}

static int write_description(struct logger *logger, uint32_t file_sequence)
{
	const struct log_description *description = logger->description;
	char period[32], offset[32], sequence[32];
	struct log_config config;
	const struct mcap_pair pairs[] = {
		{ "loop", description->loop },
		{ "version", description->version },
		{ "kernel", description->kernel },
		{ "boot", logger->files.boot },
		{ "period_ns", period },
		{ "monotonic_to_log_time_ns", offset },
		{ "sequence", sequence },
		{ "config_folder", description->config_folder },
	};
	int code;

	snprintf(period, sizeof(period), "%" PRId64, description->period_ns);
	snprintf(offset, sizeof(offset), "%" PRId64, logger->offset_ns);
	snprintf(sequence, sizeof(sequence), "%" PRIu32, file_sequence);
	code = mcap_writer_metadata(logger->mcap, "rtloop", pairs, ARRAY_SIZE(pairs));
	if (code || !description->config) {
		return code;
	}
	take_config(logger);
	config = logger->config;
	if (!config.text) {
		config.text = (char *)description->config;
		config.bytes = description->config_bytes;
	}
	return mcap_writer_attach(logger->mcap, description->config_name,
				  "application/yaml", config.text, config.bytes,
				  log_time(logger, sys_now()));
}

/* At once, so that it is known that it is in the file. */
static int write_lost(struct logger *logger)
{
	int code;

	if (!logger->lost.any) {
		return 0;
	}
	code = mcap_writer_message(logger->mcap, TOPIC_GAP,
				   log_time(logger, logger->flushed_ns),
				   &logger->lost.gap, sizeof(logger->lost.gap));
	return code ? code : mcap_writer_flush(logger->mcap);
}

static int write_head(struct logger *logger, uint32_t sequence)
{
	const struct mcap_sink sink = { .put = put_bytes, .context = logger };
	char library[80];
	int code;

	snprintf(library, sizeof(library), "rtloop %s", logger->description->version);
	code = mcap_writer_begin(logger->mcap, &sink, logger->topics.topics,
				 logger->topics.count, library);
	code = code ? code : write_description(logger, sequence);
	return code ? code : write_lost(logger);
}

int logger_file_begin(struct logger *logger, struct err *err)
{
	struct files files = logger->files;
	uint64_t bytes = counter_get(&logger->bytes);
	int fd = files_create(&files, err);
	int code;

	if (fd < 0) {
		return fd;
	}
	writer_set_file(&logger->writer, fd);
	logger->file_number++;
	logger->counts_links = !files_is_removed(fd);
	logger->file_bytes = 0;
	logger->in_file = (struct in_file){
		.first = logger->lost.any ? logger->lost.gap.first : logger->cycles_seen,
		.gaps = logger->lost.any,
	};
	logger->offset_ns = logger->clock.offset_ns;
	logger->flushed_ns = sys_now();
	code = write_head(logger, files.sequence);
	if (code) {
		files_discard(&files, fd);
		logger->files.left = files.left;
		logger->writer.fd = -1;
		counter_set(&logger->bytes, bytes);
		return err_set_errno(err, code, "cannot write the log %s", files.path);
	}
	writer_queue(&logger->writer);
	pthread_mutex_lock(&logger->mutex);
	logger->files = files;
	pthread_mutex_unlock(&logger->mutex);
	counter_add(&logger->files_begun, 1);
	counter_add(&logger->gaps, logger->lost.any);
	logger->lost.any = false;
	/* a file that takes no more than this is one all the same: it tells of the gap */
	code = present_write(&logger->present, logger->mcap,
			     log_time(logger, logger->flushed_ns));
	return code ? err_set_errno(err, code, "cannot write the log %s", files.path) : 0;
}

bool logger_file_is_open(const struct logger *logger)
{
	return logger->writer.fd >= 0;
}

void logger_file_set_failure(struct logger *logger, const struct err *err)
{
	pthread_mutex_lock(&logger->mutex);
	logger->err = *err;
	pthread_mutex_unlock(&logger->mutex);
	counter_add(&logger->failures, 1);
}

static void lose_range(struct logger *logger, uint64_t first, uint64_t last)
{
	if (!logger->lost.any) {
		logger->lost.any = true;
		logger->lost.gap.first = first;
	}
	logger->lost.gap.last = last;
}

/* Gaps among what is lost become part of the gap that will tell of it. */
static void count_lost(struct logger *logger, uint64_t cycles, uint64_t gaps)
{
	counter_add(&logger->cycles_lost, cycles);
	counter_set(&logger->gaps, counter_get(&logger->gaps) - gaps);
}

static void lose_unput(struct logger *logger)
{
	struct unput *unput = &logger->unput;
	const struct tally *seen = &unput->seen, *confirmed = &unput->confirmed;

	if (logger->cycles_seen > logger->cycles_put) {
		lose_range(logger, logger->cycles_put, logger->cycles_seen - 1);
	}
	count_lost(logger, seen->cycles - confirmed->cycles,
		   seen->gaps - confirmed->gaps);
	notes_put_back(&logger->notes, unput->events, unput_event_count(unput),
		       seen->events_more - confirmed->events_more);
	unput_clear(unput);
	logger->cycles_put = logger->cycles_seen;
}

/* The file ends behind what is known to be written; nothing is under way any more. */
static void take_back(struct logger *logger)
{
	const struct unput_mark *mark;

	writer_abandon(&logger->writer);
	logger_file_confirm(logger);
	mark = unput_oldest(&logger->unput);
	if (mark) {
		mcap_writer_restore(logger->mcap, &mark->before);
	} else {
		mcap_writer_drop(logger->mcap);
	}
	lose_unput(logger);
}

/* After take_back(): the file as a whole is to be as if it had never been. */
static void lose_file(struct logger *logger)
{
	const struct in_file *in_file = &logger->in_file;

	if (logger->cycles_seen > in_file->first) {
		logger->lost.any = false;
		lose_range(logger, in_file->first, logger->cycles_seen - 1);
	}
	count_lost(logger, in_file->cycles, in_file->gaps);
	counter_set(&logger->bytes, counter_get(&logger->bytes) - logger->file_bytes);
	counter_set(&logger->files_begun, counter_get(&logger->files_begun) - 1);
}

static void retire(struct logger *logger)
{
	struct syncer_file file = logger_file_open(logger);

	(void)writer_leave(&logger->writer);
	syncer_retire(&logger->syncer, file);
}

/* The disk may have taken a piece of the chunk; without it there may be room for the summary. */
static void close_refused(struct logger *logger)
{
	int fd = logger->writer.fd;

	/* uncut it would be written where the descriptor stands, into what is there */
	if (files_cut(fd, logger->file_bytes) == 0 && mcap_writer_end(logger->mcap)) {
		(void)files_cut(fd, logger->file_bytes);
	}
	retire(logger);
}

/* Whether the file is gone. The next one may have its name; one that was removed with its folder has none. */
static bool remove_file(struct logger *logger)
{
	bool is_removed = files_remove(&logger->files) == 0;

	pthread_mutex_lock(&logger->mutex);
	logger->files.sequence -= is_removed;
	pthread_mutex_unlock(&logger->mutex);
	return is_removed || logger_file_is_removed(logger);
}

/* A disk that is full is not littered with beginnings of files. One that has become read-only keeps them, and the gap
 * in them. */
static void close_or_discard(struct logger *logger)
{
	if (logger->in_file.cycles > 0 || logger->in_file.events > 0 ||
	    !remove_file(logger)) {
		close_refused(logger);
		return;
	}
	lose_file(logger);
	retire(logger);
}

static uint64_t last_cycle(const struct logger *logger)
{
	return logger->cycles_seen > 0 ? logger->cycles_seen - 1 : 0;
}

static void note(struct logger *logger, enum event_code code, int64_t value,
		 const char *text)
{
	const struct record_event event = { .code = code,
					    .device = EVENT_NO_DEVICE,
					    .cycle = last_cycle(logger),
					    .value = value };

	notes_add(&logger->notes, &event, sys_now(), text);
}

void logger_file_note(struct logger *logger, enum event_code code, int64_t value)
{
	note(logger, code, value, NULL);
}

/* Told once, however often it is tried in vain. */
static void set_degraded(struct logger *logger, int code, const struct err *err)
{
	logger_file_set_failure(logger, err);
	if (atomic_load(&logger->is_degraded)) {
		return;
	}
	note(logger, EVENT_LOG_FAILED, -code, err->text);
	atomic_store(&logger->degraded_ns, sys_now());
	atomic_store(&logger->is_degraded, true);
	counter_add(&logger->degradations, 1);
}

void logger_file_degrade(struct logger *logger, int code, const struct err *err)
{
	if (logger_file_is_open(logger)) {
		take_back(logger);
		close_or_discard(logger);
	}
	set_degraded(logger, code, err);
	logger->retry_ns = sys_now() + LOGGER_RETRY_NS;
}

void logger_file_fail(struct logger *logger, int code)
{
	struct err err;

	err_set_errno(&err, code, "cannot write the log %s", logger->files.path);
	logger_file_degrade(logger, code, &err);
}

struct syncer_file logger_file_open(const struct logger *logger)
{
	return (struct syncer_file){ logger->writer.fd, logger->file_number,
				     logger->unsynced.end +
					     unput_event_count(&logger->unput) };
}

bool logger_file_is_removed(const struct logger *logger)
{
	return logger->counts_links && files_is_removed(logger->writer.fd);
}

void logger_file_give_up(struct logger *logger)
{
	struct err err;

	err_set(&err, -ENOENT, "the log %s was removed", logger->files.path);
	take_back(logger);
	lose_file(logger);
	retire(logger);
	set_degraded(logger, -ENOENT, &err);
}

int logger_file_end(struct logger *logger)
{
	int code = mcap_writer_flush(logger->mcap);

	code = code ? code : writer_settle(&logger->writer);
	logger_file_confirm(logger);
	/* asked late: on a slow disk it may go while it is settled */
	if (logger_file_is_removed(logger)) {
		logger_file_give_up(logger);
		return -ENOENT;
	}
	code = code ? code : mcap_writer_end(logger->mcap);
	if (code) {
		logger_file_fail(logger, code);
		return code;
	}
	retire(logger);
	return 0;
}

/* The file is whole as far as the kernel knows, which is not to be relied on. */
void logger_file_distrust(struct logger *logger, const struct syncer_failure *failure)
{
	bool is_newest = failure->number == logger->file_number;
	struct err err;

	logger->has_sync_failed = true;
	err_set_errno(&err, failure->code, "cannot sync %s%s",
		      is_newest ? "the log " : "the log before ", logger->files.path);
	if (is_newest && logger_file_is_open(logger) && logger_file_end(logger) == 0) {
		unsynced_give_back(&logger->unsynced, failure->number, &logger->notes);
		set_degraded(logger, failure->code, &err);
		return;
	}
	unsynced_give_back(&logger->unsynced, failure->number, &logger->notes);
	logger_file_set_failure(logger, &err);
	note(logger, EVENT_LOG_FAILED, -failure->code, err.text);
}

static const char *device_name(const struct logger *logger, uint32_t device)
{
	return device < logger->device_count ? logger->devices[device].name : "";
}

static int write_event(struct logger *logger, const struct log_note *note)
{
	struct log_note told = *note;
	const struct log_plugin *plugin =
		event_body_plugin(&told, logger->plugins, logger->plugin_count);
	uint8_t body[EVENT_BODY_MAX];
	size_t bytes = event_body_encode(
		&told, plugin ? plugin->name : device_name(logger, note->event.device),
		body);
	return mcap_writer_message(logger->mcap, TOPIC_EVENT,
				   log_time(logger, note->time_ns), body, bytes);
}

void logger_file_event(struct logger *logger, const struct log_note *note)
{
	int code = write_event(logger, note);

	/* only now: writing it may have put those before it */
	unput_event(&logger->unput, note);
	if (code) {
		logger_file_fail(logger, code);
	}
}

/* Returns whether the record tells of cycles, and which is the last of them. */
static bool find_cycles(const struct record *record, struct record_gap *ret_range)
{
	if (record->topic == TOPIC_CYCLE) {
		memcpy(&ret_range->first, record + 1, sizeof(ret_range->first));
		ret_range->last = ret_range->first;
		return true;
	}
	if (record->topic == TOPIC_GAP) {
		memcpy(ret_range, record + 1, sizeof(*ret_range));
		return true;
	}
	return false;
}

void logger_file_record(struct logger *logger, const struct record *record)
{
	struct record_gap range;
	int code = mcap_writer_message(logger->mcap, record->topic,
				       log_time(logger, record->time_ns), record + 1,
				       record->bytes);

	if (find_cycles(record, &range)) {
		bool is_gap = record->topic == TOPIC_GAP;

		logger->cycles_seen = range.last + 1;
		logger->unput.seen.cycles += !is_gap;
		logger->unput.seen.gaps += is_gap;
		counter_add(&logger->gaps, is_gap);
	}
	if (code) {
		logger_file_fail(logger, code);
	}
}

void logger_file_lose(struct logger *logger, const struct record *record)
{
	struct record_gap range;

	if (find_cycles(record, &range)) {
		lose_range(logger, range.first, range.last);
		counter_add(&logger->cycles_lost, record->topic == TOPIC_CYCLE);
		logger->cycles_seen = range.last + 1;
		logger->cycles_put = logger->cycles_seen;
	}
}
