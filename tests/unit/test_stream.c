/* wraps: sys_send */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "tests/fakes/rig.h"

/* A server of ours listens at this; tests run one after the other. */
static char folder[] = "/tmp/rtloop-stream-XXXXXX";
static char path[64];

/* What sys_send() fails with; 0: it sends. */
static int send_code;
static size_t send_most; /* bytes that it takes at a time; 0: all */

ssize_t __real_sys_send(int fd, const void *data, size_t bytes);
ssize_t __wrap_sys_send(int fd, const void *data, size_t bytes);
ssize_t __wrap_sys_send(int fd, const void *data, size_t bytes)
{
	size_t most = send_most && send_most < bytes ? send_most : bytes;

	return send_code ? send_code : __real_sys_send(fd, data, most);
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder)) {
		return -1;
	}
	snprintf(path, sizeof(path), "%s/s", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void rig_with(struct rig *rig, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	rig_init(rig, text);
}

static void unix_server(struct rig *rig, const char *kind)
{
	struct err err;

	rig_with(rig,
		 "s:\n  driver: unix\n  kind: %s\n  listen: %s\n  clients: 2\n"
		 "  frame: { kind: line }\n  in: { a: { column: 0 } }\n",
		 kind, path);
	assert_int_equal(rig_open(rig, &err), 0);
}

static struct sockaddr_un unix_address(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	return address;
}

static int connect_to(int type)
{
	struct sockaddr_un address = unix_address();
	int fd = socket(AF_UNIX, type, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)),
			 0);
	return fd;
}

/* What the supervisor and the cycle do with tend()'s answer. */
static int tend(struct rig *rig)
{
	const struct driver *driver = rig->device.driver;
	struct link next = { 0 };
	struct err err;
	int rc = driver->tend(&rig->device, &rig->link, &next, &err);

	if (rc == 1) {
		struct link before = rig->link;

		rig->link = next;
		rig->device.link = &rig->link;
		driver->attach(&rig->device, &rig->now);
		driver->close(&rig->device, &before);
	}
	return rc;
}

/* What the poller does with one endpoint, reading it once, and what comes after in the cycle. */
static void take(struct rig *rig, unsigned index)
{
	const struct endpoint *endpoint = &rig->link.endpoints[index];
	const struct driver *driver = rig->device.driver;
	uint8_t data[512];
	ssize_t got = recv(endpoint->fd, data, sizeof(data), MSG_DONTWAIT);

	if (got > 0) {
		const struct message message = { .data = data,
						 .bytes = (uint32_t)got,
						 .tag = endpoint->tag };

		driver->receive(&rig->device, &message, &rig->now);
	} else {
		assert_int_equal(driver->hang_up(&rig->device, endpoint->tag, 0),
				 VERDICT_DROP);
	}
	if (driver->tick) {
		rig_tick(rig);
	}
}

static void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
}

static void a_client_is_taken_in_and_read(void **state)
{
	struct rig rig;
	int fd;

	(void)state;
	unix_server(&rig, "stream");
	assert_int_equal(tend(&rig), 0);
	fd = connect_to(SOCK_STREAM);
	assert_int_equal(tend(&rig), 1);
	assert_int_equal(rig.link.endpoint_count, 1);
	send_text(fd, "12.5\n");
	take(&rig, 0);
	assert_true(rig_float(&rig, "a") == 12.5);
	assert_int_equal(tend(&rig), 0);
	close(fd);
	rig_fini(&rig);
}

static void a_client_that_stays_keeps_its_half_frame_when_another_comes(void **state)
{
	struct rig rig;
	int first, second;

	(void)state;
	unix_server(&rig, "stream");
	first = connect_to(SOCK_STREAM);
	assert_int_equal(tend(&rig), 1);
	send_text(first, "12");
	take(&rig, 0);
	second = connect_to(SOCK_STREAM);
	assert_int_equal(tend(&rig), 1);
	assert_int_equal(rig.link.endpoint_count, 2);
	send_text(second, "7\n");
	take(&rig, 1);
	assert_true(rig_float(&rig, "a") == 7);
	send_text(first, ".25\n");
	take(&rig, 0);
	assert_true(rig_float(&rig, "a") == 12.25);
	close(first);
	close(second);
	rig_fini(&rig);
}

static void who_takes_a_freed_place_does_not_inherit_its_half_frame(void **state)
{
	struct rig rig;
	int first, second;

	(void)state;
	unix_server(&rig, "stream");
	first = connect_to(SOCK_STREAM);
	assert_int_equal(tend(&rig), 1);
	send_text(first, "99");
	take(&rig, 0);
	close(first);
	take(&rig, 0);
	second = connect_to(SOCK_STREAM);
	assert_int_equal(tend(&rig), 1);
	assert_int_equal(rig.link.endpoint_count, 1);
	send_text(second, "5\n");
	take(&rig, 0);
	assert_true(rig_float(&rig, "a") == 5);
	close(second);
	rig_fini(&rig);
}

static void one_client_too_many_waits_for_a_place(void **state)
{
	struct rig rig;
	int fds[3];

	(void)state;
	unix_server(&rig, "stream");
	for (unsigned i = 0; i < 3; i++) {
		fds[i] = connect_to(SOCK_STREAM);
	}
	send_text(fds[2], "3\n");
	assert_int_equal(tend(&rig), 1);
	assert_int_equal(rig.link.endpoint_count, 2);
	assert_int_equal(tend(&rig), 0);
	close(fds[0]);
	fds[0] = -1;
	take(&rig, 0);
	assert_int_equal(tend(&rig), 1);
	assert_int_equal(rig.link.endpoint_count, 2);
	take(&rig, 0);
	assert_true(rig_float(&rig, "a") == 3);
	for (unsigned i = 0; i < 3; i++) {
		close(fds[i]);
	}
	rig_fini(&rig);
}

/* So that the listener gets a descriptor, and the client that stays does not. */
static void a_client_stays_where_there_is_no_descriptor_for_it(void **state)
{
	struct rlimit before, tight;
	struct rig rig;
	int fd, other, rc;

	(void)state;
	unix_server(&rig, "stream");
	fd = connect_to(SOCK_STREAM);
	other = connect_to(SOCK_STREAM);
	assert_int_equal(tend(&rig), 1);
	close(fd);
	take(&rig, 0);
	fd = dup(other);
	close(fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	tight = before;
	tight.rlim_cur = (rlim_t)fd + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	rc = tend(&rig);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(rc, -ENOMEM);
	assert_int_equal(tend(&rig), 1);
	assert_int_equal(rig.link.endpoint_count, 1);
	send_text(other, "5\n");
	take(&rig, 0);
	assert_true(rig_float(&rig, "a") == 5);
	close(other);
	rig_fini(&rig);
}

static void half_a_frame_of_a_client_that_left_is_counted(void **state)
{
	struct rig rig;
	int fd;

	(void)state;
	unix_server(&rig, "stream");
	fd = connect_to(SOCK_STREAM);
	assert_int_equal(tend(&rig), 1);
	send_text(fd, "1\n2");
	close(fd);
	take(&rig, 0);
	take(&rig, 0); /* its end */
	rig_step(&rig, NS_PER_MS);
	rig_tick(&rig);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 1);
	assert_int_equal(rig_count(&rig, COUNT_BAD_LENGTH), 1);
	fd = connect_to(SOCK_STREAM);
	assert_int_equal(tend(&rig), 1);
	send_text(fd, "3\n");
	close(fd);
	take(&rig, 0);
	take(&rig, 0);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 2);
	assert_int_equal(rig_count(&rig, COUNT_BAD_LENGTH), 1);
	rig_fini(&rig);
}

static void assert_heard(int fd, const char *text)
{
	char heard[64] = "";

	assert_int_equal(recv(fd, heard, sizeof(heard) - 1, MSG_DONTWAIT), strlen(text));
	assert_string_equal(heard, text);
}

/* Found by what is sent to it: nobody has read that it hung up. */
static void
a_client_that_cannot_be_sent_to_loses_its_place_and_not_the_device(void **state)
{
	struct rig rig;
	struct err err;
	int first, second;

	(void)state;
	rig_with(&rig,
		 "s:\n  driver: unix\n  listen: %s\n  clients: 2\n"
		 "  send: { text: \"{s.p};\" }\n  out: { p: { type: integer, safe: 7 } "
		 "}\n",
		 path);
	assert_int_equal(rig_open(&rig, &err), 0);
	first = connect_to(SOCK_STREAM);
	second = connect_to(SOCK_STREAM);
	assert_int_equal(tend(&rig), 1);
	assert_int_equal(rig.link.endpoint_count, 2);
	rig_emit(&rig);
	assert_heard(first, "7;");
	assert_heard(second, "7;");
	close(first);
	rig_step(&rig, 1000000);
	rig_drive(&rig, "p", 8);
	rig_emit(&rig);
	assert_heard(second, "8;");
	assert_false(rig.device.is_lost);
	assert_int_equal(rig_count(&rig, COUNT_ERRORS), 1);
	take(&rig, 0);
	assert_int_equal(tend(&rig), 1);
	assert_int_equal(rig.link.endpoint_count, 1);
	rig_step(&rig, 1000000);
	rig_drive(&rig, "p", 9);
	rig_emit(&rig);
	assert_heard(second, "9;");
	assert_int_equal(rig_count(&rig, COUNT_ERRORS), 1);
	close(second);
	rig_fini(&rig);
}

/* 40 of them, where the budget is 16 a cycle. At once: what the sender's kernel still holds a reset throws away. */
static void send_many(int fd)
{
	char text[256];
	size_t bytes = 0;

	for (int i = 1; i <= 40; i++) {
		bytes += (size_t)snprintf(text + bytes, sizeof(text) - bytes, "%d\n", i);
	}
	send_text(fd, text);
}

static void what_waits_keeps_its_time_when_another_client_speaks(void **state)
{
	struct rig rig;
	int64_t arrived_ns;
	int fd, other;

	(void)state;
	unix_server(&rig, "stream");
	fd = connect_to(SOCK_STREAM);
	other = connect_to(SOCK_STREAM);
	assert_int_equal(tend(&rig), 1);
	send_many(fd);
	take(&rig, 0);
	arrived_ns = rig.now.wake_ns;
	rig_step(&rig, NS_PER_MS);
	rig_tick(&rig);
	rig_step(&rig, NS_PER_MS);
	send_text(other, "77\n");
	take(&rig, 1);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 41);
	assert_true(rig_float(&rig, "a") == 40);
	assert_true(rig.device.in[0].sample_ns == arrived_ns);
	rig_step(&rig, NS_PER_MS);
	send_text(other, "78\n");
	take(&rig, 1);
	assert_true(rig_float(&rig, "a") == 78);
	assert_true(rig.device.in[0].sample_ns == rig.now.wake_ns);
	close(fd);
	close(other);
	rig_fini(&rig);
}

static void what_a_client_sent_before_it_left_is_decoded_first(void **state)
{
	struct rig rig;
	int fd, other;

	(void)state;
	unix_server(&rig, "stream");
	fd = connect_to(SOCK_STREAM);
	other = connect_to(SOCK_STREAM);
	assert_int_equal(tend(&rig), 1);
	send_many(fd);
	close(fd);
	take(&rig, 0);
	rig_step(&rig, 1000000);
	take(&rig, 0); /* its end */
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 32);
	assert_int_equal(tend(&rig), 0);
	rig_step(&rig, 1000000);
	rig_tick(&rig);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 40);
	assert_true(rig_float(&rig, "a") == 40);
	assert_int_equal(tend(&rig), 1);
	assert_int_equal(rig.link.endpoint_count, 1);
	assert_int_equal(rig.link.endpoints[0].tag, 1);
	/* told once */
	rig_step(&rig, 1000000);
	rig_tick(&rig);
	assert_int_equal(tend(&rig), 0);
	close(other);
	rig_fini(&rig);
}

static void unix_server_that_sends(struct rig *rig)
{
	struct err err;

	rig_with(rig,
		 "s:\n  driver: unix\n  listen: %s\n  frame: { kind: line }\n"
		 "  send: { text: \"{s.p};\" }\n  in: { a: { column: 0 } }\n"
		 "  out: { p: { type: integer, safe: 7 } }\n",
		 path);
	assert_int_equal(rig_open(rig, &err), 0);
}

static void a_client_that_says_no_more_is_told_no_more(void **state)
{
	struct rig rig;
	int fd;

	(void)state;
	unix_server_that_sends(&rig);
	fd = connect_to(SOCK_STREAM);
	assert_int_equal(tend(&rig), 1);
	send_many(fd);
	shutdown(fd, SHUT_WR);
	take(&rig, 0);
	rig_step(&rig, 1000000);
	take(&rig, 0);
	rig_drive(&rig, "p", 8);
	rig_emit(&rig);
	assert_int_equal(rig_count(&rig, COUNT_SENT), 0);
	close(fd);
	rig_fini(&rig);
}

static void a_client_that_has_left_is_read_to_its_end_and_sent_no_more(void **state)
{
	struct rig rig;
	int fd;

	(void)state;
	unix_server_that_sends(&rig);
	fd = connect_to(SOCK_STREAM);
	assert_int_equal(tend(&rig), 1);
	send_many(fd);
	close(fd);
	for (int64_t value = 8; value < 11; value++) {
		rig_drive(&rig, "p", (double)value);
		rig_emit(&rig);
	}
	assert_int_equal(rig_count(&rig, COUNT_ERRORS), 1);
	assert_int_equal(tend(&rig), 0);
	take(&rig, 0);
	for (unsigned cycle = 0; cycle < 2; cycle++) {
		rig_step(&rig, 1000000);
		take(&rig, 0);
	}
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 40);
	assert_int_equal(rig_count(&rig, COUNT_ERRORS), 1);
	assert_int_equal(rig_count(&rig, COUNT_SENT), 0);
	assert_int_equal(tend(&rig), 1);
	assert_int_equal(rig.link.endpoint_count, 0);
	/* who comes then is sent to */
	fd = connect_to(SOCK_STREAM);
	assert_int_equal(tend(&rig), 1);
	rig_drive(&rig, "p", 11);
	rig_emit(&rig);
	assert_heard(fd, "11;");
	close(fd);
	rig_fini(&rig);
}

static void messages_of_a_seqpacket_are_whole(void **state)
{
	struct rig rig;
	int fd;

	(void)state;
	unix_server(&rig, "seqpacket");
	fd = connect_to(SOCK_SEQPACKET);
	assert_int_equal(tend(&rig), 1);
	assert_int_equal(rig.link.endpoints[0].op, ENDPOINT_RECV);
	send_text(fd, "3\n4\n");
	take(&rig, 0);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 2);
	assert_true(rig_float(&rig, "a") == 4);
	close(fd);
	rig_fini(&rig);
}

static void a_socket_file_left_behind_is_replaced_and_one_in_use_is_not(void **state)
{
	struct sockaddr_un address = unix_address();
	struct rig rig, other;
	struct err err;
	struct stat info;
	int fd;

	(void)state;
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	unix_server(&rig, "stream");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0660);
	rig_with(&other,
		 "o: { driver: unix, listen: %s, frame: { kind: line }, in: { a: { "
		 "column: 0 } } }",
		 path);
	assert_int_equal(rig_open(&other, &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, path));
	rig_fini(&other);
	rig_fini(&rig);
}

static int tcp_listener(uint16_t *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, bytes), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static void tcp_client(struct rig *rig, uint16_t port)
{
	rig_with(rig,
		 "c:\n  driver: tcp\n  connect: 127.0.0.1:%u\n  on_open: \"HELLO\"\n"
		 "  request: { send: \"S?\", every: 10ms }\n"
		 "  frame: { kind: line }\n  in: { a: { column: 0 } }\n",
		 port);
}

/* Connected to the listener that it returns. */
static int open_tcp_client(struct rig *rig)
{
	struct err err;
	uint16_t port;
	int listener = tcp_listener(&port);

	tcp_client(rig, port);
	assert_int_equal(rig_open(rig, &err), 0);
	return listener;
}

static void a_client_greets_asks_and_reads(void **state)
{
	struct rig rig;
	char data[16] = "";
	int listener, fd;

	(void)state;
	listener = open_tcp_client(&rig);
	fd = accept(listener, NULL, NULL);
	assert_int_equal(recv(fd, data, sizeof(data), 0), 5);
	assert_memory_equal(data, "HELLO", 5);
	rig_emit(&rig);
	assert_int_equal(recv(fd, data, sizeof(data), 0), 2);
	assert_memory_equal(data, "S?", 2);
	rig_receive(&rig, "2.5\n", 4, NULL);
	assert_true(rig_float(&rig, "a") == 2.5);
	close(fd);
	close(listener);
	rig_fini(&rig);
}

static void what_is_triggered_while_a_request_is_half_sent_waits_for_it(void **state)
{
	struct rig rig;
	struct err err;
	uint16_t port;
	char data[16] = "";
	int listener = tcp_listener(&port), fd;

	(void)state;
	rig_with(&rig,
		 "c:\n  driver: tcp\n  connect: 127.0.0.1:%u\n"
		 "  request: { send: \"ABC\", every: 1s }\n  frame: { kind: line }\n"
		 "  in: { a: { column: 0 } }\n  send: { trigger: go, text: \"GO\" }\n"
		 "  out: { go: { type: bool, safe: 0 } }\n",
		 port);
	assert_int_equal(rig_open(&rig, &err), 0);
	fd = accept(listener, NULL, NULL);
	send_most = 1;
	for (int i = 0; i < 3; i++) {
		rig_drive(&rig, "go", i == 1);
		rig_emit(&rig);
		rig_step(&rig, NS_PER_MS);
		send_most = i == 1 ? 0 : send_most;
	}
	assert_int_equal(recv(fd, data, sizeof(data), MSG_DONTWAIT), 5);
	assert_memory_equal(data, "ABCGO", 5);
	close(fd);
	close(listener);
	rig_fini(&rig);
}

static void a_refused_connection_is_said_at_once(void **state)
{
	struct rig rig;
	struct err err;
	uint16_t port;

	(void)state;
	close(tcp_listener(&port));
	tcp_client(&rig, port);
	assert_int_equal(rig_open(&rig, &err), -ECONNREFUSED);
	assert_non_null(strstr(err.text, "cannot connect to 127.0.0.1"));
	rig_fini(&rig);
}

static void the_end_of_the_only_connection_is_the_device_s(void **state)
{
	struct rig rig;
	int listener;

	(void)state;
	listener = open_tcp_client(&rig);
	assert_int_equal(rig.device.driver->hang_up(&rig.device, 0, -ECONNRESET),
			 VERDICT_DROP);
	rig_tick(&rig);
	assert_true(rig.device.is_lost);
	assert_int_equal(rig.device.lost_code, -ECONNRESET);
	close(listener);
	rig_fini(&rig);
}

static void what_a_peer_sent_before_its_end_is_decoded_first(void **state)
{
	struct rig rig;
	struct err err;
	int listener, fd;

	(void)state;
	listener = open_tcp_client(&rig);
	fd = accept(listener, NULL, NULL);
	send_many(fd);
	shutdown(fd, SHUT_WR);
	take(&rig, 0);
	rig_step(&rig, 1000000);
	take(&rig, 0);
	assert_false(rig.device.is_lost);
	/* it is asked no more, though it may still read */
	rig_emit(&rig);
	assert_int_equal(rig_count(&rig, COUNT_SENT), 0);
	rig_step(&rig, 1000000);
	rig_tick(&rig);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 40);
	assert_true(rig.device.is_lost);
	close(fd);
	/* the next connection is one as any other */
	rig_close(&rig);
	rig.device.is_lost = false;
	assert_int_equal(rig_open(&rig, &err), 0);
	rig_step(&rig, 1000000);
	rig_tick(&rig);
	assert_false(rig.device.is_lost);
	rig_emit(&rig);
	assert_int_equal(rig_count(&rig, COUNT_SENT), 1);
	close(listener);
	rig_fini(&rig);
}

/* Of a connection that is not at its end no end would come. */
static void a_send_that_fails_otherwise_loses_the_device_at_once(void **state)
{
	struct rig rig;
	int listener;

	(void)state;
	listener = open_tcp_client(&rig);
	send_code = -EHOSTUNREACH;
	rig_emit(&rig);
	send_code = 0;
	assert_true(rig.device.is_lost);
	assert_int_equal(rig.device.lost_code, -EHOSTUNREACH);
	close(listener);
	rig_fini(&rig);
}

static void after_a_send_that_timed_out_there_is_an_end_to_read(void **state)
{
	struct rig rig;
	int listener;

	(void)state;
	listener = open_tcp_client(&rig);
	send_code = -ETIMEDOUT;
	rig_emit(&rig);
	send_code = 0;
	assert_false(rig.device.is_lost);
	assert_int_equal(rig.device.driver->hang_up(&rig.device, 0, 0), VERDICT_DROP);
	rig_tick(&rig);
	assert_true(rig.device.is_lost);
	assert_int_equal(rig.device.lost_code, -ETIMEDOUT);
	close(listener);
	rig_fini(&rig);
}

static void datagrams_have_no_end_that_could_be_read(void **state)
{
	struct sockaddr_un address = unix_address();
	int peer = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct rig rig;
	struct err err;

	(void)state;
	unlink(path);
	assert_int_equal(bind(peer, (const struct sockaddr *)&address, sizeof(address)),
			 0);
	rig_with(&rig,
		 "s: { driver: unix, kind: datagram, connect: %s, send: { text: "
		 "\"{s.p};\" }, out: { p: { type: integer, safe: 7 } } }",
		 path);
	assert_int_equal(rig_open(&rig, &err), 0);
	send_code = -ECONNRESET;
	rig_drive(&rig, "p", 1);
	rig_emit(&rig);
	send_code = 0;
	assert_true(rig.device.is_lost);
	close(peer);
	rig_fini(&rig);
}

/* With HELLO unread: a reset. */
static void open_and_reset(struct rig *rig)
{
	int listener = open_tcp_client(rig), fd;

	fd = accept(listener, NULL, NULL);
	send_many(fd);
	close(fd);
	close(listener);
	for (unsigned i = 0; i < 3; i++) {
		rig_emit(rig);
		rig_step(rig, 10000000);
	}
	assert_false(rig->device.is_lost);
}

static void a_peer_that_is_gone_costs_no_signal(void **state)
{
	struct rig rig;

	(void)state;
	open_and_reset(&rig);
	for (unsigned i = 0; i < 3; i++) {
		assert_false(rig.device.is_lost);
		take(&rig, 0);
		rig_step(&rig, 1000000);
	}
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 40);
	assert_true(rig.device.is_lost);
	assert_int_equal(rig.device.lost_code, -ECONNRESET);
	rig_fini(&rig);
}

static void the_end_of_a_run_does_not_wait_for_a_peer_that_is_gone(void **state)
{
	struct rig rig;

	(void)state;
	open_and_reset(&rig);
	rig.device.is_ending = true;
	rig_emit(&rig);
	assert_true(rig.device.is_lost);
	rig_fini(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_is_taken_in_and_read),
		cmocka_unit_test(
			a_client_that_stays_keeps_its_half_frame_when_another_comes),
		cmocka_unit_test(who_takes_a_freed_place_does_not_inherit_its_half_frame),
		cmocka_unit_test(one_client_too_many_waits_for_a_place),
		cmocka_unit_test(
			a_client_that_cannot_be_sent_to_loses_its_place_and_not_the_device),
		cmocka_unit_test(a_client_stays_where_there_is_no_descriptor_for_it),
		cmocka_unit_test(half_a_frame_of_a_client_that_left_is_counted),
		cmocka_unit_test(what_waits_keeps_its_time_when_another_client_speaks),
		cmocka_unit_test(what_a_client_sent_before_it_left_is_decoded_first),
		cmocka_unit_test(a_client_that_says_no_more_is_told_no_more),
		cmocka_unit_test(
			a_client_that_has_left_is_read_to_its_end_and_sent_no_more),
		cmocka_unit_test(messages_of_a_seqpacket_are_whole),
		cmocka_unit_test(
			a_socket_file_left_behind_is_replaced_and_one_in_use_is_not),
		cmocka_unit_test(a_client_greets_asks_and_reads),
		cmocka_unit_test(
			what_is_triggered_while_a_request_is_half_sent_waits_for_it),
		cmocka_unit_test(a_refused_connection_is_said_at_once),
		cmocka_unit_test(the_end_of_the_only_connection_is_the_device_s),
		cmocka_unit_test(what_a_peer_sent_before_its_end_is_decoded_first),
		cmocka_unit_test(a_send_that_fails_otherwise_loses_the_device_at_once),
		cmocka_unit_test(after_a_send_that_timed_out_there_is_an_end_to_read),
		cmocka_unit_test(datagrams_have_no_end_that_could_be_read),
		cmocka_unit_test(a_peer_that_is_gone_costs_no_signal),
		cmocka_unit_test(the_end_of_a_run_does_not_wait_for_a_peer_that_is_gone),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
