/* wraps: sys_gpio_set */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/gpio_chip.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "tests/fakes/rig.h"

#define GPIO_OUT(keys, channels)                                                         \
	"d: { driver: gpio, chip: c" keys ", out: { " channels " } }"
#define PANEL                                                                            \
	"heater: { line: HEATER, safe: 0 }, fan: { line: 2, safe: 1 }, "                 \
	"lamp: { line: LAMP, safe: 0, drive: open-drain, active_low: true }"

static struct gpio_line_info infos[] = {
	[0] = { .name = "ESTOP" },
	[1] = { .name = "HEATER" },
	[2] = { .name = "" },
	[3] = { .name = "LAMP" },
};

static const struct gpio_chip_info chip = {
	.name = "gpiochip7",
	.lines = infos,
	.line_count = ARRAY_SIZE(infos),
};

/* The kernel's side of a request. */
static struct {
	int code; /* what a call returns */
	unsigned calls;
	uint64_t mask;	 /* of the last call */
	uint64_t levels; /* of the lines */
} kernel;

int __wrap_sys_gpio_set(int fd, uint64_t mask, uint64_t bits);
int __wrap_sys_gpio_set(int fd, uint64_t mask, uint64_t bits)
{
	assert_int_equal(fd, 77);
	kernel.calls++;
	kernel.mask = mask;
	if (kernel.code == 0) {
		kernel.levels = (kernel.levels & ~mask) | (bits & mask);
	}
	return kernel.code;
}

struct panel {
	struct rig rig;
	struct gpio_request request;
};

static struct panel panel;

/* As open() would have made it, of the chip above. */
static void attach(void)
{
	struct rig *rig = &panel.rig;
	struct err err = { .text = "" };

	panel.request.fd = 77;
	assert_int_equal(gpio_lines_resolve(rig->device.spec, rig->device.is_dry, &chip,
					    &panel.request.lines, &err),
			 0);
	rig->link = (struct link){ .handle = &panel.request };
	rig->device.link = &rig->link;
	rig->device.driver->attach(&rig->device, &rig->now);
}

static void build(const char *text)
{
	memset(&panel, 0, sizeof(panel));
	memset(&kernel, 0, sizeof(kernel));
	rig_init(&panel.rig, text);
}

static int tear_down(void **state)
{
	panel.rig.device.link = NULL;
	rig_fini(&panel.rig);
	return 0;
}

/* A build without the library refuses the configuration. */
static void need_library(void)
{
	if (driver_find("gpio")->lacks) {
		memset(&panel, 0, sizeof(panel));
		print_message("rtloop was built without libgpiod 2\n");
		skip();
	}
}

static void assert_errors(const char *text, const char *expected)
{
	need_library();
	rig_load(&panel.rig, text);
	assert_string_equal(panel.rig.errors, expected);
}

static void an_output_is_a_bool(void **state)
{
	assert_errors(GPIO_OUT("", "a: { line: A, safe: 0, type: integer }"),
		      "f:1:65: 'type': a line is driven to one of two levels; expected "
		      "bool\n");
}

static void a_line_that_is_driven_has_one_channel(void **state)
{
	assert_errors(GPIO_OUT("", "a: { line: A, safe: 0 }, b: { line: A, safe: 1 }"),
		      "f:1:72: 'line': channel 'a' has this line already; expected one "
		      "channel for a line that is driven\n");
}

static void a_line_is_not_read_and_driven(void **state)
{
	assert_errors(GPIO_OUT(", in: { a: { line: A } }", "b: { line: A, safe: 1 }"),
		      "f:1:71: 'line': channel 'a' has this line already; expected one "
		      "channel for a line that is driven\n");
}

static void of_a_line_by_name_and_offset_opening_says_so(void **state)
{
	struct gpio_lines lines;
	struct err err = { .text = "" };

	need_library();
	build(GPIO_OUT(", in: { a: { line: HEATER } }", "b: { line: 1, safe: 1 }"));
	assert_int_equal(
		gpio_lines_resolve(panel.rig.device.spec, false, &chip, &lines, &err),
		-EINVAL);
	assert_string_equal(err.text, "channel 'b': line 1 has another channel already; "
				      "expected one for a line that is driven");
}

static void lines_are_found_with_their_settings(void **state)
{
	const struct gpio_lines *lines = &panel.request.lines;

	need_library();
	build(GPIO_OUT(", in: { a: { line: ESTOP } }", PANEL));
	attach();
	assert_int_equal(lines->count, 4);
	assert_int_equal(lines->level_mask, 1);
	assert_int_equal(lines->out_mask, 0xe);
	assert_int_equal(lines->lines[1].offset, 1);
	assert_int_equal(lines->lines[1].out_at, 0);
	assert_int_equal(lines->lines[1].output->drive, GPIO_DRIVE_PUSH_PULL);
	assert_int_equal(lines->lines[3].offset, 3);
	assert_int_equal(lines->lines[3].output->drive, GPIO_DRIVE_OPEN_DRAIN);
	assert_true(lines->lines[3].output->is_active_low);
}

static void what_is_not_to_be_driven_is_found_but_not_requested(void **state)
{
	struct gpio_lines lines;
	struct err err = { .text = "" };

	need_library();
	build(GPIO_OUT(", in: { a: { line: ESTOP } }", PANEL));
	panel.rig.device.is_dry = true;
	attach();
	assert_int_equal(panel.request.lines.count, 1);
	assert_int_equal(panel.request.lines.out_mask, 0);
	rig_emit(&panel.rig);
	assert_int_equal(kernel.calls, 0);
	tear_down(state);
	build(GPIO_OUT("", "a: { line: LAMB, safe: 0 }"));
	assert_int_equal(
		gpio_lines_resolve(panel.rig.device.spec, true, &chip, &lines, &err),
		-ENOENT);
	assert_non_null(strstr(err.text, "did you mean 'LAMP'?"));
}

static void at_first_all_lines_are_written_in_one_call(void **state)
{
	need_library();
	build(GPIO_OUT("", PANEL));
	attach();
	rig_drive(&panel.rig, "lamp", 1);
	rig_emit(&panel.rig);
	assert_int_equal(kernel.calls, 1);
	assert_int_equal(kernel.mask, 7);
	assert_int_equal(kernel.levels, 6);
	assert_int_equal(rig_count(&panel.rig, COUNT_SENT), 1);
}

static void then_those_that_change_in_one_call(void **state)
{
	need_library();
	build(GPIO_OUT("", PANEL));
	attach();
	rig_emit(&panel.rig);
	rig_emit(&panel.rig);
	assert_int_equal(kernel.calls, 1);
	rig_drive(&panel.rig, "heater", 1);
	rig_drive(&panel.rig, "lamp", 1);
	rig_emit(&panel.rig);
	assert_int_equal(kernel.calls, 2);
	assert_int_equal(kernel.mask, 5);
	assert_int_equal(kernel.levels, 7);
	rig_drive(&panel.rig, "fan", 0);
	rig_emit(&panel.rig);
	assert_int_equal(kernel.mask, 2);
	assert_int_equal(kernel.levels, 5);
}

static void or_all_in_each_cycle(void **state)
{
	need_library();
	build(GPIO_OUT(", write: cycle", PANEL));
	attach();
	for (unsigned i = 1; i <= 5; i++) {
		rig_emit(&panel.rig);
		assert_int_equal(kernel.calls, i);
		assert_int_equal(kernel.mask, 7);
	}
}

static void what_must_be_written_is_though_it_did_not_change(void **state)
{
	need_library();
	build(GPIO_OUT("", PANEL));
	attach();
	rig_emit(&panel.rig);
	panel.rig.device.must_emit = true;
	rig_emit(&panel.rig);
	assert_int_equal(kernel.calls, 2);
	assert_int_equal(kernel.mask, 7);
	assert_false(panel.rig.device.must_emit);
}

static void a_call_that_fails_is_made_again_for_all_lines(void **state)
{
	need_library();
	build(GPIO_OUT("", PANEL));
	attach();
	rig_emit(&panel.rig);
	rig_drive(&panel.rig, "heater", 1);
	panel.rig.device.must_emit = true;
	kernel.code = -EIO;
	rig_emit(&panel.rig);
	assert_true(panel.rig.device.must_emit);
	assert_int_equal(rig_count(&panel.rig, COUNT_SEND_DROPPED), 1);
	assert_false(panel.rig.device.is_lost);
	panel.rig.device.must_emit = false;
	kernel.code = 0;
	rig_emit(&panel.rig);
	assert_int_equal(kernel.mask, 7);
	assert_int_equal(kernel.levels, 3);
}

static void a_chip_that_is_gone_is_lost(void **state)
{
	need_library();
	build(GPIO_OUT("", PANEL));
	attach();
	kernel.code = -ENODEV;
	rig_emit(&panel.rig);
	assert_true(panel.rig.device.is_lost);
	assert_int_equal(panel.rig.device.lost_code, -ENODEV);
}

static void a_new_link_is_written_anew(void **state)
{
	need_library();
	build(GPIO_OUT("", PANEL));
	attach();
	rig_emit(&panel.rig);
	attach();
	rig_emit(&panel.rig);
	assert_int_equal(kernel.calls, 2);
	assert_int_equal(kernel.mask, 7);
}

static void a_rescue_writes_the_safe_values_whatever_is_driven(void **state)
{
	const struct device *device = &panel.rig.device;

	need_library();
	build(GPIO_OUT("", PANEL));
	attach();
	kernel.levels = 5; /* the heater and the lamp, and not the fan: all unsafe */
	channel_put_int(&panel.rig.device.out[0], 1, 1);
	assert_int_equal(device->driver->rescue(device, device->link), 0);
	assert_int_equal(kernel.mask, 7);
	assert_int_equal(kernel.levels, 2);
	kernel.code = -ENODEV;
	assert_int_equal(device->driver->rescue(device, device->link), -ENODEV);
	assert_false(device->is_lost);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(an_output_is_a_bool),
		TEST(a_line_that_is_driven_has_one_channel),
		TEST(a_line_is_not_read_and_driven),
		TEST(of_a_line_by_name_and_offset_opening_says_so),
		TEST(lines_are_found_with_their_settings),
		TEST(what_is_not_to_be_driven_is_found_but_not_requested),
		TEST(at_first_all_lines_are_written_in_one_call),
		TEST(then_those_that_change_in_one_call),
		TEST(or_all_in_each_cycle),
		TEST(what_must_be_written_is_though_it_did_not_change),
		TEST(a_call_that_fails_is_made_again_for_all_lines),
		TEST(a_rescue_writes_the_safe_values_whatever_is_driven),
		TEST(a_chip_that_is_gone_is_lost),
		TEST(a_new_link_is_written_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
