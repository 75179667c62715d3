#include "rtloop/replay/scene.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/output.h"

static int bind_devices(struct scene *scene)
{
	const struct setup *setup = scene->setup;

	scene->devices = calloc(setup->device_count + 1, sizeof(*scene->devices));
	if (!scene->devices) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < setup->device_count; i++) {
		scene->device_count = i + 1;
		if (device_init_idle(&scene->devices[i], &setup->devices[i], i,
				     scene->image)) {
			return -ENOMEM;
		}
	}
	return 0;
}

static int make_image(struct scene *scene)
{
	int code;

	scene->image = image_create();
	code = scene->image ? bind_devices(scene) : -ENOMEM;
	code = code ? code
		    : logic_run_add(&scene->step, scene->setup->logic, scene->image);
	code = code ? code : image_seal(scene->image);
	if (code) {
		return code;
	}
	for (unsigned i = 0; i < scene->device_count; i++) {
		device_begin(&scene->devices[i]);
	}
	return logic_run_bind(&scene->logic, &scene->step, scene->setup->logic,
			      scene->devices, scene->device_count);
}

static int add_values_topic(struct topics *topics, const char *name,
			    struct values *values)
{
	const struct log_values described = { .name = name,
					      .channels = values->channels,
					      .channel_count = values->count };

	return values->count ? topics_add_values(topics, &described, &values->topic) : 0;
}

/* As those of a run. */
static int make_topics(struct scene *scene)
{
	const struct logic_parts parts = { .spec = scene->setup->logic,
					   .run = &scene->logic,
					   .step = &scene->step,
					   .devices = scene->devices,
					   .device_count = scene->device_count };
	unsigned count = scene->device_count;
	int code;

	scene->log_devices = calloc(count + 1, sizeof(*scene->log_devices));
	scene->log_plugins = logic_run_plugins(&scene->step);
	if (!scene->log_devices || !scene->log_plugins) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < count; i++) {
		scene->log_devices[i] = log_device_of(&scene->devices[i]);
	}
	code = topics_create(&scene->topics, scene->log_devices, count);
	for (unsigned i = 0; i < count; i++) {
		scene->devices[i].out_topic =
			topics_of_outputs(scene->log_devices, count, i);
	}
	code = code ? code
		    : add_values_topic(&scene->topics, "param", &scene->step.params);
	code = code ? code : add_values_topic(&scene->topics, "var", &scene->step.vars);
	return code ? code
		    : logic_state_describe(&parts, &scene->state, &scene->sampled,
					   &scene->topics, &scene->force_topic,
					   &scene->aged);
}

static void add_part(struct scene *scene, const struct scene_part *part)
{
	if (part->topic && part->channel_count > 0) {
		scene->parts[scene->part_count++] = *part;
	}
}

static void add_values_part(struct scene *scene, enum scene_role role,
			    struct values *values)
{
	add_part(scene, &(struct scene_part){ .role = role,
					      .topic = values->topic,
					      .prefix = "",
					      .part = &values->part,
					      .channels = values->channels,
					      .channel_count = values->count });
}

static int make_parts(struct scene *scene)
{
	scene->parts = calloc(2 * scene->device_count + 3, sizeof(*scene->parts));
	if (!scene->parts) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < scene->device_count; i++) {
		struct device *device = &scene->devices[i];
		struct scene_part part = { .role = SCENE_INPUT,
					   .topic = device->topic,
					   .prefix = device->spec->name,
					   .part = &device->part,
					   .channels = device->in,
					   .channel_count = device->spec->in_count };

		add_part(scene, &part);
		part.role = SCENE_OUTPUT;
		part.topic = device->out_topic;
		part.part = &device->out_part;
		part.channels = device->out;
		part.channel_count = device->spec->out_count;
		add_part(scene, &part);
	}
	add_values_part(scene, SCENE_PARAM, &scene->step.params);
	add_values_part(scene, SCENE_VAR, &scene->step.vars);
	return 0;
}

int scene_create(struct scene **ret_scene, struct setup *setup, struct err *err)
{
	struct scene *scene;
	int code;

	if (!setup->logic->program && setup->plugins.count == 0) {
		return err_set(err, -EINVAL,
			       "the configuration has no program to replay");
	}
	scene = calloc(1, sizeof(*scene));
	if (!scene) {
		return err_set(err, -ENOMEM, "no memory for a replay");
	}
	scene->setup = setup;
	code = make_image(scene);
	if (code == 0 && logic_run_load(&scene->logic, &scene->step, setup, err)) {
		scene_destroy(scene);
		return -EINVAL;
	}
	code = code ? code : make_topics(scene);
	code = code ? code : make_parts(scene);
	if (code) {
		scene_destroy(scene);
		return err_set_errno(err, code, "cannot replay");
	}
	scene_record(scene, NULL);
	*ret_scene = scene;
	return 0;
}

void scene_destroy(struct scene *scene)
{
	if (!scene) {
		return;
	}
	for (unsigned i = 0; i < scene->device_count; i++) {
		device_fini(&scene->devices[i]);
	}
	logic_run_fini(&scene->logic);
	values_destroy(&scene->step.params);
	values_destroy(&scene->step.vars);
	topics_destroy(&scene->topics);
	state_fini(&scene->state);
	sampled_fini(&scene->sampled);
	image_destroy(scene->image);
	free(scene->aged);
	free(scene->parts);
	free(scene->log_devices);
	free(scene->log_plugins);
	free(scene->devices);
	free(scene);
}

void scene_record(struct scene *scene, struct recorder *recorder)
{
	scene->is_recorded = recorder != NULL;
	scene->recorder = recorder ? recorder : &scene->nowhere;
	for (unsigned i = 0; i < scene->device_count; i++) {
		scene->devices[i].recorder = recorder;
	}
}

/* As in a cycle, but for what is sent. */
static void record(struct scene *scene, const struct cycle_time *now)
{
	for (unsigned i = 0; i < scene->device_count; i++) {
		if (scene->devices[i].spec->out_count > 0) {
			outputs_record(&scene->devices[i], now);
		}
	}
	step_record(&scene->step, now, scene->recorder);
}

void scene_step(struct scene *scene, const struct cycle_time *now)
{
	if (scene->is_recorded) {
		sampled_record(&scene->sampled, scene->recorder, now);
	}
	step_run(&scene->step, now, scene->recorder);
	for (unsigned i = 0; i < scene->device_count; i++) {
		if (scene->devices[i].spec->out_count > 0) {
			outputs_apply(&scene->devices[i]);
		}
	}
	if (scene->is_recorded) {
		record(scene, now);
	} else {
		recorder_end(&scene->nowhere);
	}
}

struct scene_part *scene_find(const struct scene *scene, const char *topic)
{
	for (unsigned i = 0; i < scene->part_count; i++) {
		const struct scene_part *part = &scene->parts[i];

		if (strcmp(scene->topics.topics[part->topic].name, topic) == 0) {
			return &scene->parts[i];
		}
	}
	return NULL;
}

int scene_find_device(const struct scene *scene, const char *topic)
{
	for (unsigned i = 0; i < scene->device_count; i++) {
		uint16_t number = scene->devices[i].topic;

		if (strcmp(scene->topics.topics[number].name, topic) == 0) {
			return (int)i;
		}
	}
	return -1;
}

bool scene_reads(const struct scene *scene, const struct channel *channel)
{
	const struct logic_spec *spec = scene->setup->logic;

	for (unsigned i = 0; i < spec->symbol_count; i++) {
		if (scene->logic.channels[i] == channel) {
			return logic_run_reads(&scene->logic, spec, i) ||
			       logic_run_ages(&scene->logic, spec, i);
		}
	}
	return false;
}

void *scene_memory(const struct scene *scene, const struct state_part_head *head)
{
	for (unsigned i = 0; i < scene->state.count; i++) {
		const struct state_part *part = &scene->state.parts[i];

		if (part->head.kind == head->kind && part->head.index == head->index &&
		    part->head.bytes == head->bytes) {
			return (void *)part->data;
		}
	}
	return NULL;
}
