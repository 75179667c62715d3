#include "drivers/gpio_guarded.h"

#include <errno.h>
#include <linux/gpio.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

/* More reads than the greatest buffer of edges has. */
#define READS_MAX 1024

/* In the kernel's own numbers, so that they mean the same to a later version of this program. */
static uint32_t input_settings(const struct gpio_line *line)
{
	static const uint32_t biases[] = {
		[GPIO_BIAS_AS_IS] = 0,
		[GPIO_BIAS_DISABLED] = GPIO_V2_LINE_FLAG_BIAS_DISABLED,
		[GPIO_BIAS_PULL_UP] = GPIO_V2_LINE_FLAG_BIAS_PULL_UP,
		[GPIO_BIAS_PULL_DOWN] = GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN,
	};
	static const uint32_t edges[] = {
		[GPIO_EDGE_NONE] = 0,
		[GPIO_EDGE_RISING] = GPIO_V2_LINE_FLAG_EDGE_RISING,
		[GPIO_EDGE_FALLING] = GPIO_V2_LINE_FLAG_EDGE_FALLING,
		[GPIO_EDGE_BOTH] =
			GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING,
	};

	return GPIO_V2_LINE_FLAG_INPUT | biases[line->options->bias] | edges[line->edge] |
	       (line->options->is_active_low ? GPIO_V2_LINE_FLAG_ACTIVE_LOW : 0);
}

static uint32_t output_settings(const struct gpio_line *line)
{
	static const uint32_t drives[] = {
		[GPIO_DRIVE_PUSH_PULL] = 0,
		[GPIO_DRIVE_OPEN_DRAIN] = GPIO_V2_LINE_FLAG_OPEN_DRAIN,
		[GPIO_DRIVE_OPEN_SOURCE] = GPIO_V2_LINE_FLAG_OPEN_SOURCE,
	};

	return GPIO_V2_LINE_FLAG_OUTPUT | drives[line->output->drive] |
	       (line->output->is_active_low ? GPIO_V2_LINE_FLAG_ACTIVE_LOW : 0);
}

static struct guarded_line describe_line(const struct gpio_line *line)
{
	return (struct guarded_line){
		.offset = line->offset,
		.settings = line->output ? output_settings(line) : input_settings(line),
		.debounce_us =
			line->output ? 0
				     : (uint32_t)(line->options->debounce_ns / NS_PER_US),
	};
}

static bool is_safe_on(const struct device_spec *spec, const struct gpio_line *line)
{
	return spec->out[line->out_at].safe.as_bool;
}

void gpio_guarded_describe(const struct gpio_wish *wish,
			   const struct gpio_request *request,
			   struct guarded *ret_guarded)
{
	const struct gpio_lines *lines = &request->lines;

	memset(ret_guarded, 0, sizeof(*ret_guarded));
	snprintf(ret_guarded->device, sizeof(ret_guarded->device), "%s",
		 wish->spec->name);
	snprintf(ret_guarded->chip, sizeof(ret_guarded->chip), "%s", request->chip);
	ret_guarded->edge_buffer = wish->edge_buffer;
	ret_guarded->line_count = lines->count;
	ret_guarded->out_mask = lines->out_mask;
	for (unsigned i = 0; i < lines->count; i++) {
		const struct gpio_line *line = &lines->lines[i];

		ret_guarded->lines[i] = describe_line(line);
		if (line->output && is_safe_on(wish->spec, line)) {
			ret_guarded->safe_bits |= UINT64_C(1) << i;
		}
	}
}

/* They are of the time when nobody ran. */
static void forget_edges(int fd)
{
	struct gpio_v2_line_event events[16];

	for (unsigned i = 0; i < READS_MAX && sys_read(fd, events, sizeof(events)) > 0;
	     i++) {
	}
}

int gpio_guarded_take(const struct gpio_wish *wish, struct gpio_request *request)
{
	struct guarded guarded;
	int fd;

	if (!wish->heritage || request->lines.out_mask == 0) {
		return -ENOENT;
	}
	gpio_guarded_describe(wish, request, &guarded);
	fd = wish->heritage->take(wish->heritage, &guarded);
	if (fd < 0) {
		return -ENOENT;
	}
	if (sys_gpio_set(fd, guarded.out_mask, guarded.safe_bits)) {
		sys_close(fd);
		return -ENOENT;
	}
	forget_edges(fd);
	request->fd = fd;
	request->is_taken_over = true;
	return 0;
}
