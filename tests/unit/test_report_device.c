#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/mcap/cdr.h"
#include "rtloop/report/device.h"

#define OFFSET_NS INT64_C(1700000000000000000)

static struct schema *schema;
static struct report_device_fields fields;
static struct report_devices devices;
static struct report_device *device;

static int set_up(void **state)
{
	static const char text[] = "uint64 cycle\n"
				   "int64 sample_ns\n"
				   "float64 temp\n"
				   "rtloop/ProbeQuality quality\n"
				   "========================================"
				   "========================================\n"
				   "MSG: rtloop/ProbeQuality\n"
				   "uint8 temp\n"
				   "uint8 ok\n";
	struct err err;

	if (schema_create("rtloop/msg/Probe", text, sizeof(text) - 1, &schema, &err) ||
	    report_device_fields_find(&fields, schema)) {
		return -1;
	}
	device = report_devices_get(&devices, "probe");
	return device ? 0 : -1;
}

static int tear_down(void **state)
{
	report_devices_fini(&devices);
	report_device_fields_fini(&fields);
	schema_destroy(schema);
	return 0;
}

static int take(int64_t wake_ns, int64_t sample_ns, uint8_t temp, uint8_t ok, size_t cut)
{
	static const int64_t offset_ns = OFFSET_NS;
	uint8_t data[64] = { 0, 1, 0, 0 };
	struct mcap_message message = { .log_time_ns = (uint64_t)(wake_ns + OFFSET_NS),
					.data = data };
	struct cdr_writer cdr;

	cdr_writer_init(&cdr, data + CDR_HEAD_BYTES, sizeof(data) - CDR_HEAD_BYTES);
	cdr_put_u64(&cdr, 0);
	cdr_put_i64(&cdr, sample_ns);
	cdr_put_f64(&cdr, 20.5);
	cdr_put_u8(&cdr, temp);
	cdr_put_u8(&cdr, ok);
	message.bytes = CDR_HEAD_BYTES + cdr.used - cut;
	return report_device_take(device, &fields, &message, &offset_ns);
}

static void
only_newer_samples_count_and_their_age_is_that_when_they_were_read(void **state)
{
	assert_int_equal(take(1000000, 800000, 0, 0, 0), 0);
	assert_int_equal(take(2000000, 800000, 0, 0, 0), 0);
	assert_int_equal(take(3000000, 2500000, 0, 0, 0), 0);
	assert_int_equal(device->messages, 3);
	assert_int_equal(device->samples, 2);
	assert_int_equal(counter_get(&device->age.count), 2);
	assert_int_equal(counter_get(&device->age.min_ns), 200000);
	assert_int_equal(counter_get(&device->age.max_ns), 500000);
}

static void the_age_of_what_a_gap_has_swallowed_is_not_known(void **state)
{
	assert_int_equal(take(1000000, 800000, 0, 0, 0), 0);
	report_devices_gap(&devices, 90000000 + OFFSET_NS);
	assert_int_equal(take(90000000, 20000000, 0, 0, 0), 0);
	assert_int_equal(take(90000000, 89500000, 0, 0, 0), 0);
	assert_int_equal(device->samples, 3);
	assert_int_equal(counter_get(&device->age.count), 2);
	assert_int_equal(counter_get(&device->age.max_ns), 500000);
	report_devices_gap(&devices, 98000000 + OFFSET_NS);
	assert_int_equal(take(99000000, 98800000, 0, 0, 0), 0);
	assert_int_equal(counter_get(&device->age.count), 3);
}

static void before_its_first_sample_a_device_has_none(void **state)
{
	assert_int_equal(take(1000000, 0, 2, 2, 0), 0);
	assert_false(device->has_sample);
	assert_int_equal(device->samples, 0);
}

static void the_longest_pause_is_known_and_the_silence_at_the_end_is_one(void **state)
{
	const int64_t end_ns = 60000000;

	assert_int_equal(take(1000000, 1000000, 0, 0, 0), 0);
	assert_int_equal(take(21000000, 21000000, 0, 0, 0), 0);
	assert_int_equal(take(22000000, 22000000, 0, 0, 0), 0);
	assert_int_equal(device->pause_max_ns, 20000000);
	assert_int_equal(device->pause_start_ns, 1000000);
	report_device_end(device, NULL);
	assert_int_equal(device->silence_ns, -1);
	report_device_end(device, &end_ns);
	assert_int_equal(device->silence_ns, 38000000);
	assert_int_equal(device->pause_max_ns, 38000000);
	assert_int_equal(device->pause_start_ns, 22000000);
}

static void each_channel_that_turns_counts_once(void **state)
{
	assert_int_equal(take(1, 1, 0, 0, 0), 0);
	assert_int_equal(take(2, 1, 1, 0, 0), 0);
	assert_int_equal(take(3, 1, 1, 1, 0), 0);
	assert_int_equal(device->stale_turns, 2);
	assert_int_equal(device->quality, REPORT_STALE);
	assert_int_equal(take(4, 1, 2, 1, 0), 0);
	assert_int_equal(take(5, 1, 77, 1, 0), 0); /* whatever it means, it is not good */
	assert_int_equal(device->bad_turns, 1);
	assert_int_equal(device->quality, REPORT_BAD);
	assert_int_equal(take(6, 5, 0, 0, 0), 0);
	assert_int_equal(device->quality, REPORT_GOOD);
	assert_int_equal(take(7, 5, 1, 0, 0), 0);
	assert_int_equal(device->stale_turns, 3);
}

static void a_message_that_is_too_short_is_refused_and_not_counted(void **state)
{
	assert_int_equal(take(1, 1, 0, 0, 1), -EBADMSG);
	assert_int_equal(device->messages, 0);
}

static void devices_are_found_by_name_and_kept_in_its_order(void **state)
{
	struct report_device *axis = report_devices_get(&devices, "axis");
	struct report_device *valve = report_devices_get(&devices, "valve");

	assert_int_equal(devices.count, 3);
	assert_ptr_equal(devices.list[0], axis);
	assert_ptr_equal(devices.list[1], device);
	assert_ptr_equal(devices.list[2], valve);
	assert_ptr_equal(report_devices_get(&devices, "probe"), device);
	assert_ptr_equal(report_devices_get(&devices, "valve"), valve);
	assert_int_equal(devices.count, 3);
}

static void too_many_devices_are_left_out(void **state)
{
	char name[32];

	for (unsigned i = devices.count; i < REPORT_DEVICES_MAX; i++) {
		snprintf(name, sizeof(name), "device%u", i);
		assert_non_null(report_devices_get(&devices, name));
	}
	assert_null(report_devices_get(&devices, "one_more"));
	assert_int_equal(devices.left_out, 1);
	assert_ptr_equal(report_devices_get(&devices, "probe"), device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			only_newer_samples_count_and_their_age_is_that_when_they_were_read,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_age_of_what_a_gap_has_swallowed_is_not_known, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(before_its_first_sample_a_device_has_none,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_longest_pause_is_known_and_the_silence_at_the_end_is_one,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_channel_that_turns_counts_once,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_message_that_is_too_short_is_refused_and_not_counted, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			devices_are_found_by_name_and_kept_in_its_order, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(too_many_devices_are_left_out, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
