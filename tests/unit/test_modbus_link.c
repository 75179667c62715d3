/* wraps: connect poll sys_now tty_open tty_close calloc */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/modbus_link.h"
#include "drivers/tty.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "tests/fakes/rig.h"

/* A network on which nobody answers, and a line that is only asked for. */
static struct {
	bool is_silent;	      /* connect() stays under way for ever */
	unsigned interrupted; /* so many poll() end early */
	int poll_error;
	int64_t now_ns;
	bool has_no_memory;
	struct tty_options tty;
	int tty_answer;
	int tty_closed;
} kernel;

int __real_connect(int fd, const struct sockaddr *address, socklen_t bytes);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t bytes);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t bytes)
{
	if (kernel.is_silent) {
		errno = EINPROGRESS;
		return -1;
	}
	return __real_connect(fd, address, bytes);
}

int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	if (!kernel.is_silent) {
		return __real_poll(fds, count, timeout_ms);
	}
	assert_int_equal(timeout_ms, 0);
	kernel.now_ns += NS_PER_MS;
	if (kernel.poll_error) {
		errno = kernel.poll_error;
		return -1;
	}
	if (kernel.interrupted > 0) {
		kernel.interrupted--;
		errno = EINTR;
		return -1;
	}
	return 0;
}

void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes)
{
	return kernel.has_no_memory ? NULL : __real_calloc(count, bytes);
}

int64_t __wrap_sys_now(void);
int64_t __wrap_sys_now(void)
{
	return kernel.now_ns;
}

int __wrap_tty_open(const struct tty_options *options, int *ret_fd, struct err *err);
int __wrap_tty_open(const struct tty_options *options, int *ret_fd, struct err *err)
{
	kernel.tty = *options;
	if (kernel.tty_answer) {
		return err_set_errno(err, kernel.tty_answer, "%s", options->path);
	}
	*ret_fd = 55;
	return 0;
}

void __wrap_tty_close(int fd);
void __wrap_tty_close(int fd)
{
	kernel.tty_closed = fd;
}

/* A server's socket that listens, at a port of its own. */
static int listen_at(int family, uint16_t *ret_port)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	bool is_v4 = family == AF_INET;
	struct sockaddr *address =
		is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	socklen_t bytes = is_v4 ? sizeof(v4) : sizeof(v6);
	int fd = socket(family, SOCK_STREAM, 0);

	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, address, bytes), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, address, &bytes), 0);
	*ret_port = ntohs(is_v4 ? v4.sin_port : v6.sin6_port);
	return fd;
}

static void load(struct rig *rig, const char *options)
{
	char text[256];

	memset(&kernel, 0, sizeof(kernel));
	snprintf(text, sizeof(text), "m: { driver: modbus, %s }", options);
	rig_init(rig, text);
}

static void load_tcp(struct rig *rig, const char *host, uint16_t port)
{
	char text[64];

	snprintf(text, sizeof(text), "tcp: \"%s:%u\"", host, port);
	load(rig, text);
}

static int option_of(int fd, int level, int name)
{
	int value = -1;
	socklen_t bytes = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &bytes), 0);
	return value;
}

static void a_server_is_connected_to_without_blocking_later(void **state)
{
	struct err err;
	struct rig rig;
	uint16_t port;
	int server = listen_at(AF_INET, &port);
	int fd;

	load_tcp(&rig, "127.0.0.1", port);
	assert_int_equal(rig_open(&rig, &err), 0);
	assert_int_equal(rig.link.endpoint_count, 1);
	assert_int_equal(rig.link.endpoints[0].op, ENDPOINT_READ);
	fd = rig.link.endpoints[0].fd;
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(option_of(fd, IPPROTO_TCP, TCP_NODELAY));
	assert_true(option_of(fd, SOL_SOCKET, SO_KEEPALIVE));
	assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 10000);
	assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 10);
	assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), 3);
	rig_fini(&rig);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(kernel.tty_closed, 0);
	close(server);
}

static void ipv6_is_as_good(void **state)
{
	struct err err;
	struct rig rig;
	uint16_t port;
	int server;

	if (access("/proc/net/if_inet6", F_OK)) {
		print_message("this machine has no IPv6\n");
		skip();
	}
	server = listen_at(AF_INET6, &port);
	load_tcp(&rig, "[::1]", port);
	assert_int_equal(rig_open(&rig, &err), 0);
	rig_fini(&rig);
	close(server);
}

static void a_refused_connection_is_told_with_its_address(void **state)
{
	struct err err;
	struct rig rig;
	uint16_t port;
	char expected[64];

	close(listen_at(AF_INET, &port));
	load_tcp(&rig, "127.0.0.1", port);
	assert_int_equal(rig_open(&rig, &err), -ECONNREFUSED);
	snprintf(expected, sizeof(expected), "127.0.0.1:%u: Connection refused", port);
	assert_string_equal(err.text, expected);
	rig_fini(&rig);
}

static int next_fd(void)
{
	int fd = dup(0);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static void a_server_that_does_not_answer_is_given_up_after_two_seconds(void **state)
{
	struct err err;
	struct rig rig;
	int before = next_fd();

	load_tcp(&rig, "127.0.0.1", 502);
	kernel.is_silent = true;
	kernel.interrupted = 3;
	kernel.now_ns = 7 * NS_PER_SEC;
	assert_int_equal(rig_open(&rig, &err), -ETIMEDOUT);
	assert_in_range(kernel.now_ns, 9 * NS_PER_SEC, 9 * NS_PER_SEC + 2 * NS_PER_MS);
	assert_string_equal(err.text, "127.0.0.1:502: Connection timed out");
	assert_int_equal(next_fd(), before);
	rig_fini(&rig);
}

static void a_wait_that_fails_is_an_error(void **state)
{
	struct err err;
	struct rig rig;

	load_tcp(&rig, "127.0.0.1", 502);
	kernel.is_silent = true;
	kernel.poll_error = ENOMEM;
	assert_int_equal(rig_open(&rig, &err), -ENOMEM);
	rig_fini(&rig);
}

static void without_memory_it_is_not_opened(void **state)
{
	struct err err;
	struct rig rig;
	int rc;

	load(&rig, "serial: { path: /dev/ttyS9 }");
	kernel.has_no_memory = true;
	rc = rig_open(&rig, &err);
	kernel.has_no_memory = false;
	assert_int_equal(rc, -ENOMEM);
	assert_string_equal(err.text, "no memory for device 'm'");
	assert_null(kernel.tty.path);
	rig_fini(&rig);
}

static void a_serial_line_is_opened_as_the_standard_has_it(void **state)
{
	struct err err;
	struct rig rig;

	load(&rig, "serial: { path: /dev/ttyS9 }");
	assert_int_equal(rig_open(&rig, &err), 0);
	assert_int_equal(rig.link.endpoints[0].fd, 55);
	assert_int_equal(rig.link.endpoints[0].op, ENDPOINT_READ);
	assert_string_equal(kernel.tty.path, "/dev/ttyS9");
	assert_int_equal(kernel.tty.baud, 19200);
	assert_int_equal(kernel.tty.parity, TTY_PARITY_EVEN);
	assert_int_equal(kernel.tty.data_bits, 8);
	assert_int_equal(kernel.tty.stop_bits, 1);
	assert_int_equal(kernel.tty.flow, TTY_FLOW_NONE);
	assert_true(kernel.tty.is_exclusive);
	assert_true(kernel.tty.is_low_latency);
	assert_false(kernel.tty.insists_on_low_latency);
	rig_fini(&rig);
	assert_int_equal(kernel.tty_closed, 55);
}

static void a_serial_line_is_opened_as_stated(void **state)
{
	struct err err;
	struct rig rig;

	load(&rig, "serial: { path: /dev/ttyS9, baud: 9600, parity: odd, stop_bits: 2, "
		   "exclusive: false, low_latency: true }");
	assert_int_equal(rig_open(&rig, &err), 0);
	assert_int_equal(kernel.tty.baud, 9600);
	assert_int_equal(kernel.tty.parity, TTY_PARITY_ODD);
	assert_int_equal(kernel.tty.stop_bits, 2);
	assert_false(kernel.tty.is_exclusive);
	assert_true(kernel.tty.insists_on_low_latency);
	rig_fini(&rig);
	load(&rig, "serial: { path: /dev/ttyS9, parity: none, low_latency: false }");
	assert_int_equal(rig_open(&rig, &err), 0);
	assert_int_equal(kernel.tty.parity, TTY_PARITY_NONE);
	assert_int_equal(kernel.tty.stop_bits, 2);
	assert_false(kernel.tty.is_low_latency);
	rig_fini(&rig);
}

static void a_serial_line_that_cannot_be_opened_is_an_error(void **state)
{
	struct err err;
	struct rig rig;

	load(&rig, "serial: { path: /dev/ttyS9 }");
	kernel.tty_answer = -ENOENT;
	assert_int_equal(rig_open(&rig, &err), -ENOENT);
	assert_string_equal(err.text, "/dev/ttyS9: No such file or directory");
	rig_fini(&rig);
	assert_int_equal(kernel.tty_closed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_is_connected_to_without_blocking_later),
		cmocka_unit_test(ipv6_is_as_good),
		cmocka_unit_test(a_refused_connection_is_told_with_its_address),
		cmocka_unit_test(
			a_server_that_does_not_answer_is_given_up_after_two_seconds),
		cmocka_unit_test(without_memory_it_is_not_opened),
		cmocka_unit_test(a_wait_that_fails_is_an_error),
		cmocka_unit_test(a_serial_line_is_opened_as_the_standard_has_it),
		cmocka_unit_test(a_serial_line_is_opened_as_stated),
		cmocka_unit_test(a_serial_line_that_cannot_be_opened_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
