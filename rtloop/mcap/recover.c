#include "rtloop/mcap/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "rtloop/base/sys.h"
#include "rtloop/mcap/cycle_fields.h"
#include "rtloop/mcap/new_file.h"
#include "rtloop/mcap/verify.h"
#include "rtloop/mcap/writer.h"

#define CHUNK_BYTES ((size_t)256 << 10)
#define COPY_BYTES  ((size_t)256 << 10)

/* Passes over the log, and over what was made of it, that each take about as long. */
#define PASSES 4

struct recover {
	const struct mcap_recover_request *request;
	struct mcap_recover_result result;
	struct mcap_streams streams;
	struct mcap_cycle_fields fields;
	struct mcap_topic *topics;
	unsigned topic_count;
	bool is_missing_full; /* further ones are not named */
	struct mcap_writer *writer;
	struct new_file file;
	unsigned pass;
	int over;     /* what progress() ended it with */
	int out_code; /* of the file being made */
};

static int show(void *context, uint64_t done_bytes, uint64_t all_bytes)
{
	struct recover *recover = context;
	const struct mcap_recover_request *request = recover->request;

	if (request->progress && !recover->over) {
		recover->over = request->progress(request->context,
						  recover->pass * all_bytes + done_bytes,
						  PASSES * all_bytes);
	}
	return recover->over;
}

static void show_check(void *context, uint64_t done_bytes, uint64_t all_bytes)
{
	(void)show(context, done_bytes, all_bytes);
}

static void tell(void *context, uint64_t offset, const char *text)
{
	const struct recover *recover = context;

	if (recover->request->problem) {
		recover->request->problem(recover->request->context, offset, text);
	}
}

static void pass_problem(void *context, uint64_t offset, const char *text)
{
	(void)context;
	(void)offset;
	(void)text;
}

/* Cycles that are missing are no fault of the file. */
static int check(struct recover *recover, const char *path, struct mcap_cycles *cycles,
		 bool *ret_is_right, struct err *err)
{
	const struct mcap_verify_listener listener = { .problem = pass_problem,
						       .progress = show_check,
						       .context = recover };
	struct mcap_verify_result result;
	int code;

	*cycles = (struct mcap_cycles){ .runs = 0 };
	code = mcap_verify(path, &listener, cycles, &result, err);
	*ret_is_right = !code && result.problems == result.cycle_problems;
	return code;
}

static int put(void *context, const void *data, size_t bytes)
{
	struct recover *recover = context;
	int code = new_file_put(&recover->file, data, bytes);

	recover->out_code = recover->out_code ? recover->out_code : code;
	return code;
}

static const struct mcap_stream_schema *schema_of(const struct recover *recover,
						  const struct mcap_stream *stream)
{
	const struct mcap_streams *streams = &recover->streams;

	return stream->schema_id < streams->schema_id_count
		       ? streams->schemas[stream->schema_id]
		       : NULL;
}

/* The tag of a stream is its topic in the new file. */
static int choose_topics(struct recover *recover)
{
	recover->topics = calloc(recover->streams.count + 1, sizeof(*recover->topics));
	if (!recover->topics) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < recover->streams.count; i++) {
		struct mcap_stream *stream = recover->streams.list[i];
		const struct mcap_stream_schema *schema = schema_of(recover, stream);

		if (!stream->is_cdr || !schema || !schema->is_ros2msg) {
			recover->result.other_topics++;
			continue;
		}
		stream->tag = &recover->topics[recover->topic_count];
		recover->topics[recover->topic_count++] = (struct mcap_topic){
			.name = stream->name,
			.schema_name = schema->name,
			.schema_text = schema->text,
		};
		mcap_cycle_fields_find(&recover->fields, &recover->streams, stream);
	}
	return 0;
}

static void note_missing(struct recover *recover, uint64_t first, uint64_t last)
{
	static const char more[] = " ...";
	char *missing = recover->result.missing;
	size_t used = strlen(missing);
	size_t room = sizeof(recover->result.missing) - strlen(more) - used;
	int length;

	if (recover->is_missing_full) {
		return;
	}
	length = snprintf(missing + used, room,
			  first == last ? "%s%" PRIu64 : "%s%" PRIu64 "-%" PRIu64,
			  used ? " " : "", first, last);
	if ((size_t)length >= room) {
		recover->is_missing_full = true;
		memcpy(missing + used, more, sizeof(more));
	}
}

static void count_cycles(struct recover *recover, const struct mcap_stream *stream,
			 const struct mcap_message *message)
{
	struct mcap_cycles *cycles = &recover->result.cycles;
	enum mcap_cycles_verdict verdict = MCAP_CYCLES_GOOD;
	uint64_t expected = cycles->next;
	uint64_t first, last;

	switch (mcap_cycle_fields_get(&recover->fields, stream, message, &first, &last)) {
	case MCAP_CYCLE_ONE:
		verdict = mcap_cycles_take(cycles, first);
		break;
	case MCAP_CYCLE_GAP:
		verdict = mcap_cycles_take_gap(cycles, first, last);
		break;
	case MCAP_CYCLE_NONE:
	case MCAP_CYCLE_SHORT:
		break;
	}
	if (verdict == MCAP_CYCLES_MISSING) {
		note_missing(recover, expected, first - 1);
	}
}

static int take_message(void *context, struct mcap_stream *stream,
			const struct mcap_message *message)
{
	struct recover *recover = context;
	const struct mcap_topic *topic = stream->tag;

	if (!topic) {
		recover->result.other_messages++;
		return 0;
	}
	recover->result.written_messages++;
	count_cycles(recover, stream, message);
	return mcap_writer_copy(recover->writer, (uint16_t)(topic - recover->topics),
				message);
}

static int take_attachment(void *context, const struct mcap_attachment *attachment)
{
	struct recover *recover = context;
	char *name = mcap_text_copy(attachment->name);
	char *media_type = mcap_text_copy(attachment->media_type);
	int code = name && media_type
			   ? mcap_writer_attach(recover->writer, name, media_type,
						attachment->data, attachment->bytes,
						attachment->log_time_ns)
			   : -ENOMEM;

	free(name);
	free(media_type);
	return code;
}

static unsigned count_pairs(struct mcap_pairs pairs)
{
	struct mcap_text key, value;
	unsigned count = 0;

	while (mcap_next_pair(&pairs, &key, &value)) {
		count++;
	}
	return count;
}

static int take_pairs(struct recover *recover, const char *name, struct mcap_pairs left)
{
	unsigned count = count_pairs(left), copied = 0;
	struct mcap_pair *pairs = calloc(count + 1, sizeof(*pairs));
	struct mcap_text key, value;
	int code = pairs ? 0 : -ENOMEM;

	while (!code && mcap_next_pair(&left, &key, &value)) {
		pairs[copied].key = mcap_text_copy(key);
		pairs[copied].value = mcap_text_copy(value);
		code = pairs[copied].key && pairs[copied].value ? 0 : -ENOMEM;
		copied++;
	}
	code = code ? code : mcap_writer_metadata(recover->writer, name, pairs, count);
	for (unsigned i = 0; i < copied; i++) {
		free((char *)pairs[i].key);
		free((char *)pairs[i].value);
	}
	free(pairs);
	return code;
}

static int take_metadata(void *context, const struct mcap_metadata *metadata)
{
	char *name = mcap_text_copy(metadata->name);
	int code = name ? take_pairs(context, name, metadata->pairs) : -ENOMEM;

	free(name);
	return code;
}

struct number {
	char text[24];
};

static const char *print(struct number *number, uint64_t value)
{
	snprintf(number->text, sizeof(number->text), "%" PRIu64, value);
	return number->text;
}

/* What a reader of the new file must know of it. */
static int write_account(struct recover *recover)
{
	const struct mcap_recover_result *result = &recover->result;
	const struct mcap_salvage_result *salvage = &result->salvage;
	struct number numbers[9];
	const struct mcap_pair pairs[] = {
		{ "from", recover->request->log },
		{ "by", recover->request->version },
		{ "messages", print(&numbers[0], result->written_messages) },
		{ "messages_without_crc", print(&numbers[1], salvage->unproven) },
		{ "left_out_bytes", print(&numbers[2], salvage->left_out_bytes) },
		{ "left_out_places", print(&numbers[3], salvage->places) },
		{ "left_out_messages",
		  print(&numbers[4],
			salvage->left_out_messages + result->other_messages) },
		{ "torn_chunks", print(&numbers[5], salvage->torn_chunks) },
		{ "damaged_chunks", print(&numbers[6], salvage->damaged_chunks) },
		{ "cycles_missing", print(&numbers[7], result->cycles.missing) },
		{ "cycles_missing_ranges", result->missing },
		{ "was_closed", salvage->is_closed ? "yes" : "no" },
	};

	return mcap_writer_metadata(recover->writer, MCAP_RECOVERED, pairs,
				    ARRAY_SIZE(pairs));
}

/* The first pass finds out what topics there are: a new file names them all at its beginning. */
static int find_streams(struct recover *recover, struct err *err)
{
	const struct mcap_salvage_listener listener = { .progress = show,
							.context = recover };

	return mcap_salvage(recover->request->log, &recover->streams, &listener,
			    &recover->result.salvage, err);
}

static int write_found(struct recover *recover, struct err *err)
{
	const struct mcap_recover_request *request = recover->request;
	const struct mcap_salvage_listener listener = {
		.message = take_message,
		.attachment = take_attachment,
		.metadata = take_metadata,
		.problem = tell,
		.progress = show,
		.context = recover,
	};
	int code = mcap_salvage(request->log, &recover->streams, &listener,
				&recover->result.salvage, err);

	return recover->out_code
		       ? err_set_errno(err, recover->out_code, "%s", request->out)
		       : code;
}

static int begin(struct recover *recover, struct err *err)
{
	const struct mcap_sink sink = { .put = put, .context = recover };
	char library[80];
	int code = choose_topics(recover);

	recover->writer = mcap_writer_create(CHUNK_BYTES);
	snprintf(library, sizeof(library), "rtloop %s, recovered",
		 recover->request->version);
	code = code || recover->writer ? code : -ENOMEM;
	code = code ? code
		    : mcap_writer_begin(recover->writer, &sink, recover->topics,
					recover->topic_count, library);
	return code ? err_set_errno(err, code, "%s", recover->request->out) : 0;
}

static int end(struct recover *recover, struct err *err)
{
	struct mcap_cycles cycles;
	bool is_right;
	int code = mcap_writer_flush(recover->writer);

	code = code ? code : write_account(recover);
	code = code ? code : mcap_writer_end(recover->writer);
	if (code) {
		return err_set_errno(err, code, "%s", recover->request->out);
	}
	recover->pass++;
	code = check(recover, recover->file.temporary, &cycles, &is_right, err);
	if (!code && !is_right) {
		recover->out_code = -EIO;
		return err_set(err, -EIO,
			       "%s: what was written does not stand up to being checked",
			       recover->request->out);
	}
	return code;
}

static int repair(struct recover *recover, struct err *err)
{
	int code = find_streams(recover, err);

	if (code) {
		return code;
	}
	recover->pass++;
	code = begin(recover, err);
	code = code ? code : write_found(recover, err);
	return code ? code : end(recover, err);
}

static int copy(struct recover *recover, struct err *err)
{
	int fd = sys_open(recover->request->log, O_RDONLY, 0);
	uint8_t *data = malloc(COPY_BYTES);
	ssize_t bytes = fd < 0 ? fd : data ? 1 : -ENOMEM;
	int code = 0;

	while (bytes > 0 && !code) {
		bytes = sys_read(fd, data, COPY_BYTES);
		code = bytes > 0 ? put(recover, data, (size_t)bytes) : 0;
	}
	sys_close(fd);
	free(data);
	code = code ? code : (int)bytes;
	return code ? err_set_errno(err, code, "%s",
				    recover->out_code ? recover->request->out
						      : recover->request->log)
		    : 0;
}

/* Whether the log is one at all is found out before a file is made. */
static int make(struct recover *recover, struct err *err)
{
	struct mcap_recover_result *result = &recover->result;
	struct err unread;
	int code = check(recover, recover->request->log, &result->cycles,
			 &result->is_intact, &unread);

	/* Damage can hide the little that the check asks for before it begins. */
	if (code && code != -EBADMSG) {
		*err = unread;
		return code;
	}
	recover->pass++;
	if (!result->is_intact) {
		result->cycles = (struct mcap_cycles){ .runs = 0 };
	}
	code = result->is_intact ? copy(recover, err) : repair(recover, err);
	return !code && recover->streams.is_out_of_memory
		       ? err_set_errno(err, -ENOMEM, "%s", recover->request->log)
		       : code;
}

static enum mcap_recover_failure whose(const struct recover *recover)
{
	if (recover->over) {
		return MCAP_RECOVER_OVER;
	}
	return recover->out_code ? MCAP_RECOVER_OUT : MCAP_RECOVER_LOG;
}

static void fini(struct recover *recover)
{
	new_file_discard(&recover->file);
	mcap_writer_destroy(recover->writer);
	mcap_streams_fini(&recover->streams);
	free(recover->topics);
}

int mcap_recover(const struct mcap_recover_request *request,
		 struct mcap_recover_result *ret_result,
		 enum mcap_recover_failure *ret_failure, struct err *err)
{
	struct recover recover = { .request = request };
	int code = new_file_open(&recover.file, request->out, request->replaces, err);

	if (code) {
		*ret_failure = MCAP_RECOVER_OUT;
		return code;
	}
	code = make(&recover, err);
	if (!code && recover.over) {
		code = err_set_errno(err, recover.over, "%s", request->out);
	}
	if (!code) {
		code = new_file_commit(&recover.file, err);
		recover.out_code = code;
	}
	if (code) {
		*ret_failure = whose(&recover);
	} else {
		*ret_result = recover.result;
	}
	fini(&recover);
	return code;
}
