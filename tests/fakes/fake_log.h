/* Logs in memory: written by the real writer, kept where a test can look at and spoil every byte. */
#ifndef TESTS_FAKES_FAKE_LOG_H
#define TESTS_FAKES_FAKE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "rtloop/mcap/writer.h"

/* A file in memory, with a path as long as it lives. */
struct fake_file {
	int fd;
	char path[64];
};

/** fake_file_init - with these bytes. */
void fake_file_init(struct fake_file *file, const void *data, size_t bytes);
void fake_file_fini(struct fake_file *file);

/** fake_file_set - other bytes, and no more than these. */
void fake_file_set(struct fake_file *file, const void *data, size_t bytes);

/** fake_file_poke - write over a few. */
void fake_file_poke(struct fake_file *file, size_t offset, const void *data,
		    size_t bytes);

/* A sink that keeps what it is given. */
struct fake_sink {
	uint8_t *data;
	size_t bytes;
	size_t capacity;
	unsigned puts;
	unsigned fail_at; /* the put that fails, from 1 on; 0: none */
	int code;	  /* with what it fails */
};

void fake_sink_fini(struct fake_sink *sink);

/** fake_sink_interface - what the writer is given. */
struct mcap_sink fake_sink_interface(struct fake_sink *sink);

enum { FAKE_CYCLE, FAKE_GAP, FAKE_EVENT, FAKE_PROBE, FAKE_TOPICS };

/* As of a real log: /cycle, /gap, /event and one device. */
extern const struct mcap_topic fake_topics[FAKE_TOPICS];

#define FAKE_START_NS UINT64_C(1700000000000000000)

/** fake_log_cycle, _gap, _event, _probe - one message each; fails the test where it cannot. */
void fake_log_cycle(struct mcap_writer *writer, uint64_t cycle);
void fake_log_gap(struct mcap_writer *writer, uint64_t first, uint64_t last);
void fake_log_event(struct mcap_writer *writer, uint64_t cycle, const char *text);
void fake_log_probe(struct mcap_writer *writer, uint64_t cycle, double temp);

/**
 * fake_log_write - a log with every kind of record: an attachment, metadata, and cycles from first to
 * last, of which each tenth is a gap of two; small chunks. Whatever was in the sink is gone.
 */
void fake_log_write(struct fake_sink *sink, uint64_t first, uint64_t last);

#endif
