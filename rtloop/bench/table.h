/* The tables that a bench fills: one row for each thing that is measured. */
#ifndef RTLOOP_BENCH_TABLE_H
#define RTLOOP_BENCH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/bench/samples.h"

#define ROW_NAME_BYTES	  32
#define ROW_FAILURE_BYTES 200
#define ROW_TITLE_BYTES	  80

enum bench_part {
	PART_FLOOR,   /* what any call costs */
	PART_PACERS,  /* waiting for a release */
	PART_CYCLES,  /* waiting and reading, as a cycle does both */
	PART_READERS, /* reading endpoints, without waiting */
	PART_WRITERS, /* what a log does to the disk */
	BENCH_PARTS,
};

/* Members that a part has no use for are 0. */
struct row {
	char name[ROW_NAME_BYTES];
	char failure[ROW_FAILURE_BYTES]; /* why there are no figures; "": there are */
	int64_t tail_ns;   /* pacers and cycles: of spinning before the release */
	const char *pacer; /* cycles: as loop: names them */
	const char *poller;
	bool is_of_file; /* readers: endpoints of the kinds that the configuration has */
	unsigned endpoints; /* cycles and readers */
	unsigned ready;	    /* how many of them had a message */
	const char *writer; /* writers: as log: names it; NULL: rtloop has none such */
	const char *sync;   /* writers: how it is made durable */
	struct samples samples;
	struct figure figure; /* of the samples, once the part has ended */
	double cpu_ns;	      /* that it took ... */
	double wall_ns;	      /* pacers: in this time */
	uint64_t bytes;	      /* writers: for these */
	uint64_t calls;	      /* readers: system calls ... */
	uint64_t scans;	      /* ... in so many scans */
	uint64_t late;	      /* scans that came before their messages did */
};

struct table {
	struct row *rows;
	unsigned count;
	unsigned room;
};

/** table_add - one row more, zeroed but for its name; NULL without memory. Rows before it may move. [init] */
struct row *table_add(struct table *table, const char *name);

/** table_end - fill in the figures. [init] */
void table_end(struct table *table);
void table_fini(struct table *table);

/** row_title - its name, with its tail where it has one; returns @buffer. [any but rt] */
const char *row_title(const struct row *row, char *buffer, size_t size);

/** row_fail - no figures, and why; the first reason stays. [any but rt] */
void row_fail(struct row *row, const char *format, ...) PRINTF_LIKE(2, 3);

/** row_is_measured - whether it has figures. [any] */
bool row_is_measured(const struct row *row) RT_SAFE;

/** row_cpu_share - of one CPU, 0 to 1; below 0 where that was not measured. [any] */
double row_cpu_share(const struct row *row) RT_SAFE;

/** row_cpu_us_per_mb - CPU time for 10^6 bytes; below 0 where that was not measured. [any] */
double row_cpu_us_per_mb(const struct row *row) RT_SAFE;

/** row_calls - system calls of a scan; below 0 where they were not counted. [any] */
double row_calls(const struct row *row) RT_SAFE;

#endif
