/* wraps: sys_send_to */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/address.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "tests/fakes/kernel.h"
#include "tests/fakes/rig.h"

/* What the network says of the next datagrams; 0: they are sent. */
static int send_code;
static unsigned sends;
static char last_sent[64];

ssize_t __wrap_sys_send_to(int fd, const void *data, size_t bytes,
			   const struct sockaddr *address, socklen_t address_bytes);
ssize_t __wrap_sys_send_to(int fd, const void *data, size_t bytes,
			   const struct sockaddr *address, socklen_t address_bytes)
{
	sends++;
	if (send_code) {
		return send_code;
	}
	snprintf(last_sent, sizeof(last_sent), "%.*s", (int)bytes, (const char *)data);
	return (ssize_t)bytes;
}

/* addresses */

static void assert_address(const char *text, int family, const char *host, unsigned port)
{
	struct address address;
	char printed[INET6_ADDRSTRLEN];
	const void *bytes = &((struct sockaddr_in *)&address.storage)->sin_addr;

	assert_int_equal(address_parse(text, &address), 0);
	assert_int_equal(address.storage.ss_family, family);
	if (family == AF_INET6) {
		bytes = &((struct sockaddr_in6 *)&address.storage)->sin6_addr;
	}
	inet_ntop(family, bytes, printed, sizeof(printed));
	assert_string_equal(printed, host);
	assert_int_equal(address_port(&address), port);
	assert_int_equal(address.has_port, port > 0);
}

static void addresses_are_numeric_with_or_without_a_port(void **state)
{
	assert_address("192.0.2.1:5000", AF_INET, "192.0.2.1", 5000);
	assert_address("192.0.2.1", AF_INET, "192.0.2.1", 0);
	assert_address("[2001:db8::1]:65535", AF_INET6, "2001:db8::1", 65535);
	assert_address("[2001:db8::1]", AF_INET6, "2001:db8::1", 0);
	assert_address("2001:db8::1", AF_INET6, "2001:db8::1", 0);
	assert_address("0.0.0.0:1", AF_INET, "0.0.0.0", 1);
}

static void a_port_alone_is_of_this_machine_only(void **state)
{
	struct address address;

	assert_address(":5000", AF_INET, "127.0.0.1", 5000);
	assert_int_equal(address_parse(":5000", &address), 0);
	assert_false(address.has_host);
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		":",
		"localhost:5000",
		"1.2.3:5000",
		"1.2.3.4:",
		"1.2.3.4:0",
		"1.2.3.4:x",
		"1.2.3.4:65536",
		"1.2.3.4:-1",
		"1.2.3.4:123456",
		"[::1",
		"[::1]5000",
		"[::1]:",
		"[1.2.3.4]:50",
		"1.2.3.4:50 ",
		"::1:5000x",
		"[]:5000",
		"[:5000",
		"256.0.0.1",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct address address;

		if (address_parse(texts[i], &address) != -EINVAL) {
			fail_msg("'%s' was taken", texts[i]);
		}
	}
}

static bool is_from(const char *wanted, const char *sender)
{
	struct address a, b;

	assert_int_equal(address_parse(wanted, &a), 0);
	assert_int_equal(address_parse(sender, &b), 0);
	return address_is_from(&a, &b.storage);
}

static void a_sender_is_told_by_address_and_by_port_where_it_is_stated(void **state)
{
	assert_true(is_from("192.0.2.1", "192.0.2.1:77"));
	assert_true(is_from("192.0.2.1:77", "192.0.2.1:77"));
	assert_false(is_from("192.0.2.1:77", "192.0.2.1:78"));
	assert_false(is_from("192.0.2.1", "192.0.2.2:77"));
	assert_true(is_from("2001:db8::1", "[2001:db8::1]:77"));
	assert_false(is_from("[2001:db8::1]:7", "[2001:db8::1]:77"));
	assert_false(is_from("2001:db8::2", "[2001:db8::1]:77"));
	assert_false(is_from("127.0.0.1", "[::1]:77"));
}

static void groups_are_told_from_other_addresses(void **state)
{
	static const struct {
		const char *text;
		bool is_group;
	} cases[] = {
		{ "224.0.0.1", true },	      { "239.255.0.1", true },
		{ "223.255.255.255", false }, { "240.0.0.1", false },
		{ "ff02::1", true },	      { "fe80::1", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address address;

		assert_int_equal(address_parse(cases[i].text, &address), 0);
		assert_int_equal(address_is_multicast(&address), cases[i].is_group);
	}
}

/* The driver on the loopback interface, at a port that was free a moment ago. */
struct peer {
	struct rig rig;
	struct err err;
	uint16_t port;
	int sender; /* connected to the device */
};

static uint16_t find_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static void make_device(struct peer *peer, const char *host, const char *options)
{
	char text[1024];

	if (!strchr(host, ':')) {
		need_multicast_all();
	}
	memset(peer, 0, sizeof(*peer));
	peer->sender = -1;
	peer->port = find_port();
	snprintf(text, sizeof(text),
		 "probe: { driver: udp, listen: \"%s:%u\", %s in: { t: { column: 0, "
		 "type: integer } } }",
		 host, peer->port, options);
	rig_init(&peer->rig, text);
}

static void connect_sender(struct peer *peer)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(peer->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	peer->sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(peer->sender >= 0);
	assert_int_equal(connect(peer->sender, (struct sockaddr *)&to, sizeof(to)), 0);
}

static void open_peer(struct peer *peer, const char *options)
{
	make_device(peer, "", options);
	assert_int_equal(rig_open(&peer->rig, &peer->err), 0);
	connect_sender(peer);
}

static void close_peer(struct peer *peer)
{
	rig_fini(&peer->rig);
	if (peer->sender >= 0) {
		close(peer->sender);
	}
}

static void say(const struct peer *peer, const char *text)
{
	assert_int_equal(send(peer->sender, text, strlen(text), 0), strlen(text));
}

/* As the poller does it; on the loopback interface what was sent is there. */
static int poll_peer(struct peer *peer)
{
	const struct endpoint *endpoint = &peer->rig.link.endpoints[0];
	struct sockaddr_storage from;
	uint8_t data[4096];
	struct iovec part = { data, endpoint->bytes };
	struct mmsghdr header = {
		.msg_hdr = { .msg_iov = &part,
			     .msg_iovlen = 1,
			     .msg_name = &from,
			     .msg_namelen = sizeof(from) },
	};
	int rc = sys_recv_many(endpoint->fd, &header, 1);
	const struct message message = {
		.data = data,
		.bytes = header.msg_len,
		.is_truncated = header.msg_hdr.msg_flags & MSG_TRUNC,
		.from = endpoint->op == ENDPOINT_RECVMSG ? &from : NULL,
	};

	if (rc == 1) {
		peer->rig.device.driver->receive(&peer->rig.device, &message,
						 &peer->rig.now);
	}
	return rc;
}

static void a_datagram_is_one_frame_by_default(void **state)
{
	struct peer peer;

	open_peer(&peer, "");
	assert_int_equal(peer.rig.link.endpoints[0].op, ENDPOINT_RECV);
	assert_int_equal(peer.rig.link.endpoints[0].bytes, 2048);
	say(&peer, "42\r\n");
	assert_int_equal(poll_peer(&peer), 1);
	assert_int_equal(rig_int(&peer.rig, "t"), 42);
	assert_int_equal(poll_peer(&peer), -EAGAIN);
	close_peer(&peer);
}

static void only_the_stated_sender_is_heard(void **state)
{
	struct peer peer;

	open_peer(&peer, "from: 127.0.0.1, ");
	assert_int_equal(peer.rig.link.endpoints[0].op, ENDPOINT_RECVMSG);
	say(&peer, "1");
	assert_int_equal(poll_peer(&peer), 1);
	assert_int_equal(rig_int(&peer.rig, "t"), 1);
	close_peer(&peer);

	open_peer(&peer, "from: 127.0.0.2, ");
	say(&peer, "1");
	assert_int_equal(poll_peer(&peer), 1);
	assert_int_equal(rig_count(&peer.rig, COUNT_BAD_SENDER), 1);
	assert_int_equal(rig_count(&peer.rig, COUNT_FRAMES), 0);
	rig_receive(&peer.rig, "1", 1, NULL);
	assert_int_equal(rig_count(&peer.rig, COUNT_BAD_SENDER), 2);
	close_peer(&peer);

	open_peer(&peer, "from: \"127.0.0.1:9\", ");
	say(&peer, "1");
	assert_int_equal(poll_peer(&peer), 1);
	assert_int_equal(rig_count(&peer.rig, COUNT_BAD_SENDER), 1);
	close_peer(&peer);
}

static void a_datagram_longer_than_bytes_is_dropped_and_counted(void **state)
{
	struct peer peer;

	open_peer(&peer, "bytes: 4, ");
	say(&peer, "12345");
	say(&peer, "1234");
	assert_int_equal(poll_peer(&peer), 1);
	assert_int_equal(rig_count(&peer.rig, COUNT_BAD_LENGTH), 1);
	assert_int_equal(rig_quality(&peer.rig, "t"), QUALITY_BAD);
	assert_int_equal(poll_peer(&peer), 1);
	assert_int_equal(rig_int(&peer.rig, "t"), 1234);
	close_peer(&peer);
}

static void the_budget_is_that_of_the_endpoint(void **state)
{
	struct peer peer;

	open_peer(&peer, "budget: 7, ");
	assert_int_equal(peer.rig.link.endpoints[0].budget, 7);
	close_peer(&peer);
}

static void an_error_of_the_network_is_counted_and_survived(void **state)
{
	struct peer peer;
	const struct driver *driver;

	open_peer(&peer, "");
	driver = peer.rig.device.driver;
	assert_int_equal(driver->hang_up(&peer.rig.device, 0, -ECONNREFUSED),
			 VERDICT_KEEP);
	assert_int_equal(driver->hang_up(&peer.rig.device, 0, -ENETDOWN), VERDICT_KEEP);
	assert_int_equal(rig_count(&peer.rig, COUNT_ERRORS), 2);
	assert_int_equal(driver->hang_up(&peer.rig.device, 0, -EBADF), VERDICT_LOST);
	assert_int_equal(rig_count(&peer.rig, COUNT_ERRORS), 2);
	close_peer(&peer);
}

static void an_address_that_is_taken_is_told(void **state)
{
	struct peer peer;
	struct rig second;
	char text[256];

	open_peer(&peer, "");
	snprintf(text, sizeof(text),
		 "b: { driver: udp, listen: ':%u', in: { t: { column: 0 } } }",
		 peer.port);
	rig_init(&second, text);
	assert_int_equal(rig_open(&second, &peer.err), -EADDRINUSE);
	snprintf(text, sizeof(text), ":%u: ", peer.port);
	assert_non_null(strstr(peer.err.text, text));
	rig_fini(&second);
	close_peer(&peer);
}

static void two_that_reuse_an_address_share_it(void **state)
{
	struct peer peer;
	struct rig second;
	char text[256];

	open_peer(&peer, "reuse: true, ");
	snprintf(text, sizeof(text),
		 "b: { driver: udp, listen: ':%u', reuse: true, in: { t: { column: 0 } } "
		 "}",
		 peer.port);
	rig_init(&second, text);
	assert_int_equal(rig_open(&second, &peer.err), 0);
	rig_fini(&second);
	close_peer(&peer);
}

static void an_address_of_another_machine_is_told(void **state)
{
	struct peer peer;

	make_device(&peer, "192.0.2.77", "");
	assert_int_equal(rig_open(&peer.rig, &peer.err), -EADDRNOTAVAIL);
	assert_non_null(strstr(peer.err.text, "192.0.2.77"));
	close_peer(&peer);
}

static void a_receive_buffer_is_granted_or_an_error(void **state)
{
	struct peer peer;
	int rc;

	open_peer(&peer, "receive_buffer: 64KiB, ");
	close_peer(&peer);
	make_device(&peer, "", "receive_buffer: 64MiB, ");
	rc = rig_open(&peer.rig, &peer.err);
	/* Who may, forces it. */
	assert_true(rc == 0 ||
		    (rc == -EPERM && strstr(peer.err.text, "net.core.rmem_max")));
	close_peer(&peer);
}

static void a_group_is_joined_on_the_named_interface(void **state)
{
	struct peer peer;
	struct sockaddr_in group = { .sin_family = AF_INET };
	const struct ip_mreqn on = { .imr_ifindex = 1 };

	make_device(&peer, "", "group: 239.255.77.1, interface: lo, ");
	assert_int_equal(rig_open(&peer.rig, &peer.err), 0);
	connect_sender(&peer);
	group.sin_port = htons(peer.port);
	inet_pton(AF_INET, "239.255.77.1", &group.sin_addr);
	assert_int_equal(
		setsockopt(peer.sender, IPPROTO_IP, IP_MULTICAST_IF, &on, sizeof(on)), 0);
	assert_int_equal(connect(peer.sender, (struct sockaddr *)&group, sizeof(group)),
			 0);
	say(&peer, "5");
	assert_int_equal(poll_peer(&peer), 1);
	assert_int_equal(rig_int(&peer.rig, "t"), 5);
	close_peer(&peer);
}

static void an_interface_that_is_not_there_is_told(void **state)
{
	struct peer peer;

	make_device(&peer, "", "group: 239.255.77.1, interface: nosuch0, ");
	assert_int_equal(rig_open(&peer.rig, &peer.err), -ENODEV);
	assert_non_null(strstr(peer.err.text, "nosuch0"));
	close_peer(&peer);
}

static void it_listens_on_ipv6_as_well(void **state)
{
	struct peer peer;
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int rc;

	make_device(&peer, "[::1]", "from: \"::1\", ");
	rc = rig_open(&peer.rig, &peer.err);
	if (rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL) {
		close_peer(&peer);
		skip();
	}
	assert_int_equal(rc, 0);
	peer.sender = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	to.sin6_port = htons(peer.port);
	assert_int_equal(connect(peer.sender, (struct sockaddr *)&to, sizeof(to)), 0);
	say(&peer, "6");
	assert_int_equal(poll_peer(&peer), 1);
	assert_int_equal(rig_int(&peer.rig, "t"), 6);
	close_peer(&peer);
}

/* A device that hears a group on the loopback interface, and one that sends to it by the same. */
struct group {
	struct peer peer;
	struct rig sender;
	struct address to;
};

static void open_group(struct group *group, const char *name, const char *to_format)
{
	struct err err;
	char to[64], text[256];

	snprintf(text, sizeof(text), "group: '%s', interface: lo, ", name);
	make_device(&group->peer, "", text);
	if (rig_open(&group->peer.rig, &group->peer.err)) {
		fail_msg("%s", group->peer.err.text);
	}
	snprintf(to, sizeof(to), to_format, name, group->peer.port);
	snprintf(text, sizeof(text),
		 "d: { driver: udp, interface: lo, send: { to: '%s', text: '{d.p}' }, "
		 "out: { p: { type: integer, safe: 7 } } }",
		 to);
	rig_init(&group->sender, text);
	assert_int_equal(rig_open(&group->sender, &err), 0);
	assert_int_equal(address_parse(to, &group->to), 0);
}

static int socket_of(const struct rig *rig)
{
	return rig->link.endpoints[0].fd;
}

static void close_group(struct group *group)
{
	rig_fini(&group->sender);
	close_peer(&group->peer);
}

/* By the kernel's list: index, interface, group. */
static bool is_joined(int interface, const char *group)
{
	FILE *list = fopen("/proc/self/net/igmp6", "re");
	char line[128], wanted[16], index[16], name[33];
	bool is_there = false;

	snprintf(wanted, sizeof(wanted), "%d", interface);
	assert_non_null(list);
	while (fgets(line, sizeof(line), list)) {
		is_there |= sscanf(line, "%15s %*s %32s", index, name) == 2 &&
			    strcmp(index, wanted) == 0 && strcmp(name, group) == 0;
	}
	fclose(list);
	return is_there;
}

static void what_is_sent_to_a_group_leaves_by_the_named_interface(void **state)
{
	struct group group;

	open_group(&group, "239.255.77.2", "%s:%u");
	assert_int_equal(sendto(socket_of(&group.sender), "9", 1, 0,
				(struct sockaddr *)&group.to.storage, group.to.bytes),
			 1);
	assert_int_equal(poll_peer(&group.peer), 1);
	assert_int_equal(rig_int(&group.peer.rig, "t"), 9);
	close_group(&group);
}

/* The loopback interface has no groups of IPv6 to send to: hence what the kernel says of the sockets. */
static void a_group_of_one_link_of_ipv6_is_joined_there(void **state)
{
	struct sockaddr_in6 own = { .sin6_family = AF_INET6,
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool has_ipv6 = fd >= 0 && bind(fd, (struct sockaddr *)&own, sizeof(own)) == 0;
	socklen_t bytes = sizeof(own);
	socklen_t index_bytes = sizeof(int);
	int lo = (int)if_nametoindex("lo"), index = 0;
	struct group group;

	close(fd);
	if (!has_ipv6) {
		print_message("the loopback interface has no IPv6 here\n");
		skip();
	}
	open_group(&group, "ff12::77:1", "[%s]:%u");
	fd = socket_of(&group.peer.rig);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &bytes), 0);
	assert_int_equal(own.sin6_scope_id, lo);
	assert_memory_equal(&own.sin6_addr,
			    &((struct sockaddr_in6 *)&group.to.storage)->sin6_addr,
			    sizeof(own.sin6_addr));
	assert_true(is_joined(lo, "ff120000000000000000000000770001"));
	assert_int_equal(getsockopt(socket_of(&group.sender), IPPROTO_IPV6,
				    IPV6_MULTICAST_IF, &index, &index_bytes),
			 0);
	assert_int_equal(index, lo);
	close_group(&group);
	assert_false(is_joined(lo, "ff120000000000000000000000770001"));
}

static void assert_errors(const char *options, const char *part)
{
	struct rig rig;
	char text[512];

	snprintf(text, sizeof(text), "a: { driver: udp, %s in: { t: { column: 0 } } }",
		 options);
	rig_load(&rig, text);
	if (!strstr(rig.errors, part)) {
		fail_msg("'%s' is not in '%s'", part, rig.errors);
	}
	rig_fini(&rig);
}

static void wrong_options_are_told(void **state)
{
	assert_errors("", "listen");
	assert_errors("listen: localhost,", "'localhost' is no numeric address");
	assert_errors("listen: 127.0.0.1,", "'127.0.0.1' has no port");
	assert_errors("listen: ':9', group: 10.0.0.1,",
		      "'10.0.0.1' is no multicast address");
	assert_errors("listen: ':9', group: '224.0.0.1:9',", "is no multicast address");
	assert_errors("listen: ':9', group: x,", "'x' is no numeric address");
	assert_errors("listen: '127.0.0.1:9', group: 'ff02::1',",
		      "of different families");
	assert_errors("listen: ':9', interface: lo,", "expected group");
	assert_errors("listen: ':9', group: 'ff02::1',",
		      "'ff02::1' is another group on each link; expected interface too");
	assert_errors("listen: ':9', group: 'ff11::1',", "expected interface too");
	assert_errors("listen: ':9', group: 'ff05::1',", "");
	assert_errors("listen: ':9', from: x,", "'x' is no numeric address");
	assert_errors("listen: ':9', from: ':9',", "':9' has no address");
	assert_errors("listen: ':9', bytes: 65537,", "65537");
	assert_errors("listen: ':9', bytes: 0,", "bytes");
}

/* Offsets, order, match and checksum of the example are those of tests/peers/sensor.c. */
static void the_example_reads_the_datagrams_of_the_peer(void **state)
{
	struct rig rig;
	struct address from;

	rig_init(&rig, driver_find("udp")->example);
	assert_int_equal(address_parse("127.0.0.1:4000", &from), 0);
	rig_receive(&rig, "RT\0\0\1\2\xfc\x18\x01\x05\x11\xfd", 12, &from.storage);
	assert_int_equal(rig_count(&rig, COUNT_BAD_CHECKSUM), 0);
	assert_int_equal(rig_int(&rig, "sequence"), 258);
	assert_true(rig_float(&rig, "temp") == -1000 * 0.01);
	assert_true(rig_float(&rig, "flow") == 261 * 0.1);
	rig_fini(&rig);
}

static void open_sender(struct rig *rig, const char *when)
{
	struct err err = { "" };
	char text[256];

	snprintf(text, sizeof(text),
		 "d: { driver: udp, send: { to: '127.0.0.1:9', %s text: '{d.p}' }, "
		 "out: { p: { type: integer, safe: 7 } } }",
		 when);
	rig_init(rig, text);
	send_code = 0;
	sends = 0;
	assert_int_equal(rig_open(rig, &err), 0);
	rig_drive(rig, "p", 40);
	rig_emit(rig);
	assert_string_equal(last_sent, "40");
}

static void drive_in_vain(struct rig *rig, double value)
{
	rig_step(rig, NS_PER_MS);
	rig_drive(rig, "p", value);
	send_code = -ENETUNREACH;
	rig_emit(rig);
	send_code = 0;
	assert_int_equal(rig_count(rig, COUNT_ERRORS), 1);
	assert_int_equal(rig_count(rig, COUNT_SENT), 1);
}

static void a_change_that_the_network_refuses_is_sent_again(void **state)
{
	struct rig rig;

	open_sender(&rig, "");
	drive_in_vain(&rig, 7);
	assert_true(rig.device.is_behind);
	rig_step(&rig, NS_PER_MS);
	rig_emit(&rig);
	assert_string_equal(last_sent, "7");
	assert_int_equal(rig_count(&rig, COUNT_SENT), 2);
	assert_false(rig.device.is_behind);
	rig_fini(&rig);
}

static void what_is_sent_again_and_again_waits_for_its_time(void **state)
{
	struct rig rig;

	open_sender(&rig, "every: 1ms,");
	drive_in_vain(&rig, 7);
	rig_emit(&rig);
	assert_int_equal(sends, 2);
	rig_fini(&rig);
}

static void the_last_safe_values_are_sent_until_the_network_takes_them(void **state)
{
	struct rig rig;

	open_sender(&rig, "every: 1ms,");
	rig.device.is_ending = true;
	drive_in_vain(&rig, 7);
	assert_true(rig.device.is_behind);
	rig_emit(&rig);
	assert_string_equal(last_sent, "7");
	assert_false(rig.device.is_behind);
	rig_fini(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_numeric_with_or_without_a_port),
		cmocka_unit_test(a_port_alone_is_of_this_machine_only),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(
			a_sender_is_told_by_address_and_by_port_where_it_is_stated),
		cmocka_unit_test(groups_are_told_from_other_addresses),
		cmocka_unit_test(a_datagram_is_one_frame_by_default),
		cmocka_unit_test(only_the_stated_sender_is_heard),
		cmocka_unit_test(a_datagram_longer_than_bytes_is_dropped_and_counted),
		cmocka_unit_test(the_budget_is_that_of_the_endpoint),
		cmocka_unit_test(an_error_of_the_network_is_counted_and_survived),
		cmocka_unit_test(an_address_that_is_taken_is_told),
		cmocka_unit_test(two_that_reuse_an_address_share_it),
		cmocka_unit_test(an_address_of_another_machine_is_told),
		cmocka_unit_test(a_receive_buffer_is_granted_or_an_error),
		cmocka_unit_test(a_group_is_joined_on_the_named_interface),
		cmocka_unit_test(what_is_sent_to_a_group_leaves_by_the_named_interface),
		cmocka_unit_test(a_group_of_one_link_of_ipv6_is_joined_there),
		cmocka_unit_test(an_interface_that_is_not_there_is_told),
		cmocka_unit_test(it_listens_on_ipv6_as_well),
		cmocka_unit_test(wrong_options_are_told),
		cmocka_unit_test(the_example_reads_the_datagrams_of_the_peer),
		cmocka_unit_test(a_change_that_the_network_refuses_is_sent_again),
		cmocka_unit_test(what_is_sent_again_and_again_waits_for_its_time),
		cmocka_unit_test(
			the_last_safe_values_are_sent_until_the_network_takes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
