/* wraps: gpio_chip_request gpio_chip_release realpath __realpath_chk */
#include <errno.h>
#include <linux/gpio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "drivers/gpio_chip.h"
#include "tests/sim/chip.h"
#include "tests/sim/fds.h"
#include "tests/sim/kernel.h"
#include "tests/sim/port.h"
#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

/* The program's own part that asks libgpiod is left out: what it asks for is answered here. */

/* The lines of a request, by their place in it. */
struct request {
	struct chip *chip;
	uint64_t number;
	enum chip_line lines[CHIP_LINES];
	unsigned count;
};

static bool is_gone(const struct request *request)
{
	return !request->chip->peer->is_there ||
	       request->number != request->chip->requests;
}

static uint32_t events_of_chip(struct sim_file *file)
{
	const struct request *request = file->object;

	return is_gone(request) ? EPOLLHUP | EPOLLERR
				: (request->chip->count > 0 ? EPOLLIN : 0u);
}

static struct gpio_v2_line_event describe(const struct chip_edge *edge)
{
	return (struct gpio_v2_line_event){
		.timestamp_ns = (uint64_t)edge->time_ns,
		.id = edge->is_rising ? GPIO_V2_LINE_EVENT_RISING_EDGE
				      : GPIO_V2_LINE_EVENT_FALLING_EDGE,
		.offset = CHIP_COUNT,
		.seqno = edge->number,
		.line_seqno = edge->line_number,
	};
}

static ssize_t read_chip(struct sim_file *file, void *data, size_t bytes)
{
	struct request *request = file->object;
	struct chip *chip = request->chip;
	size_t taken = 0;

	if (is_gone(request)) {
		return -ENODEV;
	}
	if (chip->count == 0) {
		return -EAGAIN;
	}
	while (chip->count > 0 && taken + sizeof(struct gpio_v2_line_event) <= bytes) {
		struct gpio_v2_line_event event = describe(&chip->edges[chip->first]);

		memcpy((uint8_t *)data + taken, &event, sizeof(event));
		taken += sizeof(event);
		chip->newest = event.line_seqno;
		chip->first = (chip->first + 1) % CHIP_EDGES;
		chip->count--;
	}
	return (ssize_t)taken;
}

static int get_levels(struct request *request, struct gpio_v2_line_values *values)
{
	struct chip *chip = request->chip;

	values->bits = 0;
	for (unsigned i = 0; i < request->count; i++) {
		uint64_t bit = UINT64_C(1) << i;
		enum chip_line line = request->lines[i];

		values->bits |= values->mask & bit && chip->levels[line] ? bit : 0;
		/* how long it takes is tried out before */
		if (values->mask & bit && line == CHIP_LEVEL && sched_is_cycle()) {
			chip->has_sampled = true;
			chip->sampled = chip->levels[line];
		}
	}
	return 0;
}

static int set_levels(struct request *request, const struct gpio_v2_line_values *values)
{
	for (unsigned i = 0; i < request->count; i++) {
		uint64_t bit = UINT64_C(1) << i;

		if (values->mask & bit) {
			SIM_CHECK(request->lines[i] == CHIP_OUT,
				  "a line that is an input is driven");
			request->chip->levels[CHIP_OUT] = (values->bits & bit) != 0;
		}
	}
	request->chip->has_failed = false;
	return 0;
}

static int fail_call(struct request *request, unsigned long what)
{
	struct chip *chip = request->chip;
	int error = is_gone(request) ? -ENODEV : chip->error;

	chip->error = 0;
	if (error && what == GPIO_V2_LINE_GET_VALUES_IOCTL) {
		chip->has_sampled = false;
	} else if (error) {
		chip->has_failed = true;
	}
	return error;
}

static int control_chip(struct sim_file *file, unsigned long what, void *arg)
{
	struct request *request = file->object;
	int error = fail_call(request, what);

	if (error) {
		return error;
	}
	return what == GPIO_V2_LINE_GET_VALUES_IOCTL ? get_levels(request, arg)
						     : set_levels(request, arg);
}

static void release_chip(struct sim_file *file)
{
	struct request *request = file->object;

	if (request->number == request->chip->requests) {
		chip_release(request->chip);
	}
	free(request);
}

static const struct sim_file_ops chip_ops = { .name = "lines of a GPIO chip",
					      .events = events_of_chip,
					      .read = read_chip,
					      .ioctl = control_chip,
					      .release = release_chip };

/* Names and holders of the lines, as the kernel tells them. */
static int find_lines(const struct device_spec *spec, struct gpio_lines *lines,
		      struct err *err)
{
	static struct gpio_line_info names[CHIP_LINES] = { { .name = "LEVEL" },
							   { .name = "COUNT" },
							   { .name = "OUT" } };
	const struct gpio_chip_info info = { .name = "chip",
					     .lines = names,
					     .line_count = CHIP_LINES };

	return gpio_lines_resolve(spec, false, &info, lines, err);
}

static int open_request(const struct gpio_lines *lines, struct chip *chip,
			const struct device_spec *spec)
{
	struct request *request = calloc(1, sizeof(*request));
	bool out = spec->out_count > 0 && spec->out[0].safe.as_bool;
	int fd;

	SIM_CHECK(request, "no memory");
	request->chip = chip;
	request->number = chip_request(chip, out);
	request->count = lines->count;
	for (unsigned i = 0; i < lines->count; i++) {
		request->lines[i] = (enum chip_line)lines->lines[i].offset;
	}
	fd = fds_open(&chip_ops, request);
	if (fd < 0) {
		free(request);
	}
	return fd;
}

WRAP(int, gpio_chip_request, const struct gpio_wish *wish,
     struct gpio_request **ret_request, struct err *err)
{
	const struct device_spec *spec = wish->spec;
	const char *name = wish->chip;
	struct peer *peer = port_find(name);
	struct gpio_request *made;

	kernel_call(CALL_OTHER);
	if (peer->open_ns > 0) {
		sched_busy(peer->open_ns);
	}
	sim_note(NOTE_OPEN, peer->index, peer->is_there ? 0 : peer->away_code);
	if (!peer->is_there) {
		return err_set_errno(err, peer->away_code, "%s", name);
	}
	made = calloc(1, sizeof(*made));
	SIM_CHECK(made, "no memory");
	if (find_lines(spec, &made->lines, err)) {
		sim_fail("%s", err->text);
	}
	made->fd = open_request(&made->lines, chip_of(peer), spec);
	*ret_request = made;
	return 0;
}

WRAP(void, gpio_chip_release, struct gpio_request *request)
{
	if (request) {
		fds_close(request->fd);
		free(request);
	}
}

/* Where a chip is in sysfs, which there is none of. */
WRAP(char *, realpath, const char *path, char *resolved)
{
	(void)path;
	(void)resolved;
	errno = ENOENT;
	return NULL;
}

WRAP(char *, __realpath_chk, const char *path, char *resolved, size_t bytes)
{
	(void)path;
	(void)resolved;
	(void)bytes;
	errno = ENOENT;
	return NULL;
}
