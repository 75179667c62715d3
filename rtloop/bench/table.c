#include "rtloop/bench/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "rtloop/base/time.h"

#define ROWS_FIRST 16

struct row *table_add(struct table *table, const char *name)
{
	struct row *row;

	if (table->count == table->room) {
		unsigned room = table->room ? 2 * table->room : ROWS_FIRST;
		struct row *rows = realloc(table->rows, room * sizeof(*rows));

		if (!rows) {
			return NULL;
		}
		table->rows = rows;
		table->room = room;
	}
	row = &table->rows[table->count++];
	*row = (struct row){ .tail_ns = 0 };
	snprintf(row->name, sizeof(row->name), "%s", name);
	return row;
}

void table_end(struct table *table)
{
	for (unsigned i = 0; i < table->count; i++) {
		table->rows[i].figure = samples_figure(&table->rows[i].samples);
	}
}

void table_fini(struct table *table)
{
	free(table->rows);
	*table = (struct table){ .rows = NULL };
}

const char *row_title(const struct row *row, char *buffer, size_t size)
{
	char tail[32];

	time_print_duration(tail, sizeof(tail), row->tail_ns);
	snprintf(buffer, size, "%s%s%s", row->name, row->tail_ns ? ", tail " : "",
		 row->tail_ns ? tail : "");
	return buffer;
}

void row_fail(struct row *row, const char *format, ...)
{
	va_list args;

	if (row->failure[0]) {
		return;
	}
	va_start(args, format);
	vsnprintf(row->failure, sizeof(row->failure), format, args);
	va_end(args);
}

bool row_is_measured(const struct row *row)
{
	return row->figure.samples > 0 && !row->failure[0];
}

double row_cpu_share(const struct row *row)
{
	return row->wall_ns > 0.0 ? row->cpu_ns / row->wall_ns : -1.0;
}

double row_cpu_us_per_mb(const struct row *row)
{
	return row->bytes > 0 ? row->cpu_ns * 1e3 / (double)row->bytes : -1.0;
}

double row_calls(const struct row *row)
{
	return row->scans > 0 ? (double)row->calls / (double)row->scans : -1.0;
}
