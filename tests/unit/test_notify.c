/* wraps: socket */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "rtloop/super/notify.h"
#include "tests/fakes/manager.h"

static bool is_out_of_descriptors;

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol)
{
	if (is_out_of_descriptors) {
		errno = EMFILE;
		return -1;
	}
	return __real_socket(family, type, protocol);
}

static void assert_heard_at(bool is_abstract)
{
	struct manager manager;
	struct notify notify;

	manager_begin(&manager, is_abstract);
	assert_int_equal(notify_open(&notify, manager.name, NULL), 0);
	assert_int_equal(notify_send(&notify, "READY=%d", 1), 0);
	assert_int_equal(notify_send(&notify, "STATUS=all is well"), 0);
	assert_string_equal(manager_hears(&manager), "READY=1");
	assert_string_equal(manager_hears(&manager), "STATUS=all is well");
	assert_string_equal(manager_hears(&manager), "");
	notify_close(&notify);
	manager_end(&manager);
}

static void what_is_sent_is_heard_at_a_path(void **state)
{
	assert_heard_at(false);
}

static void what_is_sent_is_heard_at_an_abstract_name(void **state)
{
	assert_heard_at(true);
}

static void without_a_manager_sending_is_no_mistake(void **state)
{
	struct notify notify;

	assert_int_equal(notify_open(&notify, NULL, NULL), 0);
	assert_int_equal(notify_send(&notify, "READY=1"), 0);
	assert_int_equal(notify_open(&notify, "", NULL), 0);
	assert_int_equal(notify_send(&notify, "READY=1"), 0);
	notify_close(&notify);
	notify_close(&notify);
}

static void one_that_was_never_opened_closes_nothing(void **state)
{
	struct notify notify = { .is_open = false };

	notify_close(&notify);
	/* a zeroed struct names the descriptor 0 */
	assert_int_not_equal(fcntl(0, F_GETFD), -1);
}

static void a_manager_that_is_not_there_is_told_of(void **state)
{
	struct notify notify;

	assert_int_equal(notify_open(&notify, "/nowhere/notify", NULL), 0);
	assert_int_equal(notify_send(&notify, "READY=1"), -ENOENT);
	notify_close(&notify);
}

static void a_manager_that_starts_anew_is_found_again(void **state)
{
	struct manager first, second;
	struct notify notify;

	manager_begin(&first, false);
	assert_int_equal(notify_open(&notify, first.name, NULL), 0);
	assert_int_equal(notify_send(&notify, "READY=1"), 0);
	manager_begin(&second, false);
	assert_int_equal(rename(second.name, first.name), 0);
	assert_int_equal(notify_send(&notify, "WATCHDOG=1"), 0);
	assert_string_equal(manager_hears(&second), "WATCHDOG=1");
	notify_close(&notify);
	manager_end(&second);
	manager_end(&first);
}

static void a_full_queue_is_not_waited_for(void **state)
{
	struct manager manager;
	struct notify notify;

	manager_begin(&manager, false);
	assert_int_equal(notify_open(&notify, manager.name, NULL), 0);
	manager_fill(&manager);
	assert_int_equal(notify_send(&notify, "READY=1"), -EAGAIN);
	manager_hear_out(&manager);
	assert_int_equal(notify_send(&notify, "READY=1"), 0);
	assert_string_equal(manager_hears(&manager), "READY=1");
	notify_close(&notify);
	manager_end(&manager);
}

static void a_text_that_is_too_long_is_cut_off(void **state)
{
	struct manager manager;
	struct notify notify;
	char text[NOTIFY_BYTES_MAX + 100];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	manager_begin(&manager, false);
	assert_int_equal(notify_open(&notify, manager.name, NULL), 0);
	assert_int_equal(notify_send(&notify, "%s", text), 0);
	assert_int_equal(strlen(manager_hears(&manager)), NOTIFY_BYTES_MAX);
	notify_close(&notify);
	manager_end(&manager);
}

static void assert_refused(const char *path, int code, const char *words)
{
	struct notify notify;
	struct err err;

	assert_int_equal(notify_open(&notify, path, &err), code);
	assert_non_null(strstr(err.text, words));
	assert_int_equal(notify_send(&notify, "READY=1"), 0);
	notify_close(&notify);
}

static void another_kind_of_address_is_refused(void **state)
{
	assert_refused("vsock:2:1234", -EAFNOSUPPORT, "'vsock:2:1234'; expected a path");
	assert_refused("notify", -EAFNOSUPPORT, "'notify'; expected a path");
}

static void an_address_that_is_too_long_is_refused(void **state)
{
	char path[200];

	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_refused(path, -ENAMETOOLONG, "199 bytes; expected at most 107");
}

static void without_a_descriptor_nobody_is_told(void **state)
{
	is_out_of_descriptors = true;
	assert_refused("/run/notify", -EMFILE, "Too many open files");
	is_out_of_descriptors = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sent_is_heard_at_a_path),
		cmocka_unit_test(what_is_sent_is_heard_at_an_abstract_name),
		cmocka_unit_test(without_a_manager_sending_is_no_mistake),
		cmocka_unit_test(one_that_was_never_opened_closes_nothing),
		cmocka_unit_test(a_manager_that_is_not_there_is_told_of),
		cmocka_unit_test(a_manager_that_starts_anew_is_found_again),
		cmocka_unit_test(a_full_queue_is_not_waited_for),
		cmocka_unit_test(a_text_that_is_too_long_is_cut_off),
		cmocka_unit_test(another_kind_of_address_is_refused),
		cmocka_unit_test(an_address_that_is_too_long_is_refused),
		cmocka_unit_test(without_a_descriptor_nobody_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
