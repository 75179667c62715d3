/*
 * The lines of a GPIO device: from the channels of a configuration to the lines of one chip, each
 * requested once. A line that is read may have two channels, one for its level and one that counts its
 * edges; one that is driven has one.
 */
#ifndef DRIVERS_GPIO_LINES_H
#define DRIVERS_GPIO_LINES_H

#include <linux/gpio.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/option.h"
#include "drivers/driver.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

enum gpio_bias {
	GPIO_BIAS_AS_IS,
	GPIO_BIAS_DISABLED,
	GPIO_BIAS_PULL_UP,
	GPIO_BIAS_PULL_DOWN
};
enum gpio_edge { GPIO_EDGE_NONE, GPIO_EDGE_RISING, GPIO_EDGE_FALLING, GPIO_EDGE_BOTH };

/* One channel: the level of a line, or the count of its edges. */
struct gpio_channel_options {
	const char *line; /* name or offset */
	int bias;	  /* enum gpio_bias */
	bool is_active_low;
	int64_t debounce_ns;
	int edge; /* enum gpio_edge */
	bool is_count;
};

/* Rows of the keys of an input channel, bound to struct gpio_channel_options. */
extern const struct option gpio_channel_rows[];

enum gpio_drive { GPIO_DRIVE_PUSH_PULL, GPIO_DRIVE_OPEN_DRAIN, GPIO_DRIVE_OPEN_SOURCE };

/* One output channel: a line that is driven. */
struct gpio_output_options {
	const char *line; /* name or offset */
	bool is_active_low;
	int drive; /* enum gpio_drive */
};

/* Rows of the keys of an output channel, bound to struct gpio_output_options. */
extern const struct option gpio_output_rows[];

/* The kernel's limit of one request. */
#define GPIO_LINES_MAX GPIO_V2_LINES_MAX

/* Each line has its level and its count. */
#define GPIO_CHANNELS_MAX (2 * GPIO_LINES_MAX)

#define GPIO_DEBOUNCE_MAX_NS 60e9

/**
 * gpio_lines_check - what no row can see, said with place_error(). [init]
 */
void gpio_lines_check(const struct device_spec *spec);

/* What the kernel says of a chip and of each of its lines. */
struct gpio_line_info {
	char name[GPIO_MAX_NAME_SIZE];	   /* "": it has none */
	char consumer[GPIO_MAX_NAME_SIZE]; /* who holds it */
	bool is_used;
};

struct gpio_chip_info {
	char name[GPIO_MAX_NAME_SIZE]; /* "gpiochip0" */
	struct gpio_line_info *lines;  /* owned; by offset */
	unsigned line_count;
};

struct gpio_line {
	uint32_t offset;
	const struct gpio_channel_options
		*options;			  /* borrowed: bias and so on; NULL of an
						       output */
	const struct gpio_output_options *output; /* borrowed; NULL: it is read */
	int edge;				  /* enum gpio_edge */
	int level_at; /* the channel of its level, an index; -1: none */
	int count_at; /* the channel of its count; -1: none */
	int out_at;   /* the output channel that drives it; -1: none */
};

/* What is requested of a chip, and in which order. */
struct gpio_lines {
	struct gpio_line lines[GPIO_LINES_MAX];
	unsigned count;
	uint64_t level_mask; /* bit i: line i has a level */
	uint64_t out_mask;   /* bit i: line i is driven */
	bool has_counts;
};

/**
 * gpio_lines_resolve - find the lines of all channels on the chip.
 * @is_dry: lines that would be driven are found, too, but left out
 *
 * With @err filled: -ENOENT for a line that is not there, -EINVAL for a name of several lines, or for
 * two channels of one line that cannot be, -E2BIG for too many lines. [super]
 */
int gpio_lines_resolve(const struct device_spec *spec, bool is_dry,
		       const struct gpio_chip_info *chip, struct gpio_lines *ret_lines,
		       struct err *err) MUST_CHECK;

/**
 * gpio_lines_busy - fill @err with who holds those of the lines that are held.
 *
 * Returns -EBUSY. [super]
 */
int gpio_lines_busy(const struct gpio_lines *lines, const struct gpio_chip_info *chip,
		    struct err *err);

#endif
