#include "rtloop/report/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/mcap/log.h"
#include "rtloop/mcap/survey.h"
#include "rtloop/report/fields.h"

#define CYCLE_TOPIC "/cycle"

static int take_text(char **to, struct mcap_text value)
{
	char *copy = mcap_text_copy(value);

	if (!copy) {
		return -ENOMEM;
	}
	free(*to);
	*to = copy;
	return 0;
}

static bool take_number(int64_t *to, struct mcap_text value)
{
	char text[32], *end;
	int64_t number;

	if (value.length == 0 || value.length >= sizeof(text)) {
		return false;
	}
	memcpy(text, value.data, value.length);
	text[value.length] = '\0';
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno || *end) {
		return false;
	}
	*to = number;
	return true;
}

static int take_pair(struct report_file *file, struct mcap_text key,
		     struct mcap_text value)
{
	if (mcap_text_is(key, "loop")) {
		return take_text(&file->loop, value);
	}
	if (mcap_text_is(key, "boot")) {
		return take_text(&file->boot, value);
	}
	if (mcap_text_is(key, "version")) {
		return take_text(&file->version, value);
	}
	if (mcap_text_is(key, "kernel")) {
		return take_text(&file->kernel, value);
	}
	if (mcap_text_is(key, "period_ns")) {
		if (!take_number(&file->period_ns, value) || file->period_ns < 0) {
			file->period_ns = 0;
		}
	} else if (mcap_text_is(key, "monotonic_to_log_time_ns")) {
		file->has_offset = take_number(&file->offset_ns, value);
	}
	return 0;
}

static int take_metadata(struct report_file *file, const struct mcap_survey *survey,
			 struct mcap_reader *reader)
{
	const struct mcap_survey_item *item = survey->items;
	struct mcap_text key, value;
	struct mcap_metadata metadata;
	struct mcap_record record;
	int code = 0;

	while (item && (item->media_type || strcmp(item->name, "rtloop") != 0)) {
		item = item->next;
	}
	if (!item) {
		return 0;
	}
	mcap_reader_seek(reader, item->offset);
	if (mcap_reader_next(reader, &record) <= 0 || record.op != MCAP_METADATA ||
	    mcap_parse_metadata(&record, &metadata)) {
		return 0;
	}
	while (!code && mcap_next_pair(&metadata.pairs, &key, &value)) {
		code = take_pair(file, key, value);
	}
	return code;
}

static int survey(struct report_file *file, bool *ret_has_cycles, struct err *err)
{
	const struct mcap_stream *stream;
	struct mcap_reader *reader;
	struct mcap_survey survey;
	int code = mcap_reader_open(file->path, &reader, err);

	if (code) {
		return code;
	}
	code = mcap_survey_init(&survey, reader);
	if (code) {
		goto err_close;
	}
	file->bytes = survey.file_bytes;
	file->has_messages = survey.messages > 0;
	file->start_ns = file->has_messages ? survey.start_ns : 0;
	file->end_ns = file->has_messages ? survey.end_ns : 0;
	file->is_closed = survey.is_closed;
	if (!file->is_closed) {
		snprintf(file->why_not, sizeof(file->why_not), "%s", survey.stop.text);
	}
	stream = mcap_streams_find_name(&survey.streams, CYCLE_TOPIC);
	*ret_has_cycles = stream && stream->messages > 0;
	code = take_metadata(file, &survey, reader);
	mcap_survey_fini(&survey);
err_close:
	mcap_reader_close(reader);
	return code ? err_set_errno(err, code, "%s", file->path) : 0;
}

static void take_first_cycle(struct report_file *file,
			     const struct report_cycle_fields *fields,
			     const struct mcap_message *message)
{
	struct report_cycle cycle = { .cycle = 0 };

	if (report_cycle_load(fields, message, &cycle)) {
		return;
	}
	file->has_cycle = true;
	file->first_cycle = cycle.cycle;
	if (fields->release.bytes && fields->release_ns.bytes && file->period_ns > 0) {
		file->has_grid = true;
		file->grid_ns = (int64_t)((uint64_t)cycle.release_ns -
					  cycle.release * (uint64_t)file->period_ns);
	}
}

static int find_first_cycle(struct report_file *file, struct err *err)
{
	const struct mcap_log_options options = MCAP_LOG_ALL;
	struct mcap_log_message message;
	struct report_phases phases = { .count = 0 };
	struct report_cycle_fields fields;
	const struct schema *schema;
	struct mcap_log log;
	const char *why;
	int code = mcap_log_open(&log, file->path, &options, err);

	if (code) {
		return code;
	}
	while (!file->has_cycle && (code = mcap_log_next(&log, &message)) > 0) {
		if (strcmp(message.stream->name, CYCLE_TOPIC) != 0) {
			continue;
		}
		schema = mcap_streams_schema(&log.streams, message.stream, &why);
		if (!schema || report_cycle_fields_find(&fields, schema, &phases)) {
			break;
		}
		take_first_cycle(file, &fields, &message.message);
	}
	if (log.streams.is_out_of_memory) {
		code = -ENOMEM;
	}
	mcap_log_close(&log);
	/* any other end of the log is told by whoever reads it */
	return code == -ENOMEM ? err_set_errno(err, code, "%s", file->path) : 0;
}

static int init_file(struct report_file *file, const char *path, struct err *err)
{
	bool has_cycles = false;
	int code;

	*file = (struct report_file){
		.path = path,
		.loop = strdup(""),
		.boot = strdup(""),
		.version = strdup(""),
		.kernel = strdup(""),
	};
	if (!file->loop || !file->boot || !file->version || !file->kernel) {
		return err_set_errno(err, -ENOMEM, "%s", path);
	}
	code = survey(file, &has_cycles, err);
	if (!code && has_cycles) {
		code = find_first_cycle(file, err);
	}
	return code;
}

static void fini_file(struct report_file *file)
{
	free(file->loop);
	free(file->boot);
	free(file->version);
	free(file->kernel);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* By the clock that is never set, where the log says how far the other one is from it. */
static int64_t begun_ns(const struct report_file *file)
{
	int64_t offset_ns = file->has_offset ? file->offset_ns : 0;

	return file->has_messages ? (int64_t)(file->start_ns - (uint64_t)offset_ns)
				  : INT64_MIN;
}

static int compare_files(const void *a, const void *b)
{
	const struct report_file *first = a, *second = b;
	int order = strcmp(first->loop, second->loop);

	order = order ? order : strcmp(first->boot, second->boot);
	return order ? order
		     : (begun_ns(first) > begun_ns(second)) -
			       (begun_ns(first) < begun_ns(second));
}

static int compare_runs(const void *a, const void *b)
{
	const struct report_run_files *first = a, *second = b;

	return compare_numbers(first->start_ns, second->start_ns);
}

/* @run: the newest file of the run before that has a cycle, or its first; NULL: none. */
static bool begins_run(const struct report_file *run, const struct report_file *file)
{
	if (!run || strcmp(run->loop, file->loop) != 0 ||
	    strcmp(run->boot, file->boot) != 0) {
		return true;
	}
	if (run->has_grid && file->has_grid) {
		return run->grid_ns != file->grid_ns;
	}
	return file->has_cycle && file->first_cycle == 0 && run->has_cycle;
}

static void add_to_run(struct report_run_files *run, const struct report_file *file)
{
	if (file->has_messages) {
		run->start_ns = run->start_ns == 0 || file->start_ns < run->start_ns
					? file->start_ns
					: run->start_ns;
		run->end_ns = file->end_ns > run->end_ns ? file->end_ns : run->end_ns;
	}
	run->count++;
}

static void form_runs(struct report_sources *sources)
{
	const struct report_file *newest = NULL;

	qsort(sources->files, sources->file_count, sizeof(*sources->files),
	      compare_files);
	for (unsigned i = 0; i < sources->file_count; i++) {
		const struct report_file *file = &sources->files[i];

		if (begins_run(newest, file)) {
			sources->runs[sources->run_count++] =
				(struct report_run_files){ .files = file };
			newest = file;
		}
		newest = file->has_cycle ? file : newest;
		add_to_run(&sources->runs[sources->run_count - 1], file);
	}
	qsort(sources->runs, sources->run_count, sizeof(*sources->runs), compare_runs);
}

static void sum_up(struct report_sources *sources)
{
	for (unsigned i = 0; i < sources->file_count; i++) {
		const struct report_file *file = &sources->files[i];

		sources->bytes += file->bytes;
		if (file->has_messages &&
		    (sources->start_ns == 0 || file->start_ns < sources->start_ns)) {
			sources->start_ns = file->start_ns;
		}
	}
}

int report_sources_open(struct report_sources *sources, char *const *paths,
			unsigned count, struct err *err)
{
	int code = 0;

	*sources = (struct report_sources){
		.files = calloc(count ? count : 1, sizeof(*sources->files)),
		.runs = calloc(count ? count : 1, sizeof(*sources->runs)),
	};
	if (!sources->files || !sources->runs) {
		report_sources_close(sources);
		return err_set_errno(err, -ENOMEM, "the logs");
	}
	for (unsigned i = 0; i < count && !code; i++) {
		sources->file_count++;
		code = init_file(&sources->files[i], paths[i], err);
	}
	if (code) {
		report_sources_close(sources);
		return code;
	}
	form_runs(sources);
	sum_up(sources);
	return 0;
}

void report_sources_close(struct report_sources *sources)
{
	for (unsigned i = 0; i < sources->file_count; i++) {
		fini_file(&sources->files[i]);
	}
	free(sources->files);
	free(sources->runs);
	*sources = (struct report_sources){ .file_count = 0 };
}
