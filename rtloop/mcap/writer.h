/*
 * Writes an MCAP file (https://mcap.dev/spec): chunks with CRC, message indexes, and at
 * the end the summary with statistics, chunk indexes and summary offsets. Bytes leave
 * through a sink in few large pieces, so that who writes them to disk, and how, is
 * decided elsewhere (log/).
 */
#ifndef RTLOOP_MCAP_WRITER_H
#define RTLOOP_MCAP_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/mcap/record.h"

struct mcap_writer;

/* How a file stands between two chunks; see mcap_writer_save(). */
struct mcap_point {
	uint64_t put_bytes;
	uint32_t crc;
	size_t indexed_bytes;
	uint64_t messages;
	uint32_t chunks;
	uint64_t start_ns, end_ns;
	uint64_t *topic_messages; /* the caller's: room for one a topic */
};

/*
 * Where the bytes go, in order. put() takes all of them or returns -errno. When it fails,
 * the function that called it has changed nothing: if put() took nothing either, the call
 * may be repeated, and the open chunk still holds all of its messages.
 */
struct mcap_sink {
	int (*put)(void *context, const void *data, size_t bytes);
	void *context;
};

/* A topic: its channel and its schema (encoding ros2msg, messages cdr). */
struct mcap_topic {
	const char *name;	 /* "/io/probe" */
	const char *schema_name; /* "rtloop/msg/Probe" */
	const char *schema_text; /* ros2msg: one definition, and those that it names */
};

struct mcap_pair {
	const char *key;
	const char *value;
};

/**
 * mcap_writer_create - memory for one file at a time.
 * @chunk_bytes: a chunk is closed before it grows past this; a longer message makes one
 * of its own
 *
 * NULL without memory. [init]
 */
struct mcap_writer *mcap_writer_create(size_t chunk_bytes);
void mcap_writer_destroy(struct mcap_writer *writer);

/**
 * mcap_writer_begin - start a file: magic, header (profile "ros2", library), and one
 * schema and one channel for each topic; topics[i] has channel id i and schema id i + 1.
 *
 * They are written outside chunks, at the file's head, and again in the summary. -errno
 * of the sink, -ENOMEM, -EINVAL more than 65534 topics. [log]
 */
int mcap_writer_begin(struct mcap_writer *writer, const struct mcap_sink *sink,
		      const struct mcap_topic *topics, unsigned topic_count,
		      const char *library) MUST_CHECK;

/** mcap_writer_attach - an attachment; between begin and end. -errno, -ENOMEM. [log] */
int mcap_writer_attach(struct mcap_writer *writer, const char *name,
		       const char *media_type, const void *data, size_t bytes,
		       uint64_t log_time_ns) MUST_CHECK;

/** mcap_writer_metadata - a record of pairs; likewise. -errno, -ENOMEM. [log] */
int mcap_writer_metadata(struct mcap_writer *writer, const char *name,
			 const struct mcap_pair *pairs, unsigned pair_count) MUST_CHECK;

/**
 * mcap_writer_message - one message into the open chunk.
 * @body: CDR (XCDR1, little endian) without the 4-byte encapsulation header, which is put
 * before it
 *
 * Allocates only to grow an index of messages or chunks. -EINVAL no such topic, -ENOMEM,
 * -errno of the sink; then the message is not in the file. [log]
 */
int mcap_writer_message(struct mcap_writer *writer, uint16_t topic, uint64_t log_time_ns,
			const void *body, size_t bytes) MUST_CHECK;

/**
 * mcap_writer_copy - a message of another log, as it is: data with its encapsulation header, sequence and
 * both times. Its channel becomes that of @topic.
 *
 * Errors as above. [log]
 */
int mcap_writer_copy(struct mcap_writer *writer, uint16_t topic,
		     const struct mcap_message *message) MUST_CHECK;

/** mcap_writer_flush - close the open chunk, if it holds messages, and put it. [log] */
int mcap_writer_flush(struct mcap_writer *writer) MUST_CHECK;

/**
 * mcap_writer_drop - forget the messages of the open chunk, none of which the sink took.
 * [log]
 */
void mcap_writer_drop(struct mcap_writer *writer);

/**
 * mcap_writer_save - inside of put() for a chunk: how the file stands before it.
 *
 * For a sink that says only later that it could not take a chunk after all. [log]
 */
void mcap_writer_save(const struct mcap_writer *writer, struct mcap_point *point);

/** mcap_writer_restore - back to that point of the same file: all chunks since, and the open one, were never
 * put. [log] */
void mcap_writer_restore(struct mcap_writer *writer, const struct mcap_point *point);

/** mcap_writer_end - flush, data end, summary, footer, magic. -errno. [log] */
int mcap_writer_end(struct mcap_writer *writer) MUST_CHECK;

/** mcap_writer_bytes - bytes of the file so far, the open chunk included. [log] */
uint64_t mcap_writer_bytes(const struct mcap_writer *writer);

#endif
