#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/mcap/cdr.h"
#include "rtloop/report/fields.h"

static struct schema *schema;
static struct report_phases phases;
static struct report_cycle_fields fields;
static uint8_t data[256];
static struct cdr_writer cdr;

static void parse(const char *text)
{
	struct err err;

	schema_destroy(schema);
	assert_int_equal(
		schema_create("rtloop/msg/Cycle", text, strlen(text), &schema, &err), 0);
	memset(data, 0, sizeof(data));
	data[1] = 1;
	cdr_writer_init(&cdr, data + CDR_HEAD_BYTES, sizeof(data) - CDR_HEAD_BYTES);
}

static struct mcap_message message_of(size_t cut)
{
	return (struct mcap_message){ .data = data,
				      .bytes = CDR_HEAD_BYTES + cdr.used - cut };
}

static int set_up(void **state)
{
	memset(&phases, 0, sizeof(phases));
	return 0;
}

static int tear_down(void **state)
{
	schema_destroy(schema);
	schema = NULL;
	return 0;
}

static void put_cycle(void)
{
	cdr_put_u64(&cdr, 7);
	cdr_put_u64(&cdr, 9);
	cdr_put_i64(&cdr, 9000000);
	cdr_put_i64(&cdr, 1000);
	cdr_put_i64(&cdr, 20);
	cdr_put_i64(&cdr, 300);
	cdr_put_i64(&cdr, 4);
	cdr_put_i64(&cdr, 5000);
	cdr_put_u32(&cdr, 2);
	cdr_put_u32(&cdr, 3);
}

#define CYCLE_SCHEMA                                                                     \
	"uint64 cycle\nuint64 release\nint64 release_ns\nint64 latency_ns\n"             \
	"int64 read_ns\nint64 step_ns\nint64 write_ns\nint64 record_ns\n"                \
	"uint32 missed\nuint32 flags\n"

static void the_phases_are_those_that_the_schema_names(void **state)
{
	struct report_cycle cycle = { .cycle = 0 };
	struct mcap_message message;

	parse(CYCLE_SCHEMA);
	assert_int_equal(report_cycle_fields_find(&fields, schema, &phases), 0);
	assert_int_equal(phases.count, 4);
	assert_string_equal(phases.names[0], "read");
	assert_string_equal(phases.names[1], "step");
	assert_string_equal(phases.names[2], "write");
	assert_string_equal(phases.names[3], "record");
	put_cycle();
	message = message_of(0);
	assert_int_equal(report_cycle_load(&fields, &message, &cycle), 0);
	assert_int_equal(cycle.cycle, 7);
	assert_int_equal(cycle.release, 9);
	assert_int_equal(cycle.release_ns, 9000000);
	assert_int_equal(cycle.latency_ns, 1000);
	assert_int_equal(cycle.phase_ns[1], 300);
	assert_int_equal(cycle.phase_ns[3], 5000);
	assert_int_equal(cycle.missed, 2);
	assert_int_equal(cycle.flags, 3);
	/* record is of the cycle before, and no part of this one's busy time */
	assert_int_equal(cycle.busy_ns, 324);
}

static void phases_of_a_further_file_keep_their_place(void **state)
{
	struct report_cycle cycle = { .cycle = 0 };
	struct mcap_message message;

	parse(CYCLE_SCHEMA);
	assert_int_equal(report_cycle_fields_find(&fields, schema, &phases), 0);
	parse("uint64 cycle\nint64 write_ns\nint64 other_ns\n");
	assert_int_equal(report_cycle_fields_find(&fields, schema, &phases), 0);
	assert_int_equal(phases.count, 5);
	assert_string_equal(phases.names[4], "other");
	cdr_put_u64(&cdr, 1);
	cdr_put_i64(&cdr, 11);
	cdr_put_i64(&cdr, 22);
	message = message_of(0);
	assert_int_equal(report_cycle_load(&fields, &message, &cycle), 0);
	assert_int_equal(cycle.phase_ns[2], 11);
	assert_int_equal(cycle.phase_ns[4], 22);
	assert_int_equal(cycle.phase_ns[0], 0);
}

static void what_a_log_does_not_have_is_zero(void **state)
{
	struct report_cycle cycle = { .cycle = 5, .latency_ns = 5, .missed = 5 };
	struct mcap_message message;

	parse("int16 latency_ns\nuint8 flags\nuint64 cycle\n");
	assert_int_equal(report_cycle_fields_find(&fields, schema, &phases), 0);
	assert_int_equal(phases.count, 0);
	cdr_put_u16(&cdr, (uint16_t)-3);
	cdr_put_u8(&cdr, 200);
	cdr_put_u64(&cdr, 7);
	message = message_of(0);
	assert_int_equal(report_cycle_load(&fields, &message, &cycle), 0);
	assert_int_equal(cycle.cycle, 7);
	assert_int_equal(cycle.latency_ns, -3);
	assert_int_equal(cycle.flags, 200);
	assert_int_equal(cycle.missed, 0);
	assert_int_equal(cycle.busy_ns, 0);
}

static void without_the_number_of_the_cycle_the_topic_is_of_no_use(void **state)
{
	parse("int64 latency_ns\n");
	assert_int_equal(report_cycle_fields_find(&fields, schema, &phases), -ENOENT);
	/* behind a string, a field has no fixed place */
	parse("string text\nuint64 cycle\n");
	assert_int_equal(report_cycle_fields_find(&fields, schema, &phases), -ENOENT);
	parse("float64 cycle\n");
	assert_int_equal(report_cycle_fields_find(&fields, schema, &phases), -ENOENT);
}

static void a_message_that_does_not_fit_is_refused(void **state)
{
	struct report_cycle cycle = { .cycle = 0 };
	struct mcap_message message;

	parse(CYCLE_SCHEMA);
	assert_int_equal(report_cycle_fields_find(&fields, schema, &phases), 0);
	put_cycle();
	message = message_of(1);
	assert_int_equal(report_cycle_load(&fields, &message, &cycle), -EBADMSG);
	message = message_of(0);
	data[1] = 0; /* big endian */
	assert_int_equal(report_cycle_load(&fields, &message, &cycle), -EBADMSG);
	message.bytes = 0;
	assert_int_equal(report_cycle_load(&fields, &message, &cycle), -EBADMSG);
}

static void more_phases_than_there_is_room_for_are_left_out(void **state)
{
	char text[1024] = "uint64 cycle\n";

	for (unsigned i = 0; i < REPORT_PHASES_MAX + 3; i++) {
		sprintf(text + strlen(text), "int64 p%u_ns\n", i);
	}
	parse(text);
	assert_int_equal(report_cycle_fields_find(&fields, schema, &phases), 0);
	assert_int_equal(phases.count, REPORT_PHASES_MAX);
	assert_int_equal(fields.phase_count, REPORT_PHASES_MAX);
}

static void a_gap_needs_both_its_ends(void **state)
{
	struct report_gap_fields gap;

	parse("uint64 first\nuint64 last\n");
	assert_int_equal(report_gap_fields_find(&gap, schema), 0);
	assert_int_equal(gap.bytes, CDR_HEAD_BYTES + 16);
	parse("uint64 first\n");
	assert_int_equal(report_gap_fields_find(&gap, schema), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_phases_are_those_that_the_schema_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(phases_of_a_further_file_keep_their_place,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_a_log_does_not_have_is_zero, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			without_the_number_of_the_cycle_the_topic_is_of_no_use, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(a_message_that_does_not_fit_is_refused,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			more_phases_than_there_is_room_for_are_left_out, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(a_gap_needs_both_its_ends, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
