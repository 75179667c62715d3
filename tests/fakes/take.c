#include "tests/fakes/take.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/output.h"

#define CHUNK_BYTES 256
#define RING_BYTES  (64 << 10)
#define OFFSET_NS   (INT64_C(1700000000) * 1000000000)

struct scene *take_scene(const char *text, struct setup **ret_setup, struct diag *diag)
{
	struct scene *scene = NULL;
	struct err err = { "" };

	diag_init(diag, "test.yaml");
	if (setup_parse(text, strlen(text), "/", ret_setup, diag)) {
		diag_print(diag, stderr);
		fail();
	}
	if (scene_create(&scene, *ret_setup, &err)) {
		fail_msg("%s", err.text);
	}
	return scene;
}

void take_init(struct take *take, const char *text)
{
	static const struct mcap_pair pairs[] = {
		{ "loop", "test" },
		{ "boot", "b" },
		{ "period_ns", "1000000" },
		{ "monotonic_to_log_time_ns", "1700000000000000000" },
		{ "config_folder", "/" },
	};
	struct mcap_sink sink;
	struct err err;

	memset(take, 0, sizeof(*take));
	take->run = take_scene(text, &take->setup, &take->diag);
	take->mcap = mcap_writer_create(CHUNK_BYTES);
	assert_non_null(take->mcap);
	sink = fake_sink_interface(&take->sink);
	assert_int_equal(mcap_writer_begin(take->mcap, &sink, take->run->topics.topics,
					   take->run->topics.count, "take"),
			 0);
	assert_int_equal(
		mcap_writer_metadata(take->mcap, "rtloop", pairs, ARRAY_SIZE(pairs)), 0);
	assert_int_equal(mcap_writer_attach(take->mcap, "config.yaml", "application/yaml",
					    text, strlen(text), 7),
			 0);
	assert_int_equal(ring_init(&take->ring, RING_BYTES, &err), 0);
	take->recorder.ring = &take->ring;
	take->recorder.wake_mark_bytes = UINT64_MAX;
	fake_file_init(&take->file, "", 0);
}

void take_fini(struct take *take)
{
	mcap_writer_destroy(take->mcap);
	fake_sink_fini(&take->sink);
	fake_file_fini(&take->file);
	ring_fini(&take->ring);
	origin_fini(&take->origin);
	scene_destroy(take->run);
	setup_destroy(take->setup);
	diag_fini(&take->diag);
}

static int64_t release_ns(const struct take *take)
{
	return TAKE_START_NS + (int64_t)take->release * TAKE_PERIOD_NS;
}

static int64_t wake_ns(const struct take *take)
{
	return release_ns(take) + TAKE_LATENCY_NS;
}

static bool has_name(const struct scene_part *part, const struct channel *channel,
		     const char *name)
{
	char full[128];

	snprintf(full, sizeof(full), "%s%s%s", part->prefix, part->prefix[0] ? "." : "",
		 channel->name);
	return strcmp(full, name) == 0;
}

struct channel *take_channel(struct take *take, const char *name)
{
	for (unsigned i = 0; i < take->run->part_count; i++) {
		const struct scene_part *part = &take->run->parts[i];

		for (unsigned k = 0; k < part->channel_count; k++) {
			if (has_name(part, &part->channels[k], name)) {
				return &part->channels[k];
			}
		}
	}
	fail_msg("the run has no %s", name);
	return NULL;
}

void take_set(struct take *take, const char *name, double value, int64_t late_ns)
{
	channel_put_float(take_channel(take, name), value, release_ns(take) + late_ns);
}

static void write_message(struct take *take, uint16_t topic, const void *body,
			  size_t bytes)
{
	assert_int_equal(mcap_writer_message(take->mcap, topic,
					     (uint64_t)(wake_ns(take) + OFFSET_NS), body,
					     bytes),
			 0);
}

static uint16_t number_of(const struct take *take, const char *topic)
{
	for (unsigned i = 0; i < take->run->topics.count; i++) {
		if (strcmp(take->run->topics.topics[i].name, topic) == 0) {
			return (uint16_t)i;
		}
	}
	fail_msg("there is no topic %s", topic);
	return 0;
}

void take_put_raw(struct take *take, const char *topic, const void *body, size_t bytes)
{
	write_message(take, number_of(take, topic), body, bytes);
}

void take_put(struct take *take, const char *topic, uint64_t cycle)
{
	const struct scene_part *part = scene_find(take->run, topic);
	int64_t sample_ns = wake_ns(take);

	assert_non_null(part);
	memcpy(part->part->block, &cycle, sizeof(cycle));
	memcpy(part->part->block + sizeof(cycle), &sample_ns, sizeof(sample_ns));
	write_message(take, part->topic, part->part->block, part->part->bytes);
}

static struct record_force describe_force(const struct device *device, unsigned index,
					  const union value *value)
{
	const uint8_t *cell = device->out[index].cell;
	bool is_bool = device->out[index].type == VALUE_BOOL;

	return (struct record_force){
		.value = !value	   ? 0
			 : is_bool ? value->as_bool
				   : value->as_int,
		.device = device->index,
		.offset = (uint32_t)(cell - device->out_part.block),
		.is_output = true,
		.is_forced = value != NULL,
	};
}

void take_force(struct take *take, const char *name, const union value *value)
{
	const struct channel *channel = take_channel(take, name);

	for (unsigned i = 0; i < take->run->device_count; i++) {
		struct device *device = &take->run->devices[i];

		for (unsigned k = 0; k < device->spec->out_count; k++) {
			struct record_force force = describe_force(device, k, value);

			if (&device->out[k] != channel) {
				continue;
			}
			device->outputs[k].is_forced = value != NULL;
			device->outputs[k].forced =
				value ? *value : device->outputs[k].forced;
			force.cycle = take->cycle;
			take_put_raw(take, "/force", &force, sizeof(force));
		}
	}
}

static struct cycle_time now_of(const struct take *take)
{
	uint64_t passed = take->release - take->previous_release;

	return (struct cycle_time){
		.cycle = take->cycle,
		.release = take->release,
		.release_ns = release_ns(take),
		.wake_ns = wake_ns(take),
		.dt_ns = (int64_t)(passed ? passed : 1) * TAKE_PERIOD_NS,
	};
}

/* What stands in the ring goes into the file. */
static void drain(struct take *take)
{
	uint64_t bytes = 0;
	const uint8_t *data = ring_peek(&take->ring, &bytes);

	for (uint64_t at = 0; at < bytes;) {
		const struct record *record = (const struct record *)(data + at);

		write_message(take, record->topic, record + 1, record->bytes);
		at += record_bytes(record->bytes);
	}
	ring_take(&take->ring, bytes);
}

void take_state(struct take *take)
{
	const struct cycle_time now = now_of(take);

	recorder_begin(&take->recorder, take->cycle, wake_ns(take));
	atomic_store(&take->recorder.is_state_wanted, true);
	state_record(&take->run->state, &take->recorder, &now);
	recorder_end(&take->recorder);
	drain(take);
}

static void record_times(struct take *take)
{
	const struct cycle_time now = now_of(take);

	recorder_begin(&take->recorder, take->cycle, wake_ns(take));
	sampled_record(&take->run->sampled, &take->recorder, &now);
	recorder_end(&take->recorder);
}

static void step(struct take *take)
{
	const struct cycle_time now = now_of(take);

	record_times(take);
	scene_step(take->run, &now);
}

void take_step(struct take *take)
{
	step(take);
	drain(take);
	for (unsigned i = 0; i < take->run->part_count; i++) {
		const struct scene_part *part = &take->run->parts[i];

		if (part->role == SCENE_OUTPUT || part->role == SCENE_VAR) {
			take_put(take, take->run->topics.topics[part->topic].name,
				 take->cycle);
		}
	}
}

static void go_on(struct take *take)
{
	take->cycle++;
	take->previous_release = take->release;
	take->release++;
}

void take_end(struct take *take)
{
	const struct record_cycle record = { .cycle = take->cycle,
					     .release = take->release,
					     .release_ns = release_ns(take),
					     .latency_ns = TAKE_LATENCY_NS };

	write_message(take, TOPIC_CYCLE, &record, sizeof(record));
	go_on(take);
}

void take_cycle(struct take *take)
{
	take_step(take);
	take_end(take);
}

void take_lose(struct take *take, unsigned count)
{
	uint64_t bytes;

	for (unsigned i = 0; i < count; i++) {
		step(take);
		if (ring_peek(&take->ring, &bytes)) {
			ring_take(&take->ring, bytes);
		}
		go_on(take);
	}
}

void take_gap(struct take *take, unsigned count)
{
	const struct record_gap gap = { .first = take->cycle,
					.last = take->cycle + count - 1 };

	take_lose(take, count);
	write_message(take, TOPIC_GAP, &gap, sizeof(gap));
}

void take_finish(struct take *take)
{
	struct err err = { "" };

	assert_int_equal(mcap_writer_end(take->mcap), 0);
	fake_file_set(&take->file, take->sink.data, take->sink.bytes);
	if (origin_read(&take->origin, take->file.path, &err)) {
		fail_msg("%s", err.text);
	}
}
