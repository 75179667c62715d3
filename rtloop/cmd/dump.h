/* What the parts of "rtloop dump" share. */
#ifndef RTLOOP_CMD_DUMP_H
#define RTLOOP_CMD_DUMP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "rtloop/base/attr.h"
#include "rtloop/cmd/clean.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/log_time.h"
#include "rtloop/cmd/terminal.h"
#include "rtloop/mcap/bytes.h"
#include "rtloop/mcap/log.h"
#include "rtloop/mcap/survey.h"

enum dump_kind { DUMP_LIST, DUMP_CSV, DUMP_JSONL, DUMP_CHECK, DUMP_ATTACHMENT };

struct dump_options {
	enum dump_kind kind;
	const char *channels; /* list of patterns; NULL: not asked for */
	const char *from;     /* NULL: the beginning */
	const char *to;	      /* NULL: the end */
	const char *output;   /* NULL: standard output */
	const char *attachment;
	uint64_t every;
	bool wants_quality;
	char **files;
	unsigned file_count;
};

/* dump_select.c */

/* One column of a table, one channel: "probe.temp". */
struct dump_column {
	char *name;
	uint32_t mark; /* of the name: where two differ, so do the names */
};

struct dump_selection {
	char **patterns; /* NULL-terminated; NULL: the usual */
	bool *is_matched;
	char *list;
	bool wants_quality;
	bool wants_all; /* the usual is everything */
	struct dump_column *columns;
	unsigned column_count;
};

/**
 * dump_selection_init - @channels: comma-separated; NULL: the usual. -ENOMEM. [any but
 * rt]
 */
int dump_selection_init(struct dump_selection *selection, const char *channels,
			bool wants_quality, bool wants_all) MUST_CHECK;
void dump_selection_fini(struct dump_selection *selection);

/**
 * dump_selection_add - the columns that a topic brings, behind those there are.
 *
 * -ENOMEM. [any but rt]
 */
int dump_selection_add(struct dump_selection *selection, const char *topic,
		       const struct schema *schema) MUST_CHECK;

/** dump_selection_column - where a field goes; -1: it is not wanted. [any but rt] */
int dump_selection_column(const struct dump_selection *selection, const char *topic,
			  const struct schema_field *field);

/**
 * dump_selection_unmatched - the first pattern that has matched nothing, or NULL. [any
 * but rt]
 */
const char *dump_selection_unmatched(const struct dump_selection *selection);

/** dump_is_device - whether a topic is of what a device reads or drives, or of params or vars. [any but rt] */
bool dump_is_device(const char *topic);

/**
 * dump_column_name - "probe.temp", "probe.temp.quality", "probe.cycle", "probe.out.cycle",
 * "cycle.latency_ns". [any but rt]
 */
void dump_column_name(char *name, size_t name_bytes, const char *topic,
		      const char *field);

/* dump_text.c */

/** dump_put_csv_text - quoted where it must be (RFC 4180). [any but rt] */
void dump_put_csv_text(struct bytes *out, const char *text, size_t length);

/** dump_put_csv_value - bool: 0 or 1; not a number: nan, inf, -inf. [any but rt] */
void dump_put_csv_value(struct bytes *out, const struct schema_value *value);

/** dump_put_json_text - quoted; what is not UTF-8 becomes U+FFFD. [any but rt] */
void dump_put_json_text(struct bytes *out, const char *text, size_t length);

/** dump_put_json_value - not a number: "NaN", "Infinity", "-Infinity". [any but rt] */
void dump_put_json_value(struct bytes *out, const struct schema_value *value);

/* dump_csv.c, dump_jsonl.c */

/* A topic of the file being read. */
struct dump_topic {
	const struct schema *schema; /* NULL: nothing of it is wanted, or can be read */
	const char *name;
	int *columns;	 /* one a field; -1: not wanted */
	bool is_thinned; /* --every goes for it */
};

struct dump_output {
	FILE *file;
	const char *path; /* for messages */
	const struct dump_selection *selection;
	uint64_t start_ns;
	struct bytes line;
	/* of a CSV row being put together */
	struct bytes cells;
	struct dump_cell *row; /* one a column */
	uint64_t row_time_ns;
	bool is_row_open;
};

/* A cell of the row: a part of its text. */
struct dump_cell {
	size_t at;
	size_t length;
	bool is_set;
};

/** dump_csv_begin - the line of names. -errno. [any but rt] */
int dump_csv_begin(struct dump_output *output) MUST_CHECK;

/**
 * dump_csv_message - into the row of its time, or a new one. -EBADMSG, -errno. [any but
 * rt]
 */
int dump_csv_message(struct dump_output *output, const struct dump_topic *topic,
		     const struct mcap_message *message) MUST_CHECK;

/** dump_csv_end - the last row. -errno. [any but rt] */
int dump_csv_end(struct dump_output *output) MUST_CHECK;

/** dump_jsonl_message - one line. -EBADMSG, -errno. [any but rt] */
int dump_jsonl_message(struct dump_output *output, const struct dump_topic *topic,
		       const struct mcap_message *message) MUST_CHECK;

/* What dump does, one file each: returns an exit_status. [init] */
int dump_list(const struct dump_options *options);
int dump_export(const struct command *command, const struct dump_options *options);
int dump_check(const struct dump_options *options);
int dump_attachment(const struct dump_options *options);

#endif
