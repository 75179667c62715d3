#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "rtloop/base/record.h"
#include "rtloop/log/topics.h"
#include "rtloop/replay/fit.h"

#define CHANNELS 4

/* A part of an image, as two configurations have it. */
struct side {
	struct image *image;
	struct image_part part;
	struct channel channels[CHANNELS];
	unsigned count;
};

struct bed {
	struct side log;
	struct side scene;
	struct schema *schema;
	struct fit fit;
};

static struct bed bed;

static void make_side(struct side *side)
{
	side->image = image_create();
	assert_int_equal(image_add(side->image, &side->part, side->channels, side->count),
			 0);
	assert_int_equal(image_seal(side->image), 0);
}

static void fill_log(void)
{
	for (unsigned i = 0; i < bed.log.count; i++) {
		channel_put_int(&bed.log.channels[i], 10 + i, 0);
		*bed.log.channels[i].quality = (uint8_t)(i % 3);
	}
	memset(bed.log.part.block, 7, IMAGE_HEAD_BYTES);
}

/* Both sides are set: the schema of the log's, and what fits of it. */
static void make_fit(void)
{
	const struct log_device device = { .name = "probe",
					   .channels = bed.log.channels,
					   .channel_count = bed.log.count };
	struct topics topics;
	struct err err;

	make_side(&bed.log);
	make_side(&bed.scene);
	fill_log();
	assert_int_equal(topics_create(&topics, &device, 1), 0);
	assert_int_equal(schema_create("probe", topics.topics[TOPIC_DEVICES].schema_text,
				       strlen(topics.topics[TOPIC_DEVICES].schema_text),
				       &bed.schema, &err),
			 0);
	topics_destroy(&topics);
	assert_int_equal(fit_init(&bed.fit, bed.schema, &bed.scene.part,
				  bed.scene.channels, bed.scene.count),
			 0);
}

static void add(struct side *side, const char *name, enum value_type type)
{
	side->channels[side->count++] = (struct channel){ .name = name, .type = type };
}

static int set_up(void **state)
{
	memset(&bed, 0, sizeof(bed));
	add(&bed.log, "ok", VALUE_BOOL);
	add(&bed.log, "temp", VALUE_FLOAT);
	add(&bed.log, "count", VALUE_INT);
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fit_fini(&bed.fit);
	schema_destroy(bed.schema);
	image_destroy(bed.log.image);
	image_destroy(bed.scene.image);
	return 0;
}

static int apply(size_t bytes)
{
	return fit_apply(&bed.fit, bed.scene.part.block, bed.log.part.block, bytes);
}

static void of_the_same_channels_it_is_one_copy(void **state)
{
	(void)state;
	memcpy(bed.scene.channels, bed.log.channels, sizeof(bed.log.channels));
	bed.scene.count = bed.log.count;
	make_fit();
	assert_int_equal(bed.fit.count, 1);
	assert_int_equal(bed.fit.missing, 0);
	assert_int_equal(apply(bed.log.part.bytes), 0);
	assert_memory_equal(bed.scene.part.block, bed.log.part.block, bed.log.part.bytes);
}

static void channels_are_found_by_their_names(void **state)
{
	(void)state;
	add(&bed.scene, "count", VALUE_INT);
	add(&bed.scene, "temp", VALUE_FLOAT);
	add(&bed.scene, "more", VALUE_FLOAT);
	add(&bed.scene, "ok", VALUE_BOOL);
	make_fit();
	channel_put_float(&bed.scene.channels[2], 3.5, 0);
	assert_int_equal(apply(bed.log.part.bytes), 0);
	assert_int_equal(channel_value(&bed.scene.channels[0]).as_int, 12);
	assert_int_equal(*bed.scene.channels[0].quality, 2);
	assert_true(channel_value(&bed.scene.channels[1]).as_float == 11.0);
	assert_int_equal(*bed.scene.channels[1].quality, 1);
	assert_true(channel_value(&bed.scene.channels[2]).as_float == 3.5);
	assert_int_equal(*bed.scene.channels[2].quality, QUALITY_GOOD);
	assert_true(channel_value(&bed.scene.channels[3]).as_bool);
	assert_int_equal(bed.fit.missing, 1);
	assert_false(bed.fit.is_there[2]);
	assert_memory_equal(bed.scene.part.block, bed.log.part.block, IMAGE_HEAD_BYTES);
}

static void a_channel_of_another_type_is_another_channel(void **state)
{
	(void)state;
	add(&bed.scene, "temp", VALUE_INT);
	add(&bed.scene, "ok", VALUE_FLOAT);
	add(&bed.scene, "count", VALUE_BOOL);
	make_fit();
	assert_int_equal(bed.fit.missing, 3);
}

static void a_message_that_is_too_short_is_refused(void **state)
{
	(void)state;
	add(&bed.scene, "ok", VALUE_BOOL);
	make_fit();
	/* its value, the last bool, stands before the qualities */
	assert_int_equal(bed.fit.body_bytes, IMAGE_HEAD_BYTES + 2 * 8 + 1 + 1);
	assert_int_equal(apply(bed.fit.body_bytes - 1), -EBADMSG);
	assert_int_equal(apply(bed.fit.body_bytes), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_the_same_channels_it_is_one_copy),
		TEST(channels_are_found_by_their_names),
		TEST(a_channel_of_another_type_is_another_channel),
		TEST(a_message_that_is_too_short_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
