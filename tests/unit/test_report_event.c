#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/mcap/cdr.h"
#include "rtloop/report/event.h"

static struct schema *schema;
static struct report_event event;
static struct report_event_counts counts;

static int set_up(void **state)
{
	static const char text[] =
		"uint64 cycle\nint64 time_ns\nint64 value\nuint8 level\n"
		"string kind\nstring device\nstring text\nuint16 later\n";
	struct err err;

	memset(&event, 0, sizeof(event));
	return schema_create("rtloop/msg/Event", text, sizeof(text) - 1, &schema, &err);
}

static int tear_down(void **state)
{
	report_event_counts_fini(&counts);
	schema_destroy(schema);
	return 0;
}

static int load(const char *kind, const char *device, const char *text, size_t cut)
{
	uint8_t data[1024] = { 0, 1, 0, 0 };
	struct mcap_message message = { .log_time_ns = 99, .data = data };
	struct cdr_writer cdr;

	cdr_writer_init(&cdr, data + CDR_HEAD_BYTES, sizeof(data) - CDR_HEAD_BYTES);
	cdr_put_u64(&cdr, UINT64_MAX);
	cdr_put_i64(&cdr, 12);
	cdr_put_i64(&cdr, -5);
	cdr_put_u8(&cdr, 2);
	cdr_put_string(&cdr, kind);
	cdr_put_string(&cdr, device);
	cdr_put_string(&cdr, text);
	cdr_put_u16(&cdr, 3);
	message.bytes = CDR_HEAD_BYTES + cdr.used - cut;
	return report_event_load(schema, &message, &event);
}

static void an_event_is_taken_apart(void **state)
{
	assert_int_equal(load("device_lost", "probe", "the device went away", 0), 0);
	assert_int_equal(event.cycle, UINT64_MAX);
	assert_int_equal(event.time_ns, 12);
	assert_int_equal(event.log_time_ns, 99);
	assert_int_equal(event.value, -5);
	assert_int_equal(event.level, 2);
	assert_string_equal(event.kind, "device_lost");
	assert_string_equal(event.device, "probe");
	assert_string_equal(event.text, "the device went away");
}

static void long_texts_are_cut(void **state)
{
	char text[400];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(load("k", text, text, 0), 0);
	assert_int_equal(strlen(event.device), REPORT_NAME_BYTES - 1);
	assert_int_equal(strlen(event.text), REPORT_EVENT_TEXT_BYTES - 1);
}

static void an_event_that_is_cut_off_is_refused(void **state)
{
	for (size_t cut = 1; cut < 60; cut++) {
		assert_int_equal(
			load("device_lost", "probe", "the device went away", cut),
			-EBADMSG);
	}
	assert_string_equal(event.kind, "");
}

static void events_are_counted_by_kind_and_device(void **state)
{
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(load("device_lost", i < 2 ? "probe" : "panel", "", 0),
				 0);
		event.log_time_ns = 100 + i;
		event.value = i;
		assert_int_equal(report_event_counts_add(&counts, &event), 0);
	}
	assert_int_equal(counts.all, 3);
	assert_int_equal(counts.count, 2);
	assert_string_equal(counts.list[0].device, "probe");
	assert_int_equal(counts.list[0].count, 2);
	assert_int_equal(counts.list[0].first_ns, 100);
	assert_int_equal(counts.list[0].last_ns, 101);
	assert_int_equal(counts.list[0].last_value, 1);
	assert_int_equal(counts.list[0].level, 2);
	assert_string_equal(counts.list[1].device, "panel");
	assert_int_equal(counts.list[1].count, 1);
}

static void kinds_past_the_bound_are_counted_together(void **state)
{
	for (unsigned i = 0; i < REPORT_EVENT_COUNTS_MAX + 5; i++) {
		snprintf(event.kind, sizeof(event.kind), "kind%u", i);
		assert_int_equal(report_event_counts_add(&counts, &event), 0);
	}
	assert_int_equal(counts.count, REPORT_EVENT_COUNTS_MAX);
	assert_int_equal(counts.others, 5);
	assert_int_equal(counts.all, REPORT_EVENT_COUNTS_MAX + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_event_is_taken_apart, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(long_texts_are_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_event_that_is_cut_off_is_refused,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(events_are_counted_by_kind_and_device,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(kinds_past_the_bound_are_counted_together,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
