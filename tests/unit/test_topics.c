#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "rtloop/base/record.h"
#include "rtloop/log/topics_state.h"
#include "rtloop/mcap/schema.h"
#include "tests/fakes/kernel.h"

#define CHANNELS 5

/* Numbers and booleans mixed, as a configuration may have them. */
static struct channel mixed[CHANNELS] = {
	{ .name = "is_on", .type = VALUE_BOOL },
	{ .name = "temp", .type = VALUE_FLOAT, .unit = "degC" },
	{ .name = "count", .type = VALUE_INT },
	{ .name = "door", .type = VALUE_BOOL, .unit = "open" },
	{ .name = "level", .type = VALUE_FLOAT, .unit = "# of 8" },
};

static struct schema *parse(const struct mcap_topic *topic)
{
	struct schema *schema = NULL;
	struct err err = { "" };

	if (schema_create(topic->schema_name, topic->schema_text,
			  strlen(topic->schema_text), &schema, &err)) {
		fail_msg("%s", err.text);
	}
	return schema;
}

struct expected {
	const char *name;
	enum schema_type type;
	uint32_t offset;
};

static void assert_fields(const struct mcap_topic *topic, const struct expected *expected,
			  unsigned count)
{
	struct schema *schema = parse(topic);

	assert_int_equal(schema->field_count, count);
	for (unsigned i = 0; i < count; i++) {
		assert_string_equal(schema->fields[i].name, expected[i].name);
		assert_int_equal(schema->fields[i].type, expected[i].type);
		assert_int_equal(schema->fields[i].shape, SCHEMA_ONE);
		if (expected[i].type != SCHEMA_STRING) {
			assert_int_equal(schema->fields[i].offset, expected[i].offset);
		}
	}
	schema_destroy(schema);
}

#define AT(type, member) offsetof(struct type, member)

static void a_cycle_is_recorded_as_its_schema_says(void **state)
{
	static const struct expected fields[] = {
		{ "cycle", SCHEMA_UINT64, AT(record_cycle, cycle) },
		{ "release", SCHEMA_UINT64, AT(record_cycle, release) },
		{ "release_ns", SCHEMA_INT64, AT(record_cycle, release_ns) },
		{ "latency_ns", SCHEMA_INT64, AT(record_cycle, latency_ns) },
		{ "read_ns", SCHEMA_INT64, AT(record_cycle, read_ns) },
		{ "step_ns", SCHEMA_INT64, AT(record_cycle, step_ns) },
		{ "write_ns", SCHEMA_INT64, AT(record_cycle, write_ns) },
		{ "record_ns", SCHEMA_INT64, AT(record_cycle, record_ns) },
		{ "missed", SCHEMA_UINT32, AT(record_cycle, missed) },
		{ "flags", SCHEMA_UINT32, AT(record_cycle, flags) },
	};
	struct topics topics;

	assert_int_equal(topics_create(&topics, NULL, 0), 0);
	assert_int_equal(topics.count, TOPIC_DEVICES);
	assert_string_equal(topics.topics[TOPIC_CYCLE].name, "/cycle");
	assert_fields(&topics.topics[TOPIC_CYCLE], fields, ARRAY_SIZE(fields));
	topics_destroy(&topics);
}

static void a_gap_is_recorded_as_its_schema_says(void **state)
{
	static const struct expected fields[] = {
		{ "first", SCHEMA_UINT64, AT(record_gap, first) },
		{ "last", SCHEMA_UINT64, AT(record_gap, last) },
	};
	struct topics topics;

	assert_int_equal(topics_create(&topics, NULL, 0), 0);
	assert_string_equal(topics.topics[TOPIC_GAP].name, "/gap");
	assert_fields(&topics.topics[TOPIC_GAP], fields, ARRAY_SIZE(fields));
	topics_destroy(&topics);
}

/* How long they are is found out by reading: see the events in the tests of the logger. */
static void an_event_ends_with_its_words(void **state)
{
	static const struct expected fields[] = {
		{ "cycle", SCHEMA_UINT64, 0 }, { "time_ns", SCHEMA_INT64, 8 },
		{ "value", SCHEMA_INT64, 16 }, { "level", SCHEMA_UINT8, 24 },
		{ "kind", SCHEMA_STRING, 0 },  { "device", SCHEMA_STRING, 0 },
		{ "text", SCHEMA_STRING, 0 },
	};
	struct topics topics;

	assert_int_equal(topics_create(&topics, NULL, 0), 0);
	assert_string_equal(topics.topics[TOPIC_EVENT].name, "/event");
	assert_fields(&topics.topics[TOPIC_EVENT], fields, ARRAY_SIZE(fields));
	topics_destroy(&topics);
}

static void put_sample(struct channel *channel, unsigned i)
{
	if (channel->type == VALUE_FLOAT) {
		channel_put_float(channel, 1.5 * (i + 1), 1000 + i);
	} else {
		channel_put_int(channel, channel->type == VALUE_BOOL ? 1 : -100 - (int)i,
				1000 + i);
	}
	channel_set_quality(channel, (enum quality)(i % 3));
}

static void assert_value(const struct schema_value *value, const struct channel *channel)
{
	switch (channel->type) {
	case VALUE_BOOL:
		assert_int_equal(value->field->type, SCHEMA_BOOL);
		assert_int_equal(value->as_int, channel_value(channel).as_bool);
		break;
	case VALUE_INT:
		assert_int_equal(value->field->type, SCHEMA_INT64);
		assert_int_equal(value->as_int, channel_value(channel).as_int);
		break;
	case VALUE_FLOAT:
		assert_int_equal(value->field->type, SCHEMA_FLOAT64);
		assert_true(value->as_float == channel_value(channel).as_float);
		break;
	}
}

static const struct schema_field *get(const struct schema *schema, const char *name,
				      const uint8_t *message, size_t bytes,
				      struct schema_value *ret_value)
{
	const struct schema_field *field = schema_find(schema, name);

	if (!field) {
		fail_msg("the schema has no field '%s'", name);
	}
	assert_int_equal(schema_get(schema, field, message, bytes, ret_value), 0);
	return field;
}

static void assert_channel(const struct schema *schema, const struct channel *channel,
			   const uint8_t *message, size_t bytes)
{
	const char *unit = channel->unit ? channel->unit : "";
	struct schema_value value;
	char quality[64];

	assert_string_equal(get(schema, channel->name, message, bytes, &value)->comment,
			    unit);
	assert_value(&value, channel);
	snprintf(quality, sizeof(quality), "quality.%s", channel->name);
	get(schema, quality, message, bytes, &value);
	assert_int_equal(value.field->type, SCHEMA_UINT8);
	assert_int_equal(value.as_int, *channel->quality);
}

static void the_part_of_a_device_is_the_message_that_its_schema_describes(void **state)
{
	const struct log_device device = { .name = "probe",
					   .channels = mixed,
					   .channel_count = CHANNELS };
	const uint64_t cycle = 0x0102030405060708, sample_ns = 0x1112131415161718;
	struct image *image = image_create();
	struct image_part part;
	uint8_t message[256] = { 0, 1, 0, 0 };
	struct schema_value value;
	struct schema_walk walk;
	struct schema *schema;
	struct topics topics;
	unsigned values = 0;

	assert_int_equal(image_add(image, &part, mixed, CHANNELS), 0);
	assert_int_equal(image_seal(image), 0);
	for (unsigned i = 0; i < CHANNELS; i++) {
		put_sample(&mixed[i], i);
	}
	memcpy(part.block, &cycle, 8);
	memcpy(part.block + 8, &sample_ns, 8);
	memcpy(message + 4, part.block, part.bytes);

	assert_int_equal(topics_create(&topics, &device, 1), 0);
	assert_int_equal(topics.count, TOPIC_DEVICES + 1);
	assert_string_equal(topics.topics[TOPIC_DEVICES].name, "/io/probe");
	schema = parse(&topics.topics[TOPIC_DEVICES]);
	get(schema, "cycle", message, part.bytes + 4, &value);
	assert_true(value.as_uint == cycle);
	get(schema, "sample_ns", message, part.bytes + 4, &value);
	assert_true(value.as_int == (int64_t)sample_ns);
	for (unsigned i = 0; i < CHANNELS; i++) {
		assert_channel(schema, &mixed[i], message, part.bytes + 4);
	}

	/* every byte belongs to a field: one byte less is too short, and there are no more fields */
	assert_int_equal(schema_walk_begin(&walk, schema, message, part.bytes + 4), 0);
	while (schema_walk_next(&walk, &value) == 1) {
		values++;
	}
	assert_int_equal(values, 2 + 2 * CHANNELS);
	assert_int_equal(schema->field_count, 2 + 2 * CHANNELS);
	assert_int_equal(schema_get(schema, &schema->fields[schema->field_count - 1],
				    message, part.bytes + 3, &value),
			 -EBADMSG);
	schema_destroy(schema);
	topics_destroy(&topics);
	image_destroy(image);
}

static void a_device_without_inputs_has_the_two_stamps_alone(void **state)
{
	static const struct expected fields[] = {
		{ "cycle", SCHEMA_UINT64, 0 },
		{ "sample_ns", SCHEMA_INT64, 8 },
	};
	const struct log_device device = { .name = "heater" };
	struct topics topics;

	assert_int_equal(topics_create(&topics, &device, 1), 0);
	assert_fields(&topics.topics[TOPIC_DEVICES], fields, ARRAY_SIZE(fields));
	/* an empty definition is none that other tools read */
	assert_null(strstr(topics.topics[TOPIC_DEVICES].schema_text, "uality"));
	assert_int_equal(image_part_bytes(NULL, 0), 16);
	topics_destroy(&topics);
}

static void devices_stand_behind_the_fixed_topics_in_their_order(void **state)
{
	const struct log_device devices[] = {
		{ .name = "zebra", .channels = mixed, .channel_count = 1 },
		{ .name = "oven_2", .channels = mixed, .channel_count = 2 }
	};
	struct topics topics;

	assert_int_equal(topics_create(&topics, devices, 2), 0);
	assert_string_equal(topics.topics[TOPIC_DEVICES].name, "/io/zebra");
	assert_string_equal(topics.topics[TOPIC_DEVICES].schema_name, "rtloop/msg/Zebra");
	assert_string_equal(topics.topics[TOPIC_DEVICES + 1].name, "/io/oven_2");
	assert_string_equal(topics.topics[TOPIC_DEVICES + 1].schema_name,
			    "rtloop/msg/Oven2");
	topics_destroy(&topics);
}

static void values_of_the_loop_stand_behind_all_others(void **state)
{
	const struct log_device devices[] = { { "panel", mixed, 1, mixed + 1, 2 },
					      { "param", mixed, 1, NULL, 0 } };
	const struct log_values params = { "param", mixed, 2 },
				vars = { "var", mixed, 1 };
	struct topics topics;
	uint16_t topic = 0;

	assert_int_equal(topics_create(&topics, devices, 2), 0);
	assert_int_equal(topics_add_values(&topics, &params, &topic), 0);
	assert_int_equal(topic, TOPIC_DEVICES + 3);
	assert_int_equal(topics_add_values(&topics, &vars, &topic), 0);
	assert_int_equal(topic, TOPIC_DEVICES + 4);
	assert_int_equal(topics.count, TOPIC_DEVICES + 5);
	assert_string_equal(topics.topics[topic].name, "/var");
	assert_string_equal(topics.topics[topic].schema_name, "rtloop/msg/Var");
	assert_string_equal(topics.topics[topic - 1].name, "/param");
	/* a device of that name has the plain one */
	assert_string_equal(topics.topics[topic - 1].schema_name,
			    "rtloop/msg/ParamDevice1");
	assert_non_null(
		strstr(topics.topics[topic].schema_text, "in which it was recorded"));
	topics_destroy(&topics);
}

static void outputs_stand_behind_all_devices_and_only_where_there_are_some(void **state)
{
	const struct log_device devices[] = {
		{ "panel", mixed, 1, mixed + 1, 2 },
		{ "panel_out", mixed, 2, NULL, 0 },
		{ "oven_2", NULL, 0, mixed, 1 },
	};
	struct topics topics;
	struct schema *schema;

	assert_int_equal(topics_create(&topics, devices, 3), 0);
	assert_int_equal(topics.count, TOPIC_DEVICES + 5);
	assert_int_equal(topics_of_outputs(devices, 3, 0), TOPIC_DEVICES + 3);
	assert_int_equal(topics_of_outputs(devices, 3, 1), 0);
	assert_int_equal(topics_of_outputs(devices, 3, 2), TOPIC_DEVICES + 4);
	assert_string_equal(topics.topics[TOPIC_DEVICES + 3].name, "/out/panel");
	assert_string_equal(topics.topics[TOPIC_DEVICES + 4].name, "/out/oven_2");
	assert_string_equal(topics.topics[TOPIC_DEVICES + 4].schema_name,
			    "rtloop/msg/Oven2Out");
	/* taken by the inputs of a device called panel_out */
	assert_string_not_equal(topics.topics[TOPIC_DEVICES + 3].schema_name,
				topics.topics[TOPIC_DEVICES + 1].schema_name);
	schema = parse(&topics.topics[TOPIC_DEVICES + 3]);
	assert_int_equal(schema->field_count, 6);
	assert_int_equal(schema_find(schema, "temp")->offset, IMAGE_HEAD_BYTES);
	assert_int_equal(schema_find(schema, "quality.count")->offset,
			 IMAGE_HEAD_BYTES + 17);
	schema_destroy(schema);
	topics_destroy(&topics);
}

static void no_two_schemas_have_one_name(void **state)
{
	static const char *const names[] = {
		"a1",  "a_1",	"a1_device1", "a_1_device_1",  "a__1",	 "cycle",
		"gap", "event", "a_1device1", "event_device1", "ev_ent",
	};
	struct log_device devices[ARRAY_SIZE(names)];
	struct topics topics;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		devices[i] = (struct log_device){ .name = names[i],
						  .channels = mixed,
						  .channel_count = CHANNELS };
	}
	assert_int_equal(topics_create(&topics, devices, ARRAY_SIZE(names)), 0);
	for (unsigned i = 0; i < topics.count; i++) {
		for (unsigned j = 0; j < i; j++) {
			if (strcmp(topics.topics[i].schema_name,
				   topics.topics[j].schema_name) == 0) {
				fail_msg("%s and %s are both %s", topics.topics[i].name,
					 topics.topics[j].name,
					 topics.topics[i].schema_name);
			}
		}
		schema_destroy(parse(&topics.topics[i]));
	}
	topics_destroy(&topics);
}

static void a_state_is_recorded_as_its_schema_says(void **state)
{
	static const struct expected fields[] = {
		{ "cycle", SCHEMA_UINT64, AT(record_state, cycle) },
		{ "dt_ns", SCHEMA_INT64, AT(record_state, dt_ns) },
		{ "hash", SCHEMA_UINT64, AT(record_state, hash) },
	};
	const struct log_device device = { .name = "state", .channels = mixed };
	const struct schema_field *data;
	struct topics topics;
	struct schema *schema;
	uint16_t topic;

	assert_int_equal(topics_create(&topics, &device, 1), 0);
	assert_int_equal(topics_add_state(&topics, &topic), 0);
	assert_int_equal(topic, topics.count - 1);
	assert_string_equal(topics.topics[topic].name, "/state");
	/* taken by the device */
	assert_string_not_equal(topics.topics[topic].schema_name, "rtloop/msg/State");
	schema = parse(&topics.topics[topic]);
	assert_int_equal(schema->field_count, 4);
	for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
		assert_string_equal(schema->fields[i].name, fields[i].name);
		assert_int_equal(schema->fields[i].type, fields[i].type);
		assert_int_equal(schema->fields[i].offset, fields[i].offset);
	}
	data = &schema->fields[3];
	assert_string_equal(data->name, "data");
	assert_int_equal(data->type, SCHEMA_UINT8);
	assert_int_equal(data->shape, SCHEMA_SEQUENCE);
	assert_int_equal(sizeof(struct record_state), AT(record_state, bytes) + 4);
	schema_destroy(schema);
	topics_destroy(&topics);
}

static void a_force_is_recorded_as_its_schema_says(void **state)
{
	static const struct expected fields[] = {
		{ "cycle", SCHEMA_UINT64, AT(record_force, cycle) },
		{ "value", SCHEMA_INT64, AT(record_force, value) },
		{ "device", SCHEMA_UINT32, AT(record_force, device) },
		{ "offset", SCHEMA_UINT32, AT(record_force, offset) },
		{ "is_output", SCHEMA_BOOL, AT(record_force, is_output) },
		{ "is_forced", SCHEMA_BOOL, AT(record_force, is_forced) },
	};
	struct topics topics;
	uint16_t topic;

	assert_int_equal(topics_create(&topics, NULL, 0), 0);
	assert_int_equal(topics_add_force(&topics, &topic), 0);
	assert_string_equal(topics.topics[topic].name, "/force");
	assert_fields(&topics.topics[topic], fields, ARRAY_SIZE(fields));
	topics_destroy(&topics);
}

static void the_times_of_samples_bear_the_names_of_their_channels(void **state)
{
	static const struct topics_sampled channels[] = { { "probe", "temp" },
							  { "probe", "flow" },
							  { "panel", "temp" } };
	static const struct expected fields[] = {
		{ "cycle", SCHEMA_UINT64, 0 },
		{ "probe.temp", SCHEMA_INT64, 8 },
		{ "probe.flow", SCHEMA_INT64, 16 },
		{ "panel.temp", SCHEMA_INT64, 24 },
	};
	struct topics topics;
	uint16_t topic;

	assert_int_equal(topics_create(&topics, NULL, 0), 0);
	assert_int_equal(topics_add_sampled(&topics, channels, 3, &topic), 0);
	assert_string_equal(topics.topics[topic].name, "/sampled");
	assert_fields(&topics.topics[topic], fields, ARRAY_SIZE(fields));
	topics_destroy(&topics);
}

static void without_memory_there_are_no_topics(void **state)
{
	const struct log_device device = { .name = "probe",
					   .channels = mixed,
					   .channel_count = CHANNELS };
	const struct rlimit none = { 0, RLIM_INFINITY };
	struct rlimit before;
	struct topics topics;
	int code;

	need_address_limit();
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	/* so many that no heap has them already */
	code = topics_create(&topics, &device, 1 << 28);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(code, -ENOMEM);
	topics_destroy(&topics);
}

/* A request that is refused is what the test is about, not an error of its own. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cycle_is_recorded_as_its_schema_says),
		cmocka_unit_test(a_gap_is_recorded_as_its_schema_says),
		cmocka_unit_test(an_event_ends_with_its_words),
		cmocka_unit_test(
			the_part_of_a_device_is_the_message_that_its_schema_describes),
		cmocka_unit_test(a_device_without_inputs_has_the_two_stamps_alone),
		cmocka_unit_test(devices_stand_behind_the_fixed_topics_in_their_order),
		cmocka_unit_test(
			outputs_stand_behind_all_devices_and_only_where_there_are_some),
		cmocka_unit_test(values_of_the_loop_stand_behind_all_others),
		cmocka_unit_test(no_two_schemas_have_one_name),
		cmocka_unit_test(a_state_is_recorded_as_its_schema_says),
		cmocka_unit_test(a_force_is_recorded_as_its_schema_says),
		cmocka_unit_test(the_times_of_samples_bear_the_names_of_their_channels),
		cmocka_unit_test(without_memory_there_are_no_topics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
