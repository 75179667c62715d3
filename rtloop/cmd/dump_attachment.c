#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "rtloop/cmd/dump.h"
#include "rtloop/mcap/crc.h"

static int fail(const char *name, const char *text)
{
	fprintf(stderr, "%s: %s\n", name, text);
	return EXIT_FAILED;
}

static int write_data(const struct dump_options *options, const uint8_t *data,
		      size_t bytes)
{
	bool is_file = options->output && strcmp(options->output, "-") != 0;
	const char *name = is_file ? options->output : "standard output";
	FILE *out = is_file ? fopen(options->output, "we") : stdout;
	bool is_whole;

	if (!out) {
		return fail(name, strerror(errno));
	}
	is_whole = fwrite(data, 1, bytes, out) == bytes && fflush(out) == 0;
	if (is_file && fclose(out)) {
		is_whole = false;
	}
	return is_whole ? EXIT_OK : fail(name, strerror(errno));
}

static int write_attachment(const struct dump_options *options, const char *path,
			    const struct mcap_record *record)
{
	struct mcap_attachment attachment;

	if (mcap_parse_attachment(record, &attachment)) {
		return fail(path, "the attachment is damaged");
	}
	if (attachment.crc &&
	    attachment.crc != libdeflate_crc32(0, record->data, attachment.crced_bytes)) {
		return fail(path, "the attachment is damaged: its CRC is wrong");
	}
	return write_data(options, attachment.data, attachment.bytes);
}

static int find_attachment(const struct dump_options *options, const char *path,
			   struct mcap_reader *reader, const struct mcap_survey *survey)
{
	const struct mcap_survey_item *item;
	struct mcap_record record;

	for (item = survey->items; item; item = item->next) {
		if (item->media_type && strcmp(item->name, options->attachment) == 0) {
			break;
		}
	}
	if (!item) {
		fprintf(stderr, "%s: has no attachment \"%s\"\n", path,
			options->attachment);
		return EXIT_FAILED;
	}
	mcap_reader_seek(reader, item->offset);
	if (mcap_reader_next(reader, &record) <= 0 || record.op != MCAP_ATTACHMENT) {
		return fail(path, "the attachment is not where the index says");
	}
	return write_attachment(options, path, &record);
}

int dump_attachment(const struct dump_options *options)
{
	const char *path = options->files[0];
	struct mcap_reader *reader;
	struct mcap_survey survey;
	struct err err;
	int status, code = mcap_reader_open(path, &reader, &err);

	if (code) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILED;
	}
	code = mcap_survey_init(&survey, reader);
	if (code) {
		status = fail(path, strerror(-code));
	} else {
		status = find_attachment(options, path, reader, &survey);
		mcap_survey_fini(&survey);
	}
	mcap_reader_close(reader);
	return status;
}
