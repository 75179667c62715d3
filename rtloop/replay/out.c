#include "rtloop/replay/out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/log/event_body.h"

/* What one cycle of a log can hold here, its state apart. */
#define CYCLE_BYTES_MAX (UINT64_C(4) << 20)

static int put_bytes(void *context, const void *data, size_t bytes)
{
	struct replay_out *out = context;

	errno = 0;
	return fwrite(data, 1, bytes, out->file) == bytes ? 0 : errno ? -errno : -EIO;
}

static int write_metadata(struct replay_out *out)
{
	const struct origin *origin = out->origin;
	struct mcap_pair *pairs = calloc(origin->pair_count + 1, sizeof(*pairs));
	int code;

	if (!pairs) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < origin->pair_count; i++) {
		pairs[i] = (struct mcap_pair){ .key = origin->pairs[i].key,
					       .value = origin->pairs[i].value };
		if (strcmp(pairs[i].key, "config_folder") == 0) {
			pairs[i].value = out->scene->setup->tree.folder;
		}
	}
	code = mcap_writer_metadata(out->mcap, "rtloop", pairs, origin->pair_count);
	free(pairs);
	return code;
}

/* Neither a clock nor this machine is in it: the same replay writes the same bytes everywhere. */
static int write_head(struct replay_out *out)
{
	const struct mcap_sink sink = { .put = put_bytes, .context = out };
	const struct topics *topics = &out->scene->topics;
	const struct tree *tree = &out->scene->setup->tree;
	int code = mcap_writer_begin(out->mcap, &sink, topics->topics, topics->count,
				     "rtloop replay");

	code = code ? code : write_metadata(out);
	return code ? code
		    : mcap_writer_attach(out->mcap, "config.yaml", "application/yaml",
					 tree->raw, tree->raw_bytes,
					 out->origin->config_time_ns);
}

static int open_new(struct replay_out *out, struct err *err)
{
	/* never over what is there */
	out->file = fopen(out->path, "wxe");
	return out->file ? 0 : err_set_errno(err, -errno, "cannot write %s", out->path);
}

static void drop(struct replay_out *out)
{
	if (out->file) {
		(void)fclose(out->file);
		(void)unlink(out->path);
	}
	mcap_writer_destroy(out->mcap);
	ring_fini(&out->ring);
	memset(out, 0, sizeof(*out));
}

int replay_out_open(struct replay_out *out, struct scene *scene,
		    const struct origin *origin, const char *path, struct err *err)
{
	uint64_t state = record_bytes(state_body_bytes(&scene->state));
	int code;

	memset(out, 0, sizeof(*out));
	out->scene = scene;
	out->origin = origin;
	out->path = path;
	code = ring_init(&out->ring, CYCLE_BYTES_MAX + 2 * state, err);
	code = code ? code : open_new(out, err);
	if (code) {
		drop(out);
		return code;
	}
	out->mcap = mcap_writer_create((size_t)scene->setup->log.chunk_bytes);
	code = out->mcap ? write_head(out) : -ENOMEM;
	if (code) {
		code = err_set_errno(err, code, "cannot write %s", path);
		drop(out);
		return code;
	}
	out->recorder.ring = &out->ring;
	out->recorder.wake_fd = -1;
	out->recorder.wake_mark_bytes = UINT64_MAX;
	scene_record(scene, &out->recorder);
	return 0;
}

static uint64_t log_time(const struct replay_out *out, int64_t time_ns)
{
	return (uint64_t)(time_ns + out->origin->offset_ns);
}

/* Of the step: all else that happened is in the log that is played. */
static int write_event(struct replay_out *out, const struct record *record)
{
	struct log_note note = { .time_ns = record->time_ns };
	const struct log_plugin *plugin;
	uint8_t body[EVENT_BODY_MAX];
	size_t bytes;

	memcpy(&note.event, record + 1, sizeof(note.event));
	plugin = event_body_plugin(&note, out->scene->log_plugins,
				   out->scene->step.plugin_count);
	bytes = event_body_encode(&note, plugin ? plugin->name : "", body);
	return mcap_writer_message(out->mcap, TOPIC_EVENT, log_time(out, record->time_ns),
				   body, bytes);
}

static int drain(struct replay_out *out)
{
	uint64_t bytes = 0, done = 0;
	const uint8_t *data = ring_peek(&out->ring, &bytes);
	int code = 0;

	while (done < bytes && code == 0) {
		const struct record *record = (const struct record *)(data + done);

		done += record_bytes(record->bytes);
		code = record->topic == TOPIC_EVENT
			       ? write_event(out, record)
			       : mcap_writer_message(out->mcap, record->topic,
						     log_time(out, record->time_ns),
						     record + 1, record->bytes);
	}
	ring_take(&out->ring, bytes);
	return code;
}

void replay_out_begin(struct replay_out *out)
{
	if (!out->is_in_cycle) {
		out->is_in_cycle = true;
		out->is_played = false;
		recorder_begin(&out->recorder, out->cycle, out->now_ns);
	}
}

/* Up to this cycle some may be missing in the log, where it is damaged. */
static void reach(struct replay_out *out, uint64_t cycle)
{
	if (out->has_cycle && cycle > out->cycle) {
		replay_out_gap(out, out->cycle, cycle - 1);
	}
	out->has_cycle = true;
	out->cycle = cycle;
	out->recorder.cycle = cycle;
}

/* Whatever came of this cycle before its state, or of cycles before it, is in the state. */
void replay_out_state(struct replay_out *out, uint64_t cycle, int64_t dt_ns)
{
	const struct cycle_time now = { .cycle = cycle, .dt_ns = dt_ns };

	ring_abort(&out->ring);
	reach(out, cycle);
	recorder_begin(&out->recorder, cycle, out->now_ns);
	atomic_store(&out->recorder.is_state_wanted, true);
	state_record(&out->scene->state, &out->recorder, &now);
}

void replay_out_part(struct replay_out *out, const struct scene_part *part,
		     const uint8_t *block)
{
	void *body = recorder_add(&out->recorder, part->topic, part->part->bytes);

	if (body) {
		memcpy(body, block, part->part->bytes);
	}
}

void replay_out_force(struct replay_out *out, const struct record_force *force)
{
	void *body =
		recorder_add(&out->recorder, out->scene->force_topic, sizeof(*force));

	if (body) {
		memcpy(body, force, sizeof(*force));
	}
}

int replay_out_cycle(struct replay_out *out, const uint8_t *body, size_t bytes)
{
	uint64_t cycle;
	void *copy;

	if (bytes != sizeof(struct record_cycle)) {
		return -EBADMSG;
	}
	memcpy(&cycle, body, sizeof(cycle));
	reach(out, cycle);
	copy = recorder_add(&out->recorder, TOPIC_CYCLE, (uint32_t)bytes);
	if (copy) {
		memcpy(copy, body, bytes);
	}
	out->recorder.is_dropped |= !out->is_played;
	recorder_end(&out->recorder);
	out->is_in_cycle = false;
	out->cycle++;
	return drain(out);
}

void replay_out_gap(struct replay_out *out, uint64_t first, uint64_t last)
{
	struct recorder *recorder = &out->recorder;

	/* of a cycle that has no end there may be a beginning */
	ring_abort(&out->ring);
	out->is_in_cycle = false;
	/* it may follow on one of cycles that could not be played */
	if (!recorder->is_gap) {
		recorder->is_gap = true;
		/* or cycles before it are missing in the log */
		recorder->gap.first =
			out->has_cycle && first > out->cycle ? out->cycle : first;
	}
	recorder->gap.last = last;
	recorder->now_ns = out->now_ns;
	out->has_cycle = true;
	out->cycle = last + 1;
}

static bool is_of_kind(const uint8_t *body, size_t bytes, enum event_code code)
{
	const char *kind = event_kind((uint32_t)code)->name;
	const size_t at =
		28; /* behind cycle, time_ns, value and level: the kind's length */
	uint32_t length;

	if (bytes < at + sizeof(length)) {
		return false;
	}
	memcpy(&length, body + at, sizeof(length));
	return length == strlen(kind) + 1 && bytes - at - sizeof(length) >= length &&
	       memcmp(body + at + sizeof(length), kind, length) == 0;
}

/* Of the logic that was played then; this one tells its own. */
static bool is_of_step(const uint8_t *body, size_t bytes)
{
	return is_of_kind(body, bytes, EVENT_PROGRAM_TROUBLE) ||
	       is_of_kind(body, bytes, EVENT_PLUGIN_REPORT);
}

int replay_out_event(struct replay_out *out, const uint8_t *body, size_t bytes)
{
	int64_t time_ns;

	if (bytes < sizeof(uint64_t) + sizeof(time_ns)) {
		return -EBADMSG;
	}
	if (is_of_step(body, bytes)) {
		return 0;
	}
	memcpy(&time_ns, body + sizeof(uint64_t), sizeof(time_ns));
	return mcap_writer_message(out->mcap, TOPIC_EVENT, log_time(out, time_ns), body,
				   bytes);
}

int replay_out_close(struct replay_out *out, struct err *err)
{
	int code;

	if (!out->file) {
		return 0;
	}
	/* a cycle that the log does not have to its end is none */
	ring_abort(&out->ring);
	out->recorder.event_count = 0;
	code = recorder_close(&out->recorder);
	code = code ? code : drain(out);
	code = code ? code : mcap_writer_end(out->mcap);
	if (fclose(out->file) && code == 0) {
		code = -errno;
	}
	out->file = NULL;
	if (code) {
		err_set_errno(err, code, "cannot write %s", out->path);
	}
	scene_record(out->scene, NULL);
	drop(out);
	return code;
}
