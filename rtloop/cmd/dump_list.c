#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/cmd/dump.h"

#define DECLARED_UNITS_MAX 40

static void print_size(uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double size = (double)bytes;
	unsigned i = 0;

	if (bytes < 1024) {
		printf("%" PRIu64 " bytes", bytes);
		return;
	}
	for (size /= 1024; size >= 1024 && i + 1 < ARRAY_SIZE(units); i++) {
		size /= 1024;
	}
	printf("%.1f %s (%" PRIu64 " bytes)", size, units[i], bytes);
}

static double seconds(const struct mcap_survey *survey)
{
	return (double)(survey->end_ns - survey->start_ns) / (double)NS_PER_SEC;
}

static void print_times(const struct mcap_survey *survey)
{
	char text[64];

	if (survey->messages == 0) {
		printf("  messages  none\n");
		return;
	}
	printf("  start     %s\n", log_time_print(text, sizeof(text), survey->start_ns));
	printf("  end       %s\n", log_time_print(text, sizeof(text), survey->end_ns));
	printf("  duration  %.3f s\n", seconds(survey));
}

static void print_head(const char *path, const struct mcap_survey *survey)
{
	printf("%s\n  size      ", path);
	print_size(survey->file_bytes);
	printf(", %" PRIu64 " chunk%s\n", survey->chunks, survey->chunks == 1 ? "" : "s");
	if (survey->library) {
		printf("  written   by ");
		clean_print(stdout, survey->library);
		printf("\n");
	}
	if (survey->is_closed) {
		printf("  closed    yes\n");
	} else {
		printf("  closed    no: byte %" PRIu64 ": %s\n", survey->stop.offset,
		       survey->stop.text);
	}
	print_times(survey);
}

/* "temp (degC), pressure (kPa), ok": a device's channels and their units. */
static void print_channels(const struct schema *schema)
{
	const char *comma = "";

	for (unsigned i = 0; i < schema->field_count; i++) {
		const struct schema_field *field = &schema->fields[i];

		if (strcmp(field->name, "cycle") == 0 ||
		    strcmp(field->name, "sample_ns") == 0 || strchr(field->name, '.')) {
			continue;
		}
		printf("%s", comma);
		clean_print(stdout, field->name);
		if (field->comment[0] && strlen(field->comment) <= DECLARED_UNITS_MAX) {
			printf(" (");
			clean_print(stdout, field->comment);
			printf(")");
		}
		comma = ", ";
	}
}

static int name_width(const struct mcap_survey *survey)
{
	size_t width = strlen("topic");

	for (unsigned i = 0; i < survey->streams.count; i++) {
		size_t length = strlen(survey->streams.list[i]->name);

		width = length > width && length < 60 ? length : width;
	}
	return (int)width;
}

static void print_stream(struct mcap_survey *survey, const struct mcap_stream *stream,
			 int width)
{
	double rate =
		seconds(survey) > 0 ? (double)stream->messages / seconds(survey) : 0;
	const struct schema *schema;
	const char *why;

	printf("  ");
	clean_print(stdout, stream->name);
	printf("%*s %12" PRIu64 " %9.1f  ",
	       width > (int)strlen(stream->name) ? width - (int)strlen(stream->name) : 0,
	       "", stream->messages, rate);
	schema = mcap_streams_schema(&survey->streams, stream, &why);
	if (!schema) {
		printf("cannot be exported: ");
		clean_print(stdout, why);
	} else if (dump_is_device(stream->name)) {
		print_channels(schema);
	} else {
		clean_print(stdout, mcap_streams_schema_name(&survey->streams, stream));
	}
	printf("\n");
}

static void print_streams(struct mcap_survey *survey)
{
	int width = name_width(survey);

	if (survey->streams.count == 0) {
		return;
	}
	printf("\n  %-*s %12s %9s  %s\n", width, "topic", "messages", "per s", "holds");
	for (unsigned i = 0; i < survey->streams.count; i++) {
		print_stream(survey, survey->streams.list[i], width);
	}
}

static void print_pairs(struct mcap_reader *reader, uint64_t offset)
{
	struct mcap_text key, value;
	struct mcap_metadata metadata;
	struct mcap_record record;

	mcap_reader_seek(reader, offset);
	if (mcap_reader_next(reader, &record) <= 0 || record.op != MCAP_METADATA ||
	    mcap_parse_metadata(&record, &metadata)) {
		printf("    cannot be read\n");
		return;
	}
	while (mcap_next_pair(&metadata.pairs, &key, &value)) {
		printf("    ");
		clean_print_text(stdout, key);
		printf(": ");
		clean_print_text(stdout, value);
		printf("\n");
	}
}

static void print_items(const struct mcap_survey *survey, struct mcap_reader *reader)
{
	if (survey->items) {
		printf("\n");
	}
	for (const struct mcap_survey_item *item = survey->items; item;
	     item = item->next) {
		printf(item->media_type ? "  attachment " : "  metadata ");
		clean_print(stdout, item->name);
		if (item->media_type) {
			printf(" (");
			clean_print(stdout, item->media_type);
			printf(", %" PRIu64 " bytes)\n", item->bytes);
		} else {
			printf("\n");
			print_pairs(reader, item->offset);
		}
	}
}

static int list_file(const char *path)
{
	struct mcap_reader *reader;
	struct mcap_survey survey;
	struct err err;
	int code = mcap_reader_open(path, &reader, &err);

	if (code) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILED;
	}
	code = mcap_survey_init(&survey, reader);
	if (code) {
		fprintf(stderr, "%s: %s\n", path, strerror(-code));
		mcap_reader_close(reader);
		return EXIT_FAILED;
	}
	print_head(path, &survey);
	print_streams(&survey);
	print_items(&survey, reader);
	if (survey.streams.is_out_of_memory) {
		fprintf(stderr, "%s: %s\n", path, strerror(ENOMEM));
		code = EXIT_FAILED;
	}
	/* what lies behind is not in the list; one that only ends too soon has nothing there */
	if (survey.stop_code < 0 && survey.stop_code != -ENODATA) {
		code = EXIT_FAILED;
	}
	mcap_survey_fini(&survey);
	mcap_reader_close(reader);
	return code;
}

int dump_list(const struct dump_options *options)
{
	int status = EXIT_OK;

	for (unsigned i = 0; i < options->file_count; i++) {
		printf("%s", i ? "\n" : "");
		status = list_file(options->files[i]) == EXIT_OK ? status : EXIT_FAILED;
	}
	return status;
}
