/* wraps: sys_gpio_get */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <linux/gpio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/gpio_bus.h"
#include "drivers/gpio_chip.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "tests/fakes/rig.h"

/* what a call of the chip is judged by */

/* A tree as sysfs has it, in a folder of its own. */
static char sysfs[] = "/tmp/test_gpio_XXXXXX";

static void make_folder(const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", sysfs, path);
	for (char *at = full + strlen(sysfs) + 1; *at; at++) {
		if (*at == '/') {
			*at = '\0';
			mkdir(full, 0755);
			*at = '/';
		}
	}
	assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
}

/* A device, made with the folders above it, and the bus or class that it is of. */
static void make_device(const char *path, const char *subsystem)
{
	char link[512], target[512];

	make_folder(path);
	snprintf(link, sizeof(link), "%s/%s/subsystem", sysfs, path);
	snprintf(target, sizeof(target), "/sys/bus/%s", subsystem);
	assert_int_equal(symlink(target, link), 0);
}

static void make_chip(const char *parent, const char *name)
{
	char path[512], link[512];

	snprintf(path, sizeof(path), "%s/%s", parent, name);
	make_device(path, "gpio");
	snprintf(link, sizeof(link), "%s/bus/gpio/devices/%s", sysfs, name);
	snprintf(path, sizeof(path), "../../../%s/%s", parent, name);
	assert_int_equal(symlink(path, link), 0);
}

static int make_tree(void **state)
{
	assert_non_null(mkdtemp(sysfs));
	make_folder("bus/gpio/devices");
	make_device("devices/platform/soc/fe200000.gpio", "platform");
	make_chip("devices/platform/soc/fe200000.gpio", "gpiochip0");
	make_device("devices/platform/soc/fe804000.i2c/i2c-1", "i2c");
	make_device("devices/platform/soc/fe804000.i2c/i2c-1/1-0020", "i2c");
	make_chip("devices/platform/soc/fe804000.i2c/i2c-1/1-0020", "gpiochip1");
	/* a chip of several functions: the GPIO part is a platform device again */
	make_device("devices/platform/soc/fe804000.i2c/i2c-1/1-0044", "i2c");
	make_device("devices/platform/soc/fe804000.i2c/i2c-1/1-0044/mfd-gpio.0",
		    "platform");
	make_chip("devices/platform/soc/fe804000.i2c/i2c-1/1-0044/mfd-gpio.0",
		  "gpiochip2");
	make_device("devices/platform/soc/spi0/spi0.1", "spi");
	make_chip("devices/platform/soc/spi0/spi0.1", "gpiochip3");
	make_device("devices/pci0000:00/0000:00:14.0", "pci");
	make_chip("devices/pci0000:00/0000:00:14.0", "gpiochip4");
	make_device("devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0", "usb");
	make_device(
		"devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/0003:10C4:EA90.0001",
		"hid");
	make_chip("devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/0003:10C4:EA90.0001",
		  "gpiochip5");
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *walk)
{
	return remove(path);
}

static int remove_tree(void **state)
{
	return nftw(sysfs, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void a_chip_in_the_soc_or_on_a_card_is_behind_no_bus(void **state)
{
	assert_null(gpio_bus_find(sysfs, "gpiochip0"));
	assert_null(gpio_bus_find(sysfs, "gpiochip4"));
}

static void the_bus_may_be_any_number_of_devices_above_the_chip(void **state)
{
	assert_string_equal(gpio_bus_find(sysfs, "gpiochip1"), "i2c");
	assert_string_equal(gpio_bus_find(sysfs, "gpiochip2"), "i2c");
	assert_string_equal(gpio_bus_find(sysfs, "gpiochip3"), "spi");
	assert_string_equal(gpio_bus_find(sysfs, "gpiochip5"), "hid");
}

static void what_sysfs_does_not_know_is_behind_no_bus(void **state)
{
	assert_null(gpio_bus_find(sysfs, "gpiochip9"));
	assert_null(gpio_bus_find("/tmp/no/such/folder", "gpiochip0"));
}

static void a_chip_behind_a_bus_is_refused_however_fast_it_was(void **state)
{
	struct err err;

	assert_int_equal(gpio_bus_judge(sysfs, "gpiochip1", 1, &err), -EOPNOTSUPP);
	assert_string_equal(err.text,
			    "gpiochip1 is behind a bus, i2c, that the cycle would "
			    "wait for; expected lane: async");
}

static void a_chip_that_is_slow_is_refused_wherever_it_is(void **state)
{
	struct err err;

	assert_int_equal(gpio_bus_judge(sysfs, "gpiochip0", 50 * NS_PER_US, &err), 0);
	assert_int_equal(gpio_bus_judge(sysfs, "gpiochip0", 312 * NS_PER_US, &err),
			 -EOPNOTSUPP);
	assert_string_equal(err.text,
			    "gpiochip0 takes 312 us to read one line, so that the cycle "
			    "would wait for it; expected lane: async");
}

/* the configuration */

#define GPIO(keys, in) "d: { driver: gpio, chip: c" keys ", in: { " in " } }\n"

/* What a build without the library says besides is taken out. */
static void forget_library(char *errors)
{
	char *said = strstr(errors, "'driver': this rtloop was built without libgpiod 2");
	char *end;

	assert_non_null(said);
	end = strchr(said, '\n') + 1;
	while (said > errors && said[-1] != '\n') {
		said--;
	}
	memmove(said, end, strlen(end) + 1);
}

static void assert_errors(const char *text, const char *errors)
{
	struct rig rig;

	rig_load(&rig, text);
	if (driver_find("gpio")->lacks) {
		forget_library(rig.errors);
	}
	assert_string_equal(rig.errors, errors);
	rig_fini(&rig);
}

static void levels_are_bools_and_counts_integers(void **state)
{
	const struct channel_spec *in;
	struct rig rig;

	rig_load(&rig,
		 GPIO("", "a: { line: A }, b: { line: B, edge: both, count: true }, "
			  "c: { line: C, type: integer }, "
			  "d: { line: D, edge: both, count: true, type: float }"));
	in = rig.list->devices[0].in;
	assert_int_equal(in[0].type, VALUE_BOOL);
	assert_int_equal(in[1].type, VALUE_INT);
	assert_int_equal(in[2].type, VALUE_INT);
	assert_int_equal(in[3].type, VALUE_FLOAT);
	rig_fini(&rig);
}

static void a_line_may_have_a_level_and_a_count(void **state)
{
	assert_errors(GPIO(", edge_buffer: 16",
			   "a: { line: A }, n: { line: A, edge: falling, count: true }"),
		      "");
}

static void edge_and_count_belong_together(void **state)
{
	assert_errors(GPIO("", "a: { line: A, count: true }"),
		      "f:1:56: 'count': what is counted is edges; expected edge: rising, "
		      "falling or both\n");
	assert_errors(GPIO("", "a: { line: A, edge: rising }"),
		      "f:1:55: 'edge': edges are counted; expected count: true, or no "
		      "edge for the line's level\n");
	assert_errors(GPIO("", "a: { line: A, edge: both, count: true, type: bool }"),
		      "f:1:80: 'type': a count is no bool; expected integer or float\n");
	assert_errors(GPIO(", edge_buffer: 64", "a: { line: A }"),
		      "f:1:42: 'edge_buffer': no channel counts edges; expected one, or "
		      "no edge_buffer\n");
}

static void the_kernel_debounces_in_microseconds(void **state)
{
	assert_errors(GPIO("", "a: { line: A, debounce: 1500ns }"),
		      "f:1:59: 'debounce': finer than a microsecond; expected whole "
		      "ones\n");
	assert_errors(GPIO("", "a: { line: A, debounce: 61s }"),
		      "f:1:59: 'debounce' is 61s; expected a duration from 0s to 1min\n");
}

static void two_channels_of_one_line_agree(void **state)
{
	assert_errors(GPIO("", "a: { line: A }, b: { line: A }"),
		      "f:1:62: 'line': channel 'a' is its level already; expected one "
		      "level a line\n");
	assert_errors(GPIO("",
			   "a: { line: A, edge: both, count: true }, b: { line: A, edge: "
			   "rising, count: true }"),
		      "f:1:87: 'line': channel 'a' counts its edges already; expected "
		      "one count "
		      "a line\n");
	assert_errors(
		GPIO("",
		     "a: { line: A, bias: pull-up }, b: { line: A, edge: both, count: "
		     "true }"),
		"f:1:77: 'line': channel 'a' has it with another bias, active_low or "
		"debounce; expected the same\n");
}

static void a_device_has_1_to_64_lines(void **state)
{
	char text[8192];
	size_t at = (size_t)sprintf(text, "d: { driver: gpio, chip: c, in: {");

	assert_errors("d: { driver: gpio, chip: c }\n",
		      "f:1:1: 'd': no channels; expected 'in' or 'out' with at least one "
		      "line\n");
	for (unsigned i = 0; i < 64; i++) {
		at += (size_t)sprintf(text + at,
				      "a%u: { line: %u }, n%u: { line: %u, edge: both, "
				      "count: true }, ",
				      i, i, i, i);
	}
	sprintf(text + at, "} }\n");
	assert_errors(text, "");
	sprintf(text + at, "z: { line: 64 } } }\n");
	assert_errors(text,
		      "f:1:29: 'in': 65 lines; expected at most 64, and the others in a "
		      "second device of this chip\n");
}

/* from channels to lines */

static struct gpio_line_info infos[] = {
	[0] = { .name = "ESTOP" },
	[1] = { .name = "START", .is_used = true, .consumer = "gpioset" },
	[2] = { .name = "" },
	[3] = { .name = "FLOW", .is_used = true, .consumer = "leds" },
	[4] = { .name = "TWIN" },
	[5] = { .name = "TWIN", .is_used = true },
};

static const struct gpio_chip_info chip = {
	.name = "gpiochip7",
	.lines = infos,
	.line_count = ARRAY_SIZE(infos),
};

static int resolve(const char *text, struct gpio_lines *lines, struct err *err)
{
	struct rig rig;
	int rc;

	rig_load(&rig, text);
	rc = gpio_lines_resolve(&rig.list->devices[0], false, &chip, lines, err);
	/* they point into what is gone */
	for (unsigned i = 0; rc == 0 && i < lines->count; i++) {
		lines->lines[i].options = NULL;
	}
	rig_fini(&rig);
	return rc;
}

static void lines_are_found_by_name_and_by_offset(void **state)
{
	struct gpio_lines lines;
	struct err err;

	assert_int_equal(resolve(GPIO("", "a: { line: FLOW }, b: { line: 2 }, "
					  "c: { line: ESTOP, edge: both, count: true }, "
					  "d: { line: 0 }"),
				 &lines, &err),
			 0);
	assert_int_equal(lines.count, 3);
	assert_int_equal(lines.lines[0].offset, 3);
	assert_int_equal(lines.lines[0].level_at, 0);
	assert_int_equal(lines.lines[0].count_at, -1);
	assert_int_equal(lines.lines[0].edge, GPIO_EDGE_NONE);
	assert_int_equal(lines.lines[1].offset, 2);
	assert_int_equal(lines.lines[2].offset, 0);
	assert_int_equal(lines.lines[2].level_at, 3);
	assert_int_equal(lines.lines[2].count_at, 2);
	assert_int_equal(lines.lines[2].edge, GPIO_EDGE_BOTH);
	assert_int_equal(lines.level_mask, 7);
	assert_true(lines.has_counts);
}

static void assert_unresolved(const char *text, int code, const char *expected)
{
	struct gpio_lines lines;
	struct err err = { .text = "" };

	assert_int_equal(resolve(text, &lines, &err), code);
	assert_string_equal(err.text, expected);
}

static void a_line_that_is_not_there_is_told_with_the_nearest_name(void **state)
{
	assert_unresolved(GPIO("", "a: { line: STRAT }"), -ENOENT,
			  "gpiochip7 has no line named 'STRAT'; did you mean 'START'?");
	assert_unresolved(GPIO("", "a: { line: LAMP }"), -ENOENT,
			  "gpiochip7 has no line named 'LAMP'; gpioinfo lists its lines");
	assert_unresolved(GPIO("", "a: { line: 6 }"), -ENOENT,
			  "gpiochip7 has no line 6; it has lines 0 to 5");
}

static void a_name_of_several_lines_is_refused(void **state)
{
	struct gpio_lines lines;
	struct err err;

	assert_unresolved(GPIO("", "a: { line: TWIN }"), -EINVAL,
			  "'TWIN' is the name of lines 4 and 5 of gpiochip7; expected an "
			  "offset");
	assert_int_equal(resolve(GPIO("", "a: { line: 4 }"), &lines, &err), 0);
}

static void a_line_by_its_name_and_its_offset_is_one_line(void **state)
{
	assert_unresolved(
		GPIO("", "a: { line: FLOW }, b: { line: 3 }"), -EINVAL,
		"channel 'b': line 3: channel 'a' is its level already; expected "
		"one level a line");
	assert_unresolved(
		GPIO("", "a: { line: FLOW }, b: { line: 3, edge: both, count: true }, "
			 "c: { line: 03, edge: both, count: true }"),
		-EINVAL,
		"channel 'c': line 3: channel 'b' counts its edges already; expected one "
		"count a line");
	assert_unresolved(
		GPIO("", "a: { line: FLOW }, b: { line: 3, edge: both, count: true, "
			 "active_low: true }"),
		-EINVAL,
		"channel 'b': line 3: channel 'a' has it with another bias, active_low "
		"or "
		"debounce; expected the same");
}

static void who_holds_a_line_is_told(void **state)
{
	struct gpio_lines lines;
	struct err err;

	assert_int_equal(
		resolve(GPIO("", "a: { line: 0 }, b: { line: START }"), &lines, &err), 0);
	assert_int_equal(gpio_lines_busy(&lines, &chip, &err), -EBUSY);
	assert_string_equal(err.text, "gpiochip7: line 1 'START' is held by 'gpioset'");
	assert_int_equal(
		resolve(GPIO("", "a: { line: 5 }, b: { line: 1 }, c: { line: 3 }"),
			&lines, &err),
		0);
	assert_int_equal(gpio_lines_busy(&lines, &chip, &err), -EBUSY);
	assert_string_equal(err.text,
			    "gpiochip7: line 5 'TWIN' is held by '?', and 2 more "
			    "are held");
	assert_int_equal(resolve(GPIO("", "a: { line: 2 }"), &lines, &err), 0);
	assert_int_equal(gpio_lines_busy(&lines, &chip, &err), -EBUSY);
	assert_string_equal(err.text, "gpiochip7: a line is held by another program");
}

/* in the cycle */

/* The kernel's side of a request. */
static struct {
	uint64_t bits;
	uint64_t failing; /* a call with one of these lines fails ... */
	int code;	  /* with this */
	unsigned calls;
	uint64_t masks; /* of all calls */
	unsigned widest;
} kernel;

int __wrap_sys_gpio_get(int fd, uint64_t mask, uint64_t *ret_bits);
int __wrap_sys_gpio_get(int fd, uint64_t mask, uint64_t *ret_bits)
{
	unsigned width = (unsigned)__builtin_popcountll(mask);

	assert_int_equal(fd, 77);
	kernel.calls++;
	kernel.masks |= mask;
	kernel.widest = width > kernel.widest ? width : kernel.widest;
	if (mask & kernel.failing) {
		return kernel.code;
	}
	*ret_bits = kernel.bits & mask;
	return 0;
}

struct panel {
	struct rig rig;
	struct gpio_request request;
	struct gpio_v2_line_event events[64];
	unsigned count; /* of events put since the last hand_over() */
};

/* As open() would have made it, of the chip above. */
static void attach(struct panel *panel)
{
	struct rig *rig = &panel->rig;
	struct err err = { .text = "" };

	panel->request.fd = 77;
	assert_int_equal(gpio_lines_resolve(rig->device.spec, false, &chip,
					    &panel->request.lines, &err),
			 0);
	rig->link = (struct link){ .handle = &panel->request };
	rig->device.link = &rig->link;
	rig->device.driver->attach(&rig->device, &rig->now);
}

static void build(struct panel *panel, const char *text)
{
	memset(panel, 0, sizeof(*panel));
	memset(&kernel, 0, sizeof(kernel));
	rig_init(&panel->rig, text);
	attach(panel);
}

static void take_down(struct panel *panel)
{
	panel->rig.device.link = NULL;
	rig_fini(&panel->rig);
}

static void sample(struct panel *panel)
{
	panel->rig.device.driver->sample(&panel->rig.device, &panel->rig.now);
}

static void put_edge(struct panel *panel, uint32_t offset, uint32_t seqno,
		     uint32_t line_seqno)
{
	panel->events[panel->count] = (struct gpio_v2_line_event){
		.timestamp_ns = 5000 + panel->count,
		.id = GPIO_V2_LINE_EVENT_RISING_EDGE,
		.offset = offset,
		.seqno = seqno,
		.line_seqno = line_seqno,
	};
	panel->count++;
}

static void hand_over(struct panel *panel)
{
	rig_receive(&panel->rig, panel->events, panel->count * sizeof(panel->events[0]),
		    NULL);
	panel->count = 0;
}

#define SWITCHES "a: { line: 0 }, b: { line: 1 }, c: { line: 2 }"
#define COUNTERS                                                                         \
	"a: { line: 0, edge: rising, count: true }, b: { line: 3, edge: both, count: "   \
	"true }"

/* A build without the library refuses the configuration. */
static void need_library(void)
{
	if (driver_find("gpio")->lacks) {
		print_message("rtloop was built without libgpiod 2\n");
		skip();
	}
}

static void levels_are_read_by_a_call_each(void **state)
{
	struct panel panel;

	need_library();
	build(&panel, GPIO("", SWITCHES));
	kernel.bits = 5;
	sample(&panel);
	assert_int_equal(kernel.calls, 3);
	assert_int_equal(kernel.widest, 1);
	assert_int_equal(kernel.masks, 7);
	assert_true(rig_bool(&panel.rig, "a"));
	assert_false(rig_bool(&panel.rig, "b"));
	assert_true(rig_bool(&panel.rig, "c"));
	assert_int_equal(rig_quality(&panel.rig, "b"), QUALITY_GOOD);
	assert_int_equal(panel.rig.device.in[1].sample_ns, panel.rig.now.wake_ns);
	take_down(&panel);
}

static void or_all_of_them_by_one(void **state)
{
	struct panel panel;

	need_library();
	build(&panel, GPIO(", read: all", SWITCHES));
	kernel.bits = 2;
	sample(&panel);
	assert_int_equal(kernel.calls, 1);
	assert_int_equal(kernel.masks, 7);
	assert_false(rig_bool(&panel.rig, "a"));
	assert_true(rig_bool(&panel.rig, "b"));
	take_down(&panel);
}

static void of_lines_without_a_level_none_is_read(void **state)
{
	struct panel panel;

	need_library();
	build(&panel, GPIO(", read: all", COUNTERS));
	sample(&panel);
	assert_int_equal(kernel.calls, 0);
	assert_int_equal(rig_int(&panel.rig, "a"), 0);
	assert_int_equal(rig_quality(&panel.rig, "a"), QUALITY_GOOD);
	take_down(&panel);
	build(&panel, GPIO("", COUNTERS ", l: { line: 3 }"));
	kernel.bits = 3;
	sample(&panel);
	assert_int_equal(kernel.masks, 2);
	assert_true(rig_bool(&panel.rig, "l"));
	take_down(&panel);
}

static void a_line_that_fails_is_bad_and_the_others_are_read(void **state)
{
	struct panel panel;

	need_library();
	build(&panel, GPIO("", SWITCHES));
	sample(&panel);
	kernel.failing = 2;
	kernel.code = -EIO;
	sample(&panel);
	assert_int_equal(rig_quality(&panel.rig, "a"), QUALITY_GOOD);
	assert_int_equal(rig_quality(&panel.rig, "b"), QUALITY_BAD);
	assert_int_equal(rig_quality(&panel.rig, "c"), QUALITY_GOOD);
	assert_int_equal(rig_count(&panel.rig, COUNT_ERRORS), 1);
	assert_false(panel.rig.device.is_lost);
	take_down(&panel);
}

static void a_chip_that_is_gone_is_lost_and_asked_no_more(void **state)
{
	struct panel panel;

	need_library();
	build(&panel, GPIO("", SWITCHES));
	kernel.failing = 1;
	kernel.code = -ENODEV;
	sample(&panel);
	assert_true(panel.rig.device.is_lost);
	assert_int_equal(panel.rig.device.lost_code, -ENODEV);
	assert_int_equal(kernel.calls, 1);
	take_down(&panel);
}

static void edges_are_counted_each_by_its_own_time(void **state)
{
	struct panel panel;
	int64_t sample_ns;

	need_library();
	build(&panel, GPIO("", COUNTERS));
	put_edge(&panel, 0, 1, 1);
	put_edge(&panel, 3, 2, 1);
	put_edge(&panel, 0, 3, 2);
	hand_over(&panel);
	assert_int_equal(rig_int(&panel.rig, "a"), 2);
	assert_int_equal(rig_int(&panel.rig, "b"), 1);
	assert_int_equal(panel.rig.device.in[0].sample_ns, 5002);
	assert_int_equal(panel.rig.device.in[1].sample_ns, 5001);
	memcpy(&sample_ns, panel.rig.device.part.block + sizeof(uint64_t),
	       sizeof(sample_ns));
	assert_int_equal(sample_ns, 5002);
	assert_int_equal(rig_count(&panel.rig, COUNT_FRAMES), 3);
	assert_int_equal(rig_count(&panel.rig, COUNT_MISSED), 0);
	sample(&panel);
	assert_int_equal(rig_int(&panel.rig, "a"), 2);
	assert_int_equal(panel.rig.device.in[0].sample_ns, panel.rig.now.wake_ns);
	take_down(&panel);
}

static void edges_that_had_no_room_are_counted_and_told_as_missed(void **state)
{
	struct panel panel;

	need_library();
	build(&panel, GPIO("", COUNTERS));
	put_edge(&panel, 0, 5, 4);
	put_edge(&panel, 3, 8, 2);
	hand_over(&panel);
	assert_int_equal(rig_int(&panel.rig, "a"), 4);
	assert_int_equal(rig_int(&panel.rig, "b"), 2);
	assert_int_equal(rig_count(&panel.rig, COUNT_MISSED), 6);
	put_edge(&panel, 3, 9, 3);
	hand_over(&panel);
	assert_int_equal(rig_int(&panel.rig, "b"), 3);
	assert_int_equal(rig_count(&panel.rig, COUNT_MISSED), 6);
	assert_int_equal(rig_count(&panel.rig, COUNT_FRAMES), 3);
	take_down(&panel);
}

static void edges_of_two_lines_may_change_places(void **state)
{
	struct panel panel;

	need_library();
	build(&panel, GPIO("", COUNTERS));
	put_edge(&panel, 0, 2, 1);
	put_edge(&panel, 3, 1, 1);
	put_edge(&panel, 0, 3, 2);
	hand_over(&panel);
	assert_int_equal(rig_int(&panel.rig, "a"), 2);
	assert_int_equal(rig_int(&panel.rig, "b"), 1);
	assert_int_equal(rig_count(&panel.rig, COUNT_MISSED), 0);
	/* one that comes a whole read late has been told as missed */
	put_edge(&panel, 0, 6, 3);
	hand_over(&panel);
	put_edge(&panel, 3, 4, 2);
	hand_over(&panel);
	assert_int_equal(rig_count(&panel.rig, COUNT_MISSED), 2);
	put_edge(&panel, 3, 8, 3);
	hand_over(&panel);
	assert_int_equal(rig_count(&panel.rig, COUNT_MISSED), 2);
	assert_int_equal(rig_int(&panel.rig, "b"), 3);
	take_down(&panel);
}

static void the_kernels_numbers_wrap(void **state)
{
	struct panel panel;

	need_library();
	build(&panel, GPIO("", COUNTERS));
	for (uint32_t i = 1; i <= 5; i++) {
		put_edge(&panel, 0, i * 0x40000000u, i * 0x40000000u);
	}
	hand_over(&panel);
	assert_int_equal(rig_int(&panel.rig, "a"), 5 * INT64_C(0x40000000));
	assert_int_equal(rig_count(&panel.rig, COUNT_MISSED),
			 5 * INT64_C(0x40000000) - 5);
	take_down(&panel);
}

static void a_count_goes_on_when_the_chip_is_back(void **state)
{
	struct panel panel;

	need_library();
	build(&panel, GPIO("", COUNTERS));
	put_edge(&panel, 0, 1, 1);
	put_edge(&panel, 0, 3, 3);
	hand_over(&panel);
	attach(&panel);
	put_edge(&panel, 0, 1, 1);
	put_edge(&panel, 0, 3, 3);
	hand_over(&panel);
	assert_int_equal(rig_int(&panel.rig, "a"), 6);
	assert_int_equal(rig_count(&panel.rig, COUNT_MISSED), 2);
	take_down(&panel);
}

static void an_edge_of_a_line_without_a_count_is_passed_over(void **state)
{
	struct panel panel;

	need_library();
	build(&panel, GPIO("", COUNTERS ", l: { line: 2 }"));
	put_edge(&panel, 2, 1, 1);
	put_edge(&panel, 5, 2, 1);
	put_edge(&panel, 0, 3, 1);
	hand_over(&panel);
	assert_int_equal(rig_int(&panel.rig, "a"), 1);
	assert_int_equal(rig_count(&panel.rig, COUNT_FRAMES), 1);
	assert_int_equal(rig_count(&panel.rig, COUNT_MISSED), 0);
	take_down(&panel);
}

static void a_read_full_of_edges_uses_the_budget_up(void **state)
{
	struct panel panel;

	need_library();
	build(&panel, GPIO(", budget: 3", COUNTERS));
	put_edge(&panel, 0, 1, 1);
	put_edge(&panel, 0, 2, 2);
	hand_over(&panel);
	assert_int_equal(rig_count(&panel.rig, COUNT_FLOODED), 0);
	put_edge(&panel, 0, 3, 3);
	put_edge(&panel, 0, 4, 4);
	put_edge(&panel, 0, 5, 5);
	hand_over(&panel);
	assert_int_equal(rig_count(&panel.rig, COUNT_FLOODED), 1);
	take_down(&panel);
}

/* opening */

static void assert_not_opened(const char *text, int code, const char *expected)
{
	struct err err = { .text = "" };
	struct rig rig;

	rig_init(&rig, text);
	assert_int_equal(rig_open(&rig, &err), code);
	assert_string_equal(err.text, expected);
	rig_fini(&rig);
}

static void a_chip_that_is_not_there_is_told(void **state)
{
	need_library();
	assert_not_opened("d: { driver: gpio, chip: nosuch, in: { a: { line: 1 } } }",
			  -ENOENT,
			  "no GPIO chip has the name or the label 'nosuch'; gpiodetect "
			  "lists them");
	assert_not_opened(
		"d: { driver: gpio, chip: /dev/gpiochip99, in: { a: { line: 1 } } }",
		-ENOENT, "/dev/gpiochip99: No such file or directory");
	assert_not_opened("d: { driver: gpio, chip: /dev/null, in: { a: { line: 1 } } }",
			  -EINVAL, "/dev/null: is no GPIO chip");
}

static void without_the_library_opening_says_so(void **state)
{
	const struct gpio_wish wish = { .chip = "gpiochip0" };
	struct gpio_request *request = NULL;
	struct err err;

	if (!driver_find("gpio")->lacks) {
		gpio_chip_release(NULL);
		return;
	}
	assert_int_equal(gpio_chip_request(&wish, &request, &err), -ENOSYS);
	assert_non_null(strstr(err.text, "was built without libgpiod 2"));
	gpio_chip_release(NULL);
}

int main(void)
{
	static const struct CMUnitTest bus_tests[] = {
		cmocka_unit_test(a_chip_in_the_soc_or_on_a_card_is_behind_no_bus),
		cmocka_unit_test(the_bus_may_be_any_number_of_devices_above_the_chip),
		cmocka_unit_test(what_sysfs_does_not_know_is_behind_no_bus),
		cmocka_unit_test(a_chip_behind_a_bus_is_refused_however_fast_it_was),
		cmocka_unit_test(a_chip_that_is_slow_is_refused_wherever_it_is),
	};
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_are_bools_and_counts_integers),
		cmocka_unit_test(a_line_may_have_a_level_and_a_count),
		cmocka_unit_test(edge_and_count_belong_together),
		cmocka_unit_test(the_kernel_debounces_in_microseconds),
		cmocka_unit_test(two_channels_of_one_line_agree),
		cmocka_unit_test(a_device_has_1_to_64_lines),
		cmocka_unit_test(lines_are_found_by_name_and_by_offset),
		cmocka_unit_test(a_line_that_is_not_there_is_told_with_the_nearest_name),
		cmocka_unit_test(a_name_of_several_lines_is_refused),
		cmocka_unit_test(a_line_by_its_name_and_its_offset_is_one_line),
		cmocka_unit_test(who_holds_a_line_is_told),
		cmocka_unit_test(levels_are_read_by_a_call_each),
		cmocka_unit_test(or_all_of_them_by_one),
		cmocka_unit_test(of_lines_without_a_level_none_is_read),
		cmocka_unit_test(a_line_that_fails_is_bad_and_the_others_are_read),
		cmocka_unit_test(a_chip_that_is_gone_is_lost_and_asked_no_more),
		cmocka_unit_test(edges_are_counted_each_by_its_own_time),
		cmocka_unit_test(edges_that_had_no_room_are_counted_and_told_as_missed),
		cmocka_unit_test(edges_of_two_lines_may_change_places),
		cmocka_unit_test(the_kernels_numbers_wrap),
		cmocka_unit_test(a_count_goes_on_when_the_chip_is_back),
		cmocka_unit_test(an_edge_of_a_line_without_a_count_is_passed_over),
		cmocka_unit_test(a_read_full_of_edges_uses_the_budget_up),
		cmocka_unit_test(a_chip_that_is_not_there_is_told),
		cmocka_unit_test(without_the_library_opening_says_so),
	};
	int failed = cmocka_run_group_tests(bus_tests, make_tree, remove_tree);

	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
