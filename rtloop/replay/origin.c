#include "rtloop/replay/origin.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

static const char metadata_name[] = "rtloop";
static const char config_type[] = "application/yaml";

static int add_pair(struct origin *origin, struct mcap_text key, struct mcap_text value)
{
	struct origin_pair *pairs =
		reallocarray(origin->pairs, origin->pair_count + 1, sizeof(*pairs));
	struct origin_pair *pair;

	if (!pairs) {
		return -ENOMEM;
	}
	origin->pairs = pairs;
	pair = &pairs[origin->pair_count++];
	pair->key = mcap_text_copy(key);
	pair->value = mcap_text_copy(value);
	return pair->key && pair->value ? 0 : -ENOMEM;
}

static int take_metadata(struct origin *origin, const struct mcap_record *record)
{
	struct mcap_metadata metadata;
	struct mcap_text key, value;
	int code = 0;

	if (mcap_parse_metadata(record, &metadata)) {
		return -EBADMSG;
	}
	while (code == 0 && mcap_next_pair(&metadata.pairs, &key, &value)) {
		code = add_pair(origin, key, value);
	}
	return code;
}

static int take_attachment(struct origin *origin, const struct mcap_record *record)
{
	struct mcap_attachment attachment;

	if (mcap_parse_attachment(record, &attachment) ||
	    (attachment.crc &&
	     attachment.crc !=
		     libdeflate_crc32(0, record->data, attachment.crced_bytes))) {
		return -EBADMSG;
	}
	origin->config_name = mcap_text_copy(attachment.name);
	origin->config = malloc(attachment.bytes + 1);
	if (!origin->config_name || !origin->config) {
		return -ENOMEM;
	}
	memcpy(origin->config, attachment.data, attachment.bytes);
	origin->config[attachment.bytes] = '\0';
	origin->config_bytes = attachment.bytes;
	origin->config_time_ns = attachment.log_time_ns;
	return 0;
}

static bool is_wanted(const struct origin *origin, const struct mcap_survey_item *item)
{
	if (!item->media_type) {
		return origin->pair_count == 0 && strcmp(item->name, metadata_name) == 0;
	}
	return !origin->config && strcmp(item->media_type, config_type) == 0;
}

static int take_item(struct origin *origin, struct mcap_reader *reader,
		     const struct mcap_survey_item *item)
{
	struct mcap_record record;

	if (!is_wanted(origin, item)) {
		return 0;
	}
	mcap_reader_seek(reader, item->offset);
	if (mcap_reader_next(reader, &record) <= 0) {
		return -EBADMSG;
	}
	return record.op == MCAP_METADATA     ? take_metadata(origin, &record)
	       : record.op == MCAP_ATTACHMENT ? take_attachment(origin, &record)
					      : -EBADMSG;
}

static int take_items(struct origin *origin, struct mcap_reader *reader)
{
	const struct mcap_survey_item *item;
	struct mcap_survey survey;
	int code = mcap_survey_init(&survey, reader);

	if (code) {
		return code;
	}
	for (item = survey.items; item && code == 0; item = item->next) {
		code = take_item(origin, reader, item);
	}
	mcap_survey_fini(&survey);
	return code;
}

static int64_t number_of(const struct origin *origin, const char *key)
{
	return strtoll(origin_value(origin, key), NULL, 10);
}

static int judge(struct origin *origin, const char *path, int code, struct err *err)
{
	if (code == -EBADMSG) {
		return err_set(err, code, "%s: what it says of its run is damaged", path);
	}
	if (code) {
		return err_set_errno(err, code, "%s", path);
	}
	origin->period_ns = number_of(origin, "period_ns");
	origin->offset_ns = number_of(origin, "monotonic_to_log_time_ns");
	if (origin->period_ns <= 0) {
		return err_set(err, -EBADMSG,
			       "%s: does not say of which run it is; expected a log that "
			       "rtloop wrote",
			       path);
	}
	return 0;
}

int origin_read(struct origin *origin, const char *path, struct err *err)
{
	struct mcap_reader *reader;
	int code = mcap_reader_open(path, &reader, err);

	memset(origin, 0, sizeof(*origin));
	if (code) {
		return code;
	}
	origin->file_bytes = mcap_reader_bytes(reader);
	code = judge(origin, path, take_items(origin, reader), err);
	mcap_reader_close(reader);
	if (code) {
		origin_fini(origin);
	}
	return code;
}

void origin_fini(struct origin *origin)
{
	for (unsigned i = 0; i < origin->pair_count; i++) {
		free(origin->pairs[i].key);
		free(origin->pairs[i].value);
	}
	free(origin->pairs);
	free(origin->config_name);
	free(origin->config);
	memset(origin, 0, sizeof(*origin));
}

const char *origin_value(const struct origin *origin, const char *key)
{
	for (unsigned i = 0; i < origin->pair_count; i++) {
		if (strcmp(origin->pairs[i].key, key) == 0) {
			return origin->pairs[i].value;
		}
	}
	return "";
}

static bool is_equal_value(const struct origin *a, const struct origin *b,
			   const char *key)
{
	return strcmp(origin_value(a, key), origin_value(b, key)) == 0;
}

bool origin_is_same_run(const struct origin *a, const struct origin *b)
{
	return is_equal_value(a, b, "loop") && is_equal_value(a, b, "boot") &&
	       is_equal_value(a, b, "period_ns");
}
