#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/utf8.h"
#include "rtloop/cmd/top_screen.h"

static const char status_text[] =
	"{\"ok\": true, \"loop\": \"oven\", \"seconds\": 3725.5, \"period_ns\": 1000000,"
	"\"realtime\": {\"is_met\": true}, \"cycles\": 3725000, \"late_wakes\": 2,"
	"\"long_works\": 1, \"missed\": 4,"
	"\"latency\": {\"min_ns\": 9100, \"median_ns\": 16000, \"p99_ns\": 43000,"
	"  \"max_ns\": 250100, \"bins_us\": {\"9\": 3, \"16\": 90, \"250\": 1}},"
	"\"busy\": {\"min_ns\": 400, \"median_ns\": 1000, \"p99_ns\": 2000,"
	"  \"max_ns\": 2100, \"bins_us\": {\"0\": 50, \"2\": 44}},"
	"\"log\": {\"gaps\": 0, \"bytes\": 12345678, \"is_degraded\": true,"
	"  \"last_failure\": \"cannot write the log: the disk is full\"},"
	"\"config\": \"/etc/rtloop/oven.yaml\", \"config_has_changed\": true,"
	"\"forces\": [{\"name\": \"probe.temp\", \"value\": 20.5}],"
	"\"devices\": [{\"name\": \"probe\", \"driver\": \"serial\", \"is_open\": true,"
	"  \"has_sample\": true, \"age_max_ns\": 12000000, \"frames_per_s\": 99.5,"
	"  \"counts\": {\"frames\": 7, \"bad_checksum\": 3, \"sent\": 9, \"lost\": 0}},"
	" {\"name\": \"flow\", \"driver\": \"udp\", \"is_open\": false,"
	"  \"away\": \"no such\\u001b[31m device\", \"has_sample\": false,"
	"  \"frames_per_s\": 0, \"counts\": {\"frames\": 0}}],"
	"\"has_values\": true, \"channels\": ["
	" {\"name\": \"probe.temp\", \"kind\": \"input\", \"type\": \"float\","
	"  \"unit\": \"\xc2\xb0"
	"C\", \"value\": 20.5, \"quality\": \"good\", \"age_ns\": 12000000,"
	"  \"is_forced\": true},"
	" {\"name\": \"panel.a_channel_with_quite_a_long_name\", \"kind\": \"output\","
	"  \"type\": \"bool\", \"value\": false, \"quality\": \"bad\","
	"  \"is_forced\": false},"
	" {\"name\": \"probe.count\", \"kind\": \"input\", \"type\": \"integer\","
	"  \"value\": 9007199254740993, \"quality\": \"stale\", \"age_ns\": 3500000000,"
	"  \"is_forced\": false}]}";

struct drawing {
	struct diag diag;
	struct tree tree;
	struct top_view view;
	char *text;
	char lines[200][512]; /* without what colours them */
	unsigned count;
};

static struct drawing drawing;

static int set_up(void **state)
{
	memset(&drawing, 0, sizeof(drawing));
	diag_init(&drawing.diag, "status");
	if (tree_parse(&drawing.tree, status_text, strlen(status_text), "/",
		       &drawing.diag)) {
		return -1;
	}
	drawing.view.status = drawing.tree.root;
	return 0;
}

static int tear_down(void **state)
{
	free(drawing.text);
	tree_fini(&drawing.tree);
	diag_fini(&drawing.diag);
	return 0;
}

/* What a terminal would show: escape sequences take no place. */
static void split(void)
{
	char *at = drawing.lines[0];

	drawing.count = 1;
	for (const char *from = drawing.text; *from; from++) {
		if (*from == '\033') {
			from += strcspn(from, "mHKJ");
		} else if (*from == '\r') {
			*at = '\0';
			at = drawing.lines[drawing.count++];
			from++;
		} else {
			*at++ = *from;
		}
	}
	*at = '\0';
}

static void draw(unsigned width, unsigned rows, bool has_colour)
{
	struct screen screen;
	size_t bytes;
	FILE *out;

	free(drawing.text);
	out = open_memstream(&drawing.text, &bytes);
	screen_begin(&screen, out, width, rows, has_colour);
	top_screen_draw(&screen, &drawing.view);
	screen_end(&screen);
	assert_int_equal(fclose(out), 0);
	split();
}

/* The line that begins so, or NULL. */
static const char *line(const char *start)
{
	for (unsigned i = 0; i < drawing.count; i++) {
		if (strncmp(drawing.lines[i], start, strlen(start)) == 0) {
			return drawing.lines[i];
		}
	}
	return NULL;
}

static void expect(const char *start, const char *part)
{
	const char *found = line(start);

	if (!found || !strstr(found, part)) {
		fail_msg("no '%s' in '%s'", part, found ? found : start);
	}
}

static void all_of_it_is_there_where_there_is_room(void **state)
{
	draw(120, 60, false);
	expect("oven", "REALTIME  1:02:05  every 1ms");
	assert_ptr_equal(line("FORCED probe.temp=20.5"), drawing.lines[1]);
	expect("LOG DEGRADED", "cannot write the log: the disk is full");
	expect("CHANGED /etc/rtloop/oven.yaml", "rtloop reload");
	expect("overruns 3 (2 late wakes, 1 long works)", "missed 4  cycles 3725000");
	expect("latency us", "max 250.1  p99 43.0  median 16.0  min 9.1");
	expect("busy    us", "max 2.1");
	expect("probe.temp", "20.5 \xc2\xb0"
			     "C ");
	expect("probe.temp", "good     12 ms FORCED");
	expect("probe.count", "9007199254740993");
	expect("probe.count", "stale    3.5 s input");
	expect("panel.a_channel_with_quite_a_lon ", "false");
	expect("probe        serial", "open     99.5/s    12 ms  3 bad_checksum");
	expect("flow         udp", "AWAY");
	expect("latency, us", "busy, us");
	/* 9 us lies between 8 and 16, 250 us between 128 and 256: one mark at least */
	expect("       8 to 16 ", " 3 #");
	expect("     128 to 256", " 1 #");
	assert_null(strstr(drawing.text, "lines 1 to"));
}

static void no_line_is_wider_and_none_is_below_the_terminal(void **state)
{
	static const unsigned widths[] = { 1,  2,  10, 20, 33,	34, 35,
					   59, 60, 80, 99, 100, 250 };
	static const unsigned heights[] = { 1, 2, 3, 5, 6, 7, 8, 10, 24, 60 };

	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(heights); j++) {
			draw(widths[i], heights[j], true);
			assert_true(drawing.count <= heights[j]);
			for (unsigned k = 0; k < drawing.count; k++) {
				const char *shown = drawing.lines[k];

				assert_true(utf8_characters(shown, strlen(shown)) <=
					    widths[i]);
			}
		}
	}
}

static void what_does_not_fit_is_scrolled_to(void **state)
{
	draw(80, 12, false);
	expect("channel", "value");
	assert_null(line("busy, us"));
	expect("q quit", "lines 1 to 4 of ");
	drawing.view.scrolled = 2;
	draw(80, 12, false);
	assert_null(line("channel"));
	expect("panel.", "false");
	/* never further than to the last line */
	drawing.view.scrolled = 5000;
	draw(80, 12, false);
	expect("       2 to 4 ", " 44 #");
	assert_true(drawing.view.scrolled < 40);
	expect("oven", "REALTIME");
}

static void without_colours_there_are_none(void **state)
{
	draw(80, 24, true);
	assert_non_null(strstr(drawing.text, "\033[32m"));
	draw(80, 24, false);
	assert_null(strstr(drawing.text, "\033[3"));
	/* what is forced is loud all the same */
	assert_non_null(strstr(drawing.text, "\033[7mFORCED"));
}

static void no_text_of_a_run_can_steer_the_terminal(void **state)
{
	draw(120, 60, false);
	expect("flow         udp", "no such?[31m device");
}

static void a_run_that_does_not_answer_is_said_above_what_is_known(void **state)
{
	drawing.view.trouble = "oven.sock: cannot ask";
	draw(80, 24, false);
	assert_string_equal(drawing.lines[0], "oven.sock: cannot ask");
	expect("oven  ", "REALTIME");
	drawing.view.status = NULL;
	draw(80, 24, false);
	assert_string_equal(drawing.lines[0], "oven.sock: cannot ask");
	expect("q quit", "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_of_it_is_there_where_there_is_room),
		TEST(no_line_is_wider_and_none_is_below_the_terminal),
		TEST(what_does_not_fit_is_scrolled_to),
		TEST(without_colours_there_are_none),
		TEST(no_text_of_a_run_can_steer_the_terminal),
		TEST(a_run_that_does_not_answer_is_said_above_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
