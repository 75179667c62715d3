#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/registry.h"
#include "rtloop/base/time.h"
#include "tests/fakes/rig.h"

#define WAKE_LATENCY_NS (10 * NS_PER_US)

static void print_errors(struct rig *rig)
{
	size_t bytes = 0;
	FILE *stream = open_memstream(&rig->errors, &bytes);

	diag_print(&rig->diag, stream);
	fclose(stream);
}

void rig_load(struct rig *rig, const char *text)
{
	struct binder binder = { .folder = "/etc", .diag = &rig->diag };

	memset(rig, 0, sizeof(*rig));
	diag_init(&rig->diag, "f");
	assert_int_equal(
		tree_parse(&rig->tree, text, strlen(text), binder.folder, &rig->diag), 0);
	binder.arena = &rig->tree.arena;
	assert_int_equal(
		spec_list_create(&binder, rig->tree.root, registry_drivers, &rig->list),
		0);
	print_errors(rig);
}

void rig_init(struct rig *rig, const char *text)
{
	struct err err = { .text = "" };

	rig_load(rig, text);
	assert_string_equal(rig->errors, "");
	assert_int_equal(rig->list->device_count, 1);
	rig->image = image_create();
	assert_non_null(rig->image);
	assert_int_equal(
		device_init(&rig->device, &rig->list->devices[0], 0, rig->image, &err),
		0);
	device_resolve(&rig->device, &rig->device, 1);
	assert_int_equal(image_seal(rig->image), 0);
	rig->now = (struct cycle_time){
		.release_ns = NS_PER_SEC,
		.wake_ns = NS_PER_SEC + WAKE_LATENCY_NS,
		.dt_ns = NS_PER_MS,
	};
}

int rig_open(struct rig *rig, struct err *err)
{
	const struct driver *driver = rig->device.driver;
	int rc = driver->open(&rig->device, &rig->link, err);

	while (rc == -EINPROGRESS) {
		rc = driver->proceed(&rig->device, &rig->link, err);
		if (rc && rc != -EINPROGRESS) {
			driver->close(&rig->device, &rig->link);
		}
	}
	if (rc == 0) {
		rig->device.link = &rig->link;
		if (rig->device.driver->attach) {
			rig->device.driver->attach(&rig->device, &rig->now);
		}
	}
	return rc;
}

void rig_close(struct rig *rig)
{
	if (rig->device.link) {
		rig->device.link = NULL;
		rig->device.driver->close(&rig->device, &rig->link);
	}
}

void rig_fini(struct rig *rig)
{
	rig_close(rig);
	if (rig->image) {
		device_fini(&rig->device);
		image_destroy(rig->image);
	}
	spec_list_destroy(rig->list);
	tree_fini(&rig->tree);
	diag_fini(&rig->diag);
	free(rig->errors);
}

void rig_step(struct rig *rig, int64_t ns)
{
	rig->now.cycle++;
	rig->now.release++;
	rig->now.release_ns += ns;
	rig->now.wake_ns += ns;
	rig->now.dt_ns = ns;
}

void rig_receive(struct rig *rig, const void *data, size_t bytes,
		 const struct sockaddr_storage *from)
{
	const struct message message = {
		.data = data,
		.bytes = (uint32_t)bytes,
		.from = from,
	};

	rig->device.driver->receive(&rig->device, &message, &rig->now);
}

void rig_tick(struct rig *rig)
{
	rig->device.driver->tick(&rig->device, &rig->now);
}

void rig_emit(struct rig *rig)
{
	rig->device.driver->emit(&rig->device, &rig->now);
}

void rig_drive(struct rig *rig, const char *output, double value)
{
	for (unsigned i = 0; i < rig->device.spec->out_count; i++) {
		if (strcmp(rig->device.out[i].name, output) == 0) {
			channel_put_float(&rig->device.out[i], value, rig->now.wake_ns);
			return;
		}
	}
	fail_msg("no output '%s'", output);
}

uint64_t rig_count(const struct rig *rig, enum device_count which)
{
	return counter_get(&rig->device.counts[which]);
}

static const struct channel *find(const struct rig *rig, const char *name)
{
	for (unsigned i = 0; i < rig->device.spec->in_count; i++) {
		if (strcmp(rig->device.in[i].name, name) == 0) {
			return &rig->device.in[i];
		}
	}
	fail_msg("no channel '%s'", name);
	return NULL;
}

double rig_float(const struct rig *rig, const char *channel)
{
	return channel_value(find(rig, channel)).as_float;
}

int64_t rig_int(const struct rig *rig, const char *channel)
{
	return channel_value(find(rig, channel)).as_int;
}

bool rig_bool(const struct rig *rig, const char *channel)
{
	return channel_value(find(rig, channel)).as_bool;
}

enum quality rig_quality(const struct rig *rig, const char *channel)
{
	return (enum quality) * find(rig, channel)->quality;
}
