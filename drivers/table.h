/*
 * A CSV file of samples over time, for playback.
 *
 * Columns are separated by commas; blank lines and lines that begin with '#' are passed over, and so
 * is the first other line where its first column is no number (a header). Without a rate, column 0 is
 * the time in seconds, rising from row to row. An empty cell is a value that was bad.
 */
#ifndef DRIVERS_TABLE_H
#define DRIVERS_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

#define TABLE_COLUMNS_MAX    256
#define TABLE_ROWS_MAX	     1000000
#define TABLE_FILE_BYTES_MAX (64 << 20)

struct table {
	int64_t *times_ns; /* owned; of each row, from the first one's 0 */
	double *cells;	   /* owned; row by row; NaN: empty */
	uint32_t row_count;
	uint32_t column_count;
	int64_t span_ns; /* until the row after the last would come: one round of a loop */
};

/**
 * table_load - read and check the file.
 * @rate: rows a second; 0: column 0 is the time
 *
 * With @err filled as "PATH:LINE: what is wrong": what open(2) or read(2) returned; -EFBIG; -EINVAL;
 * -ENOMEM. [init]
 */
int table_load(const char *path, double rate, struct table *ret_table,
	       struct err *err) MUST_CHECK;
void table_free(struct table *table);

/**
 * table_row_at - the row in force at @t_ns after the first one.
 *
 * False past the end of a table that is not @is_looping. [rt]
 */
bool table_row_at(const struct table *table, int64_t t_ns, bool is_looping,
		  uint32_t *ret_row) RT_SAFE;

/** table_cell - NaN where it was empty. [any] */
double table_cell(const struct table *table, uint32_t row, uint32_t column) RT_SAFE;

#endif
