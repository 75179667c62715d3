/*
 * The table: one row for each time at which something was logged, one column for each
 * channel. What one cycle logged has one time and so is one row; a topic that comes twice
 * at one time begins a row of its own.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/cmd/dump.h"

static int write_line(struct dump_output *output)
{
	if (output->line.code) {
		return output->line.code;
	}
	if (fwrite(output->line.data, 1, output->line.used, output->file) !=
	    output->line.used) {
		return errno ? -errno : -EIO;
	}
	return 0;
}

int dump_csv_begin(struct dump_output *output)
{
	const struct dump_selection *selection = output->selection;
	struct bytes *line = &output->line;

	output->row = calloc(selection->column_count + 1, sizeof(*output->row));
	if (!output->row) {
		return -ENOMEM;
	}
	bytes_clear(line);
	bytes_put(line, "time_ns,time_s", strlen("time_ns,time_s"));
	for (unsigned i = 0; i < selection->column_count; i++) {
		const char *name = selection->columns[i].name;

		bytes_put_u8(line, ',');
		dump_put_csv_text(line, name, strlen(name));
	}
	bytes_put_u8(line, '\n');
	return write_line(output);
}

/* Both times: the first exact, the second to be read and plotted. */
static void put_times(struct dump_output *output)
{
	uint64_t ns = output->row_time_ns;
	uint64_t since_ns =
		ns < output->start_ns ? output->start_ns - ns : ns - output->start_ns;
	char text[80];

	snprintf(text, sizeof(text), "%" PRIu64 ",%s%" PRIu64 ".%09" PRIu64, ns,
		 ns < output->start_ns ? "-" : "", since_ns / (uint64_t)NS_PER_SEC,
		 since_ns % (uint64_t)NS_PER_SEC);
	bytes_put(&output->line, text, strlen(text));
}

static int end_row(struct dump_output *output)
{
	const struct bytes *cells = &output->cells;

	if (!output->is_row_open) {
		return 0;
	}
	output->is_row_open = false;
	if (cells->code) {
		return cells->code;
	}
	bytes_clear(&output->line);
	put_times(output);
	for (unsigned i = 0; i < output->selection->column_count; i++) {
		const struct dump_cell *cell = &output->row[i];

		bytes_put_u8(&output->line, ',');
		if (cell->is_set) {
			bytes_put(&output->line, cells->data + cell->at, cell->length);
		}
	}
	bytes_put_u8(&output->line, '\n');
	return write_line(output);
}

static void begin_row(struct dump_output *output, uint64_t time_ns)
{
	memset(output->row, 0, output->selection->column_count * sizeof(*output->row));
	bytes_clear(&output->cells);
	output->row_time_ns = time_ns;
	output->is_row_open = true;
}

/* Whether the row has this topic already: it would write over what stands there. */
static bool has_topic(const struct dump_output *output, const struct dump_topic *topic)
{
	for (unsigned i = 0; i < topic->schema->field_count; i++) {
		if (topic->columns[i] >= 0) {
			return output->row[topic->columns[i]].is_set;
		}
	}
	return false;
}

static void put_cell(struct dump_output *output, int column,
		     const struct schema_value *value)
{
	struct dump_cell *cell = &output->row[column];

	if (!cell->is_set) {
		cell->is_set = true;
		cell->at = output->cells.used;
	} else {
		bytes_put_u8(&output->cells, ';');
	}
	if (value->count) {
		dump_put_csv_value(&output->cells, value);
	}
	cell->length = output->cells.used - cell->at;
}

static int put_cells(struct dump_output *output, const struct dump_topic *topic,
		     struct schema_walk *walk)
{
	struct schema_value value;
	int code, column;

	while ((code = schema_walk_next(walk, &value)) > 0) {
		column = topic->columns[value.field - topic->schema->fields];
		if (column >= 0) {
			put_cell(output, column, &value);
		}
	}
	return code;
}

/* A message that breaks off leaves nothing behind. */
static void forget_topic(struct dump_output *output, const struct dump_topic *topic,
			 bool is_row_new)
{
	for (unsigned i = 0; i < topic->schema->field_count; i++) {
		if (topic->columns[i] >= 0) {
			output->row[topic->columns[i]].is_set = false;
		}
	}
	output->is_row_open = !is_row_new;
}

int dump_csv_message(struct dump_output *output, const struct dump_topic *topic,
		     const struct mcap_message *message)
{
	bool is_row_new = !output->is_row_open ||
			  output->row_time_ns != message->log_time_ns ||
			  has_topic(output, topic);
	struct schema_walk walk;
	int code = is_row_new ? end_row(output) : 0;

	if (code) {
		return code;
	}
	if (is_row_new) {
		begin_row(output, message->log_time_ns);
	}
	code = schema_walk_begin(&walk, topic->schema, message->data, message->bytes);
	if (!code) {
		code = put_cells(output, topic, &walk);
	}
	if (code) {
		forget_topic(output, topic, is_row_new);
	}
	return code;
}

int dump_csv_end(struct dump_output *output)
{
	return end_row(output);
}
