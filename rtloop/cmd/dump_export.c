#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/suggest.h"
#include "rtloop/base/sys.h"
#include "rtloop/cmd/dump.h"

#define PROGRESS_MESSAGES 4096

/* A topic by its name, over all files. */
struct topic_count {
	char *name;
	uint64_t seen;
};

struct exporter {
	const struct command *command;
	const struct dump_options *options;
	struct dump_selection selection;
	struct dump_selection all; /* every channel that there is, to suggest one */
	struct dump_output output;
	struct mcap_log_options time;
	struct topic_count *counts;
	unsigned count_count;
	bool has_start;
	uint64_t problems;
	uint64_t total_bytes;
	uint64_t done_bytes; /* of the files before */
	uint64_t messages;
	struct progress progress;
	const char *path; /* of the file being read */
	struct mcap_log log;
};

static void tell_problem(void *context, uint64_t offset, const char *text)
{
	struct exporter *exporter = context;

	progress_end(&exporter->progress);
	fprintf(stderr, "%s: byte %" PRIu64 ": %s\n", exporter->path, offset, text);
}

static int fail(struct exporter *exporter, int code, const char *name)
{
	progress_end(&exporter->progress);
	fprintf(stderr, "%s: %s\n", name, strerror(-code));
	return EXIT_FAILED;
}

static int select_columns(struct exporter *exporter, struct mcap_survey *survey)
{
	const char *why;
	int code = 0;

	for (unsigned i = 0; i < survey->streams.count && !code; i++) {
		const struct mcap_stream *stream = survey->streams.list[i];
		const struct schema *schema =
			mcap_streams_schema(&survey->streams, stream, &why);

		if (!schema) {
			fprintf(stderr, "%s: topic ", exporter->path);
			clean_print(stderr, stream->name);
			fprintf(stderr, " is left out: %s\n", why);
			continue;
		}
		code = dump_selection_add(&exporter->selection, stream->name, schema);
		if (!code) {
			code = dump_selection_add(&exporter->all, stream->name, schema);
		}
	}
	return survey->streams.is_out_of_memory ? -ENOMEM : code;
}

/* What columns one file brings, and when the log begins. */
static int survey_file(struct exporter *exporter, const char *path)
{
	struct mcap_reader *reader;
	struct mcap_survey survey;
	struct err err;
	int code = mcap_reader_open(path, &reader, &err);

	exporter->path = path;
	if (code) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILED;
	}
	code = mcap_survey_init(&survey, reader);
	if (!code) {
		exporter->total_bytes += survey.file_bytes;
		if (survey.messages && (!exporter->has_start ||
					survey.start_ns < exporter->output.start_ns)) {
			exporter->output.start_ns = survey.start_ns;
			exporter->has_start = true;
		}
		code = select_columns(exporter, &survey);
		mcap_survey_fini(&survey);
	}
	mcap_reader_close(reader);
	return code ? fail(exporter, code, path) : EXIT_OK;
}

static int wrong_channel(const struct exporter *exporter, const char *pattern)
{
	struct suggest suggest;

	suggest_init(&suggest, pattern);
	for (unsigned i = 0; i < exporter->all.column_count; i++) {
		suggest_offer(&suggest, exporter->all.columns[i].name);
	}
	if (suggest.best) {
		return command_wrong(exporter->command,
				     "the log has no channel '%s'; did you mean '%s'?",
				     pattern, suggest.best);
	}
	return command_wrong(exporter->command, "the log has no channel '%s'", pattern);
}

static int parse_times(struct exporter *exporter)
{
	const struct dump_options *options = exporter->options;

	exporter->time = MCAP_LOG_ALL;
	exporter->time.problem = tell_problem;
	exporter->time.context = exporter;
	return log_time_parse_span(exporter->command, options->from, options->to,
				   exporter->output.start_ns, &exporter->time.from_ns,
				   &exporter->time.to_ns);
}

static int open_output(struct exporter *exporter)
{
	const struct dump_options *options = exporter->options;
	struct dump_output *output = &exporter->output;

	output->file = stdout;
	output->path = "standard output";
	output->selection = &exporter->selection;
	if (!options->output || strcmp(options->output, "-") == 0) {
		return EXIT_OK;
	}
	output->path = options->output;
	output->file = fopen(options->output, "we");
	return output->file ? EXIT_OK : fail(exporter, -errno, output->path);
}

static int close_output(struct exporter *exporter)
{
	struct dump_output *output = &exporter->output;
	int code = 0;

	if (output->file && (fflush(output->file) || ferror(output->file))) {
		code = errno ? -errno : -EIO;
	}
	if (output->file && output->file != stdout && fclose(output->file) && !code) {
		code = -errno;
	}
	output->file = NULL;
	return code ? fail(exporter, code, output->path) : EXIT_OK;
}

/* The counter of a topic: decimation goes on from file to file. */
static struct topic_count *find_count(struct exporter *exporter, const char *name)
{
	struct topic_count *counts;

	for (unsigned i = 0; i < exporter->count_count; i++) {
		if (strcmp(exporter->counts[i].name, name) == 0) {
			return &exporter->counts[i];
		}
	}
	counts = reallocarray(exporter->counts, exporter->count_count + 1,
			      sizeof(*counts));
	if (!counts) {
		return NULL;
	}
	exporter->counts = counts;
	counts += exporter->count_count;
	*counts = (struct topic_count){ .name = strdup(name) };
	if (!counts->name) {
		return NULL;
	}
	exporter->count_count++;
	return counts;
}

static void destroy_topic(struct dump_topic *topic)
{
	if (topic) {
		free(topic->columns);
		free(topic);
	}
}

/* Events and gaps are never left out: each of them counts. */
static bool is_thinned(const char *name)
{
	return strcmp(name, "/event") != 0 && strcmp(name, "/gap") != 0;
}

static struct dump_topic *create_topic(struct exporter *exporter,
				       const struct mcap_stream *stream)
{
	struct dump_topic *topic = calloc(1, sizeof(*topic));
	const struct schema *schema;
	const char *why;
	bool any = false;

	if (!topic) {
		return NULL;
	}
	topic->name = stream->name;
	topic->is_thinned = is_thinned(stream->name);
	schema = mcap_streams_schema(&exporter->log.streams, stream, &why);
	if (!schema) {
		return topic;
	}
	topic->columns = calloc(schema->field_count + 1, sizeof(*topic->columns));
	if (!topic->columns) {
		destroy_topic(topic);
		return NULL;
	}
	for (unsigned i = 0; i < schema->field_count; i++) {
		topic->columns[i] = dump_selection_column(
			&exporter->selection, stream->name, &schema->fields[i]);
		any = any || topic->columns[i] >= 0;
	}
	topic->schema = any ? schema : NULL;
	return topic;
}

/* 1: this message is one of every N. */
static int is_due(struct exporter *exporter, const struct dump_topic *topic)
{
	struct topic_count *count;

	if (exporter->options->every <= 1 || !topic->is_thinned) {
		return 1;
	}
	count = find_count(exporter, topic->name);
	if (!count) {
		return -ENOMEM;
	}
	return count->seen++ % exporter->options->every == 0 ? 1 : 0;
}

static int write_message(struct exporter *exporter,
			 const struct mcap_log_message *message)
{
	struct mcap_stream *stream = message->stream;
	struct dump_topic *topic = stream->tag;
	int code;

	if (!topic) {
		topic = create_topic(exporter, stream);
		stream->tag = topic;
	}
	if (!topic) {
		return -ENOMEM;
	}
	if (!topic->schema) {
		return 0;
	}
	code = is_due(exporter, topic);
	if (code <= 0) {
		return code;
	}
	if (exporter->options->kind == DUMP_CSV) {
		return dump_csv_message(&exporter->output, topic, &message->message);
	}
	return dump_jsonl_message(&exporter->output, topic, &message->message);
}

static int take_message(struct exporter *exporter, const struct mcap_log_message *message)
{
	int code = write_message(exporter, message);

	if (code == -EBADMSG || code == -ENOTSUP) {
		tell_problem(exporter, message->offset,
			     "a message is left out: it does not fit its schema");
		exporter->problems++;
		code = 0;
	}
	if (exporter->messages++ % PROGRESS_MESSAGES == 0) {
		progress_show(&exporter->progress,
			      exporter->done_bytes + mcap_reader_at(exporter->log.reader),
			      exporter->total_bytes, sys_now());
	}
	return code;
}

static void close_log(struct mcap_log *log)
{
	for (unsigned i = 0; i < log->streams.count; i++) {
		destroy_topic(log->streams.list[i]->tag);
	}
	mcap_log_close(log);
}

static int export_file(struct exporter *exporter, const char *path)
{
	struct mcap_log_message message;
	struct err err;
	int code = 0, next;

	exporter->path = path;
	if (mcap_log_open(&exporter->log, path, &exporter->time, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILED;
	}
	while (!code && (next = mcap_log_next(&exporter->log, &message)) != 0) {
		/* any other end of the log has been told */
		if (next < 0 && next != -ENOMEM) {
			break;
		}
		code = next < 0 ? next : take_message(exporter, &message);
	}
	exporter->problems += exporter->log.problems;
	exporter->done_bytes += mcap_reader_bytes(exporter->log.reader);
	close_log(&exporter->log);
	return code ? fail(exporter, code, code == -ENOMEM ? path : exporter->output.path)
		    : EXIT_OK;
}

static int export_files(struct exporter *exporter)
{
	const struct dump_options *options = exporter->options;
	int status = EXIT_OK;
	int code = 0;

	progress_init(&exporter->progress, stderr, "reading the log", sys_now());
	if (options->kind == DUMP_CSV) {
		code = dump_csv_begin(&exporter->output);
	}
	for (unsigned i = 0; i < options->file_count && !code && status == EXIT_OK; i++) {
		status = export_file(exporter, options->files[i]);
	}
	if (!code && status == EXIT_OK && options->kind == DUMP_CSV) {
		code = dump_csv_end(&exporter->output);
	}
	progress_end(&exporter->progress);
	return code ? fail(exporter, code, exporter->output.path) : status;
}

static int prepare(struct exporter *exporter)
{
	const struct dump_options *options = exporter->options;
	const char *pattern;
	int status = EXIT_OK;

	for (unsigned i = 0; i < options->file_count && status == EXIT_OK; i++) {
		status = survey_file(exporter, options->files[i]);
	}
	if (status != EXIT_OK) {
		return status;
	}
	pattern = dump_selection_unmatched(&exporter->selection);
	if (pattern) {
		return wrong_channel(exporter, pattern);
	}
	return parse_times(exporter);
}

static void fini(struct exporter *exporter)
{
	dump_selection_fini(&exporter->selection);
	dump_selection_fini(&exporter->all);
	for (unsigned i = 0; i < exporter->count_count; i++) {
		free(exporter->counts[i].name);
	}
	free(exporter->counts);
	free(exporter->output.row);
	bytes_fini(&exporter->output.line);
	bytes_fini(&exporter->output.cells);
}

int dump_export(const struct command *command, const struct dump_options *options)
{
	struct exporter exporter = { .command = command, .options = options };
	int closed;
	int status;

	if (dump_selection_init(&exporter.selection, options->channels,
				options->wants_quality, options->kind == DUMP_JSONL) ||
	    dump_selection_init(&exporter.all, NULL, true, true)) {
		status = fail(&exporter, -ENOMEM, command->name);
		goto end;
	}
	status = prepare(&exporter);
	if (status == EXIT_OK) {
		status = open_output(&exporter);
	}
	if (status == EXIT_OK) {
		status = export_files(&exporter);
		closed = close_output(&exporter);
		status = status == EXIT_OK ? closed : status;
	}
	if (status == EXIT_OK && exporter.problems) {
		status = EXIT_FAILED;
	}
end:
	fini(&exporter);
	return status;
}
