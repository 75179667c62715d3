#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rtloop/base/time.h"
#include "rtloop/cycle/options.h"
#include "rtloop/cycle/seat.h"
#include "tests/fakes/stage.h"

struct bed {
	struct stage stage;
	struct poller poller;
	struct seat seat;
	int other; /* end of the pipe that the newest link reads */
};

static struct bed bed;

static int set_up(void **state)
{
	stage_init(&bed.stage, 1);
	stage_raise(&bed.stage);
	bed.seat = (struct seat){ .device = &bed.stage.devices[0] };
	bed.other = -1;
	*state = &bed;
	return poller_open(&bed.poller, POLLER_EPOLL, NULL);
}

static int tear_down(void **state)
{
	const struct actor *actor = &bed.stage.actors[0];

	seat_clear(&bed.seat);
	assert_int_equal(actor_calls(actor, CALL_OPEN), actor_calls(actor, CALL_CLOSE));
	assert_null(bed.stage.devices[0].link);
	poller_close(&bed.poller);
	stage_fini(&bed.stage);
	if (bed.other >= 0) {
		close(bed.other);
	}
	return 0;
}

/* As the supervisor does: a new link with one end of a new pipe. */
static struct poll_link *open_link(void)
{
	struct actor *actor = &bed.stage.actors[0];
	int fds[2];

	if (bed.other >= 0) {
		close(bed.other);
	}
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	bed.other = fds[1];
	actor->endpoint_count = 0;
	actor_endpoint(actor, fds[0], ENDPOINT_READ, 16, 1);
	return actor_open(&bed.stage.devices[0]);
}

static void attach(void)
{
	seat_attach(&bed.seat, &bed.poller, &bed.stage.now);
}

static void detach_lost(void)
{
	seat_detach_lost(&bed.seat, &bed.poller, &bed.stage.now);
}

static void scan(void)
{
	bed.poller.ops->scan(&bed.poller, &bed.stage.now);
}

static void next(void)
{
	stage_step(&bed.stage, NS_PER_MS);
}

static void an_offered_link_is_in_force_from_the_edge_on(void **state)
{
	struct poll_link *link = open_link();
	const struct actor *actor = &bed.stage.actors[0];

	seat_offer(&bed.seat, link);
	assert_int_equal(write(bed.other, "A", 1), 1);
	scan();
	assert_int_equal(actor->heard_count, 0);
	assert_null(bed.stage.devices[0].link);
	attach();
	assert_ptr_equal(bed.stage.devices[0].link, &link->link);
	assert_int_equal(actor_calls(actor, CALL_ATTACH), 1);
	assert_int_equal(counter_get(&bed.seat.opened), 1);
	scan();
	assert_int_equal(stage_value(&bed.stage, 0), 'A');
	next();
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_OPENED)->value, 1);
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_OPENED)->device, 0);
}

static void where_nothing_is_offered_nothing_happens(void **state)
{
	attach();
	detach_lost();
	assert_null(seat_take_back(&bed.seat));
	next();
	assert_int_equal(stage_records(&bed.stage, TOPIC_EVENT), 0);
}

static void a_link_is_taken_once(void **state)
{
	seat_offer(&bed.seat, open_link());
	attach();
	attach();
	assert_int_equal(counter_get(&bed.seat.opened), 1);
	assert_int_equal(bed.poller.polled_count, 1);
}

static void a_link_takes_the_place_of_the_one_in_force(void **state)
{
	struct poll_link *first = open_link(), *second;

	seat_offer(&bed.seat, first);
	attach();
	assert_int_equal(write(bed.other, "A", 1), 1);
	scan();
	next();
	stage_forget(&bed.stage);
	second = open_link();
	assert_int_equal(write(bed.other, "B", 1), 1);
	seat_offer(&bed.seat, second);
	assert_true(seat_has_offer(&bed.seat));
	attach();
	assert_false(seat_has_offer(&bed.seat));
	assert_ptr_equal(bed.stage.devices[0].link, &second->link);
	assert_int_equal(stage_quality(&bed.stage, 0), QUALITY_GOOD);
	scan();
	assert_int_equal(stage_value(&bed.stage, 0), 'B');
	assert_int_equal(bed.poller.polled_count, 1);
	next();
	assert_int_equal(stage_records(&bed.stage, TOPIC_EVENT), 0);
	assert_ptr_equal(seat_take_back(&bed.seat), first);
	assert_false(first->was_lost);
	assert_null(first->next_given_back);
	poll_link_destroy(first);
}

static void links_given_back_one_after_the_other_are_all_taken_back(void **state)
{
	struct poll_link *first = open_link(), *second, *back;

	seat_offer(&bed.seat, first);
	attach();
	second = open_link();
	seat_offer(&bed.seat, second);
	attach();
	device_lost(&bed.stage.devices[0], -EIO);
	detach_lost();
	back = seat_take_back(&bed.seat);
	assert_ptr_equal(back, second);
	assert_true(back->was_lost);
	assert_int_equal(back->lost_code, -EIO);
	assert_ptr_equal(back->next_given_back, first);
	assert_false(first->was_lost);
	assert_null(seat_take_back(&bed.seat));
	poll_link_destroy(first);
	poll_link_destroy(second);
}

static void a_device_that_is_not_lost_keeps_its_link(void **state)
{
	seat_offer(&bed.seat, open_link());
	attach();
	detach_lost();
	assert_non_null(bed.stage.devices[0].link);
	assert_null(seat_take_back(&bed.seat));
	assert_int_equal(bed.poller.polled_count, 1);
}

static void a_lost_device_is_bad_at_once_and_its_link_goes_back(void **state)
{
	struct poll_link *link = open_link();
	struct device *device = &bed.stage.devices[0];

	seat_offer(&bed.seat, link);
	attach();
	assert_int_equal(write(bed.other, "A", 1), 1);
	scan();
	assert_int_equal(stage_quality(&bed.stage, 0), QUALITY_GOOD);
	next();
	stage_forget(&bed.stage);
	device_lost(device, -ENODEV);
	detach_lost();
	assert_int_equal(stage_quality(&bed.stage, 0), QUALITY_BAD);
	assert_int_equal(*device->in[1].quality, QUALITY_BAD);
	assert_null(device->link);
	assert_int_equal(bed.poller.polled_count, 0);
	assert_int_equal(stage_count(&bed.stage, 0, COUNT_LOST), 1);
	next();
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_LOST)->value, ENODEV);
	assert_int_equal(stage_records(&bed.stage, TOPIC_DEVICES), 1);
	assert_ptr_equal(seat_take_back(&bed.seat), link);
	assert_null(seat_take_back(&bed.seat));
	poll_link_destroy(link);
}

static void an_end_of_file_is_told_as_0(void **state)
{
	seat_offer(&bed.seat, open_link());
	attach();
	close(bed.other);
	bed.other = -1;
	scan();
	detach_lost();
	next();
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_LOST)->value, 0);
	assert_int_equal(stage_events(&bed.stage, EVENT_DEVICE_LOST), 1);
}

static void nothing_is_read_of_a_link_that_was_given_back(void **state)
{
	seat_offer(&bed.seat, open_link());
	attach();
	assert_int_equal(write(bed.other, "A", 1), 1);
	device_lost(&bed.stage.devices[0], -EIO);
	detach_lost();
	scan();
	assert_int_equal(bed.stage.actors[0].heard_count, 0);
}

static void a_device_comes_back_with_its_next_link(void **state)
{
	seat_offer(&bed.seat, open_link());
	attach();
	device_lost(&bed.stage.devices[0], -EIO);
	detach_lost();
	poll_link_destroy(seat_take_back(&bed.seat));
	next();
	seat_offer(&bed.seat, open_link());
	attach();
	assert_int_equal(write(bed.other, "B", 1), 1);
	scan();
	detach_lost();
	assert_int_equal(stage_value(&bed.stage, 0), 'B');
	assert_int_equal(stage_quality(&bed.stage, 0), QUALITY_GOOD);
	next();
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_OPENED)->value, 2);
	assert_int_equal(stage_events(&bed.stage, EVENT_DEVICE_LOST), 1);
	assert_int_equal(counter_get(&bed.seat.opened), 2);
}

static void a_second_loss_tells_its_own_reason(void **state)
{
	seat_offer(&bed.seat, open_link());
	attach();
	device_lost(&bed.stage.devices[0], -EIO);
	detach_lost();
	poll_link_destroy(seat_take_back(&bed.seat));
	seat_offer(&bed.seat, open_link());
	attach();
	device_lost(&bed.stage.devices[0], -ENXIO);
	detach_lost();
	next();
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_LOST)->value, ENXIO);
	assert_int_equal(stage_count(&bed.stage, 0, COUNT_LOST), 2);
}

static void what_the_poller_refuses_goes_straight_back(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct poll_link *link;

	actor_endpoint(actor, memfd_create("regular", 0), ENDPOINT_READ, 16, 1);
	link = actor_open(&bed.stage.devices[0]);
	seat_offer(&bed.seat, link);
	attach();
	assert_null(bed.stage.devices[0].link);
	assert_false(bed.stage.devices[0].is_lost);
	assert_int_equal(actor_calls(actor, CALL_ATTACH), 0);
	assert_int_equal(counter_get(&bed.seat.opened), 0);
	next();
	assert_int_equal(stage_events(&bed.stage, EVENT_DEVICE_OPENED), 0);
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_LOST)->value, EPERM);
	assert_ptr_equal(seat_take_back(&bed.seat), link);
	poll_link_destroy(link);
}

static void a_driver_that_gives_up_in_attach_is_lost_before_it_is_read(void **state)
{
	struct actor *actor = &bed.stage.actors[0];

	actor->loses = true;
	actor->lose_in = CALL_ATTACH;
	actor->lose_code = -EPROTO;
	seat_offer(&bed.seat, open_link());
	assert_int_equal(write(bed.other, "A", 1), 1);
	attach();
	scan();
	detach_lost();
	assert_int_equal(actor->heard_count, 0);
	next();
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_LOST)->value, EPROTO);
}

/* tear_down() sees every link closed. */
static void clearing_closes_a_link_wherever_it_is(void **state)
{
	seat_offer(&bed.seat, open_link());
	attach();
	device_lost(&bed.stage.devices[0], -EIO);
	detach_lost();
	bed.seat.current = open_link();
	seat_offer(&bed.seat, open_link());
	assert_int_equal(actor_calls(&bed.stage.actors[0], CALL_CLOSE), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_offered_link_is_in_force_from_the_edge_on),
		TEST(where_nothing_is_offered_nothing_happens),
		TEST(a_link_is_taken_once),
		TEST(a_link_takes_the_place_of_the_one_in_force),
		TEST(links_given_back_one_after_the_other_are_all_taken_back),
		TEST(a_device_that_is_not_lost_keeps_its_link),
		TEST(a_lost_device_is_bad_at_once_and_its_link_goes_back),
		TEST(an_end_of_file_is_told_as_0),
		TEST(nothing_is_read_of_a_link_that_was_given_back),
		TEST(a_device_comes_back_with_its_next_link),
		TEST(a_second_loss_tells_its_own_reason),
		TEST(what_the_poller_refuses_goes_straight_back),
		TEST(a_driver_that_gives_up_in_attach_is_lost_before_it_is_read),
		TEST(clearing_closes_a_link_wherever_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
