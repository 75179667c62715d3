#include <errno.h>
#include <linux/gpio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/device.h"
#include "drivers/gpio_bus.h"
#include "drivers/gpio_chip.h"
#include "drivers/gpio_guarded.h"
#include "drivers/gpio_lines.h"
#include "drivers/registry.h"
#include "rtloop/base/calls.h"
#include "rtloop/base/sys.h"

enum gpio_read { GPIO_READ_EACH, GPIO_READ_ALL };
enum gpio_write { GPIO_WRITE_CHANGE, GPIO_WRITE_CYCLE };

struct gpio_options {
	const char *chip;
	int read;  /* enum gpio_read */
	int write; /* enum gpio_write */
	int64_t edge_buffer;
	bool has_edge_buffer;
};

/* A count that wraps in the kernel, followed. */
struct sequence {
	int64_t newest;
	int64_t taken;
	bool is_unknown; /* it began before this run: its first number here is as good as 1 */
};

struct gpio {
	int64_t counts[GPIO_CHANNELS_MAX]; /* of edges, by channel, since the start */
	struct sequence of_lines[GPIO_LINES_MAX]; /* of the link in force, by line */
	struct sequence of_request;		  /* likewise */
	int64_t missed;				  /* of the request, already counted */
	uint64_t driven; /* by line: what was written last; valid where is_driven */
	bool is_driven;
};

#define EDGE_BYTES	sizeof(struct gpio_v2_line_event)
#define EDGE_BUFFER_MAX (16 * GPIO_V2_LINES_MAX)

/* How often a line is read before the first cycle, to see how long it takes. */
#define TRIALS 16

static const char *const reads[] = { "each", "all", NULL };
static const char *const writes[] = { "change", "cycle", NULL };

static const struct option gpio_rows[] = {
	{
		.name = "chip",
		.type = OPTION_TEXT,
		.offset = offsetof(struct gpio_options, chip),
		.is_required = true,
		.min = 1,
		.max = 255,
		.help = "its name (gpiochip0), path or label; gpiodetect lists them; a "
			"name can change from boot to boot",
	},
	{
		.name = "read",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct gpio_options, read),
		.fallback = "each",
		.choices = reads,
		.help = "levels by a call each, for which the kernel allocates nothing; "
			"or "
			"all in one "
			"call, for which it does",
	},
	{
		.name = "write",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct gpio_options, write),
		.fallback = "change",
		.choices = writes,
		.help = "lines that changed are written, all of them in one call; or all "
			"lines in each cycle, for a chip that may forget",
	},
	{
		.name = "edge_buffer",
		.type = OPTION_INT,
		.offset = offsetof(struct gpio_options, edge_buffer),
		.min = 16,
		.max = EDGE_BUFFER_MAX,
		.is_given_offset = offsetof(struct gpio_options, has_edge_buffer),
		.help = "edges that the kernel holds between two cycles; of more, the "
			"oldest are "
			"missed; by default 16 for each line of the device",
	},
	{ .name = NULL },
};

static enum value_type gpio_channel_type(const void *in_options)
{
	const struct gpio_channel_options *options = in_options;

	return options->is_count ? VALUE_INT : VALUE_BOOL;
}

/* A line has two levels. */
static enum value_type gpio_output_type(const void *out_options)
{
	(void)out_options;
	return VALUE_BOOL;
}

static void gpio_check(const struct device_spec *spec)
{
	const struct gpio_options *options = spec->options;
	bool has_edges = false;

	gpio_lines_check(spec);
	for (unsigned i = 0; i < spec->in_count; i++) {
		const struct gpio_channel_options *channel = spec->in[i].options;

		has_edges = has_edges || channel->edge != GPIO_EDGE_NONE;
	}
	if (options->has_edge_buffer && !has_edges) {
		place_error(&spec->place, "edge_buffer",
			    "no channel counts edges; expected one, or no edge_buffer");
	}
}

static unsigned lowest(uint64_t mask)
{
	return (unsigned)__builtin_ctzll(mask);
}

/* The shortest of several calls: what the chip takes, and not what came between. */
static int64_t time_reading(const struct gpio_request *request)
{
	uint64_t mask = request->lines.level_mask | request->lines.out_mask;
	int64_t shortest_ns = INT64_MAX;
	uint64_t bits;

	for (unsigned i = 0; i < TRIALS; i++) {
		int64_t start_ns = sys_now();
		int rc = sys_gpio_get(request->fd, mask & -mask, &bits);
		int64_t call_ns = sys_now() - start_ns;

		if (rc == 0 && call_ns < shortest_ns) {
			shortest_ns = call_ns;
		}
	}
	return shortest_ns == INT64_MAX ? 0 : shortest_ns;
}

/* Levels are read from the chip, and written to it; edges come from the kernel's memory. */
static int judge(const struct device_spec *spec, const struct gpio_request *request,
		 struct err *err)
{
	if (spec->lane == LANE_ASYNC ||
	    (request->lines.level_mask | request->lines.out_mask) == 0) {
		return 0;
	}
	return gpio_bus_judge("/sys", request->chip, time_reading(request), err);
}

static int make_link(const struct device_spec *spec, struct gpio_request *request,
		     struct link *ret_link, struct err *err)
{
	struct endpoint *endpoint = calloc(1, sizeof(*endpoint));

	if (!endpoint) {
		return err_set(err, -ENOMEM, "no memory for device '%s'", spec->name);
	}
	*endpoint = (struct endpoint){
		.fd = request->fd,
		.op = ENDPOINT_READ,
		.bytes = (uint32_t)(EDGE_BYTES * (size_t)spec->budget),
		.budget = 1,
	};
	*ret_link = (struct link){
		.endpoints = endpoint,
		.endpoint_count = request->lines.has_counts,
		.handle = request,
	};
	return 0;
}

static struct gpio_wish wish_of(const struct device *device)
{
	const struct gpio_options *options = device->spec->options;

	return (struct gpio_wish){ .spec = device->spec,
				   .chip = options->chip,
				   .edge_buffer = (unsigned)options->edge_buffer,
				   .is_dry = device->is_dry,
				   .heritage = device->heritage };
}

static int gpio_open(const struct device *device, struct link *ret_link, struct err *err)
{
	const struct gpio_wish wish = wish_of(device);
	struct gpio_request *request;
	int rc = gpio_chip_request(&wish, &request, err);

	if (rc) {
		return rc;
	}
	rc = judge(device->spec, request, err);
	rc = rc ? rc : make_link(device->spec, request, ret_link, err);
	if (rc) {
		gpio_chip_release(request);
	}
	return rc;
}

static int gpio_guarded(const struct device *device, const struct link *link,
			struct guarded *ret_guarded)
{
	const struct gpio_wish wish = wish_of(device);
	const struct gpio_request *request = link->handle;

	if (request->lines.out_mask == 0) {
		return -1;
	}
	gpio_guarded_describe(&wish, request, ret_guarded);
	return request->fd;
}

static void gpio_close(const struct device *device, struct link *link)
{
	(void)device;
	gpio_chip_release(link->handle);
	free(link->endpoints);
	*link = (struct link){ .endpoints = NULL };
}

/* The kernel numbers the edges of each request from 1 on, whoever holds it. */
static void gpio_attach(struct device *device, const struct cycle_time *now) RT_SAFE;
static void gpio_attach(struct device *device, const struct cycle_time *now)
{
	const struct gpio_request *request = device->link->handle;
	const struct sequence begin = { .is_unknown = request->is_taken_over };
	struct gpio *gpio = device->state;

	(void)now;
	for (unsigned i = 0; i < GPIO_LINES_MAX; i++) {
		gpio->of_lines[i] = begin;
	}
	gpio->of_request = begin;
	gpio->missed = 0;
	gpio->is_driven = false;
}

/* Returns by how much the number is ahead of the newest one; what comes late is not. */
static int64_t follow(struct sequence *sequence, uint32_t number)
{
	int32_t ahead;

	if (sequence->is_unknown) {
		sequence->is_unknown = false;
		sequence->newest = (int64_t)number - 1;
		sequence->taken = sequence->newest;
	}
	ahead = (int32_t)(number - (uint32_t)sequence->newest);
	sequence->taken++;
	if (ahead <= 0) {
		return 0;
	}
	sequence->newest += ahead;
	return ahead;
}

static int find_line(const struct gpio_lines *lines, uint32_t offset)
{
	for (unsigned i = 0; i < lines->count; i++) {
		if (lines->lines[i].offset == offset) {
			return (int)i;
		}
	}
	return -1;
}

/* An edge that the kernel numbered is counted, though it may have had no room for it. */
static void take_edge(struct device *device, const struct gpio_v2_line_event *event,
		      const struct cycle_time *now)
{
	const struct gpio_request *request = device->link->handle;
	struct gpio *gpio = device->state;
	int64_t time_ns = (int64_t)event->timestamp_ns;
	int index = find_line(&request->lines, event->offset);
	int channel = index < 0 ? -1 : request->lines.lines[index].count_at;

	follow(&gpio->of_request, event->seqno);
	if (channel < 0) {
		return;
	}
	gpio->counts[channel] += follow(&gpio->of_lines[index], event->line_seqno);
	channel_put_int(&device->in[channel], gpio->counts[channel], time_ns);
	device_count(device, COUNT_FRAMES, 1);
	device_publish_at(device, time_ns, now);
}

/*
 * Lines have threads of their own in the kernel, so that edges of two of them may change places: what
 * is missing is told after a whole read.
 */
static void count_missed(struct device *device)
{
	struct gpio *gpio = device->state;
	int64_t missed = gpio->of_request.newest - gpio->of_request.taken;

	if (missed > gpio->missed) {
		device_count(device, COUNT_MISSED, (uint64_t)(missed - gpio->missed));
		gpio->missed = missed;
	}
}

static void gpio_receive(struct device *device, const struct message *message,
			 const struct cycle_time *now) RT_SAFE;
static void gpio_receive(struct device *device, const struct message *message,
			 const struct cycle_time *now)
{
	uint32_t edges = message->bytes / (uint32_t)EDGE_BYTES;

	for (uint32_t i = 0; i < edges; i++) {
		struct gpio_v2_line_event event;

		memcpy(&event, message->data + i * EDGE_BYTES, EDGE_BYTES);
		take_edge(device, &event, now);
	}
	count_missed(device);
	if (edges == device->spec->budget) {
		device_count(device, COUNT_FLOODED, 1);
	}
}

static bool is_gone(int code)
{
	return code == -ENODEV || code == -EBADF || code == -ENXIO;
}

static struct channel *level_of(struct device *device, unsigned line)
{
	const struct gpio_request *request = device->link->handle;

	return &device->in[request->lines.lines[line].level_at];
}

/* A chip behind a bus may fail for once. */
static void fail_levels(struct device *device, uint64_t mask, int code)
{
	if (is_gone(code)) {
		device_lost(device, code);
		return;
	}
	device_count(device, COUNT_ERRORS, 1);
	for (; mask; mask &= mask - 1) {
		channel_set_quality(level_of(device, lowest(mask)), QUALITY_BAD);
	}
}

/* @mask: of lines that have a level. */
static void read_levels(struct device *device, uint64_t mask,
			const struct cycle_time *now)
{
	const struct gpio_request *request = device->link->handle;
	uint64_t bits;
	int rc = sys_gpio_get(request->fd, mask, &bits);

	if (rc) {
		fail_levels(device, mask, rc);
		return;
	}
	for (; mask; mask &= mask - 1) {
		channel_put_int(level_of(device, lowest(mask)), bits >> lowest(mask) & 1,
				now->wake_ns);
	}
}

/* The kernel has been asked for edges in this cycle: a count is as new as a level. */
static void renew_counts(struct device *device, const struct cycle_time *now)
{
	const struct gpio_request *request = device->link->handle;
	const struct gpio *gpio = device->state;

	for (unsigned i = 0; i < request->lines.count; i++) {
		int channel = request->lines.lines[i].count_at;

		if (channel >= 0) {
			channel_put_int(&device->in[channel], gpio->counts[channel],
					now->wake_ns);
		}
	}
}

static void gpio_sample(struct device *device, const struct cycle_time *now) RT_SAFE;
static void gpio_sample(struct device *device, const struct cycle_time *now)
{
	const struct gpio_options *options = device->spec->options;
	const struct gpio_request *request = device->link->handle;
	uint64_t mask = request->lines.level_mask;

	if (options->read == GPIO_READ_ALL && mask) {
		read_levels(device, mask, now);
	} else {
		for (; mask && !device->is_lost; mask &= mask - 1) {
			read_levels(device, mask & -mask, now);
		}
	}
	renew_counts(device, now);
}

/* What the outputs are to be, by line. */
static uint64_t bits_of_outputs(const struct device *device)
{
	const struct gpio_request *request = device->link->handle;
	uint64_t mask = request->lines.out_mask;
	uint64_t bits = 0;

	for (; mask; mask &= mask - 1) {
		unsigned line = lowest(mask);
		int at = request->lines.lines[line].out_at;

		if (channel_value(&device->out[at]).as_bool) {
			bits |= UINT64_C(1) << line;
		}
	}
	return bits;
}

static uint64_t lines_to_write(const struct device *device, uint64_t bits)
{
	const struct gpio_options *options = device->spec->options;
	const struct gpio_request *request = device->link->handle;
	const struct gpio *gpio = device->state;
	bool writes_all = options->write == GPIO_WRITE_CYCLE || device->must_emit ||
			  !gpio->is_driven;

	return writes_all ? request->lines.out_mask : gpio->driven ^ bits;
}

static void gpio_emit(struct device *device, const struct cycle_time *now) RT_SAFE;
/* A chip behind a bus may fail for once: then all is written again in the next cycle. */
static void gpio_emit(struct device *device, const struct cycle_time *now)
{
	const struct gpio_request *request = device->link->handle;
	struct gpio *gpio = device->state;
	uint64_t bits = bits_of_outputs(device);
	uint64_t mask = lines_to_write(device, bits);
	int rc;

	(void)now;
	if (mask == 0) {
		return;
	}
	rc = sys_gpio_set(request->fd, mask, bits);
	gpio->is_driven = rc == 0;
	gpio->driven = bits;
	if (rc == 0) {
		device->must_emit = false;
		device_count(device, COUNT_SENT, 1);
	} else if (is_gone(rc)) {
		device_lost(device, rc);
	} else {
		device_count(device, COUNT_SEND_DROPPED, 1);
	}
}

static int gpio_rescue(const struct device *device, const struct link *link) RT_SAFE;
static int gpio_rescue(const struct device *device, const struct link *link)
{
	const struct gpio_request *request = link->handle;
	uint64_t bits = 0;

	for (unsigned i = 0; i < request->lines.count; i++) {
		int at = request->lines.lines[i].out_at;

		if (at >= 0 && device->spec->out[at].safe.as_bool) {
			bits |= UINT64_C(1) << i;
		}
	}
	return sys_gpio_set(request->fd, request->lines.out_mask, bits);
}

static const char description[] =
	"Reads and drives the lines of one GPIO chip: levels, sampled in each cycle, and "
	"edges, "
	"which "
	"the kernel counts with its own time stamps between the cycles. A line may have "
	"a "
	"channel of each kind. It is by libgpiod 2, and holds the lines as 'rtloop'; one "
	"that another program or driver holds is named with its holder.\n"
	"\n"
	"A level is a bool. With edge and `count: true` a channel is the number of edges "
	"since the start: an integer, which goes on when the chip was away. Each edge is "
	"a "
	"message of its own in the log, with the kernel's time of it as sample_ns. Edges "
	"that the kernel had no room for are counted all the same, since it numbers "
	"them, "
	"and told as missed; at most `budget` edges are taken in a cycle, the others "
	"wait "
	"in edge_buffer.\n"
	"\n"
	"`read: each` makes one call for each line with a level, in which the kernel "
	"allocates nothing; `read: all` makes one call for all of them, which is faster "
	"from a few lines on, but allocates memory in the kernel and can wait when that "
	"is "
	"scarce.\n"
	"\n"
	"Each output channel is a line that is driven: push-pull, or open-drain or "
	"open-source. It has its safe value from the moment at which rtloop takes the "
	"line, so that it never shows another one first. All lines that change in a "
	"cycle "
	"are written in one call.\n"
	"\n"
	"A chip behind a bus such as i2c, spi or usb takes long to answer, and its calls "
	"wait: its levels and outputs are refused in the cycle; with `lane: async` a "
	"thread of its own reads and drives them. When a "
	"chip goes away its channels turn bad, and it is opened again when it is back.";

static const char example[] =
	"panel:\n"
	"  driver: gpio\n"
	"  chip: gpiochip0\n"
	"  max_age: 10ms\n"
	"  in:\n"
	"    estop_ok: { line: ESTOP, bias: pull-down, on_bad: false }\n"
	"    start:    { line: START, debounce: 5ms }\n"
	"    door:     { line: 21, active_low: true }\n"
	"    flow:     { line: FLOW, edge: rising, count: true }\n"
	"  out:\n"
	"    heater: { line: HEATER, safe: 0 }\n"
	"    lamp:   { line: LAMP, safe: 0, drive: open-drain }\n";

const struct driver gpio_driver = {
	.name = "gpio",
	.summary = "Lines of a GPIO chip: levels, counted edges, and outputs",
	.description = description,
	.example = example,
	.options = gpio_rows,
	.options_bytes = sizeof(struct gpio_options),
	.in_options = gpio_channel_rows,
	.in_bytes = sizeof(struct gpio_channel_options),
	.out_options = gpio_output_rows,
	.out_bytes = sizeof(struct gpio_output_options),
	.state_bytes = sizeof(struct gpio),
	.calls = CALLS_READ | CALLS_GPIO_GET,
	.emit_calls = CALLS_GPIO_SET,
	.allows_async = true,
	.lacks = GPIO_CHIP_LACKS,
	.check = gpio_check,
	.channel_type = gpio_channel_type,
	.out_channel_type = gpio_output_type,
	.open = gpio_open,
	.guarded = gpio_guarded,
	.close = gpio_close,
	.attach = gpio_attach,
	.receive = gpio_receive,
	.sample = gpio_sample,
	.emits = device_has_outputs,
	.emit = gpio_emit,
	.rescue = gpio_rescue,
};
