#include "rtloop/cmd/top_screen.h"

#include <inttypes.h>
#include <string.h>

#include "config/value.h"
#include "rtloop/base/hist.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/client.h"
#include "rtloop/cmd/client_channel.h"

/* Below these a column, or the bars, are left out. */
#define WIDTH_OF_UNITS	60
#define WIDTH_OF_TWO	100
#define NAME_WIDTH_MIN	12
#define NAME_WIDTH_MAX	32
#define VALUE_WIDTH_MIN 10
#define BAR_ROWS_MAX	24

static const struct node *child_list(const struct node *status, const char *name)
{
	const struct node *list = node_child(status, name);

	return list ? list->first : NULL;
}

static double us(const struct node *object, const char *member)
{
	return client_number(object, member) / 1000.0;
}

/* --- the upper part ---------------------------------------------------------------------------- */

static void draw_title(struct screen *screen, const struct node *status)
{
	const struct node *realtime = node_child(status, "realtime");
	int64_t seconds = (int64_t)client_number(status, "seconds");
	char period[32];

	time_print_duration(period, sizeof(period),
			    (int64_t)client_number(status, "period_ns"));
	screen_put(screen, SCREEN_BOLD, "%s  ", client_text(status, "loop"));
	if (client_is(realtime, "is_met")) {
		screen_put(screen, SCREEN_GOOD, "REALTIME");
	} else {
		screen_put(screen, SCREEN_BAD, "NOT REALTIME");
	}
	screen_put(screen, SCREEN_PLAIN, "  %" PRId64 ":%02d:%02d  every %s",
		   seconds / 3600, (int)(seconds / 60 % 60), (int)(seconds % 60), period);
	screen_line(screen);
}

static void draw_counts(struct screen *screen, const struct node *status)
{
	const struct node *log = node_child(status, "log");
	double overruns =
		client_number(status, "late_wakes") + client_number(status, "long_works");

	screen_put(screen, overruns > 0 ? SCREEN_BAD : SCREEN_PLAIN,
		   "overruns %.0f (%s late wakes, %s long works)  missed %s", overruns,
		   client_text(status, "late_wakes"), client_text(status, "long_works"),
		   client_text(status, "missed"));
	screen_put(screen, SCREEN_PLAIN, "  cycles %s", client_text(status, "cycles"));
	if (log) {
		screen_put(screen,
			   client_number(log, "gaps") > 0 ? SCREEN_BAD : SCREEN_PLAIN,
			   "  gaps %s", client_text(log, "gaps"));
		screen_put(screen, SCREEN_PLAIN, "  log %.1f MB",
			   client_number(log, "bytes") / 1e6);
	}
	screen_line(screen);
}

static void draw_forces(struct screen *screen, const struct node *status)
{
	const struct node *force = child_list(status, "forces");

	if (!force) {
		return;
	}
	screen_put(screen, SCREEN_LOUD, "FORCED");
	for (; force; force = force->next) {
		screen_put(screen, SCREEN_LOUD, " %s=%s", client_text(force, "name"),
			   client_text(force, "value"));
	}
	screen_line(screen);
}

static void draw_change(struct screen *screen, const struct node *status)
{
	if (client_is(status, "config_has_changed")) {
		screen_put(screen, SCREEN_WARNING,
			   "CHANGED %s: 'rtloop reload', or a restart, applies it",
			   client_text(status, "config"));
		screen_line(screen);
	}
}

static void draw_log(struct screen *screen, const struct node *status)
{
	const struct node *log = node_child(status, "log");

	if (log && client_is(log, "is_degraded")) {
		screen_put(screen, SCREEN_LOUD, "LOG DEGRADED");
		screen_put(screen, SCREEN_BAD, " %s", client_text(log, "last_failure"));
		screen_line(screen);
	}
}

static void draw_timing(struct screen *screen, const struct node *status,
			const char *name)
{
	const struct node *hist = node_child(status, name);

	screen_put(screen, SCREEN_PLAIN, "%-7s us  max ", name);
	screen_put(screen, SCREEN_BOLD, "%.1f", us(hist, "max_ns"));
	screen_put(screen, SCREEN_PLAIN, "  p99 %.1f  median %.1f  min %.1f",
		   us(hist, "p99_ns"), us(hist, "median_ns"), us(hist, "min_ns"));
	screen_line(screen);
}

static void draw_upper(struct screen *screen, const struct top_view *view)
{
	if (view->trouble) {
		screen_put(screen, SCREEN_LOUD, "%s", view->trouble);
		screen_line(screen);
	}
	if (!view->status) {
		return;
	}
	draw_title(screen, view->status);
	draw_forces(screen, view->status);
	draw_log(screen, view->status);
	draw_change(screen, view->status);
	draw_counts(screen, view->status);
	draw_timing(screen, view->status, "latency");
	draw_timing(screen, view->status, "busy");
}

/* --- channels ---------------------------------------------------------------------------------- */

struct widths {
	int name;
	int value; /* of the longest one: digits that are cut off are another number */
};

static int widest(int width, const char *text)
{
	int length = (int)strlen(text);

	return length > width ? length : width;
}

static struct widths measure(const struct node *channel)
{
	struct widths widths = { NAME_WIDTH_MIN, VALUE_WIDTH_MIN };
	char value[64];

	for (; channel; channel = channel->next) {
		widths.name = widest(widths.name, client_text(channel, "name"));
		widths.value = widest(widths.value, client_channel_value(channel, value,
									 sizeof(value)));
	}
	widths.name = widths.name < NAME_WIDTH_MAX ? widths.name : NAME_WIDTH_MAX;
	return widths;
}

static enum screen_style quality_style(const char *quality)
{
	return strcmp(quality, "good") == 0    ? SCREEN_GOOD
	       : strcmp(quality, "stale") == 0 ? SCREEN_WARNING
					       : SCREEN_BAD;
}

static void draw_channel(struct screen *screen, const struct node *channel,
			 const struct widths *widths)
{
	const char *quality = client_text(channel, "quality");
	char value[64], age[32];

	screen_cell(screen, SCREEN_PLAIN, widths->name, client_text(channel, "name"));
	screen_cell(screen, SCREEN_BOLD, -widths->value,
		    client_channel_value(channel, value, sizeof(value)));
	if (screen->width >= WIDTH_OF_UNITS) {
		screen_cell(screen, SCREEN_PLAIN, 8, client_channel_unit(channel));
	}
	screen_cell(screen, quality_style(quality), 5, quality);
	screen_cell(screen, SCREEN_PLAIN, -8,
		    client_channel_age(channel, age, sizeof(age)));
	if (client_is(channel, "is_forced")) {
		screen_put(screen, SCREEN_LOUD, "FORCED");
	} else {
		screen_put(screen, SCREEN_DIM, "%s", client_text(channel, "kind"));
	}
	screen_line(screen);
}

static void draw_channels(struct screen *screen, const struct node *status)
{
	const struct node *channel = child_list(status, "channels");
	struct widths widths = measure(channel);

	screen_cell(screen, SCREEN_DIM, widths.name, "channel");
	screen_cell(screen, SCREEN_DIM, -widths.value, "value");
	if (screen->width >= WIDTH_OF_UNITS) {
		screen_cell(screen, SCREEN_DIM, 8, "unit");
	}
	screen_cell(screen, SCREEN_DIM, 5, "");
	screen_cell(screen, SCREEN_DIM, -8, "age");
	screen_line(screen);
	for (; channel; channel = channel->next) {
		draw_channel(screen, channel, &widths);
	}
	if (!client_is(status, "has_values")) {
		screen_put(screen, SCREEN_DIM, "no cycle has ended yet");
		screen_line(screen);
	}
}

/* --- devices ----------------------------------------------------------------------------------- */

/* "frames" and "sent" are what a device is there for. */
static void draw_faults(struct screen *screen, const struct node *device)
{
	const struct node *count = child_list(device, "counts");

	for (; count; count = count->next) {
		if (strcmp(count->key, "frames") != 0 &&
		    strcmp(count->key, "sent") != 0 && strcmp(count->text, "0") != 0) {
			screen_put(screen, SCREEN_WARNING, " %s %s", count->text,
				   count->key);
		}
	}
}

static void draw_device(struct screen *screen, const struct node *device)
{
	char rate[32] = "", age[32] = "";
	bool is_open = client_is(device, "is_open");

	screen_cell(screen, SCREEN_PLAIN, NAME_WIDTH_MIN, client_text(device, "name"));
	screen_cell(screen, SCREEN_DIM, 8, client_text(device, "driver"));
	screen_cell(screen, is_open ? SCREEN_GOOD : SCREEN_BAD, 4,
		    is_open ? "open" : "AWAY");
	if (client_number(device, "frames_per_s") > 0) {
		snprintf(rate, sizeof(rate), "%.1f/s",
			 client_number(device, "frames_per_s"));
	}
	screen_cell(screen, SCREEN_PLAIN, -10, rate);
	if (client_is(device, "has_sample")) {
		client_age(client_number(device, "age_max_ns"), age, sizeof(age));
	}
	screen_cell(screen, SCREEN_PLAIN, -8, age);
	draw_faults(screen, device);
	if (!is_open) {
		screen_put(screen, SCREEN_BAD, " %s", client_text(device, "away"));
	}
	screen_line(screen);
}

static void draw_devices(struct screen *screen, const struct node *status)
{
	const struct node *device = child_list(status, "devices");

	if (!device) {
		return;
	}
	screen_line(screen);
	screen_cell(screen, SCREEN_DIM, NAME_WIDTH_MIN, "device");
	screen_cell(screen, SCREEN_DIM, 8, "driver");
	screen_cell(screen, SCREEN_DIM, 4, "");
	screen_cell(screen, SCREEN_DIM, -10, "frames");
	screen_cell(screen, SCREEN_DIM, -8, "pause");
	screen_line(screen);
	for (; device; device = device->next) {
		draw_device(screen, device);
	}
}

/* --- histograms -------------------------------------------------------------------------------- */

/* Rows double: below 1 us, 1 to 2, 2 to 4, and so on. */
struct bars {
	double counts[BAR_ROWS_MAX];
	unsigned first;
	unsigned end;
	double all;
};

static unsigned row_of(double start_us)
{
	unsigned row = 0;

	while (row + 1 < BAR_ROWS_MAX && start_us >= (double)(UINT64_C(1) << row)) {
		row++;
	}
	return row;
}

static void gather(struct bars *bars, const struct node *hist)
{
	const struct node *bin = child_list(hist, "bins_us");
	double start_us, count;

	*bars = (struct bars){ .first = BAR_ROWS_MAX };
	for (; bin; bin = bin->next) {
		if (value_parse_float(bin->key, &start_us) ||
		    value_parse_float(bin->text, &count)) {
			continue;
		}
		bars->counts[row_of(start_us)] += count;
		bars->all += count;
	}
	for (unsigned i = 0; i < BAR_ROWS_MAX; i++) {
		if (bars->counts[i] > 0) {
			bars->first = i < bars->first ? i : bars->first;
			bars->end = i + 1;
		}
	}
}

/* "  8 to 16     561 #####": one mark at least, so that a single bad cycle is seen. */
static void print_bar(char *text, size_t bytes, const struct bars *bars, unsigned row,
		      unsigned width)
{
	static const char marks[] = "##########################################";
	unsigned room = width > 34 ? width - 34 : 0;
	double share = bars->counts[row] / bars->all;
	unsigned count;

	room = room < sizeof(marks) - 1 ? room : (unsigned)sizeof(marks) - 1;
	count = (unsigned)(share * room + 0.5);
	count = count == 0 && bars->counts[row] > 0 && room > 0 ? 1 : count;
	snprintf(text, bytes, "%8" PRIu64 " to %-8" PRIu64 "%11.0f %.*s",
		 row > 0 ? UINT64_C(1) << (row - 1) : 0, UINT64_C(1) << row,
		 bars->counts[row], (int)count, marks);
}

static void draw_bars(struct screen *screen, const char *title, const struct bars *bars)
{
	char text[128];

	screen_line(screen);
	screen_put(screen, SCREEN_DIM, "%s", title);
	screen_line(screen);
	for (unsigned row = bars->first; row < bars->end; row++) {
		print_bar(text, sizeof(text), bars, row, screen->width);
		screen_put(screen, SCREEN_PLAIN, "%s", text);
		screen_line(screen);
	}
}

static void draw_half(struct screen *screen, const struct bars *bars, unsigned row)
{
	int width = (int)screen->width / 2 - 1;
	char text[128] = "";

	if (row >= bars->first && row < bars->end) {
		print_bar(text, sizeof(text), bars, row, (unsigned)width);
	}
	screen_cell(screen, SCREEN_PLAIN, width, text);
}

static void draw_two(struct screen *screen, const struct bars *left,
		     const struct bars *right)
{
	unsigned first = left->first < right->first ? left->first : right->first;
	unsigned end = left->end > right->end ? left->end : right->end;

	screen_line(screen);
	screen_cell(screen, SCREEN_DIM, (int)screen->width / 2 - 1, "latency, us");
	screen_put(screen, SCREEN_DIM, "busy, us");
	screen_line(screen);
	for (unsigned row = first; row < end; row++) {
		draw_half(screen, left, row);
		draw_half(screen, right, row);
		screen_line(screen);
	}
}

static void draw_histograms(struct screen *screen, const struct node *status)
{
	struct bars latency, busy;

	gather(&latency, node_child(status, "latency"));
	gather(&busy, node_child(status, "busy"));
	if (screen->width >= WIDTH_OF_TWO) {
		draw_two(screen, &latency, &busy);
	} else {
		draw_bars(screen, "latency, us", &latency);
		draw_bars(screen, "busy, us", &busy);
	}
}

/* --- all of it --------------------------------------------------------------------------------- */

static void draw_lower(struct screen *screen, const struct node *status)
{
	draw_channels(screen, status);
	draw_devices(screen, status);
	draw_histograms(screen, status);
}

/* How many lines the lower part has, by drawing it where nothing is shown. */
static unsigned count_lower(const struct screen *screen, const struct node *status)
{
	struct screen blind = *screen;

	blind.skip = UINT32_MAX;
	blind.skipped = 0;
	draw_lower(&blind, status);
	return blind.skipped;
}

static void draw_keys(struct screen *screen, const struct top_view *view, unsigned lines,
		      unsigned room)
{
	screen_put(screen, SCREEN_DIM, "q quit");
	if (lines > room) {
		screen_put(screen, SCREEN_DIM,
			   "  arrows, page keys: lines %u to %u of %u",
			   view->scrolled + 1, view->scrolled + room, lines);
	}
	screen_line(screen);
}

void top_screen_draw(struct screen *screen, struct top_view *view)
{
	unsigned room, lines = 0;

	draw_upper(screen, view);
	if (screen->row + 2 > screen->rows) {
		return;
	}
	/* the last line is for the keys */
	room = screen->rows - screen->row - 1;
	screen->limit = screen->rows - 1;
	if (view->status) {
		lines = count_lower(screen, view->status);
		if (view->scrolled + room > lines) {
			view->scrolled = lines > room ? lines - room : 0;
		}
		screen->skip = view->scrolled;
		screen->skipped = 0;
		draw_lower(screen, view->status);
	}
	screen->skip = 0;
	while (!screen_is_full(screen)) {
		screen_line(screen);
	}
	screen->limit = screen->rows;
	draw_keys(screen, view, lines, room);
}
