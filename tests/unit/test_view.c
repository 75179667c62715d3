#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "rtloop/base/view.h"

/* Two parts, so that a channel's place among all of them matters. */
static struct channel first[2], second[3];
static struct image_part parts[2];
static struct image *image;
static struct view view;

static int set_up(void **state)
{
	(void)state;
	first[0] = (struct channel){ .name = "door", .type = VALUE_BOOL };
	first[1] =
		(struct channel){ .name = "temp", .type = VALUE_FLOAT, .unit = "degC" };
	for (unsigned i = 0; i < 3; i++) {
		second[i] = (struct channel){ .name = "count", .type = VALUE_INT };
	}
	image = image_create();
	if (image_add(image, &parts[0], first, 2) ||
	    image_add(image, &parts[1], second, 3) || image_seal(image)) {
		return -1;
	}
	return view_init(&view, image);
}

static int tear_down(void **state)
{
	(void)state;
	view_fini(&view);
	image_destroy(image);
	return 0;
}

static void a_view_holds_what_the_image_was(void **state)
{
	struct channel seen;

	(void)state;
	channel_put_float(&first[1], 21.5, 1000);
	channel_put_int(&second[2], -7, 3000);
	view_ask(&view);
	assert_false(view_is_here(&view));
	view_serve(&view, 12, 5000);
	assert_true(view_is_here(&view));

	/* what comes later is not in it */
	channel_put_float(&first[1], 99, 9000);
	channel_set_quality(&second[2], QUALITY_STALE);
	seen = view_channel(&view, &first[1]);
	assert_true(channel_value(&seen).as_float == 21.5);
	assert_int_equal(*seen.quality, QUALITY_GOOD);
	assert_int_equal(seen.sample_ns, 1000);
	assert_string_equal(seen.unit, "degC");
	seen = view_channel(&view, &second[2]);
	assert_int_equal(channel_value(&seen).as_int, -7);
	assert_int_equal(*seen.quality, QUALITY_GOOD);
	assert_int_equal(seen.sample_ns, 3000);
	seen = view_channel(&view, &second[1]);
	assert_int_equal(*seen.quality, QUALITY_BAD);
	assert_int_equal(view_newest(&view)->cycle, 12);
	assert_int_equal(view_newest(&view)->time_ns, 5000);
}

static void a_view_that_nobody_asked_for_is_not_made(void **state)
{
	(void)state;
	view_serve(&view, 3, 5000);
	assert_int_equal(view_newest(&view)->time_ns, 0);
	view_ask(&view);
	view_serve(&view, 4, 6000);
	/* asked once: made once */
	view_serve(&view, 5, 7000);
	assert_true(view_is_here(&view));
	assert_int_equal(view_newest(&view)->cycle, 4);
}

static void until_the_next_view_the_one_before_can_be_read(void **state)
{
	struct channel seen;

	(void)state;
	channel_put_int(&second[0], 1, 100);
	view_ask(&view);
	view_serve(&view, 1, 1000);
	assert_true(view_is_here(&view));
	view_ask(&view);
	assert_false(view_is_here(&view));
	channel_put_int(&second[0], 2, 200);
	seen = view_channel(&view, &second[0]);
	assert_int_equal(channel_value(&seen).as_int, 1);
	view_serve(&view, 2, 2000);
	assert_true(view_is_here(&view));
	seen = view_channel(&view, &second[0]);
	assert_int_equal(channel_value(&seen).as_int, 2);
}

static void a_view_without_an_image_is_always_here(void **state)
{
	struct view none = { .image = NULL };

	(void)state;
	view_ask(&none);
	assert_true(view_is_here(&none));
	view_serve(&none, 1, 1);
	assert_int_equal(view_newest(&none)->time_ns, 0);
}

/* --- two threads ------------------------------------------------------------------------------ */

static _Atomic bool is_over;

/* All values of one cycle are the cycle's number: one that is mixed shows. */
static void *run_cycles(void *arg)
{
	(void)arg;
	for (int64_t cycle = 1; !is_over; cycle++) {
		for (unsigned i = 0; i < 3; i++) {
			channel_put_int(&second[i], cycle, cycle);
		}
		channel_put_float(&first[1], (double)cycle, cycle);
		view_serve(&view, (uint64_t)cycle, cycle);
	}
	return NULL;
}

static void look_at_one(void)
{
	int64_t cycle = (int64_t)view_newest(&view)->cycle;
	struct channel seen = view_channel(&view, &first[1]);

	assert_true(channel_value(&seen).as_float == (double)cycle);
	for (unsigned i = 0; i < 3; i++) {
		seen = view_channel(&view, &second[i]);
		assert_int_equal(channel_value(&seen).as_int, cycle);
		assert_int_equal(seen.sample_ns, cycle);
	}
}

static void no_view_mixes_two_cycles(void **state)
{
	pthread_t thread;
	uint64_t before = 0;

	(void)state;
	is_over = false;
	assert_int_equal(pthread_create(&thread, NULL, run_cycles, NULL), 0);
	for (unsigned i = 0; i < 2000; i++) {
		view_ask(&view);
		while (!view_is_here(&view)) {
			sched_yield();
		}
		look_at_one();
		assert_true(view_newest(&view)->cycle > before);
		before = view_newest(&view)->cycle;
	}
	is_over = true;
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_view_holds_what_the_image_was, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_view_that_nobody_asked_for_is_not_made,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			until_the_next_view_the_one_before_can_be_read, set_up,
			tear_down),
		cmocka_unit_test(a_view_without_an_image_is_always_here),
		cmocka_unit_test_setup_teardown(no_view_mixes_two_cycles, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
