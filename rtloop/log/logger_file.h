/*
 * The file that a logger has open: what is put into it, and the account of what was lost when the disk
 * refused it. Private to the logger.
 */
#ifndef RTLOOP_LOG_LOGGER_FILE_H
#define RTLOOP_LOG_LOGGER_FILE_H

#include "rtloop/base/time.h"
#include "rtloop/log/logger.h"

#define LOGGER_RETRY_NS NS_PER_SEC
#define LOGGER_WAIT_NS	(100 * NS_PER_MS)

/**
 * logger_file_begin - a new file, with what was lost before it.
 *
 * -errno with @err filled; then no file was made. [log]
 */
int logger_file_begin(struct logger *logger, struct err *err) MUST_CHECK;

/** logger_file_is_open - [log] */
bool logger_file_is_open(const struct logger *logger);

/** logger_file_open - the open file, as the syncer knows it. [log] */
struct syncer_file logger_file_open(const struct logger *logger);

/** logger_file_end - close it as a whole log. -errno: as logger_file_fail(), where the disk refuses. [log] */
int logger_file_end(struct logger *logger);

/** logger_file_has_room - whether a record can be put without a wait for the disk. [log] */
bool logger_file_has_room(struct logger *logger);

/** logger_file_confirm - account for what the writer has written meanwhile. [log] */
void logger_file_confirm(struct logger *logger);

/** logger_file_is_removed - whether the open file has no name any more. [log] */
bool logger_file_is_removed(const struct logger *logger);

/** logger_file_give_up - the open file was removed: all cycles in it are lost. [log] */
void logger_file_give_up(struct logger *logger);

/**
 * logger_file_distrust - a sync failed: what the kernel had of that file may be gone. If it is the open one it is
 * closed, and the next one is to be begun. [log]
 */
void logger_file_distrust(struct logger *logger, const struct syncer_failure *failure);

/** logger_file_record - a record of the ring that is not an event; may fail as below. [log] */
void logger_file_record(struct logger *logger, const struct record *record);

/** logger_file_event - an event with its words; may fail as below, and then waits. [log] */
void logger_file_event(struct logger *logger, const struct log_note *note);

/** logger_file_lose - no file is open: the cycles of this record are lost. [log] */
void logger_file_lose(struct logger *logger, const struct record *record);

/** logger_file_note - an event of the logger itself, of the last cycle, waits to be written. [log] */
void logger_file_note(struct logger *logger, enum event_code code, int64_t value);

/**
 * logger_file_fail - the disk refused: what was in the open chunk is lost, and so is what comes until
 * another file opens. The cycles are owed as a gap, the events wait. [log]
 */
void logger_file_fail(struct logger *logger, int code);

/** logger_file_degrade - the same, with its words; also where no file was open. No file is tried for
 * LOGGER_RETRY_NS. [log] */
void logger_file_degrade(struct logger *logger, int code, const struct err *err);

/** logger_file_set_failure - count a failure, and keep its words. [log] */
void logger_file_set_failure(struct logger *logger, const struct err *err);

#endif
