/* wraps: sys_now */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/super/control.h"
#include "tests/fakes/folder.h"

#define LARGE_BYTES ((size_t)4 << 20)

struct bench {
	struct folder folder;
	struct control control;
	unsigned asked;	 /* how often answer() was called */
	unsigned delays; /* so many calls are not answered yet */
	size_t padding;	 /* bytes that follow what a reply says */
	struct ucred peer;
};

static struct bench bench;
static int64_t now_ns;

int64_t __wrap_sys_now(void);
int64_t __wrap_sys_now(void)
{
	return now_ns;
}

static bool answer(void *context, struct control_request *request, int64_t at_ns,
		   FILE *reply)
{
	struct bench *here = context;

	assert_int_equal(at_ns, now_ns);
	here->asked++;
	here->peer = request->peer;
	fprintf(reply, "%u words, the last is %.64s, stage %u", request->word_count,
		request->word_count ? request->words[request->word_count - 1] : "none",
		request->stage++);
	for (size_t i = 0; i < here->padding; i++) {
		fputc('.', reply);
	}
	return here->asked > here->delays;
}

static void refuse(void *context, const char *why, FILE *reply)
{
	assert_ptr_equal(context, &bench);
	fprintf(reply, "refused: %s", why);
}

static const struct control_handler handler = { &bench, answer, refuse };

static int set_up(void **state)
{
	(void)state;
	memset(&bench, 0, sizeof(bench));
	now_ns = NS_PER_SEC;
	folder_init(&bench.folder);
	control_init(&bench.control);
	return control_open(&bench.control, folder_file(&bench.folder, "oven.sock"),
			    &handler, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	control_close(&bench.control);
	folder_fini(&bench.folder);
	return 0;
}

static int connect_peer(void)
{
	int fd = control_connect(bench.control.path);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static void say(int fd, const void *data, size_t bytes)
{
	assert_int_equal(send(fd, data, bytes, MSG_NOSIGNAL), bytes);
}

static void serve(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		control_serve(&bench.control, 0);
	}
}

/* What came, up to the end; "" where the connection is open still, "gone" where it was cut. */
static const char *heard(int fd)
{
	static char text[4096];
	ssize_t bytes = recv(fd, text, sizeof(text) - 1, 0);
	char more;

	if (bytes <= 0) {
		return bytes == 0 || errno == ECONNRESET ? "gone" : "";
	}
	text[bytes] = '\0';
	/* the end follows at once */
	assert_true(recv(fd, &more, 1, 0) <= 0 && errno != EAGAIN);
	return text;
}

static const char *ask(const void *data, size_t bytes)
{
	int fd = connect_peer();
	const char *text;

	say(fd, data, bytes);
	serve(3);
	errno = 0;
	text = heard(fd);
	close(fd);
	return text;
}

static void a_line_gets_one_reply_and_then_the_end(void **state)
{
	(void)state;
	assert_string_equal(ask("get  probe.temp \n", 17),
			    "2 words, the last is probe.temp, stage 0");
	assert_string_equal(ask("status\r\n", 8), "1 words, the last is status, stage 0");
	assert_string_equal(ask("\n", 1), "0 words, the last is none, stage 0");
	assert_int_equal(bench.peer.pid, getpid());
	assert_int_equal(bench.peer.uid, getuid());
}

static void a_line_may_come_in_pieces(void **state)
{
	int fd = connect_peer();

	(void)state;
	say(fd, "sta", 3);
	serve(2);
	assert_int_equal(bench.asked, 0);
	say(fd, "tus\n", 4);
	serve(3);
	errno = 0;
	assert_string_equal(heard(fd), "1 words, the last is status, stage 0");
	close(fd);
}

static void half_a_line_is_not_carried_out(void **state)
{
	int fd = connect_peer();

	(void)state;
	say(fd, "set x=10", 8);
	shutdown(fd, SHUT_WR);
	serve(3);
	errno = 0;
	assert_string_equal(
		heard(fd),
		"refused: the request is cut off; expected a newline at its end");
	assert_int_equal(bench.asked, 0);
	close(fd);
}

static void an_answer_that_takes_time_is_asked_for_again(void **state)
{
	int fd = connect_peer();

	(void)state;
	bench.delays = 2;
	say(fd, "set a=1\n", 8);
	serve(2);
	assert_string_equal(heard(fd), "");
	serve(2);
	errno = 0;
	/* what was written before it was complete is not part of it */
	assert_string_equal(heard(fd), "2 words, the last is a=1, stage 2");
	close(fd);
}

static void who_has_gone_before_the_answer_is_forgotten(void **state)
{
	int fd = connect_peer();

	(void)state;
	bench.delays = 3;
	say(fd, "status\n", 7);
	serve(2);
	close(fd);
	serve(4);
	for (unsigned i = 0; i < CONTROL_PEERS_MAX; i++) {
		assert_int_equal(bench.control.peers[i].state, PEER_NONE);
	}
}

static void what_is_no_text_is_refused(void **state)
{
	static const char nul[] = "get a\0b\n", bell[] = "get \a\n",
			  half[] = "get \xc3\n";

	(void)state;
	assert_non_null(strstr(ask(nul, sizeof(nul) - 1), "refused: the request is not"));
	assert_non_null(
		strstr(ask(bell, sizeof(bell) - 1), "refused: the request is not"));
	assert_non_null(
		strstr(ask(half, sizeof(half) - 1), "refused: the request is not"));
	assert_int_equal(bench.asked, 0);
}

static void what_is_too_long_is_refused(void **state)
{
	char line[CONTROL_LINE_MAX + 100];
	char words[2 * CONTROL_WORDS_MAX + 3];

	(void)state;
	memset(line, 'a', sizeof(line));
	assert_non_null(strstr(ask(line, sizeof(line)), "refused: the request is too "
							"long"));
	for (size_t i = 0; i < sizeof(words); i++) {
		words[i] = i % 2 ? ' ' : 'a';
	}
	words[sizeof(words) - 1] = '\n';
	assert_non_null(strstr(ask(words, sizeof(words)), "too many words"));
	/* the longest that there may be is none of these */
	line[CONTROL_LINE_MAX - 2] = '\n';
	assert_non_null(strstr(ask(line, CONTROL_LINE_MAX - 1), "1 words"));
	assert_int_equal(bench.asked, 1);
}

static void who_says_nothing_is_dropped(void **state)
{
	int fd = connect_peer();

	(void)state;
	say(fd, "sta", 3);
	serve(2);
	now_ns += CONTROL_READ_NS - 1;
	serve(1);
	assert_string_equal(heard(fd), "");
	now_ns += 1;
	serve(1);
	assert_string_equal(heard(fd), "gone");
	close(fd);
}

static void who_does_not_take_the_reply_is_dropped(void **state)
{
	int fd = connect_peer();

	(void)state;
	bench.padding = LARGE_BYTES;
	say(fd, "status\n", 7);
	serve(3);
	assert_int_equal(bench.control.peers[0].state, PEER_WRITES);
	now_ns += CONTROL_WRITE_NS - 1;
	serve(1);
	assert_int_equal(bench.control.peers[0].state, PEER_WRITES);
	now_ns += 1;
	serve(1);
	assert_int_equal(bench.control.peers[0].state, PEER_NONE);
	close(fd);
}

static void a_reply_that_does_not_fit_at_once_arrives_whole(void **state)
{
	static char part[65536];
	int fd = connect_peer();
	size_t all = 0;
	ssize_t bytes = 1;

	(void)state;
	bench.padding = LARGE_BYTES;
	say(fd, "status\n", 7);
	while (bytes > 0) {
		serve(1);
		bytes = recv(fd, part, sizeof(part), 0);
		all += bytes > 0 ? (size_t)bytes : 0;
		bytes = bytes < 0 && errno == EAGAIN ? 1 : bytes;
	}
	assert_int_equal(bytes, 0);
	assert_int_equal(all,
			 LARGE_BYTES + strlen("1 words, the last is status, stage 0"));
	close(fd);
}

static void more_than_there_are_places_for_wait_their_turn(void **state)
{
	int fds[2 * CONTROL_PEERS_MAX];

	(void)state;
	/* as many as have places say nothing: after a while they make room for the others */
	for (unsigned i = 0; i < CONTROL_PEERS_MAX; i++) {
		fds[i] = connect_peer();
	}
	serve(CONTROL_PEERS_MAX + 1);
	for (unsigned i = CONTROL_PEERS_MAX; i < ARRAY_SIZE(fds); i++) {
		fds[i] = connect_peer();
		say(fds[i], "status\n", 7);
	}
	serve(4);
	assert_int_equal(bench.asked, 0);
	now_ns += CONTROL_GRACE_NS - 1;
	serve(4);
	assert_int_equal(bench.asked, 0);
	now_ns += 1;
	serve(4 * CONTROL_PEERS_MAX);
	assert_int_equal(bench.asked, CONTROL_PEERS_MAX);
	now_ns += CONTROL_READ_NS;
	serve(1);
	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++) {
		errno = 0;
		assert_string_equal(heard(fds[i]),
				    i < CONTROL_PEERS_MAX
					    ? "gone"
					    : "1 words, the last is status, stage 0");
		close(fds[i]);
	}
}

/* --- the socket ------------------------------------------------------------------------------- */

static void owner_and_group_may_ask_and_nobody_else(void **state)
{
	struct stat info;

	(void)state;
	assert_int_equal(stat(bench.control.path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0660);
	control_close(&bench.control);
	assert_int_equal(stat(folder_file(&bench.folder, "oven.sock"), &info), -1);
}

static void a_socket_that_is_served_is_not_taken_over(void **state)
{
	struct control second;
	struct err err;

	(void)state;
	control_init(&second);
	assert_int_equal(control_open(&second, bench.control.path, &handler, &err),
			 -EADDRINUSE);
	assert_non_null(strstr(err.text, "oven.sock"));
	control_close(&second);
	assert_string_equal(ask("status\n", 7), "1 words, the last is status, stage 0");
}

static void a_socket_that_was_left_behind_is_taken_over(void **state)
{
	struct control second;

	(void)state;
	/* as a process that was killed leaves it */
	sys_close(bench.control.listen_fd);
	bench.control.listen_fd = -1;
	control_init(&second);
	assert_int_equal(control_open(&second, bench.control.path, &handler, NULL), 0);
	bench.control = second;
	assert_string_equal(ask("status\n", 7), "1 words, the last is status, stage 0");
}

static void a_file_of_another_kind_is_left_alone(void **state)
{
	struct control second;
	struct err err;

	(void)state;
	folder_put(&bench.folder, "kept.sock", 5);
	control_init(&second);
	assert_int_equal(control_open(&second, folder_file(&bench.folder, "kept.sock"),
				      &handler, &err),
			 -EEXIST);
	assert_non_null(strstr(err.text, "kept.sock"));
	assert_true(folder_has(&bench.folder, "kept.sock"));
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
	struct control second;

	(void)state;
	control_init(&second);
	assert_int_equal(control_open(&second,
				      folder_file(&bench.folder, "none/oven.sock"),
				      &handler, NULL),
			 -ENOENT);
}

static void without_a_socket_serving_is_only_waiting(void **state)
{
	struct control none;

	(void)state;
	control_init(&none);
	control_serve(&none, 0);
	control_close(&none);
}

/* --- where it is ------------------------------------------------------------------------------ */

static void the_manager_says_which_folder_it_is(void **state)
{
	char path[CONTROL_PATH_BYTES], folder[CONTROL_PATH_BYTES];

	(void)state;
	setenv("RUNTIME_DIRECTORY", folder_file(&bench.folder, "made:/other"), 1);
	assert_int_equal(control_choose_path("oven", path, NULL), 0);
	assert_string_equal(path, folder_file(&bench.folder, "made/oven.sock"));
	assert_true(folder_has(&bench.folder, "made"));
	assert_int_equal(control_folder(1, folder), -ENOENT);
	unsetenv("RUNTIME_DIRECTORY");
	assert_int_equal(control_folder(0, folder), 0);
	assert_string_equal(folder, "/run/rtloop");
	setenv("XDG_RUNTIME_DIR", bench.folder.path, 1);
	assert_int_equal(control_folder(1, folder), 0);
	assert_string_equal(folder, folder_file(&bench.folder, "rtloop"));
	unsetenv("XDG_RUNTIME_DIR");
	assert_int_equal(control_folder(1, folder), -ENOENT);
}

static void a_folder_that_cannot_be_made_or_named_is_an_error(void **state)
{
	char path[CONTROL_PATH_BYTES];
	char longer[2 * CONTROL_PATH_BYTES];
	struct err err;

	(void)state;
	setenv("RUNTIME_DIRECTORY", folder_file(&bench.folder, "none/made"), 1);
	assert_int_equal(control_choose_path("oven", path, &err), -ENOENT);
	assert_non_null(strstr(err.text, "none/made"));
	memset(longer, 'x', sizeof(longer));
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	setenv("RUNTIME_DIRECTORY", longer, 1);
	assert_int_equal(control_choose_path("oven", path, &err), -ENAMETOOLONG);
	assert_int_equal(control_connect(longer), -ENAMETOOLONG);
	unsetenv("RUNTIME_DIRECTORY");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_gets_one_reply_and_then_the_end),
		TEST(a_line_may_come_in_pieces),
		TEST(half_a_line_is_not_carried_out),
		TEST(an_answer_that_takes_time_is_asked_for_again),
		TEST(who_has_gone_before_the_answer_is_forgotten),
		TEST(what_is_no_text_is_refused),
		TEST(what_is_too_long_is_refused),
		TEST(who_says_nothing_is_dropped),
		TEST(who_does_not_take_the_reply_is_dropped),
		TEST(a_reply_that_does_not_fit_at_once_arrives_whole),
		TEST(more_than_there_are_places_for_wait_their_turn),
		TEST(owner_and_group_may_ask_and_nobody_else),
		TEST(a_socket_that_is_served_is_not_taken_over),
		TEST(a_socket_that_was_left_behind_is_taken_over),
		TEST(a_file_of_another_kind_is_left_alone),
		TEST(a_folder_that_is_not_there_is_an_error),
		TEST(without_a_socket_serving_is_only_waiting),
		TEST(the_manager_says_which_folder_it_is),
		TEST(a_folder_that_cannot_be_made_or_named_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
