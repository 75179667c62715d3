#include "drivers/gpio_chip.h"

#include <errno.h>

#ifndef HAVE_LIBGPIOD

int gpio_chip_request(const struct gpio_wish *wish, struct gpio_request **ret_request,
		      struct err *err)
{
	(void)ret_request;
	return err_set(err, -ENOSYS, "%s: this rtloop was built without %s", wish->chip,
		       GPIO_CHIP_LACKS);
}

void gpio_chip_release(struct gpio_request *request)
{
	(void)request;
}

#else

#include <dirent.h>
#include <fcntl.h>
#include <gpiod.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/access.h"
#include "drivers/gpio_guarded.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

#define CONSUMER "rtloop"

static int open_path(const char *path, struct gpiod_chip **ret_chip, struct err *err)
{
	struct gpiod_chip *chip = gpiod_chip_open(path);

	if (!chip) {
		int code = -errno;

		return code == -ENODEV || code == -ENOTTY
			       ? err_set(err, -EINVAL, "%s: is no GPIO chip", path)
			       : access_denied(err, code, path);
	}
	*ret_chip = chip;
	return 0;
}

static int copy_name(struct gpiod_chip *chip, char *name, bool is_label)
{
	struct gpiod_chip_info *info = gpiod_chip_get_info(chip);

	if (!info) {
		return -errno;
	}
	snprintf(name, GPIO_MAX_NAME_SIZE, "%s",
		 is_label ? gpiod_chip_info_get_label(info)
			  : gpiod_chip_info_get_name(info));
	gpiod_chip_info_free(info);
	return 0;
}

static int is_chip(const struct dirent *entry)
{
	return strncmp(entry->d_name, "gpiochip", strlen("gpiochip")) == 0;
}

/* What looking for a label has found so far. */
struct search {
	const char *label;
	char path[PATH_MAX]; /* "": none */
	bool is_ambiguous;
	char denied[PATH_MAX]; /* one that could not be looked at, */
	int denied_code;       /* for this reason */
};

static void look_at(struct search *search, const char *name)
{
	char path[PATH_MAX], label[GPIO_MAX_NAME_SIZE] = "";
	struct gpiod_chip *chip;

	snprintf(path, sizeof(path), "/dev/%s", name);
	/* udev and others make links beside the chip's own name */
	if (!gpiod_is_gpiochip_device(path)) {
		return;
	}
	chip = gpiod_chip_open(path);
	if (!chip) {
		search->denied_code = -errno;
		memcpy(search->denied, path, sizeof(path));
		return;
	}
	if (copy_name(chip, label, true) == 0 && strcmp(label, search->label) == 0) {
		search->is_ambiguous = search->path[0] != '\0';
		memcpy(search->path, path, sizeof(path));
	}
	gpiod_chip_close(chip);
}

static int judge_search(const struct search *search, struct err *err)
{
	if (search->is_ambiguous) {
		return err_set(err, -EINVAL,
			       "several chips have the label '%s'; expected a name or a "
			       "path",
			       search->label);
	}
	if (search->path[0] == '\0' && search->denied_code) {
		return access_denied(err, search->denied_code, search->denied);
	}
	if (search->path[0] == '\0') {
		return err_set(err, -ENOENT,
			       "no GPIO chip has the name or the label '%s'; gpiodetect "
			       "lists them",
			       search->label);
	}
	return 0;
}

static int open_by_label(const char *label, struct gpiod_chip **ret_chip, struct err *err)
{
	struct search search = { .label = label };
	struct dirent **names;
	int count = scandir("/dev", &names, is_chip, alphasort);
	int rc;

	for (int i = 0; i < count; i++) {
		look_at(&search, names[i]->d_name);
		free(names[i]);
	}
	if (count >= 0) {
		free(names);
	}
	rc = judge_search(&search, err);
	return rc ? rc : open_path(search.path, ret_chip, err);
}

static int open_chip(const char *text, struct gpiod_chip **ret_chip, struct err *err)
{
	char path[PATH_MAX];

	if (text[0] == '/') {
		return open_path(text, ret_chip, err);
	}
	snprintf(path, sizeof(path), "/dev/%s", text);
	return gpiod_is_gpiochip_device(path) ? open_path(path, ret_chip, err)
					      : open_by_label(text, ret_chip, err);
}

static int read_line(struct gpiod_chip *chip, unsigned offset,
		     struct gpio_line_info *line)
{
	struct gpiod_line_info *info = gpiod_chip_get_line_info(chip, offset);
	const char *name, *consumer;

	if (!info) {
		return -errno;
	}
	name = gpiod_line_info_get_name(info);
	consumer = gpiod_line_info_get_consumer(info);
	snprintf(line->name, sizeof(line->name), "%s", name ? name : "");
	snprintf(line->consumer, sizeof(line->consumer), "%s", consumer ? consumer : "");
	line->is_used = gpiod_line_info_is_used(info);
	gpiod_line_info_free(info);
	return 0;
}

static void free_info(struct gpio_chip_info *info)
{
	free(info->lines);
	info->lines = NULL;
}

/* @info: zeroed; free_info() is right after a failure too. */
static int read_info(struct gpiod_chip *chip, struct gpio_chip_info *info)
{
	struct gpiod_chip_info *of_chip = gpiod_chip_get_info(chip);
	int rc = of_chip ? copy_name(chip, info->name, false) : -errno;

	if (rc == 0) {
		info->line_count = (unsigned)gpiod_chip_info_get_num_lines(of_chip);
		info->lines = calloc(info->line_count, sizeof(*info->lines));
		rc = info->lines ? 0 : -ENOMEM;
	}
	gpiod_chip_info_free(of_chip);
	for (unsigned i = 0; rc == 0 && i < info->line_count; i++) {
		rc = read_line(chip, i, &info->lines[i]);
	}
	return rc;
}

static int set_up_input(struct gpiod_line_settings *settings,
			const struct gpio_line *line)
{
	static const enum gpiod_line_bias biases[] = {
		[GPIO_BIAS_AS_IS] = GPIOD_LINE_BIAS_AS_IS,
		[GPIO_BIAS_DISABLED] = GPIOD_LINE_BIAS_DISABLED,
		[GPIO_BIAS_PULL_UP] = GPIOD_LINE_BIAS_PULL_UP,
		[GPIO_BIAS_PULL_DOWN] = GPIOD_LINE_BIAS_PULL_DOWN,
	};
	static const enum gpiod_line_edge edges[] = {
		[GPIO_EDGE_NONE] = GPIOD_LINE_EDGE_NONE,
		[GPIO_EDGE_RISING] = GPIOD_LINE_EDGE_RISING,
		[GPIO_EDGE_FALLING] = GPIOD_LINE_EDGE_FALLING,
		[GPIO_EDGE_BOTH] = GPIOD_LINE_EDGE_BOTH,
	};

	gpiod_line_settings_set_active_low(settings, line->options->is_active_low);
	gpiod_line_settings_set_debounce_period_us(
		settings, (unsigned long)(line->options->debounce_ns / NS_PER_US));
	return gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_INPUT) ||
			       gpiod_line_settings_set_bias(
				       settings, biases[line->options->bias]) ||
			       gpiod_line_settings_set_edge_detection(
				       settings, edges[line->edge]) ||
			       gpiod_line_settings_set_event_clock(
				       settings, GPIOD_LINE_CLOCK_MONOTONIC)
		       ? -errno
		       : 0;
}

/* From the moment of the request on the line is driven with this value. */
static int set_up_output(struct gpiod_line_settings *settings,
			 const struct gpio_line *line, const struct channel_spec *out)
{
	static const enum gpiod_line_drive drives[] = {
		[GPIO_DRIVE_PUSH_PULL] = GPIOD_LINE_DRIVE_PUSH_PULL,
		[GPIO_DRIVE_OPEN_DRAIN] = GPIOD_LINE_DRIVE_OPEN_DRAIN,
		[GPIO_DRIVE_OPEN_SOURCE] = GPIOD_LINE_DRIVE_OPEN_SOURCE,
	};

	gpiod_line_settings_set_active_low(settings, line->output->is_active_low);
	return gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_OUTPUT) ||
			       gpiod_line_settings_set_drive(
				       settings, drives[line->output->drive]) ||
			       gpiod_line_settings_set_output_value(
				       settings, out[line->out_at].safe.as_bool
							 ? GPIOD_LINE_VALUE_ACTIVE
							 : GPIOD_LINE_VALUE_INACTIVE)
		       ? -errno
		       : 0;
}

static int set_up(struct gpiod_line_settings *settings, const struct gpio_line *line,
		  const struct device_spec *spec)
{
	gpiod_line_settings_reset(settings);
	return line->output ? set_up_output(settings, line, spec->out)
			    : set_up_input(settings, line);
}

/* In their order, which is that of the request. */
static int add_lines(struct gpiod_line_config *config, const struct gpio_lines *lines,
		     const struct device_spec *spec)
{
	struct gpiod_line_settings *settings = gpiod_line_settings_new();
	int rc = settings ? 0 : -ENOMEM;

	for (unsigned i = 0; rc == 0 && i < lines->count; i++) {
		rc = set_up(settings, &lines->lines[i], spec);
		if (rc == 0 && gpiod_line_config_add_line_settings(
				       config, &lines->lines[i].offset, 1, settings)) {
			rc = -errno;
		}
	}
	gpiod_line_settings_free(settings);
	return rc;
}

static int request_lines(struct gpiod_chip *chip, const struct device_spec *spec,
			 const struct gpio_lines *lines, unsigned edge_buffer,
			 struct gpiod_line_request **ret_handle)
{
	struct gpiod_request_config *request = gpiod_request_config_new();
	struct gpiod_line_config *config = gpiod_line_config_new();
	int rc = request && config ? add_lines(config, lines, spec) : -ENOMEM;

	if (rc == 0) {
		gpiod_request_config_set_consumer(request, CONSUMER);
		gpiod_request_config_set_event_buffer_size(request, edge_buffer);
		*ret_handle = gpiod_chip_request_lines(chip, request, config);
		rc = *ret_handle ? 0 : -errno;
	}
	gpiod_line_config_free(config);
	gpiod_request_config_free(request);
	return rc;
}

static bool needs_interrupts(const struct gpio_lines *lines)
{
	for (unsigned i = 0; i < lines->count; i++) {
		const struct gpio_line *line = &lines->lines[i];

		if (line->edge != GPIO_EDGE_NONE ||
		    (line->options && line->options->debounce_ns > 0)) {
			return true;
		}
	}
	return false;
}

static int explain(struct gpiod_chip *chip, const struct gpio_lines *lines, int code,
		   struct err *err)
{
	struct gpio_chip_info info = { .line_count = 0 };
	int rc;

	if (read_info(chip, &info)) {
		rc = err_set_errno(err, code, "cannot request the lines");
	} else if (code == -EBUSY) {
		rc = gpio_lines_busy(lines, &info, err);
	} else if (code == -E2BIG) {
		rc = err_set(
			err, code,
			"%s: the kernel takes at most %d different settings of bias, "
			"active_low, drive, edge and debounce at once; put others into a "
			"second device of this chip",
			info.name, GPIO_V2_LINE_NUM_ATTRS_MAX);
	} else if (code == -ENXIO && needs_interrupts(lines)) {
		rc = err_set(err, code,
			     "%s: has no interrupts for a line, which edges and debounce "
			     "need",
			     info.name);
	} else {
		rc = err_set_errno(err, code, "%s: cannot request its lines", info.name);
	}
	free_info(&info);
	return rc;
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

static int find_lines(const struct gpio_wish *wish, struct gpiod_chip *chip,
		      struct gpio_request *request, struct err *err)
{
	struct gpio_chip_info info = { .line_count = 0 };
	int rc = read_info(chip, &info);

	rc = rc ? err_set_errno(err, rc, "%s: cannot be asked for its lines", info.name)
		: gpio_lines_resolve(wish->spec, wish->is_dry, &info, &request->lines,
				     err);
	memcpy(request->chip, info.name, sizeof(request->chip));
	free_info(&info);
	return rc;
}

static int fill_request(const struct gpio_wish *wish, struct gpiod_chip *chip,
			struct gpio_request *request, struct err *err)
{
	struct gpiod_line_request *handle = NULL;
	int rc = request_lines(chip, wish->spec, &request->lines, wish->edge_buffer,
			       &handle);

	if (rc) {
		return explain(chip, &request->lines, rc, err);
	}
	request->handle = handle;
	request->fd = gpiod_line_request_get_fd(handle);
	rc = set_nonblocking(request->fd);
	if (rc) {
		gpiod_line_request_release(handle);
		err_set_errno(err, rc, "%s", request->chip);
	}
	return rc;
}

static int take_or_request(const struct gpio_wish *wish, struct gpiod_chip *chip,
			   struct gpio_request *request, struct err *err)
{
	int rc = find_lines(wish, chip, request, err);

	if (rc || request->lines.count == 0 || gpio_guarded_take(wish, request) == 0) {
		return rc;
	}
	return fill_request(wish, chip, request, err);
}

int gpio_chip_request(const struct gpio_wish *wish, struct gpio_request **ret_request,
		      struct err *err)
{
	struct gpio_request *request = calloc(1, sizeof(*request));
	struct gpiod_chip *opened = NULL;
	int rc;

	if (!request) {
		return err_set(err, -ENOMEM, "no memory for device '%s'",
			       wish->spec->name);
	}
	request->fd = -1;
	rc = open_chip(wish->chip, &opened, err);
	if (rc == 0) {
		rc = take_or_request(wish, opened, request, err);
		gpiod_chip_close(opened);
	}
	if (rc) {
		free(request);
		return rc;
	}
	*ret_request = request;
	return 0;
}

void gpio_chip_release(struct gpio_request *request)
{
	if (request) {
		if (request->handle) {
			gpiod_line_request_release(request->handle);
		} else {
			sys_close(request->fd);
		}
		free(request);
	}
}

#endif
