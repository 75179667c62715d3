#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtloop/log/event_body.h"
#include "rtloop/replay/player.h"
#include "tests/fakes/folder.h"
#include "tests/fakes/log_look.h"
#include "tests/fakes/take.h"

static const char yaml[] =
	"loop: { period: 1ms }\n"
	"devices:\n"
	"  wave:\n"
	"    driver: sim\n"
	"    in: { level: { wave: sine }, count: { wave: ramp, type: integer } }\n"
	"params: { gain: { value: 2.0, min: 0, max: 10 } }\n"
	"vars: { sum: 0, old: 0s }\n"
	"program: |\n"
	"  sum := sum + wave.count\n"
	"  old := age(wave.level)\n";

struct bed {
	struct take take;
	struct folder folder;
	char path[160];
	struct setup *setup;
	struct diag diag;
	struct scene *scene;
	struct replay_out out;
	struct log_look look;
};

static struct bed bed;

static int set_up(void **state)
{
	memset(&bed, 0, sizeof(bed));
	take_init(&bed.take, yaml);
	folder_init(&bed.folder);
	snprintf(bed.path, sizeof(bed.path), "%s/out.mcap", bed.folder.path);
	bed.scene = take_scene(yaml, &bed.setup, &bed.diag);
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scene_destroy(bed.scene);
	setup_destroy(bed.setup);
	diag_fini(&bed.diag);
	take_fini(&bed.take);
	folder_fini(&bed.folder);
	return 0;
}

static void differs(void *context, const struct player_difference *difference)
{
	(void)context, (void)difference;
}

static void open_out(void)
{
	struct err err = { "" };

	if (replay_out_open(&bed.out, bed.scene, &bed.take.origin, bed.path, &err)) {
		fail_msg("%s", err.text);
	}
}

/* Of the log so far a new one is made, which is looked at. */
static void play(void)
{
	const struct player_options options = { .period_ns = TAKE_PERIOD_NS,
						.differs = differs,
						.out = &bed.out };
	struct mcap_log_message message;
	struct player player;
	struct mcap_log log;
	struct err err = { "" };
	bool is_begun = false;

	take_finish(&bed.take);
	open_out();
	assert_int_equal(player_init(&player, bed.scene, &options), 0);
	assert_int_equal(mcap_log_open(&log, bed.take.file.path, &MCAP_LOG_ALL, &err), 0);
	while (mcap_log_next(&log, &message) > 0) {
		if (!is_begun) {
			is_begun = true;
			assert_int_equal(player_begin_file(&player, &log,
							   bed.take.origin.offset_ns,
							   &err),
					 0);
		}
		assert_int_equal(player_take(&player, &message, &err), 0);
	}
	player_end_file(&player);
	mcap_log_close(&log);
	player_fini(&player);
	assert_int_equal(replay_out_close(&bed.out, &err), 0);
	log_look_at(&bed.look, bed.path);
	assert_int_equal(bed.look.problems, 0);
}

static void run(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		take_set(&bed.take, "wave.level", 1, 0);
		take_set(&bed.take, "wave.count", (double)bed.take.cycle, 0);
		take_put(&bed.take, "/io/wave", bed.take.cycle);
		take_cycle(&bed.take);
	}
}

static void what_was_played_is_a_whole_log(void **state)
{
	(void)state;
	take_state(&bed.take);
	run(20);
	take_set(&bed.take, "wave.level", 1, 0);
	take_set(&bed.take, "wave.count", 0, 0);
	take_put(&bed.take, "/io/wave", bed.take.cycle);
	take_cycle(&bed.take);
	play();
	assert_int_equal(bed.look.cycles.logged, 21);
	assert_int_equal(bed.look.cycles.in_gaps, 0);
	assert_int_equal(log_look_messages(&bed.look, "/io/wave"), 21);
	assert_int_equal(log_look_messages(&bed.look, "/state"), 1);
	assert_int_equal(log_look_messages(&bed.look, "/param"), 1);
	assert_int_equal(log_look_messages(&bed.look, "/sampled"), 1);
	/* the last cycle changes no var */
	assert_int_equal(log_look_messages(&bed.look, "/var"), 20);
}

static void what_could_not_be_played_is_a_gap(void **state)
{
	(void)state;
	run(3);
	take_state(&bed.take);
	run(4);
	take_gap(&bed.take, 5);
	take_state(&bed.take);
	run(2);
	take_lose(&bed.take, 3);
	run(2);
	take_state(&bed.take);
	run(1);
	take_gap(&bed.take, 2);
	play();
	assert_int_equal(bed.look.cycles.logged, 4 + 2 + 1);
	assert_int_equal(bed.look.cycles.in_gaps, 3 + 5 + 3 + 2 + 2);
	assert_int_equal(bed.look.cycles.missing, 0);
	assert_int_equal(bed.look.gap_count, 4);
	assert_int_equal(bed.look.gaps[0].first, 0);
	assert_int_equal(bed.look.gaps[0].last, 2);
	assert_int_equal(bed.look.gaps[2].first, 14);
	assert_int_equal(bed.look.gaps[2].last, 18);
	assert_int_equal(bed.look.gaps[3].last, 21);
}

static void cycles_that_are_missing_before_a_gap_are_in_it_too(void **state)
{
	(void)state;
	take_state(&bed.take);
	run(4);
	take_lose(&bed.take, 3);
	take_gap(&bed.take, 5);
	take_state(&bed.take);
	run(2);
	play();
	assert_int_equal(bed.look.cycles.logged, 4 + 2);
	assert_int_equal(bed.look.cycles.in_gaps, 3 + 5);
	assert_int_equal(bed.look.cycles.missing, 0);
}

static const char faulty[] =
	"loop: { period: 1ms }\n"
	"devices:\n"
	"  wave:\n"
	"    driver: sim\n"
	"    in: { level: { wave: sine }, count: { wave: ramp, type: "
	"integer } }\n"
	"vars: { x: 0.0 }\n"
	"program: |\n"
	"  x := 1.0 / (wave.level - 1.0)\n";

static void put_event(enum event_code code)
{
	struct log_note note = { .event = { .code = code, .cycle = bed.take.cycle },
				 .time_ns = TAKE_START_NS };
	uint8_t body[EVENT_BODY_MAX];
	size_t bytes = event_body_encode(&note, "", body);

	take_put_raw(&bed.take, "/event", body, bytes);
}

static void events_are_those_of_the_log_but_for_the_programs_own(void **state)
{
	(void)state;
	scene_destroy(bed.scene);
	setup_destroy(bed.setup);
	diag_fini(&bed.diag);
	bed.scene = take_scene(faulty, &bed.setup, &bed.diag);
	take_state(&bed.take);
	run(2);
	put_event(EVENT_PROGRAM_TROUBLE);
	put_event(EVENT_LATE_WAKE);
	put_event(EVENT_PROGRAM_TROUBLE);
	run(2);
	play();
	assert_int_equal(log_look_count(&bed.look, "late_wake"), 1);
	/* once a second at most */
	assert_int_equal(log_look_count(&bed.look, "program_trouble"), 1);
	assert_int_equal(log_look_find(&bed.look, "program_trouble")->cycle, 0);
	assert_int_equal(log_look_find(&bed.look, "program_trouble")->value, 8);
}

static void a_cycle_without_an_end_is_left_out(void **state)
{
	(void)state;
	take_state(&bed.take);
	run(2);
	take_put(&bed.take, "/io/wave", bed.take.cycle);
	play();
	assert_int_equal(bed.look.cycles.logged, 2);
	assert_int_equal(log_look_messages(&bed.look, "/io/wave"), 2);
}

static void a_file_that_exists_is_not_written_over(void **state)
{
	struct err err = { "" };

	(void)state;
	take_finish(&bed.take);
	open_out();
	assert_int_equal(replay_out_close(&bed.out, &err), 0);
	assert_int_equal(
		replay_out_open(&bed.out, bed.scene, &bed.take.origin, bed.path, &err),
		-EEXIST);
	assert_non_null(strstr(err.text, bed.path));
	assert_int_equal(replay_out_close(&bed.out, &err), 0);
}

static void a_full_disk_is_an_error(void **state)
{
	struct err err = { "" };

	(void)state;
	take_finish(&bed.take);
	if (access("/dev/full", W_OK) != 0) {
		print_message("no /dev/full\n");
		skip();
	}
	open_out();
	assert_non_null(freopen("/dev/full", "w", bed.out.file));
	assert_int_equal(replay_out_close(&bed.out, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "No space left"));
}

static void where_it_cannot_be_made_it_is_an_error(void **state)
{
	struct err err = { "" };

	(void)state;
	take_finish(&bed.take);
	assert_int_equal(replay_out_open(&bed.out, bed.scene, &bed.take.origin,
					 "/nowhere/out.mcap", &err),
			 -ENOENT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_played_is_a_whole_log),
		TEST(what_could_not_be_played_is_a_gap),
		TEST(cycles_that_are_missing_before_a_gap_are_in_it_too),
		TEST(events_are_those_of_the_log_but_for_the_programs_own),
		TEST(a_cycle_without_an_end_is_left_out),
		TEST(a_file_that_exists_is_not_written_over),
		TEST(a_full_disk_is_an_error),
		TEST(where_it_cannot_be_made_it_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
