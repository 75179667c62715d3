/* wraps: ioctl __ioctl_time64 sys_write */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/watchdog.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/guard/feeder.h"

/* The watchdog, in place of which a file is opened. */
static struct {
	bool is_watchdog;
	int timeout_s;
	int max_s; /* longer ones are refused */
	char meals[64];
	unsigned meal_count;
} dog;

int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	int *seconds;

	(void)fd;
	va_start(args, request);
	seconds = va_arg(args, int *);
	va_end(args);
	if (!dog.is_watchdog) {
		errno = ENOTTY;
		return -1;
	}
	if (request == WDIOC_SETTIMEOUT && *seconds > dog.max_s) {
		errno = EINVAL;
		return -1;
	}
	if (request == WDIOC_SETTIMEOUT) {
		/* steps of 4 s, as some have them */
		dog.timeout_s = (*seconds + 3) / 4 * 4;
	} else if (request == WDIOC_GETTIMEOUT) {
		*seconds = dog.timeout_s;
	}
	return 0;
}

/* What ioctl() is on 32 bits, where times have 64. */
int __wrap___ioctl_time64(int fd, unsigned long request, ...)
	__attribute__((alias("__wrap_ioctl")));

ssize_t __wrap_sys_write(int fd, const void *data, size_t bytes);
ssize_t __wrap_sys_write(int fd, const void *data, size_t bytes)
{
	(void)fd;
	assert_int_equal(bytes, 1);
	dog.meals[dog.meal_count++] = *(const char *)data;
	return 1;
}

static int set_up(void **state)
{
	(void)state;
	memset(&dog, 0, sizeof(dog));
	dog.is_watchdog = true;
	dog.max_s = 100;
	return 0;
}

static struct feeder opened(int32_t timeout_s)
{
	struct feeder feeder;
	struct err err;
	int32_t taken_s = 0;
	int fd = feeder_open("/dev/null", timeout_s, &taken_s, &err);

	assert_true(fd >= 0);
	feeder_init(&feeder);
	feeder_take(&feeder, fd, taken_s);
	return feeder;
}

static void the_time_out_is_the_one_that_it_has(void **state)
{
	struct feeder feeder = opened(10);

	(void)state;
	assert_int_equal(feeder.timeout_s, 12);
	feeder_close(&feeder);
}

static void it_is_fed_once_a_second_or_four_times_in_its_time(void **state)
{
	struct feeder feeder = opened(12);

	(void)state;
	feeder_feed(&feeder, 5);
	assert_int_equal(feeder.next_ns, 5 + NS_PER_SEC);
	feeder_feed(&feeder, 5 + NS_PER_SEC - 1);
	assert_int_equal(dog.meal_count, 1);
	feeder_feed(&feeder, 5 + NS_PER_SEC);
	assert_int_equal(dog.meal_count, 2);
	feeder.timeout_s = 2;
	feeder_feed(&feeder, feeder.next_ns);
	assert_int_equal(feeder.next_ns, 5 + 2 * NS_PER_SEC + NS_PER_SEC / 2);
	assert_string_equal(dog.meals, "...");
	feeder_close(&feeder);
}

static void only_an_end_in_order_says_the_letter_that_stops_it(void **state)
{
	struct feeder feeder = opened(12);

	(void)state;
	feeder_close(&feeder);
	assert_int_equal(dog.meal_count, 0);
	feeder = opened(12);
	feeder_stop(&feeder);
	assert_string_equal(dog.meals, "V");
	assert_int_equal(feeder.fd, -1);
	feeder_stop(&feeder);
	feeder_feed(&feeder, NS_PER_SEC);
	assert_int_equal(dog.meal_count, 1);
}

static void a_time_out_that_it_cannot_have_stops_it_again(void **state)
{
	struct err err;
	int32_t taken_s = 7;

	(void)state;
	assert_int_equal(feeder_open("/dev/null", 1000, &taken_s, &err), -EINVAL);
	assert_string_equal(err.text, "/dev/null: cannot have a time-out of 1000 s");
	assert_string_equal(dog.meals, "V");
	assert_int_equal(taken_s, 7);
}

static void what_is_no_watchdog_is_not_written_to(void **state)
{
	struct err err;
	int32_t taken_s = 7;

	(void)state;
	dog.is_watchdog = false;
	assert_int_equal(feeder_open("/dev/null", 10, &taken_s, &err), -ENOTTY);
	assert_string_equal(err.text, "/dev/null: is no watchdog");
	assert_int_equal(dog.meal_count, 0);
	assert_int_equal(feeder_open("/dev/nosuch", 10, &taken_s, &err), -ENOENT);
	assert_string_equal(err.text, "/dev/nosuch: No such file or directory");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_time_out_is_the_one_that_it_has, set_up),
		cmocka_unit_test_setup(it_is_fed_once_a_second_or_four_times_in_its_time,
				       set_up),
		cmocka_unit_test_setup(only_an_end_in_order_says_the_letter_that_stops_it,
				       set_up),
		cmocka_unit_test_setup(a_time_out_that_it_cannot_have_stops_it_again,
				       set_up),
		cmocka_unit_test_setup(what_is_no_watchdog_is_not_written_to, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
