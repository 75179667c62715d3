#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/base/time.h"
#include "rtloop/super/service.h"
#include "tests/fakes/manager.h"

#define START_NS    (1000 * NS_PER_SEC)
#define WATCHDOG_NS (10 * NS_PER_SEC)
#define PING_NS	    (WATCHDOG_NS / 4)
#define LOOK_NS	    (50 * NS_PER_MS)

/* A service with its manager, and a time that is made up. */
struct stand {
	struct manager manager;
	struct service service;
	uint64_t cycles;
	int64_t now_ns;
};

static int set_up(void **state)
{
	static struct stand stand;

	memset(&stand, 0, sizeof(stand));
	manager_begin(&stand.manager, true);
	stand.now_ns = START_NS;
	setenv("NOTIFY_SOCKET", stand.manager.name, 1);
	setenv("WATCHDOG_USEC", "10000000", 1);
	unsetenv("WATCHDOG_PID");
	service_init(&stand.service, NS_PER_MS);
	*state = &stand;
	return 0;
}

static int tear_down(void **state)
{
	struct stand *stand = *state;

	service_close(&stand->service);
	manager_end(&stand->manager);
	return 0;
}

static void open_service(struct stand *stand)
{
	assert_int_equal(service_open(&stand->service, NULL), 0);
}

static void look_after(struct stand *stand, int64_t ns, uint64_t cycles)
{
	stand->now_ns += ns;
	stand->cycles += cycles;
	service_look(&stand->service, stand->cycles, stand->now_ns);
}

/* Looks for a while, with so many cycles at each; returns how many signs of life came. */
static unsigned pings_within(struct stand *stand, int64_t ns, uint64_t cycles)
{
	unsigned pings = 0;

	for (int64_t end_ns = stand->now_ns + ns; stand->now_ns < end_ns;) {
		look_after(stand, LOOK_NS, cycles);
		pings += strcmp(manager_hears(&stand->manager), "WATCHDOG=1") == 0;
	}
	return pings;
}

static void begin_cycling(struct stand *stand)
{
	open_service(stand);
	look_after(stand, LOOK_NS, 50);
	assert_true(manager_hear_out(&stand->manager) > 0);
}

static void it_is_ready_when_a_cycle_has_run_and_says_so_once(void **state)
{
	struct stand *stand = *state;

	open_service(stand);
	look_after(stand, LOOK_NS, 0);
	assert_string_equal(manager_hears(&stand->manager), "");
	look_after(stand, LOOK_NS, 1);
	assert_string_equal(manager_hears(&stand->manager), "READY=1");
	assert_string_equal(manager_hears(&stand->manager), "WATCHDOG=1");
	look_after(stand, LOOK_NS, 50);
	assert_string_equal(manager_hears(&stand->manager), "");
}

static void readiness_that_could_not_be_told_is_told_later(void **state)
{
	struct stand *stand = *state;

	unsetenv("WATCHDOG_USEC");
	open_service(stand);
	manager_fill(&stand->manager);
	look_after(stand, LOOK_NS, 50);
	manager_hear_out(&stand->manager);
	look_after(stand, LOOK_NS, 50);
	assert_string_equal(manager_hears(&stand->manager), "READY=1");
}

static void signs_of_life_come_four_times_in_a_watchdog(void **state)
{
	struct stand *stand = *state;

	begin_cycling(stand);
	assert_int_equal(pings_within(stand, WATCHDOG_NS, 50), 4);
}

static void a_sign_that_could_not_be_given_is_given_at_the_next_look(void **state)
{
	struct stand *stand = *state;

	begin_cycling(stand);
	manager_fill(&stand->manager);
	look_after(stand, PING_NS, 50);
	manager_hear_out(&stand->manager);
	look_after(stand, LOOK_NS, 50);
	assert_string_equal(manager_hears(&stand->manager), "WATCHDOG=1");
}

static void a_cycle_that_is_stuck_gives_no_sign_of_life(void **state)
{
	struct stand *stand = *state;

	begin_cycling(stand);
	assert_int_equal(pings_within(stand, 10 * WATCHDOG_NS, 0), 0);
	/* when it is free again there is life at once */
	assert_int_equal(pings_within(stand, LOOK_NS, 1), 1);
}

static void before_the_first_cycle_there_is_no_sign_of_life(void **state)
{
	struct stand *stand = *state;

	open_service(stand);
	assert_int_equal(pings_within(stand, 10 * WATCHDOG_NS, 0), 0);
}

static void a_long_period_is_waited_for(void **state)
{
	struct stand *stand = *state;

	service_init(&stand->service, 60 * NS_PER_SEC);
	begin_cycling(stand);
	/* it sleeps until its next release */
	assert_int_equal(pings_within(stand, 60 * NS_PER_SEC, 0), 24);
	/* which it has missed */
	assert_int_equal(pings_within(stand, 10 * WATCHDOG_NS, 0), 0);
}

static void a_cycle_that_is_seldom_seen_to_advance_is_alive(void **state)
{
	struct stand *stand = *state;

	service_init(&stand->service, LOOK_NS);
	begin_cycling(stand);
	assert_int_equal(pings_within(stand, WATCHDOG_NS, 1), 4);
}

static void without_a_watchdog_there_are_no_signs_of_life(void **state)
{
	struct stand *stand = *state;

	unsetenv("WATCHDOG_USEC");
	begin_cycling(stand);
	assert_int_equal(pings_within(stand, WATCHDOG_NS, 50), 0);
}

static void a_watchdog_of_another_process_is_none(void **state)
{
	struct stand *stand = *state;

	setenv("WATCHDOG_PID", "1", 1);
	begin_cycling(stand);
	assert_int_equal(pings_within(stand, WATCHDOG_NS, 50), 0);
}

static void a_watchdog_of_this_process_counts(void **state)
{
	struct stand *stand = *state;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("WATCHDOG_PID", pid, 1);
	begin_cycling(stand);
	assert_int_equal(pings_within(stand, WATCHDOG_NS, 50), 4);
}

static void a_watchdog_that_is_no_number_leaves_the_rest(void **state)
{
	static const char *const texts[] = { "soon", "0", "-5", "99999999999999999" };
	struct stand *stand = *state;
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		setenv("WATCHDOG_USEC", texts[i], 1);
		assert_int_equal(service_open(&stand->service, &err), -EINVAL);
		assert_non_null(strstr(err.text, texts[i]));
		service_status(&stand->service, "it runs");
		assert_string_equal(manager_hears(&stand->manager), "STATUS=it runs");
		service_close(&stand->service);
	}
}

static void an_address_that_is_none_is_refused(void **state)
{
	struct stand *stand = *state;
	struct err err;

	setenv("NOTIFY_SOCKET", "vsock:2:1", 1);
	assert_int_equal(service_open(&stand->service, &err), -EAFNOSUPPORT);
	look_after(stand, LOOK_NS, 50);
	assert_string_equal(manager_hears(&stand->manager), "");
}

static void stopping_is_told_once_and_is_the_last_word(void **state)
{
	struct stand *stand = *state;

	begin_cycling(stand);
	service_stopping(&stand->service);
	service_stopping(&stand->service);
	assert_string_equal(manager_hears(&stand->manager), "STOPPING=1");
	assert_string_equal(manager_hears(&stand->manager), "");
	service_status(&stand->service, "it runs");
	assert_string_equal(manager_hears(&stand->manager), "");
	assert_int_equal(pings_within(stand, WATCHDOG_NS, 50), 0);
}

static void what_stops_before_its_first_cycle_was_never_ready(void **state)
{
	struct stand *stand = *state;

	open_service(stand);
	service_stopping(&stand->service);
	look_after(stand, LOOK_NS, 1);
	assert_string_equal(manager_hears(&stand->manager), "STOPPING=1");
	assert_string_equal(manager_hears(&stand->manager), "");
}

static void a_reload_is_told_and_then_that_it_is_ready_again(void **state)
{
	struct stand *stand = *state;

	begin_cycling(stand);
	service_reloading(&stand->service, 1234567890);
	assert_string_equal(manager_hears(&stand->manager),
			    "RELOADING=1\nMONOTONIC_USEC=1234567");
	service_reloaded(&stand->service);
	assert_string_equal(manager_hears(&stand->manager), "READY=1");
	look_after(stand, LOOK_NS, 50);
	assert_string_equal(manager_hears(&stand->manager), "");
}

static void readiness_after_a_reload_is_told_later_where_it_must(void **state)
{
	struct stand *stand = *state;

	unsetenv("WATCHDOG_USEC");
	begin_cycling(stand);
	service_reloading(&stand->service, 0);
	manager_fill(&stand->manager);
	service_reloaded(&stand->service);
	manager_hear_out(&stand->manager);
	look_after(stand, LOOK_NS, 50);
	assert_string_equal(manager_hears(&stand->manager), "READY=1");
}

static void nothing_of_a_reload_is_told_before_it_is_ready_or_when_it_stops(void **state)
{
	struct stand *stand = *state;

	open_service(stand);
	service_reloading(&stand->service, 0);
	service_reloaded(&stand->service);
	assert_string_equal(manager_hears(&stand->manager), "");
	look_after(stand, LOOK_NS, 50);
	service_stopping(&stand->service);
	manager_hear_out(&stand->manager);
	service_reloading(&stand->service, 0);
	service_reloaded(&stand->service);
	assert_string_equal(manager_hears(&stand->manager), "");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_ready_when_a_cycle_has_run_and_says_so_once),
		TEST(readiness_that_could_not_be_told_is_told_later),
		TEST(signs_of_life_come_four_times_in_a_watchdog),
		TEST(a_sign_that_could_not_be_given_is_given_at_the_next_look),
		TEST(a_cycle_that_is_stuck_gives_no_sign_of_life),
		TEST(before_the_first_cycle_there_is_no_sign_of_life),
		TEST(a_long_period_is_waited_for),
		TEST(a_cycle_that_is_seldom_seen_to_advance_is_alive),
		TEST(without_a_watchdog_there_are_no_signs_of_life),
		TEST(a_watchdog_of_another_process_is_none),
		TEST(a_watchdog_of_this_process_counts),
		TEST(a_watchdog_that_is_no_number_leaves_the_rest),
		TEST(an_address_that_is_none_is_refused),
		TEST(stopping_is_told_once_and_is_the_last_word),
		TEST(a_reload_is_told_and_then_that_it_is_ready_again),
		TEST(readiness_after_a_reload_is_told_later_where_it_must),
		TEST(nothing_of_a_reload_is_told_before_it_is_ready_or_when_it_stops),
		TEST(what_stops_before_its_first_cycle_was_never_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
