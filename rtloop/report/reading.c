#include "rtloop/report/reading.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRESS_MESSAGES 4096
#define DEVICE_PREFIX	  "/io/"

enum stream_kind { STREAM_OTHER, STREAM_CYCLE, STREAM_GAP, STREAM_EVENT, STREAM_DEVICE };

/* How the messages of one stream of a file are read; hangs on it as its tag. */
struct reading_stream {
	enum stream_kind kind;
	const struct schema *schema;
	const char *device;
	void *slot; /* the handler's */
	union {
		struct report_cycle_fields cycle;
		struct report_gap_fields gap;
		struct report_device_fields device;
	} fields;
};

struct reader {
	struct report_reading *reading;
	const struct report_handler *handler;
	const struct report_listener *listener;
	const struct report_file *file;
	struct mcap_log log;
	struct report_cycle cycle; /* phases that a file does not have stay 0 */
	uint64_t done_bytes;	   /* of the files before */
	unsigned messages;
};

static void tell(struct reader *reader, uint64_t offset, const char *text)
{
	const struct report_listener *listener = reader->listener;

	reader->reading->problems++;
	if (listener && listener->problem) {
		listener->problem(listener->context, reader->file->path, offset, text);
	}
}

static void tell_log_problem(void *context, uint64_t offset, const char *text)
{
	tell(context, offset, text);
}

static bool wants_chunk(void *context, uint64_t start_ns, uint64_t end_ns)
{
	struct reader *reader = context;

	return reader->handler->wants(reader->handler->context, start_ns, end_ns);
}

static void show_progress(struct reader *reader)
{
	const struct report_listener *listener = reader->listener;

	if (listener && listener->progress) {
		listener->progress(listener->context,
				   reader->done_bytes +
					   mcap_reader_at(reader->log.reader));
	}
}

/* --- what a stream is -------------------------------------------------------------------------- */

static enum stream_kind kind_of(const char *name)
{
	if (strcmp(name, "/cycle") == 0) {
		return STREAM_CYCLE;
	}
	if (strcmp(name, "/gap") == 0) {
		return STREAM_GAP;
	}
	if (strcmp(name, "/event") == 0) {
		return STREAM_EVENT;
	}
	return strncmp(name, DEVICE_PREFIX, strlen(DEVICE_PREFIX)) == 0 ? STREAM_DEVICE
									: STREAM_OTHER;
}

static int find_fields(struct reader *reader, struct reading_stream *stream)
{
	struct report_reading *reading = reader->reading;
	int code = 0;

	switch (stream->kind) {
	case STREAM_CYCLE:
		code = report_cycle_fields_find(&stream->fields.cycle, stream->schema,
						&reading->phases);
		reading->has_flags =
			reading->has_flags || stream->fields.cycle.flags.bytes;
		reading->has_latency =
			reading->has_latency || stream->fields.cycle.latency_ns.bytes;
		break;
	case STREAM_GAP:
		code = report_gap_fields_find(&stream->fields.gap, stream->schema);
		break;
	case STREAM_DEVICE:
		code = report_device_fields_find(&stream->fields.device, stream->schema);
		break;
	case STREAM_EVENT:
	case STREAM_OTHER:
		break;
	}
	return code;
}

static void leave_out(struct reader *reader, const struct mcap_log_message *message,
		      struct reading_stream *stream, const char *why)
{
	char text[400];

	snprintf(text, sizeof(text), "the topic %.100s is left out: %.200s",
		 message->stream->name, why);
	tell(reader, message->offset, text);
	stream->kind = STREAM_OTHER;
}

static struct reading_stream *create_stream(struct reader *reader,
					    const struct mcap_log_message *message)
{
	struct reading_stream *stream = calloc(1, sizeof(*stream));
	const char *why = "";
	int code;

	if (!stream) {
		return NULL;
	}
	stream->kind = kind_of(message->stream->name);
	if (stream->kind == STREAM_OTHER) {
		return stream;
	}
	stream->device = message->stream->name + strlen(DEVICE_PREFIX);
	stream->schema = mcap_streams_schema(&reader->log.streams, message->stream, &why);
	if (!stream->schema) {
		leave_out(reader, message, stream, why);
		return stream;
	}
	code = find_fields(reader, stream);
	if (code == -ENOMEM) {
		free(stream);
		return NULL;
	}
	if (code) {
		leave_out(reader, message, stream,
			  "it lacks the numbers that it should have");
	}
	return stream;
}

static void destroy_streams(struct reader *reader)
{
	for (unsigned i = 0; i < reader->log.streams.count; i++) {
		struct reading_stream *stream = reader->log.streams.list[i]->tag;

		if (stream && stream->kind == STREAM_DEVICE) {
			report_device_fields_fini(&stream->fields.device);
		}
		free(stream);
	}
}

/* --- what a message says ----------------------------------------------------------------------- */

PRINTF_LIKE(3, 4)
static void problem(struct reader *reader, uint64_t offset, const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	tell(reader, offset, text);
}

static int hand_gap(struct reader *reader, uint64_t first, uint64_t last,
		    uint64_t log_time_ns)
{
	const struct report_handler *handler = reader->handler;

	return handler->gap ? handler->gap(handler->context, first, last, log_time_ns)
			    : 0;
}

/* 1: the cycles are new, and to be handed on. */
static int judge(struct reader *reader, const struct mcap_log_message *message,
		 uint64_t expected, uint64_t first, enum mcap_cycles_verdict verdict)
{
	int code = 1;

	switch (verdict) {
	case MCAP_CYCLES_GOOD:
		break;
	case MCAP_CYCLES_MISSING:
		/* what was passed over by wish is not missing */
		if (!reader->handler->wants) {
			problem(reader, message->offset,
				"cycles %" PRIu64 " to %" PRIu64
				" are missing: neither logged nor in a gap",
				expected, first - 1);
			code = hand_gap(reader, expected, first - 1,
					message->message.log_time_ns);
		}
		code = code < 0 ? code : 1;
		break;
	case MCAP_CYCLES_REPEATED:
		problem(reader, message->offset,
			"cycle %" PRIu64 " comes again or out of order", first);
		code = 0;
		break;
	case MCAP_CYCLES_NONSENSE:
		problem(reader, message->offset, "a gap ends before it begins");
		code = 0;
		break;
	}
	return code;
}

static int take_cycle(struct reader *reader, const struct reading_stream *stream,
		      const struct mcap_log_message *message)
{
	const struct report_handler *handler = reader->handler;
	struct mcap_cycles *cycles = &reader->reading->cycles;
	uint64_t expected = cycles->next;
	enum mcap_cycles_verdict verdict;
	int code = report_cycle_load(&stream->fields.cycle, &message->message,
				     &reader->cycle);

	if (code) {
		return code;
	}
	verdict = mcap_cycles_take(cycles, reader->cycle.cycle);
	if (verdict != MCAP_CYCLES_GOOD) {
		code = judge(reader, message, expected, reader->cycle.cycle, verdict);
		if (code <= 0) {
			return code;
		}
	}
	return handler->cycle(handler->context, &reader->cycle,
			      message->message.log_time_ns);
}

static int take_gap(struct reader *reader, const struct reading_stream *stream,
		    const struct mcap_log_message *message)
{
	const struct report_gap_fields *fields = &stream->fields.gap;
	struct mcap_cycles *cycles = &reader->reading->cycles;
	uint64_t expected = cycles->next;
	uint64_t first, last;
	int code;

	if (!report_is_plain(&message->message, fields->bytes)) {
		return -EBADMSG;
	}
	first = (uint64_t)report_number_load(&fields->first, message->message.data);
	last = (uint64_t)report_number_load(&fields->last, message->message.data);
	code = judge(reader, message, expected, first,
		     mcap_cycles_take_gap(cycles, first, last));
	return code > 0 ? hand_gap(reader, first, last, message->message.log_time_ns)
			: code;
}

static int take_event(struct reader *reader, const struct reading_stream *stream,
		      const struct mcap_log_message *message)
{
	const struct report_handler *handler = reader->handler;
	struct report_event event;
	int code;

	if (!handler->event) {
		return 0;
	}
	code = report_event_load(stream->schema, &message->message, &event);
	return code ? code : handler->event(handler->context, &event);
}

static int take_device(struct reader *reader, struct reading_stream *stream,
		       const struct mcap_log_message *message)
{
	const struct report_handler *handler = reader->handler;
	const struct report_file *file = reader->file;

	if (!handler->device) {
		return 0;
	}
	return handler->device(handler->context, stream->device, &stream->fields.device,
			       &message->message,
			       file->has_offset ? &file->offset_ns : NULL, &stream->slot);
}

static int hand_over(struct reader *reader, struct reading_stream *stream,
		     const struct mcap_log_message *message)
{
	switch (stream->kind) {
	case STREAM_CYCLE:
		return take_cycle(reader, stream, message);
	case STREAM_GAP:
		return take_gap(reader, stream, message);
	case STREAM_EVENT:
		return take_event(reader, stream, message);
	case STREAM_DEVICE:
		return take_device(reader, stream, message);
	case STREAM_OTHER:
		break;
	}
	return 0;
}

static int take_message(struct reader *reader, const struct mcap_log_message *message)
{
	struct reading_stream *stream = message->stream->tag;
	int code;

	if (!stream) {
		stream = create_stream(reader, message);
		message->stream->tag = stream;
	}
	if (!stream) {
		return -ENOMEM;
	}
	code = hand_over(reader, stream, message);
	if (code == -EBADMSG || code == -ENOTSUP) {
		problem(reader, message->offset,
			"a message of %.100s is left out: it does not fit its schema",
			message->stream->name);
		code = 0;
	}
	if (++reader->messages % PROGRESS_MESSAGES == 0) {
		show_progress(reader);
	}
	return code;
}

static int read_file(struct reader *reader, const struct report_span *span,
		     struct err *err)
{
	const struct mcap_log_options options = {
		.from_ns = span->from_ns,
		.to_ns = span->to_ns,
		.problem = tell_log_problem,
		.wants = reader->handler->wants ? wants_chunk : NULL,
		.context = reader,
	};
	struct mcap_log_message message;
	int failure = 0;
	int code = mcap_log_open(&reader->log, reader->file->path, &options, err);

	if (code) {
		return code;
	}
	while (!failure && (code = mcap_log_next(&reader->log, &message)) > 0) {
		failure = take_message(reader, &message);
	}
	destroy_streams(reader);
	mcap_log_close(&reader->log);
	/* any other end of the log has been told */
	failure = code == -ENOMEM ? code : failure;
	return failure ? err_set_errno(err, failure, "%s", reader->file->path) : 0;
}

int report_read(struct report_reading *reading, const struct report_run_files *run,
		const struct report_span *span, const struct report_handler *handler,
		const struct report_listener *listener, struct err *err)
{
	struct reader reader = { .reading = reading,
				 .handler = handler,
				 .listener = listener };
	int code = 0;

	*reading = (struct report_reading){ .problems = 0 };
	for (unsigned i = 0; i < run->count && !code; i++) {
		reader.file = &run->files[i];
		code = read_file(&reader, span, err);
		reader.done_bytes += reader.file->bytes;
	}
	return code;
}
