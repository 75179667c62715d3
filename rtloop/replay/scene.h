/*
 * The logic of a configuration on an image of its own, without the devices: none is opened, and no
 * driver is asked anything. A replay puts the inputs into the image and lets the logic run.
 */
#ifndef RTLOOP_REPLAY_SCENE_H
#define RTLOOP_REPLAY_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/device.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/base/image.h"
#include "rtloop/logic_run.h"
#include "rtloop/logic_state.h"
#include "rtloop/setup.h"

enum scene_role {
	SCENE_INPUT,  /* "/io/NAME" */
	SCENE_PARAM,  /* "/param" */
	SCENE_OUTPUT, /* "/out/NAME" */
	SCENE_VAR,    /* "/var" */
};

/* A part of the image, and the topic that it has in a log. */
struct scene_part {
	enum scene_role role;
	uint16_t topic;	    /* in a log of this configuration */
	const char *prefix; /* of its channels' names: "probe."; "" */
	const struct image_part *part;
	struct channel *channels;
	unsigned channel_count;
};

struct scene {
	struct setup *setup; /* borrowed */
	struct image *image;
	struct device *devices;
	unsigned device_count; /* bound so far */
	struct step step;
	struct logic_run logic;
	struct log_device *log_devices;
	struct log_plugin *log_plugins;
	struct topics topics; /* of a log of this configuration */
	uint16_t force_topic;
	struct sampled sampled;	     /* channels whose age the logic asks for, */
	struct topics_sampled *aged; /* and their names */
	struct state state;
	struct scene_part *parts;
	unsigned part_count;
	struct recorder nowhere;   /* records nothing */
	struct recorder *recorder; /* borrowed; into which the step records */
	bool is_recorded;	   /* it is another than @nowhere */
};

/**
 * scene_create - from a configuration that has a program or plugins. Plugins are loaded and started: that
 * executes the files that the configuration names.
 *
 * -EINVAL it has neither, or a plugin cannot start; -ENOMEM; @err filled. [init]
 */
int scene_create(struct scene **ret_scene, struct setup *setup,
		 struct err *err) MUST_CHECK;
void scene_destroy(struct scene *scene);

/** scene_record - into this recorder from now on; NULL: nowhere. [init] */
void scene_record(struct scene *scene, struct recorder *recorder);

/** scene_step - one step of the logic, and what would be driven by it. [init] */
void scene_step(struct scene *scene, const struct cycle_time *now);

/** scene_find - the part with that topic; NULL where there is none. [init] */
struct scene_part *scene_find(const struct scene *scene, const char *topic);

/** scene_find_device - the index of the device with that topic of inputs; -1: none. [init] */
int scene_find_device(const struct scene *scene, const char *topic);

/** scene_reads - whether the logic reads an input, its value or its age. [init] */
bool scene_reads(const struct scene *scene, const struct channel *channel);

/**
 * scene_memory - where the logic's memory is that a part of a state holds, if it is of that length.
 *
 * NULL: there is none. [init]
 */
void *scene_memory(const struct scene *scene, const struct state_part_head *head);

#endif
