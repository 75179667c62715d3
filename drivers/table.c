#include "drivers/table.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "drivers/number.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

/* A file being read. */
struct reader {
	const char *path;
	FILE *file;
	char *line; /* of getline() */
	size_t line_bytes;
	unsigned line_number;
	double rate;
	uint32_t capacity; /* rows that the table has room for */
	struct table *table;
	struct err *err;
};

/* Times past this would not fit, whatever they are added to. */
#define SECONDS_MAX 1e9

static int fail(const struct reader *reader, const char *what)
{
	return err_set(reader->err, -EINVAL, "%s:%u: %s", reader->path,
		       reader->line_number, what);
}

/* Cuts the next cell off @rest; false where none is left. */
static bool next_cell(char **rest, char **ret_cell, uint32_t *ret_bytes)
{
	char *cell = *rest;
	size_t bytes;

	if (!cell) {
		return false;
	}
	bytes = strcspn(cell, ",");
	*rest = cell[bytes] == ',' ? cell + bytes + 1 : NULL;
	while (bytes > 0 && (unsigned char)cell[0] <= ' ') {
		cell++;
		bytes--;
	}
	while (bytes > 0 && (unsigned char)cell[bytes - 1] <= ' ') {
		bytes--;
	}
	*ret_cell = cell;
	*ret_bytes = (uint32_t)bytes;
	return true;
}

static int parse_cell(const char *cell, uint32_t bytes, double *ret_value)
{
	struct number number;
	int rc;

	if (bytes == 0) {
		*ret_value = NAN;
		return 0;
	}
	rc = number_parse((const uint8_t *)cell, bytes, 10, &number);
	if (!rc) {
		*ret_value = number.as_float;
	}
	return rc;
}

static bool is_header(char *line)
{
	char *rest = line;
	char *cell;
	uint32_t bytes;
	double value;

	return next_cell(&rest, &cell, &bytes) && parse_cell(cell, bytes, &value) != 0;
}

static uint32_t count_cells(const char *line)
{
	uint32_t count = 1;

	for (; *line; line++) {
		count += *line == ',';
	}
	return count;
}

static int grow(struct reader *reader)
{
	struct table *table = reader->table;
	uint32_t capacity = reader->capacity > 0 ? 2 * reader->capacity : 64;
	void *times = realloc(table->times_ns, capacity * sizeof(*table->times_ns));
	void *cells;

	if (!times) {
		return err_set(reader->err, -ENOMEM, "%s: no memory", reader->path);
	}
	table->times_ns = times;
	cells = realloc(table->cells,
			(size_t)capacity * table->column_count * sizeof(double));
	if (!cells) {
		return err_set(reader->err, -ENOMEM, "%s: no memory", reader->path);
	}
	table->cells = cells;
	reader->capacity = capacity;
	return 0;
}

static int set_time(const struct reader *reader, double seconds)
{
	struct table *table = reader->table;
	uint32_t row = table->row_count;

	if (reader->rate > 0) {
		seconds = row / reader->rate;
	}
	if (!(fabs(seconds) < SECONDS_MAX)) {
		return fail(reader, "column 0 is no time in seconds");
	}
	table->times_ns[row] = llround(seconds * (double)NS_PER_SEC);
	if (row > 0 && table->times_ns[row] <= table->times_ns[row - 1]) {
		return fail(reader, "the time in column 0 does not rise");
	}
	return 0;
}

static int read_row(struct reader *reader)
{
	struct table *table = reader->table;
	char *rest = reader->line;
	double *cells;
	char *cell;
	uint32_t bytes;
	int rc = 0;

	if (count_cells(reader->line) != table->column_count) {
		return fail(reader, "another number of columns than in the row before");
	}
	if (table->row_count == TABLE_ROWS_MAX) {
		return fail(reader, "too many rows");
	}
	if (table->row_count == reader->capacity) {
		rc = grow(reader);
	}
	if (rc) {
		return rc;
	}
	cells = table->cells + (size_t)table->row_count * table->column_count;
	for (uint32_t i = 0; next_cell(&rest, &cell, &bytes); i++) {
		if (parse_cell(cell, bytes, &cells[i])) {
			return fail(reader, "a cell is no number");
		}
	}
	rc = set_time(reader, cells[0]);
	if (!rc) {
		table->row_count++;
	}
	return rc;
}

static bool is_passed_over(const char *line)
{
	return line[0] == '#' || line[strspn(line, " \t\r\n")] == '\0';
}

static int read_line(struct reader *reader, bool *is_first)
{
	if (is_passed_over(reader->line)) {
		return 0;
	}
	if (*is_first) {
		*is_first = false;
		reader->table->column_count = count_cells(reader->line);
		if (reader->table->column_count > TABLE_COLUMNS_MAX) {
			return fail(reader, "too many columns");
		}
		if (is_header(reader->line)) {
			return 0;
		}
	}
	return read_row(reader);
}

static int read_rows(struct reader *reader)
{
	bool is_first = true;
	int rc = 0;

	while (!rc && getline(&reader->line, &reader->line_bytes, reader->file) >= 0) {
		reader->line_number++;
		rc = read_line(reader, &is_first);
	}
	/* for want of memory a line ends without an error of the file */
	if (!rc && !feof(reader->file)) {
		return err_set_errno(reader->err, -errno, "%s: cannot be read",
				     reader->path);
	}
	if (!rc && reader->table->row_count == 0) {
		return err_set(reader->err, -EINVAL, "%s: holds no row of numbers",
			       reader->path);
	}
	return rc;
}

/* The last row lasts as long as the one before it. */
static void finish(struct table *table, double rate)
{
	uint32_t last = table->row_count - 1;
	int64_t first_ns = table->times_ns[0];
	int64_t step_ns = rate > 0 ? llround((double)NS_PER_SEC / rate) : NS_PER_SEC;

	for (uint32_t i = 0; i <= last; i++) {
		table->times_ns[i] -= first_ns;
	}
	if (last > 0) {
		step_ns = table->times_ns[last] - table->times_ns[last - 1];
	}
	table->span_ns = table->times_ns[last] + step_ns;
}

static int check_file(const struct reader *reader)
{
	struct stat status;

	if (fstat(fileno(reader->file), &status)) {
		return err_set_errno(reader->err, -errno, "%s", reader->path);
	}
	if (!S_ISREG(status.st_mode)) {
		return err_set(reader->err, -EINVAL, "%s: not a regular file",
			       reader->path);
	}
	if (status.st_size > TABLE_FILE_BYTES_MAX) {
		return err_set(reader->err, -EFBIG, "%s: more than %d MiB", reader->path,
			       TABLE_FILE_BYTES_MAX >> 20);
	}
	return 0;
}

/* Without waiting for someone who writes, if it is a pipe. */
static int open_file(struct reader *reader)
{
	int fd = sys_open(reader->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

	if (fd < 0) {
		return err_set_errno(reader->err, fd, "%s", reader->path);
	}
	reader->file = fdopen(fd, "r");
	if (!reader->file) {
		int code = -errno;

		sys_close(fd);
		return err_set_errno(reader->err, code, "%s", reader->path);
	}
	return 0;
}

int table_load(const char *path, double rate, struct table *ret_table, struct err *err)
{
	struct table table = { .times_ns = NULL };
	struct reader reader = {
		.path = path, .rate = rate, .table = &table, .err = err
	};
	int rc = open_file(&reader);

	if (rc) {
		return rc;
	}
	rc = check_file(&reader);
	if (!rc) {
		rc = read_rows(&reader);
	}
	fclose(reader.file);
	free(reader.line);
	if (rc) {
		table_free(&table);
		return rc;
	}
	finish(&table, rate);
	*ret_table = table;
	return 0;
}

void table_free(struct table *table)
{
	free(table->times_ns);
	free(table->cells);
	*table = (struct table){ .times_ns = NULL };
}

bool table_row_at(const struct table *table, int64_t t_ns, bool is_looping,
		  uint32_t *ret_row)
{
	uint32_t low = 0;
	uint32_t high = table->row_count;

	if (t_ns >= table->span_ns) {
		if (!is_looping) {
			return false;
		}
		t_ns %= table->span_ns;
	}
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (table->times_ns[middle] <= t_ns) {
			low = middle;
		} else {
			high = middle;
		}
	}
	*ret_row = low;
	return true;
}

double table_cell(const struct table *table, uint32_t row, uint32_t column)
{
	return table->cells[(size_t)row * table->column_count + column];
}
